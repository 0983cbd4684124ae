"""Sweeps: one strategy in many variants, over parameters, windows of time and universes.

Promises: every variant is a trial and counted before it runs; a variant's figures are those of `backtest` with the same
settings; what is done is not done again where a folder keeps it; results do not depend on who computed them or in which
order. Never: the best of many shown as if it were the only one tried.
"""

from hedgerow.engine.sweep.outcome import Sweep
from hedgerow.engine.sweep.sweeping import sweep

__all__ = ["Sweep", "sweep"]
