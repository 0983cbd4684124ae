"""The fund's folder as people see it: what is sequenced and counts, and what is signed and waits.

`DIR/governance` holds the fund's genesis, the governance log, and in `pending/` one file per signed event that the log
has not taken in; a file is named by its event's hash, so copies of the folder are merged by copying pending files.

Promises: an event that the authority refuses is never written; a write is whole or not there; only sequenced events
count; the log is read once for an act, however often it is folded. Never: a private key, a clock.
"""

from __future__ import annotations

import copy
import json
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.core.files import write_whole
from hedgerow.governance.envelope import Envelope, normalise, read_envelope
from hedgerow.governance.names import check_names
from hedgerow.governance.order import Hlc, clock_of, in_order
from hedgerow.governance.stream import STREAM, Head, Stream, read_stream
from hedgerow.governance.unsealing import identity_files

_MS = 1_000_000
_CLOCK_AHEAD_MS = 5 * 60 * 1000
"""A device whose clock is further ahead than this does not drag the others' clocks along."""


@dataclass(frozen=True)
class Recorded:
    """An event: its name, its envelope, and what the authority said of it; `is_pending` until it is sequenced."""

    id: str
    envelope: bytes
    event: dict[str, Any]
    outcome: dict[str, Any] | None
    refused: HedgerowError | None = None
    is_pending: bool = False


@dataclass(frozen=True)
class Standing:
    """The folded log: the authority's state, every event in order, the last sequenced ones, and the log's head."""

    authority: Any
    recorded: tuple[Recorded, ...]
    heads: tuple[str, ...]
    head: Head | None

    @property
    def state(self) -> dict[str, Any]:
        """Fund, roster, proposals and strategies as the authority describes them."""
        state: dict[str, Any] = json.loads(self.authority.state())
        return state


@dataclass(frozen=True)
class Waiting:
    """A file in `pending/`: its event, or why it is none."""

    path: Path
    data: bytes
    envelope: Envelope | None
    error: HedgerowError | None = None


@dataclass
class Fold:
    """Takes events one by one, as the log does; what is refused changes nothing."""

    genesis: bytes
    stream: Stream | None
    authority: Any = field(init=False)
    recorded: list[Recorded] = field(init=False, default_factory=list)
    heads: list[str] = field(init=False)
    last_ts: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        with named_errors():
            self.authority = _core.Authority(self.genesis)
        self.heads = [bytes(_core.sha256(self.genesis)).hex()]

    def copy(self) -> Fold:
        """The same fold; what one takes from here on, the other does not."""
        twin = copy.copy(self)
        twin.authority, twin.recorded, twin.heads = self.authority.copy(), [*self.recorded], [*self.heads]
        return twin

    def take(self, data: bytes, record: int, ts: int, *, is_pending: bool = False) -> dict[str, Any]:
        """Have the authority judge one event; raises what it says. The log's time does not go back with our clock."""
        ts = max(ts, self.last_ts)
        envelope = read_envelope(data)
        event = envelope.event
        check_names(event)
        if self.stream is not None:
            self.stream.check_seen(event.get("seen"))
        with named_errors():
            outcome: dict[str, Any] = self.authority.apply(data, record, ts)
        outcome = {name: _plain(value) for name, value in outcome.items()}
        self.last_ts = ts
        if not is_pending:
            self.heads = [head for head in self.heads if head not in event["parents"]] + [envelope.id]
        self.recorded.append(Recorded(envelope.id, data, event, outcome, None, is_pending))
        return {"event": envelope.id, **outcome}

    def check_key(self, place: Path) -> None:
        """The key that signs the log must be a sequencer's of the first roster: nobody else orders the events."""
        state = json.loads(self.authority.state())
        keys = [s["key"] for s in (state["roster"] or {"services": []})["services"] if "sequence" in s["scopes"]]
        if self.stream is not None and self.stream.public.hex() not in keys:
            raise problem(
                "LOG_BAD_SIGNATURE", f"{place}: {self.stream.public.hex()} is no sequencer of the first roster"
            )

    def standing(self) -> Standing:
        """What was folded so far."""
        head = None if self.stream is None else self.stream.head
        return Standing(self.authority, tuple(self.recorded), tuple(sorted(self.heads)), head)


class Desk:
    """The governance folder of a fund, and the age identity that opens its log.

    identity: an identity file, tried before those that lie in the folder (`identity.age`, `keys/*.age`).
    """

    def __init__(self, folder: Path | str, *, identity: Path | str | None = None) -> None:
        self.folder = Path(folder)
        self.identity = identity
        self.place = self.folder / STREAM
        self.genesis_file = self.place / "genesis.json"
        self.pending_folder = self.place / "pending"

    @classmethod
    def at(cls, fund: Fund) -> Desk:
        """The desk on a fund, whichever way it is named."""
        return fund if isinstance(fund, Desk) else cls(fund)

    @property
    def identities(self) -> list[Path]:
        """The identity files that may open the log."""
        return identity_files(self.folder, self.identity)

    @property
    def is_founded(self) -> bool:
        """Whether the folder holds a fund."""
        return self.genesis_file.exists()

    def found(self, genesis: bytes, first: Sequence[bytes], *, now_ns: int) -> list[dict[str, Any]]:
        """Start the fund with its first events, which wait to be sequenced; refused, it writes nothing.

        Returns what each would bring about.
        """
        outcomes = self.check_found(genesis, first, now_ns=now_ns)
        write_whole(self.genesis_file, genesis)
        for outcome, envelope in zip(outcomes, first, strict=True):
            write_whole(self.pending_folder / f"{outcome['event']}.json", normalise(envelope))
        return outcomes

    def check_found(self, genesis: bytes, first: Sequence[bytes], *, now_ns: int) -> list[dict[str, Any]]:
        """What the first events would bring about; raises if the fund has begun, or one is refused."""
        if self.is_founded:
            raise problem("CLI_EXISTS", f"{self.genesis_file}; a fund starts once")
        fold = Fold(genesis, None)
        return [fold.take(normalise(event), 3 + i, now_ns, is_pending=True) for i, event in enumerate(first)]

    def genesis(self) -> bytes:
        """The fund's first record."""
        if not self.is_founded:
            raise problem("GOV_NO_FUND", str(self.folder))
        return self.genesis_file.read_bytes()

    def origin(self) -> str:
        """The name of the governance log."""
        return origin_of(self.genesis())

    def stream(self) -> Stream | None:
        """The governance log; `None` while nothing was ever sequenced."""
        genesis = self.genesis()
        return read_stream(self.folder, origin_of(genesis), genesis, self.identities)

    def fold(self) -> Fold:
        """Fold every sequenced event in log order; `LOG_REPLAY` if the authority refuses one."""
        fold = Fold(self.genesis(), self.stream())
        for number, sequencing in enumerate(() if fold.stream is None else fold.stream.sequencings):
            for record, envelope in sequencing.envelopes:
                try:
                    fold.take(envelope, record, sequencing.ts)
                except HedgerowError as error:
                    raise problem("LOG_REPLAY", f"record {record} of {self.place}: {error}") from error
            if number == 0:
                fold.check_key(self.place)
        return fold

    def standing(self) -> Standing:
        """What counts: the sequenced events, folded."""
        return self.fold().standing()

    def ahead(self, now_ns: int, folded: Fold | None = None) -> Standing:
        """What would count if every waiting event were sequenced now; `recorded` holds the refused ones too.

        folded: the sequenced events, if they were folded already.
        """
        fold = self.fold() if folded is None else folded.copy()
        refused = []
        for waiting in self.waiting():
            try:
                if waiting.envelope is None:
                    raise waiting.error or problem("GOV_BAD_ENVELOPE", str(waiting.path))
                fold.take(waiting.data, len(fold.recorded) + 3, now_ns, is_pending=True)
            except HedgerowError as error:
                event = waiting.envelope.event if waiting.envelope else {}
                refused.append(Recorded(waiting.path.stem, waiting.data, event, None, error, True))
        standing = fold.standing()
        return Standing(standing.authority, (*standing.recorded, *refused), standing.heads, standing.head)

    def authority(self) -> tuple[bytes, list[bytes]]:
        """Genesis and the sequenced events in log order."""
        stream = self.stream()
        sequencings = () if stream is None else stream.sequencings
        return self.genesis(), [envelope for s in sequencings for _, envelope in s.envelopes]

    def waiting(self) -> list[Waiting]:
        """Signed events that are not sequenced, parents first, ties by the signers' clocks, then by hash."""
        whole: list[tuple[Envelope, Waiting]] = []
        broken = []
        for path in sorted(self.pending_folder.glob("*.json")):
            waiting = _read_waiting(path)
            if waiting is None:  # somebody else's act had it sequenced since the folder was listed
                continue
            if waiting.envelope is None:
                broken.append(waiting)
            else:
                whole.append((waiting.envelope, waiting))
        return [waiting for _, waiting in in_order(whole)] + broken

    def hold(self, envelope: bytes, folded: Fold, *, now_ns: int) -> dict[str, Any]:
        """Write an event among those that wait, if it would count now; returns what it would bring about."""
        data = normalise(envelope)
        fold = folded.copy()
        for waiting in self.waiting():
            if waiting.envelope is not None and waiting.data != data:
                _try(fold, waiting.data, now_ns)
        outcome = fold.take(data, len(fold.recorded) + 3, now_ns, is_pending=True)
        write_whole(self.pending_folder / f"{outcome['event']}.json", data)
        return outcome


Fund: TypeAlias = Path | str | Desk
"""A fund's folder, or the desk on it that says which identity opens its log."""


def _plain(value: Any) -> Any:
    """Records as hexadecimal text, for JSON."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def _try(fold: Fold, data: bytes, now_ns: int) -> None:
    """Take an event if it counts."""
    try:
        fold.take(data, len(fold.recorded) + 3, now_ns, is_pending=True)
    except HedgerowError:
        return


def _read_waiting(path: Path) -> Waiting | None:
    """A waiting event, or why it is none; `None` where it has gone."""
    data = b""
    try:
        kind = path.lstat().st_mode
        if not stat.S_ISREG(kind):
            raise problem("GOV_PATH", f"{path} is {'a link' if stat.S_ISLNK(kind) else 'no file'}")
        data = path.read_bytes()
        envelope = read_envelope(data)
        clock_of(envelope)
        if envelope.id != path.stem:
            raise problem("GOV_BAD_ENVELOPE", f"{path} holds the event {envelope.id}; it was changed or renamed")
    except FileNotFoundError:
        return None
    except HedgerowError as error:
        return Waiting(path, data, None, problem(error.code, f"{path.name}: {error.detail}"))
    return Waiting(path, data, envelope)


def origin_of(genesis: bytes) -> str:
    """The name of a fund's governance log: what its genesis says, else the fund's name without what cannot name a log.

    >>> origin_of(b'{"fund":"Hedge One"}')
    'hedge-one/governance'
    """
    said = json.loads(genesis)
    slug = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in said["fund"].lower()).split())
    return str(said.get("origin") or f"{slug or 'fund'}/{STREAM}")


def next_hlc(standing: Standing, now_ns: int) -> Hlc:
    """The clock for a new event: not before any event seen, unless that one's clock was far ahead of ours."""
    now = (now_ns // _MS, 0)
    seen = [tuple(r.event["hlc"]) for r in standing.recorded if r.refused is None]
    latest = max((hlc for hlc in seen if hlc[0] <= now[0] + _CLOCK_AHEAD_MS), default=now)
    return now if now > latest else (latest[0], latest[1] + 1)


def parents_for(standing: Standing, resting_on: Sequence[str] = ()) -> list[str]:
    """What a new event rests on: the last sequenced events, and those waiting ones that it speaks of."""
    pending = {r.id for r in standing.recorded if r.is_pending and r.refused is None}
    return sorted({*standing.heads, *(name for name in resting_on if name in pending)})
