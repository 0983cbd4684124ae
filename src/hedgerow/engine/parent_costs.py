"""What a run's parent orders cost, each and by algorithm: transaction cost analysis at the level of the decision.

Promises: `total` is the sum of its parts, fees are those of the ledger, and a parent's fills are its children's; the
interval's VWAP and volume are what the run itself saw between the order and its end. Never: a price from after the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.engine.table_columns import text, times
from hedgerow.execution.algorithms import ALGORITHMS

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result

By = Literal["algorithm", "symbol", "side"]
NAMES = {kind.number: name for name, kind in ALGORITHMS.items()}
DIRECT = "direct"
"""What an order is worked by that no algorithm works."""
STOPPED, AMENDED, ENDED, EXPIRED, LEFT = 1, 2, 3, 4, 5
PARTS = ["spread_and_impact", "timing", "opportunity", "fees"]
_BPS = 1e4


def parent_orders(result: Result) -> pd.DataFrame:
    """Every parent order of a run: what was asked, what became of it, and what it cost in the instrument's currency.

    `state`: `filled`, `stopped` (cancelled), `expired`, `ended` (its last slice has passed), or `left` where the run
    ended first. `children`: orders that were approved. `arrival`: the mid (over bars the last close) when it was
    made. `interval_vwap` and `market_volume`: of the market from then to its end; `expected_volume`: what was
    foretold of it, NaN where nothing was; `participation`: units filled as a share of it. Costs are those of
    `Result.tca`, counted from `arrival`: `total_bps` of the order's value there, `vwap_bps` against the interval's
    VWAP.
    """
    import pandas as pd

    rows, data = result.records("ParentOrder"), result.data
    index = rows["instrument"]
    last = _last_events(result, rows)
    done = _filled(result, rows["id"])
    sign, filled = np.where(rows["side"] == 1, 1.0, -1.0), done["quantity"]
    scale = np.array([float(i.multiplier) for i in data.instruments])[index]
    quantity = data.quantities(index, last["lots"])
    arrival = _arrival(result, rows)
    market_volume = data.quantities(index, last["market_lots"])
    missed = np.maximum(quantity - filled, 0.0)
    left_at = np.where(missed > 0, _price_at(result, index, last["ts"]), arrival)
    with np.errstate(divide="ignore", invalid="ignore"):
        average = np.where(filled > 0, done["paid"] / filled, np.nan)
        vwap = np.where(market_volume > 0, data.prices(index, last["market_vwap_micro"] / 1e6), np.nan)
        participation = np.where(market_volume > 0, filled / market_volume, np.nan)
    table = pd.DataFrame(
        {
            "id": rows["id"],
            "ts": times(rows["ts"]),
            "ended": times(last["ts"]),
            "algorithm": text([NAMES[int(number)] for number in rows["algo"]]),
            "symbol": text([data.symbols[place] for place in index]),
            "side": text(np.where(rows["side"] == 1, "buy", "sell")),
            "quantity": quantity,
            "filled": filled,
            "state": text(np.where(missed == 0, "filled", last["state"])),
            "children": done["children"].astype(np.int64),
            "arrival": arrival,
            "average_price": average,
            "interval_vwap": vwap,
            "market_volume": market_volume,
            "expected_volume": _expected(result, rows),
            "participation": participation,
            "spread_and_impact": sign * scale * (done["paid"] - done["reference"]),
            "timing": sign * scale * (done["reference"] - filled * arrival),
            "opportunity": sign * scale * missed * (left_at - arrival),
            "fees": done["fee"],
            "cause": rows["cause"],
        }
    )
    table["total"] = table[PARTS].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["total_bps"] = table["total"] / (quantity * arrival * scale) * _BPS
        table["vwap_bps"] = sign * (average / vwap - 1) * _BPS
    return table


def costs_by(result: Result, by: By) -> pd.DataFrame:
    """What execution cost by `algorithm`, `symbol` or `side`: parent orders as a whole, other orders as `direct`.

    `orders`, `value` at arrival, `filled_share` of it, the parts of the shortfall in the instruments' currencies,
    `total` and `total_bps` of the value. RUN_CONFIG, with a suggestion, for another word.
    """
    import pandas as pd

    if by not in get_args(By):
        hint = did_you_mean(str(by), get_args(By))
        raise problem("RUN_CONFIG", f"tca(by={by!r}){hint}; it is one of {', '.join(get_args(By))}")
    parents, orders = result.parents, result.tca()
    cause = result.orders.set_index("id")["cause"].reindex(orders["order_id"]).to_numpy()
    direct = orders[~np.isin(cause, parents["id"])].assign(algorithm=DIRECT)
    rows = pd.concat([parents, direct], ignore_index=True) if len(direct) else parents
    scale = rows["symbol"].map({i.symbol: float(i.multiplier) for i in result.data.instruments}).astype(float)
    worth = rows["arrival"] * scale
    rows = rows.assign(orders=1, value=rows["quantity"] * worth, done=rows["filled"] * worth)
    sums = rows.groupby(by)[["orders", "value", "done", *PARTS, "total"]].sum()
    sums.insert(2, "filled_share", sums.pop("done") / sums["value"])
    sums["total_bps"] = sums["total"] / sums["value"] * _BPS
    return sums


def _last_events(result: Result, rows: Any) -> dict[str, Any]:
    """How each parent ended: when, with which total, what the market traded, and in which state."""
    events = result.records("ParentEvent")
    ends = {int(event["parent"]): event for event in events if event["event"] in (ENDED, LEFT)}
    why = {int(event["parent"]): int(event["event"]) for event in events if event["event"] in (STOPPED, EXPIRED)}
    found: dict[str, list[Any]] = {name: [] for name in ("ts", "lots", "market_lots", "market_vwap_micro", "state")}
    for row in rows:
        number = int(row["id"])
        end = ends.get(number)
        for name in ("ts", "lots", "market_lots", "market_vwap_micro"):
            found[name].append(int(end[name]) if end is not None else int(row[name]) if name in ("ts", "lots") else 0)
        is_left = end is None or end["event"] == LEFT
        said = {STOPPED: "stopped", EXPIRED: "expired"}.get(why.get(number, 0), "ended")
        found["state"].append("left" if is_left else said)
    return {name: np.array(values, dtype=object if name == "state" else np.int64) for name, values in found.items()}


def _filled(result: Result, numbers: Any) -> dict[str, Any]:
    """By parent: units filled, their worth as paid and at the price before our move, fees, and children approved."""
    import pandas as pd

    orders = result.orders[result.orders["state"] != "Denied"]
    parent = pd.Series(orders["cause"].to_numpy(), index=orders["id"].to_numpy())
    parent = parent[parent.isin(numbers)]
    fills = result.fills[result.fills["order_id"].isin(parent.index)]
    table = pd.DataFrame(
        {
            "quantity": fills["quantity"],
            "paid": fills["quantity"] * fills["price"],
            "reference": fills["quantity"] * fills["reference_price"],
            "fee": fills["fee"],
        }
    )
    sums = table.groupby(parent.reindex(fills["order_id"]).to_numpy()).sum().reindex(numbers, fill_value=0.0)
    children = parent.value_counts().reindex(numbers, fill_value=0)
    return {**{str(name): sums[name].to_numpy(np.float64) for name in sums}, "children": children.to_numpy()}


def _arrival(result: Result, rows: Any) -> Any:
    """The mid when each parent was made; NaN where no price was known."""
    told = {int(row["cause"]): (int(row["bid_ticks"]), int(row["ask_ticks"])) for row in result.records("AlgoSettings")}
    ticks = []
    for row in rows:
        bid, ask = told.get(int(row["id"]), (0, 0))
        ticks.append((bid + ask) / 2 if bid and ask else float(bid or ask or np.nan))
    return result.data.prices(rows["instrument"], np.array(ticks, dtype=np.float64))


def _expected(result: Result, rows: Any) -> Any:
    """Market volume that was foretold for each parent, in units; NaN where none was."""
    told = {int(row["cause"]): int(row["volume_lots"]) for row in result.records("AlgoSettings")}
    lots = np.array([told.get(int(row["id"]), -1) for row in rows], dtype=np.float64)
    return result.data.quantities(rows["instrument"], np.where(lots < 0, np.nan, lots))


def _price_at(result: Result, index: Any, times: Any) -> Any:
    """The last price that was known of each instrument at each time; NaN where none was."""
    bars, close = result.data.bars, result.data.float_columns()["close"]
    found = np.full(len(times), np.nan)
    for place in np.unique(index):
        mine, rows = np.flatnonzero(index == place), np.flatnonzero(bars.instrument == place)
        at = np.searchsorted(bars.ts_init[rows], times[mine], side="right") - 1
        found[mine] = np.where(at >= 0, close[rows][np.maximum(at, 0)], np.nan)
    return found
