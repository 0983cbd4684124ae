"""The public benchmark J1 on bars that others made: each form gives the oracle's fills and its last cent."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from hedgerow import Bars, Costs, Instrument, Result, SimpleStrategy, Strategy, backtest, sma

COSTS = Costs(half_spread_bps=0, impact=0, fee_bps=1, volume_cap=0)
FILLS, DIGEST, EQUITY = 204, "32c9a04b21687317", 9_907_928.61
MINUTE_NS = 60 * 10**9


@pytest.fixture(scope="module")
def gen(shared: Callable[[str], Path]) -> ModuleType:
    """The generator of the benchmark's data."""
    spec = importlib.util.spec_from_file_location("j1_gen", shared("bench/peers/gen.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bars(gen: ModuleType) -> Bars:
    """The first 14,400 of the benchmark's million bars; it stamps them at their open."""
    columns = {name: column[:14_400] for name, column in gen.bars(1_000_000).items()}
    return Bars.from_arrays(
        columns["ts"] + MINUTE_NS,
        open=columns["o"],
        high=columns["h"],
        low=columns["l"],
        close=columns["c"],
        volume=columns["v"],
        instruments=Instrument("SYN"),
        span=MINUTE_NS,
    )


class Events(Strategy):
    """The rule as events."""

    def on_start(self) -> None:
        """Both means."""
        self.fast, self.slow = self.sma(20), self.sma(100)

    def on_bar(self, bar: Any) -> None:
        """Long above, flat below."""
        if self.fast.value > self.slow.value and self.position == 0:
            self.buy(10_000)
        elif self.fast.value < self.slow.value and self.position > 0:
            self.close()


class Simple(SimpleStrategy):
    """The rule as `init` and `next`."""

    def init(self) -> None:
        """Both means."""
        self.fast, self.slow = self.I(sma, self.data.close, 20), self.I(sma, self.data.close, 100)

    def next(self) -> None:
        """Long above, flat below."""
        if self.fast[-1] > self.slow[-1]:
            self.order_target(10_000)
        elif self.fast[-1] < self.slow[-1]:
            self.order_target(0)


def signals(bars: Bars) -> Any:
    """The rule as an array, in exact integers: there are no ties."""
    total = np.concatenate([[0], np.cumsum(bars.close_ticks)])
    wanted = np.zeros(len(bars), dtype=np.int8)
    fast, slow = total[20:] - total[:-20], total[100:] - total[:-100]
    wanted[99:] = 5 * fast[80:] > slow
    return wanted


def outcome(result: Result) -> tuple[int, str, float]:
    """Number of fills, digest of `bar,B|S,ticks` lines, equity to the cent."""
    fills = result.records("Fill")
    opens_ns = result.data.bars.ts_event - MINUTE_NS
    rows = np.searchsorted(opens_ns, fills["ts_event"])
    sides = np.where(fills["side"] == 1, "B", "S")
    lines = (f"{bar},{side},{ticks}\n" for bar, side, ticks in zip(rows, sides, fills["price_ticks"], strict=True))
    return len(fills), hashlib.sha256("".join(lines).encode()).hexdigest()[:16], round(result.final_nav, 2)


@pytest.mark.parametrize("form", ["events", "simple", "signals"])
def test_each_form_gives_the_oracles_fills_and_its_last_cent(form: str, bars: Bars) -> None:
    """204 fills, every bar and price among them, and 9,907,928.61."""
    runs: dict[str, Callable[[], Result]] = {
        "events": lambda: backtest(bars, Events, cash=10_000_000, costs=COSTS),
        "simple": lambda: backtest(bars, Simple, cash=10_000_000, costs=COSTS),
        "signals": lambda: backtest(bars, signals=signals(bars), size=10_000, cash=10_000_000, costs=COSTS),
    }
    assert outcome(runs[form]()) == (FILLS, DIGEST, EQUITY)
