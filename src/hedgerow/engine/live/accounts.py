"""Accounts to compare: of a run's journal, of an exchange's record, and of a statement or drop copy in a table.

Promises: the journal is read as anybody could read it, without the process that writes it. Never: writes anything.
"""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import text_of
from hedgerow.engine.live.beside import run_prefix
from hedgerow.engine.live.routes import venues_of
from hedgerow.engine.why import Journal
from hedgerow.execution.reconciliation import ENDED, WORKING, Account, Execution
from hedgerow.execution.venues import VenueSettings, read_log

_TERMINAL = ("Filled", "Cancelled", "Rejected", "Denied", "Expired")
_MOVES = ("accepted", "traded", "cancelled", "replaced", "expired", "triggered", "busted")
"""What happens to an order that was one."""
COLUMNS = ("order", "symbol", "side", "quantity", "total", "price")
MORE = ("trade", "fee", "fee_currency")
"""Columns of a statement that there may be."""


def of_journal(folder: Path, venue: str | None = None) -> Account:
    """What a run's journal knows, under the names that its venue knows, of several only of one; `LOG` errors where it
    cannot be read."""
    journal = Journal(folder)
    prefix = run_prefix(folder)
    names = _core.order_state_names()
    homes = None if venue is None else venues_of(journal.of("Route"))

    def is_there(order: int) -> bool:
        return homes is None or homes.get(order) == venue

    moves = (row for row in journal.of("OrderEvent") if is_there(int(row["order_id"])))
    state = {int(row["order_id"]): names[int(row["to"]) - 1] for row in moves}
    orders = {
        f"{prefix}-{number}": ENDED if s in _TERMINAL else WORKING for number, s in state.items() if s != "Denied"
    }
    executions, totals, positions = [], dict[str, Decimal](), dict[str, Decimal]()
    named = {int(row["cause"]): row for row in journal.of("Execution")}
    for fill in (row for row in journal.of("Fill") if is_there(int(row["cause"]))):
        about = journal.instruments[int(fill["instrument"])]
        order = f"{prefix}-{int(fill['cause'])}"
        size = int(fill["lots"]) * Decimal(int(about["lot_nano"])).scaleb(-9)
        price = int(fill["price_ticks"]) * Decimal(int(about["tick_nano"])).scaleb(-9)
        totals[order] = totals.get(order, Decimal(0)) + size
        executions.append(_execution(order, totals[order], size, price, *_said(named.get(int(fill["id"])))))
        symbol = journal.symbol(int(fill["instrument"]))
        positions[symbol] = positions.get(symbol, Decimal(0)) + (size if fill["side"] == 1 else -size)
    return Account("journal", orders, tuple(executions), _held(positions))


def of_exchange(settings: VenueSettings, participant: str) -> Account:
    """What a simulated exchange's log says of a participant; RUN_CONFIG where it has none of that name."""
    names = [member.name for member in settings.participants]
    if participant not in names:
        raise problem("RUN_CONFIG", f"{participant!r} is none of {', '.join(names)}{did_you_mean(participant, names)}")
    number, first = names.index(participant), dict[int, str]()
    orders, executions, positions = dict[str, str](), dict[tuple[int, int], Execution](), dict[str, Decimal]()
    for line in read_log(settings.folder / "venue.jsonl"):
        event = line.get("event", {})
        if event.get("event") != "order" or event["participant"] != number or event["what"] not in _MOVES:
            continue
        listing = settings.listings[event["instrument"]]
        order = first.setdefault(event["order_id"], event["client_id"])  # the name that it came with
        orders[order] = WORKING if event["leaves_lots"] else ENDED
        if not event["trade"]:
            continue
        size, trade = listing.quantity(event["last_lots"]), (event["trade"], event["order_id"])
        if event["what"] == "traded":
            total = listing.quantity(event["cum_lots"])
            price = listing.price(event["last_ticks"])
            executions[trade] = _execution(order, total, size, price, str(event["exec"]))
        else:  # busted: it shall not have been
            executions.pop(trade, None)
            size = -size
        moved = size if event["side"] == "Buy" else -size
        positions[listing.symbol] = positions.get(listing.symbol, Decimal(0)) + moved
    return Account("venue", orders, tuple(executions.values()), _held(positions))


def of_statement(path: Path) -> Account:
    """What a statement or drop copy says: a CSV file with the columns order, symbol, side, quantity, total, price.

    With trade, the venue's number of it, and fee, in fee_currency, where it has those columns.
    DATA_MISSING_COLUMN, or DATA_TYPE with the row that cannot be meant.
    """
    executions, positions = list[Execution](), dict[str, Decimal]()
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        absent = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if absent:
            raise problem("DATA_MISSING_COLUMN", f"{path}: {', '.join(absent)}")
        for number, row in enumerate(table, start=2):
            try:
                size, total, price = (Decimal(row[name]) for name in ("quantity", "total", "price"))
                trade, fee, currency = (row.get(name) or "" for name in MORE)
                paid = Decimal(fee) if fee else None
            except (InvalidOperation, TypeError):
                raise problem("DATA_TYPE", f"{path}, line {number}: {row}") from None
            if row["side"] not in ("buy", "sell") or not size > 0:
                raise problem("DATA_TYPE", f"{path}, line {number}: side {row['side']!r}, quantity {size}")
            executions.append(_execution(row["order"], total, size, price, trade, paid, currency))
            moved = size if row["side"] == "buy" else -size
            positions[row["symbol"]] = positions.get(row["symbol"], Decimal(0)) + moved
    return Account(path.name, {}, tuple(executions), _held(positions))


def _execution(
    order: str,
    total: Decimal,
    size: Decimal,
    price: Decimal,
    trade: str = "",
    fee: Decimal | None = None,
    currency: str = "",
) -> Execution:
    paid = None if fee is None else fee.normalize()
    return Execution(order, total.normalize(), size.normalize(), price.normalize(), trade, paid, currency)


def _said(row: Any) -> tuple[str, Decimal | None, str]:
    """What the venue said of a fill: its number of the trade, or its report's name; the fee, and its currency."""
    if row is None:
        return "", None, ""
    trade, report, fee, currency = (text_of(row[name]) for name in ("trade", "report", "fee", "currency"))
    return trade or report, Decimal(fee) if fee else None, currency


def _held(positions: dict[str, Decimal]) -> dict[str, Decimal]:
    return {symbol: size for symbol, size in positions.items() if size}
