"""Numbers as people and their spreadsheets write them: `1,234.50`, `1.234,50`, `$12.50`, `1.23M`.

Which sign parts the fraction is a property of a file, told by the cells that allow one reading only. Promises that a
number which could be read two ways (`1,234` alone) is refused, and that a cell which is no number stays as it is, so
that its reader names it. Columns of plain numbers are not touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.market.columns import plain
from hedgerow.market.formats.rows import blank
from hedgerow.market.formats.words import NUMBERS

_SAMPLE = 2000
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WRITTEN = re.compile(r"[+-]?\s?[$€£¥]?\s?[+-]?\d[\d.,'\u2019 \u00a0\u202f]*(?:[eE][+-]?\d+)?\s?[KMBkmb]?\s?[$€£¥]?")
_SPACES = "['\u2019 \u00a0\u202f]"
_GROUPED = re.compile(r"[+-]?[$€£¥]?\s?\d{1,3}(,\d{3})+(\.\d+)?")
_THOUSANDS = {"K": "e3", "M": "e6", "B": "e9"}


@dataclass(frozen=True)
class Numerals:
    """How a file writes its numbers: the sign before a fraction, and the columns whose cells are not plain."""

    point: str
    columns: tuple[Any, ...]
    rounded: tuple[Any, ...] = ()
    """Columns with thousands and millions as letters, which their source has rounded."""

    def plainly(self, arrays: Mapping[Any, Any]) -> dict[Any, Any]:
        """The same columns with the numbers written plainly; what is no number stays."""
        return {name: self._plain(name, column) if name in self.columns else column for name, column in arrays.items()}

    def _plain(self, name: Any, column: Any) -> Any:
        point = re.escape(self.point)
        group = r"\." if self.point == "," else ","
        trimmed = pc.utf8_trim_whitespace(column)
        bare = pc.replace_substring_regex(trimmed, r"^([+-]?)\s?[$€£¥]\s?", r"\1")
        bare = pc.replace_substring_regex(bare, r"\s?[$€£¥]$", "")
        letter = r"(\s?[KMBkmb])?" if name in self.rounded else "()"
        grouped = rf"^[+-]?(?:\d{{1,3}}(?:{group}\d{{3}})+|\d{{1,3}}(?:{_SPACES}\d{{3}})+|\d+)"
        fits = pc.match_substring_regex(bare, rf"{grouped}(?:{point}\d*)?(?:[eE][+-]?\d+)?{letter}$")
        told = pc.replace_substring_regex(bare, rf"{group}|{_SPACES}", "")
        if self.point == ",":
            told = pc.replace_substring(told, ",", ".")
        for sign, power in _THOUSANDS.items() if name in self.rounded else ():
            told = pc.replace_substring_regex(told, rf"(?i){sign}$", power)
        return pc.if_else(pc.fill_null(fits, False), told, column)


def numerals_of(arrays: Mapping[Any, Any], shown: str, delimiter: str) -> Numerals | None:
    """How these columns write numbers, None where they write them plainly.

    Raises DATA-015 where a number could be read two ways, or some cells are written one way and some the other.
    """
    found: dict[Any, list[str]] = {}
    for name, column in arrays.items():
        cells = [text.strip() for text in blank(column.slice(0, _SAMPLE)).to_pylist() if text and text.strip()]
        odd = [text for text in cells if not _PLAIN.fullmatch(text)]
        if delimiter == "," and plain(name) not in NUMBERS and not all(map(_GROUPED.fullmatch, odd)):
            continue  # lists of codes are written so
        if odd and all(_WRITTEN.fullmatch(text) for text in odd) and not _are_times(name, odd):
            found[name] = cells
    lettered = {name for name, cells in found.items() if any(map(_lettered, cells))}
    letters = tuple(name for name in lettered if plain(name).startswith(("vol", "market_cap")))
    found = {name: cells for name, cells in found.items() if name in letters or name not in lettered}
    if not found:
        return None
    points = {point: cell for cells in found.values() for cell in cells if (point := _point(cell)) is not None}
    if len(points) > 1:
        told = f"{points['.']!r} and {points[',']!r} part their fractions by different signs"
        raise problem("DATA_TYPE", f"{shown}: {told}")
    unsure = [(name, cell) for name, cells in found.items() for cell in cells if "," in cell or cell.count(".") > 1]
    unsure = [(name, cell) for name, cell in unsure if plain(name) in NUMBERS or delimiter != ","]
    if not points and unsure:
        name, cell = unsure[0]
        raise problem("DATA_TYPE", f"{shown}, column {name!r}: {cell!r} is a thousand times as much, or has a fraction")
    point = next(iter(points), ".")
    return Numerals(
        point,
        (*found, *_grouped_by_points(arrays, found, points[","], shown)) if point == "," else tuple(found),
        letters,
    )


def _grouped_by_points(arrays: Mapping[Any, Any], found: Mapping[Any, Any], comma: str, shown: str) -> list[Any]:
    """Columns of numbers that look plain in a file whose fractions follow a comma: there, `1.500` is a thousand more.

    DATA-015 where one of them has a fraction after a point.
    """
    others = [name for name in arrays if name not in found and plain(name) in NUMBERS]
    for name in others:
        for cell in blank(arrays[name].slice(0, _SAMPLE)).to_pylist():
            if cell and _point(cell) == ".":
                told = f"{cell!r} of {name!r} and {comma!r} part their fractions by different signs"
                raise problem("DATA_TYPE", f"{shown}: {told}")
    return others


def _are_times(name: Any, cells: list[str]) -> bool:
    """Whether cells are dates or times of day, which are written with points and spaces too."""
    return bool(re.fullmatch(r"\d{1,4}[. ]\d{1,2}[. ]\d{1,4}.*|\d{8} \d+", cells[0])) or plain(name) in ("date", "time")


def _lettered(cell: str) -> bool:
    return cell[-1:].upper() in _THOUSANDS


def _point(cell: str) -> str | None:
    """The sign before the fraction of a number, where it allows only one reading."""
    core = re.sub(r"[^\d.,]", "", re.sub(r"[eE][+-]?\d+", "", cell))
    commas, points = core.count(","), core.count(".")
    if commas and points:
        return "," if core.rindex(",") > core.rindex(".") else "."
    sign, other = (",", ".") if commas else (".", ",")
    if commas + points == 0:
        return None
    if core.count(sign) > 1:
        return other if re.fullmatch(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+", core) else None
    before, _, after = core.partition(sign)
    grouped = len(after) == 3 and 0 < len(before) <= 3 and before != "0"
    return None if grouped else sign
