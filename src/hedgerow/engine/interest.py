"""Interest on what an account holds in cash: a payment for each midnight between two times of a run, by currency.

Promises: a balance above zero earns, one below pays, at the rate of its side; exact until it is rounded down at the
ninth decimal, against us. Never: interest within a day, or on what a contract's notional would be worth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow import _core
from hedgerow.core.spans import DAY_NS

if TYPE_CHECKING:
    from hedgerow.core.carry import Carry
    from hedgerow.engine.run_data import RunData


@dataclass(frozen=True)
class Interest:
    """The interest of so many nights: before which row, and at which midnight it is paid."""

    row: int
    ts: int
    nights: int
    carry: Carry
    kind: str = "interest"
    instrument: int = -1

    def tell(self, engine: Any, strategy: int) -> None:
        """Tell the kernel, one movement of cash for each currency that has a balance."""
        paid = self.carry.margin is None or self.carry.margin.paid
        for currency, cash, cost in _core.cash_balances(engine, strategy):
            balance = cash if paid else cash + cost
            rate = Fraction(str(self.carry.interest(currency, balance < 0)))
            if amount := math.floor(balance * rate * self.nights / self.carry.day_count):
                _core.interest(engine, strategy, currency, amount, self.ts)


def interest(data: RunData, carry: Carry) -> Iterator[Interest]:
    """Of each midnight between two times of a run over bars."""
    if not carry.pays_interest:
        return
    times, known = data.times_ns, data.columns[1]
    days = (times - 1) // DAY_NS
    for place in (np.flatnonzero(np.diff(days)) + 1).tolist():
        nights, row = int(days[place] - days[place - 1]), int(np.searchsorted(known, times[place]))
        yield Interest(row, int(days[place]) * DAY_NS, nights, carry)
