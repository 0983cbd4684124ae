"""Volume and spread of the next interval: foretold from what was known, measured against what came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.execution.liquidity import LiquidityForecast, LiquidityModel
from hedgerow.market.replay import Books

Shared = Callable[[str], Path]
MINUTE = 60 * 10**9


def days(count: int = 6, seed: int = 2) -> tuple[Any, Any]:
    """Ends and volumes of the minutes of days that trade early and late, with a level of their own each."""
    random = np.random.default_rng(seed)
    minute = np.arange(1, 121)
    shape = 200 + 2_000 * (minute / 60 - 1) ** 2
    lots = [np.round(shape * random.lognormal(0, 0.4) * random.lognormal(0, 0.5, 120)) for _ in range(count)]
    ends = [(day * 1440 + 870 + minute) * MINUTE for day in range(count)]
    return np.concatenate(ends), np.concatenate(lots)


def foretold(ends: Any, lots: Any, **columns: Any) -> list[LiquidityForecast]:
    """What the model says before each interval but the first."""
    model, said = LiquidityModel(MINUTE), []
    for at in range(len(ends)):
        if at:
            said.append(model.forecast())
        model.learn(ends[at : at + 1], lots[at : at + 1], **{n: c[at : at + 1] for n, c in columns.items()})
    return said


def test_it_foretells_better_than_the_interval_before() -> None:
    """On days with a shape, and the sum of what it says is the sum of what comes."""
    ends, lots = days()
    model = LiquidityModel(MINUTE)
    model.learn(ends, lots)
    found = model.forecast()
    assert found.volume_is_better
    assert found.volume_error < 0.85 * found.naive_volume_error
    said = np.array([one.volume for one in foretold(ends, lots)])
    assert said[100:].sum() == pytest.approx(lots[101:].sum(), rel=0.1)


def test_its_errors_are_those_of_what_it_said() -> None:
    """Counted again: what was said of each interval, the interval before, and what came; nights are left out."""
    ends, lots = days(count=1)
    said = foretold(ends, lots)
    model = LiquidityModel(MINUTE)
    model.learn(ends, lots)
    naive = np.abs(lots[1:] - lots[:-1]).sum() / lots[1:].sum()
    assert model.forecast().naive_volume_error == pytest.approx(naive)
    assert model.forecast().intervals == len(lots) - 1
    believed = [one.volume for one in said if one.volume_is_better]
    assert len(believed) > 30
    off = np.abs(np.array(believed) - lots[-len(believed) :]).mean()
    assert off == pytest.approx(model.forecast().volume_error * lots[1:].mean(), rel=0.25)


def test_what_comes_later_changes_nothing_of_what_was_said() -> None:
    """Learning piece by piece, or all at once, of this future or of another."""
    ends, lots = days()
    other = lots.copy()
    other[400:] = 7
    first, second = foretold(ends, lots), foretold(ends, other)
    assert first[:399] == second[:399]
    model = LiquidityModel(MINUTE)
    model.learn(ends[:300], lots[:300])
    assert model.forecast() == first[299]


def test_a_night_is_no_quiet_market() -> None:
    """Hours without a trade are not taken for minutes of nothing; a pause of minutes is."""
    ends, lots = days(count=2)
    model = LiquidityModel(MINUTE)
    model.learn(ends, lots)
    assert model.forecast().intervals == 2 * 119
    quiet = LiquidityModel(MINUTE)
    quiet.learn(np.array([1, 2, 5]) * MINUTE, [10, 10, 10])
    assert quiet.forecast().intervals == 4
    assert quiet.forecast().volume == 10


def test_where_the_model_is_no_better_the_interval_before_is_given() -> None:
    """A level that stays and now and then jumps is foretold best by itself."""
    level = np.repeat(np.random.default_rng(1).integers(10, 100_000, 12), 25)
    model = LiquidityModel(MINUTE)
    model.learn(np.arange(1, 301) * MINUTE, level)
    found = model.forecast()
    assert not found.volume_is_better
    assert found.volume == level[-1]


def test_the_width_of_the_market_is_foretold_with_it() -> None:
    """A spread that swings about its mean comes back to it."""
    random = np.random.default_rng(4)
    ends = np.arange(1, 401) * MINUTE
    widths = 3 + random.uniform(-1, 1, 400)
    model = LiquidityModel(MINUTE)
    model.learn(ends, np.full(400, 5), widths, np.full(400, 10))
    found = model.forecast()
    assert found.spread_is_better
    assert found.spread == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize(
    "told",
    [
        lambda model: model.learn([MINUTE], []),
        lambda model: model.learn([MINUTE], [-1]),
        lambda model: model.learn([MINUTE], [1], widths=[1, 2]),
        lambda model: model.learn([5 * MINUTE, MINUTE], [1, 1]),
        lambda model: LiquidityModel(0),
        lambda model: LiquidityModel(1.5),
    ],
)
def test_what_cannot_be_is_refused(told: Callable[[LiquidityModel], Any]) -> None:
    """Columns of another length, volumes below zero, time that goes back, no length of an interval."""
    with pytest.raises(HedgerowError, match="RUN-"):
        told(LiquidityModel(MINUTE))


def test_nothing_is_known_of_what_was_never_seen() -> None:
    """No number is made up."""
    found = LiquidityModel(MINUTE).forecast()
    assert np.isnan([found.volume, found.spread, found.volume_error]).all()
    assert not found.volume_is_better


@pytest.mark.parametrize("name", ["intraday_bars/msft_1min_202007.parquet", "intraday_bars/spy_1min_202012.csv.gz"])
def test_minutes_of_real_shares_are_foretold_better_than_by_the_minute_before(name: str, shared: Shared) -> None:
    """Recorded volumes of a month of MSFT and of days of SPY."""
    bars = hr.Bars.read(shared(f"data/{name}"))
    model = LiquidityModel(MINUTE)
    model.learn(bars.ts_event, np.maximum(bars.volume_lots, 0))
    assert model.forecast().volume_is_better


class Watcher(hr.Strategy):
    """Asks every ten seconds."""

    def on_start(self) -> None:
        """Begin to watch."""
        self.every(seconds=10)
        self.watch = self.liquidity(every=timedelta(seconds=10))
        self.said: list[LiquidityForecast] = []

    def on_timer(self, now: int) -> None:
        """Ask."""
        self.said.append(self.watch.forecast())


def test_a_recorded_book_is_foretold_volume_and_spread(shared: Shared) -> None:
    """Six minutes of a perpetual: both errors are below those of the ten seconds before."""
    instrument = hr.Instrument("ETHUSDT", currency="USDT", tick="0.01", lot="0.001")
    books = Books.read(shared("data/crypto_l2/binance_usdm_ethusdt_20240808.gz"), instrument, rule="binance_futures")
    strategy = Watcher()
    hr.backtest(books, strategy, currency="USDT", cash=1e6, costs=hr.Costs.none())
    found = strategy.said[-1]
    assert found.intervals > 30
    assert found.volume_is_better
    assert found.spread_is_better
    assert 0.01 <= found.spread < 0.02  # the tick is the least, and a fifth more is what it mostly stands at


def bars_of(ends: Any, lots: Any) -> hr.Bars:
    """Bars of a flat price."""
    times = ends.astype("datetime64[ns]")
    return hr.Bars.from_arrays(times, close=np.full(len(lots), 50.0), volume=lots, span="1min")


class Follower(hr.Strategy):
    """A share of volume on the last day."""

    def __init__(self, foresee: bool) -> None:
        super().__init__()
        self.foresee, self.order = foresee, None

    def on_bar(self, bar: Any) -> None:
        """The last day begins."""
        if self.order is None and self.now >= (5 * 1440 + 900) * MINUTE:
            told = {"participation": 0.1, "every": timedelta(minutes=1), "foresee": self.foresee}
            self.order = self.work(10_000, algorithm="pov", until=timedelta(minutes=80), **told)


def test_a_share_of_volume_that_foresees_does_not_trail_the_market() -> None:
    """It counts the minute that is expected as traded, once; the record says how much that was."""
    bars = bars_of(*days())
    runs = [hr.backtest(bars, Follower(foresee), cash=1e8, costs=hr.Costs.none()) for foresee in (False, True)]
    told = [int(run.records("AlgoSettings")["size_lots"][0]) for run in runs]
    assert told[0] == 0 < told[1]
    done = [run.orders["quantity"].cumsum().to_numpy()[:20] for run in runs]
    lead = done[1][:20] - np.concatenate([[0], done[0][:19]])
    assert lead == pytest.approx(told[1] / 10, abs=1.01)


def test_what_was_foretold_of_an_order_stands_beside_what_came() -> None:
    """The mean of the same stretch of the days before."""
    ends, lots = days()

    class Buyer(hr.Strategy):
        def on_bar(self, bar: Any) -> None:
            if not hasattr(self, "order") and self.now >= (5 * 1440 + 880) * MINUTE:
                self.order = self.work(100, algorithm="vwap", slices=4, until=timedelta(minutes=60))

    run = hr.backtest(bars_of(ends, lots), Buyer, cash=1e8, costs=hr.Costs.none())
    (row,) = run.parents.to_dict("records")
    before = lots.reshape(6, 120)[:5, 10:70].sum(axis=1).mean()
    assert row["expected_volume"] == round(before)
    assert 0 < row["market_volume"] < 3 * row["expected_volume"]


def test_an_interval_too_short_for_the_tape_is_refused() -> None:
    """Ten seconds over books."""

    class Short(hr.Strategy):
        def on_start(self) -> None:
            self.liquidity(every=timedelta(seconds=5))

        def on_quote(self, quote: Any) -> None:
            """Nothing."""

    books = Books.from_quotes(np.arange(1, 9) * MINUTE, bid=10, ask=12, bid_size=1, ask_size=1, symbol="X")
    with pytest.raises(HedgerowError, match="10 seconds"):
        hr.backtest(books, Short)
