"""Round trips from fills, at average cost, as the ledger books them.

Promises: profit and fees are worked out in whole 10^-9 units with the ledger's own rounding, so that the sum of `pnl`
is its realised profit and the sum of `fees` its fees. One row for each fill that closes, and one for each position
still open. Never: another order than that of the rows, which is the order of booking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hedgerow.core.errors import did_you_mean, problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

UNIT = 10**9
COLUMNS = ("ts", "symbol", "side", "quantity", "price", "fee", "id")


@dataclass(slots=True)
class _Holding:
    """A position while the fills are read, in 10^-9 units: signed quantity and cost, unmatched entry fees, and the
    row that opened it."""

    quantity: int = 0
    cost: int = 0
    fees: int = 0
    opened_at: int = -1


class _Trip(NamedTuple):
    """One round trip, in 10^-9 units; `exit_at` is -1 while it is open."""

    entry_at: int
    exit_at: int
    quantity: int
    cost: int
    pnl: int
    fees: int


def round_trips(
    fills: pd.DataFrame, multipliers: Mapping[str, int] | None = None, restated: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Match fills into round trips at average cost.

    fills: one row per fill in the order of booking, with `ts`, `symbol`, `side` ("buy" or "sell"), `quantity` (units,
    positive), `price` and `fee` (currency units; a rebate is negative) and `id`. multipliers: currency units per unit
    and price, by symbol, for contracts; 1 where not named. restated: splits and ends between the fills, by `id`, with
    `ts`, `symbol`, `old_lots`, `new_lots`, and in 10^-9 units the `change` of the quantity, the `cost` that leaves and
    the profit `realised`; what they close (all, or what a split leaves of a lot) is a round trip too.

    Returns a row per closing fill: `symbol`, `side` ("long" or "short"), `entry_ts` and `entry_id` of the fill that
    opened the position, `exit_ts`, `exit_id`, `quantity`, `entry_price` (average cost), `exit_price`, `pnl` before
    fees, `fees` of entry and exit, `return` (pnl less fees, over cost), `open`. A position still open is a row with
    `open` true, its entry fees, and no exit, pnl or return.
    Raises DATA_MISSING_COLUMN, DATA_TYPE for another side, RUN_NUMBER for a quantity or price that is not positive.

    >>> import pandas as pd
    >>> fills = pd.DataFrame({
    ...     "ts": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04"]), "symbol": "ACME",
    ...     "side": ["buy", "buy", "sell"], "quantity": [10.0, 10.0, 5.0], "price": [100.0, 110.0, 120.0],
    ...     "fee": [1.0, 1.0, 1.0], "id": [1, 2, 3],
    ... })
    >>> round_trips(fills)[["side", "quantity", "entry_price", "exit_price", "pnl", "fees", "open"]]
       side  quantity  entry_price  exit_price   pnl  fees   open
    0  long       5.0        105.0       120.0  75.0   1.5  False
    1  long      15.0        105.0         NaN   NaN   1.5   True
    """
    _check(fills)
    if restated is not None and len(restated):
        return _with_restated(fills, multipliers or {}, restated)
    symbols = fills["symbol"].tolist()
    factor = {symbol: (multipliers or {}).get(symbol, 1) for symbol in dict.fromkeys(symbols)}
    holdings = {symbol: _Holding() for symbol in factor}
    signed = np.where(fills["side"] == "buy", 1, -1) * _units(fills["quantity"])
    rows = zip(symbols, signed.tolist(), _units(fills["price"]).tolist(), _units(fills["fee"]).tolist(), strict=True)
    trips: list[_Trip] = []
    for at, (symbol, quantity, price, fee) in enumerate(rows):
        _fill(holdings[symbol], at, quantity, price * factor[symbol], fee, trips)
    trips += [_Trip(h.opened_at, -1, h.quantity, h.cost, 0, h.fees) for h in holdings.values() if h.quantity]
    return _table(fills, trips, factor)


def _with_restated(fills: pd.DataFrame, multipliers: Mapping[str, int], restated: pd.DataFrame) -> pd.DataFrame:
    """The same, with what happened to positions between the fills."""
    import pandas as pd

    quantity = np.where(fills["side"] == "buy", 1, -1) * _units(fills["quantity"])
    exact = {"quantity": quantity.astype(object), "units": _units(fills["price"]), "paid": _units(fills["fee"])}
    both = [fills[["ts", "symbol", "id", "price"]].assign(**exact), restated]
    rows = pd.concat(both, ignore_index=True).sort_values("id", kind="stable", ignore_index=True)
    factor = {symbol: multipliers.get(symbol, 1) for symbol in dict.fromkeys(rows["symbol"].tolist())}
    holdings = {symbol: _Holding() for symbol in factor}
    trips: list[_Trip] = []
    prices = rows["price"].to_numpy(dtype=np.float64).copy()
    for at, row in enumerate(rows.to_dict("records")):
        holding, multiplier = holdings[row["symbol"]], factor[row["symbol"]]
        if row["change"] != row["change"]:  # a fill has none
            _fill(holding, at, int(row["quantity"]), int(row["units"]) * multiplier, int(row["paid"]), trips)
        elif holding.quantity and (trip := _restate(holding, at, row)) is not None:
            trips.append(trip)
            prices[at] = abs(trip.cost + trip.pnl) / (abs(trip.quantity) * multiplier)
    trips += [_Trip(h.opened_at, -1, h.quantity, h.cost, 0, h.fees) for h in holdings.values() if h.quantity]
    return _table(rows.assign(price=prices), trips, factor)


def _restate(holding: _Holding, at: int, row: Mapping[Any, Any]) -> _Trip | None:
    """Change a position as the ledger did; the trip of what is closed, if anything is."""
    before, after = holding.quantity, holding.quantity + int(row["change"])
    closed = _nearest(before * int(row["new_lots"]), int(row["old_lots"])) - after if after else before
    cost, pnl = int(row["cost"]), int(row["realised"])
    holding.quantity, holding.cost = after, holding.cost - cost
    if not closed:
        return None
    fees = 0 if after else holding.fees
    holding.fees -= fees
    return _Trip(holding.opened_at, at, closed, cost, pnl, fees)


@dataclass(frozen=True)
class TradeStatistics:
    """Closed round trips after fees, in one currency; `None` where there is nothing to divide.

    win_rate: trips that gained, of all. profit_factor: gains over losses. expectancy: mean profit of a trip.
    average_win, average_loss: of those that gained and lost, the loss positive. payoff: the first over the second.
    best: the most profitable trip's profit. holding_days: mean time from entry to exit.
    """

    trips: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None
    payoff: float | None
    best: float | None
    holding_days: float | None


def trade_statistics(trips: pd.DataFrame, rates: ArrayLike = 1.0) -> TradeStatistics:
    """Statistics of round trips, as `round_trips` gives them; rates: into one currency, one a trip.

    Raises RUN_NUMBER for a rate that is not positive.

    >>> import pandas as pd
    >>> times = pd.to_datetime(["2024-01-02", "2024-01-04"])
    >>> trips = pd.DataFrame({"pnl": [30.0, -10.0], "fees": [2.0, 1.0], "open": False,
    ...                       "entry_ts": times[0], "exit_ts": times[1]})
    >>> told = trade_statistics(trips)
    >>> told.win_rate, round(told.profit_factor, 4), told.expectancy, told.holding_days
    (0.5, 2.5455, 8.5, 2.0)
    """
    factors = np.broadcast_to(np.asarray(rates, dtype=np.float64), (len(trips),))
    if not (factors > 0).all():
        raise problem("RUN_NUMBER", f"exchange rate {factors.min()}")
    closed = ~trips["open"].to_numpy(dtype=bool)
    net = ((trips["pnl"] - trips["fees"]).to_numpy(dtype=np.float64) * factors)[closed]
    gains, losses = net[net > 0], -net[net < 0]
    win, loss = (float(side.mean()) if side.size else None for side in (gains, losses))
    held = (trips["exit_ts"] - trips["entry_ts"])[closed].dt.total_seconds() / 86_400
    return TradeStatistics(
        trips=net.size,
        win_rate=gains.size / net.size if net.size else None,
        profit_factor=float(gains.sum() / losses.sum()) if losses.size else None,
        expectancy=float(net.mean()) if net.size else None,
        average_win=win,
        average_loss=loss,
        payoff=None if win is None or loss is None else win / loss,
        best=float(net.max()) if net.size else None,
        holding_days=float(held.mean()) if net.size else None,
    )


def _open(holding: _Holding, at: int, quantity: int, price: int, fee: int) -> None:
    if holding.quantity == 0:
        holding.opened_at = at
    holding.quantity += quantity
    holding.cost += _nearest(quantity * price, UNIT)
    holding.fees += fee


def _fill(holding: _Holding, at: int, quantity: int, price: int, fee: int, trips: list[_Trip]) -> None:
    """Close what a fill closes, and open what is left of it."""
    if holding.quantity * quantity < 0:
        trip, quantity, fee = _close(holding, at, quantity, price, fee)
        trips.append(trip)
    if quantity:
        _open(holding, at, quantity, price, fee)


def _close(holding: _Holding, at: int, quantity: int, price: int, fee: int) -> tuple[_Trip, int, int]:
    """Close what a fill closes; returns the trip, and the quantity and fee that are left to open the other side."""
    held, traded = abs(holding.quantity), abs(quantity)
    closing = min(held, traded)
    closed = closing if quantity > 0 else -closing
    cost, entry_fees = _nearest(holding.cost * closing, held), _nearest(holding.fees * closing, held)
    exit_fee = _nearest(fee * closing, traded)
    pnl = -_nearest(closed * price, UNIT) - cost
    trip = _Trip(holding.opened_at, at, -closed, cost, pnl, entry_fees + exit_fee)
    holding.quantity += closed
    holding.cost -= cost
    holding.fees -= entry_fees
    return trip, quantity - closed, fee - exit_fee


def _nearest(numerator: int, denominator: int) -> int:
    """The nearest whole number, ties to even: the ledger's rounding. Exact where the division is."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2))


def _table(fills: pd.DataFrame, trips: list[_Trip], factor: Mapping[str, int]) -> pd.DataFrame:
    import pandas as pd

    columns = np.array(trips, dtype=object).reshape(-1, len(_Trip._fields)).T
    entry, exit_ = (np.asarray(column, dtype=np.int64) for column in columns[:2])
    quantity, cost, pnl, fees = (np.asarray(column, dtype=np.float64) / UNIT for column in columns[2:])
    is_open = exit_ < 0
    symbol = fills["symbol"].to_numpy(dtype=object)[entry]
    unit_value = np.abs(quantity) * np.array([factor[name] for name in symbol], dtype=np.float64)
    pnl[is_open] = np.nan
    ids = fills["id"].astype("Int64")
    return pd.DataFrame(
        {
            "symbol": pd.Series(symbol, dtype="str"),
            "side": pd.Series(np.where(quantity > 0, "long", "short").astype(object), dtype="str"),
            "entry_ts": fills["ts"].take(entry).array,
            "exit_ts": fills["ts"].take(exit_).where(~is_open).array if len(fills) else fills["ts"].array,
            "quantity": np.abs(quantity),
            "entry_price": np.abs(cost) / unit_value,
            "exit_price": np.where(is_open, np.nan, fills["price"].to_numpy(dtype=np.float64)[exit_]),
            "pnl": pnl,
            "fees": fees,
            "return": (pnl - fees) / np.abs(cost),
            "entry_id": ids.take(entry).array,
            "exit_id": ids.take(exit_).where(~is_open).array if len(fills) else ids.array,
            "open": is_open,
        }
    )


def _units(column: pd.Series[Any]) -> NDArray[np.int64]:
    """A column in whole 10^-9 units: what the ledger counts in."""
    units: NDArray[np.float64] = np.rint(column.to_numpy(dtype=np.float64) * UNIT)
    if np.abs(units).max(initial=0.0) >= float(2**63):
        raise problem("DATA_OVERFLOW", f"column {column.name!r}: {column.abs().max()}")
    return units.astype(np.int64)


def _check(fills: pd.DataFrame) -> None:
    for name in COLUMNS:
        if name not in fills.columns:
            known = ", ".join(map(str, fills.columns))
            raise problem("DATA_MISSING_COLUMN", f"{name!r}; there are {known}{did_you_mean(name, fills.columns)}")
    other = (~fills["side"].isin(["buy", "sell"])).to_numpy()
    if other.any():
        row = int(other.argmax())
        raise problem("DATA_TYPE", f"side of row {row} is {fills['side'].iloc[row]!r}; 'buy' or 'sell'")
    for name, least in [("quantity", 0.0), ("price", 0.0), ("fee", -np.inf)]:
        values = fills[name].to_numpy(dtype=np.float64)
        bad = ~(np.isfinite(values) & (values > least))
        if bad.any():
            row = int(bad.argmax())
            raise problem("RUN_NUMBER", f"{name} of row {row} is {values[row]}")
