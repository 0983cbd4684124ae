"""A newcomer's first script with nautilus_trader 2."""

import csv
import datetime
import sys
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
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
    Symbol,
    Venue,
)
from nautilus_trader.trading import Strategy, StrategyConfig

usd, venue = Currency.from_str("USD"), Venue("SIM")
name = InstrumentId(Symbol("SYN"), venue)
daily = BarType.from_str("SYN.SIM-1-DAY-LAST-EXTERNAL")


class Cross(Strategy):  # noqa: D101 (a newcomer writes no docstrings)
    def __init__(self, config):
        self.fast, self.slow = SimpleMovingAverage(10), SimpleMovingAverage(30)

    def on_start(self):  # noqa: D102
        self.register_indicator_for_bars(daily, self.fast)
        self.register_indicator_for_bars(daily, self.slow)
        self.subscribe_bars(daily)

    def on_bar(self, bar):  # noqa: D102
        if not self.slow.initialized:
            return
        if self.fast.value > self.slow.value and self.portfolio.is_net_flat(name):
            self.submit_order(self.order_factory.market(name, OrderSide.BUY, Quantity.from_int(100)))
        elif self.fast.value < self.slow.value and self.portfolio.is_net_long(name):
            self.submit_order(self.order_factory.market(name, OrderSide.SELL, Quantity.from_int(100)))


def bars():  # noqa: D103
    with open(sys.argv[1]) as lines:
        for row in csv.DictReader(lines):
            day = datetime.datetime.fromisoformat(row["date"]).replace(tzinfo=datetime.UTC)
            ts = int(day.timestamp()) * 10**9
            prices = (Price(float(row[column]), 2) for column in ("open", "high", "low", "close"))
            yield Bar(daily, *prices, Quantity.from_int(int(row["volume"])), ts, ts)


quiet = BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True), bypass_logging=True)
engine = BacktestEngine(quiet)
fees = MakerTakerFeeModel(Decimal("0.0003"), Decimal("0.0003"))
cash = [Money(1_000_000, usd)]
engine.add_venue(venue, OmsType.NETTING, AccountType.CASH, cash, base_currency=usd, fee_model=fees)
engine.add_instrument(Equity(name, Symbol("SYN"), usd, 2, Price.from_str("0.01"), 0, 0, lot_size=Quantity.from_int(1)))
engine.add_data(list(bars()))
engine.add_strategy(Cross(StrategyConfig()))
engine.run()
print(engine.portfolio.account(venue).balance_total(usd))
