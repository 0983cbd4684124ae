"""Bars of a catalog adjusted for what was known of their corporate actions at a moment.

Promises that a price is changed only by actions that were known then and that a bar known then trades ex, so that the
last price is always the raw one; that renames keep one instrument; that a merger or delisting ends its series with
its last worth. Never changes what is stored, and never looks past the moment asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from math import gcd
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.actions import ENDS, FIRST, Action, Stretch
from hedgerow.market.bars import COLUMNS, Bars
from hedgerow.market.formats.rows import Ints
from hedgerow.market.instruments import NANO, Instrument

Floats: TypeAlias = npt.NDArray[np.float64]
Dividends: TypeAlias = Literal["previous close", "ex close"]
_CASH = ("dividend", "gain")
_COUNTS_MAX = 2.0**63
"""What a count of ticks or lots stays below."""
_PRICES = ("open_ticks", "high_ticks", "low_ticks", "close_ticks")


def factors(
    ts_event: Ints, close: Floats, actions: Iterable[Action], dividends: Dividends | None = "previous close"
) -> tuple[Floats, Floats]:
    """(price, volume) factors of one instrument's bars in order of time, (n,) each; those of the last bar are 1.

    close: raw. A split of s divides earlier prices by s and multiplies earlier volumes. A dividend d multiplies
    earlier prices by 1 - d / p, p the last close before the ex-date in shares of the ex-date ("previous close", as
    CRSP), or by 1 / (1 + d / c), c the close of the ex-date ("ex close": it buys shares at that close, as in Quandl's
    WIKI prices); None leaves dividends out. Raises DATA-002 where a split or a price after a dividend is not positive.

    >>> times, closes = np.array([10, 20, 30]), np.array([100.0, 48.0, 49.0])
    >>> factors(times, closes, [Action("A", "split", 15, 15, Decimal(2)), Action("A", "dividend", 15, 15, Decimal(1))])
    (array([0.49, 1.  , 1.  ]), array([2., 1., 1.]))
    """
    price, volume = np.ones(close.size), np.ones(close.size)
    by_bar: dict[int, tuple[float, float, Action]] = {}
    for action in actions:
        row = int(np.searchsorted(ts_event, action.ts_event, side="right"))
        if action.value is None or action.action not in ("split", *_CASH) or not 0 < row < close.size:
            continue
        split, cash, _ = by_bar.get(row, (1.0, 0.0, action))
        if action.action == "split":
            if action.value <= 0:
                raise problem("DATA_NOT_POSITIVE", f"{_said(action)}: a split of {action.value}")
            split *= float(action.value)
        else:
            cash += float(action.value)
        by_bar[row] = (split, cash, action)
    for row, (split, cash, action) in by_bar.items():
        step = 1.0
        if cash and dividends is not None:
            before = close[row - 1] / split
            step = (before - cash) / before if dividends == "previous close" else close[row] / (close[row] + cash)
            if not step > 0:
                raise problem("DATA_NOT_POSITIVE", f"{_said(action)}: {cash} a share leaves nothing of {before}")
        price[:row] *= step / split
        volume[:row] *= split
    return price, volume


def adjusted_bars(
    bars: Bars, actions: Sequence[Action], *, splits: bool = True, dividends: Dividends | None = "previous close"
) -> Bars:
    """Bars of one instrument with adjusted prices, in the finest tick that is exact, rounded to the nearest.

    Their `ts_init` is as it was: an adjusted price of a day is a figure of the moment that it was asked for.
    """
    if dividends not in (None, "previous close", "ex close"):
        raise problem("RUN_CONFIG", f"dividends {dividends!r} is not one of 'previous close', 'ex close', None")
    order = np.argsort(bars.ts_event, kind="stable")
    wanted = [action for action in actions if splits or action.action != "split"]
    price, volume = factors(bars.ts_event[order], bars.prices()[order], wanted, dividends)
    instrument = bars.instruments[0]
    fine = finest_tick(instrument)
    ratio = instrument.tick_nano // fine.tick_nano
    columns = {name: getattr(bars, name)[order] for name in COLUMNS}
    for name in _PRICES:
        columns[name] = _scaled(_finer(columns[name], ratio), price)
    lots = columns["volume_lots"]
    columns["volume_lots"] = np.where(lots < 0, lots, _scaled(lots, volume))
    note = f"adjusted for {len(wanted)} corporate actions" if (price != 1).any() else ""
    return Bars(**columns, instruments=(fine,), source=bars.source, notes=tuple(n for n in (*bars.notes, note) if n))


def finest_tick(instrument: Instrument) -> Instrument:
    """The instrument in the finest tick of which a lot is a whole number of money's units.

    >>> finest_tick(Instrument("AAPL")).tick
    Decimal('1E-9')
    """
    nano = NANO // gcd(NANO, instrument.lot_nano * instrument.multiplier)
    nano = nano if instrument.tick_nano % nano == 0 else instrument.tick_nano
    return Instrument.from_record(instrument.record() | {"tick": f"{Decimal(nano).scaleb(-9):f}"})


def one_instrument(symbol: str, parts: Sequence[tuple[Stretch, Bars]]) -> Bars:
    """Bars that one instrument has under several names, under one; DATA-017 where its currency or lot differ."""
    within = [_between(bars, stretch.start_ns, stretch.end_ns) for stretch, bars in parts]
    kept = [bars for bars in within if bars is not None]
    if not kept:
        raise problem("DATA_EMPTY", f"no bars of {symbol}")
    last = kept[-1].instruments[0]
    for bars in kept:
        mine = bars.instruments[0]
        if (mine.currency, mine.lot, mine.multiplier) != (last.currency, last.lot, last.multiplier):
            raise problem("DATA_CONFLICT", f"{symbol}: as {mine.symbol} its currency, lot or multiplier are others")
    nano = gcd(*(bars.instruments[0].tick_nano for bars in kept))
    whole = Instrument.from_record(last.record() | {"symbol": symbol, "tick": f"{Decimal(nano).scaleb(-9):f}"})
    columns: dict[str, Any] = {name: np.concatenate([getattr(bars, name) for bars in kept]) for name in COLUMNS}
    sizes = [bars.instruments[0].tick_nano // nano for bars in kept]
    scale = np.repeat(np.array(sizes, dtype=np.int64), [len(bars) for bars in kept])
    for name in _PRICES:
        columns[name] = columns[name] * scale
    order = np.argsort(columns["ts_event"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    return Bars(**columns, instruments=(whole,), source=kept[0].source)


def ended(
    bars: Bars, actions: Iterable[Action], known_ns: int | None, price: Callable[[str, int], Decimal | None]
) -> Bars:
    """Bars of one instrument up to its merger or delisting, closed by a bar at its last worth, where that is told.

    The end is the midnight after the action's day. A merger is worth its cash and `ratio` shares of `into`, whose
    price `price(symbol, moment)` tells. What is worth nothing ends at the smallest price there is. A bar that would be
    known only after `known_ns` is left out.
    """
    ends = sorted((action for action in actions if action.action in ENDS), key=lambda action: action.ts_event)
    if not ends:
        return bars
    last = ends[-1]
    end = (last.ts_event // DAY_NS + 1) * DAY_NS
    kept = _between(bars, FIRST, end)
    if kept is None:
        raise problem("DATA_EMPTY", f"{_said(last)}: no bars of {bars.symbols[0]} before its {last.action}")
    worth = last.value
    if last.action == "merger" and last.into and last.ratio is not None:
        share = price(last.into, end)
        worth = None if share is None else (worth or Decimal(0)) + share * last.ratio
    traded, span = int(kept.ts_event.max()), int(kept.span_ns[-1])
    closing = end if traded < end else traded + span
    known = max(closing, last.ts_init)
    if worth is None or (known_ns is not None and known > known_ns):
        return replace(kept, notes=(*kept.notes, f"ends with its {last.action}"))
    fine = finest_tick(kept.instruments[0])
    ratio = kept.instruments[0].tick_nano // fine.tick_nano
    ticks = max(int((worth / fine.tick).to_integral_value()), 1)
    columns: dict[str, Any] = {name: getattr(kept, name) for name in COLUMNS}
    ending = {"ts_event": closing, "ts_init": known, "instrument": 0, "volume_lots": 0, "span_ns": span}
    for name in _PRICES:
        columns[name] = _finer(columns[name], ratio)
        ending[name] = ticks
    columns = {name: np.append(column, np.array(ending[name], column.dtype)) for name, column in columns.items()}
    note = f"ends with its {last.action} at {worth:f}"
    return Bars(**columns, instruments=(fine,), source=kept.source, notes=(*kept.notes, note))


def _between(bars: Bars, start_ns: int, end_ns: int) -> Bars | None:
    """The bars of events after one moment and up to another; None where there are none."""
    rows = (bars.ts_event > start_ns) & (bars.ts_event <= end_ns)
    if not rows.any():
        return None
    columns = {name: column[rows] for name, column in bars.columns().items()}
    return Bars(**columns, instruments=bars.instruments, source=bars.source, notes=bars.notes)


def _finer(counts: Ints, ratio: int) -> Ints:
    """Counts of ticks in one `ratio` times finer."""
    if counts.size and int(np.abs(counts).max()) * ratio >= _COUNTS_MAX:
        raise problem("DATA_OVERFLOW", f"a price of {int(np.abs(counts).max())} ticks has no count in ticks of 1e-9")
    return counts * ratio


def _scaled(counts: Ints, factor: Floats) -> Ints:
    """Counts times a factor, to the nearest; at least 1 where they were."""
    if (factor == 1.0).all():
        return counts
    exact = np.rint(counts * factor)
    if not (np.abs(exact) < _COUNTS_MAX).all():
        raise problem(
            "DATA_OVERFLOW", f"a price or volume adjusted by {factor[np.argmax(np.abs(exact))]:g} has no count"
        )
    scaled: Ints = exact.astype(np.int64)
    return np.where(factor == 1.0, counts, np.maximum(scaled, np.minimum(counts, 1)))


def _said(action: Action) -> str:
    return f"{action.instrument} {np.datetime64(action.ts_event, 'ns').astype('datetime64[D]')}"
