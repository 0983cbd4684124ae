"""What happened to the positions of a run between its fills, read from its records: lots, cash, profit, income.

Promises: one row for each event that moved a book, exact in whole units, in order of booking; so that positions, round
trips and profit worked out from fills are the ledger's. Never: what a trade did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.nouns import MONEY_UNIT, money_int
from hedgerow.engine.lifecycle import KINDS
from hedgerow.engine.table_columns import text, times

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result

CASH, POSITION, REALISED, INCOME = 1, 2, 3, 7
"""Accounts, by number."""
_NAMED = {CASH: "cash", POSITION: "cost", REALISED: "realised", INCOME: "income"}
_TOLD = ("id", "ts", "instrument", "kind", "old_lots", "new_lots")
_FORM = [(name, np.int64) for name in (*_TOLD, "lots")] + [(name, object) for name in _NAMED.values()]


def held_events(result: Result) -> npt.NDArray[Any]:
    """Rows as events were told (`id`, `ts`, `instrument`, `kind`, `old_lots`, `new_lots`), with the `lots` that came or
    left and, in 10^-9 units of the instrument's currency, `cash`, `cost` that left, `realised` and `income`.
    """
    events = result.records("LifecycleEvent")
    if not len(events):
        return np.zeros(0, dtype=_FORM)
    rows = result.records("Posting")
    booked: dict[int, dict[str, int]] = {}
    for row in rows[np.isin(rows["cause"], events["id"])]:
        sums = booked.setdefault(int(row["cause"]), dict.fromkeys(("lots", *_NAMED.values()), 0))
        account = int(row["account"])
        sums[_NAMED[account]] += money_int(row["amount"]) * (1 if account == CASH else -1)
        sums["lots"] += int(row["lots"])
    told = events[np.isin(events["id"], [*booked])]
    found = np.zeros(len(told), dtype=_FORM)
    for name in _TOLD:
        found[name] = told[name]
    for name in ("lots", *_NAMED.values()):
        found[name] = [booked[number][name] for number in told["id"].tolist()]
    return found


def money(column: Any) -> npt.NDArray[np.float64]:
    """Exact amounts in 10^-9 units as floats."""
    return np.array([amount / MONEY_UNIT for amount in column], dtype=np.float64)


def carry_table(result: Result) -> pd.DataFrame:
    """What holding brought and cost, event by event; see `Result.carry`."""
    import pandas as pd

    rows = held_events(result)
    symbols, kinds = (np.array(names, dtype=object) for names in (result.data.symbols, KINDS))
    return pd.DataFrame(
        {
            "id": rows["id"],
            "ts": times(rows["ts"]),
            "symbol": text(symbols[rows["instrument"]]),
            "kind": text(kinds[rows["kind"]]),
            "quantity": result.data.quantities(rows["instrument"], rows["lots"]),
            **{name: money(rows[name]) for name in ("cash", "realised", "income")},
        }
    )


def restated(result: Result) -> pd.DataFrame:
    """What happened to positions between fills, as `round_trips` takes it: quantities and money in 10^-9 units."""
    import pandas as pd

    rows = held_events(result)
    rows = rows[rows["old_lots"] != rows["new_lots"]]
    instruments = result.data.instruments
    lots = np.array([i.lot_nano for i in instruments], dtype=object)
    names = np.array([i.symbol for i in instruments], dtype=object)
    told = {name: rows[name] for name in ("id", "old_lots", "new_lots", "cost", "realised")}
    symbol = text(names[rows["instrument"]])
    change = rows["lots"].astype(object) * lots[rows["instrument"]]
    ts = times(rows["ts"])
    return pd.DataFrame({"ts": ts, "symbol": symbol, "change": change, **told})
