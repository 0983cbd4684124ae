"""Makes an evidence pack: runs the artifact on the platform's own data, counts the trial, writes down what it saw.

Promises: the run is a trial before it begins; equal artifact, data, settings, book and ledger give equal bytes;
checking a pack makes it again and compares every byte. Never: a figure from the author, the author's code in the pack.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.engine.backtest import as_bars, default_costs
from hedgerow.engine.counting import as_ledger, outcome_of_values, variance_for, variant
from hedgerow.engine.evidence import figures
from hedgerow.engine.evidence.book import Book, with_book
from hedgerow.engine.evidence.capacity import Liquidity, capacity, scaling, tiers, unknown_volume
from hedgerow.engine.evidence.exposure import held, traded
from hedgerow.engine.evidence.pack import VERSION, LeftOut, Pack, decimal
from hedgerow.engine.evidence.recipe import Recipe, policy_tiers
from hedgerow.engine.evidence.sample import (
    Runner,
    Sample,
    Settings,
    fold_days,
    fresh,
    is_opaque,
    run_in_process,
    sample,
    trains,
)
from hedgerow.engine.evidence.stress import stress
from hedgerow.engine.opening import research_limits
from hedgerow.engine.run_data import RunData
from hedgerow.engine.strategy import Strategy, changed
from hedgerow.governance.artifact import artifact_hash
from hedgerow.governance.envelope import canonical
from hedgerow.ledger.ratios import expected_best_sharpe
from hedgerow.ledger.series import nav_series
from hedgerow.market.times import moment_ns
from hedgerow.models.trials import Family, Head, TrialLedger

if TYPE_CHECKING:
    from hedgerow.core.costs import Costs
    from hedgerow.market.bars import Bars
    from hedgerow.risk.limits import Limits


def make_evidence(
    strategy: Any,
    data: Any,
    *,
    trials: TrialLedger | str | Path,
    name: str | None = None,
    artifact: str | Path | None = None,
    proposed: str | Mapping[str, Any] | None = None,
    tiers: Sequence[Mapping[str, Any]] = (),
    book: Any = None,
    capital: int | str | Decimal = 1_000_000,
    currency: str = "USD",
    costs: Costs | None = None,
    limits: Limits | None = None,
    fx: Mapping[str, float] | None = None,
    seed: int = 0,
    folds: int = 5,
    made_until: Any = None,
    run: Runner = run_in_process,
) -> Pack:
    """Run a strategy on the platform's own data and say what its reviewers need to know.

    Args:
        strategy: class or instance of a `Strategy`, or the path of an opaque one, which runs in the jail; one with
            `fit(bars)` is trained fold by fold.
        data: bars, as `hedgerow.backtest` takes them.
        trials: the fund's trial ledger, or its file or folder; this run is counted in it.
        name: of the strategy, in its proposal and in the ledger; None = its class's.
        artifact: the file or folder that is proposed; None = the class's source and settings.
        proposed: the manifest of the proposal, or its hash; None = the hash of the content.
        tiers: of the fund's policy: mappings with name, capital, gross, loss, adv_share_bps.
        book: what runs already: net asset values by time, a `Result`, or several by name.
        capital, currency, costs, limits, fx, seed: as in `hedgerow.backtest`; fx: numbers only.
        folds: stretches of time that are shown by themselves.
        made_until: up to when the author used data to make the strategy; later folds are out of sample.
        run: runs it, and says how well it was shut in.

    Raises RUN_CONFIG, DATA errors, MODEL_TRIALS, GOV_ARTIFACT, and what the strategy raises.
    """
    bars = as_bars(data)
    amount = Decimal(str(capital))
    settings = Settings(
        name=name or name_of(fresh(strategy)),
        capital=amount,
        currency=currency,
        costs=default_costs(RunData(bars), []) if costs is None else costs,
        limits=research_limits(amount) if limits is None else limits,
        seed=seed,
        fx=dict(fx or {}),
        artifact=artifact,
    )
    content = content_hash(strategy, artifact)
    until = None if made_until is None else moment_ns(made_until)
    recipe = Recipe(settings, proposed_hash(proposed, content), folds, until, policy_tiers(tiers))
    return _made(strategy, bars, recipe, content, as_ledger(trials), None if book is None else Book.of(book), run)


def check_evidence(
    pack: Pack,
    strategy: Any,
    data: Any,
    *,
    artifact: str | Path | None = None,
    trials: TrialLedger | str | Path | None = None,
    book: Any = None,
    run: Runner = run_in_process,
) -> dict[str, Any]:
    """Make a pack again from artifact and data, and compare every byte.

    trials: the ledger, which must still hold what it held then; without it the number of trials is taken from the pack
    and the answer says so. Raises RUN_NOT_REPEATED naming the first thing that differs, RUN_EVIDENCE, MODEL_TRIALS.
    """
    if pack.content["kind"] != "evidence":
        raise problem("RUN_EVIDENCE", f"a pack of kind {pack.content['kind']!r}; only evidence is made again")
    bars, content, said_recipe = as_bars(data), content_hash(strategy, artifact), Recipe.of(pack)
    recipe = dataclasses.replace(said_recipe, settings=dataclasses.replace(said_recipe.settings, artifact=artifact))
    given = None if book is None else Book.of(book)
    said = pack.content.get("book") or {}
    for what, then, now in (
        ("data.digest", pack.content["data"]["digest"], bars.digest()),
        ("content", pack.content["content"], content),
        ("book.digest", said.get("digest"), None if given is None else given.digest),
    ):
        if then != now:
            raise problem("RUN_NOT_REPEATED", f"{what}: {then} in the pack, {now} given")
    known: Any = pack.content["trials"] if trials is None else as_ledger(trials).as_of(_head(pack))
    again = _made(strategy, bars, recipe, content, known, given, run)
    if again.data != pack.data:
        raise problem("RUN_NOT_REPEATED", _first_difference(pack.content, again.content))
    return {"pack": pack.sha256, "repeated": True, "trials_checked": trials is not None}


def refuse_cut_ledger(ledger: TrialLedger, folder: str | Path) -> int:
    """Compare a ledger with every pack of a fund's folder that names an earlier head; returns how many there were.

    Raises MODEL_TRIALS if the ledger never was what a pack says it was, RUN_EVIDENCE for a pack that was changed.
    """
    compared = 0
    for path in sorted((Path(folder) / "evidence").glob("*.json")):
        pack = Pack.load(path)
        if pack.content["kind"] == "evidence":
            ledger.refuse_unless_reached(_head(pack))
            compared += 1
    return compared


def proposed_hash(proposed: str | Mapping[str, Any] | None, content: str) -> str:
    """The artifact's hash in its proposal: SHA-256 of the manifest, whose `content` must be what runs.

    Raises GOV_ARTIFACT for a manifest of other content, or for what is no hash.
    """
    if proposed is None:
        return content
    if isinstance(proposed, str):
        if len(proposed) != 64 or not set(proposed) <= set("0123456789abcdef"):
            raise problem("GOV_ARTIFACT", f"proposed={proposed!r}; 64 hexadecimal digits")
        return proposed
    named = sha256(canonical(proposed["content"])).hexdigest() if isinstance(proposed.get("content"), dict) else None
    if named != content:
        raise problem("GOV_ARTIFACT", f"the manifest is of the content {named}, what runs is {content}")
    return sha256(canonical(proposed)).hexdigest()


def name_of(strategy: Any) -> str:
    """What a strategy is called where nobody gave it another name."""
    return str(strategy.title) if is_opaque(strategy) else type(strategy).__name__


def content_hash(strategy: Any, artifact: str | Path | None) -> str:
    """Hash of what runs: the proposed file or folder, or the class's source and settings."""
    made = fresh(strategy)
    if is_opaque(made):
        return str(made.digest)
    config = made.config if isinstance(made, Strategy) else None
    if artifact is not None:
        return artifact_hash(Path(artifact), None if config is None else changed(config))
    return artifact_hash(type(made), None if config is None else dataclasses.asdict(config))


@dataclass(frozen=True)
class _Counted:
    """The trials of the strategy, and the variance of their Sharpe ratios for this sample."""

    count: int
    variance: float | None
    section: dict[str, Any]


def _made(strategy: Any, bars: Bars, recipe: Recipe, content: str, trials: Any, book: Book | None, run: Runner) -> Pack:
    """Run and write down. `trials`: the ledger; its past, to check a pack; or the trials that a pack tells of."""
    settings, data, left_out = recipe.settings, RunData(bars), LeftOut()
    fold_days(bars, recipe.folds)
    tried = variant(settings.name, content, _tried(strategy, recipe), data)
    if isinstance(trials, TrialLedger):
        trials.begin(tried)
    ran = sample(strategy, bars, settings, folds=recipe.folds, run=run)
    outcome = outcome_of_values(ran.daily)
    if isinstance(trials, TrialLedger):
        if outcome:
            trials.record(tried, outcome)
        counted = _count(trials, trials.family(settings.name), outcome)
    else:
        said = trials["variance"]
        counted = _Counted(int(trials["count"]), None if said is None else float(said), dict(trials))
    body = _sections(ran, recipe, counted, book, left_out)
    head = {
        "v": VERSION,
        "kind": "evidence",
        "strategy": settings.name,
        "artifact": recipe.proposed,
        "content": content,
        "platform": _core.__version__,
        "settings": recipe.to_json(),
        "data": _data(data, ran),
        "run": _runs(ran),
        "trials": counted.section,
    }
    return Pack({**head, **body, "left_out": left_out.rows})


def _tried(strategy: Any, recipe: Recipe) -> dict[str, Any]:
    """What was set, in the words by which a backtest counts itself; folds only where the strategy trains in them."""
    settings, made = recipe.settings, fresh(strategy)
    words: dict[str, Any] = {
        "config": dataclasses.asdict(made.config) if isinstance(made, Strategy) else {},
        "seed": settings.seed,
        "cash": float(settings.capital),
        "currency": settings.currency,
        "costs": settings.costs.told(),
        "limits": settings.limits.to_json(),
    }
    return words | ({"folds": recipe.folds} if trains(strategy) else {})


def _count(ledger: TrialLedger, family: Family, outcome: dict[str, float]) -> _Counted:
    variance = variance_for(family, outcome)
    section: dict[str, Any] = {
        "family": family.name,
        "count": family.count,
        "with_sharpe": len(family.sharpes),
        "fund_count": ledger.count,
        "head": {"lines": ledger.head.lines, "sha256": ledger.head.sha256},
        "variance": None if variance is None else decimal(variance),
        "sharpe_of_the_best_by_luck": None,
    }
    if variance is not None and family.count > 1:
        luck = expected_best_sharpe(family.count, variance) * math.sqrt(outcome["per_year"])
        section["sharpe_of_the_best_by_luck"] = decimal(luck)
    # What is written is what is used, so that the pack alone gives the same figures again.
    return _Counted(family.count, None if variance is None else float(decimal(variance)), section)


def _sections(ran: Sample, recipe: Recipe, counted: _Counted, book: Book | None, left_out: LeftOut) -> dict[str, Any]:
    costs, capital = recipe.settings.costs, float(recipe.settings.capital)
    data = ran.results[0].data
    positions, trade, liquidity = held(ran), traded(ran), Liquidity.of(data)
    unknown = unknown_volume(data.symbols, trade, liquidity)
    series = nav_series(ran.daily)
    years = series.years if series.long_enough else None
    scale = None if years is None else scaling(ran, trade, costs, liquidity, capital=capital, years=years)
    short = f"{series.returns.size} days, too few to tell a year"
    return {
        "walk_forward": figures.folds(ran, made_until_ns=recipe.made_until_ns, left_out=left_out),
        "performance": figures.performance(ran, trials=counted.count, variance=counted.variance, left_out=left_out),
        "costs": figures.costs(ran, years=years, capital=capital, left_out=left_out),
        "drawdown": figures.drawdown(ran),
        "exposure": figures.exposure(ran, positions),
        "tail": figures.tail(ran, left_out),
        "capacity": capacity(scale, unknown, short, left_out),
        "tiers": tiers(ran, positions, trade, scale, liquidity, unknown, recipe.tiers, left_out),
        "book": with_book(ran, book, left_out),
        "stress": stress(ran, positions, liquidity, costs, left_out),
        "gate": figures.gate(ran),
    }


def _data(data: RunData, ran: Sample) -> dict[str, Any]:
    return {
        "digest": data.bars.digest(),
        "symbols": list(data.symbols),
        "bars": len(data),
        "from_ns": str(data.start_ns),
        "to_ns": str(data.end_ns),
        "first_day": str(ran.days[0]),
        "last_day": str(ran.days[-1]),
        "days": int(ran.days.size),
        "notes": list(data.bars.notes),
    }


def _runs(ran: Sample) -> dict[str, Any]:
    runs = [{"state_hash": r.state_hash, "nav": decimal(r.final_nav), "notes": list(r.info.notes)} for r in ran.results]
    return {"isolation": ran.isolation, "runs": runs}


def _head(pack: Pack) -> Head:
    try:
        words = pack.content["trials"]["head"]
        return Head(int(words["lines"]), str(words["sha256"]))
    except (KeyError, TypeError, ValueError) as error:
        raise problem("RUN_EVIDENCE", f"trials of the pack: {error}") from None


def _first_difference(then: Any, now: Any, where: str = "") -> str:
    """The first place at which two packs differ, in the order of their keys."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in sorted({*then, *now}):
            if then.get(key) != now.get(key):
                return _first_difference(then.get(key), now.get(key), f"{where}.{key}" if where else key)
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, (left, right) in enumerate(zip(then, now, strict=True)):
            if left != right:
                return _first_difference(left, right, f"{where}[{place}]")
    return f"{where}: {_short(then)} in the pack, {_short(now)} now"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
