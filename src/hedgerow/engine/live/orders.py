"""Orders between the kernel and a venue: their names there, and the venue's words as reports that the kernel takes.

Promises: a name is the run's own prefix and the numbers of records, so that no life of a run uses one twice and every
report finds its order again without a table (`h1-17` is order 17, `h1-17.21` its change 21, `h1-25` the cancel 25);
prices and quantities are exact, and what is off tick or lot is not rounded but reported as what it is: a report that
cannot be true. Never: a guess about an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.core.nouns import noun
from hedgerow.engine.order_table import PEGS
from hedgerow.execution.fix.values import moment_ns
from hedgerow.execution.gateways import OrderWords
from hedgerow.market.books import image_events, phase_events
from hedgerow.market.instruments import Instrument

ACCEPTED, REJECTED, FILLED, CANCELLED, EXPIRED, CANCEL_REJECTED, REPLACED, REPLACE_REJECTED, LOST = range(1, 10)
"""Kinds of a `VenueReport`."""
NOWHERE = 2**32 - 1
"""The slot, or the instrument, of an order that we do not know."""
TAKER, MAKER = 1, 2
CONTINUOUS = 1
"""The kind of a `Trade` that came about in continuous trading."""
_TIFS = {1: "gtc", 2: "day", 3: "ioc", 4: "fok", 5: "gtc", 6: "gtd", 7: "opg", 8: "cls"}
GTX, POST_ONLY = 5, 2
"""A time in force, and a flag of an order, that say post-only."""
_BY_EXEC_TYPE = {"0": ACCEPTED, "8": REJECTED, "F": FILLED, "1": FILLED, "2": FILLED, "4": CANCELLED}
_BY_EXEC_TYPE |= {"C": EXPIRED, "3": EXPIRED, "5": REPLACED}
PENDING = frozenset("6AE")
"""ExecType (150) of reports that announce an answer and are none."""
_EXECUTION_MAX = 2**32 - 1
_ORDER, _TERMS = noun("Order").dtype, noun("OrderTerms").dtype
_MORE = ("stop_ticks", "until_ts", "display_lots", "peg", "offset_ticks")
_CHANGES = ("stop_ticks", "display_lots", "peg", "offset_ticks")
_NO_TERMS = np.zeros(1, _TERMS).tobytes()
_TOLD = ("id", "slot", "instrument", "strategy", "side", "lots", "limit_ticks", "tif", "flags")
_told_of, _more_of = (
    itemgetter(*map((form.names or ()).index, names)) for form, names in ((_ORDER, _TOLD), (_TERMS, _MORE))
)


@dataclass(frozen=True)
class Working:
    """An order that has not ended, as the kernel knows it."""

    id: int
    slot: int
    instrument: int
    strategy: int
    side: int
    lots: int
    limit_ticks: int
    tif: int
    flags: int
    filled: int
    state: str
    stop_ticks: int
    until_ts: int
    display_lots: int = 0
    peg: int = 0
    offset_ticks: int = 0

    @staticmethod
    def of(record: bytes, filled: int, state: str, terms: bytes) -> Working:
        """From its record and that of its terms, as they are in force."""
        told, more = _told_of(np.frombuffer(record, _ORDER).item()), _more_of(np.frombuffer(terms, _TERMS).item())
        fields: tuple[Any, ...] = (*told, filled, state, *more)
        return Working(*fields)


@dataclass(frozen=True)
class Change:
    """What an order was asked to become: the number of the request, lots in all, limit; of terms 0 = as they are.

    An offset counts where what the order follows (`peg`) is said beside it.
    """

    number: int
    order_id: int
    lots: int
    limit_ticks: int
    stop_ticks: int = 0
    display_lots: int = 0
    peg: int = 0
    offset_ticks: int = 0

    def of(self, order: Working) -> Working:
        """The order as it shall be."""
        return replace(
            order,
            lots=self.lots,
            limit_ticks=self.limit_ticks,
            stop_ticks=self.stop_ticks or order.stop_ticks,
            display_lots=self.display_lots or order.display_lots,
            offset_ticks=self.offset_ticks if self.peg else order.offset_ticks,
        )


class Book:
    """What turns our records into a venue's words and back, for the instruments of a run."""

    def __init__(self, prefix: str, instruments: Sequence[Instrument]) -> None:
        self.prefix, self.instruments = prefix, instruments
        self._cancel, self._replace = noun("CancelRequest").dtype, noun("ReplaceRequest").dtype
        self._report = noun("VenueReport").dtype

    def name(self, number: int) -> str:
        """What the venue calls the order, or the request to cancel one, of a record."""
        return f"{self.prefix}-{number}"

    def changed_name(self, change: Change) -> str:
        """What the venue calls a request to change an order, and the order once it is changed."""
        return f"{self.prefix}-{change.order_id}.{change.number}"

    def number(self, name: str) -> int:
        """The record of a name, for a change that of its order; 0 where it is none of this run."""
        prefix, dash, number = name.rpartition("-")
        number = number.partition(".")[0]
        return int(number) if dash and prefix == self.prefix and number.isdecimal() and len(number) < 19 else 0

    def order(self, record: bytes, terms: bytes = _NO_TERMS) -> tuple[int, OrderWords]:
        """Number and words of a new order."""
        order = Working.of(record, 0, "New", terms)
        return order.id, self.words(order)

    def cancel(self, record: bytes) -> tuple[int, int]:
        """Number of a request to cancel, and of the order meant."""
        row = np.frombuffer(record, self._cancel)[0]
        return int(row["id"]), int(row["order_id"])

    def change(self, record: bytes, terms: bytes = _NO_TERMS) -> Change:
        """A request to change an order."""
        row, asked = np.frombuffer(record, self._replace)[0], np.frombuffer(terms, _TERMS)[0]
        told = (int(row[name]) for name in ("id", "order_id", "lots", "limit_ticks"))
        return Change(*told, **{name: int(asked[name]) for name in _CHANGES})

    def words(self, order: Working) -> OrderWords:
        """An order in the venue's words."""
        about = self.instruments[order.instrument]
        price, stop = (f"{ticks * about.tick:f}" if ticks else "" for ticks in (order.limit_ticks, order.stop_ticks))
        quantity, post_only = f"{order.lots * about.lot:f}", bool(order.flags & POST_ONLY) or order.tif == GTX
        # Made smaller than what it shows, an order shows all.
        display = f"{min(order.display_lots, order.lots) * about.lot:f}" if order.display_lots else ""
        tif = _TIFS[order.tif]
        # A change back to no offset says so.
        peg, offset = PEGS[order.peg], f"{order.offset_ticks * about.tick:f}" if order.peg else ""
        more = (stop, order.until_ts, post_only, display, peg, offset)
        return OrderWords(about.symbol, order.side == 1, quantity, price, tif, *more)

    def lots(self, instrument: int, text: str) -> int:
        """Whole lots of a quantity, -1 where it is none."""
        return _whole(text, self.instruments[instrument].lot)

    def ticks(self, instrument: int, text: str) -> int:
        """Whole ticks of a price, -1 where it is none."""
        return _whole(text, self.instruments[instrument].tick)

    def report(self, kind: int, working: Working | None, now_ns: int, **fields: Any) -> bytes:
        """A report about an order, or about one that we do not know."""
        row = np.zeros(1, self._report)
        row["ts_event"] = row["ts_init"] = now_ns
        row["kind"], row["slot"], row["instrument"] = kind, NOWHERE, NOWHERE
        if working is not None:
            row["order_id"], row["slot"], row["instrument"] = working.id, working.slot, working.instrument
        for name, value in fields.items():
            row[name] = value
        return row.tobytes()

    def is_fill(self, told: Mapping[int, str]) -> bool:
        """Whether a report tells an execution."""
        return _BY_EXEC_TYPE.get(told.get(150, "")) == FILLED

    def woke(self, told: Mapping[int, str], working: Working) -> bool:
        """Whether a report says that a stop was triggered and nothing else: 150=L, or D before FIX 5.0, at its size."""
        same = self.lots(working.instrument, told.get(38, "")) == working.lots
        return working.stop_ticks > 0 and told.get(150) in ("L", "D") and same

    def misses(self, told: Mapping[int, str], working: Working) -> bool:
        """Whether a fill counts neither what is booked and itself in all, nor less: one before it did not come."""
        if not self.is_fill(told):
            return False
        total, lots = (self.lots(working.instrument, told.get(tag, "")) for tag in (14, 32))
        return lots > 0 and total > working.filled and total != working.filled + lots

    def repeats(self, told: Mapping[int, str], working: Working) -> bool:
        """Whether a fill that may have been told before (97=Y) is booked; or, of what a session tells again (43, 97),
        that an order was taken or a cancel of it refused is known."""
        if told.get(434) == "1" and told_again(told):
            return working.state not in ("PendingCancel", "Unknown")
        if told.get(150) == "0" and told_again(told):
            return working.state not in ("PendingNew", "Unknown")
        is_fill = told.get(97) == "Y" and self.is_fill(told)
        return is_fill and 0 < self.lots(working.instrument, told.get(14, "")) <= working.filled

    def is_old(self, told: Mapping[int, str], number: int, rows_of: Callable[[str], Any]) -> bool:
        """Whether a report about an order that has ended is no news: it comes again (43, 97) where a life died before
        its session had noted it. An execution is none if it stands among the fills: same total, size and price."""
        kind = _BY_EXEC_TYPE.get(told.get(150, ""))
        if number == 0 or (kind is None and 434 not in told):
            return False
        if kind != FILLED:
            return told_again(told) and number in rows_of("OrderEvent")["order_id"]
        booked = rows_of("Fill")
        ours = booked[booked["cause"] == number]
        if not len(ours):
            return False
        at = int(ours["instrument"][0])
        total, lots = (self.lots(at, told.get(tag, "")) for tag in (14, 32))
        same = (ours["execution"], ours["lots"], ours["price_ticks"])
        return (total, lots, self.ticks(at, told.get(31, ""))) in zip(
            *(column.tolist() for column in same), strict=True
        )

    def heard(
        self, told: Mapping[int, str], working: Working | None, number: int, now_ns: int, fee_nano: int = 0
    ) -> bytes | None:
        """An execution report as the kernel takes it; None for one that only says how things stand."""
        kind = _BY_EXEC_TYPE.get(told.get(150, ""))
        if kind is None:
            return None
        happened = min(moment_ns(told.get(60, "")) or now_ns, now_ns)
        if working is None:
            return self.report(kind, None, now_ns, order_id=number, ts_event=happened)
        if kind == REPLACED:
            return self.replaced(told, working, now_ns, ts_event=happened)
        if kind != FILLED:
            return self.report(kind, working, now_ns, ts_event=happened)
        total = self.lots(working.instrument, told.get(14, ""))
        return self.report(
            kind,
            working,
            now_ns,
            ts_event=happened,
            lots=self.lots(working.instrument, told.get(32, "")),
            price_ticks=self.ticks(working.instrument, told.get(31, "")),
            reference_ticks=max(0, self.ticks(working.instrument, told.get(31, ""))),
            liquidity=MAKER if told.get(851) == "1" else TAKER,
            fee=(fee_nano & (2**64 - 1), fee_nano >> 64),
            # What is filled in all rises with each execution, and tells one that comes twice.
            execution=total if 0 < total <= _EXECUTION_MAX else 0,
        )

    def replaced(self, told: Mapping[int, str], working: Working, now_ns: int, **fields: int) -> bytes:
        """The terms that the venue says it changed an order to; the kernel holds them against what was asked."""
        price = self.ticks(working.instrument, told.get(44, "")) if 44 in told else 0
        lots = self.lots(working.instrument, told.get(38, "0"))
        return self.report(REPLACED, working, now_ns, lots=lots, price_ticks=price, **fields)


def told_again(told: Mapping[int, str]) -> bool:
    """Whether a message says that it may have come before: PossDupFlag (43) or PossResend (97)."""
    return "Y" in (told.get(43), told.get(97))


def _whole(text: str, step: Decimal) -> int:
    try:
        steps = Decimal(text) / step
    except (InvalidOperation, ValueError):
        return -1
    return int(steps) if steps.is_finite() and 0 <= steps < 2**62 and steps == int(steps) else -1


def working_of(engine: Any) -> list[Working]:
    """The orders that have not ended."""
    return [Working.of(*row) for row in engine.working()]


def working(engine: Any, number: int) -> Working | None:
    """One of them; None where it has ended or never was."""
    return next((Working.of(*row) for row in engine.working(number)), None)


def image_of(
    index: int, book: Book, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]], now_ns: int
) -> tuple[Any, Any]:
    """A whole book as rows of the core: kinds, and four words a row. DATA_NOT_POSITIVE for what is off tick or lot."""
    counted = [[(book.ticks(index, price), book.lots(index, size)) for price, size in told] for told in (bids, asks)]
    for (ticks, lots), (price, size) in zip([*counted[0], *counted[1]], [*bids, *asks], strict=True):
        if ticks <= 0 or lots < 0:
            symbol = book.instruments[index].symbol
            raise problem("DATA_NOT_POSITIVE", f"{symbol}: {size} at {price} is off tick or lot")
    return _rows("BookLevel", image_events(bids=counted[0], asks=counted[1], ts_event=now_ns, instrument=index))


def trade_of(index: int, book: Book, price: str, size: str, now_ns: int) -> tuple[Any, Any]:
    """A trade between others as a row of the core. DATA_NOT_POSITIVE for what is off tick or lot."""
    ticks, lots = book.ticks(index, price), book.lots(index, size)
    if not 0 < ticks < 2**31 or lots <= 0:
        raise problem("DATA_NOT_POSITIVE", f"{book.instruments[index].symbol}: {size} at {price} is off tick or lot")
    row = np.zeros(1, noun("Trade").dtype)
    for name in ("ts_event", "ts_init"):
        row[name] = now_ns
    row["lots"], row["price_ticks"], row["instrument"], row["kind"] = lots, ticks, index, CONTINUOUS
    return _rows("Trade", row)


def phase_of(index: int, phase: str, now_ns: int) -> tuple[Any, Any]:
    """What an instrument does from now on as a row of the core."""
    return _rows("MarketPhase", phase_events([(now_ns, phase)], instrument=index))


def _rows(name: str, rows: Any) -> tuple[Any, Any]:
    return np.full(len(rows), noun(name).kind, np.uint8), rows.view(np.uint64).reshape(-1)
