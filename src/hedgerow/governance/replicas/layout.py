"""What a published log's files are called, and what they must hold to belong to its checkpoint (C2SP tlog-tiles).

A second, slower way through the same files that the core writes: it proves them with `hashlib` alone, so that a replica
is never checked by the code that made it.

Promises: a tile, bundle or blob that passes is the one that the checkpoint signs; a file that is missing or not what it
should be is named. Never: writes, opens what is sealed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from hedgerow.core.errors import HedgerowError, problem

STREAMS = ("journal", "governance")
"""The logs of a site, each a folder of its own."""

CHECKPOINT, KEY, GENESIS, SIGNED, WAL = "checkpoint", "key.pub", "genesis.json", "signed", "wal"
WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""

KIND_SIGNED, KIND_GENESIS, KIND_SEGMENT, KIND_SEALED = 32, 33, 34, 35
_ENTRY_HEAD = struct.Struct("<HHIQ")
_DIGEST = slice(24, 56)

Read = Callable[[str], bytes | None]
"""Gives the bytes of a log's file by its name below the log's folder, or `None` if it is not there."""


@dataclass(frozen=True, order=True)
class Tile:
    """A tile of hashes (`row` is its level) or a bundle of entries (`row` is "entries"): which one, and how many in it.

    >>> Tile("0", 1_234_067, 256).name, Tile("entries", 273, 112).name
    ('tile/0/x001/x234/067', 'tile/entries/273.p/112')
    """

    row: str
    index: int
    width: int

    @property
    def name(self) -> str:
        """Its file."""
        groups, rest = f"{self.index % 1000:03}", self.index // 1000
        while rest:
            groups, rest = f"x{rest % 1000:03}/{groups}", rest // 1000
        return f"tile/{self.row}/{groups}" + ("" if self.width == WIDTH else f".p/{self.width}")


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile and bundle of the tree with so many entries, bundles first.

    >>> [tile.name for tile in tiles_of(257)]
    ['tile/entries/000', 'tile/entries/001.p/1', 'tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']
    """
    yield from _row("entries", size)
    level = 0
    while size >> 8 * level:
        yield from _row(str(level), size >> 8 * level)
        level += 1


def _row(row: str, width: int) -> Iterator[Tile]:
    for index in range(-(-width // WIDTH)):
        yield Tile(row, index, min(WIDTH, width - index * WIDTH))


def blob_name(digest: bytes) -> str:
    """The file of the bytes with this SHA-256."""
    return f"blob/{digest.hex()[:2]}/{digest.hex()}"


def blob_digest(entry: bytes) -> bytes | None:
    """SHA-256 of what lies behind an entry, if it commits to a blob."""
    return entry[_DIGEST] if _kind(entry) in (KIND_SEGMENT, KIND_SEALED) else None


def is_readable(entry: bytes) -> bool:
    """Whether an entry tells an outsider something: not a seal, the genesis, or an event that hands out keys."""
    kind = _kind(entry)
    if kind == KIND_SIGNED:
        return _event_type(entry[_ENTRY_HEAD.size :]) != "epoch"
    return kind not in (KIND_SEALED, KIND_GENESIS)


def _kind(entry: bytes) -> int:
    return int(_ENTRY_HEAD.unpack_from(entry)[0]) if len(entry) >= _ENTRY_HEAD.size else 0


def _event_type(envelope: bytes) -> str:
    try:
        return str(json.loads(base64.b64decode(json.loads(envelope)["payload"]))["type"])
    except (ValueError, KeyError, TypeError):
        return ""


def entries_of(tile: Tile, bundle: bytes) -> list[bytes]:
    """The entries of a bundle; `LOG_REPLICA` if it does not hold exactly as many as it should."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle) and len(entries) < tile.width:
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : end])
        at = end
    if at != len(bundle) or len(entries) != tile.width:
        raise wrong(tile.name, f"it does not hold {tile.width} entries")
    return entries


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962's hash of a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _root_of(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [_node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


class Tree:
    """The Merkle tree of so many entries, out of its tiles."""

    def __init__(self, size: int, read: Read) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def bytes_of(self, tile: Tile) -> bytes:
        """A tile's or bundle's bytes; of a partial one that is gone, those of the wider one in its place."""
        data = self._read(tile.name)
        if data is None and tile.width < WIDTH:
            whole = self._read(Tile(tile.row, tile.index, WIDTH).name)
            data = None if whole is None else _narrowed(tile, whole)
        if data is None:
            raise wrong(tile.name, "it is missing")
        return data

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` entries, by default over all."""
        size = self.size if size is None else size
        return self._subtree(0, size) if size else hashlib.sha256().digest()

    def leaves(self, index: int) -> list[bytes]:
        """The leaf hashes of bundle number `index`."""
        return self._hashes(0, index)

    def check(self, root: bytes) -> None:
        """Prove every tile of hashes: the right edge by the root, each full tile by the hash that is its root above."""
        if self.root() != root:
            raise wrong(
                "tile", f"the tiles' root of {self.size} entries is {self.root().hex()}, signed is {root.hex()}"
            )
        level = 0
        while self.size >> 8 * (level + 1):
            for index in range(self.size >> 8 * (level + 1)):
                if _root_of(self._hashes(level, index)) != self._hashes(level + 1, index // WIDTH)[index % WIDTH]:
                    raise wrong(Tile(str(level), index, WIDTH).name, "its hashes are not those of the tree above it")
            level += 1

    def check_bundle(self, tile: Tile, bundle: bytes) -> list[bytes]:
        """The entries of a bundle, once each was found to be the leaf that the tree has in its place."""
        entries = entries_of(tile, bundle)
        for place, (entry, leaf) in enumerate(zip(entries, self.leaves(tile.index), strict=True)):
            if leaf_hash(entry) != leaf:
                raise wrong(tile.name, f"entry {tile.index * WIDTH + place} is not the one that was signed")
        return entries

    def _hashes(self, level: int, index: int) -> list[bytes]:
        if (level, index) not in self._tiles:
            width = min(WIDTH, (self.size >> 8 * level) - index * WIDTH)
            tile = Tile(str(level), index, width)
            data = self.bytes_of(tile)
            if len(data) != 32 * width:
                raise wrong(tile.name, f"{len(data)} bytes instead of {32 * width}")
            self._tiles[level, index] = [data[at : at + 32] for at in range(0, len(data), 32)]
        return self._tiles[level, index]

    def _subtree(self, low: int, high: int) -> bytes:
        count = high - low
        if count & (count - 1) == 0 and low % count == 0:
            bits = count.bit_length() - 1
            if bits % 8 == 0:
                index = low >> bits
                return self._hashes(bits // 8, index // WIDTH)[index % WIDTH]
        middle = low + (1 << (count - 1).bit_length() - 1)
        return _node(self._subtree(low, middle), self._subtree(middle, high))


def _narrowed(tile: Tile, whole: bytes) -> bytes:
    if tile.row != "entries":
        return whole[: 32 * tile.width]
    entries = entries_of(Tile(tile.row, tile.index, WIDTH), whole)[: tile.width]
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


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


def wrong(name: str, what: str) -> HedgerowError:
    """The error for a file that is not the one that its checkpoint signs."""
    return problem("LOG_REPLICA", f"{name}: {what}")
