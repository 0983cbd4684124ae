"""The auditor's part of a tear sheet: where the value comes from, the accounts, what was checked, and how to prove it.

Promises: every balance is exact and shown to the cent; the commands that verify the journal stand beside its hashes; no
clock, so that equal runs give equal pages. Never: a claim about a journal that was not kept.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from hedgerow import _core
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.result import ACCOUNTS
from hedgerow.engine.tearsheet.agreement import Agreement, account_totals
from hedgerow.engine.tearsheet.markup import Markup, amount, coloured, counted, joined, table, tag

if TYPE_CHECKING:
    from hedgerow.engine.result import Result

BRIDGE = (
    ("Capital paid in", "capital", 1),
    ("Profit realised", "realised", 1),
    ("Profit not realised", "unrealised", 1),
    ("Dividends, interest, borrow, funding", "income", 1),
    ("Currency conversions", "exchanged", 1),
    ("Moves of exchange rates", "currency_effect", 1),
    ("Fees", "fees", -1),
)
ALWAYS = {"capital", "realised", "unrealised", "fees"}


def costs_in_words(costs: dict[str, Any]) -> str:
    """A cost model as a person would say it.

    >>> costs_in_words({"half_spread_bps": 2.0, "impact": 1.0, "fee_bps": 1.0, "fee_per_share": 0.0, "fee_min": 0.0,
    ...                 "volume_cap": 0.1, "fill": "next_open", "assume_volume": False})
    "half-spread 2 bp, impact 1.0, fee 1 bp, at most 10 % of volume; orders fill at the next bar's open"
    """
    spread, fee = costs["half_spread_bps"], costs["fee_bps"]
    parts = [f"half-spread {spread:g} bp" if spread else "no spread"]
    parts.append(f"impact {costs['impact']:.1f}" if costs["impact"] else "no market impact")
    if costs.get("fees"):
        parts.append("fees by tier")
    else:
        parts.append(f"fee {fee:g} bp" if fee else "no proportional fee")
    if costs["fee_per_share"] and not costs.get("fees"):
        parts.append(f"{costs['fee_per_share']:g} a unit")
    if costs["fee_min"]:
        parts.append(f"at least {costs['fee_min']:g} an order")
    cap = costs["volume_cap"]
    parts.append(f"at most {100 * cap:g} % of volume" if cap else "no cap on volume")
    if cap and costs["assume_volume"]:
        parts.append("unknown volume taken as the average day's")
    where = "open" if costs["fill"] == "next_open" else "volume-weighted average price"
    return f"{', '.join(parts)}; orders fill at the next bar's {where}"


def bridge_table(result: Result) -> Markup:
    """From capital to net asset value, line by line, as the ledger has it."""
    book = result.book
    lines = [(label, sign * book[name]) for label, name, sign in BRIDGE if name in ALWAYS or book[name]]
    rows: list[list[object]] = [[label, coloured(amount(value), value)] for label, value in lines]
    rows.append([tag("b", "Net asset value"), tag("td", tag("b", amount(book["nav"])))])
    return table(f"Where the value comes from, {result.info.currency}", ["", "Amount"], rows)


def accounts_table(result: Result) -> Markup:
    """Balance of every account by currency; each column sums to zero."""
    totals = account_totals(result)
    currencies = sorted({currency for currency, _ in totals})
    rows: list[list[object]] = []
    for account in ACCOUNTS[1:].tolist():
        values = [totals.get((currency, account), 0) / MONEY_UNIT for currency in currencies]
        if any((currency, account) in totals for currency in currencies):
            rows.append([account.capitalize(), *(tag("td", amount(value)) for value in values)])
    sums = (sum(value for (own, _), value in totals.items() if own == currency) for currency in currencies)
    rows.append([tag("b", "Trial balance"), *(tag("td", tag("b", amount(value / MONEY_UNIT))) for value in sums)])
    count = len(result.records("Posting"))
    return table(
        f"Accounts after {counted(count, 'posting')}; debits positive, credits negative", ["", *currencies], rows
    )


def checks_table(found: list[Agreement]) -> Markup:
    """What was found to agree before this page was written."""
    rows = [[check.says[:1].upper() + check.says[1:], check.figure] for check in found]
    return table(
        f"{counted(len(found), 'check')} passed before this page was written", ["", "Both sides"], rows, words=[1]
    )


def provenance(result: Result) -> Markup:
    """Everything needed to run it again, and to prove that it ran like this."""
    info = result.info
    lines: list[tuple[str, object]] = [
        ("Strategy", info.strategy),
        ("Settings", tag("code", json.dumps(info.config, sort_keys=True, default=str)) if info.config else "none"),
        ("Artifact (SHA-256)", tag("code", info.artifact)),
        ("Data", f"{counted(len(result.data), 'bar')} of {_listed(info.symbols)}"),
        ("Data digest (SHA-256)", tag("code", info.data_digest or result.data.bars.digest())),
        ("Costs", costs_in_words(info.costs)),
        *([("Simulation", tag("code", json.dumps(info.simulation)))] if info.simulation else []),
        ("Seed", f"{info.seed}"),
        ("Trials", f"{info.trials:,}"),
        ("Records", f"{result.sealed['records']:,}"),
        ("State hash (SHA-256)", tag("code", result.state_hash)),
        ("Hedgerow", _core.__version__),
    ]
    if info.log is None:
        lines.append(("Journal", "none was kept; run with log=FOLDER for a signed one that anybody can verify"))
    else:
        folder = shlex.quote(info.log)
        lines += [
            ("Journal", tag("code", info.log)),
            ("Merkle root", tag("code", result.sealed["root"].hex())),
            ("Verify it", tag("code", f"hedgerow audit verify {folder}")),
            ("Ask it why", tag("code", f"hedgerow why RECORD --log {folder}")),
        ]
    return tag("dl", joined(joined([tag("dt", name), tag("dd", value)]) for name, value in lines))


def _listed(symbols: tuple[str, ...], most: int = 30) -> str:
    names = ", ".join(symbols[:most])
    return f"{len(symbols):,} instruments: {names}, ..." if len(symbols) > most else names
