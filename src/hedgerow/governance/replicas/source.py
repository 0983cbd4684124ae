"""A site's published log, proved before a byte of it leaves.

Promises: what it gives out was found to belong to the checkpoint, and is compared with its digest again as it is read;
only published files have names here, so that the write-ahead file, keys and identities cannot be given out. Never:
writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.governance.replicas.layout import (
    CHECKPOINT,
    GENESIS,
    KEY,
    Head,
    Tile,
    Tree,
    blob_digest,
    blob_name,
    is_readable,
    tiles_of,
    wrong,
)


def open_note(note: bytes, key_line: str) -> Head:
    """The checkpoint in a signed note; `LOG_BAD_SIGNATURE` if this key did not sign it."""
    with named_errors():
        origin, size, root = _core.open_checkpoint(note, key_line)
    return Head(origin, size, bytes.fromhex(root), note)


def check_timestamp(name: str, token: bytes, tree: Tree, origin: str) -> None:
    """A time-stamp token must be over the checkpoint of the size that names it; who signed it, `audit` says."""
    stem = name.removesuffix(".tsr").rpartition("/")[2]
    size = int(stem) if stem.isdecimal() else -1
    if not 0 <= size <= tree.size:
        raise wrong(name, f"the log has {tree.size} signed entries")
    body = Head(origin, size, tree.root(size), b"").body
    if hashlib.sha256(body).digest() not in token:
        raise wrong(name, "the token is over another checkpoint")


@dataclass(frozen=True)
class Published:
    """One log of a site as of its checkpoint: every file that a replica holds, in the order in which they are put."""

    stream: str
    folder: Path
    key_line: str
    head: Head
    tree: Tree
    files: tuple[tuple[str, bytes], ...]
    readable: int
    """Entries that an outsider could read, beside those that everybody must."""

    @classmethod
    def prove(cls, site: Path, stream: str, key_line: str | None = None) -> Published:
        """Prove a site's log against its checkpoint; `LOG_REPLICA` names the first file that is not the signed one."""
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
        tree = Tree(head.size, lambda name: _bytes(folder, name))
        tree.check(head.root)
        files, readable = {KEY: _sha(key)}, 0
        for tile in tiles_of(head.size):
            data = tree.bytes_of(tile)
            if tile.row == "entries":
                entries = tree.check_bundle(tile, data)
                readable += sum(map(is_readable, entries))
                for digest in filter(None, map(blob_digest, entries)):
                    files[blob_name(digest)] = digest
            files[tile.name] = _sha(data)
        for extra in _extras(folder):
            data = _bytes(folder, extra) or b""
            if extra != GENESIS:
                check_timestamp(extra, data, tree, head.origin)
            files[extra] = _sha(data)
        ordered = tuple(sorted(files.items(), key=lambda item: (not item[0].startswith("blob/"), item[0])))
        return cls(stream, folder, line, head, tree, ordered, readable)

    def read(self, name: str, digest: bytes) -> bytes:
        """A file's bytes, if they still are those that were proved."""
        data = self.tree.bytes_of(_tile(name)) if name.startswith("tile/") else _bytes(self.folder, name)
        if data is None:
            raise wrong(f"{self.stream}/{name}", "it is missing")
        if _sha(data) != digest:
            raise wrong(f"{self.stream}/{name}", "its bytes are not the signed ones")
        return data

    def consistent(self, size: int, root: bytes) -> bool:
        """Whether the log begins with another tree."""
        return size <= self.head.size and self.tree.root(size) == root


def _extras(folder: Path) -> Iterator[str]:
    if (folder / GENESIS).exists():
        yield GENESIS
    for path in sorted((folder / "timestamps").glob("*.tsr")):
        yield f"timestamps/{path.name}"


def _bytes(folder: Path, name: str) -> bytes | None:
    try:
        return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise problem("LOG_IO", f"{folder / name}: {error.strerror}") from error


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _tile(name: str) -> Tile:
    _, row, rest = name.split("/", 2)
    groups, _, width = rest.partition(".p/")
    index = int("".join(group.removeprefix("x") for group in groups.split("/")))
    return Tile(row, index, int(width) if width else 256)
