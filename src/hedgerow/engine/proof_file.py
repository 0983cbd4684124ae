"""One record in one file that proves itself: to hand to an auditor, a court, a counterparty.

A sealed entry is shown with the key of that one entry (`disclosure`), which opens no other; or it stays sealed, and the
file proves that this ciphertext stands in the log.

Promises: the file is checked offline with no other state; what is wrong with it is named; only the one way of writing
it is accepted, so that no byte of it can be changed unnoticed. Never: believes the key that stands in the file when
another is given; says anything about cosignatures unless a policy names the witnesses; holds the key of an epoch.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.core.nouns import noun_of_kind
from hedgerow.governance.unsealing import identity_files, keyring
from hedgerow.governance.witness.policy import WitnessStanding, judge, read_at_most, read_policy, unreadable

FORMAT = "hedgerow-proof/1"
FIELDS = ("blob", "disclosure", "entry", "format", "id", "key", "kind", "proof", "record")
DISCLOSURE = ("commitment", "key")
_FILE_BYTES_MAX = 256 << 20
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Checked:
    """What a proof file proved: which record, where it stands, under whose signature."""

    id: int
    kind: int
    noun: str | None
    record: bytes
    origin: str
    index: int
    size: int
    root: str
    key: str
    key_given: bool
    disclosed: bool
    signers: tuple[str, ...]
    standing: WitnessStanding | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values; bytes in hexadecimal."""
        plain = {**self.__dict__, "record": self.record.hex(), "signers": list(self.signers)}
        return plain | {"standing": self.standing and self.standing.to_json()}


def prove(
    folder: str | Path,
    record: int,
    *,
    stream: str = "journal",
    sealed: bool = False,
    witnessed: bool = False,
    identity: str | Path | None = None,
) -> bytes:
    """The proof file of one record of a log; read from published tiles, so a replica proves as well as the writer.

    folder: holds `journal/` and `governance/`; stream: which of them. sealed: leave a sealed entry sealed; otherwise
    its own key goes into the file, out of the epochs that `identity` or one in the folder opens, and
    whoever has the file reads every record of that entry. witnessed: prove it under the last checkpoint that was
    witnessed, not the newest one. Raises `LOG_NO_CHECKPOINT`, `LOG_UNKNOWN_ID`, `LOG_UNSIGNED` if the record is
    durable but not under a checkpoint yet, `LOG_TILE` or `LOG_BLOB` if a published file is missing or wrong,
    `LOG_SEAL_EPOCH` if no identity opens the entry that is to be shown.
    """
    with named_errors():
        proved = _core.prove_record(str(folder), record, stream, witnessed=witnessed)
    kind, data, blob = proved["kind"], proved["record"], proved["blob"]
    disclosure = None
    if kind == _core.KIND_SEALED and not sealed:
        keys = keyring(folder, stream, identity_files(folder, identity))
        disclosure = _disclosure(proved["entry"], blob, keys)
    if disclosure is not None:
        kind, data = _shown(proved["entry"], blob, disclosure, record)
    return written(
        {
            "format": FORMAT,
            "id": record,
            "kind": kind,
            "record": data.hex(),
            "entry": base64.b64encode(proved["entry"]).decode(),
            "blob": None if blob is None else base64.b64encode(blob).decode(),
            "disclosure": disclosure,
            "proof": proved["proof"],
            "key": proved["key"],
        }
    )


def check(path: str | Path, *, key: str | None = None, policy: str | Path | None = None) -> Checked:
    """Check a proof file with nothing but itself; returns what it proves.

    key: the verifier key line from another channel; without it the one in the file is believed, and the result says so.
    policy: a C2SP tlog-policy file that the checkpoint's cosignatures must meet. Raises `LOG_PROOF` if the file has
    another form or its record, entry and blob do not fit together, `LOG_SEAL_TAMPERED` if the disclosed key does not
    open the entry, `LOG_BAD_SIGNATURE` if the key did not sign the checkpoint, `LOG_BAD_ROOT` if the entry is not under
    it, `LOG_NOT_WITNESSED` if the policy is not met.
    """
    file = parsed(path)
    trusted = key or file["key"]
    entry, blob = unpacked(file, "entry"), None if file["blob"] is None else unpacked(file, "blob")
    with named_errors():
        proved = _core.check_proof(file["proof"], entry, trusted)
        kind, _, record = _core.record_of_entry(entry, blob, file["id"])
    disclosed = file["disclosure"] is not None
    if disclosed:
        kind, record = _shown(entry, blob, file["disclosure"], file["id"])
    if kind != file["kind"] or record.hex() != file["record"]:
        raise problem("LOG_PROOF", f"{path}: the record is not the one that stands in its entry")
    if blob is not None and not blob:
        raise problem("LOG_PROOF", f"{path}: an empty blob")
    if key is not None and file["key"] != key:
        raise problem("LOG_BAD_SIGNATURE", f"the file names the key {file['key']}, given is {key}")
    noun = noun_of_kind(kind)
    note = file["proof"].partition("\n\n")[2]
    standing = None
    if policy is not None:
        standing = judge(note, trusted, read_policy(policy))
        standing.demand()
    return Checked(
        id=file["id"],
        kind=kind,
        noun=noun.name if noun else None,
        record=record,
        key=trusted,
        key_given=key is not None,
        disclosed=disclosed,
        signers=tuple(line.split(" ")[1] for line in note.splitlines() if line.startswith("\u2014 ")),
        standing=standing,
        **proved,
    )


def _disclosure(entry: bytes, blob: bytes | None, keys: _core.Keyring) -> dict[str, str] | None:
    """The key of one sealed entry, and the commitment of its epoch; `None` of a plain one."""
    with named_errors():
        disclosed = _core.disclose_entry(entry, blob or b"", keys)
    return None if disclosed is None else {"commitment": disclosed[1].hex(), "key": disclosed[2].hex()}


def _shown(entry: bytes, blob: bytes | None, disclosure: Mapping[str, str], record: int) -> tuple[int, bytes]:
    """Kind and bytes of a record in a sealed entry, opened with the key that was disclosed for it."""
    commitment, key = (bytes.fromhex(disclosure[name]) for name in DISCLOSURE)
    with named_errors():
        records = _core.open_entry(entry, blob or b"", commitment, key)
    return next((kind, data) for kind, number, data in records if number == record)


def save(path: Path, data: bytes) -> None:
    """Write a file as a whole; `LOG_IO` if the disk refuses."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise unreadable(path, error) from None


def written(file: Mapping[str, Any]) -> bytes:
    """The one way in which a proof file is written: sorted, one field a line, ASCII.

    >>> written({"b": 1, "a": None})
    b'{\\n "a": null,\\n "b": 1\\n}\\n'
    """
    return (json.dumps(file, indent=1, sort_keys=True) + "\n").encode()


def parsed(path: str | Path) -> dict[str, Any]:
    """A proof file's fields, of the right names and types, written in the one way."""

    def bad(what: str) -> HedgerowError:
        return problem("LOG_PROOF", f"{path}: {what}")

    try:
        data = read_at_most(Path(path), _FILE_BYTES_MAX)
    except OSError as error:
        raise unreadable(Path(path), error) from None
    try:
        file = json.loads(data)
    except (ValueError, RecursionError):
        raise bad("it is not JSON") from None
    if not isinstance(file, dict) or file.get("format") != FORMAT:
        raise bad(f"it is not of the format {FORMAT}")
    if tuple(sorted(file)) != FIELDS:
        raise bad(f"it has the fields {', '.join(sorted(file))}; a proof has {', '.join(FIELDS)}")
    disclosure = file["disclosure"]
    is_shown = disclosure is None or (
        isinstance(disclosure, dict)
        and tuple(sorted(disclosure)) == DISCLOSURE
        and all(isinstance(value, str) and _DIGEST.fullmatch(value) for value in disclosure.values())
    )
    numbers = all(type(file[name]) is int and 0 <= file[name] < 1 << 64 for name in ("id", "kind"))
    texts = all(isinstance(file[name], str) for name in ("entry", "key", "proof", "record"))
    if not numbers or not texts or not isinstance(file["blob"], str | None) or not is_shown:
        raise bad("a field is of another type")
    if written(file) != data:
        raise bad("it is not written as proofs are: sorted, one field a line")
    return file


def unpacked(file: Mapping[str, Any], name: str) -> bytes:
    """The bytes of a base64 field."""
    try:
        data = base64.b64decode(file[name], validate=True)
    except (binascii.Error, ValueError):
        data = b""
    # Bits that decoding drops would be bytes that can be changed.
    if base64.b64encode(data).decode() != file[name]:
        raise problem("LOG_PROOF", f"the field {name} is not base64")
    return data
