"""Files that a reader, or a crash, finds whole or not at all.

Promises: where a file is replaced, the old one stays until the new one is complete; who may read it is as it was, of a
new one as the umask says; what failed leaves nothing behind. Never: decides what stands in a file, names the error that
a disk gives, writes a secret (keys have `save_private`).
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def write_whole(path: Path, data: bytes, *, through: Path | None = None) -> None:
    """Write or replace a file, and the folders above it; OSError if the disk refuses, and then nothing was changed.

    It survives a crash once this returns, except with `through`: a folder on the same disk where a file of many lies
    until it is whole. Those the caller syncs together; new files for many folders are made ten times as fast in one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = _mode(path)
    unfinished = (through or path.parent) / f".{secrets.token_hex(8)}.new"
    # What replaces a private file is private from its first byte on.
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            if through is None:
                file.flush()
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    if through is None:
        sync(path.parent)


def _mode(path: Path) -> int | None:
    """Who may do what with a file that is there."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def sync(path: Path) -> None:
    """Let a file's bytes, or the names in a folder, survive a crash."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
