"""What each participant of the exchange is told, in order, for as long as the exchange lives: sessions tell it again.

Promises: every report is there, whole; those that were told long ago lie packed, so that a day of them fits in memory.
Never: a file, which is the log's.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]

_PACK = 1024
"""Reports that are packed together."""
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Reports:
    """Reports by their number from 0; the newest thousand or two as they are."""

    def __init__(self) -> None:
        self._packs: list[bytes] = []
        self._fresh: list[Event] = []
        self._first = 0
        """The number of the first fresh one."""
        self._parts: list[bytes] = []
        self._packer = zlib.compressobj(level=1)
        self._opened: tuple[int, list[Event]] = (-1, [])

    def __len__(self) -> int:
        """How many there are."""
        return self._first + len(self._fresh)

    def __getitem__(self, number: int) -> Event:
        """One of them; IndexError where there is none."""
        if number >= self._first:
            return self._fresh[number - self._first]
        if number < 0:
            raise IndexError(number)
        return self._open(number // _PACK)[number % _PACK]

    def __iter__(self) -> Iterator[Event]:
        """All of them."""
        return self.since(0)

    def since(self, number: int) -> Iterator[Event]:
        """Those from a number on."""
        return (self[at] for at in range(number, len(self)))

    def append(self, report: Event) -> None:
        """Add one; it is not to be changed any more. Packed piece by piece, so that none takes longer than others."""
        self._fresh.append(report)
        self._parts.append(self._packer.compress(_encode(report).encode() + b"\n"))
        if len(self) % _PACK == 0:
            self._packs.append(b"".join([*self._parts, self._packer.flush()]))
            self._parts, self._packer = [], zlib.compressobj(level=1)
            while len(self._fresh) > _PACK:  # a session that keeps up finds the last ones as they are
                del self._fresh[:_PACK]
                self._first += _PACK

    def _open(self, pack: int) -> list[Event]:
        if self._opened[0] != pack:
            self._opened = pack, [json.loads(line) for line in zlib.decompress(self._packs[pack]).splitlines()]
        return self._opened[1]


class Letters:
    """Reports of one participant in order, and how many of them were handed to its session.

    The session notes the count beside the messages: after a power cut some are handed over twice, none is lost.
    """

    def __init__(self) -> None:
        self.reports = Reports()
        self.sent = self.doubtful = 0
        """Reports below `doubtful` may have been handed over before, though `sent` does not count them."""

    def resume(self, sent: int) -> None:
        """All reports of the log are here, and the session has noted so many of them."""
        self.sent, self.doubtful = min(sent, len(self.reports)), len(self.reports)
