"""J1 in our three forms: events, `init`/`next`, signals. Run as a program it times one of them.

Promises: the public API and nothing else; bars are prepared outside the timed stretch, averages are computed inside.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pandas as pd

import hedgerow as hr
from bench.j1 import data, timing
from bench.j1.oracle import Outcome, outcome

COSTS = hr.Costs(half_spread_bps=0, impact=0, fee_bps=data.FEE_BPS, volume_cap=0)


class EventCross(hr.Strategy):
    """The rule as events; the engine feeds the averages."""

    def on_start(self) -> None:
        """Ask for both averages."""
        self.fast, self.slow = self.sma(data.FAST), self.sma(data.SLOW)

    def on_bar(self, bar: Any) -> None:
        """Decide at the close; a comparison with an average that is not there yet is false."""
        fast, slow = self.fast.value, self.slow.value
        if fast > slow:
            if self.position == 0:
                self.buy(data.LOTS)
        elif fast < slow and self.position > 0:
            self.sell(data.LOTS)


class SimpleCross(hr.SimpleStrategy):
    """The rule in twelve lines."""

    def init(self) -> None:
        """Compute both averages once."""
        self.fast = self.I(hr.sma, self.data.close, data.FAST)
        self.slow = self.I(hr.sma, self.data.close, data.SLOW)

    def next(self) -> None:
        """Decide at the close."""
        if self.fast[-1] > self.slow[-1]:
            if self.position == 0:
                self.buy(data.LOTS)
        elif self.fast[-1] < self.slow[-1] and self.position > 0:
            self.close()


def bars_of(columns: data.Columns) -> hr.Bars:
    """The bars as ours: stamped at their close."""
    return hr.Bars.from_arrays(
        columns["ts"] + data.MINUTE_NS,
        open=columns["o"],
        high=columns["h"],
        low=columns["l"],
        close=columns["c"],
        volume=columns["v"],
        instruments=hr.Instrument("SYN"),
        span=data.MINUTE_NS,
    )


def run_events(bars: hr.Bars, close: Any) -> hr.Result:
    """The event strategy."""
    return hr.backtest(bars, EventCross, cash=data.CASH, costs=COSTS)


def run_simple(bars: hr.Bars, close: Any) -> hr.Result:
    """The `init`/`next` strategy."""
    return hr.backtest(bars, SimpleCross, cash=data.CASH, costs=COSTS)


def run_signals(bars: hr.Bars, close: Any) -> hr.Result:
    """Signals from whole columns: long while the fast average is above the slow one."""
    long = hr.sma(close, data.FAST) > hr.sma(close, data.SLOW)
    return hr.backtest(bars, signals=long, size=data.LOTS, cash=data.CASH, costs=COSTS)


FORMS = {"events": run_events, "simple": run_simple, "signals": run_signals}


def outcome_of(result: hr.Result) -> Outcome:
    """What a run came to, from its own fills and its exact value."""
    fills = result.fills
    opened = (pd.DatetimeIndex(fills["ts"]).as_unit("ns").asi8 - data.START_NS) // data.MINUTE_NS
    sides = [1 if side == "buy" else -1 for side in fills["side"]]
    ticks = (fills["price"] / data.TICK).round().astype("int64")
    return outcome(zip(opened.tolist(), sides, ticks.tolist(), strict=True), result.nav_nano / 10**9)


def main() -> None:
    """Time one form."""
    asked = timing.arguments(*FORMS)
    bars = bars_of(data.load(asked.n, asked.work))
    close, run = bars.prices(), FORMS[asked.form]

    def whole() -> hr.Result:
        result = run(bars, close)
        assert result.nav_nano > 0
        return result

    result, seconds = timing.timed(whole, asked.runs)
    came_to = outcome_of(result)
    timing.say(f"hedgerow {asked.form}", asked.n, seconds, came_to.fills, came_to.digest, came_to.equity_cents)


if __name__ == "__main__":
    main()
