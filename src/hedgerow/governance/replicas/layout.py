"""What the files of a published log are called, and what a checkpoint says (C2SP tlog-tiles, tlog-checkpoint).

Which of them belong to a checkpoint the core proves (`_core.TileProver`), one file at a time. A log is proved without
the core by `tools/fsck`.

Promises: a file that is missing or not what it should be is named. Never: writes, opens what is sealed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem

STREAMS = ("journal", "governance")
"""The logs of a site, each a folder of its own."""

CHECKPOINT, KEY, GENESIS, SIGNED, WAL = "checkpoint", "key.pub", "genesis.json", "signed", "wal"
TILES, BUNDLES = "tile/", "tile/entries/"
UNFINISHED = ".new"
"""Where files of a log lie until they are whole; whoever opens it for writing removes it."""

Read = Callable[[str], bytes | None]
"""Gives the bytes of a log's file by its name below the log's folder, or `None` if it is not there."""


@dataclass(frozen=True)
class Head:
    """A signed checkpoint: which log, how many entries, which root, and the note with all its signatures."""

    origin: str
    size: int
    root: bytes
    note: bytes

    @cached_property
    def body(self) -> bytes:
        """What is signed, timestamped, and kept as the last-signed record."""
        return b"%s\n%d\n%s\n" % (self.origin.encode(), self.size, base64.b64encode(self.root))

    def prover(self) -> _core.TileProver:
        """What proves the tiles and bundles of this tree one by one."""
        with named_errors():
            return _core.TileProver(self.size, self.root)


def tile_bytes(name: str, read: Read) -> bytes:
    """A tile's or bundle's bytes; of a partial one that is gone, those of the full one in its place."""
    data = read(name)
    if data is None and ".p/" in name:
        full = read(name.partition(".p/")[0])
        with named_errors():
            data = None if full is None else _core.narrowed_tile(name, full)
    if data is None:
        raise wrong(name, "it is missing")
    return data


def check_blob(name: str, data: bytes) -> None:
    """`LOG_REPLICA` if these are not the bytes whose SHA-256 is the name."""
    if hashlib.sha256(data).hexdigest() != name.rpartition("/")[2]:
        raise wrong(name, "its bytes have another digest")


def check_timestamp(name: str, token: bytes, head: Head, root: Callable[[int], bytes]) -> None:
    """A time-stamp token must be over the checkpoint of the size that names it; who signed it, `audit` says.

    root: gives the root of the first so many entries of the log with this head.
    """
    stem = name.removesuffix(".tsr").rpartition("/")[2]
    size = int(stem) if stem.isdecimal() else -1
    if not 0 <= size <= head.size:
        raise wrong(name, f"the log has {head.size} signed entries")
    if hashlib.sha256(Head(head.origin, size, root(size), b"").body).digest() not in token:
        raise wrong(name, "the token is over another checkpoint")


def wrong(name: str, what: str) -> HedgerowError:
    """The error for a file that is not the one that its checkpoint signs."""
    return problem("LOG_REPLICA", f"{name}: {what}")
