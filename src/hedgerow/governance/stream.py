"""The governance log as it lies in `DIR/governance`, read without being its writer.

Promises: gives whole commits only, in log order; a checkpoint that the log's key did not sign, or that is not of these
entries, is a named error, and so is a sealed entry that no identity at hand opens. What a crash left behind the last
commit is read around; the next sequencing removes it. Never: writes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow import _core
from hedgerow._core import KIND_GENESIS, KIND_SIGNED
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.core.nouns import noun
from hedgerow.governance.unsealing import open_log

STREAM = "governance"


@dataclass(frozen=True)
class Head:
    """A state of the log: its name, its entries, and their Merkle root in hexadecimal."""

    origin: str
    size: int
    root: str

    def to_json(self) -> dict[str, Any]:
        """As it stands in an event's `seen`."""
        return {"origin": self.origin, "size": self.size, "root": self.root}


@dataclass(frozen=True)
class Sequencing:
    """Signed events that took effect together: when, and the size and root of the log before them."""

    ts: int
    size: int
    root: bytes
    envelopes: tuple[tuple[int, bytes], ...] = ()
    """The record number and the bytes of each."""


@dataclass(frozen=True)
class Stream:
    """The governance log: its name, its key line, what it holds, and its root at each size."""

    origin: str
    key: str
    sequencings: tuple[Sequencing, ...]
    roots: tuple[bytes, ...]
    records: int
    signed: Head | None

    @property
    def size(self) -> int:
        """Entries."""
        return len(self.roots) - 1

    @property
    def head(self) -> Head:
        """The log as it stands."""
        return Head(self.origin, self.size, self.roots[-1].hex())

    @property
    def public(self) -> bytes:
        """The public key that signs its checkpoints, 32 bytes."""
        return base64.b64decode(self.key.split("+", 2)[2])[1:]

    @property
    def last_ts(self) -> int:
        """When its last events took effect; 0 if there are none."""
        return self.sequencings[-1].ts if self.sequencings else 0

    def since(self, size: int) -> tuple[Sequencing, ...]:
        """What was sequenced when the log had `size` entries or more; behind it, without events, the log as it is."""
        now = Sequencing(self.last_ts, self.size, self.roots[-1])
        return tuple(s for s in (*self.sequencings, now) if s.size >= size)

    def check_seen(self, seen: Any) -> None:
        """`GOV_SEEN` unless somebody who was shown this state was shown this log."""
        if seen is None:
            return
        try:
            origin, size, root = seen["origin"], seen["size"], seen["root"]
            whole = isinstance(size, int) and not isinstance(size, bool) and isinstance(root, str)
        except (KeyError, TypeError):
            whole = False
        if not whole:
            raise problem("GOV_BAD_BODY", f"seen is {seen!r}, not origin, size and root of a checkpoint")
        if origin != self.origin:
            raise problem("GOV_SEEN", f"seen is of the log {origin!r}, this is {self.origin!r}")
        if not 0 <= size <= self.size:
            raise problem("GOV_SEEN", f"seen has {size} entries, this log {self.size}")
        if self.roots[size].hex() != root:
            raise problem("GOV_SEEN", f"seen has the root {root} at {size} entries, this log {self.roots[size].hex()}")


def read_stream(folder: Path, origin: str, genesis: bytes, identities: Sequence[Path]) -> Stream | None:
    """Read the log of a fund, once; `None` if there is none with at least one commit.

    identities: files of the age identities that may open what is sealed. Raises `LOG_SEAL_EPOCH` if none does,
    `LOG_BAD_ROOT` and its kin if the log was changed; a damaged one is an error, not none.
    """
    place = folder / STREAM
    wal = place / "wal"
    if not wal.exists() or wal.stat().st_size == 0:
        return None
    # The checkpoint first: a log that grows in between only extends what it signs.
    note = _note(place / "checkpoint")
    reader = open_log(folder, STREAM, identities)
    if not len(reader):
        return None
    try:
        key = (place / "key.pub").read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError):
        raise problem("LOG_NOT_A_LOG", f"{place} has no key.pub") from None
    signed = None if note is None else _signed(note, key, place)
    roots = tuple(bytes(root) for root in reader.roots())
    if not key.startswith(f"{origin}+") or (signed is not None and signed.origin != origin):
        raise problem("LOG_BAD_SIGNATURE", f"{place} is the log {key.partition('+')[0]!r}, the fund's is {origin!r}")
    if signed is not None and signed.size >= len(roots):
        raise problem("LOG_SHORTER", f"{place} holds {len(roots) - 1} entries, {signed.size} are signed")
    if signed is not None and signed.root != roots[signed.size].hex():
        raise problem("LOG_BAD_ROOT", f"{place}: root of {signed.size} entries is not the one signed")
    records = iter(reader)
    first = next(records, (0, 0, b""))
    if first[0] != KIND_GENESIS or bytes(first[2]) != genesis:
        raise problem("LOG_BAD_ROOT", f"{place} does not begin with {place / 'genesis.json'}")
    return Stream(origin, key, tuple(_sequencings(records)), roots, len(reader), signed)


def _sequencings(records: Iterator[Any]) -> Iterator[Sequencing]:
    """Group the signed events behind each `Sequenced` record."""
    kind = noun("Sequenced")
    current: Sequencing | None = None
    for number, record, data in records:
        if number == kind.kind:
            if current is not None:
                yield current
            row = np.frombuffer(data, dtype=kind.dtype)[0]
            current = Sequencing(int(row["ts"]), int(row["size"]), bytes(row["root"]))
        elif number == KIND_SIGNED and current is not None:
            more = (*current.envelopes, (int(record), bytes(data)))
            current = Sequencing(current.ts, current.size, current.root, more)
        else:
            raise problem("LOG_UNKNOWN_KIND", f"record {record} of the governance log is of kind {number}")
    if current is not None:
        yield current


def sequenced_record(record: int, ts: int, size: int, root: bytes) -> bytes:
    """The bytes of the record that stands before the events of one sequencing."""
    kind = noun("Sequenced")
    row = np.zeros(1, dtype=kind.dtype)
    row["id"], row["ts"], row["size"] = record, ts, size
    row["root"] = np.frombuffer(root, dtype=kind.dtype["root"])[0]
    return row.tobytes()


def _note(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise problem("LOG_IO", f"{path}: {error}") from None


def _signed(note: bytes, key: str, place: Path) -> Head:
    """The checkpoint that lies beside the log, if its signature by the log's key holds."""
    try:
        with named_errors():
            return Head(*_core.open_checkpoint(note, key))
    except HedgerowError:
        raise problem("LOG_BAD_SIGNATURE", f"{place / 'checkpoint'} is not signed by {key}") from None
