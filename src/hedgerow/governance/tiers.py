"""Tiers of capital as people write them into the policy.

Promises: money is exact; what is not said is the narrowest there is, but for the instruments. Never: a tier that is in
force without the policy's signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context as DecimalContext
from decimal import Decimal
from typing import Any, Literal

from hedgerow.core.spans import DAY_NS
from hedgerow.governance.expressions import Expression, expression
from hedgerow.governance.limits import limits_body

Kind = Literal["simulation", "paper", "live"]
"""What kind of money: simulated, simulated on live data, real."""

Level = Literal["none", "limits", "filtered", "jail"]
"""How isolated a strategy's process is, from weak to strong: the levels of the jail."""

FOREVER_NS = 2**63 - 1
UNLIMITED = Decimal((2**127 - 1) // 10**6).scaleb(-9, DecimalContext(prec=60))
"""The most that money can say; a tier of simulated money needs no bound."""


@dataclass(frozen=True)
class Tier:
    """A tier of capital: its bounds, who signs, how long it cools down and lives, and what it demands.

    `isolation` is the weakest that a strategy may run under; one in the platform's own process has none.
    """

    name: str
    kind: Kind
    capital: int | str | Decimal
    gross: int | str | Decimal
    loss: int | str | Decimal
    adv_share_bps: int
    sign: Expression | str
    instruments: Sequence[str] | Literal["any"] = "any"
    cool_down_ns: int = 0
    valid_ns: int = 365 * DAY_NS
    pack: bool = False
    live_ns: int = 0
    live_from: str | None = None
    isolation: Level = "jail"

    def body(self, rank: int) -> dict[str, Any]:
        """The tier as it is signed, at this rank.

        >>> Tier("canary", "live", 100_000, 200_000, 2_000, 50, "risk 1").body(2)["capital"]
        '100000.00'
        """
        money = limits_body({"capital": self.capital, "gross": self.gross, "loss": self.loss})
        return {
            "name": self.name,
            "rank": rank,
            "kind": self.kind,
            **money,
            "adv_share_bps": self.adv_share_bps,
            "instruments": "any" if self.instruments == "any" else list(self.instruments),
            "isolation": self.isolation,
            "sign": expression(self.sign),
            "cool_down_ns": str(self.cool_down_ns),
            "valid_ns": str(self.valid_ns),
            "evidence": {"pack": self.pack, "live_ns": str(self.live_ns), "live_from": self.live_from},
        }


def simulation_tier(sign: Expression | str, name: str = "simulation") -> Tier:
    """A tier of simulated money without bounds, cool-down, evidence or walls.

    >>> simulation_tier("risk 1").kind
    'simulation'
    """
    much = UNLIMITED
    return Tier(name, "simulation", much, much, much, 2**32 - 1, sign, valid_ns=FOREVER_NS, isolation="none")
