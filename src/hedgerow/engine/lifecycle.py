"""What happens to positions while bars run: corporate actions, borrow and funding, as inputs of the kernel in order.

Promises: an action counts for who holds on its ex-date, whenever it was told, as a custodian books it, and no strategy
hears of it before; cash is exact, a split's lots are whole, and every rule (what a fraction is paid, what an end is
worth) stands here. Never: an action of an instrument that the run does not hold, or one that falls behind its last bar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.carry import Carry, believed
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.alignment import known_ns
from hedgerow.engine.run_data import DAY_NS

if TYPE_CHECKING:
    from hedgerow.engine.run_data import Ints, RunData
    from hedgerow.market.actions import Action

KINDS = ("", "dividend", "split", "merger", "delisting", "borrow", "funding", "expiry")
"""Names of the kinds of event; the n-th is kind n."""
MANY = 10**9
"""So many lots at once, where cash for one is no whole number of money's units."""
_ORDER = {"borrow": 0, "funding": 1, "split": 2, "dividend": 3, "merger": 4, "delisting": 4}
"""In which order what falls on one moment counts: a dividend is told in shares after the split."""


@dataclass(frozen=True)
class Event:
    """One event: before which row, its own time, and for every `old_lots` held `new_lots` and so much cash."""

    row: int
    ts: int
    kind: str
    instrument: int
    old_lots: int = 1
    new_lots: int = 1
    cash_nano: int = 0
    fraction_ticks: int = 0

    def tell(self, engine: Any, strategy: int) -> None:
        """Tell the kernel; what leaves the lots alone only where there are any that it concerns."""
        held = engine.position_lots(strategy, self.instrument)
        if self.new_lots == self.old_lots and (held == 0 or (self.kind == "borrow" and held > 0)):
            return
        lots = (self.old_lots, self.new_lots, self.cash_nano, self.fraction_ticks)
        engine.lifecycle((KINDS.index(self.kind), self.instrument, *lots), self.ts)


def holding_told(actions: Iterable[Any], carry: Carry | None) -> dict[str, Any]:
    """What a run assumes of holding, for its record: runs that differ in it are different trials; Series by digests."""
    found: dict[str, Any] = {}
    if listed := sorted(map(repr, actions)):
        found["actions"] = hashlib.sha256("\n".join(listed).encode()).hexdigest()
    if carry is not None:
        fees = dict(carry.borrow) if isinstance(carry.borrow, Mapping) else carry.borrow
        rates = {symbol: repr(list(series.items())).encode() for symbol, series in sorted(carry.funding.items())}
        found |= {"borrow": fees, "day_count": carry.day_count}
        found["funding"] = {symbol: hashlib.sha256(told).hexdigest() for symbol, told in rates.items()}
    return found


def lifecycle(data: RunData, actions: Sequence[Any] | None, carry: Carry | None) -> tuple[Event, ...]:
    """Everything that will happen to holders while `data` run, in order.

    actions: `Action`s, as `Catalog.actions` gives them. Raises RUN_CONFIG for what is no action, for a rename between
    two instruments of the run and for a merger into shares without a price; DATA_NOT_POSITIVE for a split or dividend
    that cannot be; DATA_CONFLICT for an instrument that trades after its end.
    """
    made = [event for action in _checked(data, actions or ()) for event in _of_action(data, *action)]
    made += [] if carry is None else [*_borrow(data, carry), *_funding(data, carry)]
    return tuple(sorted(made, key=lambda e: (e.row, e.ts // DAY_NS, _ORDER[e.kind], e.ts, e.instrument)))


def _checked(data: RunData, actions: Sequence[Any]) -> Iterator[tuple[int, Action]]:
    """The actions of the run's instruments, each with the instrument that bears the name now."""
    if not actions:
        return
    from hedgerow.market.actions import Action  # reads tables, which runs without actions do not need

    for action in actions:
        if not isinstance(action, Action):
            raise problem("RUN_CONFIG", f"actions hold {action!r:.60}; pass what `Catalog.actions` gives")
    into = {a.instrument: str(a.into) for a in actions if a.action == "rename" and a.into}
    for action in actions:
        symbol, seen = action.instrument, {action.instrument}
        while symbol not in data.symbols and into.get(symbol, symbol) not in seen:
            symbol = into[symbol]
            seen.add(symbol)
        if symbol not in data.symbols:
            continue
        if action.action != "rename":
            yield data.symbols.index(symbol), action
        elif action.instrument in data.symbols and action.into in data.symbols:
            one = f'Catalog.adjusted("{action.into}", splits=False, dividends=None)'
            raise problem("RUN_CONFIG", f"{symbol} became {action.into}: they are one instrument; its raw bars: {one}")


def _of_action(data: RunData, index: int, action: Action) -> Iterator[Event]:
    own = _Own.of(data, index)
    if action.action in ("merger", "delisting"):
        yield from _end(data, own, action)
        return
    place = int(np.searchsorted(own.ts_event, action.ts_event, side="right"))
    if action.value is None or not 0 < place < own.rows.size:
        return  # nobody can hold it then: before the first bar or behind the last
    at = {"row": own.group(place), "ts": action.ts_event, "instrument": index}
    if action.action == "split":
        yield from _split(own, place, action, at)
        return
    if action.value < 0:
        raise problem("DATA_NOT_POSITIVE", f"{action.instrument}: a dividend of {action.value}")
    if action.value:
        yield Event(kind="dividend", **at, **_cash(own, Fraction(action.value)))


def _split(own: _Own, place: int, action: Action, at: dict[str, int]) -> Iterator[Event]:
    """Fractions are paid at the last close before, in new shares."""
    assert action.value is not None
    new, old = action.value.as_integer_ratio() if action.value.is_finite() else (0, 1)
    if new <= 0 or max(new, old) >= 2**63:
        raise problem("DATA_NOT_POSITIVE", f"{action.instrument}: a split of {action.value}")
    if new != old:
        ticks = max(round(Fraction(int(own.close[place - 1]) * old, new)), 1)
        if ticks >= 2**63:
            raise problem("DATA_OVERFLOW", f"{action.instrument}: a split of {action.value} leaves no price")
        yield Event(kind="split", old_lots=old, new_lots=new, fraction_ticks=ticks, **at)


def _end(data: RunData, own: _Own, action: Action) -> Iterator[Event]:
    """A merger or delisting: closed at what is told, otherwise at the last close; shares of another at their close."""
    end = (action.ts_event // DAY_NS + 1) * DAY_NS
    after = own.rows[own.ts_event > end]
    if (data.columns[7][after] > 0).any():
        raise problem("DATA_CONFLICT", f"{action.instrument} trades after its {action.action}; end its bars there")
    known, last = data.columns[1], int(own.rows[-1])
    first = max(int(np.searchsorted(known, moment, side="right")) for moment in (known[last], action.ts_event))
    if first == len(data):
        return
    if action.action == "merger" and action.ratio is not None:
        worth = Fraction(action.value or 0) + Fraction(action.ratio) * _share(data, action, first)
    elif action.value is None:
        worth = int(own.close[-1]) * own.tick
    else:
        worth = Fraction(action.value)
    if worth < 0:
        raise problem("DATA_NOT_POSITIVE", f"{action.instrument}: a {action.action} at {action.value}")
    yield Event(first, action.ts_event, action.action, own.index, **_cash(own, worth) | {"new_lots": 0})


def _share(data: RunData, action: Action, row: int) -> Fraction:
    """The last close before a row of the shares that a merger gives."""
    if action.into not in data.symbols:
        hint = did_you_mean(str(action.into), data.symbols)
        raise problem("RUN_CONFIG", f"{action.instrument} merges into {action.into}, which has no bars here{hint}")
    other = _Own.of(data, data.symbols.index(action.into))
    place = int(np.searchsorted(other.rows, row))
    if not place:
        raise problem("RUN_CONFIG", f"{action.instrument} merges into {action.into} before its first bar")
    return int(other.close[place - 1]) * other.tick


def _borrow(data: RunData, carry: Carry) -> Iterator[Event]:
    """A day's fee for each midnight between two bars, on the close before."""
    _known(data, carry.symbols())
    for index, symbol in enumerate(data.symbols):
        if not (fee := Fraction(str(carry.fee(symbol)))):
            continue
        own = _Own.of(data, index)
        days = (own.ts_event - 1) // DAY_NS
        for place in (np.flatnonzero(np.diff(days)) + 1).tolist():
            nights = int(days[place] - days[place - 1])
            cash = fee * nights / carry.day_count * int(own.close[place - 1]) * own.tick
            at = (own.group(place), int(days[place]) * DAY_NS)
            yield Event(*at, "borrow", index, **_cash(own, cash))


def _funding(data: RunData, carry: Carry) -> Iterator[Event]:
    for symbol, series in carry.funding.items():
        index, what = data.symbols.index(symbol), f"the funding of {symbol}"
        if not hasattr(series, "index") or not hasattr(series, "to_numpy"):
            raise problem("RUN_CONFIG", f"{what} is {series!r:.60}; a Series of rates by time")
        own, times = _Own.of(data, index), known_ns(series.index, what)
        if np.unique(times).size != times.size:
            raise problem("DATA_DUPLICATE", f"{what} holds a time twice")
        for ts, rate in zip(times.tolist(), series.to_numpy().tolist(), strict=True):
            paid = Fraction(str(believed(rate, what)))
            place = int(np.searchsorted(own.ts_event, ts, side="right"))
            if paid and 0 < place < own.rows.size:
                cash = -paid * int(own.close[place - 1]) * own.tick
                yield Event(own.group(place), ts, "funding", index, **_cash(own, cash))


def _known(data: RunData, symbols: Sequence[str]) -> None:
    for symbol in symbols:
        if symbol not in data.symbols:
            raise problem("RUN_CONFIG", f"carry of {symbol!r}, no instrument{did_you_mean(symbol, data.symbols)}")


@dataclass(frozen=True)
class _Own:
    """The rows of one instrument: their places in the run, times, closes in ticks, and the worth of a tick a unit."""

    data: RunData
    index: int
    rows: Ints
    ts_event: Ints
    close: Ints
    tick: Fraction

    @classmethod
    def of(cls, data: RunData, index: int) -> _Own:
        many = len(data.symbols) > 1
        rows = np.flatnonzero(data.columns[2] == index) if many else np.arange(len(data))
        tick = Fraction(data.instruments[index].tick_nano, MONEY_UNIT)
        return cls(data, index, rows, data.columns[0][rows], data.columns[6][rows], tick)

    def group(self, place: int) -> int:
        """The run's first row of the moment at which an own row is known."""
        known = self.data.columns[1]
        return int(np.searchsorted(known, known[self.rows[place]]))


def _cash(own: _Own, a_unit: Fraction) -> dict[str, int]:
    """Cash for so many lots, in whole 10^-9 units: for one lot where that is exact."""
    instrument = own.data.instruments[own.index]
    a_lot = a_unit * instrument.lot_nano * instrument.multiplier
    lots = 1 if a_lot.denominator == 1 else MANY
    nano = round(a_lot * lots)
    if abs(nano) >= 2**120:
        raise problem("DATA_OVERFLOW", f"{instrument.symbol}: {float(a_unit):g} a unit")
    return {"cash_nano": nano, "old_lots": lots, "new_lots": lots}
