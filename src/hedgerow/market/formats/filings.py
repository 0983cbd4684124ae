"""EDGAR's index files: every filing of a day or a quarter, in columns of fixed width or parted by bars.

Each filing is a row of kind `news`, dated by the day it was filed; the clock time at which it became public stands in
the filing itself, not in the index.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.formats.gathering import iso
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Gathering, Rows
from hedgerow.market.reading import Reading

_NAMES = ("Form Type", "Company Name", "CIK", "Date Filed", "File Name", "Filename")
_NOTE = "the index gives the day of a filing, not when it became public; ts_init is the end of that day"


def claims(opened: Opened) -> bool:
    """Whether it bears the header of an EDGAR index."""
    head = opened.head[:4096]
    return b"Form Type" in head and b"Company Name" in head and b"Date Filed" in head and b"---" in head


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The filings of an index."""
    kept = Gathering("news")
    header: str | None = None
    ruled = False
    for number, raw in opened.lines():
        line = raw.decode("latin-1")
        if not ruled:
            ruled = header is not None and line.startswith("---")
            header = line if "Date Filed" in line else header
            continue
        if not line.strip():
            continue
        told = _cells(header or "", line)
        day = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)", told.get("Date Filed", ""))
        if day is None:
            raise problem("DATA_LAYOUT", f"{opened.shown}, line {number}: no date of filing in {line[:60]!r}")
        at = iso("-".join(day.groups()))
        content = json.dumps(told, ensure_ascii=False)
        kept.add(
            record=number, ts_event=at, ts_init=at + DAY_NS - 1, instrument=told.get("CIK"),
            title=told.get("Form Type"), content=content,
        )  # fmt: skip
    if not len(kept):
        raise problem("DATA_EMPTY", f"{opened.shown} holds no filing")
    yield kept.rows(notes=(_NOTE,))


def _cells(header: str, line: str) -> dict[str, str]:
    if "|" in header:
        names = [name.strip() for name in header.split("|")]
        return dict(zip(names, (cell.strip() for cell in line.split("|")), strict=False))
    starts = sorted((header.find(name), name) for name in _NAMES if header.find(name) >= 0)
    ends = [start for start, _ in starts[1:]] + [len(line)]
    return {name: line[start:end].strip() for (start, name), end in zip(starts, ends, strict=True)}
