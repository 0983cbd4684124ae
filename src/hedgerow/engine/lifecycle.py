"""What happens to positions while bars run: corporate actions, borrow and funding, as inputs of the kernel in order.

Promises: an action counts for who holds on its ex-date, whenever it was told, as a custodian books it, and no strategy
hears of it before; cash is exact, a split's lots are whole, and every rule (what a fraction is paid, what an end is
worth) stands here, for books too (`book_lifecycle.py`). An end on the last bar's day is booked behind that bar, and one
that comes later is named. Never: an action of an instrument that the run does not hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.carry import Carry
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.expiry import Expiry
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.core.rates import believed
from hedgerow.core.spans import DAY_NS
from hedgerow.engine.alignment import known_ns
from hedgerow.engine.interest import Interest, interest

if TYPE_CHECKING:
    from hedgerow.engine.run_data import Ints, RunData
    from hedgerow.market.actions import Action
    from hedgerow.market.instruments import Instrument

KINDS = ("", "dividend", "split", "merger", "delisting", "borrow", "funding", "expiry")
"""Names of the kinds of event; the n-th is kind n."""
ENDS = ("merger", "delisting")
"""Actions that end an instrument."""
MANY = 10**9
"""So many lots at once, where cash for one is no whole number of money's units."""
ORDER = {"interest": 0, "borrow": 0, "funding": 1, "split": 2, "dividend": 3, "merger": 4, "delisting": 4, "expiry": 4}
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
        for name in ("cash", "debit") if carry.pays_interest else ():
            rate = getattr(carry, name)
            found[name] = dict(rate) if isinstance(rate, Mapping) else rate
        if carry.margin is not None:
            found["margin"] = carry.margin.told()
    return found


def lifecycle(data: RunData, actions: Sequence[Any] | None, carry: Carry | None) -> tuple[Event | Interest, ...]:
    """Everything that will happen to holders while `data` run, in order.

    actions: `Action`s, as `Catalog.actions` gives them. Raises RUN_CONFIG for what is no action, for a rename between
    two instruments of the run and for a merger into shares without a price; DATA_NOT_POSITIVE for a split or dividend
    that cannot be; DATA_CONFLICT for an instrument that trades after its end.
    """
    made: list[Event | Interest] = [e for action in checked(data, actions or ()) for e in _of_action(data, *action)]
    made += [] if carry is None else [*_borrow(data, carry), *_funding(data, carry), *interest(data, carry)]
    return tuple(sorted(made, key=in_order))


def in_order(event: Event | Interest) -> tuple[int, ...]:
    """Where an event stands among others."""
    return event.row, event.ts // DAY_NS, ORDER[event.kind], event.ts, event.instrument


def ends_behind(data: Any, actions: Sequence[Any]) -> list[str]:
    """Of instruments that end behind the run's last day and the day after it: what a reader should know of them."""
    last = data.end_ns
    late = [(data.symbols[i], a) for i, a in checked(data, actions) if a.action in ENDS and a.ts_event > end_of(last)]
    return [f"{symbol}: a {a.action} on {_date(a.ts_event)}, behind the last row, is not booked" for symbol, a in late]


def _date(ts: int) -> str:
    return str(np.datetime64(ts, "ns").astype("datetime64[D]"))


def end_of(ts: int) -> int:
    """The midnight that ends the day of a moment, UTC."""
    return (ts // DAY_NS + 1) * DAY_NS


def checked(data: Any, actions: Sequence[Any]) -> Iterator[tuple[int, Action]]:
    """The actions of the run's instruments, each with the instrument that bears the name now."""
    actions = [action for action in actions if not isinstance(action, Expiry)]
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
    own = Own.of(data, index)
    if action.action in ENDS:
        yield from _end(data, own, action)
        return
    place = int(np.searchsorted(own.ts_event, action.ts_event, side="right"))
    if action.value is None or not 0 < place < own.rows.size:
        return  # nobody can hold it then: before the first bar or behind the last
    at = {"row": own.group(place), "ts": action.ts_event, "instrument": index}
    if action.action == "split":
        yield from split(int(own.close[place - 1]), action, at)
        return
    yield from dividend(own.instrument, action, at)


def dividend(instrument: Instrument, action: Action, at: dict[str, int]) -> Iterator[Event]:
    """Cash for each unit; DATA_NOT_POSITIVE below zero."""
    assert action.value is not None
    if action.value < 0:
        raise problem("DATA_NOT_POSITIVE", f"{action.instrument}: a dividend of {action.value}")
    if action.value:
        yield Event(kind="dividend", **at, **cash_of(instrument, Fraction(action.value)))


def split(close: int, action: Action, at: dict[str, int]) -> Iterator[Event]:
    """Fractions are paid at the last close before (ticks), in new shares."""
    assert action.value is not None
    new, old = action.value.as_integer_ratio() if action.value.is_finite() else (0, 1)
    if new <= 0 or max(new, old) >= 2**63:
        raise problem("DATA_NOT_POSITIVE", f"{action.instrument}: a split of {action.value}")
    if new != old:
        ticks = max(round(Fraction(close * old, new)), 1)
        if ticks >= 2**63:
            raise problem("DATA_OVERFLOW", f"{action.instrument}: a split of {action.value} leaves no price")
        yield Event(kind="split", old_lots=old, new_lots=new, fraction_ticks=ticks, **at)


def _end(data: RunData, own: Own, action: Action) -> Iterator[Event]:
    """A merger or delisting, before the first row known after the instrument's last bar and after the action."""
    if (data.columns[7][own.rows[own.ts_event > end_of(action.ts_event)]] > 0).any():
        raise problem("DATA_CONFLICT", f"{action.instrument} trades after its {action.action}; end its bars there")
    known, last = data.columns[1], int(own.rows[-1])
    first = max(int(np.searchsorted(known, moment, side="right")) for moment in (known[last], action.ts_event))
    if first == len(data) and action.ts_event > end_of(data.end_ns):
        return
    worth = end_worth(action, int(own.close[-1]) * own.tick, lambda: _share(data, action, first))
    yield Event(first, action.ts_event, action.action, own.index, **cash_of(own.instrument, worth) | {"new_lots": 0})


def end_worth(action: Action, close: Fraction, share: Callable[[], Fraction]) -> Fraction:
    """What a unit is closed at: as told, otherwise at the last close; shares of another at their close (`share`)."""
    if action.action == "merger" and action.ratio is not None:
        worth = Fraction(action.value or 0) + Fraction(action.ratio) * share()
    else:
        worth = close if action.value is None else Fraction(action.value)
    if worth < 0:
        raise problem("DATA_NOT_POSITIVE", f"{action.instrument}: a {action.action} at {action.value}")
    return worth


def _share(data: RunData, action: Action, row: int) -> Fraction:
    """The last close before a row of the shares that a merger gives."""
    other = Own.of(data, into(data, action))
    place = int(np.searchsorted(other.rows, row))
    if not place:
        raise problem("RUN_CONFIG", f"{action.instrument} merges into {action.into} before its first bar")
    return int(other.close[place - 1]) * other.tick


def into(data: Any, action: Action) -> int:
    """The instrument whose shares a merger gives; RUN_CONFIG where the run does not hold it."""
    if action.into in data.symbols:
        return int(data.symbols.index(action.into))
    hint = did_you_mean(str(action.into), data.symbols)
    raise problem("RUN_CONFIG", f"{action.instrument} merges into {action.into}, which has no prices here{hint}")


def _borrow(data: RunData, carry: Carry) -> Iterator[Event]:
    """A day's fee for each midnight between two bars, on the close before."""
    carried(data, carry)
    for index, symbol in enumerate(data.symbols):
        if not (fee := Fraction(str(carry.fee(symbol)))):
            continue
        own = Own.of(data, index)
        days = (own.ts_event - 1) // DAY_NS
        for place in (np.flatnonzero(np.diff(days)) + 1).tolist():
            nights = int(days[place] - days[place - 1])
            cash = fee * nights / carry.day_count * int(own.close[place - 1]) * own.tick
            at = (own.group(place), int(days[place]) * DAY_NS)
            yield Event(*at, "borrow", index, **cash_of(own.instrument, cash))


def _funding(data: RunData, carry: Carry) -> Iterator[Event]:
    for symbol, series in carry.funding.items():
        own = Own.of(data, data.symbols.index(symbol))
        for ts, paid in funding_rates(symbol, series):
            place = int(np.searchsorted(own.ts_event, ts, side="right"))
            if paid and 0 < place < own.rows.size:
                cash = -paid * int(own.close[place - 1]) * own.tick
                yield Event(own.group(place), ts, "funding", own.index, **cash_of(own.instrument, cash))


def funding_rates(symbol: str, series: Any) -> list[tuple[int, Fraction]]:
    """A perpetual's funding by time; RUN_CONFIG, DATA_DUPLICATE, RUN_NUMBER for what cannot be meant."""
    what = f"the funding of {symbol}"
    if not hasattr(series, "index") or not hasattr(series, "to_numpy"):
        raise problem("RUN_CONFIG", f"{what} is {series!r:.60}; a Series of rates by time")
    times = known_ns(series.index, what)
    if np.unique(times).size != times.size:
        raise problem("DATA_DUPLICATE", f"{what} holds a time twice")
    rates = series.to_numpy().tolist()
    return [(ts, Fraction(str(believed(rate, what)))) for ts, rate in zip(times.tolist(), rates, strict=True)]


def carried(data: Any, carry: Carry) -> None:
    """Refuse a carry of what the run does not hold."""
    for symbol in carry.symbols():
        if symbol not in data.symbols:
            raise problem("RUN_CONFIG", f"carry of {symbol!r}, no instrument{did_you_mean(symbol, data.symbols)}")


@dataclass(frozen=True)
class Own:
    """The rows of one instrument: their places in the run, times, closes in ticks, and the worth of a tick a unit."""

    data: RunData
    index: int
    rows: Ints
    ts_event: Ints
    close: Ints
    tick: Fraction

    @classmethod
    def of(cls, data: RunData, index: int) -> Own:
        """Those of one instrument of a run."""
        many = len(data.symbols) > 1
        rows = np.flatnonzero(data.columns[2] == index) if many else np.arange(len(data))
        tick = Fraction(data.instruments[index].tick_nano, MONEY_UNIT)
        return cls(data, index, rows, data.columns[0][rows], data.columns[6][rows], tick)

    @property
    def instrument(self) -> Instrument:
        """What it is."""
        return self.data.instruments[self.index]

    def group(self, place: int) -> int:
        """The run's first row of the moment at which an own row is known."""
        known = self.data.columns[1]
        return int(np.searchsorted(known, known[self.rows[place]]))


def cash_of(instrument: Instrument, a_unit: Fraction) -> dict[str, int]:
    """Cash for so many lots, in whole 10^-9 units: for one lot where that is exact."""
    a_lot = a_unit * instrument.lot_nano * instrument.multiplier
    lots = 1 if a_lot.denominator == 1 else MANY
    nano = round(a_lot * lots)
    if abs(nano) >= 2**120:
        raise problem("DATA_OVERFLOW", f"{instrument.symbol}: {float(a_unit):g} a unit")
    return {"cash_nano": nano, "old_lots": lots, "new_lots": lots}
