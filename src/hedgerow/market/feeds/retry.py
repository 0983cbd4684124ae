"""How long to wait before the next try: exponential, with jitter that a seed repeats.

Promises: the same settings and key give the same waits. Never: sleeps, reads a clock. Source: "full jitter" in
Brooker, Exponential Backoff and Jitter (AWS Architecture Blog, 2015), here over a settable share of the wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from hedgerow.core.settings import Table

RETRIED = frozenset({"FEED_UNREACHABLE", "FEED_TRUNCATED", "FEED_CHANGED", "FEED_CHECKSUM"})
"""Errors that another try may cure."""


class Patience(Exception):
    """The other side asks us to wait (`429`, `503`): how long, in seconds, or 0 where it does not say."""

    def __init__(self, wait_s: float, says: str) -> None:
        super().__init__(says)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Retries:
    """How often and how patiently something is tried."""

    attempts: int = 5
    wait_s: float = 1.0
    wait_max_s: float = 60.0
    jitter: float = 0.5
    seed: int = 0

    @classmethod
    def read(cls, table: Table) -> Retries:
        """The table `[retries]`."""
        found = cls(
            attempts=table.whole("attempts", cls.attempts, 1, 1000),
            wait_s=table.span_s("wait", "1s", least_s=0.001),
            wait_max_s=table.span_s("wait_max", "60s", least_s=0.001),
            jitter=table.number("jitter", cls.jitter, 0.0, 1.0),
            seed=table.whole("seed", cls.seed, 0, 2**63 - 1),
        )
        if found.wait_max_s < found.wait_s:
            table.fault("wait_max", f"{found.wait_max_s:g} s is shorter than wait, {found.wait_s:g} s")
        table.done()
        return found

    def waits_s(self, key: str) -> Iterator[float]:
        """Seconds to wait before the second, third, ... try of what `key` names.

        >>> [round(wait, 3) for wait in Retries(attempts=4, jitter=0.0).waits_s("any")]
        [1.0, 2.0, 4.0]
        >>> list(Retries(seed=7).waits_s("a")) == list(Retries(seed=7).waits_s("a")) != list(Retries().waits_s("a"))
        True
        """
        chance = Random(f"{self.seed} {key}")
        for attempt in range(self.attempts - 1):
            full = min(self.wait_max_s, self.wait_s * 2.0**attempt)
            yield full * (1.0 - self.jitter * chance.random())
