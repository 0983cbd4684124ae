"""The folder of signed events that people exchange: `DIR/governance/genesis.json` and one file per event.

A file is named by its event's hash, so two copies of the folder are merged by copying files. The order of events is:
parents first, ties by the signers' clocks, then by hash; every copy with the same files shows the same state.

Promises: an event that the authority refuses is never written; a write is whole or not there. Never: a private key,
a clock.
"""

from __future__ import annotations

import heapq
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.governance.envelope import Envelope, normalise, read_envelope
from hedgerow.governance.events import Hlc

_MS = 1_000_000
_NS_MAX = 2**63 - 1
_CLOCK_AHEAD_MS = 5 * 60 * 1000
"""A device whose clock is further ahead than this does not drag the others' clocks along."""


@dataclass(frozen=True)
class Recorded:
    """An event of the folder: its name, its envelope, and what the authority said of it."""

    id: str
    envelope: bytes
    event: dict[str, Any]
    outcome: dict[str, Any] | None
    refused: HedgerowError | None


@dataclass(frozen=True)
class Standing:
    """The folded folder: the authority's state, every event in order, and the last events that counted."""

    authority: Any
    recorded: tuple[Recorded, ...]
    heads: tuple[str, ...]

    @property
    def state(self) -> dict[str, Any]:
        """Fund, roster, proposals and strategies as the authority describes them."""
        state: dict[str, Any] = json.loads(self.authority.state())
        return state


class Desk:
    """The governance folder of a fund."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.events_folder = self.folder / "governance"
        self.genesis_file = self.events_folder / "genesis.json"

    @property
    def is_founded(self) -> bool:
        """Whether the folder holds a fund."""
        return self.genesis_file.exists()

    def found(self, genesis: bytes, roster: bytes, *, now_ns: int) -> dict[str, Any]:
        """Start the fund with its first roster; if either is refused, nothing is written."""
        if self.is_founded:
            raise problem("CLI_EXISTS", f"{self.genesis_file}; a fund starts once")
        data = normalise(roster)
        outcome = _accepted(fold(genesis, []), data, now_ns)
        self._write(self.genesis_file, genesis)
        self._write(self.events_folder / f"{outcome['event']}.json", data)
        return outcome

    def genesis(self) -> bytes:
        """The fund's first record."""
        if not self.is_founded:
            raise problem("GOV_NO_FUND", str(self.folder))
        return self.genesis_file.read_bytes()

    def standing(self) -> Standing:
        """Fold every event of the folder in order."""
        return fold(self.genesis(), self._read())

    def authority(self) -> tuple[bytes, list[bytes]]:
        """Genesis and the envelopes that count, in order: what a run hands to the kernel."""
        standing = self.standing()
        return self.genesis(), [r.envelope for r in standing.recorded if r.refused is None]

    def add(self, envelope: bytes, *, now_ns: int) -> dict[str, Any]:
        """Take an event in, if the authority accepts it now; returns what it brought about."""
        data = normalise(envelope)
        outcome = _accepted(self.standing(), data, now_ns)
        self._write(self.events_folder / f"{outcome['event']}.json", data)
        return outcome

    def _read(self) -> list[tuple[Envelope, bytes]]:
        pairs = []
        for file in sorted(self.events_folder.glob("*.json")):
            if file == self.genesis_file:
                continue
            data = file.read_bytes()
            try:
                envelope = read_envelope(data)
                _clock(envelope)
            except HedgerowError as error:
                raise problem(error.code, f"{file}: {error.detail}") from None
            if envelope.id != file.stem:
                raise problem("GOV_BAD_ENVELOPE", f"{file} holds the event {envelope.id}; it was changed or renamed")
            pairs.append((envelope, data))
        return pairs

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)


def fold(genesis: bytes, pairs: Sequence[tuple[Envelope, bytes]]) -> Standing:
    """Fold events in order; what the authority refuses is kept with its reason and changes nothing."""
    with named_errors():
        authority = _core.Authority(genesis)
    recorded: list[Recorded] = []
    heads = [bytes(_core.sha256(genesis)).hex()]
    for envelope, data in _in_order(pairs):
        event = envelope.event
        outcome, refused = None, None
        try:
            with named_errors():
                outcome = authority.apply(data, len(recorded) + 2, min(event["hlc"][0] * _MS, _NS_MAX))
            heads = [head for head in heads if head not in event["parents"]] + [envelope.id]
        except HedgerowError as error:
            refused = error
        recorded.append(Recorded(envelope.id, data, event, outcome, refused))
    return Standing(authority, tuple(recorded), tuple(sorted(heads)))


def _accepted(standing: Standing, envelope: bytes, now_ns: int) -> dict[str, Any]:
    with named_errors():
        outcome: dict[str, Any] = standing.authority.apply(envelope, len(standing.recorded) + 2, now_ns)
    if outcome.get("mandate") is not None:
        outcome["mandate"] = outcome["mandate"].hex()
    return {"event": read_envelope(envelope).id, **outcome}


def next_hlc(standing: Standing, now_ns: int) -> Hlc:
    """The clock for a new event: not before any event seen, unless that one's clock was far ahead of ours."""
    now = (now_ns // _MS, 0)
    seen = [tuple(r.event["hlc"]) for r in standing.recorded if r.refused is None]
    latest = max((hlc for hlc in seen if hlc[0] <= now[0] + _CLOCK_AHEAD_MS), default=now)
    return now if now > latest else (latest[0], latest[1] + 1)


def _in_order(pairs: Sequence[tuple[Envelope, bytes]]) -> list[tuple[Envelope, bytes]]:
    """Parents first, ties by clock, then by hash; an event whose parents are missing still gets its place."""
    by_id = {envelope.id: (envelope, data) for envelope, data in pairs}
    clocks = {name: _clock(envelope) for name, (envelope, _) in by_id.items()}
    children: dict[str, list[str]] = {name: [] for name in by_id}
    waiting = dict.fromkeys(by_id, 0)
    for name, (envelope, _) in by_id.items():
        for parent in {str(p) for p in envelope.event["parents"]} & by_id.keys():
            children[parent].append(name)
            waiting[name] += 1
    ready = [(clocks[name], name) for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        _, name = heapq.heappop(ready)
        order.append(by_id[name])
        for child in children[name]:
            waiting[child] -= 1
            if waiting[child] == 0:
                heapq.heappush(ready, (clocks[child], child))
    return order


def _clock(envelope: Envelope) -> Hlc:
    event = envelope.event
    try:
        ms, counter = event["hlc"]
        if isinstance(ms, int) and ms >= 0 and isinstance(counter, int) and isinstance(event["parents"], list):
            return ms, counter
    except (KeyError, TypeError, ValueError):
        pass
    raise problem("GOV_BAD_BODY", f"event {envelope.id} has no clock or no parents")
