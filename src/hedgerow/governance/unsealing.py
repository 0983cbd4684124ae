"""The keys for a sealed log: the identities of this device, and the epoch events that stand in the log itself.

Promises: identities are read from the file named, and from `identity.age` and `keys/*.age` in the log's folder; a plain
log reads without any, and a sealed one that none of them opens is `LOG_SEAL_EPOCH`. Never: asks a network, guesses a
key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hedgerow import _core
from hedgerow._core import KIND_SIGNED
from hedgerow.core.errors import named_errors
from hedgerow.governance import epochs
from hedgerow.governance.identity import IDENTITY_FILE, Identity, grants_beside


def identity_files(folder: str | Path, identity: str | Path | None = None) -> list[Path]:
    """The identity files to try: the one named, then those that lie in the folder."""
    place = Path(folder)
    beside = (place / IDENTITY_FILE, *sorted((place / "keys").glob(f"*{Path(IDENTITY_FILE).suffix}")))
    named = [] if identity is None else [Path(identity)]
    return [*named, *(file for file in beside if file.exists())]


def open_log(folder: str | Path, stream: str, files: Sequence[Path]) -> _core.LogReader:
    """A log, its sealed entries opened with what these identities hold; without sealed entries no file is touched."""
    with named_errors():
        reader = _core.LogReader(str(folder), stream=stream)
        return reader.opened(_keys(reader, files)) if reader.is_sealed else reader


def keyring(folder: str | Path, stream: str, files: Sequence[Path]) -> _core.Keyring:
    """Every key of a log that these identities open: of the epoch events in it, and of the grants beside the files."""
    with named_errors():
        reader = _core.LogReader(str(folder), stream=stream)
    return _keys(reader, files) if reader.is_sealed else _core.Keyring()


def _keys(reader: _core.LogReader, files: Iterable[Path]) -> _core.Keyring:
    own = {file: Identity.load(file) for file in files}
    signed = [data for _, data in reader.entries(KIND_SIGNED)]
    opened = epochs.open_epochs(epochs.published(signed), tuple(own.values()))
    for grant in dict.fromkeys(grant for file in own for grant in grants_beside(file)):
        opened += epochs.open_grant(grant, own.values())
    return epochs.keyring(opened)
