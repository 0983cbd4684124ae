"""Live evidence for a promotion: what a strategy did under its mandate of a tier, read from a verified journal.

Promises: the journal is proved first, hashes, signature, and every decision derived again; costs are those that were
paid, beside those that the model would have said; losses stand beside the mandate's limits. Never: a day on which the
strategy was not in force at that tier counts as one on which it was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.costs import Costs
from hedgerow.core.errors import error_table, problem
from hedgerow.core.nouns import MONEY_UNIT, money_int
from hedgerow.core.spans import DAY_NS
from hedgerow.core.verdicts import DENIED
from hedgerow.engine.audit import verify
from hedgerow.engine.evidence.exposure import profit_by_time
from hedgerow.engine.evidence.pack import VERSION, LeftOut, Pack, decimal, money
from hedgerow.engine.evidence.strategy_log import StrategyLog, limits_of
from hedgerow.engine.exchange import FillAmounts, fill_amounts
from hedgerow.engine.tearsheet.series import session_days
from hedgerow.engine.why import Journal
from hedgerow.market.times import moment_ns

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def make_live_evidence(
    folder: str | Path,
    strategy: str,
    tier: str,
    start: Any,
    end: Any,
    *,
    costs: Costs | None = None,
    key: str | None = None,
    identity: str | Path | None = None,
) -> Pack:
    """What a strategy did at a tier from `start` to `end`, as a pack whose hash a proposal names.

    Args:
        folder: holds `journal/` of the run.
        strategy: its name in the proposals; tier: the tier's name.
        start, end: times, dates or UTC nanoseconds; a date means its session.
        costs: the model that paid costs are compared with; None = the pessimistic default.
        key: the verifier key line that the checkpoint must be signed with.
        identity: file of the age identity that opens a sealed journal.

    Raises LOG errors for a journal that cannot be proved, GOV_UNKNOWN_PROPOSAL, RUN_NO_DATA if the strategy was not in
    force at the tier then.
    """
    first, last = moment_ns(start), moment_ns(end, end=True)
    if not first < last:
        raise problem("RUN_CONFIG", f"from {first} is not before to {last}")
    proof = verify(folder, key, identity=identity)
    log = StrategyLog(Journal(folder, identity=identity), strategy)
    mandates = _in_force(log, tier, first, last)
    left_out = LeftOut()
    limits = limits_of(mandates[-1].row)
    trading = _trading(log, Costs() if costs is None else costs, first, last, left_out)
    return Pack(
        {
            "v": VERSION,
            "kind": "live",
            "strategy": strategy,
            "artifact": bytes(mandates[-1].row["artifact"]).hex(),
            "tier": tier,
            "from_ns": str(first),
            "to_ns": str(last),
            "journal": {
                "origin": proof.origin,
                "entries": proof.entries,
                "root": proof.root,
                "records": proof.records,
                "state_hash": proof.state_hash,
            },
            "mandates": [mandate.to_json() for mandate in mandates],
            "in_force_ns": str(sum(mandate.until - mandate.since for mandate in mandates)),
            "currency": log.info.currency,
            **trading,
            "losses": _losses(log, limits, first, last),
            **_judged(log, first, last),
            "left_out": left_out.rows,
        }
    )


def live_claim(pack: Pack) -> dict[str, str]:
    """What a proposal says of a live pack: tier, period, digest."""
    if pack.content["kind"] != "live":
        raise problem("RUN_EVIDENCE", f"a pack of kind {pack.content['kind']!r} is no live evidence")
    content = pack.content
    return {
        "from_tier": content["tier"],
        "from": content["from_ns"],
        "to": content["to_ns"],
        "digest": pack.sha256,
    }


@dataclass(frozen=True)
class _Mandate:
    """A mandate's record and the part of the period in which it was in force."""

    row: Any
    since: int
    until: int

    def to_json(self) -> dict[str, str]:
        limits = limits_of(self.row)
        return {
            "proposal": bytes(self.row["proposal"]).hex(),
            "since_ns": str(self.since),
            "until_ns": str(self.until),
            **{name: money(money_int(limits[name])) for name in ("capital", "gross", "loss", "drawdown")},
        }


def _in_force(log: StrategyLog, tier: str, first: int, last: int) -> list[_Mandate]:
    """The mandates of the tier that were in force within the period, in order."""
    rows, found = log.records("Mandate"), []
    # A mandate that cools down takes the place of the one before it only when it begins.
    begins = [max(int(row["ts"]), int(row["from_ts"])) for row in rows]
    for row, begun, ended in zip(rows, begins, [*begins[1:], last], strict=True):
        since, until = max(first, begun), min(last, int(row["expires_ts"]), ended)
        if not (row["revoked"] or row["paused"]) and log.tier_of(row) == tier and since < until:
            found.append(_Mandate(row, since, until))
    # Another artifact's time is not this one's.
    found = [m for m in found if bytes(m.row["artifact"]) == bytes(found[-1].row["artifact"])]
    if not found:
        raise problem("RUN_NO_DATA", f"{log.strategy} was not in force at tier {tier!r} from {first} to {last}")
    return found


def _trading(log: StrategyLog, model: Costs, first: int, last: int, left_out: LeftOut) -> dict[str, Any]:
    """What was traded, what it cost, and what the model would have said of the same days."""
    fills = log.records("Fill")
    inside = (fills["ts_event"] >= first) & (fills["ts_event"] <= last)
    paid = fill_amounts(log)  # type: ignore[arg-type]
    value, fee, slippage = (float(part[inside].sum()) for part in (paid.value, paid.fee, paid.slippage))
    told: dict[str, Any] = {
        "fills": int(inside.sum()),
        "traded": decimal(value),
        "realised_costs": {"fees": decimal(fee), "spread_and_impact": decimal(slippage)},
    }
    if value <= 0:
        left_out.add("realised_costs_bps, modelled_costs_bps", "nothing was traded")
        return told
    told["realised_costs_bps"] = decimal((fee + slippage) / value * 1e4)
    modelled = _modelled(log, model, fills[inside], paid, inside, left_out)
    if modelled is not None:
        told["modelled_costs_bps"] = decimal(modelled / value * 1e4)
        if modelled > 0:
            told["realised_over_modelled"] = decimal((fee + slippage) / modelled)
    return told


def _modelled(
    log: StrategyLog, model: Costs, fills: Any, paid: FillAmounts, inside: npt.NDArray[np.bool_], left_out: LeftOut
) -> float | None:
    """The model's costs of the same trading, a day's of an instrument on one side as one order."""
    keys = np.stack([session_days(fills["ts_event"]), fills["instrument"], fills["side"]], axis=1).astype(np.int64)
    groups, place = np.unique(keys, axis=0, return_inverse=True)
    value = np.bincount(place.ravel(), weights=paid.value[inside], minlength=len(groups))
    lots = np.bincount(place.ravel(), weights=fills["lots"], minlength=len(groups))
    pairs = [log.data.liquidity(index) for index in range(len(log.data.instruments))]
    sigma, adv = (np.array([float(pair[n]) for pair in pairs])[groups[:, 1]] for n in (0, 1))
    if (adv <= 0).any() and model.impact > 0:
        left_out.add("modelled_costs_bps", "volume is not known")
        return None
    price = value / lots
    symbols = [log.data.symbols[int(index)] for index in groups[:, 1]]
    return float(model.expected_cost(value, sigma=sigma, adv_notional=adv * price, price=price, symbols=symbols).sum())


def _losses(log: StrategyLog, limits: Any, first: int, last: int) -> dict[str, Any]:
    """Profit by day beside the mandate's limits: since the day began, and from the highest value."""
    days, profit = daily_profit(log)
    # A day that the period covers in part counts whole.
    inside = np.flatnonzero(((days + 1) * DAY_NS > first) & (days * DAY_NS < last))
    before = profit[inside[0] - 1] if inside.size and inside[0] > 0 else 0.0
    path = np.concatenate([[before], profit[inside]])
    steps = np.diff(path)
    loss, drawdown = (money_int(limits[name]) / MONEY_UNIT for name in ("loss", "drawdown"))
    fall = float((np.maximum.accumulate(path) - path).max())
    worst = max(0.0, -float(steps.min())) if steps.size else 0.0
    return {
        "days": int(inside.size),
        "profit": decimal(float(path[-1] - path[0])),
        "worst_day": decimal(worst),
        "loss_limit": money(money_int(limits["loss"])),
        "days_beyond_loss_limit": int((-steps > loss).sum()),
        "max_drawdown": decimal(fall),
        "drawdown_limit": money(money_int(limits["drawdown"])),
        "within_limits": bool(worst <= loss and fall <= drawdown),
    }


def daily_profit(log: StrategyLog) -> tuple[Ints, Floats]:
    """Days since 1970 with bars, and the strategy's profit from the log's beginning to the end of each."""
    days = session_days(log.data.times_ns)
    last = np.append(np.flatnonzero(np.diff(days)), days.size - 1)
    return days[last], profit_by_time(log)[last]  # type: ignore[arg-type]


def log_values(folder: str | Path, *, identity: str | Path | None = None) -> Any:
    """Net asset value by day of everything that a verified log holds: its capital and the profit of its strategies.

    identity: file of the age identity that opens a sealed log.
    """
    import pandas as pd

    verify(folder, identity=identity)
    journal = Journal(folder, identity=identity)
    events = [event for _, _, event in journal.signed_events()]
    names = list(dict.fromkeys(e["body"]["strategy"] for e in events if e["type"] == "proposal"))
    if not names:
        raise problem("RUN_NO_DATA", f"{folder} holds no strategy")
    pairs = [daily_profit(StrategyLog(journal, name)) for name in names]
    capital = sum(money_int(row["amount"]) for row in journal.of("CashMovement")) / MONEY_UNIT
    nav = capital + np.sum([profit for _, profit in pairs], axis=0)
    index = pd.DatetimeIndex(pairs[0][0].astype("datetime64[D]").astype("datetime64[ns]"), tz="UTC")
    return pd.Series(nav, index=index)


def _judged(log: StrategyLog, first: int, last: int) -> dict[str, Any]:
    """Denials and findings of the period, by code."""
    codes = {row.number: row.code for row in error_table()}
    verdicts, findings = log.records("Verdict"), log.records("Finding")
    verdicts = verdicts[(verdicts["ts"] >= first) & (verdicts["ts"] <= last)]
    findings = findings[(findings["ts"] >= first) & (findings["ts"] <= last)]
    denied = Counter(codes[int(code)] for code in verdicts["code"][verdicts["decision"] == DENIED])
    found = Counter(codes[int(code)] for code in findings["code"])
    return {
        "decisions": len(verdicts),
        "denied": sum(denied.values()),
        "denied_by_rule": dict(sorted(denied.items())),
        "findings": sum(found.values()),
        "findings_by_code": dict(sorted(found.items())),
    }
