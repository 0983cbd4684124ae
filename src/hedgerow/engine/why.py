"""`why`: from any record of a journal back to what caused it, and to the people who allowed it.

Promises: every line is read from the log and carries its record id; the walk follows the `cause` that the kernel wrote.
Never: guesses a link that is not in the log.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import error_table, named_errors, problem
from hedgerow.core.nouns import MONEY_UNIT, Noun, money_int, noun, noun_of_kind
from hedgerow.core.verdicts import verdict_sentence
from hedgerow.engine.lifecycle import KINDS
from hedgerow.engine.order_table import shown_and_followed
from hedgerow.engine.parent_costs import NAMES
from hedgerow.engine.result import ACCOUNTS, ACTIONS, ORDER_KINDS, SIDES
from hedgerow.execution.algorithms import LEARNT
from hedgerow.governance.jail import Isolation
from hedgerow.governance.unsealing import identity_files, open_log

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
BY_VOLUME = 2


@dataclass(frozen=True)
class Cause:
    """One step of the walk: a record, what it is, and what it says in a sentence."""

    id: int
    noun: str
    ts: int
    says: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"id": self.id, "noun": self.noun, "ts": self.ts, "says": self.says}


class Journal:
    """A journal opened for reading: its records by id, its instruments, mandates and signed events.

    identity: file of the age identity that opens a sealed journal, tried before those in its folder.
    """

    def __init__(self, folder: str | Path, *, identity: str | Path | None = None) -> None:
        self._reader = open_log(folder, "journal", identity_files(folder, identity))
        with named_errors():
            self.instruments = {int(r["instrument"]): r for r in self.of("Instrument")}
            self.mandates = self.of("Mandate")
            self.verdicts = self.of("Verdict")
            self._signed = list(self._reader.entries(_core.KIND_SIGNED))

    def of(self, name: str) -> Any:
        """All records of one noun, as a structured array."""
        return np.frombuffer(self._reader.records(noun(name).kind), dtype=noun(name).dtype)

    def record(self, record_id: int) -> tuple[Noun | None, int, bytes]:
        """The noun, kind and bytes of a record."""
        if not 0 < record_id <= len(self._reader):
            raise problem("LOG_UNKNOWN_ID", f"{record_id}; this log holds records 1 to {len(self._reader):,}")
        with named_errors():
            kind, _, data = self._reader.record(record_id)
        return noun_of_kind(kind), kind, data

    def remarks(self) -> list[tuple[int, str]]:
        """Words about records: the id of each record that has some, and what they say."""
        return [(number - 1, words.decode()) for number, words in self._reader.entries(_core.KIND_REMARK)]

    def remarks_on(self, record_id: int) -> list[str]:
        """Words about one record."""
        return [words for about, words in self.remarks() if about == record_id]

    def signed_events(self) -> list[tuple[int, str, dict[str, Any]]]:
        """Signed governance events as (record id, event id, event)."""
        events = []
        for record_id, envelope in self._signed:
            payload = base64.b64decode(json.loads(envelope)["payload"])
            events.append((record_id, hashlib.sha256(payload).hexdigest(), json.loads(payload)))
        return events

    def symbol(self, instrument: int) -> str:
        """Name of an instrument."""
        return bytes(self.instruments[instrument]["symbol"]).rstrip(b"\0").decode()

    def price(self, instrument: int, ticks: int) -> float:
        """Price of so many ticks."""
        return int(ticks) * int(self.instruments[instrument]["tick_nano"]) / MONEY_UNIT

    def quantity(self, instrument: int, lots: int) -> float:
        """Quantity of so many lots."""
        return int(lots) * int(self.instruments[instrument]["lot_nano"]) / MONEY_UNIT


def why(folder: str | Path, record_id: int, *, identity: str | Path | None = None) -> list[Cause]:
    """Walk from a record to its first cause, then to the mandate it stood under and the people who signed it.

    Raises LOG_UNKNOWN_ID if the log has no such record, LOG_SEAL_EPOCH if it is sealed and the identity cannot open it.
    """
    return why_in(Journal(folder, identity=identity), record_id)


def why_in(journal: Journal, record_id: int) -> list[Cause]:
    """`why`, in a journal that is already open."""
    chain: list[Cause] = []
    strategy, next_id = None, record_id
    while next_id or not chain:
        if len(chain) > 64:
            raise problem("LOG_UNKNOWN_KIND", f"record {next_id}: causes go in a circle")
        kind, number, data = journal.record(next_id)
        if kind is None:
            if number == _core.KIND_REMARK:
                chain.append(Cause(next_id, "Remark", 0, data.decode()))
                next_id -= 1
                continue
            chain.append(_signed(journal, next_id) if number == _core.KIND_SIGNED else _genesis(next_id, data))
            break
        row = np.frombuffer(data, dtype=kind.dtype)[0]
        chain.append(Cause(next_id, kind.name, _time_of(row), describe(journal, kind.name, row)))
        if kind.name == "Finding":
            chain.extend(Cause(next_id + 1, "Remark", 0, words) for words in journal.remarks_on(next_id))
        elif kind.name == "Order":
            strategy = int(row["strategy"])
            chain.extend(_terms_of(journal, row))
            chain.extend(_verdict_on(journal, next_id))
            chain.extend(_slice_of(journal, row))
        elif kind.name == "ReplaceRequest":
            chain.extend(_terms_of(journal, row))
        elif kind.name == "QuoteUpdate":
            chain.extend(_verdict_on(journal, next_id))
        elif kind.name == "ParentOrder":
            chain.extend(_told_of(journal, row))
        next_id = int(row["cause"]) if "cause" in (row.dtype.names or ()) else 0
    decided = (c.id for name in ("QuoteUpdate", "Order") for c in chain if c.noun == name)
    order_id = next(decided, record_id)
    return chain if strategy is None else chain + _authority(journal, strategy, order_id)


def _time_of(row: Any) -> int:
    return int(row["ts_event"] if "ts_event" in (row.dtype.names or ()) else row["ts"])


def _verdict_on(journal: Journal, order_id: int) -> list[Cause]:
    rows = journal.verdicts[journal.verdicts["cause"] == order_id]
    return [Cause(int(v["id"]), "Verdict", int(v["ts"]), describe(journal, "Verdict", v)) for v in rows[:1]]


def _terms_of(journal: Journal, order: Any) -> list[Cause]:
    """What an order or a change says beside size and limit: the record right before it, if it is one of terms."""
    rows = journal.of("OrderTerms")
    rows = rows[rows["id"] + 1 == order["id"]]
    return [Cause(int(t["id"]), "OrderTerms", int(t["ts"]), describe(journal, "OrderTerms", t)) for t in rows]


def _slice_of(journal: Journal, order: Any) -> list[Cause]:
    """What an algorithm decided when it made this child: the last slice of its parent before it."""
    rows = journal.of("Slice")
    rows = rows[(rows["cause"] == order["cause"]) & (rows["id"] < order["id"])]
    return [Cause(int(s["id"]), "Slice", int(s["ts"]), describe(journal, "Slice", s)) for s in rows[-1:]]


def _told_of(journal: Journal, parent: Any) -> list[Cause]:
    """What a parent order's algorithm was told."""
    rows = journal.of("AlgoSettings")
    rows = rows[rows["cause"] == parent["id"]]
    return [Cause(int(s["id"]), "AlgoSettings", int(s["ts"]), describe(journal, "AlgoSettings", s)) for s in rows[:1]]


def _authority(journal: Journal, strategy: int, order_id: int) -> list[Cause]:
    """The mandate that the order's verdict cites, else the last one before it; its proposal and its approvals."""
    granted = journal.mandates[(journal.mandates["strategy"] == strategy) & (journal.mandates["id"] < order_id)]
    cited = journal.verdicts[journal.verdicts["cause"] == order_id]["mandate"]
    if len(cited) and int(cited[-1]):
        granted = granted[granted["index"] == cited[-1]]
    if not len(granted):
        return []
    mandate = granted[-1]
    proposal = bytes(mandate["proposal"]).hex()
    chain = [Cause(int(mandate["id"]), "Mandate", int(mandate["ts"]), describe(journal, "Mandate", mandate))]
    for record_id, event_id, event in journal.signed_events():
        votes = event["type"] == "approval" and event["body"]["proposal"] == proposal
        if votes or event_id == proposal:
            chain.append(_event(record_id, event))
    return chain


def _signed(journal: Journal, record_id: int) -> Cause:
    return next(_event(number, event) for number, _, event in journal.signed_events() if number == record_id)


def _genesis(record_id: int, data: bytes) -> Cause:
    fund = json.loads(data)
    return Cause(record_id, "Genesis", 0, f"the fund {fund['fund']} begins, counting in {fund['base']}")


def _event(record_id: int, event: dict[str, Any]) -> Cause:
    """A signed event: who signed what."""
    body, kind = event["body"], event["type"]
    sentences = {
        "approval": lambda: f"signed {body['decision']} as {body['role']}",
        "proposal": lambda: f"proposed {body['strategy']}: {body['manifest']['title']}",
        "roster": lambda: f"signed version {body['version']} of the roster",
        "policy": lambda: f"signed version {body['version']} of the policy",
        "evidence": lambda: f"found evidence {body['pack'][:12]} of artifact {body['artifact'][:12]}",
        "pause": lambda: f"paused {body['strategy']}: {body['reason']}",
        "demote": lambda: f"demoted {body['strategy']} to {body['tier']}: {body['reason']}",
        "retire": lambda: f"retired {body['strategy']}: {body['reason']}",
        "revocation": lambda: f"took back {body.get('strategy') or body.get('proposal') or body.get('key')}",
        "epoch": lambda: f"began epoch {body['compartment']} {body['number']}",
    }
    return Cause(
        record_id, kind.capitalize(), int(event["hlc"][0]) * 1_000_000, f"{event['actor']} {sentences[kind]()}"
    )


def describe(journal: Journal, name: str, row: Any) -> str:
    """What a record says, in one sentence."""
    fields = row.dtype.names or ()
    instrument = int(row["instrument"]) if "instrument" in fields else NO_INSTRUMENT
    symbol = journal.symbol(instrument) if instrument in journal.instruments else ""
    sentence = _SENTENCES.get(name)
    return sentence(journal, row, instrument, symbol) if sentence else f"{name} {int(row['id'])}"


def _posting(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    amount = money_int(row["amount"]) / MONEY_UNIT
    currency = bytes(row["currency"]).rstrip(b"\0").decode()
    where = f" in {symbol}" if symbol else ""
    account = str(ACCOUNTS[row["account"]])
    if account == "realised":
        return f"realised {'loss' if amount > 0 else 'profit'} of {abs(amount):,.2f} {currency}{where}"
    return f"{account} {amount:+,.2f} {currency}{where}"


def _fill(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    price, before = (journal.price(instrument, row[f]) for f in ("price_ticks", "reference_ticks"))
    quantity, fee = journal.quantity(instrument, row["lots"]), money_int(row["fee"]) / MONEY_UNIT
    verb = "bought" if SIDES[row["side"]] == "buy" else "sold"
    return f"{verb} {quantity:,g} {symbol} at {price:,.4f} (market {before:,.4f}), fee {fee:,.2f}"


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
    seen = ""
    if row["reason"] == BY_VOLUME:
        seen = f"; the market traded {journal.quantity(instrument, row['volume_lots']):,g} meanwhile"
    reason = SLICE_REASONS[row["reason"]]
    return f"{reason}: {due:,g} due, {filled:,g} filled, {working:,g} at work, so send {lots:,g}{seen}"


def _parent_event(journal: Journal, row: Any, instrument: int, symbol: str) -> str:
    lots, filled = (journal.quantity(instrument, row[name]) for name in ("lots", "filled_lots"))
    words = ("", "shall end", "is changed", "has ended", "is over in time", "is left as the run ends", "goes on")
    return f"parent order {int(row['parent'])} {words[row['event']]}: {filled:,g} of {lots:,g} {symbol} filled"


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
