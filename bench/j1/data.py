"""The bars of J1: a seeded random walk in integer ticks on which no two engines can differ by rounding.

Rule: minute bars from 2020-01-01T00:00Z, stamped at their open, prices in ticks of 0.01; closes are nudged by one tick
wherever 5 * (sum of the last 20) would equal the sum of the last 100. Promises: the same bytes on every machine, which
a digest proves. Needs only NumPy, so that every peer's environment can make them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

TICK = 0.01
START_NS = 1_577_836_800_000_000_000
MINUTE_NS = 60_000_000_000
LOTS = 10_000
CASH = 10_000_000
FEE_BPS = 1
FAST, SLOW = 20, 100
ALL = 1_000_000
SEED = 20261120
DIGEST = "b5269e331ab5d6a310f3bac80c6332fc29f5fee9592dbca3f227e87543d6fc69"
"""SHA-256 over name and bytes of every column of all bars, columns in order of name."""

Columns = dict[str, Any]


def make(n: int = ALL, seed: int = SEED) -> Columns:
    """Bars: `o, h, l, c` ticks, `v` lots, `ts` nanoseconds of the open; all int64."""
    random = np.random.default_rng(seed)
    sigma = 0.40 / np.sqrt(525_600)  # 40 % a year, by the minute
    returns = random.normal(-0.5 * sigma * sigma, sigma, n)
    close = np.rint(np.exp(np.cumsum(returns)) * 100.0 / TICK).astype(np.int64)
    close = _without_ties(np.maximum(close, 500))
    gap = random.integers(-2, 3, n)
    open_ = np.concatenate([close[:1], close[:-1]]) + gap
    up, down = random.integers(0, 6, n), random.integers(0, 6, n)
    return {
        "o": open_,
        "h": np.maximum(open_, close) + up,
        "l": np.minimum(open_, close) - down,
        "c": close,
        "v": random.integers(50_000_000, 100_000_000, n),
        "ts": START_NS + MINUTE_NS * np.arange(n, dtype=np.int64),
    }


def _without_ties(close: Any) -> Any:
    """Closes in which fast and slow average are never equal: one tick more where they were, from left to right."""
    ticks = close.tolist()
    fast = slow = 0
    for t, price in enumerate(ticks):
        fast += price - (ticks[t - FAST] if t >= FAST else 0)
        slow += price - (ticks[t - SLOW] if t >= SLOW else 0)
        if t >= SLOW - 1 and 5 * fast == slow:
            ticks[t] += 1
            fast += 1
            slow += 1
    return np.array(ticks, dtype=np.int64)


def digest(columns: Columns) -> str:
    """What proves that these are the bars."""
    total = hashlib.sha256()
    for name in sorted(columns):
        total.update(name.encode())
        total.update(np.ascontiguousarray(columns[name]).tobytes())
    return total.hexdigest()


def load(n: int, folder: Path) -> Columns:
    """The first `n` bars, made once and kept in `folder`."""
    path = folder / "j1-bars.npz"
    columns = dict(np.load(path)) if path.exists() else make()
    if digest(columns) != DIGEST:
        raise SystemExit(f"the bars of J1 differ from those of the rule: sha256 {digest(columns)}")
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"j1-bars-{os.getpid()}.npz"
        np.savez(new, **columns)
        new.replace(path)
    return {name: column[:n] for name, column in columns.items()}
