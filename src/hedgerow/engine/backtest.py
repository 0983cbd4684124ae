"""`backtest`: one call from data and a strategy, in any of three forms, to everything that happened.

Promises: the three forms (events, `init`/`next`, signals or weights) go through the same kernel, gate and venue and
give the same trades for the same decisions; costs are on unless you say otherwise; decisions at a bar's close trade at
the next bar. Never: fills on the bar that was seen, or swallows a strategy's exception.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow import _core
from hedgerow.core.carry import Carry
from hedgerow.core.costs import Costs
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.core.nouns import money_nano
from hedgerow.core.simulation import Simulation
from hedgerow.engine.book_backtest import (
    book_costs,
    book_rates,
    book_settings,
    book_strategy,
    run_books,
    sampled,
)
from hedgerow.engine.book_data import BookData
from hedgerow.engine.book_lifecycle import book_lifecycle, in_time
from hedgerow.engine.counting import Count
from hedgerow.engine.expiry import book_expiries, expiries
from hedgerow.engine.fx_rates import Change, FxRates, fx_rates
from hedgerow.engine.lifecycle import Event, ends_behind, holding_told, in_order, lifecycle
from hedgerow.engine.mandates import signed_standing
from hedgerow.engine.opening import (
    PUBLISH_EVERY,
    LogSettings,
    RunStanding,
    open_engine,
    research_authority,
    research_limits,
)
from hedgerow.engine.result import Result, RunInfo
from hedgerow.engine.run_data import RunData
from hedgerow.engine.simple import SimpleStrategy
from hedgerow.engine.strategy import Strategy, changed, handlers_of
from hedgerow.engine.vectors import Vectors, from_signals, from_weights
from hedgerow.market.replay import Books

if TYPE_CHECKING:
    from datetime import timedelta

    from hedgerow.engine.isolation import Demand
    from hedgerow.governance.desk import Fund
    from hedgerow.governance.epochs import Epoch
    from hedgerow.market.actions import Action
    from hedgerow.market.bars import Bars
    from hedgerow.models.trials import TrialLedger
    from hedgerow.risk.limits import Limits


def backtest(
    data: Any,
    strategy: Strategy | type[Strategy] | str | Path | None = None,
    *,
    signals: Any = None,
    weights: Any = None,
    size: float = 1.0,
    cash: float | int | Decimal = 1_000_000,
    currency: str = "USD",
    costs: Costs | None = None,
    simulation: Simulation | None = None,
    limits: Limits | None = None,
    fx: dict[str, Any] | None = None,
    actions: Iterable[Action] | None = None,
    carry: Carry | None = None,
    seed: int = 0,
    log: str | Path | None = None,
    epoch: Epoch | None = None,
    publish_every: int | timedelta = PUBLISH_EVERY,
    name: str | None = None,
    mandate: Fund | None = None,
    artifact: str | Path | None = None,
    trials: int | str | Path | TrialLedger = 1,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Run a strategy over bars or books and return everything that happened.

    Args:
        data: `Bars`, or what `Bars.from_frame` and `Bars.read` take (frame, Arrow table, dict of frames, path); or
            `Books`, whose strategies hear `on_quote`, `on_trade`, `on_book`.
        strategy: a `Strategy` or `SimpleStrategy`, class or instance, or the path of an opaque one (`JailedStrategy`).
        signals: wanted position in multiples of `size` units; weights: wanted share of the book's value. One value a
            time (and instrument), as an array, a Series or a frame with a column per instrument; NaN, and a time
            without a row, leave the position as it is. Dates label sessions, as in `Bars.from_frame`.
        size: units per signal. cash: capital before the first bar, in `currency`.
        costs: cost model; `None` means the pessimistic default, `Costs.none()` none at all.
        simulation: of books: queue, delays, impact; `None` means the pessimistic default.
        limits: of the mandate and the firm; `None` = positions and working orders up to 2.5 times the book's value.
        fx: rate into `currency` for each other currency: a number, or a Series by time, known at its times.
        actions: corporate actions that positions at raw prices meet, each on its ex-date, as `Catalog.actions` gives
            them: splits, dividends, mergers, delistings. carry: what holding costs (`Carry`): borrow, funding.
        seed: of everything that is random or signed; equal seeds give equal bytes.
        log: folder for a durable, signed journal of the run, complete also where a strategy's exception ends the run.
        epoch: seals that journal; None = plain. publish_every: entries, or time of the run, until it is published anew.
        name: of the run, for its log and report; None = the strategy's.
        mandate: governance folder; run under what people signed there for `name` alone. None = simulated money.
        artifact: what was proposed, if not the class: a file or folder, and the settings that are not as by default.
        trials: how many variants were tried to find this one, or the trial ledger (or its file) that counts them.
        progress: called with the number of rows done, now and then.

    Raises:
        DataError: for data that cannot be believed. RunError: for settings. LogError: where a log is already. What a
        strategy raises comes out as it is.

    >>> import numpy as np
    >>> from hedgerow import Bars, Costs
    >>> bars = Bars.from_arrays(np.arange(5).astype("datetime64[D]"), close=[10.0, 11.0, 12.0, 11.0, 13.0])
    >>> backtest(bars, signals=[1, 1, 1, 0, 0], size=100, costs=Costs.none()).fills["price"].tolist()
    [11.0, 13.0]
    """
    bars: Any = BookData(data) if isinstance(data, Books) else RunData(as_bars(_not_a_strategy(data)))
    runner = _runner(bars, strategy, signals, weights, size)
    check_settings(cash, costs, limits, trials, None if log is not None else epoch)
    assumed = _assumed(simulation, bars)
    notes = list(bars.bars.notes)
    costs, limits = charged(bars, costs, notes), research_limits(cash) if limits is None else limits
    met = all_of(actions, carry)
    rates, changes = changes_of(bars, currency, fx, met, carry, notes)
    info = _info(bars, runner, name, artifact, seed, cash, currency, costs, log, assumed, holding_told(met, carry))
    standing = _standing(bars, info, limits, mandate)
    journal = _log_settings(log, name, seed, standing, epoch, publish_every)
    count = Count.begin(trials, info, bars, limits)
    funds = {"cash": cash, "currency": currency, "costs": costs, "fx": rates.start, "margin": carry and carry.margin}
    engine = open_run(bars, standing, info, assumed, firm_limits=limits, log=journal, **funds)
    sealed = _run(engine, standing, bars, runner, changes, progress, None if log is None else Path(log))
    info = dataclasses.replace(info, number=standing.number, notes=_all(notes, runner), trials=count.said)
    return count.end(Result(engine, sampled(engine, bars, assumed), info, sealed, met).keep())


def _not_a_strategy(data: Any) -> Any:
    if isinstance(data, Strategy) or (isinstance(data, type) and issubclass(data, Strategy)):
        raise problem("RUN_CONFIG", "a strategy stands where data are expected: backtest(data, strategy)")
    return data


def all_of(actions: Any, carry: Any) -> tuple[Any, ...]:
    """Corporate actions that may be asked for more than once, beside a carry that is one."""
    if carry is not None and not isinstance(carry, Carry):
        raise problem("RUN_CONFIG", f"carry={carry!r}; use Carry(...)")
    if isinstance(actions, str) or not isinstance(actions or (), Iterable):
        raise problem("RUN_CONFIG", f"actions={actions!r:.60}; pass what `Catalog.actions` gives")
    return tuple(actions or ())


def changes_of(
    data: RunData | BookData,
    currency: str,
    fx: dict[str, Any] | None,
    actions: tuple[Any, ...],
    carry: Carry | None,
    notes: list[str],
) -> tuple[FxRates, list[Any]]:
    """The rates, and what of them becomes known or happens to positions while bars run, in order."""
    events: Sequence[Any]
    changes: list[Any]
    if isinstance(data, BookData):
        rates = FxRates(book_rates(data.books, currency, fx))
        events = sorted([*book_lifecycle(data, actions, carry), *book_expiries(data, actions)], key=in_time)
        changes = [*events]
    else:
        rates = fx_rates(data, currency, fx)
        events = sorted([*lifecycle(data, actions, carry), *expiries(data, actions)], key=in_order)
        changes = sorted([*rates.changes, *events], key=lambda change: change.row)
    told = sum(event.kind not in ("interest", "borrow", "funding", "expiry") for event in events)
    notes += [f"{told} corporate actions fall into the run"] if told else []
    notes += ends_behind(data, actions)
    return rates, changes


def open_run(bars: Any, standing: RunStanding, info: RunInfo, assumed: Simulation | None, **settings: Any) -> Any:
    """A fund ready for its first event, running what the run's record names."""
    books = None if assumed is None else book_settings(bars.books, assumed, settings["costs"], info.seed)
    return open_engine(bars, standing=standing, artifact=bytes.fromhex(info.artifact), books=books, **settings)


def charged(data: RunData | BookData, costs: Costs | None, notes: list[str]) -> Costs:
    """The costs that were given, or the pessimistic ones for these data."""
    if isinstance(data, BookData):
        return book_costs(costs, notes)
    return default_costs(data, notes) if costs is None else costs


def _assumed(simulation: Simulation | None, data: RunData | BookData) -> Simulation | None:
    """How the venue is simulated over books; over bars None, and what only books can show is refused there."""
    if simulation is not None and not isinstance(simulation, Simulation):
        raise problem("RUN_CONFIG", f"simulation={simulation!r}; use Simulation(...)")
    if isinstance(data, BookData):
        return simulation or Simulation()
    if simulation is not None:
        raise problem("RUN_CONFIG", "simulation=: bars show no queue; costs=Costs(...) says what trading costs there")
    return None


def _all(notes: list[str], runner: Strategy | Vectors) -> tuple[str, ...]:
    """What a reader should know: of the run's settings, and what was found about an opaque strategy."""
    return (*notes, *getattr(runner, "faults", ()))


def _run(
    engine: Any,
    standing: RunStanding,
    bars: RunData | BookData,
    runner: Strategy | Vectors,
    changes: Sequence[Any],
    progress: Callable[[int], None] | None,
    log: Path | None,
) -> dict[str, Any]:
    """Run to the end and seal; a log is sealed also where an exception ends the run."""
    try:
        with named_errors():
            if isinstance(bars, BookData):
                assert isinstance(runner, Strategy)
                demand = _demand(engine, standing.number)
                run_books(engine, standing, bars, runner, changes, demand, progress, log)
            elif isinstance(runner, Vectors):
                run_vectors(engine, standing.number, bars, runner, changes)
            else:
                _run_events(engine, standing, bars, runner, changes, progress, log)
    except BaseException:
        if log is not None:
            with suppress(HedgerowError), named_errors():
                engine.close()
        raise
    with named_errors():
        sealed: dict[str, Any] = engine.close()
    if progress is not None and not isinstance(bars, BookData):
        progress(len(bars))
    return sealed


def _info(
    bars: RunData,
    runner: Strategy | Vectors,
    name: str | None,
    artifact: str | Path | None,
    seed: int,
    cash: float | int | Decimal,
    currency: str,
    costs: Costs,
    log: str | Path | None,
    simulation: Simulation | None,
    holding: dict[str, Any],
) -> RunInfo:
    title, digest, config = identity_of(runner, artifact)
    return RunInfo(
        name=name or title,
        strategy=title,
        artifact=digest.hex(),
        config=config,
        seed=seed,
        cash=float(cash),
        currency=currency,
        data_digest=bars.bars.digest() if log is not None else "",
        symbols=tuple(bars.symbols),
        costs=costs.told(),
        simulation={} if simulation is None else simulation.told(),
        holding=holding,
        log=None if log is None else str(log),
    )


def _standing(bars: RunData, info: RunInfo, limits: Limits, mandate: Fund | None) -> RunStanding:
    if mandate is not None:
        return signed_standing(mandate, info.name, info.currency)
    digest = bytes.fromhex(info.artifact)
    return research_authority(info.strategy, digest, limits, bars, info.currency, info.seed)


def check_settings(cash: Any, costs: Any, limits: Any, trials: Any, unlogged: Epoch | None) -> None:
    """Refuse settings of the wrong kind before anything is begun."""
    from hedgerow.risk.limits import Limits

    if isinstance(cash, bool) or not isinstance(cash, int | float | Decimal) or not cash > 0 or money_nano(cash) <= 0:
        raise problem("RUN_CONFIG", f"cash={cash!r}; use a positive amount")
    if costs is not None and not isinstance(costs, Costs):
        raise problem("RUN_CONFIG", f"costs={costs!r}; use Costs(...) or Costs.none()")
    if limits is not None and not isinstance(limits, Limits):
        raise problem("RUN_CONFIG", f"limits={limits!r}; use Limits(...)")
    if isinstance(trials, bool) or (isinstance(trials, int) and trials < 1):
        raise problem("RUN_CONFIG", f"trials={trials!r}; use a whole number from 1, a TrialLedger or its file")
    if unlogged is not None:
        raise problem("RUN_CONFIG", f"epoch={unlogged.name!r} without log=; there is nothing to seal")


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


def _runner(bars: RunData | BookData, strategy: Any, signals: Any, weights: Any, size: float) -> Strategy | Vectors:
    """The one form that was given: a checked strategy, or checked vectors."""
    if isinstance(bars, BookData):
        return book_strategy(strategy, signals=signals, weights=weights)
    forms = {"strategy": strategy, "signals": signals, "weights": weights}
    given = [name for name, form in forms.items() if form is not None]
    if len(given) != 1:
        raise problem("RUN_CONFIG", f"give one of strategy, signals and weights; got {' and '.join(given) or 'none'}")
    if strategy is None:
        return from_weights(bars, weights) if signals is None else from_signals(bars, signals, size)
    if isinstance(strategy, str | Path):
        from hedgerow.engine.jailed import JailedStrategy

        strategy = JailedStrategy(strategy)
    made = strategy() if isinstance(strategy, type) else strategy
    if not isinstance(made, Strategy):
        kind = getattr(strategy, "__name__", type(strategy).__name__)
        raise problem(
            "RUN_CONFIG", f"{kind} is no Strategy; write `class {kind}(Strategy)`, or pass signals or weights"
        )
    handlers_of(made)
    if isinstance(made, SimpleStrategy) and len(bars.symbols) != 1:
        raise problem("RUN_CONFIG", f"init/next strategies trade one instrument; the data hold {len(bars.symbols)}")
    return made


def identity_of(runner: Strategy | Vectors, artifact: str | Path | None) -> tuple[str, bytes, dict[str, Any]]:
    """Name, artifact hash and configuration of what runs: its source, or the very numbers it wants."""
    if isinstance(runner, Vectors):
        digest = hashlib.sha256(f"{runner.kind} {runner.values.dtype.str} {runner.unit_lots}\n".encode())
        digest.update(np.ascontiguousarray(runner.values).data)
        return runner.form, digest.digest(), {"unit_lots": runner.unit_lots}
    from hedgerow.governance.artifact import artifact_hash

    config, name, own = dataclasses.asdict(runner.config), runner.title, runner.digest
    if own is not None and artifact is not None:
        raise problem("RUN_CONFIG", f"artifact={str(artifact)!r}: {name} is its own artifact; leave it out")
    if own is None:
        named = artifact_hash(Path(artifact), changed(runner.config)) if artifact else None
        own = named or artifact_hash(type(runner), config)
    return name, bytes.fromhex(own), config


def _origin(name: str) -> str:
    """A log's name: the run's, without what a checkpoint's first line cannot hold."""
    return "hedgerow.example/" + (re.sub(r"[^\w.~-]+", "-", name, flags=re.ASCII).strip("-") or "backtest")


def _log_settings(
    log: str | Path | None,
    name: str | None,
    seed: int,
    standing: RunStanding,
    epoch: Epoch | None,
    publish_every: int | timedelta,
) -> LogSettings | None:
    if log is None:
        return None
    origin = _origin(name or "backtest") if epoch is None else _fund_origin(standing)
    return LogSettings(Path(log), origin, _log_seed(seed), epoch, publish_every)


def _fund_origin(standing: RunStanding) -> str:
    """A sealed log's name: the fund's, because everybody may read it."""
    from hedgerow.governance.desk import origin_of

    return origin_of(standing.authority.genesis).rpartition("/")[0] + "/journal"


def _log_seed(seed: int) -> bytes:
    """The journal's signing key of a research run: derived, so that equal seeds give equal bytes."""
    return hashlib.sha256(f"hedgerow research journal {seed}".encode()).digest()


def _run_events(
    engine: Any,
    standing: RunStanding,
    bars: RunData,
    strategy: Strategy,
    changes: Sequence[Change | Event],
    progress: Callable[[int], None] | None,
    log: Path | None,
) -> None:
    engine.bind(strategy, standing.number)
    if isinstance(strategy, SimpleStrategy):
        strategy.prepare(bars.float_columns())
    with strategy.running(log, standing, _demand(engine, standing.number)):
        strategy.on_start()
        for first, end in _stretches(engine, standing.number, len(bars), changes):
            tell = None if progress is None else partial(_tell, progress, first)
            engine.run_events(_columns(bars, first, end), [handlers_of(strategy)], tell)
        strategy.on_stop()


def _demand(engine: Any, number: int) -> Demand:
    from hedgerow.engine.isolation import Demand

    return Demand.of(engine, number)


def _tell(progress: Callable[[int], None], first: int, rows: int) -> None:
    progress(first + rows)


def run_vectors(engine: Any, number: int, bars: RunData, vectors: Vectors, changes: Sequence[Change | Event]) -> None:
    """Run what was wanted at every row, told of what happens between rows."""
    _demand(engine, number).refuse_in_process(vectors.form)
    for first, end in _stretches(engine, number, len(bars), changes):
        columns, values = _columns(bars, first, end), vectors.values[first:end]
        if vectors.kind == "weights":
            engine.run_weights(columns, number, values, bars.looked_at)
        elif vectors.kind == "lots":
            engine.run_targets(columns, number, values, bars.looked_at)
        else:
            engine.run_signals(columns, number, values, vectors.unit_lots, bars.looked_at)


def _columns(bars: RunData, first: int, end: int) -> tuple[Any, ...]:
    return tuple(column[first:end] for column in bars.columns)


def _stretches(engine: Any, number: int, rows: int, changes: Sequence[Change | Event]) -> Iterator[tuple[int, int]]:
    """Rows to run in one go; between two stretches the kernel is told of rates and of what happens to positions."""
    first = 0
    for change in changes:
        if change.row > first:
            yield first, change.row
            first = change.row
        change.tell(engine, number)
    if first < rows:
        yield first, rows
    elif changes and changes[-1].row == rows:
        _core.restate_equity(engine)
