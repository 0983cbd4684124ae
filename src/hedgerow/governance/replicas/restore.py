"""A site rebuilt from a replica: every file proved before it is kept, then the write-ahead file made of them.

The replica is believed in nothing: its tiles must give the root that the log's key signed, its bundles the tiles'
leaves, its blobs their names. The write-ahead file comes last, in one step; until then the folder is not a log, and
restoring again goes on with the files that are there and prove right.

Promises: what is restored has the signed root, verifies, and can be continued by its writer; a replica changed in any
file is named and gives no log. Never: overwrites a log. Whether the replica is the newest there was, only a witness or
another replica knows: the log's size is told, to be compared.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.governance.replicas.layout import (
    CHECKPOINT,
    GENESIS,
    KEY,
    KIND_GENESIS,
    SIGNED,
    STREAMS,
    WAL,
    Tile,
    Tree,
    blob_digest,
    blob_name,
    entries_of,
    tiles_of,
    wrong,
)
from hedgerow.governance.replicas.replicate import Progress, furthest
from hedgerow.governance.replicas.source import check_timestamp
from hedgerow.governance.replicas.target import Target


@dataclass(frozen=True)
class Restored:
    """What became of one log."""

    stream: str
    origin: str
    entries: int
    root: str
    files: int
    files_fetched: int

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def restore(
    target: Target, site: Path, *, keys: Mapping[str, str] | None = None, progress: Progress | None = None
) -> list[Restored]:
    """Rebuild every log that a replica holds in an empty site; `LOG_EXISTS` if a log is there already.

    keys: verifier key line by stream, to trust in place of the one in the replica.
    """
    streams = [stream for stream in STREAMS if target.versions(f"{stream}/{CHECKPOINT}")]
    if not streams:
        raise problem("LOG_NO_CHECKPOINT", f"{target.url} holds no replica")
    for stream in streams:
        if (site / stream / WAL).exists():
            raise problem("LOG_EXISTS", str(site / stream))
    report = progress or (lambda *_: None)
    return [_Restoring(target, site / stream, stream, (keys or {}).get(stream), report).run() for stream in streams]


class _Restoring:
    """One log on its way."""

    def __init__(self, target: Target, folder: Path, stream: str, key_line: str | None, progress: Progress) -> None:
        self._target, self._folder, self._stream, self._progress = target, folder, stream, progress
        key = target.read(f"{stream}/{KEY}")
        if key is None and key_line is None:
            raise wrong(f"{stream}/{KEY}", f"{target.url} does not have it; give the log's verifier key line")
        line = key.decode(errors="replace").strip() if key_line is None and key is not None else str(key_line)
        if key is not None and key != f"{line}\n".encode():
            raise wrong(f"{stream}/{KEY}", f"it is not the key line {line}")
        head = furthest(target.versions(f"{stream}/{CHECKPOINT}"), line, f"{target.url}/{stream}")
        if head is None:
            raise problem("LOG_NO_CHECKPOINT", f"{target.url}/{stream}")
        self._line, self._head = line, head
        self._tree = Tree(head.size, self._remote)
        self._done = self._fetched = self._total = 0

    def run(self) -> Restored:
        """Fetch, prove, build."""
        self._tree.check(self._head.root)
        extras = self._extras()
        tiles = list(tiles_of(self._head.size))
        self._total = len(tiles) + len(extras) + self._head.size
        for tile in tiles:
            if tile.row != "entries":
                self._keep(tile.name, self._tree.bytes_of(tile))
                self._step(1)
        for tile in tiles:
            if tile.row == "entries":
                self._bundle(tile)
        for name in extras:
            self._extra(name)
            self._step(1)
        self._build([tile for tile in tiles if tile.row == "entries"])
        head = self._head
        return Restored(self._stream, head.origin, head.size, head.root.hex(), self._done, self._fetched)

    def _bundle(self, tile: Tile) -> None:
        data = self._proved(tile.name, lambda data: self._tree.check_bundle(tile, data), tile)
        self._keep(tile.name, data)
        for digest in filter(None, map(blob_digest, entries_of(tile, data))):
            self._keep(blob_name(digest), self._proved(blob_name(digest), _is_blob(digest)))
        self._step(tile.width)

    def _proved(self, name: str, check: Callable[[bytes], object], tile: Tile | None = None) -> bytes:
        """A file that passes its check: the one that an earlier attempt left, or the replica's."""
        local = self._local(name)
        if local is not None:
            try:
                check(local)
            except HedgerowError:
                pass
            else:
                return local
        data = self._remote(name) if tile is None else self._tree.bytes_of(tile)
        if data is None:
            raise wrong(f"{self._stream}/{name}", f"{self._target.url} does not have it")
        check(data)
        return data

    def _extra(self, name: str) -> None:
        data = self._remote(name) or b""
        if name == GENESIS:
            self._check_genesis(data)
        else:
            check_timestamp(name, data, self._tree, self._head.origin)
        self._keep(name, data)

    def _check_genesis(self, data: bytes) -> None:
        """The fund's first record stands in the log too, and must be the same."""
        first = next(iter(self._entries(list(tiles_of(self._head.size))[:1])), b"")
        if int.from_bytes(first[:2], "little") == KIND_GENESIS and first[16:] != data:
            raise wrong(f"{self._stream}/{GENESIS}", "it is not the log's first record")

    def _extras(self) -> list[str]:
        names = [name.removeprefix(f"{self._stream}/") for name in self._target.names(self._stream)]
        return sorted(name for name in names if name == GENESIS or _is_timestamp(name))

    def _build(self, bundles: list[Tile]) -> None:
        """Make the write-ahead file and put it in its place as the last thing of all."""
        image = _core.WalImage()
        for entry in self._entries(bundles):
            digest = blob_digest(entry)
            blob = b"" if digest is None else self._local(blob_name(digest)) or b""
            with named_errors():
                image.push(entry, blob)
        file = image.finish()
        with named_errors():
            _core.verify_image(file, self._head.note, self._line)
        unfinished = self._folder / f"{WAL}.restoring"
        _write(unfinished, file)
        self._keep(KEY, f"{self._line}\n".encode())
        self._keep(SIGNED, self._head.body)
        self._keep(CHECKPOINT, self._head.note)
        # One sync for all files; the write-ahead file takes its place only after it.
        os.sync()
        os.replace(unfinished, self._folder / WAL)
        _sync(self._folder)

    def _entries(self, bundles: list[Tile]) -> Iterator[bytes]:
        for tile in bundles:
            yield from entries_of(tile, self._local(tile.name) or b"")

    def _remote(self, name: str) -> bytes | None:
        data = self._target.read(f"{self._stream}/{name}")
        self._fetched += data is not None
        return data

    def _local(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _keep(self, name: str, data: bytes) -> None:
        if self._local(name) != data:
            place = self._folder / name
            unfinished = place.with_name(f".{place.name}.new")
            _write(unfinished, data)
            os.replace(unfinished, place)

    def _step(self, units: int) -> None:
        self._done += units
        self._progress(self._target.url, self._done, self._total)


def _is_blob(digest: bytes) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        if hashlib.sha256(data).digest() != digest:
            raise wrong(blob_name(digest), "its bytes have another digest")

    return check


def _is_timestamp(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return folder == "timestamps" and file.removesuffix(".tsr").isdecimal() and file.endswith(".tsr")


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise problem("LOG_IO", f"{path}: {error.strerror}") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
