"""News feeds: RSS 2.0 and Atom, an item a row.

`ts_event` is the item's own date of publication; without one it has no time, and none is made up. An item that was
updated bears its update as `ts_init`. Documents that define entities are refused, for what they may expand to.

Source: RSS 2.0 specification (`item`, `pubDate` as RFC 822); RFC 4287 (`entry`, `published`, `updated`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from hedgerow.core.errors import DataError, problem
from hedgerow.market.formats.gathering import iso
from hedgerow.market.formats.markup import tree
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Gathering, Rows
from hedgerow.market.reading import Reading

_ITEMS = ("item", "entry")
_PUBLISHED = ("pubDate", "published", "date")
NOTE = "items without a date of publication have no time"


def claims(opened: Opened) -> bool:
    """Whether it is XML whose first element is that of a news feed."""
    start = opened.head[:2000].lstrip(b"\xef\xbb\xbf \r\n\t")
    return start.startswith(b"<") and (b"<rss" in start or b"<feed" in start or b"<rdf:RDF" in start)


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The items of a feed, in its own order, which is mostly the newest first."""
    kept, undated = Gathering("news"), 0
    for record, (told, at, updated) in enumerate(items(opened.whole(), opened.shown)):
        undated += at is None
        known = None if at is None else max(at, updated or at)
        content = json.dumps(told, ensure_ascii=False)
        who = reading.symbol or opened.stem
        kept.add(record=record, ts_event=at, ts_init=known, instrument=who, title=told.get("title"), content=content)
    yield kept.rows(notes=(NOTE,) if undated else ())


def items(data: bytes, shown: str) -> list[tuple[dict[str, str], int | None, int | None]]:
    """What each item says by tag, when it was published and when updated, where it tells; DATA-009 where none is."""
    found = []
    for item in (part for part in tree(data, shown).iter() if _tag(part) in _ITEMS):
        told = _told(item)
        at = next((_time(told[name]) for name in _PUBLISHED if told.get(name)), None)
        updated = _time(told["updated"]) if told.get("updated") else None
        found.append((told, updated if at is None else at, updated))
    if not found:
        raise problem("DATA_EMPTY", f"{shown} holds no item")
    return found


def _told(item: Any) -> dict[str, str]:
    """What an item says by tag: its own words first, then those of extensions (a picture's title is not the item's)."""
    own, found = str(item.tag).rpartition("}")[0], dict[str, str]()
    for part in sorted(item, key=lambda part: str(part.tag).rpartition("}")[0] != own):
        tag = _tag(part)
        words = " ".join(text.strip() for text in part.itertext() if text.strip())
        text = words or part.get("href") or part.get("term") or ""
        if tag == "category" and tag in found:
            found[tag] += f", {text}"
        elif tag != "link" or part.get("rel", "alternate") == "alternate":
            found.setdefault(tag, text)
    return found


def _tag(part: Any) -> str:
    return str(part.tag).rsplit("}", 1)[-1]


def _time(text: str) -> int | None:
    """A date of RFC 822 or of ISO 8601, in nanoseconds of UTC; None where it is neither, or beyond 1677 to 2262."""
    try:
        found = iso(text)
    except DataError:
        try:
            found = iso(parsedate_to_datetime(text).isoformat())
        except (ValueError, TypeError, IndexError, OverflowError, DataError):
            return None
    return found if -(2**63) <= found < 2**63 else None
