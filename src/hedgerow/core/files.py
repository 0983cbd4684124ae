"""Files that a reader, or a crash, finds whole or not at all.

Promises: where a file is replaced, the old one stays until the new one is complete; what failed leaves nothing behind.
Never: decides what stands in a file, names the error that a disk gives.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes, *, through: Path | None = None) -> None:
    """Write or replace a file, and the folders above it; OSError if the disk refuses, and then nothing was changed.

    It survives a crash once this returns, except with `through`: a folder on the same disk where a file of many lies
    until it is whole. Those the caller syncs together; new files for many folders are made ten times as fast in one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=through or path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if through is None:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    if through is None:
        sync(path.parent)


def sync(path: Path) -> None:
    """Let a file's bytes, or the names in a folder, survive a crash."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
