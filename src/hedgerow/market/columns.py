"""Which column is which: vendors' names for times, prices, volume and symbols.

Recognises by name only, whatever the case and punctuation. A name that could mean two things is refused, an adjusted
close is never taken for the close, and a count of quotes is never taken for volume.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hedgerow.core.errors import did_you_mean, problem

PRICES = ("open", "high", "low", "close")
_ALIASES: dict[str, tuple[str, ...]] = {
    "open": ("open", "open_price", "px_open", "price_open", "first", "eroffnung", "erster", "ouverture", "apertura"),
    "high": ("high", "high_price", "px_high", "price_high", "max", "hoch", "haut", "maximo", "massimo"),
    "low": ("low", "low_price", "px_low", "price_low", "min", "tief", "bas", "minimo"),
    "close": (
        "close",
        "close_price",
        "px_close",
        "price_close",
        "close_last",
        "last",
        "last_price",
        "px_last",
        "settle",
        "price",
        "schluss",
        "schlusskurs",
        "cloture",
        "cierre",
        "chiusura",
    ),
    "volume": (
        "volume",
        "vol",
        "stucke",
        "stuecke",
        "volumen",
        "px_volume",
        "total_volume",
        "volume_traded",
        "basetokenvolume",
    ),
    "adj_close": ("adj_close", "adjclose", "adjusted_close", "close_adj", "adj_close_price"),
    "symbol": (
        "symbol",
        "ticker",
        "instrument",
        "instrument_id",
        "asset",
        "pair",
        "sym",
        "coin",
        "ric",
        "code",
        "name",
    ),
    "ts_init": ("ts_init", "known_at", "available_at"),
}
_LETTERS = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
_TIME_AT_CLOSE = (
    "ts_event",
    "close_time",
    "closetime",
    "time_close",
    "bar_close",
    "bar_end",
    "end_time",
    "window_end",
    "end",
)
_TIME_AT_OPEN = (
    "open_time",
    "opentime",
    "time_open",
    "bar_open",
    "bar_start",
    "start_time",
    "startedat",
    "window_start",
    "period_start",
    "open_timestamp",
    "start",
    "begin",
)
_TIME = (
    "datetime",
    "date_time",
    "timestamp",
    "timestamp_utc",
    "time",
    "date",
    "ts",
    "day",
    "datum",
    "fecha",
    "gmt_time",
    "unix",
    "epoch",
    "index",
)
_WORDS = {"time", *_ALIASES}
CLOCKS = ("time", "time_m", "timestamp")
"""Names of columns of times of day, where another holds the dates."""


NUMERIC = frozenset(alias for word in (*PRICES, "volume", "adj_close") for alias in _ALIASES[word])
"""Vendors' names of columns of bars that hold nothing but numbers."""


def plain(name: object) -> str:
    """A column's name in lower case without punctuation, accents or a leading number.

    `<OPEN>`, `1. open` and `Open` are `open`.

    >>> plain("Adj Close"), plain("1. open"), plain("<DATE>")
    ('adj_close', 'open', 'date')
    """
    letters = unicodedata.normalize("NFKD", str(name).strip().lower())
    words = re.sub(r"[^a-z0-9]+", "_", re.sub(r"[\u0300-\u036f]", "", letters)).strip("_")
    return re.sub(r"^\d+_(?=[a-z])", "", words)


@dataclass(frozen=True)
class Columns:
    """Their names of our words, those that were found. `at_open`: the time column says that it is the open."""

    names: dict[str, Any]
    at_open: bool = False

    def get(self, word: str) -> Any:
        """Their name of our word, or None."""
        return self.names.get(word)


def recognise(names: Iterable[Any], mapped: Mapping[str, Any], *, stamped: str | None = None) -> Columns:
    """Find our words among column names; `mapped` (our word to their name) goes before any guess.

    Raises DATA-018 where two columns bear the same name, DATA-008 for a mapped name that is not there.

    >>> recognise(["Date", "Open", "High", "Low", "Close", "Adj Close"], {}).get("close")
    'Close'
    """
    theirs = list(names)
    for word, name in mapped.items():
        if word not in _WORDS:
            raise problem(
                "RUN_CONFIG", f"columns={{{word!r}: ...}}: we have no column of this name{did_you_mean(word, _WORDS)}"
            )
        if name not in theirs:
            raise problem(
                "DATA_MISSING_COLUMN", f"{name!r}{did_you_mean(str(name), map(str, theirs))}; found {shown(theirs)}"
            )
    found: dict[str, Any] = dict(mapped)
    taken = set(map(str, mapped.values()))
    by_plain: dict[str, list[Any]] = {}
    for name in theirs:
        if str(name) not in taken:
            by_plain.setdefault(plain(name), []).append(name)
    for word, aliases in _ALIASES.items():
        if word not in found:
            _claim(found, word, aliases, by_plain)
    if "volume" not in found and (name := _volume_of_base(by_plain)) is not None:
        found["volume"] = name
    if {"o", "h", "l", "c"} <= by_plain.keys():  # single letters mean prices only together: C, L and V are also tickers
        for letter, word in _LETTERS.items():
            if word not in found:
                _claim(found, word, (letter,), by_plain)
        if "time" not in found:
            _claim(found, "time", ("t",), by_plain)
    if "time" not in found:
        first = (_TIME_AT_OPEN, _TIME_AT_CLOSE) if stamped == "open" else (_TIME_AT_CLOSE, _TIME)
        for aliases in (*first, _TIME, _TIME_AT_OPEN):
            if _claim(found, "time", aliases, by_plain):
                break
    return Columns(found, at_open="time" in found and plain(found["time"]) in _TIME_AT_OPEN)


def date_and_clock(names: Iterable[Any]) -> tuple[Any, Any] | None:
    """Of columns that part a date from a time of day, both names; None where there are no such two."""
    named = {plain(name): name for name in names}
    clock = next((named[word] for word in CLOCKS if word in named), None)
    return None if "date" not in named or clock is None else (named["date"], clock)


def kept_as_text(names: Iterable[Any], mapped: Mapping[str, Any]) -> list[Any]:
    """The columns of a file whose cells are not numbers even if they look so: symbols (`0700`, `NA`), times of day.

    >>> kept_as_text(["Date", "Time", "Code", "Close"], {})
    ['Time', 'Code']
    """
    theirs = list(names)
    pair = date_and_clock(theirs)
    clock = pair[1] if pair is not None and "time" not in mapped else None
    return [
        name
        for name in theirs
        if name in (mapped.get("symbol"), clock) or (plain(name) in _ALIASES["symbol"] and name not in mapped.values())
    ]


_QUOTED = ("usd", "usdt", "usdc", "busd", "eur", "gbp", "jpy", "krw", "currency", "quote", "notional")


def _volume_of_base(by_plain: Mapping[str, list[Any]]) -> Any:
    """Of two volumes, `Volume BTC` and `Volume USD`, the one that is not money; None where there are no such two."""
    named = {word[7:]: names for word, names in by_plain.items() if word.startswith("volume_") and len(names) == 1}
    base = [names[0] for word, names in named.items() if word not in _QUOTED and re.fullmatch(r"[a-z0-9]{2,6}", word)]
    return base[0] if len(base) == 1 and len(named) == 2 else None


def shown(names: Iterable[Any]) -> str:
    """The names of columns for a message, at most twelve."""
    theirs = [str(name) for name in names]
    return ", ".join(map(repr, theirs[:12])) + (f" and {len(theirs) - 12} more" if len(theirs) > 12 else "")


def _claim(found: dict[str, Any], word: str, aliases: Iterable[str], by_plain: Mapping[str, list[Any]]) -> bool:
    for alias in aliases:
        names = by_plain.get(alias, [])
        if len(names) > 1:
            raise problem("DATA_COLUMNS", f"{shown(names)} could each be {word}")
        if names:
            found[word] = names[0]
            return True
    return False
