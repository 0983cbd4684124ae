"""What a record of a journal says, in one sentence for people.

Promises: every number is the record's own, in units and prices of its instrument. Never: a record that it changes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import error_table
from hedgerow.core.nouns import MONEY_UNIT, money_int, noun, text_of
from hedgerow.core.verdicts import verdict_sentence
from hedgerow.engine.lifecycle import KINDS
from hedgerow.engine.order_table import shown_and_followed
from hedgerow.engine.parent_costs import NAMES
from hedgerow.engine.result import ACCOUNTS, ACTIONS, ORDER_KINDS, SIDES
from hedgerow.execution.algorithms import LEARNT
from hedgerow.governance.jail import Isolation

if TYPE_CHECKING:
    from hedgerow.engine.why import Journal

MONEY = ("no", "simulated", "paper", "real")
NO_INSTRUMENT = 2**32 - 1
FOREVER = 2**63 - 1
SLICE_REASONS = (
    "",
    "a step of the plan is due",
    "its share of what traded",
    "the slice before is done",
    "enough is offered within the limit",
    "all steps are over and something is left",
)
BY_VOLUME, WAITS = 2, 2


def describe(journal: Journal, name: str, row: Any) -> str:
    """What a record says, in one sentence."""
    fields = row.dtype.names or ()
    instrument = int(row["instrument"]) if "instrument" in fields else NO_INSTRUMENT
    symbol = journal.symbol(instrument) if instrument in journal.instruments else ""
    sentence = _SENTENCES.get(name)
    return sentence(journal, row, instrument, symbol) if sentence else f"{name} {int(row['id'])}"


def _posting(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    amount = money_int(row["amount"]) / MONEY_UNIT
    currency = text_of(row["currency"])
    where = f" in {symbol}" if symbol else ""
    account = str(ACCOUNTS[row["account"]])
    if account == "realised":
        return f"realised {'loss' if amount > 0 else 'profit'} of {abs(amount):,.2f} {currency}{where}"
    return f"{account} {'+' if amount >= 0 else ''}{_amount(amount)} {currency}{where}"


def _fill(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    price, before = (journal.price(instrument, row[f]) for f in ("price_ticks", "reference_ticks"))
    quantity, fee = journal.quantity(instrument, row["lots"]), money_int(row["fee"]) / MONEY_UNIT
    verb = "bought" if SIDES[row["side"]] == "buy" else "sold"
    return f"{verb} {quantity:,g} {symbol} at {price:,.4f} (market {before:,.4f}), fee {_amount(fee)}"


def _amount(amount: float) -> str:
    """Money to the cent; of less than one, all digits that there are."""
    return f"{amount:,.2f}" if abs(amount) >= 1 or round(amount, 2) == amount else f"{amount:.9f}".rstrip("0")


def _execution(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    trade, report, fee, currency = (text_of(row[name]) for name in ("trade", "report", "fee", "currency"))
    names = [f"{what} {name}" for what, name in (("trade", trade), ("report", report)) if name]
    paid = f"took {fee} {currency} for it" if fee else ""
    return ", and ".join(part for part in ("the venue calls it " + ", ".join(names) if names else "", paid) if part)


def _order(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    quantity = journal.quantity(instrument, row["lots"])
    limit = f" at {journal.price(instrument, row['limit_ticks']):,.4f}" if row["limit_ticks"] else ""
    return f"{SIDES[row['side']]} {quantity:,g} {symbol}, {ORDER_KINDS[row['kind']]}{limit}"


def _quote_update(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    def side(name: str) -> str:
        lots, ticks = row[f"{name}_lots"], row[f"{name}_ticks"]
        if not lots:
            return f"no {name}"
        return f"{name} {journal.quantity(instrument, lots):,g} at {journal.price(instrument, ticks):,.4f}"

    return f"quote {symbol}: {side('bid')}, {side('ask')}"


def _terms(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    stop = f" stop {journal.price(instrument, row['stop_ticks']):,.4f}" if row["stop_ticks"] else ""
    until = f" until {_clock(row['until_ts'])}" if row["until_ts"] else ""
    beside = f" beside order {int(row['beside'])}" if row["beside"] else ""
    after = f" after the fills of order {int(row['after'])}" if row["after"] else ""
    more = shown_and_followed(row, journal.quantity(instrument, row["display_lots"]))
    return f"terms of the record behind it:{stop}{until}{beside}{after}{more} in {symbol}"


def _contingent(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    if row["ends"]:
        return f"nothing more of contingent order {int(row['about'])} follows"
    quantity = (
        f"{journal.quantity(instrument, row['lots']):,g} {symbol}" if row["lots"] else f"what it fills of {symbol}"
    )
    stop = f" stop {journal.price(instrument, row['stop_ticks']):,.4f}" if row["stop_ticks"] else ""
    limit = f" at {journal.price(instrument, row['limit_ticks']):,.4f}" if row["limit_ticks"] else ""
    beside = f", beside contingent order {int(row['beside'])}" if row["beside"] else ""
    more = shown_and_followed(row, journal.quantity(instrument, row["display_lots"]))
    return f"as order {int(row['after'])} fills, {SIDES[row['side']]} {quantity}{limit}{stop}{more}{beside}"


def _cancel(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    return f"cancel order {int(row['order_id'])}{_linked(journal, row)}"


def _replace(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    return f"change order {int(row['order_id'])} to {int(row['lots']):,} lots in all{_linked(journal, row)}"


def _linked(journal: Journal, row: Any) -> str:
    """Why, where the desk asked for it because of an order: a strategy acts on what it hears, and never on an order."""
    order, cause = int(row["order_id"]), int(row["cause"])
    kind = journal.record(cause)[0] if cause else None
    if kind is None or kind.name != "Order":
        return ""
    (beside, after), (their_beside, their_after) = _neighbours(journal, order), _neighbours(journal, cause)
    if order == their_after:
        return " because a stop that follows it is reached"
    if {order, beside, after} & {cause, their_beside, their_after} - {0}:
        return " because what it hangs together with traded"
    return " because the position that it may only reduce is smaller"


def _neighbours(journal: Journal, order: int) -> tuple[int, int]:
    """The orders that one was put beside and that it follows, 0 = none: its terms stand right before it."""
    kind, _, data = journal.record(order - 1)
    if kind is None or kind.name != "OrderTerms":
        return 0, 0
    terms = np.frombuffer(data, dtype=kind.dtype)[0]
    return int(terms["beside"]), int(terms["after"])


def _verdict(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    value, limit = money_int(row["value"]), money_int(row["limit"])
    return f"{ACTIONS[row['action']]} order {verdict_sentence(int(row['code']), value, limit, int(row['level']))}"


def _parent(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    quantity, name = journal.quantity(instrument, row["lots"]), NAMES.get(int(row["algo"]), "?")
    limit = f" at {journal.price(instrument, row['limit_ticks']):,.4f}" if row["limit_ticks"] else ""
    slices = f" in {int(row['slices'])} slices" if row["slices"] > 1 else ""
    until = "" if row["until_ts"] == FOREVER else f" until {_clock(row['until_ts'])}"
    return f"{SIDES[row['side']]} {quantity:,g} {symbol}{limit} by {name}{slices}{until}"


def _algo_settings(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    parent = np.frombuffer(journal.record(int(row["cause"]))[2], dtype=noun("ParentOrder").dtype)[0]
    bid, ask = (journal.price(int(parent["instrument"]), row[name]) for name in ("bid_ticks", "ask_ticks"))
    said = [f"{bid:,.4f} bid, {ask:,.4f} asked then"]
    if row["passive"]:
        said.append("slices wait at the own side's best price")
    if row["auction"]:
        said.append("its last step is for the closing auction")
    if row["share_bps"]:
        said.append(f"{row['share_bps'] / 100:g} % of the volume")
    if row["risk_aversion"]:
        said.append(f"risk aversion {row['risk_aversion']:g}")
    if row["size_lots"]:
        said.append(f"size {int(row['size_lots']):,} lots")
    if row["curve"]:
        said.append("volumes were learnt" if row["curve"] == LEARNT else "volumes were given")
    if row["size_bps"] or row["random_times"]:
        sizes = f"sizes by {row['size_bps'] / 100:g} %" if row["size_bps"] else ""
        random = [word for word in (sizes, "times" if row["random_times"] else "") if word]
        said.append(f"random {' and '.join(random)}, seed {int(row['seed'])}")
    return "its algorithm was told: " + ", ".join(said)


def _plan_step(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    due = _clock(row["due_ts"]) if row["due_ts"] else "when the one before is filled"
    return f"step {int(row['step'])} of the plan: {int(row['due_lots']):,} lots in all, {due}"


def _slice(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    due, filled, working, lots = (
        journal.quantity(instrument, row[f"{n}lots"]) for n in ("due_", "filled_", "working_", "")
    )
    seen = " to the closing auction" if row["auction"] else ""
    if row["reason"] == BY_VOLUME:
        seen = f"; the market traded {journal.quantity(instrument, row['volume_lots']):,g} meanwhile"
    reason = f"{SLICE_REASONS[row['reason']]}: {due:,g} due, {filled:,g} filled, {working:,g} at work"
    return f"{reason}, so send {lots:,g}{seen}"


def _parent_event(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    lots, filled = (journal.quantity(instrument, row[name]) for name in ("lots", "filled_lots"))
    words = ("", "shall end", "is changed", "has ended", "is over in time", "is left as the run ends", "goes on")
    return f"parent order {int(row['parent'])} {words[row['event']]}: {filled:,g} of {lots:,g} {symbol} filled"


def _route(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    venue, lots = text_of(row["venue"]), journal.quantity(instrument, row["lots"])
    price, chance = journal.price(instrument, row["price_ticks"]), f"{row['chance_ppm'] / 10_000:.0f} %"
    fee, cost = (int(row[name]) / MONEY_UNIT for name in ("fee_nano", "cost_nano"))
    if row["way"] == WAITS:
        offer = f"wait at {price:,.4f} behind {lots:,g}, reached {chance} of the time"
    elif row["lots"]:
        hidden = f", {row['hidden_ppm'] / 10_000:.0f} % of what is wanted beyond" if row["hidden_ppm"] else ""
        offer = f"take from {price:,.4f}, {lots:,g} shown and {chance} of it usually there{hidden}"
    else:
        offer = "nothing shown that it could take"
    goes = f"{symbol} goes to {venue}" if row["chosen"] else f"{symbol} does not go to {venue}"
    return f"{goes}: {offer}, fee {fee:,.4f}; a unit at {cost:,.4f} in the end"


def _target(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    return f"hold {journal.quantity(instrument, row['lots']):,g} {symbol}"


def _forecast(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    days = int(row["horizon_ns"]) / 86_400e9
    expected, spread = float(row["expected_return"]), float(row["uncertainty"])
    model = bytes(row["model"]).hex()[:12]
    return f"{symbol} expected {expected:+.3%}, uncertainty {spread:.3%}, over {days:g} days, by model {model}"


def _bar(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    price = journal.price(instrument, row["close_ticks"])
    return f"{symbol} closed at {price:,.4f}, bar ended {_clock(row['ts_event'], '%Y-%m-%d %H:%M')}"


def _clock(ts: Any, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return f"{datetime.fromtimestamp(int(ts) / 1e9, tz=UTC):{form}} UTC"


def _quote(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    bid, ask = (journal.price(instrument, row[name]) for name in ("bid_ticks", "ask_ticks"))
    return f"{symbol} stood at {bid:,.4f} bid, {ask:,.4f} asked"


def _trade(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    lots, price = journal.quantity(instrument, row["lots"]), journal.price(instrument, row["price_ticks"])
    return f"{lots:,g} {symbol} traded at {price:,.4f} between others"


def _lifecycle(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    kind, old, new = KINDS[row["kind"]], int(row["old_lots"]), int(row["new_lots"])
    cash = money_int(row["cash"]) / MONEY_UNIT
    if kind == "split":
        fraction = journal.price(instrument, row["fraction_ticks"])
        return f"{symbol} split: {new:,} lots for {old:,}, what is left of a lot paid at {fraction:,.4f}"
    units = journal.quantity(instrument, old)
    if new == 0:
        return f"{symbol} ended by {kind}: {cash:,.6g} for {units:,g} held"
    who = (
        "every short pays"
        if kind == "borrow"
        else "longs receive, shorts pay"
        if cash >= 0
        else "longs pay, shorts get"
    )
    return f"{symbol} {kind}: {who} {abs(cash):,.6g} for {units:,g} held"


def _mandate(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    capital = money_int(np.frombuffer(bytes(row["limits"])[:16], dtype=[("lo", "<u8"), ("hi", "<i8")])[0]) / MONEY_UNIT
    artifact = bytes(row["artifact"]).hex()[:12]
    taken_back = ", taken back" if row["revoked"] else ", paused" if row["paused"] else ""
    tier = f"mandate {row['index']}, {MONEY[row['kind']]} money, tier of rank {row['rank']}"
    tier += f", isolation {_level(row['isolation'])}"
    return f"{tier}, capital {capital:,.2f}, for artifact {artifact} only{taken_back}"


def _sequenced(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    return f"the governance log held {int(row['size']):,} entries with the root {bytes(row['root']).hex()[:12]}"


def _level(number: Any) -> str:
    return Isolation(int(number)).name.lower()


def _jail_start(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    form = ("", "WebAssembly module", "native program", "Python package")[row["form"]]
    return f"a {form} started, isolation {_level(row['isolation'])}, artifact {bytes(row['artifact']).hex()[:12]}"


def _jail_answer(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    return f"the opaque strategy answered question {int(row['sequence'])} with {int(row['intents'])} intents"


def _finding(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    found = next((r for r in error_table() if r.number == int(row["code"])), None)
    if found is None:
        return f"code {int(row['code'])}"
    said = f"{found.code} {found.says}"
    if found.name == "RUN_PARENT_MISSED":
        return f"{said}: {journal.quantity(instrument, money_int(row['value'])):,g} {symbol} left"
    if found.name != "GOV_ISOLATION":
        return said
    reached, demanded = (_level(money_int(row[name]) // MONEY_UNIT) for name in ("value", "limit"))
    return f"{said}: {reached}, demanded is {demanded}"


_SENTENCES: dict[str, Any] = {
    "Posting": _posting,
    "Fill": _fill,
    "Execution": _execution,
    "Order": _order,
    "QuoteUpdate": _quote_update,
    "OrderTerms": _terms,
    "ContingentOrder": _contingent,
    "CancelRequest": _cancel,
    "ReplaceRequest": _replace,
    "Verdict": _verdict,
    "ParentOrder": _parent,
    "AlgoSettings": _algo_settings,
    "PlanStep": _plan_step,
    "Slice": _slice,
    "ParentEvent": _parent_event,
    "Route": _route,
    "Target": _target,
    "Forecast": _forecast,
    "Bar": _bar,
    "Quote": _quote,
    "Trade": _trade,
    "LifecycleEvent": _lifecycle,
    "Mandate": _mandate,
    "Sequenced": _sequenced,
    "JailStart": _jail_start,
    "JailAnswer": _jail_answer,
    "Finding": _finding,
}
