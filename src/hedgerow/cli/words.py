"""The glossary: every noun as the core describes it, and the few terms that are no records.

Promises: a noun's meaning and layout are read from the core, never written here; `docs/glossary.md` is printed from
these entries. Never: a second word for the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hedgerow import _core
from hedgerow.cli.output import table
from hedgerow.core.errors import did_you_mean, problem

TERMS: dict[str, str] = {
    "algorithm": "how a parent order is worked: by a schedule or by the market, with its settings and seed in the log",
    "artifact": "the exact files of a strategy or model; a mandate is bound to the hash of exactly one artifact",
    "bracket": "an entry with a stop loss and a take profit that follow its fills and stand beside each other",
    "catalog": "the folder of Parquet files that holds the fund's market data, with `ts_event` and `ts_init` per row",
    "cause": "the id of the record that made a record happen; following causes leads from any cent to a person",
    "checkpoint": "the log's size and Merkle root, signed by the log's key as a C2SP signed note",
    "cool-down": "the time between the last signature and the moment a mandate begins",
    "cross": "an auction's execution: all of it at one price, told as one trade",
    "dead-man timer": "what stops a run whose venue or operator has not been heard from for too long",
    "denied": "refused by us, at the pre-trade gate; compare rejected",
    "embargo": "the days after a test period that training leaves out, so that slow effects do not leak",
    "evidence pack": "what the platform found when it ran a strategy on its own data: canonical JSON named by its hash",
    "expiry": "when a contract ends and is settled",
    "gate": "the pre-trade checks; the only maker of `Approved<Order>`, which is all that a venue accepts",
    "governance log": "the append-only Merkle log of what people signed; its order is the order of effect",
    "hidden": "not shown in the book; trades with the hidden are told, and prove only that better prices came first",
    "iceberg": "an order of which the book shows a slice at a time; the next one stands behind everyone at its price",
    "imbalance": "what an auction would leave over if it were held now; beside it stands what would match (paired)",
    "initial margin": "the share of a position's worth that an account must have before an order may make it",
    "journal": "the append-only, Merkle-committed file of every record that touched money or authority",
    "kernel": "the deterministic state machine `step(state, input) -> effects`, without clock, randomness or I/O",
    "key": "a person's Ed25519 key for signing; its id is the SHA-256 of the public key",
    "liquidation": "orders that close positions because their margin fell short; they pass the gate and name the call",
    "lot": "the smallest quantity of an instrument; quantities are whole lots",
    "maintenance margin": "the share of a position's worth below which a margin call is made",
    "margin call": "the record that an account's worth no longer carries its positions",
    "markout": "what a fill was worth at the mid some time later; negative for a maker who is run over",
    "MOC, LOC": "orders for the closing auction alone, without a limit and with one; for the opening MOO and LOO",
    "multiplier": "units of the underlying that one lot stands for",
    "OCO": "one cancels the other: orders beside each other, of which what one trades the others trade no more",
    "OTO": "one triggers the other: an order that is sent, in proportion, as another one fills",
    "overfitting": "choosing the variant that fits its sample's noise; counted over all halvings of the sample",
    "parent order": "an order as a whole; its children are the orders that an algorithm sends for it",
    "pegged order": "an order whose price follows the book: the best of its side, of the other, or half-way",
    "pending": "signed but not yet in the governance log: it counts for nothing",
    "phase": "what an instrument does at its venue: closed, a call before an auction, continuous trading, halted",
    "policy": "the signed rules of a fund: tiers of capital, who signs, who pauses, who changes the policy",
    "pro rata": "matching by size and not by time: what trades at a price is shared out in whole lots",
    "purge": "leaving out training rows whose labels reach into the test period",
    "quorum": "the approvals, by distinct people in the required roles, that turn a proposal into a mandate",
    "quote update": "a maker's bid and ask changed as one: one verdict on both sides, and both change or neither does",
    "reduce-only": "of an order: it may make a position smaller and never turn it",
    "rejected": "refused by the venue; compare denied",
    "remark": "words about the record before it, on one line of at most 1,000 bytes; they move nothing",
    "replay": "running the journal's inputs through the kernel again and comparing every byte of the result",
    "root": "the offline keys that sign the roster and the first policy",
    "roster": "the signed list of people, their devices and roles, of services, and of the root keys",
    "router": "what chooses the venue of an order, once, by price, fees and what own orders there have shown",
    "sequencer": "the service that takes signed events into the governance log",
    "stop": "an order that waits at the venue until the market has reached its price",
    "suspicion": "what the backtest linter found: a rule, its evidence beside its limit, and what to do",
    "tick": "the smallest step of an instrument's price; prices are whole ticks",
    "tier": "a step of capital in the policy: its bounds, who signs, how long it cools down, the evidence it demands",
    "trial": "one configuration tried in research; their number is counted because the best of many looks good by luck",
    "trial ledger": "the append-only, hash-chained file that counts every trial of every strategy",
    "ts_event": "when something happened, UTC nanoseconds; a bar's is its close",
    "ts_init": "when we knew it, UTC nanoseconds; never before `ts_event`",
    "universe": "the instruments a strategy may trade under its mandate",
    "venue": "where orders are filled: simulated, or a broker or exchange behind a gateway",
    "walk-forward": "training on the past, testing on what follows, moving on, and never looking back",
}


@dataclass(frozen=True)
class Entry:
    """One word: its meaning and, when it is a record, its fields as (name, kind, offset, size, doc)."""

    word: str
    meaning: str
    fields: tuple[tuple[str, str, int, int, str], ...] = ()
    size: int = 0
    kind: int = 0

    def row(self) -> dict[str, Any]:
        """The entry as a program reads it."""
        row: dict[str, Any] = {"word": self.word, "meaning": self.meaning}
        if self.fields:
            heads = ("name", "kind", "offset", "size", "meaning")
            row |= {"kind": self.kind, "bytes": self.size}
            row["fields"] = [dict(zip(heads, field, strict=True)) for field in self.fields]
        return row

    def page(self) -> str:
        """The entry as a person reads it."""
        text = f"{self.word}: {self.meaning}"
        if self.fields:
            cells = [(name, kind, str(offset), doc) for name, kind, offset, _, doc in self.fields]
            text += f"\n\nRecord {self.kind}, {self.size} bytes:\n"
            text += table(cells, heads=("field", "type", "offset", "meaning"))
        return text


def entries() -> list[Entry]:
    """Every word in alphabetical order.

    >>> [entry.word for entry in entries() if entry.word.startswith("O")]
    ['OCO', 'Order', 'OrderEvent', 'OrderTerms', 'OTO']
    """
    nouns = [
        Entry(n["name"], one_line(n["doc"]), tuple((*f[:4], one_line(f[4])) for f in n["fields"]), n["size"], n["kind"])
        for n in _core.noun_table()
    ]
    terms = [Entry(word, meaning) for word, meaning in TERMS.items()]
    return sorted(nouns + terms, key=lambda entry: (entry.word.lower(), entry.word))


def one_line(doc: str) -> str:
    """A Rust doc comment as one line without link brackets."""
    return " ".join(doc.split()).replace("[`", "`").replace("`]", "`")


def entry(word: str) -> Entry:
    """One word's entry; an unknown word is an error with suggestions.

    >>> entry("denied").meaning
    'refused by us, at the pre-trade gate; compare rejected'
    """
    known = {entry.word.lower(): entry for entry in entries()}
    if word.lower() not in known:
        raise problem("CLI_USAGE", f"no word {word!r} in the glossary{did_you_mean(word.lower(), known)}")
    return known[word.lower()]
