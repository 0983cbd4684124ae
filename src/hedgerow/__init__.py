"""Hedgerow runs a quantitative hedge fund from research to audit.

Promises: importing it does no work and loads nothing heavy; every public name is found here and loaded when first used.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from hedgerow._core import __version__

if TYPE_CHECKING:
    from hedgerow.core.costs import Costs
    from hedgerow.core.errors import HedgerowError
    from hedgerow.engine.attribution import attribution
    from hedgerow.engine.audit import verify
    from hedgerow.engine.backtest import backtest
    from hedgerow.engine.comparison import Comparison, compare
    from hedgerow.engine.jail_replay import replay_strategy
    from hedgerow.engine.jailed import JailedStrategy
    from hedgerow.engine.lint import lint
    from hedgerow.engine.result import Result
    from hedgerow.engine.simple import SimpleStrategy, crossover
    from hedgerow.engine.strategy import Strategy
    from hedgerow.engine.sweep import sweep
    from hedgerow.engine.why import why
    from hedgerow.market.bars import Bars
    from hedgerow.market.catalog import Catalog
    from hedgerow.market.instruments import Instrument
    from hedgerow.models.features import ema, momentum, returns, rolling_std, sma, volatility, zscore
    from hedgerow.risk.limits import Limits

# Idle OpenMP threads must sleep, not spin: a spinning pool makes training a hundred times slower on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_HOME = {
    "Bars": "hedgerow.market.bars",
    "Catalog": "hedgerow.market.catalog",
    "Comparison": "hedgerow.engine.comparison",
    "Costs": "hedgerow.core.costs",
    "HedgerowError": "hedgerow.core.errors",
    "Instrument": "hedgerow.market.instruments",
    "JailedStrategy": "hedgerow.engine.jailed",
    "Limits": "hedgerow.risk.limits",
    "Result": "hedgerow.engine.result",
    "SimpleStrategy": "hedgerow.engine.simple",
    "Strategy": "hedgerow.engine.strategy",
    "attribution": "hedgerow.engine.attribution",
    "backtest": "hedgerow.engine.backtest",
    "compare": "hedgerow.engine.comparison",
    "crossover": "hedgerow.engine.simple",
    "ema": "hedgerow.models.features",
    "lint": "hedgerow.engine.lint",
    "momentum": "hedgerow.models.features",
    "replay_strategy": "hedgerow.engine.jail_replay",
    "returns": "hedgerow.models.features",
    "rolling_std": "hedgerow.models.features",
    "sma": "hedgerow.models.features",
    "sweep": "hedgerow.engine.sweep",
    "verify": "hedgerow.engine.audit",
    "volatility": "hedgerow.models.features",
    "why": "hedgerow.engine.why",
    "zscore": "hedgerow.models.features",
}

__all__ = [
    "Bars",
    "Catalog",
    "Comparison",
    "Costs",
    "HedgerowError",
    "Instrument",
    "JailedStrategy",
    "Limits",
    "Result",
    "SimpleStrategy",
    "Strategy",
    "__version__",
    "attribution",
    "backtest",
    "compare",
    "crossover",
    "ema",
    "lint",
    "momentum",
    "replay_strategy",
    "returns",
    "rolling_std",
    "sma",
    "sweep",
    "verify",
    "volatility",
    "why",
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
