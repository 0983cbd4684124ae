"""A recording as it would come: each row of it when the wall clock, run faster or slower, says that it is time.

Promises: no row is handed out before its time; an update stays whole; the order and the rows are those of the
recording, whatever the speed. When it is told to stop, nothing more comes. Never: reads a clock of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from hedgerow.market.books import LAST_OF_UPDATE
from hedgerow.market.replay import SINGLE, Books, Piece

WAIT_S_MAX = 0.2
"""Longest sleep, seconds: so soon is a wish to stop heard."""


@dataclass(frozen=True)
class Pace:
    """The wall clock of a paper run.

    speed: seconds of the recording that pass in one of ours, 0 = no waiting. clock: seconds, never going back. stop:
    set by whoever wants the run to end. wait: sleeps so many seconds, or less once it is told to stop.
    """

    speed: float
    clock: Callable[[], float]
    stop: threading.Event
    wait: Callable[[float], object]

    def pieces(self, books: Books) -> Iterator[Piece]:
        """The recording's pieces, cut where the clock stands."""
        began = self.clock()
        for kinds, rows in books.pieces():
            times, ends = played_ns(rows, books.start_ns), update_ends(kinds, rows)
            done = 0
            while done < len(rows):
                if self.stop.is_set():
                    return
                due = len(rows)
                if self.speed:
                    passed_ns = (self.clock() - began) * self.speed * 1e9
                    due = int(np.searchsorted(times, books.start_ns + int(passed_ns), side="right"))
                # The end of the last update that has begun: its rows came in one message.
                due = int(ends[np.searchsorted(ends, due)]) if due > done else done
                if due > done:
                    yield kinds[done:due], rows[done:due]
                    done = due
                    continue
                ahead_ns = float(times[done] - books.start_ns)
                wait_s = began + ahead_ns / 1e9 / self.speed - self.clock()
                self.wait(min(max(wait_s, 1e-4), WAIT_S_MAX))


def played_ns(rows: npt.NDArray[np.uint64], start_ns: int) -> npt.NDArray[np.int64]:
    """When each row is played: at its own time, and not before the row ahead of it."""
    return np.maximum.accumulate(np.maximum(rows[:, 0].view(np.int64), start_ns))


def update_ends(kinds: npt.NDArray[np.uint8], rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """How many rows have come when an update is whole; the last is the number of rows."""
    last = (rows[:, 3] >> np.uint64(56) & np.uint64(LAST_OF_UPDATE)) != 0
    whole = last | np.isin(kinds, list(SINGLE))
    if len(whole):
        whole[-1] = True
    return np.asarray(np.flatnonzero(whole) + 1, dtype=np.int64)


@dataclass(frozen=True, eq=False, repr=False)
class PacedBooks(Books):
    """Books whose rows come by a wall clock; as data they are the recording."""

    recording: Books | None = None

    @classmethod
    def of(cls, books: Books, pace: Pace) -> PacedBooks:
        """A recording at a pace."""
        told = {field.name: getattr(books, field.name) for field in fields(Books)}
        return cls(**{**told, "pieces": lambda: pace.pieces(books)}, recording=books)

    def digest(self) -> str:
        """The recording's own."""
        assert self.recording is not None
        return self.recording.digest()
