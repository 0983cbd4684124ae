"""The clock of a run at a venue: it never goes back.

Promises: one that is set back does not undo what happened; a run taken up again begins where its journal ended.
Never: a reading of its own.
"""

from __future__ import annotations

from collections.abc import Callable

Clock = Callable[[], int]
"""Gives UTC nanoseconds."""


class Rising:
    """A wall clock that stands still while it is behind what it said last."""

    def __init__(self, wall: Clock) -> None:
        self._wall, self.last_ns = wall, 0

    def __call__(self) -> int:
        """UTC nanoseconds, never less than before."""
        self.last_ns = max(self.last_ns, self._wall())
        return self.last_ns
