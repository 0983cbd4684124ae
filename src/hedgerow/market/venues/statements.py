"""What a venue's message states, whatever the venue and whoever asks: levels of a book, trades, quotes, bars, orders.

Promises: prices and sizes are as the venue wrote them; times are UTC nanoseconds, None where the message tells none,
and so are names. Rows of tables (`formats/venues.py`) and events of books (`messages.py`) are both made of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hedgerow.core.errors import problem

MS = 1_000_000
"""Nanoseconds of a millisecond, the unit of most venues' times."""


def ms(value: Any) -> int:
    """Nanoseconds of a venue's milliseconds; DATA-013 for what is no whole number.

    >>> ms(7), ms("7")
    (7000000, 7000000)
    """
    try:
        return int(value) * MS
    except (TypeError, ValueError):
        raise problem("DATA_TIME", f"{str(value)[:60]!r} is no number of milliseconds") from None


Level: TypeAlias = Sequence[Any]
"""A price, the size that is there now, and whatever else a venue says."""
_SIDES = {"buy": "buy", "sell": "sell", "b": "buy", "s": "sell", "a": "sell", "bid": "buy", "ask": "sell"}


def side_of(value: Any) -> str | None:
    """`buy` or `sell`, however it is written."""
    return _SIDES.get(str(value).lower())


@dataclass(slots=True)
class Levels:
    """Levels of a book: all there are (`whole`), or those that changed, a size of zero being none.

    first, last, previous: the venue's numbers. checksum: of the book after it.
    """

    ns: int | None
    symbol: str | None
    bids: Sequence[Level]
    asks: Sequence[Level]
    whole: bool = False
    first: int | None = None
    last: int | None = None
    previous: int | None = None
    checksum: int | None = None


@dataclass(slots=True)
class Trade:
    """A trade; side: who took. market: false for what a venue books without a market, such as an insurance fund's."""

    ns: int | None
    symbol: str | None
    price: Any
    size: Any
    side: str | None
    trade_id: Any = None
    market: bool = True


@dataclass(slots=True)
class Quote:
    """The best prices. last: the venue's number of the book that they are of; None where they are a sample."""

    ns: int | None
    symbol: str | None
    bid: Any
    bid_size: Any
    ask: Any
    ask_size: Any
    last: int | None = None


@dataclass(slots=True)
class Bar:
    """A closed bar, stamped at its close."""

    ns: int
    symbol: str | None
    span_ns: int
    prices: dict[str, Any]


@dataclass(slots=True)
class Order:
    """What became of one order of a book."""

    ns: int | None
    symbol: str | None
    order_id: Any
    action: str
    side: Literal["bid", "ask"]
    price: Any
    size: Any
    sequence: Any = None


@dataclass(slots=True)
class Figure:
    """A value that is no price of a trade, such as a mark price."""

    ns: int | None
    symbol: str
    value: Any


def figures(ns: int | None, who: Any, told: Mapping[str, Any], names: Iterable[tuple[str, str]]) -> list[Figure]:
    """The figures that are told of an instrument, by (their name, ours).

    >>> figures(7, "BTC", {"markPx": "5", "oi": ""}, [("markPx", "mark_price"), ("oi", "open_interest")])
    [Figure(ns=7, symbol='BTC.mark_price', value='5')]
    """
    return [Figure(ns, f"{who}.{ours}", told[theirs]) for theirs, ours in names if told.get(theirs) not in (None, "")]


@dataclass(slots=True)
class Option:
    """What a venue says of an option: its mark, volatilities and Greeks as given, by the words of rows of options."""

    ns: int | None
    symbol: str
    told: dict[str, Any]


Statement: TypeAlias = Levels | Trade | Quote | Bar | Order | Figure | Option
