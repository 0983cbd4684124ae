"""CBOE's download of delayed quotes: the underlying and the moment in the first lines, then a call and a put a line.

Promises a row a contract, by its OCC symbol, dated by the moment of the download; volatilities and Greeks as given.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hedgerow.core.errors import problem
from hedgerow.market.formats.contracts import Contract, contract_of
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Gathering, Rows
from hedgerow.market.reading import Reading

_WORDS = {"Last Sale": "last", "Bid": "bid", "Ask": "ask", "Volume": "volume", "IV": "iv", "Delta": "delta",
          "Gamma": "gamma", "Open Interest": "open_interest"}  # fmt: skip
_HEADER = re.compile(r"^Expiration Date,Calls,Last Sale,[^\r\n]*,Puts,[^\r\n]*", re.MULTILINE)
_DATE = re.compile(r"Date: (\w+ \d{1,2}, \d{4}) at (\d{1,2}:\d\d [AP]M) ([CE])[DS]?T")
_LAST = re.compile(r"Last: ([\d.]+)")
_ZONES = {"E": ZoneInfo("America/New_York"), "C": ZoneInfo("America/Chicago")}


def claims(opened: Opened) -> bool:
    """Whether the header of such a download is in its first lines."""
    return _HEADER.search(_text(opened.head[:4096])) is not None


def read(opened: Opened, _: Reading) -> Iterator[Rows]:
    """The contracts of a download."""
    lines = iter(opened.lines())
    before = list[str]()
    for _number, raw in lines:
        if _HEADER.match(line := _text(raw)):
            break
        before.append(line)
    told = "\n".join(before)
    price = _LAST.search(told)
    kept, at, header = Gathering("options"), _moment(told, opened), line.split(",")
    for number, raw in lines:
        cells = _cells(raw, opened, number)
        if not cells:
            continue
        if len(cells) != len(header):
            raise problem("DATA_LAYOUT", f"{opened.shown}, line {number}: {len(cells)} cells for {len(header)} columns")
        for side, name in _sides(header, cells):
            given: dict[str, Any] = {_WORDS[word]: cell or None for word, cell in side.items() if word in _WORDS}
            contract = _contract(name, opened, number)
            kept.add(record=number, ts_event=at, instrument=name, underlying_price=price and price[1],
                     **contract._asdict(), **given)  # fmt: skip
    if not len(kept):
        raise problem("DATA_EMPTY", f"{opened.shown} holds no contract")
    yield kept.rows()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8-sig", "replace")


def _cells(raw: bytes, opened: Opened, number: int) -> list[str]:
    try:
        return next(csv.reader([_text(raw)]), [])
    except csv.Error as error:
        raise problem("DATA_LAYOUT", f"{opened.shown}, line {number}: {error}") from None


def _moment(told: str, opened: Opened) -> int:
    """When it was downloaded, by the clock of New York or Chicago."""
    if (date := _DATE.search(told)) is None:
        raise problem("DATA_TIME", f"{opened.shown}: no `Date: ... at ... ET` before its header")
    try:
        found = datetime.strptime(f"{date[1]} {date[2]}", "%B %d, %Y %I:%M %p")
    except ValueError:
        raise problem("DATA_TIME", f"{opened.shown}: {date[0]!r}") from None
    return int(found.replace(tzinfo=_ZONES[date[3]]).timestamp()) * 10**9


def _sides(header: list[str], cells: list[str]) -> Iterator[tuple[dict[str, str], str]]:
    """The call's columns and the put's, each with its contract's name; a side that is not traded is left out."""
    puts = header.index("Puts")
    for first, last in ((1, puts), (puts, len(header))):
        if cells[first]:
            yield dict(zip(header[first:last], cells[first:last], strict=True)), cells[first]


def _contract(name: str, opened: Opened, number: int) -> Contract:
    if (found := contract_of(name)) is None:
        raise problem("DATA_TYPE", f"{opened.shown}, line {number}: {name!r} is no name of an option")
    return found
