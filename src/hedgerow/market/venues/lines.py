"""The lines of recorded sessions, in every layout that is known: when something came, from where, and what it was.

    1723161254000000000 {...}             nanoseconds and a message (hftbacktest; our own recorder, which also writes
                                          `#note`, `#text` and `#binary`)
    2019-08-01T00:00:07.2113560Z {...}    a moment and a message (Tardis' raw feeds)
    1618677785.49: {...}                  seconds and a message (cryptofeed)
    wss://venue <-> 1618677785.48         a connection; `<-` what we sent on it
    https://venue/depth?x=y -> 1618.2: {  the reply to a request, its head behind it after ` header: `
    1618677785.49: b'\\x1f\\x8b...'          bytes as Python writes them, which the venue compressed (cryptofeed)
    {"t":"recv","conn":..,"ts":..,"data"  a capture, of which each line says what it is (cryptofeed)
    {...}                                 a message alone

Promises: the body is the message to the byte, out of base64, Python's notation and the venue's compression where a
recorder left it in them. Never: reads it.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from hedgerow.market.formats.gathering import iso

Way: TypeAlias = Literal["came", "reply", "sent", "note", "settings"]
STAMPED = re.compile(rb"(\d{16,19}) (.+)", re.DOTALL)
SESSION = re.compile(rb"(?:((?:ws|http)s?://\S+) (<->|<-|->) )?(\d{9,11}(?:\.\d+)?)(?:: (.*))?", re.DOTALL)
_MARKED = re.compile(rb"#(?:text|binary) ([A-Za-z0-9+/]+=*)")
DATED = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ([\[{].*)", re.DOTALL)
_SETTINGS = b"configuration: "
_HEADED = re.compile(rb"([}\]]) header: \{.*\}\s*\Z", re.DOTALL)
_CAPTURED = re.compile(rb'\s*\{\s*"(?:t|ts|conn)"\s*:')
_CAPTURES = json.JSONDecoder(parse_float=str, parse_int=str)
_PYTHON = re.compile(rb"b(?:'.*'|\".*\")", re.DOTALL)
_EXPANDED_MAX = 64 << 20
"""Bytes that one compressed message may expand to."""
_WINDOWS = (47, -15)
"""How zlib is told of gzip and zlib, and of a deflated stream without a head."""


@dataclass(slots=True)
class Line:
    """One line: what it is, when it came (UTC nanoseconds, None where it does not say), its address, and its words.

    way: a message that `came`, a `reply` to a request, what was `sent` (or a connection that was made), a `note` of the
    recorder or a bare word of the venue, or a collector's `settings`. conn: the connection, where that is told.
    """

    way: Way
    ns: int | None
    url: str
    body: bytes
    conn: str = field(default="", repr=False)


def line_of(text: bytes) -> Line | None:
    """What a line without its end is; None where it is none that is known.

    >>> line_of(b'1723161254000000000 {"a":1}')
    Line(way='came', ns=1723161254000000000, url='', body=b'{"a":1}')
    >>> line_of(b"wss://venue <-> 1618677785.5"), line_of(b"what?")
    (Line(way='sent', ns=1618677785500000000, url='wss://venue', body=b''), None)
    """
    if _CAPTURED.match(text) and (captured := _captured(text)) is not None:
        return captured
    if found := STAMPED.fullmatch(text):
        ns, body = int(found[1]) * 10 ** (19 - len(found[1])), unmarked(found[2]).strip()
        return Line("came" if is_json(body) else "note", ns, "", body)
    if found := DATED.fullmatch(text):
        return Line("came", iso(found[1].decode()), "", found[2])
    if text.startswith(_SETTINGS):
        return Line("settings", None, "", text)
    if found := SESSION.fullmatch(text):
        url, arrow, seconds, body = found.groups()
        way: Way = "reply" if arrow == b"->" else "came"
        if arrow in (b"<->", b"<-") or not body:
            way = "sent"
        elif way == "reply":
            body = _HEADED.sub(rb"\1", body)
        elif _PYTHON.fullmatch(body):
            body = _written(body)
            way = way if is_json(body) else "note"
        return Line(way, _ns(seconds.decode()), (url or b"").decode(errors="replace"), body or b"")
    return Line("came", None, "", text) if is_json(text) else None


def is_captured(text: bytes) -> bool:
    """Whether it is a line of a capture, such as its header."""
    return _CAPTURED.match(text) is not None and _captured(text) is not None


def _captured(text: bytes) -> Line | None:
    """A line of a capture, by what it says that it is; None where it is none."""
    try:
        told = _CAPTURES.decode(text.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    if told.get("t") == "header" and "exchange" in told:
        return Line("settings", None, "", text)
    ways: dict[str, Way] = {"connect": "sent", "send": "sent", "recv": "came", "http": "reply"}
    way, at = ways.get(str(told.get("t"))), told.get("ts")
    if way is None or "conn" not in told or not isinstance(at, str) or not re.fullmatch(r"\d{9,11}(\.\d+)?", at):
        return None
    body = _carried(told)
    if way == "came" and not is_json(body):
        way = "note"
    return Line(way if body else "sent", _ns(at), str(told.get("addr") or told.get("url") or ""), body,
                str(told["conn"]))  # fmt: skip


def _carried(told: Mapping[str, Any]) -> bytes:
    """What a line of a capture carries: text, or bytes in base64."""
    if "b64" in told:
        return expanded(base64.b64decode(str(told["b64"])))
    return str(told.get("data") or "").encode()


def _written(body: bytes) -> bytes:
    """A message out of Python's notation of bytes; as it is where those are no message."""
    try:
        found = ast.literal_eval(body.decode())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return body
    message = expanded(found)
    return message if is_json(message) else body


def expanded(data: bytes) -> bytes:
    """A message out of gzip, zlib or a bare deflated stream; as it is where it is in none of them."""
    for window in _WINDOWS:
        stream = zlib.decompressobj(window)
        try:
            found = stream.decompress(data, _EXPANDED_MAX)
        except zlib.error:
            continue
        if is_json(found) and not stream.unconsumed_tail:
            return found
    return data


def is_json(body: bytes) -> bool:
    """Whether it begins as a JSON object or list."""
    return body[:1] in (b"{", b"[")


def unmarked(body: bytes) -> bytes:
    """A message as the venue sent it, where our own recorder had to write it in base64 (`#text`, `#binary`).

    >>> unmarked(b"#text e30K"), unmarked(b"#note later")
    (b'{}\\n', b'#note later')
    """
    marked = _MARKED.fullmatch(body)
    return body if marked is None else base64.b64decode(marked[1])


def _ns(seconds: str) -> int:
    whole, _, fraction = seconds.partition(".")
    return int(whole) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)
