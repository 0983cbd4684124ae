"""What the scenarios of feeds share: a feed with a clock that only moves when told, and servers on loopback."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from hedgerow.market.feeds import Spec, Status, World, feed_status, run_once, run_until
from hedgerow.market.feeds.fetching import Ran
from hedgerow.market.feeds.spec import parse_spec

SATURDAY_NS = 1_795_867_200_000_000_000  # 2026-11-28T12:00:00Z
NO_WAIT = '[retries]\nwait = "1s"\nattempts = 3\njitter = 0.5\n'
NO_QUOTA = '[limits]\ndisk_free_bytes_min = "0"\n'


@dataclass
class Feed:
    """A feed, its landing folder and its clock."""

    folder: Path
    text: str
    now_ns: int = SATURDAY_NS
    tick_ns: int = 1000
    environment: dict[str, str] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)

    @property
    def spec(self) -> Spec:
        """The specification as it stands."""
        more = "".join(part for part in (NO_WAIT, NO_QUOTA) if part.splitlines()[0] not in self.text)
        return parse_spec(f"{self.text}\n{more}".encode(), "feed.toml")

    @property
    def world(self) -> World:
        """A clock that moves a little at each look, and by what is slept."""

        def now() -> int:
            self.now_ns += self.tick_ns
            return self.now_ns

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.now_ns += int(seconds * 1e9)

        return World(now, sleep, self.environment)

    @property
    def here(self) -> Path:
        """The feed's own folder."""
        return self.folder / self.spec.name

    def run(self) -> Ran:
        """One pass."""
        return run_once(self.spec, self.folder, self.world)

    def record(self, seconds: float = 20.0, *, messages: int | None = None) -> list[Ran]:
        """Record a stream by the real clock, for a while or until so many messages came."""
        self.text += '\n[retries]\nwait = "10ms"\nwait_max = "20ms"\nattempts = 4\n' * ("[retries]" not in self.text)
        until_ns, over = time.time_ns() + int(seconds * 1e9), threading.Event()

        def told(name: str, so_far: int, whole: int | None) -> None:
            if messages is not None and so_far >= messages:
                over.set()

        world = World(lambda: until_ns if over.is_set() else time.time_ns(), time.sleep, self.environment)
        return list(run_until(self.spec, self.folder, world, until_ns, told))

    def kinds(self) -> list[tuple[str, str]]:
        """What one pass brings: kind and name."""
        return [(row.kind, row.name) for row in self.run().rows]

    def codes(self) -> list[str]:
        """The errors of one pass."""
        return [error.row.name for error in self.run().errors]

    def files(self) -> dict[str, bytes]:
        """What a reader can see."""
        found = {}
        for top in ("files", "restated"):
            for path in sorted((self.here / top).rglob("*")):
                if path.is_file():
                    found[path.relative_to(self.here).as_posix()] = path.read_bytes()
        return found

    def lines(self) -> list[dict[str, Any]]:
        """The record."""
        return [json.loads(line) for line in (self.here / "deliveries.jsonl").read_text().splitlines()]

    def status(self, **how: Any) -> Status:
        """What is amiss now."""
        return feed_status(self.spec, self.folder, self.now_ns, **how)

    def amiss(self, **how: Any) -> list[tuple[str, str]]:
        """Findings: what, of which name."""
        return [(finding.what, finding.name) for finding in self.status(**how).findings]

    def days_later(self, days: float) -> None:
        """Move the clock."""
        self.now_ns += int(days * 86_400e9)


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., Feed]:
    """Make a feed of a transport's keys and further tables."""

    def make(transport: str, more: str = "", *, top: str = "") -> Feed:
        head = f'name = "prices"\nvendor = "Test"\nformat = "csv"\n{top}'
        return Feed(tmp_path / "landing", f"{head}\n[transport]\n{transport}\n{more}")

    return make


@dataclass
class WebServer:
    """What a web server has, how it misbehaves, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    """Taken one a request: a status with headers, or how many bytes are sent before the line is cut."""
    ranges: bool = True
    etags: bool = True

    def header(self, name: str) -> list[str | None]:
        """A header of each request."""
        return [headers.get(name) for _, headers in self.asked]


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A web server with ranges, entity tags and faults."""
    yield from _served(None)


@pytest.fixture
def web_tls(certificate: Path) -> Iterator[WebServer]:
    """The same over TLS."""
    yield from _served(certificate)


def _served(certificate: Path | None) -> Iterator[WebServer]:
    state = WebServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer as the state says."""
            parts = urlsplit(self.path)
            state.asked.append((self.path, dict(self.headers.items())))
            fault = state.faults.pop(0) if state.faults else None
            if isinstance(fault, tuple):
                self._say(fault[0], fault[1], b"" if len(fault) < 3 else fault[2])
                return
            data = state.files.get(unquote(parts.path).lstrip("/"))
            if callable(data):
                status, headers, body = data(dict(parse_qsl(parts.query)), dict(self.headers.items()))
                self._say(status, headers, body)
            elif data is None:
                self._say(404, {}, b"not here")
            else:
                self._file(data, fault)

        def _file(self, data: bytes, cut: int | None) -> None:
            tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
            headers = {"ETag": tag} if state.etags else {}
            if state.etags and self.headers.get("If-None-Match") == tag:
                self._say(304, headers, b"")
                return
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            fits = self.headers.get("If-Range", tag) == tag
            begin = int(wanted[1]) if wanted and state.ranges and fits else 0
            if begin:
                headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            self._say(206 if begin else 200, headers, data[begin:], cut)

        def _say(self, status: int, headers: dict[str, str], body: bytes, cut: int | None = None) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if cut is None else body[:cut])
            if cut is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that does not believe us
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http{'s://localhost' if certificate else '://127.0.0.1'}:{server.server_port}/"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    words += ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run(words, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return both
