"""Files opened for reading: decompressed as a stream, with a bound on what they may expand to.

Promises that a file which is cut off, corrupt or a bomb ends in a named error with the file and how far it could be
read, and that no more than a block of it lies in memory. Never trusts a file's name for what its first bytes say.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from hedgerow.core.errors import HedgerowError, problem

HEAD_BYTES = 1 << 16
EXPAND_RATIO = 200
"""How many times its size a compressed file may grow before it is taken for a bomb; market data stays under fifty."""
EXPAND_FREE = 64 << 20
"""Bytes that any file may expand to."""
WHOLE_MAX = 1 << 30
"""Bytes of a file that must be read as a whole, such as one JSON document."""
_SUFFIXES = (".gz", ".zst", ".xz", ".bz2", ".zip")


@dataclass(frozen=True)
class Opened:
    """A file, or a member of a zip archive, that can be read from its beginning any number of times.

    path: the file; member: of a zip archive; expand_max: bytes that it may expand to, None = by its size.
    """

    path: Path
    member: str | None = None
    expand_max: int | None = None

    @cached_property
    def packing(self) -> str | None:
        """How its bytes are compressed, by the first of them: `gz`, `zst`, `xz`, `bz2`, `zip` or None."""
        with self.path.open("rb") as file:
            start = file.read(8)
        signs = {b"\x1f\x8b": "gz", b"\xfd7zXZ\0": "xz", b"BZh": "bz2", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}
        found = next((packing for sign, packing in signs.items() if start.startswith(sign)), None)
        skippable = start[1:4] == b"\x2a\x4d\x18" and start[:1] in b"QRSTUVWXYZ[\\]^_P"
        return "zst" if start.startswith(b"\x28\xb5\x2f\xfd") or skippable else found

    @property
    def name(self) -> str:
        """Its name without the suffix of the compression: `trades.csv` of `trades.csv.gz`; of a member, its own."""
        name = self.path.name if self.member is None else Path(self.member).name
        if self.member is None and self.packing is not None:
            return next((name.removesuffix(end) for end in _SUFFIXES if name.lower().endswith(end)), name)
        return name

    @property
    def stem(self) -> str:
        """Its name without any suffix, for an instrument that nothing else names."""
        return self.name.split(".")[0]

    @property
    def shown(self) -> str:
        """Its name for people."""
        return self.path.name if self.member is None else f"{self.path.name}!{self.member}"

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The files within a zip archive, in order; none for any other file."""
        if self.packing != "zip" or self.member is not None:
            return ()
        try:
            with zipfile.ZipFile(self.path) as archive:
                names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        except Exception as error:  # whatever an archive makes its reader raise is damage
            raise problem("DATA_DAMAGED", f"{self.shown}: {error}") from None
        twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
        if twice is not None:
            raise problem("DATA_DAMAGED", f"{self.shown} holds two files named {twice!r}, of which one hides the other")
        return tuple(name for name in names if not _is_of_a_system(name))

    def within(self, member: str) -> Opened:
        """A member of this archive."""
        return Opened(self.path, member, self.expand_max)

    @cached_property
    def head(self) -> bytes:
        """Its first bytes, at most 64 KiB; fewer where it is damaged before that."""
        with self.stream() as stream:
            try:
                return stream.read(HEAD_BYTES)
            except HedgerowError as error:
                if error.code != problem("DATA_DAMAGED").code:
                    raise
                return getattr(stream.raw, "kept", b"")

    def stream(self) -> io.BufferedReader:
        """Its bytes, decompressed; DATA-020 where it is damaged, DATA-021 where it expands too far."""
        limit = self.limit if self.packing else None
        return io.BufferedReader(_Bounded(self._raw(), self.shown, limit), 1 << 18)

    @property
    def limit(self) -> int:
        """Bytes that it may expand to, by its size where nobody said more."""
        return self.expand_max or max(EXPAND_FREE, self.path.stat().st_size * EXPAND_RATIO)

    def refuse_cells(self, rows: int, columns: int) -> None:
        """DATA-021 where a compressed table says that it has more cells than the file may have bytes."""
        if rows * columns > self.limit:
            told = f"{rows:,} rows of {columns} columns, more than {self.limit:,} cells"
            raise problem("DATA_EXPANSION", f"{self.shown}: {told}")

    def whole(self, most: int = WHOLE_MAX) -> bytes:
        """All its bytes; DATA-021 beyond `most` of them, or beyond what was allowed where that is more."""
        most = max(most, self.expand_max or 0)
        with self.stream() as stream:
            found = stream.read(most + 1)
        if len(found) > most:
            raise problem("DATA_EXPANSION", f"{self.shown} is read as a whole and has more than {most:,} bytes")
        return found

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Its lines with their numbers, from 1, without their ends."""
        with self.stream() as stream:
            for number, line in enumerate(stream, 1):
                yield number, line.rstrip(b"\r\n")

    def _raw(self) -> Any:
        try:
            if self.packing == "gz":
                return gzip.open(self.path)
            if self.packing == "xz":
                return lzma.open(self.path)
            if self.packing == "bz2":
                return bz2.open(self.path)
            if self.packing == "zst":
                return pa.CompressedInputStream(pa.OSFile(str(self.path)), "zstd")
            if self.packing == "zip" and self.member is not None:
                return _opened_member(self.path, self.member)
            return self.path.open("rb")
        except Exception as error:
            raise problem("DATA_DAMAGED", f"{self.shown}: {error}") from None


def _opened_member(path: Path, member: str) -> Any:
    """A member of an archive; the archive stays open only as long as the member is."""
    archive = zipfile.ZipFile(path)
    try:
        return archive.open(member)
    finally:
        archive.close()


def _is_of_a_system(name: str) -> bool:
    """Whether a file within an archive is one that an operating system laid beside the others."""
    return name.startswith("__MACOSX/") or Path(name).name in (".DS_Store", "Thumbs.db")


class _Bounded(io.RawIOBase):
    """Bytes of a stream, counted against a limit, its errors named."""

    def __init__(self, inner: Any, shown: str, limit: int | None) -> None:
        self._inner, self._shown, self._limit, self._read = inner, shown, limit, 0
        self.kept = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as there are bytes."""
        try:
            found = self._inner.read(len(buffer))
        except Exception as error:
            raise problem("DATA_DAMAGED", f"{self._shown}: {error}, after {self._read:,} bytes") from None
        self._read += len(found)
        if len(self.kept) < HEAD_BYTES:
            self.kept += found[: HEAD_BYTES - len(self.kept)]
        if self._limit is not None and self._read > self._limit:
            raise problem("DATA_EXPANSION", f"{self._shown}: more than {self._limit:,} bytes")
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close what lies below."""
        self._inner.close()
        super().close()
