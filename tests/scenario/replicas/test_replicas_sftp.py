"""Replicas over SFTP: OpenSSH's own server on loopback, with keys made for the test."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.core.errors import LogError
from hedgerow.governance.replicas import open_target, prove_site, replicate, restore


@pytest.fixture
def server(sftp_server: tuple[str, Path]) -> tuple[str, Path]:
    """A server's address up to the path, and the configuration that knows its key."""
    return sftp_server


def target(server: tuple[str, Path], folder: Path) -> Any:
    """A folder behind the server."""
    return open_target(f"{server[0]}{folder}?config={server[1]}", now_ns=0)


def test_a_replica_over_sftp_is_that_of_a_folder_and_gives_the_site_back(
    sites: Any, tmp_path: Path, server: tuple[str, Path]
) -> None:
    """The same files arrive; a grown log sends the rest; the restored log has the signed root."""
    site = sites.write(tmp_path / "site", 290)
    place, beside = target(server, tmp_path / "far/away"), open_target(str(tmp_path / "near"), now_ns=0)
    for size in (290, 300):
        sites.write(site, size)
        far, near = replicate(prove_site(site), [place, beside])
        assert (far.error, near.error) == (None, None)
        assert (far.files_sent, far.bytes_sent) == (near.files_sent, near.bytes_sent)
    held = {name: data for name, data in sites.files(tmp_path / "far/away").items() if ".unfinished" not in name}
    assert held == sites.files(tmp_path / "near")
    (log,) = restore(place, tmp_path / "new")
    place.close()
    assert log.root == _core.verify_log(tmp_path / "new")["root"] == _core.verify_log(site)["root"]


def test_what_is_there_is_never_overwritten_over_sftp(sites: Any, tmp_path: Path, server: tuple[str, Path]) -> None:
    """Another file under an immutable name, and a checkpoint changed behind our back, are errors and stay."""
    place = target(server, tmp_path / "far")
    place.put_once("journal/tile/0/000", b"first")
    place.put_once("journal/tile/0/000", b"first")
    with pytest.raises(LogError, match="other bytes"):
        place.put_once("journal/tile/0/000", b"second")
    place.replace("journal/checkpoint", b"one", None)
    with pytest.raises(LogError, match="somebody else"):
        place.replace("journal/checkpoint", b"three", b"two")
    place.replace("journal/checkpoint", b"two" * 50_000, b"one")
    assert place.versions("journal/checkpoint") == [b"two" * 50_000]
    assert place.names("journal") == {"journal/tile/0/000": 5, "journal/checkpoint": 150_000}
    assert (place.read("journal/nothing"), dict(place.names("nowhere"))) == (None, {})
    place.close()


def test_a_torn_upload_over_sftp_is_finished_by_the_next_try(
    sites: Any, tmp_path: Path, server: tuple[str, Path]
) -> None:
    """Half a file that a cut line left beside its place is written anew."""
    site = sites.write(tmp_path / "site", 30)
    torn = tmp_path / "far/.unfinished/000.p"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"half of")
    place = target(server, tmp_path / "far")
    (row,) = replicate(prove_site(site), [place])
    place.close()
    assert row.error is None
    restore(open_target(str(tmp_path / "far"), now_ns=0), tmp_path / "new")


def test_a_server_that_is_away_or_refuses_is_named(sites: Any, tmp_path: Path, server: tuple[str, Path]) -> None:
    """No server, and a folder that may not be made, are LOG_TARGET with what was said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LogError, match="the connection ended"):
        open_target(f"sftp://127.0.0.1:{port}/x?config={server[1]}", now_ns=0)
    (tmp_path / "file").write_text("in the way")
    place = target(server, tmp_path / "file")
    (row,) = replicate(prove_site(sites.write(tmp_path / "site", 20)), [place])
    place.close()
    assert row.error is not None
    assert row.error.row.name == "LOG_TARGET"
