"""What a run demands of the walls around its strategy: the tier of the mandate in force, and a strategy's own settings.

Promises: the stronger of the two counts, and the error of a run that is refused names both. Never: the last word, which
is the kernel's: it finds and denies what runs behind less than the tier allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance.jail.levels import Isolation


@dataclass(frozen=True)
class Demand:
    """The weakest isolation that a mandate allows, and its tier; nothing is demanded where there is none."""

    level: Isolation = Isolation.NONE
    tier: str = ""

    @classmethod
    def of(cls, engine: Any, number: int) -> Demand:
        """What the mandate in force demands of the strategy with this number."""
        told = engine.demanded_isolation(number)
        return cls() if told is None else cls(Isolation(told[0]), told[1])

    def with_settings(self, level: Isolation) -> tuple[Isolation, str]:
        """The stronger of this and of a strategy's settings, and in words who demands what.

        >>> Demand(Isolation.JAIL, "canary").with_settings(Isolation.FILTERED)
        (<Isolation.JAIL: 3>, "filtered by its settings, jail by the tier 'canary'")
        """
        says = f"{level.name.lower()} by its settings"
        if self.tier:
            says += f", {self.level.name.lower()} by the tier {self.tier!r}"
        return max(level, self.level), says

    def refuse_in_process(self, title: str) -> None:
        """Refuse a strategy that runs in the platform's own process where more is demanded (`JAIL_UNAVAILABLE`)."""
        if self.level > Isolation.NONE:
            raise problem(
                "JAIL_UNAVAILABLE",
                f"{title} runs in the platform's own process, none; demanded is {self.level.name.lower()} by the tier "
                f"{self.tier!r}",
            )
