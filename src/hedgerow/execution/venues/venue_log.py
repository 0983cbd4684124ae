"""The exchange's own log: a JSON line for each thing that it was told, and one for each event that followed.

Promises: what was appended before `settle` returned is on the disk, one write and one `fdatasync` for all of it; a file
cut at any byte is read up to the last whole line, and the rest is cut off when it is opened to be written; a damaged
line before that is an error. Never: rewrites.

A line is `{"n": 1, "ts": ..., "input": {...}}` or `{"n": 2, "event": {...}}`; `n` counts lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem

Line = dict[str, Any]
_encode = json.JSONEncoder(separators=(",", ":")).encode


class VenueLog:
    """The log, open to be written; `lines` are those that it had."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lines, whole = _read(path) if path.exists() else ([], 0)
        self._n = len(self.lines)
        self._waiting: list[str] = []
        self._failed = False
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.ftruncate(self._file, whole)
            os.fsync(self._file)
        except OSError as error:
            raise problem("WIRE_STORE", f"{path}: {error}") from error

    def append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Add lines, in memory."""
        for line in lines:
            self._n += 1
            self._waiting.append(_encode({"n": self._n, **line}) + "\n")

    def settle(self) -> None:
        """Write what was added and wait until it is on the disk. Once it failed it fails: nothing may follow a gap."""
        if not self._waiting:
            return
        if self._failed:
            raise problem("WIRE_STORE", "the venue's log: it failed before")
        self._failed = True
        try:
            data = memoryview("".join(self._waiting).encode())
            while data:
                data = data[os.write(self._file, data) :]
            os.fdatasync(self._file)
        except OSError as error:
            raise problem("WIRE_STORE", f"the venue's log: {error}") from error
        self._failed = False
        self._waiting.clear()

    def close(self) -> None:
        """Settle, and give the file back."""
        if not self._failed:
            self.settle()
        os.close(self._file)


def read_log(path: Path) -> Iterator[Line]:
    """The whole lines of a log, as another process may read it."""
    yield from _read(path)[0]


def _read(path: Path) -> tuple[list[Line], int]:
    """The lines, and how many bytes they are."""
    data = path.read_bytes()
    lines: list[Line] = []
    whole = data.rfind(b"\n") + 1
    for raw in data[:whole].splitlines():
        try:
            line = json.loads(raw)
        except ValueError as error:
            raise problem("WIRE_STORE", f"{path}: line {len(lines) + 1}: {error}") from error
        if not isinstance(line, dict) or line.get("n") != len(lines) + 1:
            raise problem("WIRE_STORE", f"{path}: line {len(lines) + 1} is another one")
        lines.append(line)
    return lines, whole
