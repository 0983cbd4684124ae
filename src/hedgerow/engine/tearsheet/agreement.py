"""A tear sheet polices itself: before a line is written, its figures must agree with the ledger to the cent.

Promises: every check that passed is shown in the report with both figures; one that fails is RUN_RECONCILE, and nothing
is written. Exact integers are compared where both sides have them. Never: a figure corrected to make it fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.exchange import money_total
from hedgerow.engine.result import ACCOUNTS
from hedgerow.engine.tearsheet.holdings import end_lots, holdings
from hedgerow.engine.tearsheet.markup import amount, counted, percent
from hedgerow.engine.tearsheet.series import monthly_returns

if TYPE_CHECKING:
    from hedgerow.engine.result import Result

HALF_CENT = 0.005
RELATIVE = 1e-9
"""Returns are compared to a billionth."""


@dataclass(frozen=True)
class Agreement:
    """Two figures that were found equal, and what they are."""

    says: str
    figure: str


def agreements(result: Result) -> list[Agreement]:
    """Check a run's figures against each other; returns what agreed.

    Raises RUN_RECONCILE with both figures at the first that do not.
    """
    return [*_books(result), *_fills(result), *_curve(result), *_signs(result)]


def account_totals(result: Result) -> dict[tuple[str, str], int]:
    """Sum of the postings of every (currency, account), exact, in 10^-9 units; debits positive."""
    rows = result.records("Posting")
    codes = np.char.decode(rows["currency"])
    return {
        (str(code), str(ACCOUNTS[account])): money_total(rows["amount"][(codes == code) & (rows["account"] == account)])
        for code in np.unique(codes)
        for account in np.unique(rows["account"][codes == code])
    }


def _books(result: Result) -> Iterator[Agreement]:
    book, currency = result.book_nano, result.info.currency
    lines = ("capital", "realised", "unrealised", "income", "exchanged", "currency_effect")
    total = sum(book[line] for line in lines) - book["fees"]
    yield _equal("capital + profit + income + currency effects - fees = net asset value", total, book["nav"], currency)
    yield _equal("net asset value of the kernel = of the books", result.nav_nano, book["nav"], currency)
    totals = account_totals(result)
    for code, balance in result.trial_balance.items():
        posted = sum(value for (own, _), value in totals.items() if own == code)
        yield _equal(f"all postings in {code} sum to zero", posted, 0, code)
        yield _equal(f"trial balance in {code} is zero", balance, 0, code)


def _fills(result: Result) -> Iterator[Agreement]:
    """Fills, round trips and positions against the postings, by currency, and against the valuation."""
    totals, trades, fills = account_totals(result), result.trades, result.fills
    currency_of = {i.symbol: i.currency for i in result.data.instruments}
    closed = trades[~trades["open"]]
    for code in sorted(set(currency_of.values())):
        booked = {account: value / MONEY_UNIT for (own, account), value in totals.items() if own == code}
        profit = math.fsum(closed["pnl"][closed["symbol"].map(currency_of) == code])
        yield _close(result, f"profit of round trips = realised in {code}", profit, -booked.get("realised", 0.0), code)
        for what, rows in (("fills", fills["fee"]), ("round trips", trades["fees"])):
            symbols = fills["symbol"] if what == "fills" else trades["symbol"]
            paid = math.fsum(rows[symbols.map(currency_of) == code])
            yield _close(result, f"fees of {what} = fees booked in {code}", paid, booked.get("fees", 0.0), code)
    yield from _valuation(result)


def _valuation(result: Result) -> Iterator[Agreement]:
    rows, held = result.records("Posting"), end_lots(result)
    posted = np.zeros(held.size, dtype=np.int64)
    moved = rows["lots"] != 0
    np.add.at(posted, rows["instrument"][moved], rows["lots"][moved])
    if not np.array_equal(held, posted):
        index = int(np.flatnonzero(held != posted)[0])
        raise _disagree(
            f"position in {result.data.symbols[index]}", f"fills {held[index]}", f"postings {posted[index]}"
        )
    yield Agreement("positions of fills = positions of postings", f"{counted(held.size, 'instrument')}, exact")
    value, currency = math.fsum(holding.value_base for holding in holdings(result)), result.info.currency
    says = "cash + positions at the last close = net asset value"
    yield _close(result, says, result.book["cash"] + value, None, currency)


def _curve(result: Result) -> Iterator[Agreement]:
    """The curve starts at the capital before the first bar, ends at the books' value, and its parts compound to it."""
    nav, info = result.equity["nav"], result.info
    yield _close(result, "the curve begins with the capital", float(nav.iloc[0]), result.book["capital"], info.currency)
    if nav.index[0].value >= int(result.data.bars.ts_init[0]):
        raise _disagree("the curve begins before the first bar closes", str(nav.index[0]), "the first bar")
    yield _close(result, "the curve ends at the books' net asset value", float(nav.iloc[-1]), None, info.currency)
    performance = result.performance
    if performance.total_return is None:
        return
    whole = result.final_nav / result.info.cash - 1
    yield _compounds(
        "total return, the first day counted = net asset value / capital - 1", performance.total_return, whole
    )
    months, years = monthly_returns(result.daily)
    for name, parts in (("monthly", months), ("yearly", years)):
        yield _compounds(f"{name} returns compound to the total", math.prod(1 + r for r in parts.values()) - 1, whole)


def _signs(result: Result) -> Iterator[Agreement]:
    """Figures that can only be true together."""
    figures = result.performance
    total, fall, worst, best = figures.total_return, figures.max_drawdown, figures.worst_period, figures.best_period
    if total is None or fall is None or worst is None or best is None:
        return
    tail = (figures.value_at_risk or 0.0, figures.expected_shortfall or 0.0)
    profit = result.final_nav - result.info.cash
    claims = {
        "total return has the sign of the profit": total * profit >= 0,
        "return per year has the sign of the total": figures.cagr is None or figures.cagr * total >= 0,
        "the deepest fall is at least the total loss": fall >= -total - RELATIVE,
        "the deepest fall is at least the worst day": fall >= -worst - RELATIVE,
        "the best day is not below the worst": best >= worst,
        "a total gain has a day that gained": total <= RELATIVE or best > 0,
        "expected shortfall is not below value at risk": tail[1] >= tail[0] - RELATIVE,
    }
    for says, holds in claims.items():
        if not holds:
            seen = f"return {total:.6%} ({figures.cagr} a year), best {best:.6%}, worst {worst:.6%}, fall {fall:.6%}"
            raise _disagree(says, seen, f"profit {profit:,.2f}, tail {tail[0]:.6%} and {tail[1]:.6%}")
    yield Agreement("no two figures contradict each other", f"{len(claims)} pairs")


def _equal(says: str, left_nano: int, right_nano: int, currency: str) -> Agreement:
    if left_nano != right_nano:
        raise _disagree(says, f"{left_nano / MONEY_UNIT:,.9f}", f"{right_nano / MONEY_UNIT:,.9f} {currency}")
    return Agreement(says, f"{amount(left_nano / MONEY_UNIT)} {currency}, exact")


def _close(result: Result, says: str, left: float, right: float | None, currency: str) -> Agreement:
    """Equal to the cent; finer for a fund whose whole capital is small in its currency."""
    other = result.final_nav if right is None else right
    capital = result.info.cash
    tolerance = max(min(HALF_CENT, RELATIVE * capital), 1e-14 * max(capital, abs(other)))
    if not abs(left - other) <= tolerance:
        raise _disagree(says, f"{left:,.6f}", f"{other:,.6f} {currency}")
    return Agreement(says, f"{amount(left)} {currency}")


def _compounds(says: str, left: float, right: float) -> Agreement:
    if not abs(left - right) <= RELATIVE * max(1.0, abs(right)):
        raise _disagree(says, f"{left:.9%}", f"{right:.9%}")
    return Agreement(says, percent(left, 4))


def _disagree(says: str, left: str, right: str) -> Exception:
    return problem("RUN_RECONCILE", f"{says}: {left} against {right}")
