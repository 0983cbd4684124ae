"""The three forms of an opaque strategy, told apart by their first bytes, and the bytes that run.

Promises: what runs is exactly what was hashed: the file is read once. Never: runs anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance.artifact import file_content, folder_content, manifest_hash, with_config
from hedgerow.governance.artifacts.packing import pack_folder, unpack

ABI = 1
ARTIFACT_BYTES_MAX = 64 * 1024 * 1024


class Form(IntEnum):
    """What kind of program an artifact is."""

    WASM = 1
    NATIVE = 2
    PYTHON = 3

    @property
    def title(self) -> str:
        """Its name as manifests have it."""
        return self.name.lower()


@dataclass(frozen=True)
class Artifact:
    """The bytes that run, their form, and whether they were packed from a folder."""

    form: Form
    plaintext: bytes
    is_folder: bool = False

    @property
    def manifest(self) -> dict[str, Any]:
        """What `governance.manifest` says of the path, of the bytes that were read."""
        if not self.is_folder:
            return with_config(file_content(hashlib.sha256(self.plaintext).hexdigest()))
        hashes = {name: hashlib.sha256(file).hexdigest() for name, file in unpack(self.plaintext).items()}
        return with_config(folder_content(hashes))

    @property
    def artifact_hash(self) -> str:
        """The hash that is proposed."""
        return manifest_hash(self.manifest)


def form_of(data: bytes) -> Form | None:
    """The form that the first bytes say.

    >>> form_of(bytes([0]) + b"asm" + bytes([1, 0, 0, 0])).title
    'wasm'
    """
    if data[:4] == b"\0asm":
        return Form.WASM
    if data[:4] == b"\x7fELF":
        return Form.NATIVE
    return Form.PYTHON if data[:4] == b"PK\x03\x04" else None


def is_sealed(path: Path) -> bool:
    """Whether a file is encrypted with age."""
    try:
        with path.open("rb") as file:
            return file.read(21) == b"age-encryption.org/v1"
    except OSError:
        return False


def is_artifact(path: Path) -> bool:
    """Whether a path looks like an opaque strategy: a folder with `strategy.py`, a module, a program, a sealed file."""
    if path.is_dir():
        return (path / "strategy.py").is_file()
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError:
        return False
    return form_of(head) is not None or is_sealed(path)


def read_artifact(path: str | Path) -> Artifact:
    """The artifact at a path that is not sealed; `GOV_ARTIFACT` for what is none of the forms."""
    path = Path(path)
    if path.is_symlink():
        raise problem("GOV_ARTIFACT", f"{path} is a link")
    if path.is_dir():
        return Artifact(Form.PYTHON, pack_folder(path), is_folder=True)
    try:
        size = path.stat().st_size
        if size > ARTIFACT_BYTES_MAX:
            raise problem("GOV_ARTIFACT", f"{path} has {size:,} bytes, at most {ARTIFACT_BYTES_MAX:,}")
        data = path.read_bytes()
    except OSError as error:
        raise problem("GOV_ARTIFACT", f"{path}: {error.strerror}") from None
    form = form_of(data)
    if form is None:
        sealed = "is sealed; give the identity that opens it" if is_sealed(path) else "is no module, program or package"
        raise problem("GOV_ARTIFACT", f"{path} {sealed}")
    return Artifact(form, data)
