"""Where a profit comes from: by instrument, by long and short, by strategy, in base currency.

Promises: the parts and the line `other` (interest, moves of exchange rates) sum to what the ledger earned,
to the cent; each round trip counts at the rate of its close, an open one at the last. Never: runs of two currencies in
one table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import MONEY_UNIT, money_int
from hedgerow.engine.exchange import AT_THE_END, Rates, trip_rates
from hedgerow.engine.held import held_events
from hedgerow.engine.tearsheet.holdings import holdings

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result

By = Literal["instrument", "side", "strategy"]
OTHER = "other"
_SUMS = ["trips", "realised", "unrealised", "income", "fees"]


def attribution(runs: Result | Sequence[Result], by: By = "instrument") -> pd.DataFrame:
    """Profit of one run, or of several that stand beside each other, and who made it.

    by: `instrument`; `side`, long and short; `strategy`, by the runs' names. Columns: closed round `trips`; `realised`
    and `unrealised` profit, `income` of holding (dividends, less borrow and funding), `fees`, and
    `profit` after them, in base currency; `contribution`, profit over all capital.
    The last row, `other`, is what no trade made. Raises RUN_CONFIG for runs of two currencies, RUN_NO_DATA for none.

    >>> import numpy as np, hedgerow as hr
    >>> bars = hr.Bars.from_arrays(np.arange(5).astype("datetime64[D]"), close=[10.0, 11.0, 12.0, 11.0, 13.0])
    >>> run = hr.backtest(bars, signals=[1, 1, -1, -1, -1], size=100, costs=hr.Costs.none())
    >>> hr.attribution(run, by="side")["profit"].to_dict()
    {'long': 0.0, 'short': -200.0, 'other': 0.0}
    """
    import pandas as pd

    results = [*runs] if isinstance(runs, Sequence) else [runs]
    if by not in get_args(By):
        raise problem("RUN_CONFIG", f"by={by!r}{did_you_mean(str(by), get_args(By))}; {', '.join(get_args(By))}")
    if not results:
        raise problem("RUN_NO_DATA", "no run to attribute a profit of")
    currencies = sorted({result.info.currency for result in results})
    if len(currencies) > 1:
        raise problem("RUN_CONFIG", f"runs in {' and '.join(currencies)}; attribute each currency by itself")
    rows = pd.concat([_rows(result) for result in results])
    keys = {"instrument": "symbol", "side": "side", "strategy": "strategy"}
    table = rows.groupby(keys[by], sort=False)[_SUMS].sum()
    if by == "side":
        table = table.reindex(["long", "short"], fill_value=0.0)
    table["profit"] = table["realised"] + table["unrealised"] + table["income"] - table["fees"]
    capital = math.fsum(result.info.cash for result in results)
    earned = math.fsum(result.final_nav - result.info.cash for result in results)
    left = earned - math.fsum(table["profit"])
    # What is below a hundredth of a cent of the capital's own rounding is no money.
    table.loc[OTHER] = [0, 0.0, 0.0, 0.0, 0.0, left if abs(left) > 1e-4 + 1e-12 * capital else 0.0]
    table["trips"] = table["trips"].astype(np.int64)
    table["contribution"] = table["profit"] / capital
    table.index.name = by
    return table


def _rows(result: Result) -> pd.DataFrame:
    """Each round trip and each open position of a run, in base currency."""
    import pandas as pd

    trips = result.trades
    rate = trip_rates(result, trips)
    closed = ~trips["open"]
    made: dict[str, Any] = {
        "symbol": trips["symbol"].astype(object),
        "side": trips["side"].astype(object),
        "trips": closed.astype(np.int64),
        "realised": trips["pnl"].fillna(0.0) * rate,
        "unrealised": 0.0,
        "income": 0.0,
        "fees": trips["fees"] * rate,
    }
    rates = Rates(result)
    held = [
        {
            "symbol": holding.symbol,
            "side": "long" if holding.units > 0 else "short",
            "trips": 0,
            "realised": 0.0,
            "unrealised": holding.profit * float(rates.at(holding.currency, AT_THE_END)),
            "income": 0.0,
            "fees": 0.0,
        }
        for holding in holdings(result)
    ]
    rows = pd.DataFrame(made)
    whole = pd.concat([rows, pd.DataFrame(held)], ignore_index=True) if held else rows
    income = _income(result, rates)
    whole = pd.concat([whole, income], ignore_index=True) if len(income) else whole
    return whole.assign(strategy=result.info.name)


def _income(result: Result, rates: Rates) -> pd.DataFrame:
    """What holding brought, each at the rate of its day. Who is long is paid dividends and pays a positive funding."""
    import pandas as pd

    told = {int(row["id"]): money_int(row["cash"]) for row in result.records("LifecycleEvent")}
    rows = held_events(result)
    rows = rows[rows["income"] != 0]
    made = []
    for row in rows:
        instrument = result.data.instruments[row["instrument"]]
        rate = float(rates.of_records(instrument.currency, [row["id"]])[0])
        long = (row["income"] > 0) == (told[int(row["id"])] > 0)
        made.append(
            {
                "symbol": instrument.symbol,
                "side": "long" if long else "short",
                **dict.fromkeys(_SUMS, 0.0),
                "income": row["income"] / MONEY_UNIT * rate,
            }
        )
    return pd.DataFrame(made)
