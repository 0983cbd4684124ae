"""Sealing: an artifact encrypted to its runner, its author and an escrow, so that those who approve it cannot read it.

The sealed file is an age file. Within it lie one line of canonical JSON (form, limits, version, 32 random bytes of
salt) and then the bytes that run. Beside it lies the manifest, `FILE.json`, which anybody may read and which is what
people sign: `{"v":1,"kind":"sealed","ciphertext":...,"plaintext":...,"form":...,"abi":1,"limits":{...}}`, both hashes
SHA-256; `plaintext` is that of everything within, salt included, so that nobody can try guesses against it.

Promises: all three recipients can open it, or it is not made; opening checks both hashes and every field before the
bytes are given out. Never: writes the plaintext anywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.governance.artifacts.forms import ABI, Artifact, Form, is_sealed
from hedgerow.governance.envelope import canonical
from hedgerow.governance.jail.limits import JailLimits

ROLES = ("runner", "author", "escrow")
"""Who must be able to open a sealed artifact."""
_SALT_BYTES = 32
_FIELDS = {"v", "kind", "ciphertext", "plaintext", "form", "abi", "limits"}


@dataclass(frozen=True)
class Sealed:
    """A sealed artifact: the encrypted bytes, and the manifest that people sign."""

    ciphertext: bytes
    manifest: dict[str, Any]

    @property
    def limits(self) -> JailLimits:
        """What its process may use."""
        return JailLimits.from_json(self.manifest["limits"])

    @property
    def artifact_hash(self) -> str:
        """The hash that is proposed: of the manifest in canonical JSON."""
        return hashlib.sha256(canonical(self.manifest)).hexdigest()


def seal(artifact: Artifact, recipients: Mapping[str, str], limits: JailLimits, *, salt: bytes | None = None) -> Sealed:
    """Encrypt an artifact to its recipients by role: `runner`, `author` and `escrow`, each another `age1...`.

    salt: 32 bytes; None = from the system's randomness. Raises JAIL_SEALED for recipients that are missing or the same.
    """
    import pyrage

    keys = _recipients(recipients)
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    head = {"abi": ABI, "form": artifact.form.title, "limits": limits.to_json(), "salt": salt.hex(), "v": 1}
    plaintext = canonical(head) + b"\n" + artifact.plaintext
    ciphertext = bytes(pyrage.encrypt(plaintext, keys))
    manifest = {
        "v": 1,
        "kind": "sealed",
        "ciphertext": hashlib.sha256(ciphertext).hexdigest(),
        "plaintext": hashlib.sha256(plaintext).hexdigest(),
        "form": artifact.form.title,
        "abi": ABI,
        "limits": limits.to_json(),
    }
    return Sealed(ciphertext, manifest)


def _recipients(recipients: Mapping[str, str]) -> list[Any]:
    import pyrage

    for role in recipients:
        if role not in ROLES:
            raise problem("JAIL_SEALED", f"no role {role!r}; there are {', '.join(ROLES)}{did_you_mean(role, ROLES)}")
    missing = [role for role in ROLES if role not in recipients]
    if missing:
        raise problem("JAIL_SEALED", f"no recipient for {', '.join(missing)}; give runner, author and escrow")
    if len(set(recipients.values())) != len(ROLES):
        raise problem("JAIL_SEALED", "runner, author and escrow must be three keys")
    try:
        return [pyrage.x25519.Recipient.from_str(recipients[role]) for role in ROLES]
    except pyrage.RecipientError as error:
        raise problem("JAIL_SEALED", f"not an age recipient: {error}") from None


def manifest_path(path: Path) -> Path:
    """Where the manifest of a sealed file lies."""
    return path.with_name(path.name + ".json")


def read_sealed(path: str | Path) -> Sealed:
    """A sealed file with its manifest; JAIL_SEALED if one is missing or they do not belong together."""
    path = Path(path)
    if not is_sealed(path):
        raise problem("JAIL_SEALED", f"{path} is not an age file")
    try:
        ciphertext, text = path.read_bytes(), manifest_path(path).read_bytes()
    except OSError as error:
        raise problem("JAIL_SEALED", f"{error.filename}: {error.strerror}") from None
    sealed = Sealed(ciphertext, _manifest(text))
    found = hashlib.sha256(ciphertext).hexdigest()
    if found != sealed.manifest["ciphertext"]:
        raise problem(
            "JAIL_SEALED", f"{path} has the hash {found[:16]}, its manifest {sealed.manifest['ciphertext'][:16]}"
        )
    return sealed


def _manifest(text: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise problem("JAIL_SEALED", f"the manifest is not JSON: {error}") from None
    if not isinstance(manifest, dict) or set(manifest) != _FIELDS or canonical(manifest) != text.strip():
        raise problem("JAIL_SEALED", f"the manifest must be canonical JSON with {', '.join(sorted(_FIELDS))}")
    if (manifest["v"], manifest["kind"], manifest["abi"]) != (1, "sealed", ABI):
        raise problem(
            "JAIL_SEALED", f"a manifest of {manifest['kind']!r}, version {manifest['v']!r}, abi {manifest['abi']!r}"
        )
    return manifest


def open_sealed(sealed: Sealed, identity: str) -> Artifact:
    """Decrypt in memory and check: `identity` is an `AGE-SECRET-KEY-1...` of one of the recipients.

    Raises JAIL_SEALED if it opens nothing, or what is within is not what the manifest says.
    """
    import pyrage

    try:
        key = pyrage.x25519.Identity.from_str(identity.strip())
        plaintext = bytes(pyrage.decrypt(sealed.ciphertext, [key]))
    except (pyrage.IdentityError, pyrage.DecryptError) as error:
        raise problem("JAIL_SEALED", str(error)) from None
    if hashlib.sha256(plaintext).hexdigest() != sealed.manifest["plaintext"]:
        raise problem("JAIL_SEALED", "what is within is not what the manifest promises")
    line, _, content = plaintext.partition(b"\n")
    try:
        head = json.loads(line)
        told = {name: head[name] for name in ("abi", "form", "limits")}
        form = Form[str(head["form"]).upper()]
    except (ValueError, KeyError, TypeError):
        raise problem("JAIL_SEALED", "the first line within is not that of a sealed artifact") from None
    if told != {name: sealed.manifest[name] for name in told}:
        raise problem("JAIL_SEALED", "form, limits or version within differ from the manifest's")
    return Artifact(form, content)


def read_identity(path: str | Path) -> str:
    """The age identity in a file; lines that begin with # are remarks."""
    try:
        lines = Path(path).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise problem("JAIL_SEALED", f"{path}: {getattr(error, 'strerror', None) or 'not text'}") from None
    keys = [line.strip() for line in lines if line.strip().startswith("AGE-SECRET-KEY-1")]
    if len(keys) != 1:
        raise problem("JAIL_SEALED", f"{path} holds {len(keys)} age identities; one is wanted")
    return keys[0]


def write_sealed(sealed: Sealed, path: Path, *, replace: bool = False) -> None:
    """Write the sealed file and its manifest beside it; both or none."""
    for target in (path, manifest_path(path)):
        if target.exists() and not replace:
            raise problem("CLI_EXISTS", str(target))
    try:
        _write_whole(manifest_path(path), canonical(sealed.manifest) + b"\n")
        _write_whole(path, sealed.ciphertext)
    except OSError as error:
        raise problem("JAIL_SEALED", f"{path}: {error.strerror}") from None


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
