"""A site's published log, proved before a byte of it leaves.

Promises: what it gives out was found to belong to the checkpoint, and is compared with its digest again as it is read;
only published files have names here, so that the write-ahead file, keys and identities cannot be given out. Never:
writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.governance.replicas.layout import (
    CHECKPOINT,
    GENESIS,
    KEY,
    TILES,
    Head,
    check_timestamp,
    tile_bytes,
    wrong,
)
from hedgerow.governance.witness.policy import WITNESSED


def open_note(note: bytes, key_line: str) -> Head:
    """The checkpoint in a signed note; `LOG_BAD_SIGNATURE` if this key did not sign it."""
    with named_errors():
        origin, size, root = _core.open_checkpoint(note, key_line)
    return Head(origin, size, bytes.fromhex(root), note)


def root_in(folder: Path, published: int, size: int) -> bytes:
    """Root of the first `size` entries, out of the tiles of the `published` ones in a log's folder."""
    with named_errors():
        return bytes(_core.published_root(str(folder), published, size))


@dataclass(frozen=True)
class File:
    """A published file as it was proved: its name below the log's folder, its length and its SHA-256."""

    name: str
    length: int
    sha256: str

    @classmethod
    def of(cls, name: str, data: bytes) -> File:
        """A file by its bytes."""
        return cls(name, len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Published:
    """One log of a site as of its checkpoint: every file that a replica holds, in the order in which they are put."""

    stream: str
    folder: Path
    key_line: str
    head: Head
    witnessed: Head | None
    files: tuple[File, ...]
    readable: int
    """Entries that an outsider could read, beside those that everybody must."""

    @classmethod
    def prove(cls, site: Path, stream: str, key_line: str | None = None) -> Published:
        """Prove a site's log against its checkpoint; `LOG_TILE` or `LOG_REPLICA` names the first file that is wrong."""
        folder = site / stream
        note = _bytes(folder, CHECKPOINT)
        if note is None:
            raise problem("LOG_NO_CHECKPOINT", str(folder))
        key = _bytes(folder, KEY)
        if key is None:
            raise problem("LOG_NOT_A_LOG", f"{folder} has no {KEY}")
        line = key.decode(errors="replace").strip() if key_line is None else key_line
        if key != f"{line}\n".encode():
            raise wrong(f"{stream}/{KEY}", f"it is not the key line {line}")
        head = open_note(note, line)
        tiles, blobs, readable = _proved(folder, head)
        witnessed = _witnessed(folder, line, head)
        files = [*_sized(folder, blobs), *sorted([File.of(KEY, key), *tiles, *_extras(folder, head)], key=_name)]
        return cls(stream, folder, line, head, witnessed, tuple(files), readable)

    def read(self, file: File) -> bytes:
        """A file's bytes, if they still are those that were proved."""

        def local(name: str) -> bytes | None:
            return _bytes(self.folder, name)

        data = tile_bytes(file.name, local) if file.name.startswith(TILES) else local(file.name)
        if data is None:
            raise wrong(f"{self.stream}/{file.name}", "it is missing")
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise wrong(f"{self.stream}/{file.name}", "its bytes are not the signed ones")
        return data

    def consistent(self, size: int, root: bytes) -> bool:
        """Whether the log begins with another tree."""
        return size <= self.head.size and root_in(self.folder, self.head.size, size) == root


def _witnessed(folder: Path, line: str, head: Head) -> Head | None:
    """The last witnessed checkpoint, if one is kept and the log has it."""
    note = _bytes(folder, WITNESSED)
    return (
        None
        if note is None
        else check_witnessed(open_note(note, line), head, lambda size: root_in(folder, head.size, size))
    )


def check_witnessed(kept: Head, head: Head, root: Callable[[int], bytes]) -> Head:
    """`LOG_REPLICA` unless the log with this head begins with what the kept checkpoint signs."""
    if kept.size > head.size or root(kept.size) != kept.root:
        raise wrong(WITNESSED, f"its {kept.size} entries are not the first of the {head.size} signed ones")
    return kept


def _proved(folder: Path, head: Head) -> tuple[list[File], set[str], int]:
    """Every tile and bundle, once the signed root was found over it; the blobs that entries name; readable entries."""
    tiles: list[File] = []
    blobs: set[str] = set()
    readable, prover = 0, head.prover()
    for name in prover.names():
        data = tile_bytes(name, lambda name: _bytes(folder, name))
        with named_errors():
            named, plain = prover.take(name, data)
        blobs.update(named)
        readable += plain
        tiles.append(File.of(name, data))
    return tiles, blobs, readable


def _sized(folder: Path, blobs: set[str]) -> Iterator[File]:
    """Blobs by their names, which are their digests; their bytes are compared when they are read."""
    for name in sorted(blobs):
        try:
            length = (folder / name).stat().st_size
        except OSError as error:
            raise wrong(name, error.strerror or "it cannot be read") from None
        yield File(name, length, name.rpartition("/")[2])


def _extras(folder: Path, head: Head) -> Iterator[File]:
    if (folder / GENESIS).exists():
        yield File.of(GENESIS, _bytes(folder, GENESIS) or b"")
    for path in sorted((folder / "timestamps").glob("*.tsr")):
        name = f"timestamps/{path.name}"
        data = _bytes(folder, name) or b""
        check_timestamp(name, data, head, lambda size: root_in(folder, head.size, size))
        yield File.of(name, data)


def _name(file: File) -> str:
    return file.name


def _bytes(folder: Path, name: str) -> bytes | None:
    try:
        return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise problem("LOG_IO", f"{folder / name}: {error.strerror}") from error
