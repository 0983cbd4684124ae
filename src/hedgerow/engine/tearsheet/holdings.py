"""What is held at the end of a run, valued at the last close.

Promises: quantities are the sum of fills, splits and ends, in whole lots; each instrument is valued as the ledger
values it. Never: a price that is not the instrument's last close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.exchange import AT_THE_END, SIGN_OF_SIDE, Rates
from hedgerow.engine.held import held_events
from hedgerow.engine.tearsheet.markup import DASH, Markup, amount, coloured, percent, price, quantity, table, tag
from hedgerow.engine.tearsheet.series import Ints

if TYPE_CHECKING:
    from hedgerow.engine.result import Result

ROWS_MAX = 40


@dataclass(frozen=True)
class Holding:
    """An open position: units signed, prices per unit, value and profit not taken in the instrument's currency."""

    symbol: str
    currency: str
    units: float
    average_cost: float
    close: float
    value: float
    profit: float
    value_base: float


def end_lots(result: Result) -> Ints:
    """Position in each instrument at the end, signed lots: the sum of its fills, and of what happened to it."""
    rows, events = result.records("Fill"), held_events(result)
    held = np.zeros(len(result.data.instruments), dtype=np.int64)
    np.add.at(held, rows["instrument"], rows["lots"] * SIGN_OF_SIDE[rows["side"]].astype(np.int64))
    np.add.at(held, events["instrument"], events["lots"])
    return held


def last_closes(result: Result) -> Ints:
    """Last close of each instrument, ticks; 0 where it has no bar."""
    bars = result.data.bars
    closes = np.zeros(len(result.data.instruments), dtype=np.int64)
    closes[bars.instrument] = bars.close_ticks
    return closes


def holdings(result: Result) -> list[Holding]:
    """Every position open at the end, in the order of the instruments."""
    lots, closes, rates = end_lots(result), last_closes(result), Rates(result)
    costs = result.trades[result.trades["open"]].set_index("symbol")["entry_price"]
    found = []
    for index in np.flatnonzero(lots).tolist():
        instrument = result.data.instruments[index]
        units = float(lots[index]) * instrument.lot_nano / MONEY_UNIT
        value = float(lots[index]) * float(closes[index]) * instrument.tick_value / MONEY_UNIT
        cost = float(costs[instrument.symbol])
        found.append(
            Holding(
                symbol=instrument.symbol,
                currency=instrument.currency,
                units=units,
                average_cost=cost,
                close=float(closes[index]) * instrument.tick_nano / MONEY_UNIT,
                value=value,
                profit=value - units * cost * instrument.multiplier,
                value_base=value * float(rates.at(instrument.currency, AT_THE_END)),
            )
        )
    return found


def positions_table(result: Result) -> Markup:
    """Positions at the end, the largest first."""
    found = sorted(holdings(result), key=lambda holding: -abs(holding.value_base))
    if not found:
        return tag("p", "No position is open at the end.")
    one, nav = len({holding.currency for holding in found}) == 1, result.final_nav
    rows = [
        [
            holding.symbol,
            quantity(holding.units),
            price(holding.average_cost),
            price(holding.close),
            amount(holding.value) if one else f"{amount(holding.value)} {holding.currency}",
            percent(holding.value_base / nav) if nav > 0 else DASH,
            coloured(amount(holding.profit), holding.profit),
        ]
        for holding in found[:ROWS_MAX]
    ]
    caption = f"Cash is {amount(result.book['cash'])} {result.info.currency}"
    caption += f"; values in {found[0].currency}" if one else "; each value in its own currency"
    if len(found) > ROWS_MAX:
        caption += f"; the {ROWS_MAX} largest of {len(found)} positions"
    heads = ["", "Quantity", "Average cost", "Last close", "Value", "Share of fund", "Unrealised"]
    return table(caption, heads, rows)
