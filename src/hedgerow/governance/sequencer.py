"""The sequencer: takes signed events into the governance log, where they begin to count.

Promises: every event passes the authority before it is appended; what is refused is kept out and named, and nothing of
it is stored; one commit makes a sequencing durable as a whole before its files are removed from `pending/`, so that a
crash at any instruction loses nothing and doubles nothing; two sequencers of one folder take turns. Once an epoch of
the compartment `governance` is in force, what is appended is sealed, all but the genesis and the epochs themselves; an
epoch that the sequencer could not open is refused. Never: signs for a person.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hedgerow import _core
from hedgerow._core import KIND_GENESIS, KIND_SIGNED
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.core.files import sync
from hedgerow.core.nouns import noun
from hedgerow.governance import epochs
from hedgerow.governance.desk import Desk, Fold, Fund, Recorded, Waiting
from hedgerow.governance.identity import Identity
from hedgerow.governance.keys import Key
from hedgerow.governance.stream import STREAM, Head, Stream, sequenced_record

SEQUENCER = "sequencer"
SCOPE: Literal["sequence"] = "sequence"
_MAY_COUNT_LATER = ("GOV_UNKNOWN_PARENT", "GOV_CLOCK")
"""Refusals that time or another file can heal: such an event goes on waiting."""


@dataclass
class Report:
    """What a sequencing did: events taken in, refused and still waiting, and the log behind it."""

    head: Head
    sequenced: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, HedgerowError] = field(default_factory=dict)
    waiting: dict[str, HedgerowError] = field(default_factory=dict)

    def outcome(self, event: str) -> dict[str, Any] | None:
        """What one event brought about, `None` if it was not among those that waited; raises why it was refused."""
        for error in (self.refused.get(event), self.waiting.get(event)):
            if error is not None:
                raise error
        return next((row for row in self.sequenced if row["event"] == event), None)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "sequenced": self.sequenced,
            "refused": [{"event": name, "error": str(error)} for name, error in self.refused.items()],
            "waiting": [{"event": name, "error": str(error)} for name, error in self.waiting.items()],
            **self.head.to_json(),
        }


def sequencer_file(folder: Path | str) -> Path:
    """Where a single-site fund keeps the sequencer's key."""
    return Path(folder) / "keys" / f"{SEQUENCER}.pem"


def submit(desk: Desk, envelope: bytes, *, now_ns: int, folded: Fold | None = None) -> dict[str, Any]:
    """Take in what a person signed: sequenced at once where the sequencer's key lies, else it waits as pending.

    folded: the sequenced events, if they were folded already. Returns what it brought about; a pending event tells
    under `brings` what it would bring about.
    """
    folded = desk.fold() if folded is None else folded
    outcome = desk.hold(envelope, folded, now_ns=now_ns)
    key = _key_beside(desk, folded.stream)
    if key is None:
        return {**outcome, "outcome": "pending", "brings": outcome["outcome"]}
    with _turn(desk):
        done = _sequence(desk, key, now_ns, folded).outcome(outcome["event"])
    if done is not None:
        return done
    # Another process took its turn in between: the event is in the log, or was refused and is judged again here.
    known = [r for r in desk.standing().recorded if r.id == outcome["event"]]
    return {"event": outcome["event"], **(known[0].outcome or {})} if known else submit(desk, envelope, now_ns=now_ns)


def found(desk: Desk, genesis: bytes, first: Sequence[bytes], *, now_ns: int) -> dict[str, Any]:
    """Start a fund with its first roster, policy and epochs: sequenced at once where the sequencer's key lies.

    Returns what the roster brought about, the policy, and the epochs by name. Refused, it writes nothing.
    """
    outcomes = desk.found(genesis, first, now_ns=now_ns)
    if _key_beside(desk, None) is None:
        shown = {**outcomes[0], "outcome": "pending", "brings": outcomes[0]["outcome"]}
    else:
        report = sequence(desk, now_ns=now_ns)
        outcomes = [report.outcome(outcome["event"]) or outcome for outcome in outcomes]
        shown = outcomes[0]
    policies = [outcome["policy"] for outcome in outcomes if "policy" in outcome]
    begun = [f"{o['compartment']} {o['number']}" for o in outcomes if o["outcome"] == "epoch_begun"]
    return {**shown, "policy": next(iter(policies), None), "epochs": begun}


def _key_beside(desk: Desk, stream: Stream | None) -> Key | None:
    """The key that extends this folder's log, if it lies beside it."""
    file = sequencer_file(desk.folder)
    if not file.exists():
        return None
    key = Key.load(file, name=SEQUENCER)
    return key if stream is None or stream.public == key.public else None


def sequence(folder: Fund, *, now_ns: int, key_file: Path | str | None = None) -> Report:
    """Take every waiting event into the log, in order, at `now_ns`; also finishes what a crash interrupted.

    Raises GOV_SEQUENCER if the key is not the sequencer's, GOV_KEY_FILE if there is none; LOG errors if the log was
    changed, or is sealed and no identity opens it. Refused events are no error here: the report names them.
    """
    desk = Desk.at(folder)
    desk.genesis()
    key = Key.load(key_file or sequencer_file(desk.folder), name=SEQUENCER)
    with _turn(desk):
        return _sequence(desk, key, now_ns, desk.fold())


def _sequence(desk: Desk, key: Key, now_ns: int, folded: Fold) -> Report:
    """One sequencing, in its turn; `folded` is what was read, perhaps before the turn came."""
    if folded.stream is not None and folded.stream.public != key.public:
        raise problem("GOV_SEQUENCER", f"{key.public_hex}; the log's key is {folded.stream.public.hex()}")
    writer = _writer(desk, key)
    try:
        records = 0 if folded.stream is None else folded.stream.records
        # The log only grows: if it holds as many records as were read, it is what was read.
        fold = folded.copy() if records == writer.next_id - 1 else desk.fold()
        is_first = fold.standing().state["roster"] is None
        if not is_first:
            _check_service(fold, key, now_ns)
        ts = max(now_ns, 0 if fold.stream is None else fold.stream.last_ts)
        report, accepted, done = _judge(desk, fold, writer.next_id, ts)
        if accepted and is_first:
            _check_service(fold, key, now_ns)
        with named_errors():
            if accepted:
                _append(writer, fold, accepted, ts, _sealing(desk, fold))
            size, root = writer.publish()
            writer.close()
    except BaseException:
        # Without its checkpoint and close, the writer forgets what was not committed.
        del writer
        raise
    for waiting in done:
        waiting.path.unlink(missing_ok=True)
    if done:
        sync(desk.pending_folder)
    report.head = Head(desk.origin(), size, root)
    return report


def _judge(desk: Desk, fold: Fold, next_id: int, ts: int) -> tuple[Report, list[Recorded], list[Waiting]]:
    """Ask the authority about every waiting event: what counts, what does not, and which files have had their turn."""
    known = {r.id for r in fold.recorded}
    head = Head(desk.origin(), 0, "") if fold.stream is None else fold.stream.head
    report = Report(head)
    accepted: list[Recorded] = []
    done: list[Waiting] = []
    first = next_id + (1 if fold.stream is not None else 2)
    for waiting in desk.waiting():
        name = waiting.path.stem
        if name in known:
            done.append(waiting)
            continue
        try:
            if waiting.envelope is None:
                raise waiting.error or problem("GOV_BAD_ENVELOPE", name)
            _can_go_on(desk, waiting.envelope.event)
            report.sequenced.append(fold.take(waiting.data, first + len(accepted), ts))
        except HedgerowError as error:
            if error.row.name in _MAY_COUNT_LATER:
                report.waiting[name] = error
            else:
                report.refused[name] = error
                done.append(waiting)
            continue
        accepted.append(fold.recorded[-1])
        done.append(waiting)
    return report, accepted, done


def _can_go_on(desk: Desk, event: Mapping[str, Any]) -> None:
    """`GOV_EPOCH` for an epoch of this log that its sequencer could not open: it would be the log's last."""
    if event.get("type") != "epoch":
        return
    epoch = epochs.Published.of(event.get("body"))
    if epoch.compartment == STREAM and epoch.unwrap(_identities(desk)) is None:
        raise problem("GOV_EPOCH", f"{epoch.name} is not wrapped to the sequencer's identity")


def _sealing(desk: Desk, fold: Fold) -> epochs.Epoch | None:
    """The epoch in force behind these events that the log is sealed in from here on; `None` before the first."""
    known = [epochs.Published.of(r.event["body"]) for r in fold.recorded if r.event["type"] == "epoch"]
    is_sealed = epochs.newest(known, STREAM) is not None
    return epochs.sealing_epoch(known, STREAM, _identities(desk)) if is_sealed else None


def _identities(desk: Desk) -> list[Identity]:
    return [Identity.load(file) for file in desk.identities]


def _append(writer: Any, fold: Fold, accepted: list[Recorded], ts: int, epoch: epochs.Epoch | None) -> None:
    """Append one sequencing and make it durable as a whole; the genesis goes before the first."""
    if epoch is not None:
        writer.seal_with(epoch.word, epoch.key)
    record = writer.next_id
    size, root = (0, _core.sha256(b"")) if fold.stream is None else (fold.stream.size, fold.stream.roots[-1])
    if record == 1:
        writer.append_plain(KIND_GENESIS, 1, fold.genesis)
        size, root, record = 1, _core.sha256(b"\0" + _entry(KIND_GENESIS, 1, fold.genesis)), 2
    data = sequenced_record(record, ts, size, bytes(root))
    writer.append(noun("Sequenced").kind, record, data)
    for event in accepted:
        record += 1
        append = writer.append_plain if event.event["type"] == "epoch" else writer.append
        append(KIND_SIGNED, record, event.envelope)
    writer.commit()


def _entry(kind: int, record: int, data: bytes) -> bytes:
    """A Merkle leaf: kind, flags, count, record number, payload."""
    return kind.to_bytes(2, "little") + bytes(2) + (1).to_bytes(4, "little") + record.to_bytes(8, "little") + data


def _writer(desk: Desk, key: Key) -> Any:
    """The log, opened for writing; a crash's remains are cleared by opening it."""
    with named_errors():
        if (desk.place / "key.pub").exists():
            return _core.JournalWriter.open(str(desk.folder), desk.origin(), key.seed, stream=STREAM)
        return _core.JournalWriter(str(desk.folder), desk.origin(), key.seed, stream=STREAM)


def _check_service(fold: Fold, key: Key, now_ns: int) -> None:
    """The roster in force must know the key as a service that sequences; the first roster speaks for itself."""
    roster = fold.standing().state["roster"]
    if roster is None:
        raise problem("GOV_SEQUENCER", f"{key.public_hex}; there is no roster yet that names it")
    for service in roster.get("services", []):
        if service["key"] == key.public_hex and SCOPE in service["scopes"]:
            if int(service["valid_until"]) <= now_ns:
                until = service["valid_until"]
                raise problem("GOV_SEQUENCER", f"{service['name']} was valid until {until} ns, it is {now_ns} ns now")
            return
    if "services" in roster:
        raise problem("GOV_SEQUENCER", f"{key.public_hex}; the roster names no such service")


@contextmanager
def _turn(desk: Desk) -> Iterator[None]:
    """Wait until no other process sequences in this folder."""
    with (desk.place / ".turn").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
