"""What cells of a column are: numbers, objects, dates and times of day in columns of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from hedgerow.market.columns import date_and_clock
from hedgerow.market.formats.rows import blank, texts
from hedgerow.market.times import clock_texts

_SAMPLE = 400


def date_and_time(arrays: Mapping[Any, Any]) -> Any:
    """A column of dates and one of times of day as one, where a table parts them."""
    pair = None if "date and time" in arrays else date_and_clock(arrays)
    if pair is None:
        return None
    days, times = (texts(arrays[name]).to_pylist() for name in pair)
    clocks = clock_texts(times, str(pair[1])) if times and all(times) else None
    return None if clocks is None else pa.array([f"{_day(day)} {c}" for day, c in zip(days, clocks, strict=True)])


def _day(text: str | None) -> str:
    digits = re.sub(r"[./]", "-", text or "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if re.fullmatch(r"\d{8}", digits) else digits[:10]


def numeric(column: Any) -> bool:
    """Whether a column holds numbers, or text of which more than half are numbers."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
        return any(test(column.type) for test in tests)
    sample = [text for text in blank(texts(column.slice(0, _SAMPLE))).to_pylist() if text]
    if not sample:
        sample = [text for text in blank(texts(column)).to_pylist() if text][:_SAMPLE]
    return bool(sample) and sum(map(is_number, sample)) * 2 > len(sample)


def is_number(text: str) -> bool:
    """Whether a text is a number, written plainly."""
    try:
        return "_" not in text and float(text) is not None
    except ValueError:
        return False


def nested(column: Any) -> bool:
    """Whether the cells are objects or lists, which are kept but tell no kind."""
    if not pa.types.is_string(column.type):
        return False
    return any(cell is not None and str(cell)[:1] in ("{", "[") for cell in column.slice(0, 20).to_pylist())
