"""What holding a position costs or earns while nobody trades: fees for borrowed shares, funding of perpetuals.

Promises: rates are the field's (a year's fee as a fraction, a period's funding as a fraction of the position's value,
paid by longs where positive); a number that cannot be meant is refused before a run begins. Never: a rate of its own;
without one, holding is free, and a run says so in no word.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hedgerow.core.errors import problem

DAY_COUNTS = (360, 365)
RATE_MAX = 10.0
"""The largest rate that is believed: 1,000 % a year, or of a position's value at one funding."""


@dataclass(frozen=True, kw_only=True)
class Carry:
    """What holding costs, by instrument.

    borrow: yearly fee on the value of what is short, a fraction: one number for all, or one for each symbol. A short
        pays it for every midnight (UTC) that it is held over, on the last close before.
    funding: for each symbol a Series of rates by time, as the venue published them: at each time longs pay the rate on
        the last close, shorts receive it; a negative rate the other way round. Midnights alone are read as dates, each
        meaning its end, unless the index is named `ts`.
    day_count: days of the year that `borrow` is told for, 360 (as brokers count) or 365.

    Raises RUN_NUMBER for a fee that is negative or above 1,000 %, RUN_CONFIG for another day count.

    >>> Carry(borrow={"GME": 0.25}).fee("GME"), Carry(borrow=0.003).fee("KO"), Carry().fee("KO")
    (0.25, 0.003, 0.0)
    """

    borrow: float | Mapping[str, float] = 0.0
    funding: Mapping[str, Any] = field(default_factory=dict)
    day_count: int = 360

    def __post_init__(self) -> None:
        fees = self.borrow if isinstance(self.borrow, Mapping) else {"all instruments": self.borrow}
        for symbol, fee in fees.items():
            believed(fee, f"the borrow fee of {symbol}", least=0.0)
        if not isinstance(self.funding, Mapping):
            raise problem("RUN_CONFIG", f"funding={self.funding!r}; a Series of rates by time for each symbol")
        if self.day_count not in DAY_COUNTS:
            raise problem("RUN_CONFIG", f"day_count={self.day_count!r}; 360 or 365")

    def fee(self, symbol: str) -> float:
        """The yearly borrow fee of an instrument."""
        return float(self.borrow.get(symbol, 0.0) if isinstance(self.borrow, Mapping) else self.borrow)

    def symbols(self) -> tuple[str, ...]:
        """The symbols that are named."""
        return (*(self.borrow if isinstance(self.borrow, Mapping) else ()), *self.funding)


def believed(rate: Any, what: str, least: float = -RATE_MAX) -> float:
    """A rate that can be meant; RUN_NUMBER otherwise.

    >>> believed(0.0001, "funding")
    0.0001
    """
    try:
        number = math.nan if isinstance(rate, bool | str) else float(rate)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= RATE_MAX:
        raise problem("RUN_NUMBER", f"{what} is {rate!r}; a fraction from {least:g} to {RATE_MAX:g}")
    return number
