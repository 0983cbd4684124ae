"""What a run traded, in tables: months, what each instrument made and cost, round trips, orders, denials, positions.

Promises: every row that stands for a record carries its id, and where there is a journal the command that walks back
from it. Never: a long list cut without saying so.
"""

from __future__ import annotations

import calendar
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.spans import DAY_NS
from hedgerow.engine.exchange import Rates, fill_amounts, trip_rates
from hedgerow.engine.tearsheet.holdings import holdings
from hedgerow.engine.tearsheet.markup import (
    DASH,
    Markup,
    amount,
    coloured,
    counted,
    joined,
    number,
    percent,
    price,
    quantity,
    table,
    tag,
)
from hedgerow.engine.tearsheet.orders import why_command
from hedgerow.engine.tearsheet.series import effective_ts, monthly_returns, session_days

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result

ROWS_MAX = 40
TRADES_SHOWN = 10


def months_heat(result: Result) -> Markup:
    """Returns of every month, and of the years they compound to."""
    months, years = monthly_returns(result.daily)
    if not months:
        return tag("p", "There is no period to measure.")
    strongest = max(0.02, float(np.quantile(np.abs(list(months.values())), 0.95)))
    rows = [
        [
            str(year),
            *(_heat(months.get((year, month)), strongest) for month in range(12)),
            coloured(percent(total), total),
        ]
        for year, total in sorted(years.items())
    ]
    heads = ["", *calendar.month_abbr[1:], "Year"]
    return table(
        "Return of each calendar month in percent, net of costs; months compound to the years",
        heads,
        rows,
        class_="heat",
    )


def _heat(value: float | None, strongest: float) -> Markup:
    if value is None:
        return tag("td", "")
    strength = min(1.0, abs(value) / strongest) * 0.62
    side = "up" if value > 0 else "down" if value < 0 else None
    return tag("td", percent(value).removesuffix("\N{NO-BREAK SPACE}%"), class_=side, style=f"--heat:{strength:.2f}")


def instruments_table(result: Result) -> Markup:
    """What every instrument made and cost, in its own currency; the most traded first."""
    rows = _instrument_rows(result)
    if not rows:
        return tag("p", "Nothing was traded.")
    rows.sort(key=lambda row: -row["value"])
    shown, rest = rows[:ROWS_MAX], rows[ROWS_MAX:]
    currencies = sorted({row["currency"] for row in rows})
    one = len(currencies) == 1
    body = [_instrument_cells(row, row["symbol"] if one else f"{row['symbol']}, {row['currency']}") for row in shown]
    if one:
        body += [_instrument_cells(_summed(rest), f"{len(rest)} others")] if rest else []
        body.append(_instrument_cells(_summed(rows), "All"))
    heads = ["", "Fills", "Traded", "Fees", "Spread, impact", "Costs, bp", "Realised", "Unrealised", "Net profit"]
    caption = f"In {' and '.join(currencies)}, most traded first; net profit is realised and unrealised, less fees"
    return table(caption if one or not rest else f"{caption}; {len(rest)} smaller ones are not listed", heads, body)


def sides_table(result: Result) -> Markup:
    """What was made long and what short, in base currency; with what no trade made it sums to the profit."""
    told = result.attribution("side")
    rows = [
        [
            side,
            *(coloured(amount(row[name]), row[name]) for name in ("realised", "unrealised", "income")),
            amount(row["fees"]),
            coloured(amount(row["profit"]), row["profit"]),
            percent(row["contribution"], signed=True),
        ]
        for side, row in told.to_dict("index").items()
        if side != "other" or row["profit"]
    ]
    heads = ["", "Realised", "Unrealised", "Income", "Fees", "Net profit", "Of the capital"]
    return table(f"Long and short, in {result.info.currency}", heads, rows)


def _instrument_rows(result: Result) -> list[dict[str, Any]]:
    fills, trades = result.fills, result.trades
    if not len(fills):
        return []
    base, rates = fill_amounts(result), Rates(result)
    own = np.ones(len(fills))
    currency_of = {i.symbol: i.currency for i in result.data.instruments}
    for currency in set(currency_of.values()) - {result.info.currency}:
        mine = (fills["symbol"].map(currency_of) == currency).to_numpy()
        own[mine] = rates.of_records(currency, fills["id"].to_numpy()[mine])
    table_ = fills[["symbol", "fee"]].assign(value=base.value / own, slippage=base.slippage / own, count=1)
    sums = table_.groupby("symbol", sort=False)[["count", "value", "fee", "slippage"]].sum()
    realised = trades[~trades["open"]].groupby("symbol")["pnl"].sum()
    unrealised = {holding.symbol: holding.profit for holding in holdings(result)}
    return [
        {
            "symbol": symbol,
            "currency": currency_of[symbol],
            **{name: float(sums[name][symbol]) for name in sums.columns},
            "realised": float(realised.get(symbol, 0.0)),
            "unrealised": unrealised.get(symbol, 0.0),
        }
        for symbol in sums.index
    ]


def _summed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("count", "value", "fee", "slippage", "realised", "unrealised")
    return {name: math.fsum(row[name] for row in rows) for name in names}


def _instrument_cells(row: dict[str, Any], name: str) -> list[object]:
    cost = row["fee"] + row["slippage"]
    profit = row["realised"] + row["unrealised"] - row["fee"]
    bps = f"{1e4 * cost / row['value']:,.1f}" if row["value"] else DASH
    money = [coloured(amount(value), value) for value in (row["realised"], row["unrealised"], profit)]
    traded = [f"{row['count']:,.0f}", amount(row["value"]), amount(row["fee"]), amount(row["slippage"]), bps]
    return [name, *traded, *money]


def trades_tables(result: Result) -> Markup:
    """The round trips that lost and won most, with their records."""
    trades = result.trades
    closed = trades[~trades["open"]]
    if not len(closed):
        return tag("p", "No round trip was closed.")
    net = (closed["pnl"] - closed["fees"]).rename("net")
    ranked = closed.assign(net=net, base=net * trip_rates(result, closed)).sort_values("base", kind="stable")
    losing, winning = ranked[ranked["net"] < 0], ranked[ranked["net"] > 0].iloc[::-1]
    share = percent(len(winning) / len(closed), 1)
    trips = counted(len(closed), "round trip")
    told = result.trade_statistics
    says = (
        f"Closed: {trips}; {len(winning):,} ({share}) gained after fees, {len(losing):,} lost. Gains over losses "
        f"{number(told.profit_factor)}, {amount(told.expectancy)} {result.info.currency} a trip, held "
        f"{number(told.holding_days, 1)} days on average."
    )
    parts = [tag("p", says)]
    for name, rows in (("lost", losing), ("gained", winning)):
        if len(rows):
            parts.append(_trades_table(result, rows.iloc[:TRADES_SHOWN], f"Round trips that {name} most"))
    if result.info.log is None:
        parts.append(
            tag("p", "Run with log=FOLDER to walk from any record id to its causes with hedgerow why.", class_="aside")
        )
    return joined(parts)


def _trades_table(result: Result, rows: pd.DataFrame, caption: str) -> Markup:
    body = []
    for row in rows.to_dict("records"):
        entry, leave = int(row["entry_id"]), int(row["exit_id"])
        cells = [row["symbol"], row["side"], quantity(row["quantity"])]
        cells += [fill_moment(result, entry), price(row["entry_price"]), fill_moment(result, leave)]
        cells += [price(row["exit_price"]), percent(row["return"]), coloured(amount(row["net"]), row["net"]), entry]
        body.append([*cells, leave if result.info.log is None else why_command(result, leave)])
    opened, closed = ("Opened", "at"), ("Closed", "at")
    heads = ["", "Side", "Quantity", *opened, *closed, "Return", "Net profit", "Entry fill", "Exit fill"]
    return table(caption, heads, body, words=[1] if result.info.log is None else [1, 10])


def fill_moment(result: Result, fill_id: int) -> str:
    """The session in which a fill happened, or the minute where bars are shorter than a day."""
    fills, bars = result.records("Fill"), result.data.bars
    place = int(np.searchsorted(fills["id"], fill_id))
    rows = np.flatnonzero(bars.instrument == fills["instrument"][place])
    row = rows[min(int(np.searchsorted(bars.ts_event[rows], effective_ts(result)[place])), rows.size - 1)]
    if bars.span_ns[row] < DAY_NS:
        return str(np.datetime64(int(fills["ts_event"][place]), "ns").astype("datetime64[m]")).replace("T", " ")
    return str(session_days(bars.ts_event[[row]])[0].astype("datetime64[D]"))
