"""A forecasting strategy: features, forecasts, a target portfolio, parent orders; the stages joined for one book.

Promises: live features come from the same operators as the training panel; a forecast is made only by a model that was
trained on what had ended before; every target names its forecast, every parent order its target. Never: an order that
is not worked through the kernel's gate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hedgerow.core.costs import Costs
from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS
from hedgerow.engine.run_data import RunData
from hedgerow.engine.strategy import Strategy
from hedgerow.engine.working import work_instead
from hedgerow.execution.algorithms import Algorithm, algorithm
from hedgerow.models.features import FeatureSet, feature
from hedgerow.models.walk_forward import TrainedFold
from hedgerow.portfolio.constraint import Constraint
from hedgerow.portfolio.constraints import (
    CashBuffer,
    LiquidityLimit,
    LongOnly,
    NetLimit,
    PositionLimit,
    TurnoverLimit,
    sector_limits,
)
from hedgerow.portfolio.covariance import CovarianceConfig, estimate
from hedgerow.portfolio.lots import to_lots
from hedgerow.portfolio.optimiser import Optimiser
from hedgerow.portfolio.target import TargetPortfolio
from hedgerow.portfolio.trading_cost import TradingConditions

Floats = npt.NDArray[np.float64]


FEATURES = FeatureSet(
    [
        feature("return", name="reversal_1"),
        feature("momentum", lookback=5, ranked=True),
        feature("momentum", lookback=21, ranked=True),
        feature("momentum", lookback=126, skip=5, ranked=True),
        feature("momentum", lookback=252, skip=21, ranked=True),
        feature("volatility", window=21, ranked=True),
        feature("volatility", window=126, ranked=True),
        feature("zscore", window=20),
        feature("zscore", window=60),
    ]
)
"""What the models see: reversal, momentum over four spans, two volatilities, two distances from the mean."""


@dataclasses.dataclass(frozen=True)
class ForecastingConfig:
    """How forecasts become trades; every field says why one would change it.

    horizon_bars: how far forecasts look, and how often the portfolio is chosen anew. algorithm: the name of the one
    that works parent orders. slices: bars over which a parent order is worked; more moves the market less and waits
    longer. participation: share of the volume, for `pov`. risk_aversion: 1 is full Kelly. market_return_year: return
    expected of stocks as such, added to relative forecasts; an assumption, not a forecast. position_max, sector_max,
    turnover_max, cash_min: shares of NAV. adv_share_max: of average daily value, per decision.
    """

    horizon_bars: int = 5
    algorithm: str = "twap"
    slices: int = 3
    participation: float = 0.05
    risk_aversion: float = 4.0
    market_return_year: float = 0.05
    position_max: float = 0.12
    sector_max: float = 0.40
    turnover_max: float = 0.50
    cash_min: float = 0.02
    net_floor: float = 0.85
    adv_share_max: float = 0.05
    covariance_bars: int = 504


def execution_of(config: ForecastingConfig, costs: Costs) -> Algorithm:
    """The algorithm that a configuration names; RUN_CONFIG for one that needs a price or a book.

    >>> execution_of(ForecastingConfig(algorithm="vwap"), Costs()).slices
    3
    """
    if config.algorithm in ("iceberg", "sniper", "close"):
        raise problem("RUN_CONFIG", f"algorithm={config.algorithm!r}: a rebalance has no worst price and no close")
    if config.algorithm == "pov":
        return algorithm("pov", participation=config.participation)
    told: dict[str, Any] = {"spread_bps": 2 * costs.half_spread_bps} if config.algorithm == "is" else {}
    return algorithm(config.algorithm, slices=config.slices, **told)


class ForecastingStrategy(Strategy):
    """Trades the portfolio that its models' forecasts ask for, every `horizon_bars` bars."""

    Config: ClassVar[type[Any]] = ForecastingConfig

    def join(
        self,
        engine: Any,
        number: int,
        data: RunData,
        history: Floats,
        folds: Sequence[TrainedFold],
        costs: Costs,
    ) -> None:
        """Give the strategy its book, its models and the closes (T x N) known before the first bar it hears."""
        instruments = data.instruments
        self._engine, self._number = engine, number
        self._symbols = data.symbols
        self._lot_units = np.array([float(i.lot) * i.multiplier for i in instruments])
        self._lot_steps = np.array([i.lots_step for i in instruments], dtype=np.int64)
        self._folds = tuple(folds)
        units = np.array([np.nan if i.adv is None else float(i.adv) for i in instruments])
        self._adv_values = units * history[-1]
        self._closes, self._bar_ids = history[-1].copy(), np.zeros(len(instruments), dtype=np.int64)
        self._history = list(history[-self.config.covariance_bars - 1 :])
        self._stream = FEATURES.stream(width=len(instruments))
        for row in history:
            self._features = self._stream.update(row)
        self._algorithm = execution_of(self.config, costs)
        untimed = self.config.algorithm in ("twap", "pov")
        self._until = None if untimed else timedelta(days=self.config.horizon_bars)
        self._bars_seen = 0
        constraints = self.constraints([i.sector or "" for i in instruments])
        self._optimiser = Optimiser(self._symbols, constraints, costs=costs, risk_aversion=self.config.risk_aversion)
        self.targets: list[tuple[int, TargetPortfolio]] = []

    def constraints(self, sectors: Sequence[str]) -> list[Constraint]:
        """The portfolio's limits, as data."""
        config = self.config
        limits: list[Constraint] = [
            LongOnly(source="mandate"),
            PositionLimit(weight_max=config.position_max, source="mandate"),
            CashBuffer(cash_min=config.cash_min, source="operations"),
            TurnoverLimit(turnover_max=config.turnover_max, source="cost policy"),
            NetLimit(name="invested", net_min=config.net_floor, kind="soft", penalty=0.02, source="mandate"),
        ]
        if len(set(sectors)) > 1:
            limits += sector_limits(sectors, gross_max=config.sector_max, source="mandate")
        if not np.isnan(self._adv_values).any():
            limits.append(LiquidityLimit(adv_share_max=config.adv_share_max, source="liquidity policy"))
        return limits

    def on_start(self) -> None:
        """Be called after the bars of every time."""
        self.set_timer(1)

    def on_bar(self, bar: Any) -> None:
        """Take down the close."""
        place = self._symbols.index(bar.symbol)
        self._closes[place] = bar.close
        self._bar_ids[place] = bar.id

    def on_timer(self, now: int) -> None:
        """Update the features; every `horizon_bars` times, choose the portfolio anew."""
        self._features = self._stream.update(self._closes)
        self._history.append(self._closes.copy())
        del self._history[: -self.config.covariance_bars - 1]
        if self._bars_seen % self.config.horizon_bars == 0:
            self.rebalance(now)
        self._bars_seen += 1

    def rebalance(self, now: int) -> None:
        """Forecast, choose a portfolio, and send what is missing as parent orders."""
        fold = next((f for f in reversed(self._folds) if f.test_from_ns <= now), None)
        if fold is None:
            return
        expected, uncertainty = fold.model.forecast(self._features, self._symbols)
        horizon = self.config.horizon_bars
        forecasts = [
            self._engine.forecast(
                self._number, i, int(self._bar_ids[i]), horizon * DAY_NS, float(e), float(u), fold.model.version
            )
            for i, (e, u) in enumerate(zip(expected, uncertainty, strict=True))
        ]
        target = self._choose(expected + self.config.market_return_year * horizon / 252)
        self.targets.append((now, target))
        lot_values = self._closes * self._lot_units
        lots = to_lots(target.weights, nav_value=self.nav, lot_value=lot_values, lot_step=self._lot_steps).lots
        for i, cause in enumerate(forecasts):
            self._trade(i, cause, int(lots[i]))

    def _trade(self, instrument: int, forecast: int, lots: int) -> None:
        target = self._engine.target(self._number, instrument, forecast, self.config.horizon_bars * DAY_NS, lots)
        missing = lots - self._engine.position_lots(self._number, instrument)
        symbol = self._symbols[instrument]
        work_instead(self, missing, symbol, self._algorithm, until=self._until, cause=target)

    def _choose(self, expected: Floats) -> TargetPortfolio:
        history = np.array(self._history)
        returns = history[1:] / history[:-1] - 1
        config = CovarianceConfig(window_bars=self.config.covariance_bars, horizon_bars=self.config.horizon_bars)
        nav = self.nav
        held = np.array([self._engine.position_lots(self._number, i) for i in range(len(self._symbols))])
        conditions = TradingConditions(
            nav_value=nav, adv_value=self._adv_values, volatility_day=returns[-63:].std(axis=0), price=self._closes
        )
        weights = held * self._closes * self._lot_units / nav
        return self._optimiser.solve(
            expected, estimate(returns, config), weights, conditions=conditions, without_solution="hold"
        )
