"""`why`: from any record of a journal back to what caused it, and to the people who allowed it.

Promises: every line is read from the log and carries its record id; the walk follows the `cause` that the kernel wrote.
Never: guesses a link that is not in the log.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.core.nouns import MONEY_UNIT, Noun, noun, noun_of_kind, text_of
from hedgerow.engine.causes import Cause, event_of, genesis_of
from hedgerow.engine.record_words import describe
from hedgerow.governance.unsealing import identity_files, open_log


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

    @property
    def base(self) -> str:
        """The currency that the fund counts in."""
        return str(json.loads(self.record(1)[2])["base"])

    def remark_on(self, record_id: int) -> str:
        """Words about a record, which stand right behind it; empty where there are none."""
        kind, data = self.record(record_id + 1)[1:] if record_id < len(self._reader) else (0, b"")
        return data.decode() if kind == _core.KIND_REMARK else ""

    def signed_events(self) -> list[tuple[int, str, dict[str, Any]]]:
        """Signed governance events as (record id, event id, event)."""
        events = []
        for record_id, envelope in self._signed:
            payload = base64.b64decode(json.loads(envelope)["payload"])
            events.append((record_id, hashlib.sha256(payload).hexdigest(), json.loads(payload)))
        return events

    def symbol(self, instrument: int) -> str:
        """Name of an instrument."""
        return text_of(self.instruments[instrument]["symbol"])

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
            chain.append(_signed(journal, next_id) if number == _core.KIND_SIGNED else genesis_of(next_id, data))
            break
        row = np.frombuffer(data, dtype=kind.dtype)[0]
        chain.append(Cause(next_id, kind.name, _time_of(row), describe(journal, kind.name, row)))
        if kind.name == "Finding":
            if words := journal.remark_on(next_id):
                chain.append(Cause(next_id + 1, "Remark", 0, words))
        elif kind.name == "Order":
            strategy = int(row["strategy"])
            chain.extend(_terms_of(journal, row))
            chain.extend(_verdict_on(journal, next_id))
            chain.extend(_slice_of(journal, row))
            chain.extend(_routes_of(journal, row))
        elif kind.name == "ReplaceRequest":
            chain.extend(_terms_of(journal, row))
        elif kind.name == "Fill" and all(one.noun != "Execution" for one in chain):
            chain.extend(_names_of(journal, next_id))
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


def _names_of(journal: Journal, fill: int) -> list[Cause]:
    """How the venue names a fill."""
    rows = journal.of("Execution")
    rows = rows[rows["cause"] == fill]
    return [Cause(int(e["id"]), "Execution", int(e["ts"]), describe(journal, "Execution", e)) for e in rows]


def _slice_of(journal: Journal, order: Any) -> list[Cause]:
    """What an algorithm decided when it made this child: the last slice of its parent before it."""
    rows = journal.of("Slice")
    rows = rows[(rows["cause"] == order["cause"]) & (rows["id"] < order["id"])]
    return [Cause(int(s["id"]), "Slice", int(s["ts"]), describe(journal, "Slice", s)) for s in rows[-1:]]


def _routes_of(journal: Journal, order: Any) -> list[Cause]:
    """Where an order of a run over several venues went, and then which other venues were compared."""
    rows = journal.of("Route")
    rows = rows[rows["cause"] == order["id"]][::-1]
    return [Cause(int(r["id"]), "Route", int(r["ts"]), describe(journal, "Route", r)) for r in rows]


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
            chain.append(event_of(record_id, event))
    return chain


def _signed(journal: Journal, record_id: int) -> Cause:
    return next(event_of(number, event) for number, _, event in journal.signed_events() if number == record_id)
