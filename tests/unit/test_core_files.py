"""Files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedgerow.core.files import sync, write_whole


def test_a_file_and_the_folders_above_it_are_made_and_replaced(tmp_path: Path) -> None:
    """The new bytes stand there, readable by others, and nothing else lies beside them."""
    path = tmp_path / "a/b/file"
    for data in (b"first", b"", b"the second one"):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_file_that_lay_elsewhere_until_it_was_whole_leaves_nothing_there(tmp_path: Path) -> None:
    """Through another folder the file comes into its place whole; if that fails the folder is as it was."""
    through = tmp_path / "unfinished"
    through.mkdir()
    write_whole(tmp_path / "a/file", b"data", through=through)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"data", through=through)
    assert (tmp_path / "a/file").read_bytes() == b"data"
    assert list(through.iterdir()) == []


def test_what_fails_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    """A folder in the file's place, or bytes that are none: what was there stays, alone."""
    (tmp_path / "folder/inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"data")
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "file", "text")  # type: ignore[arg-type]
    assert (tmp_path / "file").read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_folder_that_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    """A sync that did not happen is an error, not silence."""
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "missing")
