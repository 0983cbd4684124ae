"""The dead-man timer: a run whose venue or operator is away for too long opens no new risk and cancels its orders.

Promises: it strikes once for each absence, by the wall clock; what it does is the kill switch, on the record, which
stays until an operator lifts it. Never: an order of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hedgerow.core.files import write_whole
from hedgerow.engine.live.rising import Clock

ALIVE = "alive"
"""The file in a run's folder by which its operator says that somebody is there."""
_HERE, _LIFT = b"here\n", b"lift\n"
_LOOK_EVERY_NS = 10**8


@dataclass(frozen=True)
class Patience:
    """How many seconds venue and operator may be away; 0 = for ever."""

    venue_s: float = 0.0
    operator_s: float = 0.0


class Watchman:
    """Looks after both; `look` often."""

    def __init__(self, folder: Path, patience: Patience, wall: Clock) -> None:
        self._path, self._patience, self._wall = folder / ALIVE, patience, wall
        self._venue_ns = self._operator_ns = wall()
        self._looked_ns, self._seen_ns = 0, _written_ns(self._path)
        self._struck: set[str] = set()

    def look(self, *, is_up: bool) -> str:
        """Why the switch shall be turned now; `lift` where an operator lifts it; otherwise nothing."""
        now_ns = self._wall()
        if is_up:
            self._venue_ns = now_ns
            self._struck.discard("venue")
        if now_ns - self._looked_ns < _LOOK_EVERY_NS:
            return ""
        self._looked_ns = now_ns
        said = self._heard(now_ns)
        for who, since_ns, patience_s in (
            ("venue", self._venue_ns, self._patience.venue_s),
            ("operator", self._operator_ns, self._patience.operator_s),
        ):
            if patience_s and now_ns - since_ns > patience_s * 1e9 and who not in self._struck:
                self._struck.add(who)
                return f"the {who} was not heard for {patience_s:g} s"
        return said

    def _heard(self, now_ns: int) -> str:
        """Whether the operator has been here since the last look, and what was said."""
        written_ns = _written_ns(self._path)
        if written_ns == self._seen_ns:
            return ""
        self._seen_ns, self._operator_ns = written_ns, now_ns
        self._struck.discard("operator")
        try:
            return "lift" if self._path.read_bytes() == _LIFT else ""
        except OSError:
            return ""


def say_alive(folder: Path, *, lift: bool = False) -> None:
    """Of an operator: somebody is here; and the switch may be lifted."""
    write_whole(folder / ALIVE, _LIFT if lift else _HERE)


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
