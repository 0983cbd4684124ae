"""Amounts of a run in its base currency: rates as the run knew them, and what each fill was worth and cost.

Promises: a fill counts at the rate that was in force when it was booked, as in the ledger. For tables and statistics:
floats; the ledger holds the exact figures. Never: a rate that the run did not know yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.nouns import MONEY_UNIT, money_floats

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result

Floats = npt.NDArray[np.float64]
SIGN_OF_SIDE = np.array([0.0, 1.0, -1.0])
AT_THE_END = 2**63 - 1
"""A time, and a record id, behind all others."""


@dataclass(frozen=True)
class FillAmounts:
    """One value per fill, base currency.

    value: traded, positive. slippage: what spread and impact cost, the price against the one before them (negative
    where the price was better). fee: paid (negative: rebate).
    """

    value: Floats
    slippage: Floats
    fee: Floats


class Rates:
    """Exchange rates of a run into its base currency, by record and by time."""

    def __init__(self, result: Result) -> None:
        self._base = result.info.currency
        rows = result.records("FxRate")
        codes = np.char.decode(rows["base"])
        self._rows = {str(code): rows[codes == code] for code in np.unique(codes)}

    def of_records(self, currency: str, ids: npt.ArrayLike) -> Floats:
        """The rate in force when each record was made."""
        return self._before(currency, "id", ids)

    def at(self, currency: str, ts: npt.ArrayLike) -> Floats:
        """The rate known at each time, UTC nanoseconds."""
        return self._before(currency, "ts_init", ts)

    def _before(self, currency: str, column: str, points: npt.ArrayLike) -> Floats:
        wanted = np.asarray(points)
        if currency == self._base:
            return np.ones(wanted.shape)
        rows = self._rows[currency]
        place = np.searchsorted(rows[column], wanted, side="right") - 1
        return np.asarray(rows["rate_nano"][np.maximum(place, 0)] / MONEY_UNIT, dtype=np.float64)


def fill_amounts(result: Result) -> FillAmounts:
    """What every fill was worth and cost, in the order of `result.fills`."""
    fills = result.records("Fill")
    unit, rate = _units(result, fills)
    worse_ticks = (fills["price_ticks"] - fills["reference_ticks"]) * SIGN_OF_SIDE[fills["side"]]
    return FillAmounts(fills["price_ticks"] * unit, worse_ticks * unit, money_floats(fills["fee"]) * rate)


def traded_value(result: Result, fills: npt.NDArray[Any]) -> float:
    """What these fills of a run were worth together."""
    return float((fills["price_ticks"] * _units(result, fills)[0]).sum())


def _units(result: Result, fills: npt.NDArray[Any]) -> tuple[Floats, Floats]:
    """What a tick of each fill is worth, and the rate of its currency."""
    instruments, rate = result.data.instruments, np.ones(len(fills))
    foreign = {i.currency for i in instruments} - {result.info.currency}
    if foreign:
        rates = Rates(result)
        for currency in foreign:
            own = np.array([i.currency == currency for i in instruments])[fills["instrument"]]
            rate[own] = rates.of_records(currency, fills["id"][own])
    tick_values = np.array([i.tick_value / MONEY_UNIT for i in instruments])
    return fills["lots"] * tick_values[fills["instrument"]] * rate, rate


def trip_rates(result: Result, trips: pd.DataFrame) -> Floats:
    """The rate of each round trip's currency: when it was closed, or at the end of the run while it is open."""
    rates, found = Rates(result), np.ones(len(trips))
    codes = trips["symbol"].map({i.symbol: i.currency for i in result.data.instruments})
    closed = ~trips["open"].to_numpy(dtype=bool)
    for currency in sorted(set(codes) - {result.info.currency}):
        own = (codes == currency).to_numpy()
        ends = trips["exit_id"].to_numpy(dtype=np.int64, na_value=AT_THE_END)
        found[own] = np.where(closed[own], rates.of_records(currency, ends[own]), rates.at(currency, AT_THE_END))
    return found


def money_total(column: npt.NDArray[Any]) -> int:
    """Exact sum of a money column of records, in 10^-9 units."""
    low = np.ascontiguousarray(column["lo"])
    halves = (int((low >> np.uint64(32)).sum()) << 32) + int((low & np.uint64(0xFFFF_FFFF)).sum())
    return (int(column["hi"].sum(dtype=np.int64)) << 64) + halves
