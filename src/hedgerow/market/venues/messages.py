"""What a venue's message says, whatever the venue: an image, an update, the best prices, or a trade.

Prices and sizes are read from the venue's text as whole ticks and lots; text that is no multiple is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, Protocol

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.core.nouns import noun
from hedgerow.market.books import BUY, SELL, TICKS_MAX, Events, level_events
from hedgerow.market.venues.statements import Levels, Quote, Statement, Trade


class Stepped(Protocol):
    """What prices and sizes are counted in; an `Instrument` is one."""

    @property
    def symbol(self) -> str:
        """The name, as the venue writes it."""

    @property
    def tick(self) -> Decimal:
        """The smallest price step."""

    @property
    def lot(self) -> Decimal:
        """The smallest size step."""


@dataclass(frozen=True)
class Steps:
    """Ticks and lots of any fineness, where no money is booked: a book may be kept finer than an instrument is traded.

    >>> Steps("XBT/USD", tick=Decimal("0.00001"), lot=Decimal("0.00000001")).symbol
    'XBT/USD'
    """

    symbol: str
    tick: Decimal
    lot: Decimal = Decimal(1)


def finest(texts: Iterable[str]) -> Decimal:
    """The coarsest of 1, 0.1, 0.01, ... of which every decimal text is a multiple; zeros at the end say nothing.

    >>> finest(["61837.63000000", "5", "0.10"])
    Decimal('0.01')
    """
    return Decimal(1).scaleb(-max((len(text.partition(".")[2].rstrip("0")) for text in texts), default=0))


@dataclass(frozen=True, eq=False)
class Message:
    """One message about one instrument.

    kind: `image` (the whole book), `update` (changes of it), `top` (best prices) or `trade`. events: (n,) `BookLevel`
    or `Trade` rows. first, last, previous: the venue's numbers of an update; an image has `last`. checksum: what the
    venue says of the book after it, where it does. beyond: asks left out because they are 2^31 ticks or more, which no
    event holds; no market comes near the orders that people leave there.
    """

    kind: Literal["image", "update", "top", "trade"]
    events: Events
    first: int = 0
    last: int = 0
    previous: int = 0
    checksum: int | None = None
    beyond: int = 0


@lru_cache(maxsize=64)
def _grid(step: Decimal) -> tuple[int, int]:
    """A step as (decimals, units of the last decimal)."""
    decimals = max(-int(step.normalize().as_tuple().exponent), 0)
    return decimals, int(step.scaleb(decimals))


def count(text: str, step: Decimal, *, code: str = "DATA_OFF_TICK") -> int:
    """How many steps a decimal text is, exactly; `code` is raised if it is no whole number of them.

    >>> count("61837.63000000", Decimal("0.01")), count("0.5", Decimal("0.25"))
    (6183763, 2)
    """
    decimals, units = _grid(step)
    whole, _, part = text.partition(".")
    try:
        number = int(whole + part[:decimals].ljust(decimals, "0") if part else whole + "0" * decimals if whole else "")
        rest = int(part[decimals:] or 0)
    except ValueError:
        raise problem("DATA_TYPE", f"{text!r} is not a decimal number") from None
    steps, off = divmod(number, units)
    if rest or off:
        raise problem(code, f"{text}, step {step:f}")
    return steps


def pairs(levels: Iterable[Sequence[str]], instrument: Stepped) -> list[tuple[int, int]]:
    """Levels of texts (price, size, ...) as (ticks, lots)."""
    tick, lot = instrument.tick, instrument.lot
    return [(count(level[0], tick), count(level[1], lot, code="DATA_OFF_LOT")) for level in levels]


def changes(
    instrument: Stepped,
    *,
    bids: Iterable[Sequence[str]],
    asks: Iterable[Sequence[str]],
    ts_event: int,
    ts_init: int | None,
    index: int,
    top: bool = False,
) -> tuple[Events, int]:
    """One update as `BookLevel` rows, from levels of texts, and how many asks are beyond any event's price."""
    asked = pairs(asks, instrument)
    near = [level for level in asked if level[0] <= TICKS_MAX]
    events = level_events(
        bids=pairs(bids, instrument), asks=near, ts_event=ts_event, ts_init=ts_init, instrument=index, top=top
    )
    return events, len(asked) - len(near)


def trade(
    instrument: Stepped,
    *,
    price: str,
    size: str,
    buyer_took: bool | None,
    ts_event: int,
    ts_init: int | None,
    index: int,
) -> Events:
    """One `Trade` row."""
    row: Any = np.zeros(1, dtype=noun("Trade").dtype)
    row["ts_event"], row["ts_init"] = ts_event, ts_event if ts_init is None else ts_init
    row["price_ticks"] = count(price, instrument.tick)
    row["lots"] = count(size, instrument.lot, code="DATA_OFF_LOT")
    row["aggressor"] = 0 if buyer_took is None else BUY if buyer_took else SELL
    row["instrument"], row["kind"] = index, 1
    return row  # type: ignore[no-any-return]


def message_of(statement: Statement, instrument: Stepped, *, ts_init: int | None, index: int) -> Message | None:
    """What a statement means to a book of an instrument; None where it is of another one, or of no book's kind.

    A quote counts where it bears the number of its book, a trade where there was a market. What bears no time happened
    when it was received (`ts_init`).
    """
    if (
        not isinstance(statement, Levels | Quote | Trade)
        or (statement.symbol or instrument.symbol) != instrument.symbol
    ):
        return None
    ts_event = ts_init if statement.ns is None else statement.ns
    if ts_event is None:
        return None
    common: dict[str, Any] = {"ts_event": ts_event, "ts_init": ts_init, "index": index}
    if isinstance(statement, Levels):
        events, beyond = changes(instrument, bids=statement.bids, asks=statement.asks, **common)
        told: dict[str, Any] = {"last": statement.last or 0, "checksum": statement.checksum, "beyond": beyond}
        if statement.whole:
            return Message("image", events, **told)
        return Message("update", events, first=statement.first or 0, previous=statement.previous or 0, **told)
    if isinstance(statement, Quote):
        if statement.last is None:
            return None
        bid, ask = (statement.bid, statement.bid_size), (statement.ask, statement.ask_size)
        events, _ = changes(instrument, bids=[bid], asks=[ask], **common, top=True)
        return Message("top", events, last=statement.last)
    if not statement.market:
        return None
    taker = None if statement.side is None else statement.side == "buy"
    return Message("trade", trade(instrument, price=statement.price, size=statement.size, buyer_took=taker, **common))
