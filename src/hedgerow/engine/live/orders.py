"""Orders between the kernel and a venue: their names there, and the venue's words as reports that the kernel takes.

Promises: a name is the run's own prefix and the number of a record, so that no life of a run uses one twice and every
report finds its order again without a table; prices and quantities are exact, and what is off tick or lot is not
rounded but reported as what it is: a report that cannot be true. Never: a guess about an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.core.nouns import noun
from hedgerow.execution.gateways import OrderWords
from hedgerow.market.instruments import Instrument

ACCEPTED, REJECTED, FILLED, CANCELLED, EXPIRED, CANCEL_REJECTED, LOST = 1, 2, 3, 4, 5, 6, 9
"""Kinds of a `VenueReport`."""
NOWHERE = 2**32 - 1
"""The slot, or the instrument, of an order that we do not know."""
TAKER, MAKER = 1, 2
_TIFS = {1: "gtc", 2: "day", 3: "ioc", 4: "fok", 5: "gtx"}
_BY_EXEC_TYPE = {"0": ACCEPTED, "8": REJECTED, "F": FILLED, "1": FILLED, "2": FILLED, "4": CANCELLED}
_BY_EXEC_TYPE |= {"C": EXPIRED, "3": EXPIRED}
_EXECUTION_MAX = 2**32 - 1


@dataclass(frozen=True)
class Working:
    """An order that has not ended, as the kernel knows it."""

    id: int
    slot: int
    instrument: int
    strategy: int
    side: int
    lots: int
    filled: int
    limit_ticks: int
    state: str
    client_id: int


class Book:
    """What turns our records into a venue's words and back, for the instruments of a run."""

    def __init__(self, prefix: str, instruments: Sequence[Instrument]) -> None:
        self.prefix, self.instruments = prefix, instruments
        self._order, self._cancel = noun("Order").dtype, noun("CancelRequest").dtype
        self._report = noun("VenueReport").dtype

    def name(self, number: int) -> str:
        """What the venue calls the order, or the request, of a record."""
        return f"{self.prefix}-{number}"

    def number(self, name: str) -> int:
        """The record of a name, 0 where it is none of this run."""
        prefix, dash, number = name.rpartition("-")
        return int(number) if dash and prefix == self.prefix and number.isdecimal() and len(number) < 19 else 0

    def order(self, record: bytes) -> tuple[int, OrderWords]:
        """Number and words of a new order."""
        row = np.frombuffer(record, self._order)[0]
        return int(row["id"]), self.words(
            int(row["instrument"]), int(row["side"]), int(row["lots"]), int(row["limit_ticks"]), int(row["tif"])
        )

    def cancel(self, record: bytes) -> tuple[int, int, int]:
        """Number of a request to cancel, of the order meant, and its slot."""
        row = np.frombuffer(record, self._cancel)[0]
        return int(row["id"]), int(row["order_id"]), int(row["slot"])

    def words(self, instrument: int, side: int, lots: int, limit_ticks: int, tif: int = 1) -> OrderWords:
        """An order in the venue's words."""
        about = self.instruments[instrument]
        price = f"{limit_ticks * about.tick:f}" if limit_ticks else ""
        return OrderWords(about.symbol, side == 1, f"{lots * about.lot:f}", price, _TIFS[tif])

    def lots(self, instrument: int, text: str) -> int:
        """Whole lots of a quantity, -1 where it is none."""
        return _whole(text, self.instruments[instrument].lot)

    def ticks(self, instrument: int, text: str) -> int:
        """Whole ticks of a price, -1 where it is none."""
        return _whole(text, self.instruments[instrument].tick)

    def report(self, kind: int, working: Working | None, now_ns: int, **fields: int) -> bytes:
        """A report about an order, or about one that we do not know."""
        row = np.zeros(1, self._report)
        row["ts_event"] = row["ts_init"] = now_ns
        row["kind"], row["slot"], row["instrument"] = kind, NOWHERE, NOWHERE
        if working is not None:
            row["order_id"], row["slot"], row["instrument"] = working.id, working.slot, working.instrument
        for name, value in fields.items():
            row[name] = value
        return row.tobytes()

    def misses(self, told: Mapping[int, str], working: Working) -> bool:
        """Whether a fill counts more in all than what is booked and itself: one before it did not come."""
        if _BY_EXEC_TYPE.get(told.get(150, "")) != FILLED:
            return False
        total, lots = (self.lots(working.instrument, told.get(tag, "")) for tag in (14, 32))
        return lots > 0 and total > working.filled + lots

    def heard(self, told: Mapping[int, str], working: Working | None, number: int, now_ns: int) -> bytes | None:
        """An execution report as the kernel takes it; None for one that only says how things stand."""
        kind = _BY_EXEC_TYPE.get(told.get(150, ""))
        if kind is None:
            return None
        happened = min(time_ns(told.get(60, "")) or now_ns, now_ns)
        if working is None:
            return self.report(kind, None, now_ns, order_id=number, ts_event=happened)
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
            # What is filled in all rises with each execution, and tells one that comes twice.
            execution=total if 0 < total <= _EXECUTION_MAX else 0,
        )


def _whole(text: str, step: Decimal) -> int:
    try:
        steps = Decimal(text) / step
    except (InvalidOperation, ValueError):
        return -1
    return int(steps) if steps.is_finite() and 0 <= steps < 2**62 and steps == int(steps) else -1


def time_ns(text: str) -> int | None:
    """UTC nanoseconds of a FIX time; None where it is none.

    >>> time_ns("20261120-14:30:00.123")
    1795185000123000000
    """
    whole, _, fraction = text.partition(".")
    try:
        moment = datetime.strptime(whole, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    if not fraction.isdecimal() and fraction:
        return None
    return int(moment.timestamp()) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)


def working_of(engine: Any) -> dict[int, Working]:
    """The orders that have not ended, by their numbers."""
    return {row[0]: Working(*row) for row in engine.working()}


def levels_of(
    index: int, book: Book, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]], now_ns: int
) -> tuple[Any, Any]:
    """A whole book as rows of the core: kinds, and four words a row. DATA_NOT_POSITIVE for what is off tick or lot."""
    known = noun("BookLevel")
    rows = np.zeros(1 + len(bids) + len(asks), known.dtype)
    rows["ts_event"] = rows["ts_init"] = now_ns
    rows["instrument"] = index
    rows["action"] = 1
    rows["action"][0] = 3
    for place, (side, price, size) in enumerate(
        [(side, *level) for side, levels in ((1, bids), (2, asks)) for level in levels], start=1
    ):
        ticks, lots = book.ticks(index, price), book.lots(index, size)
        if ticks <= 0 or lots < 0 or ticks > 2**31 - 1:
            raise problem(
                "DATA_NOT_POSITIVE", f"{book.instruments[index].symbol}: {size} at {price} is off tick or lot"
            )
        rows[place]["side"], rows[place]["price_ticks"], rows[place]["lots"] = side, ticks, lots
    rows["action"][-1] |= 0x80
    return np.full(len(rows), known.kind, np.uint8), rows.view(np.uint64).reshape(-1)
