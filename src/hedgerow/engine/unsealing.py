"""The keys for a sealed log: this device's identity, and the epoch events that stand in the log itself.

Promises: an identity is read from the file named, or from `identity.age` beside the log's journal; without one a plain
log reads as ever, and a sealed one is `LOG_SEAL_EPOCH`. Never: asks a network, guesses a key.
"""

from __future__ import annotations

from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import named_errors
from hedgerow.governance import epochs
from hedgerow.governance.identity import IDENTITY_FILE, Identity, grants_beside


def keyring(folder: str | Path, identity: str | Path | None = None) -> _core.Keyring:
    """Every key of a log that an identity opens: of the epoch events in it, and of the grants beside the identity."""
    file = identity_file(folder, identity)
    if file is None:
        return _core.Keyring()
    own = Identity.load(file)
    with named_errors():
        signed = [data for _, data in _core.LogReader(str(folder)).entries(_core.KIND_SIGNED)]
    opened = epochs.open_epochs(epochs.published(signed), [own])
    for grant in grants_beside(file):
        opened += epochs.open_grant(grant, [own])
    return epochs.keyring(opened)


def identity_file(folder: str | Path, identity: str | Path | None = None) -> Path | None:
    """The identity file to use: the one named, or the one beside the log, if it is there."""
    if identity is not None:
        return Path(identity)
    beside = Path(folder) / IDENTITY_FILE
    return beside if beside.exists() else None
