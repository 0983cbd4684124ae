"""A rule of the linter: a pure function from a run to what it saw, with its limit and its remedy.

Promises: a rule that cannot be asked says why instead of passing; what it saw stands beside its limit. Never: a verdict
without a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hedgerow.engine.lint.subject import Subject


@dataclass(frozen=True)
class Seen:
    """What a rule saw that is beyond its limit, in a sentence, and a few places to look at."""

    value: float
    limit: float
    says: str
    examples: tuple[str, ...] = ()


Answer = Seen | str | None
"""Beyond the limit, the reason why the rule cannot be asked, or nothing to say."""


@dataclass(frozen=True)
class Rule:
    """A question to a run. remedy: what to do where the answer is bad."""

    name: str
    remedy: str
    ask: Callable[[Subject], Answer]


@dataclass(frozen=True)
class Suspicion:
    """Why a result may not be believed.

    rule: its name. says: the evidence in a sentence. value, limit: what was seen, and beyond what it is suspicious.
    remedy: what to do. examples: a few records or times to look at.
    """

    rule: str
    says: str
    value: float
    limit: float
    remedy: str
    examples: tuple[str, ...] = ()

    def to_json(self) -> Mapping[str, Any]:
        """As plain values."""
        return {**self.__dict__, "examples": list(self.examples)}

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}; {self.remedy}"
