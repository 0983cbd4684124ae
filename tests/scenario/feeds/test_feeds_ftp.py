"""Files over FTP and FTP with TLS: a real server on loopback that cuts lines, refuses, and is restarted."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import FTPServer

Make = Callable[..., Any]
BIG = bytes(range(256)) * 4096


class Server:
    """An FTP server over a folder, and how it misbehaves."""

    def __init__(self, folder: Path, certificate: Path | None = None, port: int = 0) -> None:
        self.folder, self.cuts, self.restarts = folder, [], []
        authorizer = DummyAuthorizer()
        authorizer.add_user("fund", "secret", str(folder), perm="elr")
        server = self

        class Cutting(DTPHandler):  # type: ignore[misc]
            """Closes the line of data after so many bytes."""

            def send(self, data: bytes) -> int:
                """Send, or cut."""
                if server.cuts and self.get_transmitted_bytes() >= server.cuts[0]:
                    server.cuts.pop(0)
                    self.cmd_channel.close()
                    return 0
                return int(super().send(data))

        class Handler(TLS_FTPHandler if certificate else FTPHandler):  # type: ignore[misc]
            """Tells where transfers begin."""

            def ftp_REST(self, line: str) -> None:
                """Note it."""
                server.restarts.append(int(line))
                super().ftp_REST(line)

        Handler.authorizer = authorizer
        Handler.use_sendfile = False
        Handler.ac_in_buffer_size = Cutting.ac_out_buffer_size = 16_384
        if certificate:
            Handler.certfile = str(certificate)
            Handler.tls_control_required = Handler.tls_data_required = True
        else:
            Handler.dtp_handler = Cutting
        self._server = FTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.address[1]
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ends.is_set():
            self._server.serve_forever(timeout=0.02, blocking=False)

    def stop(self) -> None:
        """Close every line."""
        self._ends.set()
        self._thread.join()
        self._server.close_all()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server over a folder."""
    (tmp_path / "far").mkdir()
    found = Server(tmp_path / "far")
    yield found
    found.stop()


def transport(server: Server, more: str = "plain = true", scheme: str = "ftp") -> str:
    """The keys of a feed from the server."""
    host = "localhost" if scheme == "ftps" else "127.0.0.1"
    return (
        f'kind = "ftp"\nurl = "{scheme}://{host}:{server.port}/"\nuser = "fund"\npassword_env = "FTP_PASSWORD"\n{more}'
    )


def made(feed: Make, keys: str) -> Any:
    """A feed that knows the password."""
    here = feed(keys)
    here.environment["FTP_PASSWORD"] = "secret"
    return here


def test_files_come_once_and_changed_ones_are_restatements(feed: Make, server: Server) -> None:
    """Folders in folders; a second pass asks for no bytes."""
    (server.folder / "2026").mkdir()
    (server.folder / "2026" / "big.bin").write_bytes(BIG)
    (server.folder / "a.csv").write_bytes(b"a")
    here = made(feed, transport(server))
    assert here.kinds() == [("new", "2026/big.bin"), ("new", "a.csv")]
    assert here.kinds() == []
    (server.folder / "a.csv").write_bytes(b"changed")
    assert here.kinds() == [("restated", "a.csv")]
    assert here.files()["restated/2/a.csv"] == b"changed"


def test_a_line_that_is_cut_is_gone_on_from(feed: Make, server: Server) -> None:
    """The next try logs in anew and begins where the bytes ended."""
    (server.folder / "big.bin").write_bytes(BIG)
    server.cuts = [300_000]
    here = made(feed, transport(server))
    assert here.kinds() == [("new", "big.bin")]
    assert here.files() == {"files/big.bin": BIG}
    assert len(server.restarts) == 1
    assert 0 < server.restarts[0] < len(BIG)


def test_a_server_that_comes_back_is_gone_on_with(feed: Make, server: Server) -> None:
    """It went away in the middle; the run gave up; the next one, against the same server restarted, takes the rest."""
    (server.folder / "big.bin").write_bytes(BIG)
    server.cuts = [200_000, 0, 0]
    here = made(feed, transport(server))
    assert here.codes() == ["FEED_UNREACHABLE"]
    assert here.files() == {}
    server.stop()
    again = Server(server.folder, port=server.port)
    assert here.kinds() == [("new", "big.bin")]
    assert here.files() == {"files/big.bin": BIG}
    assert again.restarts[0] > 0
    again.stop()


def test_a_wrong_password_is_refused_at_once(feed: Make, server: Server) -> None:
    """And stands in no message."""
    here = made(feed, transport(server))
    here.environment["FTP_PASSWORD"] = "wrong-one"
    ran = here.run()
    assert [error.row.name for error in ran.errors] == ["FEED_REFUSED"]
    assert here.slept == []
    assert "wrong-one" not in str(ran.errors[0])


def test_over_tls_the_certificate_is_checked_and_everything_encrypted(
    feed: Make, tmp_path: Path, certificate: Path
) -> None:
    """The server wants TLS for words and bytes; with the authority's certificate files come, without it nothing."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.csv").write_bytes(BIG)
    server = Server(tmp_path / "far", certificate)
    try:
        assert made(feed, transport(server, "", "ftps")).codes() == ["FEED_UNREACHABLE"]
        here = made(feed, transport(server, f'ca_file = "{certificate}"', "ftps"))
        assert here.kinds() == [("new", "a.csv")]
        assert here.files() == {"files/a.csv": BIG}
        assert made(feed, transport(server)).codes() == ["FEED_REFUSED"]
    finally:
        server.stop()
