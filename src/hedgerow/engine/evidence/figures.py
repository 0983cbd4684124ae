"""The sections of a pack that say what happened: folds, performance, costs, drawdown, exposure, tails, gate.

Promises: statistics are the ledger's own (`hedgerow.ledger`); what the sample does not carry is left out by name with
its reason; losses and costs are positive. Never: a second definition of a figure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import error_table
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.core.verdicts import DENIED
from hedgerow.engine.evidence.pack import LeftOut, decimal
from hedgerow.engine.exchange import fill_amounts
from hedgerow.engine.tearsheet.figures import missing
from hedgerow.ledger import metrics, tails

if TYPE_CHECKING:
    from hedgerow.engine.evidence.exposure import Held
    from hedgerow.engine.evidence.sample import Fold, Sample

TAIL_LEVELS = (0.95, 0.99)
INSTRUMENTS_SHOWN = 10
_STATISTICS = (
    "total_return",
    "cagr",
    "volatility",
    "sharpe",
    "sortino",
    "calmar",
    "hit_rate",
    "best_period",
    "worst_period",
    "skew",
    "kurtosis",
    "turnover",
    "probabilistic_sharpe",
    "deflated_sharpe",
)


def performance(sample: Sample, *, trials: int, variance: float | None, left_out: LeftOut) -> dict[str, Any]:
    """The statistics of the daily returns, net of costs, the Sharpe ratio deflated by all trials."""
    found = metrics.performance(
        sample.daily,
        trials=trials,
        trial_variance=variance,
        traded_notional=float(sum(fill_amounts(result).value.sum() for result in sample.results)),
    )
    told: dict[str, Any] = {"periods": found.periods, "trials": trials}
    if found.periods_per_year is not None:
        told["periods_per_year"] = decimal(found.periods_per_year)
    for name in _STATISTICS:
        value = getattr(found, name)
        if value is None:
            left_out.add(name, missing(name, found).removeprefix(f"{name}: "))
        else:
            told[name] = decimal(value)
    return told | {"notes": [note for note in found.notes if not note.startswith("RUN-004")]}


def folds(sample: Sample, *, made_until_ns: int | None, left_out: LeftOut) -> dict[str, Any]:
    """Each stretch of the sample by itself; where one is too short for a ratio, there is none."""
    trained = sample.folds[0].trained_to_ns is not None
    rows = [_fold(sample, fold, made_until_ns, left_out) for fold in sample.folds]
    return {
        "kind": "trained before each fold, tested in it" if trained else "one fixed strategy, sub-periods",
        "folds": rows,
        "folds_that_gained": sum(not row["total_return"].startswith("-") for row in rows),
    }


def _fold(sample: Sample, fold: Fold, made_until_ns: int | None, left_out: LeftOut) -> dict[str, Any]:
    part = sample.daily.iloc[fold.first : fold.end + 1]
    found = metrics.performance(part)
    first, last = sample.days[fold.first], sample.days[fold.end - 1]
    row: dict[str, Any] = {
        "number": fold.number,
        "from": str(first),
        "to": str(last),
        "periods": found.periods,
        "total_return": decimal(found.total_return or 0.0),
        "max_drawdown": decimal(found.max_drawdown or 0.0),
        "out_of_sample": _out_of_sample(fold, first, made_until_ns),
    }
    if fold.trained_to_ns is not None:
        row["trained_to_ns"] = str(fold.trained_to_ns)
    if found.sharpe is None:
        left_out.add(f"sharpe of fold {fold.number}", missing("sharpe", found))
    else:
        row["sharpe"] = decimal(found.sharpe)
    return row


def _out_of_sample(fold: Fold, first: np.datetime64, made_until_ns: int | None) -> str:
    """Whether the strategy was made before the fold: yes, no, or what nobody said."""
    if fold.trained_to_ns is not None:
        return "yes"
    if made_until_ns is None:
        return "not stated"
    return "yes" if int(first.astype("datetime64[ns]").astype(np.int64)) >= made_until_ns else "no"


def costs(sample: Sample, *, years: float | None, capital: float, left_out: LeftOut) -> dict[str, Any]:
    """What trading cost, as the run paid it, in base currency, summed over its runs."""
    amounts = [fill_amounts(result) for result in sample.results]
    fees, slippage, value = (
        float(sum(getattr(amount, name).sum() for amount in amounts)) for name in ("fee", "slippage", "value")
    )
    net = sum(result.nav_nano for result in sample.results) / MONEY_UNIT - capital * len(sample.results)
    gross = net + fees + slippage
    told = {
        "gross_profit": decimal(gross),
        "fees": decimal(fees),
        "spread_and_impact": decimal(slippage),
        "net_profit": decimal(net),
        "traded": decimal(value),
        "fills": sum(len(result.records("Fill")) for result in sample.results),
    }
    if gross > 0:
        told["costs_share_of_gross"] = decimal((fees + slippage) / gross)
    else:
        left_out.add("costs_share_of_gross", "there was no gross profit for costs to eat")
    if value > 0:
        told["cost_bps_of_traded"] = decimal((fees + slippage) / value * 1e4)
    else:
        left_out.add("cost_bps_of_traded", "nothing was traded")
    if years is None:
        left_out.add("costs_per_year", "the days are too few to tell a year")
    else:
        told["costs_per_year_share_of_capital"] = decimal((fees + slippage) / years / capital)
    return told


def drawdown(sample: Sample) -> dict[str, Any]:
    """The deepest fall from a peak, and how long the sample stood below an earlier peak."""
    nav, days = sample.nav, [sample.days[0] - np.timedelta64(1, "D"), *sample.days]
    fall = tails.max_drawdown(np.maximum(nav, 0.0))
    below = nav < np.maximum.accumulate(nav)
    return {
        "depth": decimal(fall.depth),
        "peak": str(days[fall.peak]),
        "trough": str(days[fall.trough]),
        "recovered": None if fall.recovered is None else str(days[fall.recovered]),
        "days_below_peak": int(below.sum()),
        "longest_below_peak": tails.longest_below_peak(nav),
    }


def exposure(sample: Sample, held: Held) -> dict[str, Any]:
    """What was held at the ends of days, as shares of net asset value."""
    data = sample.results[0].data
    gross, net = np.abs(held.shares).sum(axis=1), held.shares.sum(axis=1)
    sectors: dict[str, Any] = {}
    for name in sorted({i.sector or "none" for i in data.instruments}):
        own = [n for n, i in enumerate(data.instruments) if (i.sector or "none") == name]
        sectors[name] = decimal(float(np.abs(held.shares[:, own]).sum(axis=1).max()))
    largest = np.abs(held.shares).max(axis=0)
    shown = np.argsort(-largest, kind="stable")[:INSTRUMENTS_SHOWN]
    return {
        "gross_max": decimal(float(gross.max())),
        "gross_mean": decimal(float(gross.mean())),
        "net_max": decimal(float(net.max())),
        "net_min": decimal(float(net.min())),
        "net_mean": decimal(float(net.mean())),
        "days_invested": int((gross > 0).sum()),
        "positions_max": int((held.lots != 0).sum(axis=1).max()),
        "largest_positions": [
            {"symbol": data.symbols[n], "share_max": decimal(float(largest[n]))} for n in shown if largest[n] > 0
        ],
        "sector_gross_max": sectors,
    }


def tail(sample: Sample, left_out: LeftOut) -> dict[str, Any]:
    """Historical value at risk and expected shortfall of one day; wanted are days for the tail to hold one at least."""
    told: dict[str, Any] = {"horizon": "one day", "method": "historical"}
    for level in TAIL_LEVELS:
        name, least = f"{level * 100:.0f}", max(metrics.TAIL_PERIODS_MIN, round(1 / (1 - level)))
        if sample.returns.size < least:
            reason = f"{sample.returns.size} days, at least {least}"
            left_out.add(f"value_at_risk_{name}, expected_shortfall_{name}", reason)
            continue
        told[f"value_at_risk_{name}"] = decimal(tails.value_at_risk(sample.returns, level))
        told[f"expected_shortfall_{name}"] = decimal(tails.expected_shortfall(sample.returns, level))
    return told


def gate(sample: Sample) -> dict[str, Any]:
    """How the gate decided, which rules denied, and what was found."""
    codes = {row.number: row.code for row in error_table()}
    denied: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    decisions = 0
    for result in sample.results:
        verdicts = result.records("Verdict")
        decisions += len(verdicts)
        denied.update(codes.get(int(code), str(code)) for code in verdicts["code"][verdicts["decision"] == DENIED])
        findings.update(codes.get(int(code), str(code)) for code in result.records("Finding")["code"])
    return {
        "decisions": decisions,
        "denied": sum(denied.values()),
        "denied_by_rule": dict(sorted(denied.items())),
        "findings": sum(findings.values()),
        "findings_by_code": dict(sorted(findings.items())),
    }
