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
    "artifact": "the exact files of a strategy or model; a mandate is bound to the hash of exactly one artifact",
    "catalog": "the folder of Parquet files that holds the fund's market data, with `ts_event` and `ts_init` per row",
    "cause": "the id of the record that made a record happen; following causes leads from any cent to a person",
    "checkpoint": "the log's size and Merkle root, signed by the log's key as a C2SP signed note",
    "cool-down": "the time between the last signature and the moment a mandate begins",
    "denied": "refused by us, at the pre-trade gate; compare rejected",
    "embargo": "the days after a test period that training leaves out, so that slow effects do not leak",
    "evidence pack": "what the platform found when it ran a strategy on its own data: canonical JSON named by its hash",
    "gate": "the pre-trade checks; the only maker of `Approved<Order>`, which is all that a venue accepts",
    "governance log": "the append-only Merkle log of what people signed; its order is the order of effect",
    "journal": "the append-only, Merkle-committed file of every record that touched money or authority",
    "kernel": "the deterministic state machine `step(state, input) -> effects`, without clock, randomness or I/O",
    "key": "a person's Ed25519 key for signing; its id is the SHA-256 of the public key",
    "lot": "the smallest quantity of an instrument; quantities are whole lots",
    "multiplier": "units of the underlying that one lot stands for",
    "overfitting": "choosing the variant that fits its sample's noise; counted over all halvings of the sample",
    "pending": "signed but not yet in the governance log: it counts for nothing",
    "policy": "the signed rules of a fund: tiers of capital, who signs, who pauses, who changes the policy",
    "purge": "leaving out training rows whose labels reach into the test period",
    "quorum": "the approvals, by distinct people in the required roles, that turn a proposal into a mandate",
    "rejected": "refused by the venue; compare denied",
    "replay": "running the journal's inputs through the kernel again and comparing every byte of the result",
    "root": "the offline keys that sign the roster and the first policy",
    "roster": "the signed list of people, their devices and roles, of services, and of the root keys",
    "sequencer": "the service that takes signed events into the governance log",
    "suspicion": "what the backtest linter found: a rule, its evidence beside its limit, and what to do",
    "tick": "the smallest step of an instrument's price; prices are whole ticks",
    "tier": "a step of capital in the policy: its bounds, who signs, how long it cools down, the evidence it demands",
    "trial ledger": "the append-only, hash-chained file that counts every trial of every strategy",
    "trial": "one configuration tried in research; their number is counted because the best of many looks good by luck",
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
    ['Order', 'OrderEvent']
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
