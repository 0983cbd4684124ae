"""Commands about what speaks for a strategy: the trials that were counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output, table

if TYPE_CHECKING:
    from hedgerow.models.trials import Family, Trial, TrialLedger

trials = group("Every variant that was ever run, counted.")


@trials.command("show")
def trials_show(
    ledger: Annotated[Path, typer.Argument(help="The ledger's file, or the fund's folder.")] = Path(),
    family: Annotated[str | None, typer.Option(help="One strategy, trial by trial.")] = None,
    json: Json = False,
) -> None:
    """Show how many variants of each strategy were tried, and with which Sharpe ratios."""
    from hedgerow.models.trials import TrialLedger, ledger_file

    read = TrialLedger(ledger_file(ledger))
    head = {"lines": read.head.lines, "sha256": read.head.sha256}
    if family is None:
        rows = [_family_row(read.family(name)) for name in read.families]
        Output(json).emit({"count": read.count, "head": head, "families": rows}, lambda: _families_text(read, rows))
        return
    one = read.family(family)
    shown = {**_family_row(one), "head": head, "trials": [_trial_row(trial) for trial in one.trials]}
    Output(json).emit(shown, lambda: _family_text(one))


def _family_row(family: Family) -> dict[str, Any]:
    ratios = family.sharpes
    return {
        "family": family.name,
        "trials": family.count,
        "with_sharpe": len(ratios),
        "best_sharpe": max(ratios, default=None),
        "mean_sharpe": sum(ratios) / len(ratios) if ratios else None,
    }


def _trial_row(trial: Trial) -> dict[str, Any]:
    variant = trial.variant
    return {
        "family": variant.family,
        "artifact": variant.artifact,
        "config": variant.config,
        "data": variant.data,
        "from_ns": str(variant.from_ns),
        "to_ns": str(variant.to_ns),
        "outcome": None if trial.outcome is None else dict(trial.outcome),
    }


def _families_text(ledger: TrialLedger, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "no trials; a run counts itself with `hedgerow backtest ... --trials FILE`"
    told = [
        (row["family"], f"{row['trials']:,}", _ratio(row["best_sharpe"]), _ratio(row["mean_sharpe"])) for row in rows
    ]
    head = f"{ledger.head.lines:,} lines, the last {ledger.head.sha256[:16]}"
    return f"{table(told, heads=('strategy', 'trials', 'best Sharpe', 'mean'))}\n{head}"


def _family_text(family: Family) -> str:
    told = []
    for trial in family.trials:
        variant, outcome = trial.variant, trial.outcome or {}
        yearly = outcome["sharpe"] * outcome["per_year"] ** 0.5 if "sharpe" in outcome else None
        days = (
            _day(variant.from_ns),
            _day(variant.to_ns),
            f"{outcome['periods']:.0f}" if "periods" in outcome else "-",
        )
        told.append((variant.artifact[:12], variant.config[:12], variant.data[:12], *days, _ratio(yearly)))
    heads = ("artifact", "settings", "data", "from", "to", "periods", "Sharpe")
    return f"{table(told, heads=heads)}\n{family.count:,} trials of {family.name}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _day(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, tz=UTC):%Y-%m-%d}"
