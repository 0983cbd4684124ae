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
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.files import write_whole
from hedgerow.governance.artifact import manifest_hash
from hedgerow.governance.artifacts.forms import ABI, Artifact, Form, is_sealed
from hedgerow.governance.envelope import canonical
from hedgerow.governance.identity import Identity, wrap
from hedgerow.governance.jail.limits import JailLimits

ROLES = ("runner", "author", "escrow")
"""Who must be able to open a sealed artifact."""
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
        return manifest_hash(self.manifest)


def seal(
    artifact: Artifact, recipients: Mapping[str, str], limits: JailLimits, *, entropy: bytes | None = None
) -> Sealed:
    """Encrypt an artifact to its recipients by role: `runner`, `author` and `escrow`, each another `age1...`.

    entropy: 32 bytes that nobody can guess, for equal files from equal runs; None = the operating system's. Raises
    JAIL_SEALED for recipients that are missing or the same, GOV_RECIPIENT for one that is none.
    """
    to = _recipients(recipients)
    entropy = secrets.token_bytes(32) if entropy is None else entropy
    salt = hashlib.sha256(b"hedgerow salt of a sealed artifact" + entropy).hexdigest()
    head = {"abi": ABI, "form": artifact.form.title, "limits": limits.to_json(), "salt": salt, "v": 1}
    plaintext = canonical(head) + b"\n" + artifact.plaintext
    ciphertext = wrap(plaintext, to, entropy=entropy)
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


def _recipients(recipients: Mapping[str, str]) -> list[str]:
    for role in recipients:
        if role not in ROLES:
            raise problem("JAIL_SEALED", f"no role {role!r}; there are {', '.join(ROLES)}{did_you_mean(role, ROLES)}")
    missing = [role for role in ROLES if role not in recipients]
    if missing:
        raise problem("JAIL_SEALED", f"no recipient for {', '.join(missing)}; give runner, author and escrow")
    if len(set(recipients.values())) != len(ROLES):
        raise problem("JAIL_SEALED", "runner, author and escrow must be three keys")
    return [recipients[role] for role in ROLES]


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


def open_sealed(sealed: Sealed, identity: Identity) -> Artifact:
    """Decrypt in memory and check: `identity` is that of one of the recipients.

    Raises JAIL_SEALED if it opens nothing, or what is within is not what the manifest says.
    """
    plaintext = identity.unwrap(sealed.ciphertext)
    if plaintext is None:
        raise problem("JAIL_SEALED", f"it is not sealed to {identity.recipient}")
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


def write_sealed(sealed: Sealed, path: Path, *, replace: bool = False) -> None:
    """Write the sealed file and its manifest beside it; both or none."""
    for target in (path, manifest_path(path)):
        if target.exists() and not replace:
            raise problem("CLI_EXISTS", str(target))
    try:
        write_whole(manifest_path(path), canonical(sealed.manifest) + b"\n")
        write_whole(path, sealed.ciphertext)
    except OSError as error:
        raise problem("JAIL_SEALED", f"{path}: {error.strerror}") from None
