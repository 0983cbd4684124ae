"""Messages as files: segments that are delivered when they are full, old enough, or the run ends.

Two forms. `lines`: a line a message, `RECEIVE_NS MESSAGE`, the message unchanged; what would not fit a line, or begins
with `#`, stands as `RECEIVE_NS #text BASE64` or `RECEIVE_NS #binary BASE64`, and what must be said besides as
`RECEIVE_NS #note JSON`. `frames`: the messages as length (two bytes, big-endian) and bytes, an end of session as length
zero (NASDAQ BinaryFILE), and beside it, under the same name with `.times.txt`, a line `RECEIVE_NS SEQUENCE COUNT` for
each packet, and the notes.

Promises: every message lies in exactly one segment, in the order in which it was received; a gap is a note at its place
and a count in the delivery; after a crash what was synced is delivered up to its last whole message. Never: holds more
in memory than the file's buffer.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from hedgerow.core.settings import Table
from hedgerow.market.feeds.landing import Came, Landing, Part, PartWriter, disk_errors
from hedgerow.market.feeds.record import Delivery
from hedgerow.market.feeds.transport import Note, Received, Resumes, World

VERSION = "recording"
FRAME_BYTES_MAX = 65_535


@dataclass(frozen=True)
class Segments:
    """When a segment is full, and how much of it a crash may cost."""

    form: Literal["lines", "frames"]
    segment_s: float
    segment_bytes: int
    sync_s: float

    @classmethod
    def read(cls, table: Table, form: Literal["lines", "frames"]) -> Segments:
        """The keys that every stream has."""
        return cls(
            form=form,
            segment_s=table.span_s("segment", "1h", least_s=0.01),
            segment_bytes=table.size("segment_bytes", "256 MB"),
            sync_s=table.span_s("sync", "1s"),
        )

    @property
    def endings(self) -> tuple[str, ...]:
        """How the names of a segment's files end."""
        return (".txt",) if self.form == "lines" else (".bin", ".times.txt")


class Recording:
    """The segment that is being written."""

    def __init__(self, landing: Landing, segments: Segments, world: World) -> None:
        self._landing, self._segments, self._world = landing, segments, world
        self._stack, self._parts, self._writers = ExitStack(), list[Part](), list[PartWriter]()
        self._begun_ns = self._synced_ns = self._gaps = 0
        self.cursor = last_cursor(landing)
        """Where the other side goes on behind what was taken."""

    def take(self, event: Received | Note) -> None:
        """Write what was received or must be said."""
        if not self._writers:
            self._begin()
        for writer, data in zip(self._writers, encoded(event, self._segments.form), strict=True):
            if data:
                writer.write(data)
        self._gaps += isinstance(event, Note) and event.gap
        if isinstance(event, Received) and event.cursor is not None:
            self.cursor = event.cursor
        if isinstance(event, Received) and event.settle is not None:
            self._sync(self._world.now_ns())
            event.settle()

    def due(self, now_ns: int) -> list[Delivery]:
        """Sync, or end the segment, if it is time; gives what was delivered."""
        if not self._writers:
            return []
        told = self._segments
        if now_ns - self._synced_ns >= told.sync_s * 1e9:
            self._sync(now_ns)
        full = sum(writer.bytes for writer in self._writers) >= told.segment_bytes
        return self.end() if full or now_ns - self._begun_ns >= told.segment_s * 1e9 else []

    def end(self) -> list[Delivery]:
        """End the segment and deliver it."""
        parts, gaps = self._parts, self._gaps
        self._parts, self._writers, self._gaps = [], [], 0
        self._stack.close()
        return [
            self._landing.deliver(
                part,
                Came(part.name, self._begun_ns, VERSION, self.cursor, gaps if number == 0 else 0),
                known_ns=self._world.now_ns(),
            )
            for number, part in enumerate(parts)
        ]

    def _sync(self, now_ns: int) -> None:
        for writer in self._writers:
            writer.sync()
        self._synced_ns = now_ns

    def _begin(self) -> None:
        self._begun_ns = self._synced_ns = self._world.now_ns()
        moment = datetime.fromtimestamp(self._begun_ns // 10**9, UTC)
        stem = f"{moment:%Y%m%d}/{moment:%Y%m%dT%H%M%S}{self._begun_ns % 10**9:09d}Z"
        for ending in self._segments.endings:
            part = self._landing.part(stem + ending)
            writing = part.writing(offset=0, version=VERSION, whole=None)
            self._writers.append(self._stack.enter_context(writing))
            self._parts.append(part)


def salvaged(landing: Landing, world: World) -> Iterator[Delivery]:
    """Deliver what a crash left of segments, up to the last whole message that was synced."""
    for part in landing.parts():
        if part.version != VERSION:
            continue
        with disk_errors(part.path):
            data = part.path.read_bytes()[: part.bytes]
        whole = whole_bytes(data, framed=part.name.endswith(".bin"))
        if not whole:
            part.drop()
            continue
        with part.writing(offset=whole, version=VERSION, whole=None):
            pass
        cursor, gaps, detail = last_cursor(landing), 1, "its recorder crashed; the end is lost"
        if isinstance(landing.spec.transport, Resumes):
            cursor = landing.spec.transport.cursor_in(data[:whole], cursor)
            gaps, detail = 0, "its recorder crashed; what came after it is asked for again"
        came = Came(part.name, world.now_ns(), VERSION, cursor, gaps, detail)
        yield landing.deliver(part, came, known_ns=world.now_ns())


def last_cursor(landing: Landing) -> str | None:
    """Where the last recorded delivery says that the other side goes on."""
    found = landing.cursors()
    return found[-1] if found else None


def whole_bytes(data: bytes, *, framed: bool) -> int:
    """How many bytes of a broken segment are whole messages.

    >>> whole_bytes(b"1 a\\n2 b\\n3", framed=False), whole_bytes(b"\\x00\\x01a\\x00\\x02b", framed=True)
    (8, 3)
    """
    if not framed:
        return data.rfind(b"\n") + 1
    at = 0
    while at + 2 <= len(data):
        after = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if after > len(data):
            break
        at = after
    return at


def encoded(event: Received | Note, form: Literal["lines", "frames"]) -> tuple[bytes, ...]:
    """An event as bytes of each of the form's files.

    >>> encoded(Received(7, ['{"e": 1}', "two\\nlines"]), "lines")
    (b'7 {"e": 1}\\n7 #text dHdvCmxpbmVz\\n',)
    >>> encoded(Received(7, [b"ab", b"c"], sequence=41), "frames")
    (b'\\x00\\x02ab\\x00\\x01c', b'7 41 2\\n')
    >>> encoded(Note(8, {"lost": 2}, gap=True), "frames")
    (b'', b'8 #note {"lost": 2}\\n')
    """
    if isinstance(event, Note):
        line = _note(event.ns, event.says)
        return (line,) if form == "lines" else (b"\0\0" if "ended" in event.says else b"", line)
    if form == "lines":
        head = b"" if event.says is None else _note(event.ns, event.says)
        return (head + b"".join(_line(event.ns, message) for message in event.messages),)
    messages = [message.encode() if isinstance(message, str) else message for message in event.messages]
    frames = b"".join(len(message).to_bytes(2, "big") + message for message in messages)
    return frames, f"{event.ns} {event.sequence} {len(messages)}\n".encode()


def _note(ns: int, says: Mapping[str, Any]) -> bytes:
    return f"{ns} #note {json.dumps(dict(says), ensure_ascii=False)}\n".encode()


def _line(ns: int, message: bytes | str) -> bytes:
    if isinstance(message, bytes):
        return b"%d #binary %s\n" % (ns, base64.b64encode(message))
    data = message.encode()
    if b"\n" in data or b"\r" in data or data.startswith(b"#"):
        return b"%d #text %s\n" % (ns, base64.b64encode(data))
    return b"%d %s\n" % (ns, data)
