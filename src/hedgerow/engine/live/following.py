"""The clock of an exchange of ours that runs faster than the wall's, followed by a paper run there.

Promises: it begins at the exchange's time and keeps its pace, so that an hour of session is an hour to strategy, timers
and journal; what lasts in truth (sessions, farewells, dead-man timers) stays with the wall clock. Never: real money.
"""

from __future__ import annotations

from hedgerow.core.errors import problem
from hedgerow.engine.live.rising import Clock
from hedgerow.execution.venues import ask_control


class FollowedClock:
    """UTC nanoseconds at the exchange; `speed` seconds pass there in one of ours.

    >>> clock = FollowedClock(iter([10, 12]).__next__, there_ns=1_000, speed=60)
    >>> clock()
    1120
    """

    def __init__(self, wall: Clock, there_ns: int, speed: int) -> None:
        self._wall, self._began_ns, self._there_ns, self.speed = wall, wall(), there_ns, speed

    def __call__(self) -> int:
        """The exchange's time."""
        return self._there_ns + (self._wall() - self._began_ns) * self.speed


def followed(wall: Clock, host: str, control_port: int) -> FollowedClock:
    """The clock of the exchange at a control port; `WIRE_SESSION` where nobody there tells the time."""
    told = ask_control(control_port, {"do": "clock"}, host)
    there_ns, speed = told.get("ts"), told.get("speed")
    if not isinstance(there_ns, int) or not isinstance(speed, int) or not 1 <= speed <= 100_000:
        raise problem("WIRE_SESSION", f"port {control_port} of {host} tells no clock: {told!r}"[:200])
    return FollowedClock(wall, there_ns, speed)
