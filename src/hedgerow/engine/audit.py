"""Proves a journal: hashes, signature and sequence first, then every decision derived again by the kernel.

Promises: a journal that verifies was written by this kernel from these inputs and not changed by one byte since its
checkpoint, and its execution algorithms decide on the same child orders again; anything else is a named error. Needs no
secrets.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import LogError, named_errors
from hedgerow.governance import timestamps
from hedgerow.governance.timestamps import TimeStamp
from hedgerow.governance.unsealing import identity_files, keyring
from hedgerow.governance.witness.policy import WitnessStanding, last_witnessed, read_policy
from hedgerow.governance.witness.policy import standing as standing_under


@dataclass(frozen=True)
class Proof:
    """What was proved about a journal."""

    folder: str
    records: int
    entries: int
    root: str
    origin: str
    sha256: str
    inputs: int
    effects: int
    state_hashes: int
    state_hash: str
    slices: int = 0
    linked: int = 0
    standing: WitnessStanding | None = None
    timestamps: tuple[TimeStamp, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        stamps = None if self.timestamps is None else [dict(stamp.__dict__) for stamp in self.timestamps]
        return {**self.__dict__, "standing": self.standing and self.standing.to_json(), "timestamps": stamps}


def verify(
    folder: str | Path,
    key: str | None = None,
    *,
    policy: str | Path | None = None,
    tsa_cert: str | Path | None = None,
    identity: str | Path | None = None,
) -> Proof:
    """Prove the journal in a folder; `key` is the verifier key line that its checkpoint must be signed with.

    `policy` is a file that says which witnesses must have cosigned the checkpoint (C2SP tlog-policy), or else the one
    that is kept as `witnessed` and that this log extends: the standing says of how many entries. `tsa_cert` is a PEM
    file that its time-stamps must verify with (RFC 3161). `identity` is the file of an age identity that opens a
    sealed journal, tried before those that lie in its folder (`identity.age`, `keys/*.age`): hashes, signature and
    sequence need none, deriving the decisions again does. Raises LogError naming the first thing that is wrong.
    """
    standing = stamps = None
    with named_errors():
        log = _core.verify_log(str(folder), key)
    if policy is not None:
        standing = _witnessed(folder, policy, key)
    keys = keyring(folder, "journal", identity_files(folder, identity))
    if tsa_cert is not None:
        stamps = tuple(timestamps.verify(folder, tsa_cert))
    with named_errors():
        replay = _core.replay_log(str(folder), keys)
        digest = _core.wal_sha256(str(folder))
    return Proof(
        folder=str(folder),
        records=log["last_id"],
        entries=log["entries"],
        root=log["root"],
        origin=log["origin"],
        sha256=digest,
        inputs=replay["inputs"],
        effects=replay["effects"],
        state_hashes=replay["hashes"],
        state_hash=replay["state_hash"].hex(),
        slices=replay["slices"],
        linked=replay["linked"],
        standing=standing,
        timestamps=stamps,
    )


def _witnessed(folder: str | Path, policy: str | Path, key: str | None) -> WitnessStanding:
    """The newest checkpoint that the policy accepts; `LOG_NOT_WITNESSED` if it accepts none. Both were verified."""
    rules = read_policy(policy)
    newest = standing_under(folder, rules, key)
    last = None if newest.met else last_witnessed(folder, rules, key)
    if last is not None and last.met:
        return last
    newest.demand()
    return newest


def tamper_drill(folder: str | Path, copy: str | Path, *, offset: int | None = None) -> str:
    """Copy a journal, flip one bit of the copy, and return the error that verification gives.

    offset: of the byte in the write-ahead file; None = the middle of what is written. The original is not touched.
    Returns an empty string if the change was *not* caught.
    """
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    wal = Path(copy) / "journal" / "wal"
    data = bytearray(wal.read_bytes())
    place = len(data.rstrip(b"\0")) // 2 if offset is None else offset
    data[place] ^= 1
    wal.write_bytes(bytes(data))
    try:
        verify(copy)
    except LogError as error:
        return str(error)
    return ""
