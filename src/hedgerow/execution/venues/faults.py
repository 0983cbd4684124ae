"""Faults on purpose at the exchange's FIX sessions, so that people can test what their own clients make of them.

Promises: which report suffers which fault follows from the seed, the participant and the report's number alone, and
each fault is a line of the exchange's log. Never: a fault in the books, which stay what was traded.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hedgerow.core.settings import Table

REPORTS = ("lose", "duplicate", "reorder", "delay", "drop")
"""Of a report: never sent, sent twice, sent behind the next one, late, sent and then the line is cut."""


@dataclass(frozen=True)
class Faults:
    """The chance of each fault, from 0 to 1, for each report; `reject` for each new order."""

    seed: int = 7
    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    drop: float = 0.0
    reject: float = 0.0
    delay_ms: int = 500
    """How long a report is held, and those behind it."""

    def of_report(self, participant: str, number: int) -> str:
        """The fault of a participant's report; empty for most.

        >>> faults = Faults(lose=0.5, drop=0.5)
        >>> [faults.of_report("DESK", n) for n in range(4)] == [faults.of_report("DESK", n) for n in range(4)]
        True
        >>> Faults().of_report("DESK", 1)
        ''
        """
        left = Random(f"{self.seed}/{participant}/{number}").random()
        for name in REPORTS:
            left -= getattr(self, name)
            if left < 0:
                return name
        return ""

    def rejects(self, participant: str, client_id: str) -> bool:
        """Whether a new order is refused for no reason of its own."""
        return Random(f"{self.seed}/{participant}/new/{client_id}").random() < self.reject


def faults_told(table: Table) -> Faults:
    """`[faults]` of the exchange's settings."""
    chances = {name: table.number(name, 0.0, 0.0, 1.0) for name in (*REPORTS, "reject")}
    if sum(chances[name] for name in REPORTS) > 1:
        table.fault("lose", f"{', '.join(REPORTS)} add up to more than 1")
    made = Faults(
        seed=table.whole("seed", Faults.seed, -(2**63), 2**63 - 1),
        delay_ms=table.whole("delay_ms", Faults.delay_ms, 1, 600_000),
        **chances,
    )
    table.done()
    return made
