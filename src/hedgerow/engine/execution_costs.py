"""What the orders of a run cost, order by order, and the cost model that would have said so before.

Promises: `total` of an order is the sum of its parts, and fees are those of the ledger; the arrival price is the last
one that was known when the order was made. Never: a price from after the run, a fit to fewer fills than it can carry.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.core.costs import Costs
    from hedgerow.engine.result import Result

FILLS_MIN = 30
"""Fewest fills that a cost model is fitted to: below, one odd bar makes the figure."""
_BPS = 1e4


def execution_costs(result: Result) -> pd.DataFrame:
    """The implementation shortfall of every order that was approved, in the instrument's currency.

    Columns: `arrival`, the last close known when the order was made; `average_price`; `market_vwap` from the order to
    its last fill, by the bars' closes; `spread_and_impact`, what the venue moved the price against us; `timing`, the
    move from arrival to the price before that; `opportunity`, the move to the last close on what was not filled;
    `fees`; `total`; `total_bps` of the order's value at arrival; `vwap_bps` against the market's VWAP.

    >>> import numpy as np, hedgerow as hr
    >>> bars = hr.Bars.from_arrays(np.arange(3).astype("datetime64[D]"), close=[10.0, 11.0, 12.0])
    >>> costs = hr.Costs(half_spread_bps=0, impact=0, fee_bps=1, volume_cap=0)
    >>> table = hr.backtest(bars, signals=[1, 1, 1], size=100, costs=costs).tca()
    >>> table.loc[0, ["timing", "fees", "total"]].to_list()  # only closes are known: the next one is the next open
    [100.0, 0.11, 100.11]
    """
    import pandas as pd

    orders = result.orders[result.orders["state"] != "Denied"].reset_index(drop=True)
    fills = result.fills
    sign = np.where(orders["side"] == "buy", 1.0, -1.0)
    scale = orders["symbol"].map({i.symbol: float(i.multiplier) for i in result.data.instruments}).to_numpy(np.float64)
    by_order = fills.assign(
        reference=fills["quantity"] * fills["reference_price"],
        paid=fills["quantity"] * fills["price"],
    ).groupby("order_id")
    sums = by_order[["reference", "paid", "fee"]].sum().reindex(orders["id"], fill_value=0.0).reset_index(drop=True)
    last_fill = by_order["ts"].max().reindex(orders["id"]).reset_index(drop=True)
    arrival, final, market = _market(result, orders, last_fill)
    filled = orders["filled"].to_numpy(np.float64)
    missed = orders["quantity"].to_numpy(np.float64) - filled
    table = pd.DataFrame(
        {
            "order_id": orders["id"],
            "ts": orders["ts"],
            "symbol": orders["symbol"],
            "side": orders["side"],
            "quantity": orders["quantity"],
            "filled": filled,
            "arrival": arrival,
            "average_price": orders["average_price"],
            "market_vwap": market,
            "spread_and_impact": sign * scale * (sums["paid"] - sums["reference"]),
            "timing": sign * scale * (sums["reference"] - filled * arrival),
            "opportunity": np.where(missed > 0, sign * scale * missed * (final - arrival), 0.0),
            "fees": sums["fee"],
        }
    )
    table["total"] = table[["spread_and_impact", "timing", "opportunity", "fees"]].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["total_bps"] = table["total"] / (orders["quantity"] * arrival * scale) * _BPS
        table["vwap_bps"] = sign * (table["average_price"] / market - 1) * _BPS
    return table


def _market(result: Result, orders: pd.DataFrame, until: pd.Series[Any]) -> tuple[Any, Any, Any]:
    """For each order: the last close known when it was made, the last of all, and the VWAP until its last fill."""
    arrival, final, market = (np.full(len(orders), np.nan) for _ in range(3))
    bars, columns = result.data.bars, result.data.float_columns()
    made, ended = (times.astype("int64").to_numpy() for times in (_utc_ns(orders["ts"]), _utc_ns(until)))
    for index, symbol in enumerate(result.data.symbols):
        mine = np.flatnonzero(orders["symbol"].to_numpy() == symbol)
        if not mine.size:
            continue
        rows = np.flatnonzero(bars.instrument == index)
        close, known = columns["close"][rows], bars.ts_init[rows]
        volume = np.nan_to_num(columns["volume"][rows])
        first = np.searchsorted(known, made[mine], side="right")
        arrival[mine] = np.where(first > 0, close[np.maximum(first - 1, 0)], np.nan)
        final[mine] = close[-1]
        traded, worth = (np.concatenate([[0.0], np.cumsum(part)]) for part in (volume, volume * close))
        # The bar in which the last fill happened counts as a whole: closes are all that is known of it. A fill at an
        # open has the time at which the bar before was known, and no order trades before the bar after it was made.
        last = np.maximum(np.searchsorted(known, ended[mine], side="left"), first)
        after = np.minimum(last + 1, rows.size)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (worth[after] - worth[first]) / (traded[after] - traded[first])
        market[mine] = np.where(until.iloc[mine].notna(), mean, np.nan)
    return arrival, final, market


def _utc_ns(times: Any) -> Any:
    import pandas as pd

    return pd.Series(pd.DatetimeIndex(times).as_unit("ns"))


def fitted_costs(result: Result) -> Costs:
    """The cost model that the run's own fills show: half spread and impact by least squares, the fee as charged.

    Each fill's move against us, as a share of the price before it, is taken for `half_spread + impact * sigma *
    sqrt(Q / ADV)`; negative figures, rebates too, are taken for zero. All else is as the run had it. Raises RUN_NO_DATA
    for fewer than 30 fills, or where no day's volume is known.
    Source: Almgren, Thum, Hauptmann & Li (2005) for the form of the regression; the square root as in `Costs`.
    """
    from hedgerow.core.costs import Costs

    fills, data = result.fills, result.data
    if len(fills) < FILLS_MIN:
        raise problem("RUN_NO_DATA", f"{len(fills)} fills; a cost model takes {FILLS_MIN}")
    rows = result.records("Fill")
    liquidity = [data.liquidity(index) for index in range(len(data.instruments))]
    sigma = np.array([deviation for deviation, _ in liquidity])[rows["instrument"]]
    adv = np.array([float(lots) for _, lots in liquidity])[rows["instrument"]]
    if not (adv > 0).all() or not (sigma > 0).any():
        raise problem("RUN_NO_DATA", "the daily volume or the volatility of an instrument is not known")
    sign = np.where(fills["side"] == "buy", 1.0, -1.0)
    moved = sign * (fills["price"] / fills["reference_price"] - 1).to_numpy(np.float64)
    pressure = sigma * np.sqrt(rows["lots"] / adv)
    notional = float((fills["quantity"] * fills["price"] * _multipliers(result)[rows["instrument"]]).sum())
    return regressed(Costs(**result.info.costs), moved, pressure, fee_share=float(fills["fee"].sum()) / notional)


def regressed(costs: Costs, moved: Any, pressure: Any, *, fee_share: float) -> Costs:
    """`costs` with the half spread and impact that fills show, by least squares, and the fee that was charged.

    moved: of each fill, against us, as a share of the price before. pressure: `sigma * sqrt(Q / ADV)` of each.
    fee_share: fees over what was traded.
    """
    (spread, impact), *_ = np.linalg.lstsq(np.column_stack([np.ones_like(pressure), pressure]), moved, rcond=None)
    return dataclasses.replace(
        costs,
        half_spread_bps=max(0.0, float(spread) * _BPS),
        impact=max(0.0, float(impact)),
        fee_bps=max(0.0, fee_share * _BPS),
        fee_per_share=0.0,
        fee_min=0.0,
        fees=None,
    )


def _multipliers(result: Result) -> Any:
    return np.array([float(i.multiplier) for i in result.data.instruments])
