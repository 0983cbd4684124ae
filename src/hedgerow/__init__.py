"""Hedgerow runs a quantitative hedge fund from research to audit.

Promises: importing it does no work and loads nothing heavy; every public name is found here and loaded when first used.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from hedgerow._core import __version__

if TYPE_CHECKING:
    from hedgerow.core.carry import Carry
    from hedgerow.core.costs import Costs
    from hedgerow.core.errors import HedgerowError
    from hedgerow.core.expiry import Expiry
    from hedgerow.core.fees import FeeSchedule, FeeTier
    from hedgerow.core.margin import Margin
    from hedgerow.engine.attribution import attribution
    from hedgerow.engine.audit import verify
    from hedgerow.engine.backtest import backtest
    from hedgerow.engine.comparison import Comparison, compare
    from hedgerow.engine.jail_replay import replay_strategy
    from hedgerow.engine.jailed import JailedStrategy
    from hedgerow.engine.lint import lint
    from hedgerow.engine.market_maker import MarketMaker
    from hedgerow.engine.queue_fit import calibrate_queue
    from hedgerow.engine.result import Result
    from hedgerow.engine.simple import SimpleStrategy, crossover
    from hedgerow.engine.strategy import Strategy
    from hedgerow.engine.sweep import sweep
    from hedgerow.engine.why import why
    from hedgerow.market.asof import asof_join
    from hedgerow.market.bars import Bars
    from hedgerow.market.catalog import Catalog
    from hedgerow.market.instruments import Instrument
    from hedgerow.market.replay import Books
    from hedgerow.models.cross_section import demean, neutralise
    from hedgerow.models.features import ema, indicator, momentum, rank, returns, rolling_std, sma, volatility, zscore
    from hedgerow.models.hawkes import fit_hawkes, hawkes_intensity, hawkes_log_likelihood, hawkes_residuals
    from hedgerow.models.microprice import fit_microprice
    from hedgerow.models.microstructure import (
        amihud,
        bulk_buy_share,
        kyle_lambda,
        lee_ready,
        ofi,
        queue_imbalance,
        quotes_at,
        roll_spread,
        tick_test,
        trade_imbalance,
        volume_buckets,
        vpin,
        weighted_mid,
    )
    from hedgerow.models.pin import pin, pin_log_likelihood
    from hedgerow.models.realised import (
        bipower_variance,
        garman_klass,
        parkinson,
        realised_variance,
        realised_volatility,
        rogers_satchell,
        yang_zhang,
    )
    from hedgerow.models.rolling import (
        beta,
        correlation,
        covariance,
        rolling_kurt,
        rolling_quantile,
        rolling_skew,
        rolling_var,
    )
    from hedgerow.models.stylised_facts import order_flow_facts, stylised_facts
    from hedgerow.risk.limits import Limits

# Idle OpenMP threads must sleep, not spin: a spinning pool makes training a hundred times slower on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_HOME = {
    "Bars": "hedgerow.market.bars",
    "Books": "hedgerow.market.replay",
    "Carry": "hedgerow.core.carry",
    "Catalog": "hedgerow.market.catalog",
    "Comparison": "hedgerow.engine.comparison",
    "Costs": "hedgerow.core.costs",
    "Delay": "hedgerow.core.simulation",
    "Expiry": "hedgerow.core.expiry",
    "FeeSchedule": "hedgerow.core.fees",
    "FeeTier": "hedgerow.core.fees",
    "HedgerowError": "hedgerow.core.errors",
    "Instrument": "hedgerow.market.instruments",
    "JailedStrategy": "hedgerow.engine.jailed",
    "Limits": "hedgerow.risk.limits",
    "Margin": "hedgerow.core.margin",
    "MarketMaker": "hedgerow.engine.market_maker",
    "Result": "hedgerow.engine.result",
    "SimpleStrategy": "hedgerow.engine.simple",
    "Simulation": "hedgerow.core.simulation",
    "Strategy": "hedgerow.engine.strategy",
    "amihud": "hedgerow.models.microstructure",
    "asof_join": "hedgerow.market.asof",
    "attribution": "hedgerow.engine.attribution",
    "backtest": "hedgerow.engine.backtest",
    "beta": "hedgerow.models.rolling",
    "bipower_variance": "hedgerow.models.realised",
    "bulk_buy_share": "hedgerow.models.microstructure",
    "calibrate_queue": "hedgerow.engine.queue_fit",
    "compare": "hedgerow.engine.comparison",
    "correlation": "hedgerow.models.rolling",
    "covariance": "hedgerow.models.rolling",
    "crossover": "hedgerow.engine.simple",
    "demean": "hedgerow.models.cross_section",
    "ema": "hedgerow.models.features",
    "fit_hawkes": "hedgerow.models.hawkes",
    "fit_microprice": "hedgerow.models.microprice",
    "garman_klass": "hedgerow.models.realised",
    "hawkes_intensity": "hedgerow.models.hawkes",
    "hawkes_log_likelihood": "hedgerow.models.hawkes",
    "hawkes_residuals": "hedgerow.models.hawkes",
    "indicator": "hedgerow.models.features",
    "kyle_lambda": "hedgerow.models.microstructure",
    "lee_ready": "hedgerow.models.microstructure",
    "lint": "hedgerow.engine.lint",
    "momentum": "hedgerow.models.features",
    "neutralise": "hedgerow.models.cross_section",
    "ofi": "hedgerow.models.microstructure",
    "order_flow_facts": "hedgerow.models.stylised_facts",
    "parkinson": "hedgerow.models.realised",
    "pin": "hedgerow.models.pin",
    "pin_log_likelihood": "hedgerow.models.pin",
    "queue_imbalance": "hedgerow.models.microstructure",
    "quotes_at": "hedgerow.models.microstructure",
    "rank": "hedgerow.models.features",
    "realised_variance": "hedgerow.models.realised",
    "realised_volatility": "hedgerow.models.realised",
    "replay_strategy": "hedgerow.engine.jail_replay",
    "returns": "hedgerow.models.features",
    "rogers_satchell": "hedgerow.models.realised",
    "roll_spread": "hedgerow.models.microstructure",
    "rolling_kurt": "hedgerow.models.rolling",
    "rolling_quantile": "hedgerow.models.rolling",
    "rolling_skew": "hedgerow.models.rolling",
    "rolling_std": "hedgerow.models.features",
    "rolling_var": "hedgerow.models.rolling",
    "sma": "hedgerow.models.features",
    "stylised_facts": "hedgerow.models.stylised_facts",
    "sweep": "hedgerow.engine.sweep",
    "tick_test": "hedgerow.models.microstructure",
    "trade_imbalance": "hedgerow.models.microstructure",
    "verify": "hedgerow.engine.audit",
    "volatility": "hedgerow.models.features",
    "volume_buckets": "hedgerow.models.microstructure",
    "vpin": "hedgerow.models.microstructure",
    "weighted_mid": "hedgerow.models.microstructure",
    "why": "hedgerow.engine.why",
    "yang_zhang": "hedgerow.models.realised",
    "zscore": "hedgerow.models.features",
}

__all__ = [
    "Bars",
    "Books",
    "Carry",
    "Catalog",
    "Comparison",
    "Costs",
    "Delay",
    "Expiry",
    "FeeSchedule",
    "FeeTier",
    "HedgerowError",
    "Instrument",
    "JailedStrategy",
    "Limits",
    "Margin",
    "MarketMaker",
    "Result",
    "SimpleStrategy",
    "Simulation",
    "Strategy",
    "__version__",
    "amihud",
    "asof_join",
    "attribution",
    "backtest",
    "beta",
    "bipower_variance",
    "bulk_buy_share",
    "calibrate_queue",
    "compare",
    "correlation",
    "covariance",
    "crossover",
    "demean",
    "ema",
    "fit_hawkes",
    "fit_microprice",
    "garman_klass",
    "hawkes_intensity",
    "hawkes_log_likelihood",
    "hawkes_residuals",
    "indicator",
    "kyle_lambda",
    "lee_ready",
    "lint",
    "momentum",
    "neutralise",
    "ofi",
    "order_flow_facts",
    "parkinson",
    "pin",
    "pin_log_likelihood",
    "queue_imbalance",
    "quotes_at",
    "rank",
    "realised_variance",
    "realised_volatility",
    "replay_strategy",
    "returns",
    "rogers_satchell",
    "roll_spread",
    "rolling_kurt",
    "rolling_quantile",
    "rolling_skew",
    "rolling_std",
    "rolling_var",
    "sma",
    "stylised_facts",
    "sweep",
    "tick_test",
    "trade_imbalance",
    "verify",
    "volatility",
    "volume_buckets",
    "vpin",
    "weighted_mid",
    "why",
    "yang_zhang",
    "zscore",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    from hedgerow.core.errors import did_you_mean

    raise AttributeError(f"module 'hedgerow' has no attribute {name!r}{did_you_mean(name, __all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
