"""What an evidence pack is made with: everything that was set, as it stands in the pack and is read from it again.

Promises: a pack names all that its maker set, so that anybody with artifact and data can make it again; amounts are
exact decimals. Never: a setting with a default that the pack does not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hedgerow.core.costs import Costs
from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.nouns import money_nano
from hedgerow.engine.evidence.pack import money
from hedgerow.engine.evidence.sample import Settings
from hedgerow.governance.limits import limits_body
from hedgerow.risk.limits import Limits

if TYPE_CHECKING:
    from hedgerow.engine.evidence.pack import Pack

TIER_LIMITS = ("capital", "gross", "loss", "adv_share_bps")
_WORDS = ("fill", "counts")
"""Settings of costs that are words."""


@dataclass(frozen=True)
class Recipe:
    """How a strategy is run, in how many folds, and for which tiers.

    proposed: the artifact's hash in its proposal. made_until_ns: up to when its author used data to make it.
    """

    settings: Settings
    proposed: str
    folds: int
    made_until_ns: int | None
    tiers: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """As it stands in a pack."""
        run = self.settings
        return {
            "capital": money(money_nano(run.capital)),
            "currency": run.currency,
            "seed": run.seed,
            "costs": {name: _plain(value) for name, value in run.costs.told().items()},
            "limits": run.limits.to_json(),
            "fx": {code: _plain(rate) for code, rate in sorted(run.fx.items())},
            "folds": self.folds,
            "made_until_ns": None if self.made_until_ns is None else str(self.made_until_ns),
            "tiers": list(self.tiers),
        }

    @classmethod
    def of(cls, pack: Pack) -> Recipe:
        """As a pack says it was made; RUN_EVIDENCE if it does not."""
        try:
            words = pack.content["settings"]
            until = words["made_until_ns"]
            settings = Settings(
                name=str(pack.content["strategy"]),
                capital=Decimal(words["capital"]),
                currency=str(words["currency"]),
                costs=_costs(words["costs"]),
                limits=Limits.from_json(words["limits"]),
                seed=int(words["seed"]),
                fx={code: float(rate) for code, rate in words["fx"].items()},
            )
            tiers, made_until = policy_tiers(words["tiers"]), None if until is None else int(until)
            return cls(settings, str(pack.content["artifact"]), int(words["folds"]), made_until, tiers)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, HedgerowError) as error:
            raise problem("RUN_EVIDENCE", f"settings of the pack: {error}") from None


def policy_tiers(given: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Tiers of a policy, as much of each as evidence is about: name, capital, gross, loss, share of volume.

    Raises GOV_BAD_BODY for an amount that is none, RUN_CONFIG for a tier without a name or without capital.

    >>> policy_tiers([{"name": "canary", "capital": 1000, "gross": "1500", "loss": "50", "adv_share_bps": 100}])
    ({'name': 'canary', 'capital': '1000.00', 'gross': '1500.00', 'loss': '50.00', 'adv_share_bps': 100},)
    """
    made = []
    for tier in given:
        name = tier.get("name")
        missing = [word for word in TIER_LIMITS if word not in tier]
        if not isinstance(name, str) or not name or missing:
            raise problem("RUN_CONFIG", f"tier {name!r} lacks {', '.join(missing) or 'a name'}")
        words = limits_body({word: tier[word] for word in TIER_LIMITS})
        if Decimal(words["capital"]) <= 0:
            raise problem("RUN_CONFIG", f"tier {name!r} has capital {words['capital']}; a positive amount")
        made.append({"name": name, **words})
    return tuple(made)


def _costs(words: Mapping[str, Any]) -> Costs:
    told: dict[str, Any] = _numbers(words)
    return Costs(**told)


def _plain(value: Any) -> Any:
    """A setting without floats: the shortest text that reads back the same."""
    if isinstance(value, Mapping):
        return {name: _plain(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(own) for own in value]
    return repr(float(value)) if isinstance(value, float) else value


def _numbers(value: Any) -> Any:
    """What `_plain` was given: text is a number, but for the settings that are words."""
    if isinstance(value, Mapping):
        return {n: own if n in _WORDS and isinstance(own, str) else _numbers(own) for n, own in value.items()}
    if isinstance(value, list):
        return [_numbers(own) for own in value]
    return float(value) if isinstance(value, str) else value
