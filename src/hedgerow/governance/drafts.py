"""Drafts: events that need several signatures, in a file that goes from person to person until enough have signed.

Each person signs on their own device, offline, with nothing but the file and their key; copies that were signed apart
are joined. A draft of one event is its DSSE envelope, to which any DSSE tool can add a signature; the draft that founds
a fund holds the genesis and the first events.

Promises: a signature is over the payload as it stands; signing twice changes nothing; a file is replaced as a whole.
Never: judges whether the signatures suffice; the authority does when the draft is submitted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.files import write_whole
from hedgerow.governance.desk import Desk, Fund
from hedgerow.governance.envelope import countersign, join, normalise, read_envelope
from hedgerow.governance.keys import Key
from hedgerow.governance.sequencer import found, submit

_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class Draft:
    """Envelopes that still want signatures, and the genesis of the fund that they found, if they found one."""

    events: tuple[bytes, ...]
    genesis: bytes | None = None

    @classmethod
    def load(cls, path: Path | str) -> Draft:
        """Read a draft, or an event as any DSSE tool writes it; `GOV_BAD_ENVELOPE` says what is malformed."""
        path = Path(path)
        try:
            data = path.read_bytes() if path.stat().st_size <= _BYTES_MAX else b""
            said = json.loads(data)
            genesis, events = said.get("genesis"), said.get("events", [said])
            envelopes = tuple(normalise(json.dumps(event).encode()) for event in events)
            if not envelopes or not isinstance(genesis, str | None):
                raise ValueError("no events, or a genesis that is no text")
            draft = cls(envelopes, None if genesis is None else genesis.encode())
            # Reads every payload: what is no event is named before anybody signs it.
            draft.to_json()
        except OSError as error:
            raise problem("GOV_BAD_ENVELOPE", f"{path}: {error.strerror}") from None
        except HedgerowError as error:
            raise problem(error.code, f"{path}: {error.detail}") from None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise problem("GOV_BAD_ENVELOPE", f"{path} is no draft: {error}") from None
        return draft

    def save(self, path: Path | str) -> dict[str, Any]:
        """Write the draft, whole or not at all; returns what it holds."""
        rows = [json.loads(event) for event in self.events]
        said = rows[0] if self.genesis is None else {"genesis": self.genesis.decode(), "events": rows}
        write_whole(Path(path), (json.dumps(said, indent=1) + "\n").encode())
        return {"file": str(path), **self.to_json()}

    def signed(self, key: Key) -> Draft:
        """The draft with a signature by this key on each event."""
        return Draft(tuple(countersign(event, key) for event in self.events), self.genesis)

    def joined(self, other: Draft) -> Draft:
        """The draft with the signatures of another copy; `GOV_BAD_ENVELOPE` if that is not a copy of this one."""
        same = len(self.events) == len(other.events) and self.genesis == other.genesis
        if not same:
            raise problem("GOV_BAD_ENVELOPE", "these files are not copies of one draft")
        return Draft(
            tuple(join(ours, theirs) for ours, theirs in zip(self.events, other.events, strict=True)), self.genesis
        )

    def to_json(self) -> dict[str, Any]:
        """What its readers sign: each event with its body, and who has signed so far."""
        rows = []
        for event in self.events:
            envelope = read_envelope(event)
            said = envelope.event
            signers = [name for name, _ in envelope.signatures]
            rows.append(
                {"event": envelope.id, "type": said.get("type"), "signed_by": signers, "body": said.get("body")}
            )
        return {"outcome": "drafted", "genesis": self.genesis and json.loads(self.genesis), "events": rows}


def show_draft(file: Path | str) -> dict[str, Any]:
    """What a draft says and who has signed it."""
    return {"file": str(file), **Draft.load(file).to_json()}


def sign_draft(file: Path | str, *, key_file: Path | str) -> dict[str, Any]:
    """Add a signature to every event of a draft; needs the file and the key, and nothing else."""
    return Draft.load(file).signed(Key.load(key_file)).save(file)


def submit_draft(folder: Fund, files: Sequence[Path | str], *, now_ns: int) -> dict[str, Any]:
    """Take in a draft that enough people have signed, out of one file or of several copies signed apart.

    Also takes an event that somebody signed elsewhere with any DSSE tool. Raises GOV_QUORUM if signatures are missing,
    and whatever else the authority says; refused, nothing is written.
    """
    draft = reduce(Draft.joined, map(Draft.load, files))
    desk = Desk.at(folder)
    if draft.genesis is not None:
        return found(desk, draft.genesis, draft.events, now_ns=now_ns)
    [outcome] = [submit(desk, event, now_ns=now_ns) for event in draft.events]
    return outcome
