"""`sweep`: one call that runs a strategy in every variant, on all cores or on a cluster, and counts every trial."""

from __future__ import annotations

import hashlib
import inspect
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.spans import DAY_NS
from hedgerow.engine.backtest import as_bars
from hedgerow.engine.book_data import BookData
from hedgerow.engine.counting import as_ledger
from hedgerow.engine.run_data import RunData
from hedgerow.engine.simple import SimpleStrategy
from hedgerow.engine.strategy import Strategy
from hedgerow.engine.sweep import pools
from hedgerow.engine.sweep.keeping import Kept
from hedgerow.engine.sweep.outcome import Sweep
from hedgerow.engine.sweep.points import Grid, Point, Slice, Where, Window, points_of
from hedgerow.engine.sweep.sharing import share
from hedgerow.engine.sweep.variants import Job, Row, Settings, compute
from hedgerow.market.replay import Books
from hedgerow.models.trials import TrialLedger

if TYPE_CHECKING:
    from hedgerow.market.bars import Bars
    from hedgerow.models.trials import Variant

PIECE, PIECE_OF_COLUMNS = 16, 128
"""Variants in a piece of work, of strategies and of whole columns: handing it over costs nothing beside them."""
RETURNS_MAX = 1 << 25
"""Daily returns that are kept in memory: 256 MiB of them."""


def sweep(
    data: Any,
    strategy: type[Strategy] | None = None,
    grid: Grid | None = None,
    *,
    signals: Callable[..., Any] | None = None,
    weights: Callable[..., Any] | None = None,
    windows: Iterable[Window] | None = None,
    universes: Mapping[str, Iterable[str]] | None = None,
    where: Where | None = None,
    name: str | None = None,
    trials: str | Path | TrialLedger | None = None,
    folder: str | Path | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    errors: Literal["raise", "keep"] = "raise",
    returns: bool = True,
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> Sweep:
    """Run a strategy in every variant of a grid; each is a trial, and a row of the outcome.

    Args:
        data: bars, as `backtest` takes them, or `Books`. They are in memory once, however many processes there are.
        strategy: a class whose `Config` holds the grid's parameters; or, instead,
        signals, weights: a function of the bars and the parameters that gives what `backtest` takes under that name.
        grid: values by parameter name (every combination is run), or the parameters of each variant.
        windows: spans of time, each run by itself: (from, to) as in `Bars.slice`. universes: symbols by name.
        where: called with a variant's parameters; false leaves it out.
        name: of the family of trials; `None` = the class's or function's. trials: ledger that counts them, or its file.
        folder: keeps each row as it comes, so that the same sweep goes on where it was broken off.
        workers: processes; `None` = one a core, 1 = this process. cluster: a Ray cluster's URL instead.
        errors: "keep" writes a variant's exception into its row; "raise" ends the sweep with it.
        returns: keep each day's return, for `Sweep.returns`. progress: called with variants done and all.
        settings: `size`, `cash`, `currency`, `costs`, `limits`, `fx`, `actions`, `carry`, `seed` of `backtest`, over
            books `simulation`.

    Raises:
        RUN_CONFIG for settings, RUN_WORKER where a process died, and what the variants raise.

    >>> import numpy as np
    >>> import hedgerow as hr
    >>> bars = hr.Bars.from_arrays(np.arange(30).astype("datetime64[D]"), close=100.0 + np.arange(30) % 7, symbol="ABC")
    >>> def trend(bars, window):
    ...     return bars.prices() > hr.sma(bars.prices(), window)
    >>> done = sweep(bars, signals=trend, grid={"window": [2, 3, 5]}, workers=1, costs=hr.Costs.none())
    >>> done.table["window"].tolist(), done.trials
    ([2, 3, 5], 3)
    """
    job_of = _job(strategy, signals, weights, settings)
    bars = data if isinstance(data, Books) else as_bars(data)
    _check_books(bars, strategy, windows, universes, settings)
    points = points_of({} if grid is None else grid, windows, universes, where)
    workers = _workers(workers, errors)
    job = job_of(bars, returns and len(points) * _days(bars) <= RETURNS_MAX)
    name = name or job.maker.__name__
    ledger = TrialLedger() if trials is None else as_ledger(trials)
    tried = _variants(job, name, points, bars)
    kept = Kept(None if folder is None else Path(folder), _digest(job, name, points, tried), len(points))
    ledger.begin(*tried)
    ledger.record_all((tried[row.number], row.outcome) for row in kept.rows.values() if row.outcome)
    for rows in _rows(job, points, kept, workers, cluster, errors):
        ledger.record_all((tried[row.number], row.outcome) for row in rows if row.outcome)
        kept.add(rows)
        if progress is not None:
            progress(len(kept.rows), len(points))
    return Sweep(points, [kept.rows[point.number] for point in points], ledger.family(name))


def _check_books(bars: Bars | Books, strategy: Any, windows: Any, universes: Any, settings: dict[str, Any]) -> None:
    """What only bars can do is refused over books, and what only books can show over bars."""
    if not isinstance(bars, Books):
        if settings.get("simulation") is not None:
            raise problem(
                "RUN_CONFIG", "simulation=: bars show no queue; costs=Costs(...) says what trading costs there"
            )
        return
    if strategy is None or (inspect.isclass(strategy) and issubclass(strategy, SimpleStrategy)):
        raise problem(
            "RUN_CONFIG", "signals, weights and init/next are for bars; over books, write on_quote or on_book"
        )
    if windows is not None or universes is not None:
        raise problem("RUN_CONFIG", "windows and universes slice bars; read the books of the span that is wanted")


def _job(strategy: Any, signals: Any, weights: Any, settings: dict[str, Any]) -> Callable[[Bars | Books, bool], Job]:
    """What is run, checked before anything is begun."""
    forms = {"strategy": strategy, "signals": signals, "weights": weights}
    given = [form for form, maker in forms.items() if maker is not None]
    if len(given) != 1:
        raise problem("RUN_CONFIG", f"give one of strategy, signals and weights; got {' and '.join(given) or 'none'}")
    form = given[0]
    maker = forms[form]
    if form == "strategy" and not (inspect.isclass(maker) and issubclass(maker, Strategy)):
        raise problem("RUN_CONFIG", f"strategy={maker!r}; give the class, so that each variant is made of its own")
    if form != "strategy" and not inspect.isfunction(maker):
        raise problem("RUN_CONFIG", f"{form}={type(maker).__name__}; give a function of the bars and the parameters")
    known = Settings().arguments()
    for setting in settings:
        if setting not in known:
            raise problem("RUN_CONFIG", f"{setting!r} is no setting of a sweep{did_you_mean(setting, known)}")
    return lambda bars, keep: Job(form, maker, Settings(**settings), bars, keep)


def _workers(workers: int | None, errors: str) -> int:
    if errors not in ("raise", "keep"):
        raise problem("RUN_CONFIG", f"errors={errors!r}; use 'raise' or 'keep'")
    if workers is None:
        return len(os.sched_getaffinity(0))
    if isinstance(workers, bool) or workers < 1:
        raise problem("RUN_CONFIG", f"workers={workers!r}; use a whole number from 1, or None for one a core")
    return workers


def _days(bars: Bars | Books) -> int:
    if isinstance(bars, Books):
        return (bars.end_ns - bars.start_ns) // DAY_NS + 1
    return int(bars.ts_event[-1] - bars.ts_event[0]) // DAY_NS + 1


def _variants(job: Job, name: str, points: list[Point], bars: Bars | Books) -> list[Variant]:
    """Every trial, in the order of the points; a slice without bars is an error before anything has run."""
    tried: list[Variant] = []
    seen: Slice | None = None
    for point in points:
        if point.slice != seen:
            chosen, seen = point.slice.of(bars), point.slice
            data: RunData | BookData = BookData(chosen) if isinstance(chosen, Books) else RunData(chosen)
            digest, told = chosen.digest(), job.told(data)
        tried.append(job.variant(name, point, told, data, digest))
    return tried


def _digest(job: Job, name: str, points: list[Point], tried: list[Variant]) -> str:
    """What makes a sweep the same sweep: its trials in order, by the words of their slices."""
    told = hashlib.sha256(f"{name}\n{job.form}\n{job.settings.fx!r}\n{job.keep_returns}\n".encode())
    for point, variant in zip(points, tried, strict=True):
        told.update(f"{point.slice.name} {point.slice.universe} {variant.id}\n".encode())
    return told.hexdigest()


def _rows(
    job: Job, points: list[Point], kept: Kept, workers: int, cluster: str | None, errors: str
) -> Iterator[list[Row]]:
    """Rows of the variants that are not done, in pieces as they come."""
    todo = [point for point in points if point.number not in kept.rows]
    most = PIECE if job.form == "strategy" else PIECE_OF_COLUMNS
    piece = max(1, min(most, len(todo) // (4 * workers)))
    pieces = (todo[at : at + piece] for at in range(0, len(todo), piece))
    with pools.travelling(job.maker), tempfile.TemporaryDirectory(prefix="hedgerow-sweep-") as shared:
        if cluster is not None:
            run: pools.Run = pools.cluster(cluster)
        elif workers == 1 or len(todo) <= 1:
            run = pools.here
        else:
            assert not isinstance(job.data, Path)
            share(job.data, Path(shared))
            job = replace(job, data=Path(shared))
            run = pools.processes(workers)
        yield from run(partial(compute, job, errors), pieces)
