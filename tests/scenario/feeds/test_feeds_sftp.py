"""Files over SFTP: OpenSSH's own server on loopback, with lines that are cut and files that change."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.sftp import Sftp

Make = Callable[..., Any]
BIG = bytes(range(256)) * 8192


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """The folder on the other machine."""
    (tmp_path / "far").mkdir()
    return tmp_path / "far"


def transport(server: tuple[str, Path], folder: Path) -> str:
    """The keys of a feed from the server."""
    return f'kind = "sftp"\nurl = "{server[0]}{folder}"\nconfig = "{server[1]}"'


def test_files_come_once_and_changed_ones_are_restatements(
    feed: Make, far: Path, sftp_server: tuple[str, Path]
) -> None:
    """Folders in folders, an empty file, one of two megabytes; links bring nothing."""
    (far / "2026").mkdir()
    (far / "2026" / "big.bin").write_bytes(BIG)
    (far / "empty.csv").touch()
    (far / "link").symlink_to("/etc/passwd")
    here = feed(transport(sftp_server, far))
    assert here.kinds() == [("new", "2026/big.bin"), ("new", "empty.csv")]
    assert here.files() == {"files/2026/big.bin": BIG, "files/empty.csv": b""}
    assert here.kinds() == []
    (far / "empty.csv").write_bytes(b"now")
    assert here.kinds() == [("restated", "empty.csv")]


def test_a_line_that_is_cut_is_gone_on_from(
    feed: Make, far: Path, sftp_server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The `ssh` process dies after half a megabyte; the next try connects anew and asks for the rest only."""
    (far / "big.bin").write_bytes(BIG)
    real, offsets = Sftp.chunks, []

    def cut(self: Sftp, path: str, offset: int = 0) -> Any:
        offsets.append(offset)
        for number, chunk in enumerate(real(self, path, offset)):
            if number == 16 and len(offsets) == 1:
                self._process.kill()
                self._process.wait()
            yield chunk

    monkeypatch.setattr(Sftp, "chunks", cut)
    here = feed(transport(sftp_server, far))
    assert here.kinds() == [("new", "big.bin")]
    assert here.files() == {"files/big.bin": BIG}
    assert len(offsets) == 2
    assert 0 < offsets[1] < len(BIG)


def test_a_file_that_grows_while_it_is_read_is_not_delivered_half(
    feed: Make, far: Path, sftp_server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor still writes: nothing is delivered of the first state, the second comes whole."""
    (far / "grows.csv").write_bytes(b"one\n")
    real, grown = Sftp.chunks, []

    def growing(self: Sftp, path: str, offset: int = 0) -> Any:
        yield from real(self, path, offset)
        if not grown:
            grown.append((far / "grows.csv").write_bytes(b"one\ntwo\n"))
            os.utime(far / "grows.csv", (1, 1))

    monkeypatch.setattr(Sftp, "chunks", growing)
    here = feed(transport(sftp_server, far))
    assert here.kinds() == [("new", "grows.csv")]
    assert here.files() == {"files/grows.csv": b"one\ntwo\n"}


def test_a_server_that_is_away_refuses_or_lacks_the_folder_is_named(
    feed: Make, far: Path, sftp_server: tuple[str, Path]
) -> None:
    """With what `ssh` or the server said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = feed(transport((f"sftp://127.0.0.1:{port}", sftp_server[1]), far))
    ran = here.run()
    assert [error.row.name for error in ran.errors] == ["FEED_UNREACHABLE"]
    assert "ssh says" in str(ran.errors[0])
    assert feed(transport(sftp_server, far / "nowhere")).codes() == ["FEED_REFUSED"]


SHORT = """
import sys
data = sys.stdin.buffer.read(9)
sys.stdout.buffer.write(bytes([0, 0, 0, 5, 2, 0, 0, 0, 3])); sys.stdout.flush()
sys.stdin.buffer.read()
"""


def test_a_server_that_falls_silent_is_left(tmp_path: Path) -> None:
    """It greets and then says nothing: after the time allowed, that is said."""
    sftp = Sftp("sftp://silent", [sys.executable, "-c", SHORT], timeout_s=0.2)
    with pytest.raises(OSError, match=r"silent for more than 0\.2 s"):
        sftp.found("/x")
    sftp.close()
    assert isinstance(sftp._process, subprocess.Popen)
