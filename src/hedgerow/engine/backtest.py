"""`backtest`: one call from data and a strategy, in any of three forms, to everything that happened.

Promises: the three forms (events, `init`/`next`, signals or weights) go through the same kernel, gate and venue and give
the same trades for the same decisions; costs are on unless you say otherwise; decisions at a bar's close trade at the
next bar. Never: fills on the bar that was seen, or swallows a strategy's exception.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedgerow.core.costs import Costs
from hedgerow.core.errors import named_errors, problem
from hedgerow.core.nouns import money_nano
from hedgerow.engine.opening import LogSettings, open_engine, research_authority, research_limits
from hedgerow.engine.run_data import RunData
from hedgerow.engine.result import Result, RunInfo
from hedgerow.engine.simple import SimpleStrategy
from hedgerow.engine.strategy import Strategy, handlers_of
from hedgerow.engine.vectors import Vectors, from_signals, from_weights

if TYPE_CHECKING:
    from hedgerow.market.bars import Bars
    from hedgerow.risk.limits import Limits


def backtest(
    data: Any,
    strategy: Strategy | type[Strategy] | None = None,
    *,
    signals: Any = None,
    weights: Any = None,
    size: float = 1.0,
    cash: float | int = 1_000_000,
    currency: str = "USD",
    costs: Costs | None = None,
    limits: Limits | None = None,
    fx: dict[str, Any] | None = None,
    seed: int = 0,
    log: str | Path | None = None,
    name: str | None = None,
    trials: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Run a strategy over bars and return everything that happened.

    Args:
        data: `Bars`, or anything `Bars.from_frame` reads (OHLCV frame, wide close frame, long frame, Arrow table, path).
        strategy: an event strategy (`Strategy`) or an `init`/`next` strategy (`SimpleStrategy`), class or instance.
        signals: wanted position in multiples of `size` units, one per time (and instrument); NaN leaves it as it is.
        weights: wanted share of the book's value, one per time (and instrument); NaN leaves it as it is.
        size: units per signal.
        cash: capital before the first bar, in `currency`.
        costs: cost model; `None` means the pessimistic default, `Costs.none()` none at all.
        limits: limits of the mandate and the firm; `None` means what the cash can buy.
        fx: rate into `currency` for each other currency: a number, or a Series by time.
        seed: of everything that is random or signed; equal seeds give equal bytes.
        log: folder for a durable, signed journal of the run.
        trials: how many variants were tried to find this one; deflates the Sharpe ratio.
        progress: called with the number of rows done, now and then.

    Raises:
        DataError: for data that cannot be believed. RunError: for settings. What a strategy raises comes out as it is.

    >>> import numpy as np
    >>> from hedgerow import Bars, Costs
    >>> bars = Bars.from_arrays(symbol="ABC", ts=np.arange(1, 6) * 86_400 * 10**9, close=[10.0, 11.0, 12.0, 11.0, 13.0])
    >>> backtest(bars, signals=[1, 1, 1, 0, 0], size=100, costs=Costs.none()).fills["price"].tolist()
    [11.0, 13.0]
    """
    bars = RunData(as_bars(data))
    forms = [form for form in (strategy, signals, weights) if form is not None]
    if len(forms) != 1:
        raise problem("RUN_CONFIG", f"give exactly one of strategy, signals, weights; got {len(forms)}")
    made = strategy() if isinstance(strategy, type) else strategy
    notes = list(bars.bars.notes)
    if costs is None:
        costs = default_costs(bars, notes)
    limits = limits if limits is not None else research_limits(cash)
    run = None if made is not None else _vectors(bars, signals, weights, size)
    title, artifact, config = _identity(made, run)
    settings = None if log is None else LogSettings(Path(log), f"hedgerow.example/{name or 'backtest'}", _log_seed(seed))
    rates = {code: _first_rate(rate) for code, rate in (fx or {}).items()}
    engine = open_engine(
        bars,
        authority=research_authority(title, artifact, limits, bars, currency, seed),
        artifacts=[artifact],
        firm_limits=limits,
        cash=cash,
        currency=currency,
        costs=costs,
        fx=rates,
        log=settings,
    )
    if made is not None:
        _prepare(engine, made, bars)
    with named_errors():
        for first, end in _stretches(engine, bars, fx or {}):
            columns = tuple(column[first:end] for column in bars.columns)
            if run is not None:
                _run_vectors(engine, columns, run, slice(first, end))
            elif made is not None:
                engine.run_events(columns, [handlers_of(made)], progress)
    if made is not None:
        made.on_stop()
    with named_errors():
        sealed = engine.close()
    info = RunInfo(
        name=name or title,
        strategy=title,
        artifact=artifact.hex(),
        config=config,
        seed=seed,
        cash=float(cash),
        currency=currency,
        data_digest=bars.bars.digest() if log is not None else "",
        symbols=tuple(bars.symbols),
        costs=dataclasses.asdict(costs),
        log=None if settings is None else str(settings.folder),
        trials=trials,
        notes=tuple(notes),
    )
    return Result(engine, bars, info, sealed)


def default_costs(data: RunData, notes: list[str]) -> Costs:
    """The pessimistic costs, less what cannot be known: without any volume there is neither a cap nor an impact."""
    if (data.bars.volume_lots >= 0).any() or any(i.adv is not None for i in data.instruments):
        return Costs(assume_volume=any(i.adv is not None for i in data.instruments))
    notes.append("volume is unknown: no volume cap and no market impact; spread and fees are on")
    return Costs(volume_cap=0.0, impact=0.0)


def as_bars(data: Any) -> Bars:
    """Bars from whatever the user has."""
    from hedgerow.market.bars import Bars

    if isinstance(data, Bars):
        return data
    return Bars.read(data) if isinstance(data, str | Path) else Bars.from_frame(data)


def _vectors(bars: RunData, signals: Any, weights: Any, size: float) -> Vectors:
    return from_weights(bars, weights) if signals is None else from_signals(bars, signals, size)


def _identity(strategy: Strategy | None, vectors: Vectors | None) -> tuple[str, bytes, dict[str, Any]]:
    """Name, artifact hash and configuration of what runs: its source, or the very numbers it wants."""
    if strategy is None:
        assert vectors is not None
        return vectors.kind, hashlib.sha256(vectors.values.data).digest(), {"unit_lots": vectors.unit_lots}
    from hedgerow.governance.artifact import artifact_hash

    config = dataclasses.asdict(strategy.config)
    return type(strategy).__name__, bytes.fromhex(artifact_hash(type(strategy), config)), config


def _log_seed(seed: int) -> bytes:
    """The journal's signing key of a research run: derived, so that equal seeds give equal bytes."""
    return hashlib.sha256(f"hedgerow research journal {seed}".encode()).digest()


def _prepare(engine: Any, strategy: Strategy, bars: RunData) -> None:
    handlers_of(strategy)
    engine.bind(strategy, 0)
    if isinstance(strategy, SimpleStrategy):
        if len(bars.symbols) != 1:
            raise problem("RUN_CONFIG", f"init/next strategies trade one instrument; the data hold {len(bars.symbols)}")
        strategy.prepare(bars.float_columns())
    strategy.on_start()


def _run_vectors(engine: Any, columns: tuple[Any, ...], vectors: Vectors, rows: slice) -> None:
    if vectors.kind == "weights":
        engine.run_weights(columns, 0, vectors.values[rows])
    elif vectors.kind == "lots":
        engine.run_targets(columns, 0, vectors.values[rows])
    else:
        engine.run_signals(columns, 0, vectors.values[rows], vectors.unit_lots)


def _first_rate(rate: Any) -> Any:
    return rate.iloc[0] if hasattr(rate, "iloc") else rate


def _stretches(engine: Any, bars: RunData, fx: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Rows to run in one go; between two stretches the exchange rates of the time are told to the kernel."""
    changes: dict[int, dict[str, float]] = {}
    for code, rate in fx.items():
        if hasattr(rate, "items") and hasattr(rate, "index"):
            for ts, value in zip(_index_ns(rate.index), rate.to_numpy(), strict=True):
                changes.setdefault(int(ts), {})[code] = float(value)
    first, ts_init = 0, bars.columns[1]
    for ts in sorted(changes):
        if ts < bars.start_ns:
            continue
        row = int(ts_init.searchsorted(ts, side="left"))
        if row > first:
            yield first, row
            first = row
        for code, value in changes[ts].items():
            engine.fx_rate(code, money_nano(value), max(ts, engine.clock))
    if first < len(bars):
        yield first, len(bars)


def _index_ns(index: Any) -> Any:
    import pandas as pd

    times = pd.DatetimeIndex(index)
    return times.as_unit("ns").asi8
