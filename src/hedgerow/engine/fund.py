"""The whole loop on one data set: train walk-forward, propose, sign, trade out of sample, and prove the journal.

Promises: models are trained before the period they trade; two people sign before a single order passes; the journal
holds every decision, sealed, and replays to the same state. Equal data and seed give equal bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.costs import Costs
from hedgerow.core.errors import error_table, named_errors, problem
from hedgerow.engine.backtest import backtest
from hedgerow.engine.forecasting import FEATURES, ForecastingStrategy, execution_of
from hedgerow.engine.opening import LogSettings, open_engine
from hedgerow.engine.result import Result, RunInfo, verdict_message
from hedgerow.engine.run_data import RunData
from hedgerow.engine.strategy import handlers_of
from hedgerow.engine.team import STRATEGY, Team
from hedgerow.governance.artifact import artifact_hash
from hedgerow.market.bars import Bars
from hedgerow.models.panel import LabelConfig
from hedgerow.models.trials import TrialLedger
from hedgerow.models.validation import WalkForwardConfig
from hedgerow.models.walk_forward import WalkForwardResult, leak_audit, run_walk_forward
from hedgerow.risk.limits import Limits

Floats = npt.NDArray[np.float64]
Told = Callable[[str], None]

UNBOUNDED_BPS = 10**9
HISTORY_MIN = 1_000
"""Times of history that the models want before the first trade."""


@dataclass(frozen=True)
class DeniedOrder:
    """An order that the gate did not let through."""

    id: int
    code: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class FundRun:
    """Everything a run of the fund leaves behind."""

    result: Result
    benchmark: Result
    research: WalkForwardResult
    trials: int
    team: Team
    unsigned_order: DeniedOrder
    oversized_order: DeniedOrder


@dataclass(frozen=True)
class FundPlan:
    """What to run: how much money, on which years, under which costs, from which seed; notes for its readers.

    algorithm: the name of the one that works the parent orders.
    """

    trade_from: str
    cash: int = 10_000_000
    currency: str = "USD"
    costs: Costs = Costs(assume_volume=True)  # noqa: RUF009 - frozen
    seed: int = 7
    name: str = "fund"
    notes: tuple[str, ...] = ()
    algorithm: str = "twap"


def run_fund(bars: Bars, plan: FundPlan, *, log: Path, auditor: Path, tell: Told = lambda _: None) -> FundRun:
    """Run the whole fund; `auditor` is the folder of somebody outside, `tell` hears what is being done.

    Raises RUN_NO_DATA if the trading period has no bars or the history before it is too short, DATA_NAN if an
    instrument has no close at some time.
    """
    closes, times = _wide(bars)
    data = RunData(bars.slice(plan.trade_from))
    first = int(np.searchsorted(times, data.times_ns[0]))
    if first < HISTORY_MIN:
        raise problem(
            "RUN_NO_DATA", f"{first} times before {plan.trade_from}; the models want at least {HISTORY_MIN:,}"
        )
    tell(f"training on {first:,} times of {closes.shape[1]} instruments")
    trials = TrialLedger()
    research = _train(closes, times, bars.symbols, first, plan, trials)
    strategy = ForecastingStrategy(algorithm=plan.algorithm)
    execution_of(strategy.config, plan.costs)
    artifact = bytes.fromhex(artifact_hash(ForecastingStrategy, _recipe(strategy, plan)))
    team = Team(log, fund=plan.name, currency=plan.currency, seed=plan.seed, now_ns=data.start_ns, auditor=auditor)
    title = f"gradient boosting on {len(data.symbols)} instruments, long only"
    proposal = team.propose(artifact.hex(), fund_limits(plan, data).to_json(), data.symbols, title)
    team.approve("bob", proposal)
    engine = _open(data, plan, team, artifact)
    tell("an order with one signature of two, the second signature, an order too large")
    day_one = int(np.searchsorted(data.bars.ts_init, data.times_ns[0], side="right"))
    with named_errors():
        engine.run_events(tuple(c[:day_one] for c in data.columns), [])
        unsigned = _try_order(engine, plan.currency, 1)
        team.approve("carol", proposal, now_ns=int(data.times_ns[0]))
        team.hand_over_more(engine)
        oversized = _try_order(engine, plan.currency, 100 * plan.cash)
    engine.bind(strategy, 0)
    strategy.join(engine, 0, data, closes[: first + 1], research.folds, plan.costs)
    strategy.on_start()
    tell(f"trading {len(data.times_ns):,} times out of sample through gate and venue")
    with named_errors():
        engine.run_events(tuple(c[day_one:] for c in data.columns), [handlers_of(strategy)])
        sealed = engine.close()
    tell("the same money, bought and held")
    return FundRun(
        result=Result(engine, data, _info(bars, plan, strategy, artifact, trials.count, log), sealed),
        benchmark=buy_and_hold(data.bars, plan),
        research=research,
        trials=trials.count,
        team=team,
        unsigned_order=unsigned,
        oversized_order=oversized,
    )


def _open(data: RunData, plan: FundPlan, team: Team, artifact: bytes) -> Any:
    seed = hashlib.sha256(f"journal {plan.seed}".encode()).digest()
    return open_engine(
        data,
        standing=team.standing(plan.currency),
        artifact=artifact,
        firm_limits=fund_limits(plan, data),
        cash=plan.cash,
        currency=plan.currency,
        costs=plan.costs,
        fx={},
        log=LogSettings(team.folder, f"hedgerow.example/{plan.name}/journal", seed, team.epoch),
    )


def _info(
    bars: Bars, plan: FundPlan, strategy: ForecastingStrategy, artifact: bytes, trials: int, log: Path
) -> RunInfo:
    return RunInfo(
        name=plan.name,
        strategy=STRATEGY,
        artifact=artifact.hex(),
        config=dataclasses.asdict(strategy.config),
        seed=plan.seed,
        cash=float(plan.cash),
        currency=plan.currency,
        data_digest=bars.digest(),
        symbols=bars.symbols,
        costs=plan.costs.told(),
        log=str(log),
        trials=trials,
        notes=(*bars.notes, *plan.notes),
    )


def buy_and_hold(bars: Bars, plan: FundPlan) -> Result:
    """Equal weights of the same universe, bought on the first day under the same costs, and held."""
    data = RunData(bars)
    weights = np.full((len(data.times_ns), len(bars.symbols)), np.nan)
    weights[0] = 0.98 / len(bars.symbols)
    limits = fund_limits(plan, data)
    return backtest(
        bars,
        weights=weights,
        cash=plan.cash,
        currency=plan.currency,
        costs=plan.costs,
        limits=limits,
        name="buy and hold",
    )


def fund_limits(plan: FundPlan, data: RunData) -> Limits:
    """The mandate that the demo's people sign: bounded positions, sectors and losses, and room to reinvest gains.

    Margin is half, as for an account under Regulation T: bought and sold slices of one rebalance overlap for a day.
    """
    equal_share = 1 / len(data.symbols)
    limits = Limits.scaled(
        capital=plan.cash,
        gross="1.6",
        net="1.6",
        position=_share(max(0.25, 1.6 * equal_share)),
        sector="1.6" if len({i.sector for i in data.instruments}) == 1 else "0.80",
        order_notional=_share(max(0.15, 1.1 * equal_share)),
        loss="0.10",
        drawdown="0.35",
        var="0.15",
    )
    return dataclasses.replace(limits, margin_bps=5_000, adv_share_bps=volume_share_bps(data))


def volume_share_bps(data: RunData) -> int:
    """The share of average daily volume that is asked for: a tenth where volume is known, otherwise any."""
    known = all(i.adv is not None for i in data.instruments) or bool((data.bars.volume_lots > 0).all())
    return 1_000 if known else UNBOUNDED_BPS


def _share(share: float) -> str:
    return f"{min(share, 1.6):.4f}"


def _train(
    closes: Floats,
    times: npt.NDArray[np.int64],
    symbols: tuple[str, ...],
    first: int,
    plan: FundPlan,
    trials: TrialLedger,
) -> WalkForwardResult:
    leak_audit(FEATURES.cube, closes, cuts=[first // 2, first, len(closes) - 1], feature_names=FEATURES.names)
    horizon = ForecastingStrategy().config.horizon_bars
    return run_walk_forward(
        closes,
        FEATURES.cube(closes),
        times_ns=times,
        instruments=symbols,
        feature_names=FEATURES.names,
        label=LabelConfig(horizon_bars=horizon),
        split=WalkForwardConfig(test_from_ns=int(times[first])),
        trials=trials,
        seed=plan.seed,
        family="forecasting",
    )


def _wide(bars: Bars) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Closes (T x N) and their times; every instrument must have a close at every time."""
    data = RunData(bars)
    closes = np.full((len(data.times_ns), len(bars.symbols)), np.nan)
    closes[data.time_index, bars.instrument] = bars.prices("close")
    if np.isnan(closes).any():
        time, column = np.argwhere(np.isnan(closes))[0]
        raise problem("DATA_NAN", f"{bars.symbols[column]} has no close at time {time}; the fund needs a full panel")
    return closes, data.times_ns


def _recipe(strategy: ForecastingStrategy, plan: FundPlan) -> dict[str, Any]:
    """What the signatures are about besides the source: settings, features and training recipe."""
    return {"config": dataclasses.asdict(strategy.config), "features": FEATURES.definition(), "seed": plan.seed}


def _try_order(engine: Any, currency: str, lots: int) -> DeniedOrder:
    """Send an order that must be denied, and say why it was."""
    from hedgerow.core.nouns import noun, records

    with named_errors():
        order_id, number = engine.order(0, 0, lots)
    if number == 0:
        raise problem("RUN_RECONCILE", f"order {order_id} of {lots} lots was approved, and must not be")
    verdicts = records("Verdict", engine.records(noun("Verdict").kind))
    code = next(row.code for row in error_table() if row.number == number)
    return DeniedOrder(order_id, code, verdict_message(verdicts[-1], currency))
