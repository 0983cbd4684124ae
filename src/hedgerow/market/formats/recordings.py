"""Recordings of venues' feeds: every message as it was received, with the time of its receipt.

Two layouts: a line of nanoseconds, a space and the message; and sessions whose lines begin with a URL or with seconds
and a colon. Promises that `ts_init` is the time of receipt and `ts_event` the venue's own, which may lie after it where
clocks differ; neither is bent to fit the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.market.formats.documents import in_document, parse
from hedgerow.market.formats.gathering import Gathered
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.formats.venues import decode, say
from hedgerow.market.reading import Reading
from hedgerow.market.venues.lines import SESSION, STAMPED, is_json, line_of

_OPENS = re.compile(rb"\d{16,19} [\[{#]")
_PAIR_KEYS = ("symbol", "instId", "pair", "instrument_name", "primaryCurrencyCode", "secondaryCurrencyCode")

_Lines = Callable[[Opened, Reading, Gathered], Iterator[Rows]]


def claims_stamped(opened: Opened) -> bool:
    """Whether its first line is nanoseconds and a message."""
    return _OPENS.match(opened.head[:64]) is not None


def claims_session(opened: Opened) -> bool:
    """Whether its first line opens a connection, is a reply to a request, or a message with its seconds."""
    first = opened.head.split(b"\n")[0]
    match = SESSION.fullmatch(first if len(first) < len(opened.head) else first[:4096])
    return match is not None and (match[1] is not None or (match[4] or b"")[:1] in (b"{", b"["))


def read_stamped(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a recording with nanoseconds before each message."""
    return _flushed(_stamped, opened, reading)


def read_session(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a session of a websocket, or of requests and their replies."""
    return _flushed(_session, opened, reading)


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
        if not text:
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
    replies = []
    for number, text in opened.lines():
        if not text.strip():
            continue
        gathered.record, gathered.instrument = number, reading.symbol or opened.stem
        line = line_of(text)
        if line is not None and line.way == "settings":
            gathered.counted(None)
            gathered.add("messages", None, type="configuration", content=line.body.decode(errors="replace"))
            continue
        if line is None or line.ns is None:
            raise problem("DATA_LAYOUT", f"{opened.shown}, line {number}: {_short(text)} is no line of a session")
        if line.way == "sent":
            gathered.known_ns = line.ns
            gathered.counted(line.ns)
            arrow = text.split(b" ", 2)[1].decode() if line.url else ""
            content = line.body.decode(errors="replace") or line.url
            gathered.add("messages", None, type=arrow, content=content)
        elif line.way == "reply":
            gathered.instrument = _asked(line.url, gathered.instrument)
            replies += _reply(gathered, line.ns, line.body, opened, number, reading)
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
    """What a request was about: its symbol, or the last part of its path."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    named = [query[key][0] for key in _PAIR_KEYS if key in query]
    return "-".join(named) or parts.path.rstrip("/").rsplit("/", 1)[-1] or otherwise


def _short(line: bytes) -> str:
    text = line[:40].decode(errors="replace")
    return repr(text + ("..." if len(line) > 40 else ""))
