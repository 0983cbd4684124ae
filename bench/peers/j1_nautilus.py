"""J1 with nautilus_trader 2: a Python strategy on its Rust core.

It fills a market order at the bar that was seen; one extra quote a bar at the next open, 1 ns after each close, and a
latency of 1 ns give the rule's fills, and are its quicker way too. Its own checks and statistics are switched off.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import nautilus_trader
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel, StaticLatencyModel
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model import (
    AccountType,
    Bar,
    BarType,
    Currency,
    Equity,
    InstrumentId,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
    Symbol,
    Venue,
)
from nautilus_trader.risk import RiskEngineConfig
from nautilus_trader.trading import Strategy, StrategyConfig

from bench.j1 import data, oracle, timing

USD = Currency.from_str("USD")
VENUE = Venue("SIM")
NAME = InstrumentId(Symbol("SYN"), VENUE)
BARS = BarType.from_str("SYN.SIM-1-MINUTE-LAST-EXTERNAL")
MUCH = Quantity.from_int(100_000_000)
FILLS: list[tuple[int, int, float]] = []


class Cross(Strategy):
    """The rule in its idiom."""

    def __init__(self, config: StrategyConfig) -> None:
        self.fast, self.slow = SimpleMovingAverage(data.FAST), SimpleMovingAverage(data.SLOW)
        self.lots = Quantity.from_int(data.LOTS)

    def on_start(self) -> None:
        """Have both averages fed."""
        self.register_indicator_for_bars(BARS, self.fast)
        self.register_indicator_for_bars(BARS, self.slow)
        self.subscribe_bars(BARS)

    def on_bar(self, bar: Bar) -> None:
        """Decide at the close."""
        if not self.slow.initialized:
            return
        fast, slow = self.fast.value, self.slow.value
        if fast > slow:
            if self.portfolio.is_net_flat(NAME):
                self.submit_order(self.order_factory.market(NAME, OrderSide.BUY, self.lots))
        elif fast < slow and self.portfolio.is_net_long(NAME):
            self.submit_order(self.order_factory.market(NAME, OrderSide.SELL, self.lots))

    def on_order_filled(self, event: Any) -> None:
        """Keep what the oracle is asked about."""
        FILLS.append((event.ts_event, 1 if event.order_side == OrderSide.BUY else -1, event.last_px.as_double()))


def events_of(bars: data.Columns) -> list[Any]:
    """Bars stamped at their close, and quotes at the next open."""
    prices = {name: [Price(ticks / 100, 2) for ticks in bars[name].tolist()] for name in "ohlc"}
    rows = zip(*prices.values(), bars["v"].tolist(), (bars["ts"] + data.MINUTE_NS).tolist(), strict=True)
    made: list[Any] = [Bar(BARS, o, h, low, c, Quantity(v, 0), ts, ts) for o, h, low, c, v, ts in rows]
    quotes = zip(prices["o"], bars["ts"].tolist(), strict=True)
    return made + [QuoteTick(NAME, price, price, MUCH, MUCH, ts + 1, ts + 1) for price, ts in quotes]


def engine_with(events: list[Any]) -> tuple[BacktestEngine]:
    """An engine holding the data; filling it is not timed."""
    FILLS.clear()
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggerConfig(bypass_logging=True),
            bypass_logging=True,
            run_analysis=False,
            risk_engine=RiskEngineConfig(bypass=True),
        )
    )
    fee = Decimal(data.FEE_BPS) / 10_000
    engine.add_venue(
        VENUE,
        OmsType.NETTING,
        AccountType.CASH,
        [Money(data.CASH, USD)],
        base_currency=USD,
        fee_model=MakerTakerFeeModel(fee, fee),
        bar_execution=False,
        latency_model=StaticLatencyModel(1),
    )
    step = Price.from_str("0.01")
    engine.add_instrument(Equity(NAME, Symbol("SYN"), USD, 2, step, 0, 0, lot_size=Quantity.from_int(1)))
    engine.add_data(events)
    engine.add_strategy(Cross(StrategyConfig()))
    return (engine,)


def main() -> None:
    """Time it."""
    asked = timing.arguments()
    bars = data.load(asked.n, asked.work)
    events, last = events_of(bars), bars["c"][-1] / 100

    def run(engine: BacktestEngine) -> tuple[list[tuple[int, int, int]], float]:
        engine.run()
        cash = engine.portfolio.account(VENUE).balance_total(USD).as_double()
        equity = cash + float(engine.portfolio.net_position(NAME)) * last
        fills = [((ts - data.START_NS) // data.MINUTE_NS, side, round(price * 100)) for ts, side, price in FILLS]
        engine.dispose()
        return fills, equity

    (fills, equity), seconds = timing.timed(run, asked.runs, setup=lambda: engine_with(events))
    came_to = oracle.outcome(fills, equity)
    timing.say(
        f"nautilus_trader {nautilus_trader.__version__}",
        asked.n,
        seconds,
        came_to.fills,
        came_to.digest,
        came_to.equity_cents,
    )


if __name__ == "__main__":
    main()
