"""The lines of recorded sessions, in every layout that is known: when something came, from where, and what it was.

    1723161254000000000 {...}             nanoseconds and a message (hftbacktest; our own recorder, which also writes
                                          `#note`, `#text` and `#binary`)
    1618677785.49: {...}                  seconds and a message (cryptofeed)
    wss://venue <-> 1618677785.48         a connection; `<-` what we sent on it
    https://venue/depth?x=y -> 1618.2: {  the reply to a request
    {...}                                 a message alone

Promises: the body is the message to the byte, out of base64 where our recorder had to write it so. Never: reads it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Way: TypeAlias = Literal["came", "reply", "sent", "note", "settings"]
STAMPED = re.compile(rb"(\d{16,19}) (.+)", re.DOTALL)
SESSION = re.compile(rb"(?:((?:ws|http)s?://\S+) (<->|<-|->) )?(\d{9,11}(?:\.\d+)?)(?:: (.*))?", re.DOTALL)
_MARKED = re.compile(rb"#(?:text|binary) ([A-Za-z0-9+/]+=*)")
_SETTINGS = b"configuration: "


@dataclass(slots=True)
class Line:
    """One line: what it is, when it came (UTC nanoseconds, None where it does not say), its address, and its words.

    way: a message that `came`, a `reply` to a request, what was `sent` (or a connection that was made), a `note` of the
    recorder or a bare word of the venue, or a collector's `settings`.
    """

    way: Way
    ns: int | None
    url: str
    body: bytes


def line_of(text: bytes) -> Line | None:
    """What a line without its end is; None where it is none that is known.

    >>> line_of(b'1723161254000000000 {"a":1}')
    Line(way='came', ns=1723161254000000000, url='', body=b'{"a":1}')
    >>> line_of(b"wss://venue <-> 1618677785.5"), line_of(b"what?")
    (Line(way='sent', ns=1618677785500000000, url='wss://venue', body=b''), None)
    """
    if found := STAMPED.fullmatch(text):
        ns, body = int(found[1]) * 10 ** (19 - len(found[1])), unmarked(found[2]).strip()
        return Line("came" if is_json(body) else "note", ns, "", body)
    if text.startswith(_SETTINGS):
        return Line("settings", None, "", text)
    if found := SESSION.fullmatch(text):
        url, arrow, seconds, body = found.groups()
        way: Way = "reply" if arrow == b"->" else "came"
        if arrow in (b"<->", b"<-") or not body:
            way = "sent"
        return Line(way, _ns(seconds.decode()), (url or b"").decode(errors="replace"), body or b"")
    return Line("came", None, "", text) if is_json(text) else None


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
