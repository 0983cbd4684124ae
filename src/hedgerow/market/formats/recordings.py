"""Recordings of venues' feeds: every message as it was received, with the time of its receipt.

Four layouts: a line of nanoseconds, a space and the message; sessions whose lines begin with a URL or with seconds and
a colon; captures whose lines say in JSON what they are; captures of packets. Promises that `ts_init` is the time of
receipt and `ts_event` the venue's own, which may lie after it where clocks differ; neither is bent to fit the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.market.formats import captures
from hedgerow.market.formats.documents import in_document, parse
from hedgerow.market.formats.gathering import Gathered
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.formats.venues import decode, say
from hedgerow.market.reading import Reading
from hedgerow.market.venues.lines import DATED, SESSION, STAMPED, Line, is_captured, is_json, line_of

_OPENS = re.compile(rb"\d{16,19} [\[{#]")
_WORD = re.compile(rb"[A-Za-z]{1,20}")
"""What a venue says without JSON, such as `pong`."""
_PAIR_KEYS = ("symbol", "instId", "pair", "instrument_name", "contract", "currency_pair", "contract_code",
              "instrument_id", "product_id", "market_id", "primaryCurrencyCode", "secondaryCurrencyCode")  # fmt: skip

_Lines = Callable[[Opened, Reading, Gathered], Iterator[Rows]]


def claims_stamped(opened: Opened) -> bool:
    """Whether its first line is nanoseconds and a message."""
    return _OPENS.match(opened.head.lstrip()[:64]) is not None


def claims_session(opened: Opened) -> bool:
    """Whether its first line opens a connection, is a reply, a message with its moment, or of a capture."""
    first = opened.head.lstrip().split(b"\n")[0].rstrip()
    match = SESSION.fullmatch(first if len(first) < len(opened.head) else first[:4096])
    if match is None:
        return is_captured(first) or DATED.match(first) is not None
    return match[1] is not None or (match[4] or b"").startswith((b"{", b"[", b"b'", b'b"'))


def read_stamped(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a recording with nanoseconds before each message."""
    return _flushed(_stamped, opened, reading)


def read_session(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a session of a websocket, or of requests and their replies."""
    return _flushed(_session, opened, reading)


def read_capture(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a capture of websockets, and of requests and their replies."""
    return _flushed(_capture, opened, reading)


def _flushed(lines: _Lines, opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of the lines; where one is broken, those before it come first."""
    gathered = Gathered()
    try:
        yield from lines(opened, reading, gathered)
    except HedgerowError:
        yield from gathered.flush()
        raise
    yield from gathered.flush()


def _stamped(opened: Opened, reading: Reading, gathered: Gathered) -> Iterator[Rows]:
    gathered.instrument = reading.symbol or opened.stem
    for number, text in opened.lines():
        if not text.strip():
            continue
        line = line_of(text) if STAMPED.fullmatch(text) else None
        if line is None or line.ns is None:
            raise problem("DATA_LAYOUT", f"{opened.shown}, line {number}: {_short(text)} is not a time and a message")
        if is_json(line.body):
            yield from _take(gathered, line.ns, line.body, opened, number)
        else:
            _words(gathered, line.ns, text.partition(b" ")[2], number)


def _words(gathered: Gathered, at: int, body: bytes, number: int) -> None:
    """What is no JSON: a word of the venue, or a note, a text or bytes that our own recorder marks with a sign."""
    kind, _, rest = body.partition(b" ") if body.startswith(b"#") else (b"text", b"", body)
    gathered.record, gathered.known_ns = number, at
    content = rest.decode(errors="replace")
    gathered.add("messages", None, type=kind.decode(errors="replace").lstrip("#"), content=content)
    gathered.counted(at)


def _session(opened: Opened, reading: Reading, gathered: Gathered) -> Iterator[Rows]:
    yield from _said(_text(opened), opened, reading, gathered)


def _capture(opened: Opened, reading: Reading, gathered: Gathered) -> Iterator[Rows]:
    yield from _said(captures.lines(opened), opened, reading, gathered)


def _text(opened: Opened) -> Iterator[tuple[int, Line]]:
    """The lines of a session of text, with their numbers."""
    for number, text in opened.lines():
        if not text.strip():
            continue
        line = line_of(text)
        if line is None or (line.ns is None and line.way != "settings"):
            raise problem("DATA_LAYOUT", f"{opened.shown}, line {number}: {_short(text)} is no line of a session")
        yield number, line


def _said(lines: Iterable[tuple[int, Line]], opened: Opened, reading: Reading, gathered: Gathered) -> Iterator[Rows]:
    """The rows of the lines of a session; what an id means is known to the connection that it was said on."""
    replies: list[Rows] = []
    places: dict[str, dict[Any, Any]] = {}
    for number, line in lines:
        gathered.record, gathered.instrument = number, reading.symbol or opened.stem
        gathered.places = places.setdefault(line.conn, {})
        if line.way == "settings" or line.ns is None:
            gathered.counted(None)
            gathered.add("messages", None, type="configuration", content=line.body.decode(errors="replace"))
        elif line.way == "sent":
            gathered.known_ns = line.ns
            gathered.counted(line.ns)
            arrow = ("<-" if line.body else "<->") if line.url else ""
            content = line.body.decode(errors="replace") or line.url
            gathered.add("messages", None, type=arrow, content=content)
        elif line.way == "reply":
            gathered.instrument = _asked(line.url, gathered.instrument)
            replies += _reply(gathered, line.ns, line.body, opened, number, reading)
        elif line.way == "note" or _WORD.fullmatch(line.body):
            _words(gathered, line.ns, line.body, number)
        else:
            yield from _take(gathered, line.ns, line.body, opened, number)
    yield from gathered.flush()
    yield from replies


def _take(gathered: Gathered, at: int, body: bytes, opened: Opened, number: int) -> Iterator[Rows]:
    message = _parsed(body, opened, number)
    gathered.record, gathered.known_ns = number, at
    say(message, gathered)
    gathered.counted(at)
    if gathered.is_full:
        yield from gathered.flush()


def _reply(gathered: Gathered, at: int, body: bytes, opened: Opened, number: int, reading: Reading) -> list[Rows]:
    """A reply to a request: a book, or a list of instruments."""
    message = _parsed(body, opened, number)
    gathered.record, gathered.known_ns = number, at
    gathered.counted(at)
    if decode(message, gathered):
        return []
    parts = [part for part in in_document(message, reading, gathered.instrument) if part.kind == "reference"]
    if not parts:
        say(message, gathered)
    return [Rows(part.kind, part.table, 0, at, at, part.notes) for part in parts]


def _parsed(body: bytes, opened: Opened, number: int) -> Any:
    try:
        return parse(body)
    except (ValueError, RecursionError) as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}, line {number}: {error}") from None


def _asked(url: str, otherwise: str) -> str:
    """What a request was about: its symbol, or the last part of its path that has a capital, or the last."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    named = [query[key][0] for key in _PAIR_KEYS if key in query]
    steps = [step for step in parts.path.split("/") if step]
    capitals = [step for step in steps if step != step.lower()]
    return "-".join(named) or (capitals or steps or [otherwise])[-1]


def _short(line: bytes) -> str:
    text = line[:40].decode(errors="replace")
    return repr(text + ("..." if len(line) > 40 else ""))
