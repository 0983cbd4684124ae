"""A site rebuilt from a replica: every file proved before it is kept, then the write-ahead file made of them.

The replica is believed in nothing: its tiles must give the root that the log's key signed, its bundles the tiles'
leaves, its blobs their names. The write-ahead file comes last, in one step; until then the folder is not a log, and
restoring again goes on with the files that are there and prove right.

Promises: what is restored has the signed root, verifies, and can be continued by its writer; a replica changed in any
file is named and gives no log. Never: overwrites a log. Whether the replica is the newest there was, only a witness or
another replica knows: the log's size is told, to be compared.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.core.files import sync, write_whole
from hedgerow.governance.replicas.layout import (
    BUNDLES,
    CHECKPOINT,
    GENESIS,
    KEY,
    SIGNED,
    STREAMS,
    TILES,
    UNFINISHED,
    WAL,
    check_blob,
    check_timestamp,
    tile_bytes,
    wrong,
)
from hedgerow.governance.replicas.replicate import Progress, furthest
from hedgerow.governance.replicas.source import check_witnessed, root_in
from hedgerow.governance.replicas.target import Target
from hedgerow.governance.witness.policy import WITNESSED


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
        where = f"{target.url}/{stream}"
        head = furthest(target.versions(f"{stream}/{CHECKPOINT}"), line, where)
        self._witnessed = furthest(target.versions(f"{stream}/{WITNESSED}"), line, where)
        if head is None:
            raise problem("LOG_NO_CHECKPOINT", f"{target.url}/{stream}")
        self._line, self._head, self._prover = line, head, head.prover()
        self._names = self._prover.names()
        self._tiles: dict[str, bytes] = {}
        self._unfinished = folder / UNFINISHED
        self._done = self._fetched = self._total = 0

    def run(self) -> Restored:
        """Fetch, prove, build."""
        extras = self._extras()
        self._unfinished.mkdir(parents=True, exist_ok=True)
        self._total = len(self._names) + len(extras)
        for name in self._names:
            self._tile(name)
            self._step()
        for name in extras:
            self._extra(name)
            self._step()
        if self._witnessed is not None:
            self._keep(WITNESSED, check_witnessed(self._witnessed, self._head, self._root).note)
        self._build()
        head = self._head
        return Restored(self._stream, head.origin, head.size, head.root.hex(), self._done, self._fetched)

    def _tile(self, name: str) -> None:
        """One tile, or one bundle with its blobs. What an earlier attempt left is used where it can prove itself."""
        blobs: list[str] = []

        def take(data: bytes) -> None:
            try:
                blobs.extend(self._prover.take(name, data)[0])
            except _core.CoreProblem as error:
                raise wrong(f"{self._stream}/{name}", error.args[1]) from None

        if not name.startswith(BUNDLES):
            self._tiles[name] = tile_bytes(name, self._remote)
            take(self._tiles[name])
            return
        self._own(name, take)
        # The right edge is proved as a whole, and a bundle only under it: now every tile that waits is.
        for tile in list(self._tiles):
            self._keep(tile, self._tiles.pop(tile))
        for blob in blobs:
            self._own(blob, partial(check_blob, blob))

    def _own(self, name: str, check: Callable[[bytes], None]) -> None:
        """Have a file here that passes its check: the one that an earlier attempt left, or the replica's."""
        local = self._local(name)
        if local is not None:
            try:
                check(local)
            except HedgerowError:
                pass
            else:
                return
        data = tile_bytes(name, self._remote) if name.startswith(TILES) else self._remote(name)
        if data is None:
            raise wrong(f"{self._stream}/{name}", f"{self._target.url} does not have it")
        check(data)
        self._keep(name, data)

    def _extra(self, name: str) -> None:
        data = self._remote(name) or b""
        if name == GENESIS:
            self._check_genesis(data)
        else:
            check_timestamp(name, data, self._head, self._root)
        self._keep(name, data)

    def _root(self, size: int) -> bytes:
        return root_in(self._folder, self._head.size, size)

    def _check_genesis(self, data: bytes) -> None:
        """The fund's first record stands in the log too, and must be the same."""
        bundles = [name for name in self._names if name.startswith(BUNDLES)]
        bundle = (self._local(bundles[0]) if bundles else None) or b""
        first = bundle[2 : 2 + int.from_bytes(bundle[:2], "big")]
        if int.from_bytes(first[:2], "little") == _core.KIND_GENESIS and first[16:] != data:
            raise wrong(f"{self._stream}/{GENESIS}", "it is not the log's first record")

    def _extras(self) -> list[str]:
        names = [name.removeprefix(f"{self._stream}/") for name in self._target.names(self._stream)]
        return sorted(name for name in names if name == GENESIS or _is_timestamp(name))

    def _build(self) -> None:
        """Make the write-ahead file and put it in its place as the last thing of all."""
        with named_errors():
            file = _core.rebuilt_wal(str(self._folder), self._head.size, self._head.note, self._line)
        self._keep(f"{UNFINISHED}/{WAL}", file)
        self._keep(KEY, f"{self._line}\n".encode())
        self._keep(SIGNED, self._head.body)
        self._keep(CHECKPOINT, self._head.note)
        # One sync for all files; the write-ahead file takes its place only after it.
        os.sync()
        os.replace(self._unfinished / WAL, self._folder / WAL)
        shutil.rmtree(self._unfinished)
        sync(self._folder)

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
        try:
            write_whole(self._folder / name, data, through=self._unfinished)
        except OSError as error:
            raise problem("LOG_IO", f"{self._folder / name}: {error.strerror}") from error

    def _step(self) -> None:
        self._done += 1
        self._progress(self._target.url, self._done, self._total)


def _is_timestamp(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return folder == "timestamps" and file.removesuffix(".tsr").isdecimal() and file.endswith(".tsr")
