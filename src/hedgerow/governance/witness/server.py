"""A witness's server: HTTP around the core's witness (C2SP tlog-witness, `POST /add-checkpoint`).

Promises: a request has a largest size, a connection a largest idle time and age, and there is a largest number of
connections; every request is reported as one row; a stop lets requests under way finish. What is answered is decided
and persisted in the core. Never: a decision, a key, more than one path. It speaks plain HTTP: put TLS in front of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.governance.witness.folder import load

REQUEST_BYTES_MAX = 64 << 10
IDLE_S_MAX = 10.0
CONNECTION_S_MAX = 60.0
CONNECTIONS_MAX = 64

Report = Callable[[Mapping[str, Any]], None]


class WitnessServer(ThreadingHTTPServer):
    """The server of one witness; `url` says where it listens, `stop` ends `serve_forever` and lets requests finish."""

    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        witness: _core.Witness,
        address: tuple[str, int],
        report: Report,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self.witness = witness
        self.clock_s = clock_s
        self._report = report
        self._reporting = threading.Lock()
        self._places = threading.BoundedSemaphore(CONNECTIONS_MAX)
        try:
            super().__init__(address, WitnessHandler)
        except OSError as error:
            raise problem("LOG_IO", f"cannot listen on {address[0]}:{address[1]}: {error.strerror}") from None

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:8123`."""
        host, port = self.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    def report(self, row: Mapping[str, Any]) -> None:
        """Report one request; rows of concurrent requests do not mix."""
        with self._reporting:
            self._report(row)

    def stop(self) -> None:
        """End `serve_forever` from any thread or signal handler."""
        threading.Thread(target=self.shutdown, daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, or close it at once when there are too many."""
        if not self._places.acquire(blocking=False):
            self.report({"status": 503, "why": f"more than {CONNECTIONS_MAX} connections"})
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection until it ends, is idle, or is too old."""
        timer = threading.Timer(CONNECTION_S_MAX, _cut, (request,))
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is its client's affair; anything else stays a defect and is shown."""
        import sys

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class WitnessHandler(BaseHTTPRequestHandler):
    """One connection to a witness."""

    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "hedgerow-witness"
    sys_version = ""
    timeout = IDLE_S_MAX

    def do_POST(self) -> None:
        """Answer `add-checkpoint`."""
        started = time.perf_counter()
        status, kind, body, about = self._answered()
        self.server.report({"status": status, **about, "ms": round((time.perf_counter() - started) * 1000, 1)})
        self.answer(status, kind, body)

    def answer(self, status: int, kind: str, body: bytes) -> None:
        """Send an answer; by then whatever it says is persisted."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _answered(self) -> tuple[int, str, bytes, dict[str, Any]]:
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint":
            return self._unread(404, f"only /add-checkpoint is here, not {_shown(self.path)}")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            return self._unread(411, "say the Content-Length")
        if len(length) > 9 or int(length) > REQUEST_BYTES_MAX:
            return self._unread(413, f"a request of {length[:12]} bytes, at most {REQUEST_BYTES_MAX}")
        data = self.rfile.read(int(length))
        if len(data) < int(length):
            return self._unread(400, "the request was cut")
        try:
            with named_errors():
                status, kind, text = self.server.witness.add_checkpoint(data, int(self.server.clock_s()))
        except HedgerowError as error:
            return self._unread(500, str(error))
        about: dict[str, Any] = _about(data)
        if status not in (200, 409):
            about["why"] = _shown(text.strip())
        return status, kind, text.encode(), about

    def _unread(self, status: int, why: str) -> tuple[int, str, bytes, dict[str, Any]]:
        # What was not read would be taken for the next request.
        self.close_connection = True
        return status, "text/plain; charset=utf-8", f"{why}\n".encode(), {"why": why}

    def log_message(self, format: str, *args: Any) -> None:
        """Requests that the library itself refuses are reported like the others."""
        if format.startswith("code"):
            self.server.report({"status": int(args[0]), "why": _shown(str(args[-1]))})


def serve(
    folder: Path | str,
    origin_keys: Sequence[str],
    address: tuple[str, int],
    *,
    report: Report,
    clock_s: Callable[[], float] = time.time,
) -> WitnessServer:
    """A server for the witness in a folder, listening already; call its `serve_forever`.

    `origin_keys`: key lines of the logs that it watches. Port 0 takes a free one.
    """
    if not origin_keys:
        raise problem("CLI_USAGE", "a witness watches at least one log: give its key line")
    return WitnessServer(load(folder, origin_keys), address, report, clock_s)


def _cut(connection: socket) -> None:
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)


def _about(request: bytes) -> dict[str, Any]:
    """What a request is about, as far as it can be told; nothing of it is believed."""
    old, _, rest = request.partition(b"\n")
    _, _, note = rest.partition(b"\n\n") if not rest.startswith(b"\n") else (b"", b"", rest[1:])
    lines = note.split(b"\n", 2)
    return {
        "origin": _shown(lines[0].decode("utf-8", "replace")),
        "old": _shown(old.removeprefix(b"old ").decode("utf-8", "replace")),
        "size": _shown(lines[1].decode("utf-8", "replace")) if len(lines) > 1 else "",
    }


def _shown(text: str) -> str:
    """Text of a stranger as it may stand on a screen."""
    return "".join(c if c.isprintable() else "?" for c in text[:200])
