"""What whoever runs the exchange tells it while it serves: halt, auction, close, take a trade back; how a book stands.

A line of JSON in, a line of JSON out, on a port of its own: `{"do": "phase", "symbol": "ABC", "phase": "halted"}`,
`{"do": "bust", "trade": 7}`, `{"do": "book", "symbol": "ABC"}`, `{"do": "clock"}`. Promises: what cannot be followed is
answered with `error` and changes nothing; a connection that says nothing holds nobody up. Never: an order.
"""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.letters import Event
from hedgerow.execution.venues.settings import PHASES

_LINE_MAX = 4096
_AT_ONCE = 16
_WORDS = ("phase", "bust", "book", "clock")
_LEVELS = 20


class Control:
    """The port; its owner calls `turn` often."""

    def __init__(self, host: str, port: int, venue: Venue) -> None:
        self._venue = venue
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            raise problem("WIRE_SESSION", f"port {port} of {host}: {error}") from error
        self._listener.setblocking(False)
        self._open: dict[socket.socket, bytes] = {}

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    def turn(self, ts: int) -> None:
        """Answer what has come."""
        with suppress(BlockingIOError):
            while len(self._open) < _AT_ONCE:
                sock, _ = self._listener.accept()
                sock.setblocking(False)
                self._open[sock] = b""
        for sock in list(self._open):
            try:
                data = sock.recv(_LINE_MAX)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            line, end, rest = (self._open[sock] + data).partition(b"\n")
            if end:
                answer = json.dumps(self._answer(line, ts)).encode() + b"\n"
                self._venue.settle()
                with suppress(OSError):
                    sock.sendall(answer)
                self._open[sock] = rest
            elif data and len(line) < _LINE_MAX:
                self._open[sock] = line
            else:
                sock.close()
                del self._open[sock]

    def close(self) -> None:
        """Give the port back."""
        for sock in (self._listener, *self._open):
            sock.close()

    def _answer(self, line: bytes, ts: int) -> dict[str, Any]:
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                raise problem("WIRE_FIELD", "a line is one JSON object")
            return self._do(said, ts)
        except HedgerowError as error:
            return {"error": str(error)}
        except ValueError as error:
            return {"error": str(problem("WIRE_FIELD", str(error)))}

    def _do(self, said: dict[str, Any], ts: int) -> dict[str, Any]:
        do = said.get("do")
        if do == "bust":
            trade = said.get("trade")
            if not isinstance(trade, int) or not 0 < trade < 2**63:
                raise problem("WIRE_FIELD", f"trade {trade!r}; the number of a trade")
            return _told(self._venue.submit(ts, {"do": "bust", "trade": trade}))
        if do == "clock":
            return {"ts": ts, "speed": self._venue.settings.clock_speed}
        if do not in _WORDS:
            raise problem("WIRE_FIELD", f"do {do!r}; known: {', '.join(_WORDS)}{did_you_mean(str(do), _WORDS)}")
        symbol = str(said.get("symbol"))
        if symbol not in self._venue.symbols:
            raise problem("WIRE_FIELD", f"symbol {symbol!r}{did_you_mean(symbol, self._venue.symbols)}")
        at = self._venue.symbols[symbol]
        if do == "book":
            return self._book(at)
        phase = str(said.get("phase"))
        if phase not in PHASES:
            raise problem("WIRE_FIELD", f"phase {phase!r}; known: {', '.join(PHASES)}{did_you_mean(phase, PHASES)}")
        return _told(self._venue.submit(ts, {"do": "set_phase", "instrument": at, "phase": phase}))

    def _book(self, at: int) -> dict[str, Any]:
        core, listing = self._venue.core, self._venue.settings.listings[at]
        phase, last_ticks = core.market(at) or ("", 0)
        sides = {
            name: [
                [str(listing.price(ticks)), str(listing.quantity(lots))]
                for ticks, lots in core.depth(at, is_buy, _LEVELS)
            ]
            for name, is_buy in (("bids", True), ("asks", False))
        }
        state = {"phase": phase, "last": str(listing.price(last_ticks)), "state_hash": core.state_hash().hex()}
        return {"symbol": listing.symbol, **state, **sides}


def _told(events: list[Event]) -> dict[str, Any]:
    refused = [event["reason"] for event in events if event["event"] == "refused"]
    if refused:
        raise problem("WIRE_FIELD", f"it cannot follow: {refused[0]}")
    return {"events": events}


def ask_control(port: int, said: dict[str, Any], host: str = "127.0.0.1") -> dict[str, Any]:
    """Say one line to a serving exchange's control port, and give its answer; raises `WireError`."""
    try:
        with socket.create_connection((host, port), timeout=10) as sock, sock.makefile("rwb") as file:
            file.write(json.dumps(said).encode() + b"\n")
            file.flush()
            answer = json.loads(file.readline() or b"{}")
    except (OSError, ValueError) as error:
        raise problem("WIRE_SESSION", f"port {port} of {host}: {error}") from error
    if "error" in answer:
        raise problem("WIRE_SESSION", str(answer["error"]))
    return dict(answer)
