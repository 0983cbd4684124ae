"""What a run tells the trial ledger: the variant before it begins, its figures when it has ended.

Promises: a run that is broken off was counted; equal runs are one trial; figures are per day, of the series that the
run's own statistics are taken of. Never: a figure that the sample does not carry.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import problem
from hedgerow.models.trials import Family, TrialLedger, Variant, ledger_file

if TYPE_CHECKING:
    from hedgerow.engine.book_data import BookData
    from hedgerow.engine.result import Result, RunInfo
    from hedgerow.engine.run_data import RunData
    from hedgerow.ledger.series import Series
    from hedgerow.risk.limits import Limits


def as_ledger(trials: Any) -> TrialLedger:
    """The ledger that was given, or the one in a file or a fund's folder; RUN_CONFIG for anything else."""
    if isinstance(trials, TrialLedger):
        return trials
    if isinstance(trials, str | Path):
        return TrialLedger(ledger_file(trials))
    raise problem("RUN_CONFIG", f"trials={trials!r}; use a whole number from 1, a TrialLedger or its file")


@dataclasses.dataclass(frozen=True)
class Count:
    """A run's place among the trials: so many as a person said, or those of a ledger."""

    said: int = 1
    ledger: TrialLedger | None = None
    variant: Variant | None = None

    @classmethod
    def begin(cls, trials: Any, info: RunInfo, data: RunData | BookData, limits: Limits) -> Count:
        """Count a run that is about to begin."""
        if isinstance(trials, int):
            return cls(said=trials)
        ledger = as_ledger(trials)
        tried = variant_of(info, data, limits)
        ledger.begin(tried)
        return cls(ledger=ledger, variant=tried)

    def end(self, result: Result) -> Result:
        """The result, with the number and the variance of all trials of its family."""
        if self.ledger is None or self.variant is None:
            return result
        outcome = outcome_of(result)
        if outcome:
            self.ledger.record(self.variant, outcome)
        family = self.ledger.family(self.variant.family)
        return result.with_trials(family.count, variance_for(family, outcome))


def variant_of(info: RunInfo, data: RunData | BookData, limits: Limits) -> Variant:
    """What a run tries: its name, its artifact, everything that was set, its data and their period."""
    beside = {"simulation": info.simulation, "holding": info.holding}
    assumed = {name: told for name, told in beside.items() if told}
    settings = settings_of(info.config, info.seed, info.cash, info.currency, info.costs, limits) | assumed
    return variant(info.name, info.artifact, settings, data, info.data_digest)


def settings_of(
    config: dict[str, Any], seed: int, cash: float, currency: str, costs: dict[str, Any], limits: Limits
) -> dict[str, Any]:
    """All that is set in a run: two runs with other settings are two trials."""
    told = {"config": config, "seed": seed, "cash": cash, "currency": currency, "costs": costs}
    return told | {"limits": limits.to_json()}


def variant(
    family: str, artifact: str, settings: dict[str, Any], data: RunData | BookData, data_digest: str = ""
) -> Variant:
    """A variant from its name, its artifact's hash, all that was set, and its data."""
    from hedgerow.governance.artifact import plain

    return plain_variant(family, artifact, plain(settings), data, data_digest)


def plain_variant(
    family: str, artifact: str, settings: dict[str, Any], data: RunData | BookData, data_digest: str = ""
) -> Variant:
    """`variant` from settings that are plain already (`hedgerow.governance.artifact.plain`)."""
    from hedgerow.governance.artifact import bytes_content, manifest_hash, with_plain

    return Variant(
        family=family,
        artifact=artifact,
        config=manifest_hash(with_plain(bytes_content(b""), settings)),
        data=data_digest or data.bars.digest(),
        from_ns=data.start_ns,
        to_ns=data.end_ns,
    )


def outcome_of(result: Result) -> dict[str, float]:
    """Periods, Sharpe ratio, skewness and kurtosis of a run's daily returns, as far as there are any."""
    return outcome_of_values(result.daily)


def outcome_of_values(daily: Any) -> dict[str, float]:
    """`outcome_of` from net asset values by day, the capital first."""
    from hedgerow.ledger.series import nav_series

    return outcome_of_series(nav_series(daily))


def outcome_of_series(series: Series) -> dict[str, float]:
    """`outcome_of` from a series of them."""
    shape = series.shape
    told: dict[str, float | None] = {
        "periods": series.returns.size,
        "per_year": series.periods_per_year,
        "sharpe": shape.sharpe,
        "skew": shape.skew,
        "kurtosis": shape.kurtosis,
    }
    if told["per_year"] is None:
        del told["sharpe"]
    return {name: float(value) for name, value in told.items() if value is not None and math.isfinite(value)}


def variance_for(family: Family, outcome: dict[str, float]) -> float | None:
    """Variance of the family's Sharpe ratios for a run with this outcome; `None` where it cannot be told."""
    if "per_year" not in outcome or outcome["periods"] < 2:
        return None
    return family.variance(per_year=outcome["per_year"], periods=int(outcome["periods"]))
