"""The counterparty of an acceptance definition: sends its bytes, compares what comes back.

Promises: it shares no code with the engine under test; what is left out of a message (times, BodyLength, CheckSum) is
filled in as the format note says, and what is there is sent as it is, wrong or not.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hedgerow.execution.fix.acceptance.definitions import Definition, Step

SOH = b"\x01"
_STAMP = rb"\d{8}-\d\d:\d\d:\d\d(\.\d+)?"
_BY_PATTERN = {b"10": rb"\d{3}", b"42": _STAMP, b"52": _STAMP, b"60": _STAMP, b"122": _STAMP}
"""Fields whose values are compared by form only."""
_FILLED = (b"9=", b"10=")
_TIME = re.compile(rb"<TIME(?:([+-])(\d+))?>")
Connect = Callable[[], socket.socket]
_END = re.compile(rb"\x0110=\d{3}\x01")


def completed(text: bytes, now: datetime) -> bytes:
    """A message with its times, BodyLength and CheckSum filled in where they are left out."""

    def stamp(found: re.Match[bytes]) -> bytes:
        seconds = int(found[2] or 0) * (-1 if found[1] == b"-" else 1)
        return (now + timedelta(seconds=seconds)).strftime("%Y%m%d-%H:%M:%S").encode()

    fields = [field for field in _TIME.sub(stamp, text).split(SOH) if field]
    if not any(field.startswith(b"9=") for field in fields):
        length = sum(len(field) + 1 for field in fields[1:] if not field.startswith(b"10="))
        fields.insert(1, b"9=%d" % length)
    if not any(field.startswith(b"10=") for field in fields):
        total = sum(SOH.join([*fields, b""]))
        fields.append(b"10=%03d" % (total % 256))
    return SOH.join([*fields, b""])


def difference(expected: bytes, got: bytes) -> str | None:
    """What is first different from what was expected, in words; BodyLength follows from the width of the times."""
    want, have = ([field for field in text.split(SOH) if field] for text in (expected, got))
    for filled in _FILLED:
        if not any(field.startswith(filled) for field in want):
            have = [field for field in have if not field.startswith(filled)]
    if len(want) != len(have):
        return f"{len(have)} fields for {len(want)}: got {shown(got)}, expected {shown(expected)}"
    for wanted, came in zip(want, have, strict=True):
        (tag, _, value), (other, _, seen) = wanted.partition(b"="), came.partition(b"=")
        if tag != other:
            return f"tag {other.decode()} for {tag.decode()}: got {shown(got)}, expected {shown(expected)}"
        pattern = _BY_PATTERN.get(tag)
        if tag == b"9" or (pattern and re.fullmatch(pattern, seen)):
            continue
        if pattern or value != seen:
            return f"tag {tag.decode()} is '{shown(seen)}', expected '{shown(value)}': got {shown(got)}"
    return None


def shown(raw: bytes) -> str:
    """Bytes as a person reads them."""
    return raw.replace(SOH, b"|").decode("latin-1")[:300]


class Counterparty:
    """Plays one definition against an engine; `connect` and `accept` give sockets."""

    def __init__(self, connect: Connect, accept: Connect, wait_s: float) -> None:
        self._connect, self._accept, self._wait_s = connect, accept, wait_s
        self._sockets: dict[int, socket.socket] = {}
        self._unread: dict[int, bytes] = {}

    def play(self, definition: Definition) -> str | None:
        """Play all steps; gives the first difference, with its line."""
        try:
            for step in definition.steps:
                try:
                    wrong = self._step(step)
                except (OSError, KeyError) as error:
                    wrong = f"{type(error).__name__}: {error}"
                if wrong:
                    return f"line {step.line}: {wrong}"
            return None
        finally:
            for sock in self._sockets.values():
                sock.close()

    def _step(self, step: Step) -> str | None:
        if step.verb == "sleep":
            time.sleep(step.seconds)
        elif step.verb in ("connect", "expect-connect"):
            self._sockets[step.connection] = self._connect() if step.verb == "connect" else self._accept()
            self._unread[step.connection] = b""
        elif step.verb == "disconnect":
            self._sockets.pop(step.connection).close()
        elif step.verb == "expect-disconnect":
            return self._ended(step.connection)
        elif step.verb == "send":
            self._sockets[step.connection].sendall(completed(step.text, datetime.now(UTC)))
        else:
            return difference(step.text, self._message(step.connection))
        return None

    def _message(self, connection: int) -> bytes:
        end = time.monotonic() + self._wait_s
        while not (found := _END.search(self._unread[connection])):
            more = self._read(connection, end)
            if not more:
                raise ConnectionError("the engine ended the connection")
            self._unread[connection] += more
        raw = self._unread[connection]
        self._unread[connection] = raw[found.end() :]
        return raw[: found.end()]

    def _ended(self, connection: int) -> str | None:
        end = time.monotonic() + self._wait_s
        try:
            while more := self._read(connection, end):
                self._unread[connection] += more
        except TimeoutError:
            return "the engine did not end the connection"
        except OSError:
            pass
        self._sockets.pop(connection).close()
        unread = self._unread[connection]
        return f"unexpected before the end of the connection: {shown(unread)}" if unread else None

    def _read(self, connection: int, end: float) -> bytes:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no message came in time")
        self._sockets[connection].settimeout(left)
        return self._sockets[connection].recv(65_536)
