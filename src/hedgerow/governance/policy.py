"""The policy as people write it: tiers of capital, who signs, who pauses, who changes the policy; TOML or JSON.

A file may leave out what the default says; a field that the policy does not have is an error with a suggestion. Spans
are written as `"3 days"`, `"12 hours"` or nanoseconds, money as a number of currency units, expressions in words.

Promises: what is signed is exact (money as decimal text, spans as nanoseconds); `policy_text` says all of it. Never:
puts a policy in force; signatures do.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.spans import DAY_NS
from hedgerow.governance.expressions import Expression, expression, expression_text
from hedgerow.governance.tiers import UNLIMITED, Tier

_UNITS = {"ns": 1, "second": 10**9, "minute": 60 * 10**9, "hour": 3_600 * 10**9, "day": DAY_NS}
_SIGN = "all(risk 1, fund_manager 1)"
_ANY_SHARE_BPS = 2**32 - 1
_FIELDS = (
    "name", "kind", "capital", "gross", "loss", "adv_share_bps", "instruments", "sign", "cool_down", "valid", "pack",
    "live", "live_from", "isolation",
)  # fmt: skip


@dataclass(frozen=True)
class PolicyTerms:
    """What a policy says, without its version: who changes it, who pauses, and the tiers by rank."""

    change: Expression
    pause: Expression
    tiers: tuple[Tier, ...]

    def to_json(self) -> dict[str, Any]:
        """As it will be signed."""
        tiers = [tier.body(rank) for rank, tier in enumerate(self.tiers)]
        return {"change": dict(self.change), "pause": dict(self.pause), "tiers": tiers}


def default_policy() -> PolicyTerms:
    """Paper money first, then a canary of real money, then the full amount, each signed and proven at the tier below.

    Paper may be traded from the platform's own process, real money only from a jail.

    >>> [tier.name for tier in default_policy().tiers]
    ['paper', 'canary', 'full']
    """
    day, any_share = DAY_NS, _ANY_SHARE_BPS
    return PolicyTerms(
        expression(_SIGN),
        expression("risk 1"),
        (
            Tier(
                "paper", "paper", UNLIMITED, UNLIMITED, UNLIMITED, any_share, _SIGN,
                valid_ns=36_500 * day, isolation="none",
            ),
            Tier(
                "canary", "live", 1_000_000, 2_000_000, 20_000, 100, _SIGN,
                cool_down_ns=day, valid_ns=90 * day, pack=True, live_ns=30 * day,
            ),
            Tier(
                "full", "live", 100_000_000, 200_000_000, 2_000_000, 500, _SIGN,
                cool_down_ns=3 * day, valid_ns=365 * day, pack=True, live_ns=60 * day,
            ),
        ),
    )  # fmt: skip


def read_policy(source: Path | str | Mapping[str, Any]) -> PolicyTerms:
    """A policy from a TOML or JSON file, or from the same as data; what is signed (`policy show --json`) reads back.

    >>> terms = read_policy({"tiers": [{"name": "paper", "kind": "paper", "capital": 1000, "cool_down": "1 day"}]})
    >>> terms.tiers[0].cool_down_ns == 86_400 * 10**9
    True
    """
    said = source if isinstance(source, Mapping) else _file(Path(source))
    _only("policy", said, ("change", "pause", "tiers", "version", "id"))
    tiers = said.get("tiers")
    if not isinstance(tiers, Sequence) or isinstance(tiers, str) or not tiers:
        raise problem("GOV_BAD_BODY", "policy: tiers is not a list of at least one tier")
    return PolicyTerms(
        expression(said.get("change", _SIGN)),
        expression(said.get("pause", "risk 1")),
        tuple(_tier(rank, tier) for rank, tier in enumerate(tiers)),
    )


def policy_text(policy: Mapping[str, Any]) -> str:
    """A policy, as it is signed, in sentences for those who sign it."""
    head = f"policy {policy['version']}: " if policy.get("version") else ""
    change, pause = expression_text(policy["change"]), expression_text(policy["pause"])
    lines = [f"{head}a change needs {change}; {pause} may pause"]
    return "\n".join([*lines, *(tier_text(tier) for tier in policy["tiers"])])


def tier_text(tier: Mapping[str, Any]) -> str:
    """One tier in two lines."""
    demand = tier["evidence"]
    wanted = ["an evidence pack"] if demand["pack"] else []
    if int(demand["live_ns"]):
        wanted.append(f"{span_text(int(demand['live_ns']))} in force at {demand['live_from'] or 'the tier below'}")
    money = ", ".join(f"{name} {_amount(tier[name])}" for name in ("capital", "gross", "loss"))
    share = "any share" if tier["adv_share_bps"] == _ANY_SHARE_BPS else f"{tier['adv_share_bps'] / 100:g} %"
    instruments = "any instrument" if tier["instruments"] == "any" else ", ".join(tier["instruments"])
    begins = span_text(int(tier["cool_down_ns"]))
    return (
        f"{tier['rank']} {tier['name']} ({tier['kind']}): {money}, {share} of daily volume, {instruments}\n"
        f"    signed by {expression_text(tier['sign'])}; begins {'at once' if begins == '0' else f'{begins} later'}, "
        f"lasts at most {span_text(int(tier['valid_ns']))}; demands {' and '.join(wanted) or 'no evidence'}; "
        f"{_walls(tier['isolation'])}"
    )


def _walls(isolation: str) -> str:
    if isolation == "none":
        return "no isolation is demanded"
    return f"isolation {isolation} {'' if isolation == 'jail' else 'or stronger '}is demanded"


def span_text(ns: int) -> str:
    """A span in its largest whole unit.

    >>> span_text(3 * 86_400 * 10**9), span_text(0)
    ('3 days', '0')
    """
    if ns == 0:
        return "0"
    word, unit = next((w, u) for w, u in reversed(_UNITS.items()) if ns % u == 0)
    return f"{ns // unit:,} {word}{'s' if ns != unit and word != 'ns' else ''}"


def span_ns(value: Any, what: str) -> int:
    """A span of time in nanoseconds.

    >>> span_ns("12 hours", "cool_down") == 12 * 3_600 * 10**9
    True
    """
    number, _, word = str(value).strip().partition(" ")
    word = word.strip()
    unit = _UNITS.get(word if word == "ns" else word.removesuffix("s")) if word else 1
    if isinstance(value, bool | float) or not number.isdecimal() or unit is None:
        raise problem("GOV_BAD_BODY", f"{what} is {value!r}, not a span such as '3 days', '12 hours' or nanoseconds")
    return int(number) * unit


def _tier(rank: int, given: Any) -> Tier:
    if not isinstance(given, Mapping):
        raise problem("GOV_BAD_BODY", f"policy: tier {rank} is {given!r}, not a table of fields")
    said = _as_written(given)
    _only("tier", said, _FIELDS)
    for name in ("name", "kind"):
        if not isinstance(said.get(name), str):
            raise problem("GOV_BAD_BODY", f"policy: tier {rank} has no {name}")
    return Tier(
        name=said["name"],
        kind=said["kind"],
        capital=_exact(said.get("capital", 0)),
        gross=_exact(said.get("gross", said.get("capital", 0))),
        loss=_exact(said.get("loss", 0)),
        adv_share_bps=said.get("adv_share_bps", 0),
        sign=expression(said.get("sign", _SIGN)),
        instruments=said.get("instruments", "any"),
        cool_down_ns=span_ns(said.get("cool_down", 0), "cool_down"),
        valid_ns=span_ns(said.get("valid", "365 days"), "valid"),
        pack=said.get("pack", False),
        live_ns=span_ns(said.get("live", 0), "live"),
        live_from=said.get("live_from"),
        isolation=said.get("isolation", "jail"),
    )


def _as_written(given: Mapping[str, Any]) -> dict[str, Any]:
    """A tier as it is signed has `rank`, `evidence` and names with units; here it is as people write it."""
    said = {name: value for name, value in given.items() if name not in ("rank", "evidence")}
    for ours, signed in (("cool_down", "cool_down_ns"), ("valid", "valid_ns")):
        if signed in said:
            said[ours] = said.pop(signed)
    demand = given.get("evidence", {})
    if not isinstance(demand, Mapping):
        raise problem("GOV_BAD_BODY", f"tier: evidence is {demand!r}, not pack, live_ns and live_from")
    names = {"pack": "pack", "live_ns": "live", "live_from": "live_from"}
    _only("evidence", demand, names)
    return said | {names[name]: value for name, value in demand.items()}


def _only(what: str, said: Mapping[str, Any], known: Any) -> None:
    for name in said:
        if name not in known:
            raise problem("GOV_BAD_BODY", f"{what} has an unknown field {name!r}{did_you_mean(name, known)}")


def _exact(value: Any) -> Any:
    # TOML and JSON write 20000.5 as a float; the decimal that it prints is what was meant.
    return repr(value) if isinstance(value, float) else value


def _amount(text: str) -> str:
    whole, _, fraction = text.partition(".")
    if int(whole) >= int(UNLIMITED):
        return "unbounded"
    return f"{int(whole):,}" + (f".{fraction}" if fraction.strip("0") else "")


def _file(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        said = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise problem("GOV_BAD_BODY", f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise problem("GOV_BAD_BODY", f"{path}: {error}") from None
    if not isinstance(said, Mapping):
        raise problem("GOV_BAD_BODY", f"{path}: holds a {type(said).__name__}, not a policy")
    return said
