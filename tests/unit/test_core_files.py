"""Files that are whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hedgerow.core.files import sync, write_whole


def test_a_file_and_the_folders_above_it_are_made_and_replaced(tmp_path: Path) -> None:
    """The new bytes stand there, and nothing else lies beside them."""
    path = tmp_path / "a/b/file"
    for data in (b"first", b"", b"the second one"):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert [p.name for p in path.parent.iterdir()] == ["file"]

    handle = os.open(tmp_path / "plain", os.O_CREAT, 0o666)
    os.close(handle)
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode, "as any new file of this process"


@pytest.mark.parametrize(("umask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o007, 0o660)])
def test_who_may_read_a_new_file_is_what_the_umask_says(tmp_path: Path, umask: int, expected: int) -> None:
    """A user who keeps their files to themselves keeps these too."""
    program = "import os, sys, pathlib; os.umask(int(sys.argv[2])); from hedgerow.core.files import write_whole; "
    program += "write_whole(pathlib.Path(sys.argv[1]), b'data')"
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "file"), str(umask)], check=True)
    assert (tmp_path / "file").stat().st_mode & 0o777 == expected


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_who_may_read_a_replaced_file_stays_as_it_was(tmp_path: Path, mode: int) -> None:
    """What somebody made private is not opened by writing it anew."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_whole(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", mode)


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
