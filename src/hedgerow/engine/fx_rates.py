"""Exchange rates of a run: what the user gives, in exact units and in the order in which they became known.

Promises: a Series is read as bars are read, a date being known at the midnight that ends it; a rate counts from when it
was known. Never: a rate from the future, or a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.alignment import known_ns

if TYPE_CHECKING:
    from hedgerow.engine.run_data import RunData


@dataclass(frozen=True)
class Change:
    """A rate that becomes known while bars run: before which row, when, of which currency, in 10^-9 units."""

    row: int
    ts: int
    currency: str
    rate_nano: int

    def tell(self, engine: Any, strategy: int) -> None:
        """Tell the kernel; rates are the same for every strategy."""
        engine.fx_rate(self.currency, self.rate_nano, max(self.ts, engine.clock))


@dataclass(frozen=True)
class FxRates:
    """Rates into the base currency: those in force at the start, by currency, and the changes after it, in order."""

    start: Mapping[str, int]
    changes: tuple[Change, ...] = ()


def fx_rates(data: RunData, base: str, given: Mapping[str, Any] | None) -> FxRates:
    """The rates that a run over `data` needs, from a number or a Series by time for each currency.

    The first rate of a Series must be known when the first bar in its currency closes: CORE_NO_RATE otherwise, and for
    a currency without rates. RUN_NUMBER for a rate that is no positive number, DATA_DUPLICATE for a time that comes
    twice. Rates are rounded to 0.000000001.
    """
    offered = dict(given or {})
    start: dict[str, int] = {}
    changes: list[Change] = []
    for code in sorted({i.currency for i in data.instruments} - {base}):
        if code not in offered:
            hint = did_you_mean(code, offered) or f"; pass fx={{{code!r}: rate}}"
            raise problem("CORE_NO_RATE", f"{code} into {base}{hint}")
        rate = offered[code]
        if hasattr(rate, "index") and hasattr(rate, "to_numpy"):
            start[code], later = _of_series(data, code, rate)
            changes += later
        else:
            start[code] = _nano(code, rate)
    return FxRates(start, tuple(sorted(changes, key=lambda c: (c.ts, c.currency))))


def _of_series(data: RunData, code: str, series: Any) -> tuple[int, list[Change]]:
    if not len(series):
        raise problem("CORE_NO_RATE", f"the rates of {code} are empty")
    times = known_ns(series.index, f"the rates of {code}")
    order = np.argsort(times, kind="stable")
    times, rates = times[order], series.to_numpy()[order]
    again = np.flatnonzero(np.diff(times) == 0)
    if again.size:
        raise problem("DATA_DUPLICATE", f"the rates of {code} hold {series.index[order[again[0]]]} twice")
    priced = np.array([i.currency == code for i in data.instruments])[data.columns[2]]
    needed_ns = int(data.columns[1][np.argmax(priced)])
    first = int(np.searchsorted(times, data.start_ns, side="right")) - 1
    if times[0] > needed_ns:
        known, wanted = times[[0]].astype("datetime64[ns]")[0], np.datetime64(needed_ns, "ns")
        raise problem("CORE_NO_RATE", f"the first rate of {code} is known at {known}, its first bar closes at {wanted}")
    ts_init = data.columns[1]
    later = range(max(first, 0) + 1, len(times))
    rows = np.searchsorted(ts_init, times, side="left")
    changes = [
        Change(int(rows[i]), int(times[i]), code, _nano(code, rates[i])) for i in later if rows[i] < len(ts_init)
    ]
    return _nano(code, rates[max(first, 0)]), changes


def _nano(code: str, rate: Any) -> int:
    try:
        exact = Decimal(str(rate))
    except ArithmeticError:
        exact = Decimal("NaN")
    nano = round(exact * MONEY_UNIT) if exact.is_finite() else 0
    if not 0 < nano < 2**63:
        raise problem("RUN_NUMBER", f"the rate of {code} is {rate!r}")
    return nano
