"""Sites and targets for the drills with replicas: a published log of known records, and targets that fail on demand."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.governance.epochs import Epoch
from hedgerow.governance.replicas.folder import FolderTarget

ORIGIN, SEED = "example.fund/journal", bytes(range(32))
EPOCH = Epoch("journal", 1, bytes(range(1, 33)))
SECRET = b"ZEBRAFISH"


@pytest.fixture
def sites() -> Any:
    """This module, whose functions the drills share."""
    return sys.modules[__name__]


def write(site: Path, entries: int, *, sealed: bool = True, salt: int = 0) -> Path:
    """Go on with a site's log, or start it, until it has so many entries; every tenth is a segment, one has a blob."""
    if (site / "journal" / "wal").exists():
        have = _core.verify_log(site)["entries"]
        writer = _core.JournalWriter.open(site, ORIGIN, SEED)
    else:
        have, writer = 1, _core.JournalWriter(site, ORIGIN, SEED)
        writer.append_plain(33, 1, b'{"fund":"example"}')
    if sealed:
        writer.seal_with(EPOCH.word, EPOCH.key)
    with writer:
        for number in range(have, entries):
            if number % 10 == 0:
                for row in range(5):
                    writer.append_row(1, writer.next_id, SECRET + bytes([row, salt]) * 20)
            elif number == 7:
                writer.append(6, writer.next_id, SECRET * 2_000)
            else:
                writer.append(6, writer.next_id, SECRET + number.to_bytes(4, "big") + bytes([salt]) * 40)
    return site


def files(folder: Path) -> Mapping[str, bytes]:
    """Every file of a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Fragile(FolderTarget):
    """A folder that is cut off after so many files were put, or so many were read."""

    def __init__(self, folder: Path, *, puts: int = 10**9, reads: int = 10**9) -> None:
        super().__init__(folder)
        self.puts, self.reads = puts, reads
        self.put_names: list[str] = []
        self.read_names: list[str] = []

    def put_once(self, name: str, data: bytes) -> None:
        """Put a file, or be cut off half-way through it."""
        self._count(name, data)
        super().put_once(name, data)

    def replace(self, name: str, data: bytes, seen: bytes | None) -> None:
        """Replace a file, or be cut off half-way through it."""
        self._count(name, data)
        super().replace(name, data, seen)

    def read(self, name: str) -> bytes | None:
        """Read a file, or be cut off."""
        if len(self.read_names) >= self.reads:
            raise problem("LOG_TARGET", f"{name}: the line was cut")
        self.read_names.append(name)
        return super().read(name)

    def _count(self, name: str, data: bytes) -> None:
        if len(self.put_names) >= self.puts:
            self._unfinished(name, data[: len(data) // 2])
            raise problem("LOG_TARGET", f"{name}: the line was cut")
        self.put_names.append(name)
