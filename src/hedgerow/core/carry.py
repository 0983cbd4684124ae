"""What holding costs or earns while nobody trades, and demands: borrow, funding, interest on cash, margin.

Promises: rates are the field's (a year's fee as a fraction, a period's funding as a fraction of the position's value,
paid by longs where positive); a number that cannot be meant is refused before a run begins. Never: a rate of its own;
without one, holding is free, and a run says so in no word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.core.margin import Margin
from hedgerow.core.rates import believed

DAY_COUNTS = (360, 365)


@dataclass(frozen=True, kw_only=True)
class Carry:
    """What holding costs, by instrument.

    borrow: yearly fee on the value of what is short, a fraction: one number for all, or one for each symbol. A short
        pays it for every midnight (UTC) that it is held over, on the last close before.
    funding: for each symbol a Series of rates by time, as the venue published them: at each time longs pay the rate on
        the last close, shorts receive it; a negative rate the other way round. Midnights alone are read as dates, each
        meaning its end, unless the index is named `ts`.
    cash: yearly interest that a balance above zero earns, debit: that one below zero pays, for every midnight (UTC):
        one number for all, or one for each currency. What a short sale brought in counts as cash.
    margin: what positions are held on (`Margin`); None = no broker asks.
    day_count: days of the year that yearly rates are told for, 360 (as brokers count) or 365.

    Raises RUN_NUMBER for a fee that is negative or above 1,000 %, RUN_CONFIG for another day count.

    >>> Carry(borrow={"GME": 0.25}).fee("GME"), Carry(borrow=0.003).fee("KO"), Carry().fee("KO")
    (0.25, 0.003, 0.0)
    """

    borrow: float | Mapping[str, float] = 0.0
    funding: Mapping[str, Any] = field(default_factory=dict)
    cash: float | Mapping[str, float] = 0.0
    debit: float | Mapping[str, float] = 0.0
    margin: Margin | None = None
    day_count: int = 360

    def __post_init__(self) -> None:
        fees = self.borrow if isinstance(self.borrow, Mapping) else {"all instruments": self.borrow}
        for symbol, fee in fees.items():
            believed(fee, f"the borrow fee of {symbol}", least=0.0)
        for name in ("cash", "debit"):
            told = getattr(self, name)
            for currency, rate in (told if isinstance(told, Mapping) else {"every currency": told}).items():
                believed(rate, f"the interest ({name}) of {currency}", least=-1.0 if name == "cash" else 0.0)
        if self.margin is not None and not isinstance(self.margin, Margin):
            raise problem("RUN_CONFIG", f"margin={self.margin!r:.60}; use Margin(...)")
        if not isinstance(self.funding, Mapping):
            raise problem("RUN_CONFIG", f"funding={self.funding!r}; a Series of rates by time for each symbol")
        if self.day_count not in DAY_COUNTS:
            raise problem("RUN_CONFIG", f"day_count={self.day_count!r}; 360 or 365")

    def fee(self, symbol: str) -> float:
        """The yearly borrow fee of an instrument."""
        return float(self.borrow.get(symbol, 0.0) if isinstance(self.borrow, Mapping) else self.borrow)

    @property
    def pays_interest(self) -> bool:
        """Whether any balance earns or pays."""
        rates = [
            r for told in (self.cash, self.debit) for r in (told.values() if isinstance(told, Mapping) else [told])
        ]
        return any(rates)

    def interest(self, currency: str, is_debit: bool) -> float:
        """The yearly rate of a balance."""
        told = self.debit if is_debit else self.cash
        return float(told.get(currency, 0.0) if isinstance(told, Mapping) else told)

    def symbols(self) -> tuple[str, ...]:
        """The symbols that are named."""
        return (*(self.borrow if isinstance(self.borrow, Mapping) else ()), *self.funding)
