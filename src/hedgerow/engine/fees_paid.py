"""What the fills of a journal cost, each in its instrument's currency, what was charged in another one included.

Promises: what was charged in the currency that was traded counts at the fill's price, in any other one at the last
rates on the record before it; without one it is NaN. Never: a rate of a later moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.nouns import MONEY_UNIT, money_floats, money_int, text_of

if TYPE_CHECKING:
    from hedgerow.engine.why import Journal


def fees_paid(journal: Journal, fills: Any) -> npt.NDArray[np.float64]:
    """The fees of some fills, positive where they were paid."""
    fees, executions = money_floats(fills["fee"]), journal.of("Execution")
    if not len(executions):
        return fees
    place = {int(number): at for at, number in enumerate(fills["id"])}
    rates = _Rates(journal)
    for execution in executions:
        at = place.get(int(execution["cause"]))
        if at is not None and (charge := money_int(execution["charge"])):
            fees[at] += charge / MONEY_UNIT * _rate(journal, fills[at], execution, rates)
    return fees


class _Rates:
    """The rates of a journal into its base, by currency, in the order of their records."""

    def __init__(self, journal: Journal) -> None:
        rows, self._base = journal.of("FxRate"), journal.base
        self._ids, self._rates = rows["id"], rows["rate_nano"] / MONEY_UNIT
        bases, self._places = rows["base"], dict[str, npt.NDArray[np.intp]]()
        for base in np.unique(bases):
            self._places[text_of(base)] = np.flatnonzero(bases == base)

    def before(self, record: int, currency: str) -> float:
        """The last rate of a currency on the record before another record; NaN without one."""
        if currency == self._base:
            return 1.0
        places = self._places.get(currency, np.zeros(0, np.intp))
        at = int(np.searchsorted(self._ids[places], record))
        return float(self._rates[places[at - 1]]) if at else np.nan


def _rate(journal: Journal, fill: Any, execution: Any, rates: _Rates) -> float:
    """What one unit of what was charged was worth in the instrument's currency."""
    about, record = journal.instruments[int(fill["instrument"])], int(execution["id"])
    charged, own = text_of(execution["currency"]), text_of(about["currency"])
    if text_of(about["symbol"]) == f"{charged}/{own}":
        return int(fill["price_ticks"]) * int(about["tick_nano"]) / MONEY_UNIT
    return rates.before(record, charged) / rates.before(record, own)
