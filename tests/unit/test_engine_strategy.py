"""Strategies as events: configuration, handlers, timers, indicators, and what happens when one fails."""

from __future__ import annotations

import dataclasses
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow
from hedgerow import Bars, Costs, HedgerowError, Strategy, backtest
from hedgerow.core.errors import problem

DAY_NS = 86_400 * 10**9
MINUTE_NS = 60 * 10**9
BARS = Bars.from_arrays(np.arange(1, 9) * DAY_NS, close=np.arange(10.0, 18.0))
TWO = Bars.joined(
    [
        Bars.from_arrays(np.arange(1, 5) * DAY_NS, close=[10.0, 11.0, 12.0, 13.0], symbol="AAA"),
        Bars.from_arrays(np.arange(3, 5) * DAY_NS, close=[20.0, 21.0], symbol="BBB"),
    ]
)


class Hold(Strategy):
    """Buys once."""

    @dataclasses.dataclass(frozen=True)
    class Config:
        """How many."""

        quantity: float = 100.0
        note: str = ""

    def on_bar(self, bar: Any) -> None:
        """Buy if flat."""
        if self.position == 0:
            self.buy(self.config.quantity)


def test_settings_are_given_by_name_or_as_one_object() -> None:
    """Both build the same frozen configuration, and it stands in the result."""
    assert Hold(quantity=5.0).config == Hold(Hold.Config(quantity=5.0)).config
    result = backtest(BARS, Hold(quantity=5.0), costs=Costs.none())
    assert result.fills["quantity"].tolist() == [5.0]
    assert result.info.config == {"quantity": 5.0, "note": ""}


def test_a_configuration_cannot_be_changed() -> None:
    """What was approved is what runs."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Hold().config.quantity = 7.0


def test_the_artifact_is_bound_to_the_configuration() -> None:
    """Another setting is another artifact; the same setting is the same."""
    one, same, other = (backtest(BARS, Hold(quantity=q)).info.artifact for q in (1.0, 1.0, 2.0))
    assert one == same != other


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Hold(quantitty=5.0), r"RUN-002.*no setting 'quantitty'; did you mean 'quantity'\?"),
        (lambda: Hold(5.0), "RUN-002.*takes one Hold.Config or settings"),
        (lambda: Hold(Hold.Config(), quantity=1.0), "RUN-002.*takes one Hold.Config or settings"),
    ],
)
def test_wrong_settings_are_named_errors(make: Any, says: str) -> None:
    """RUN-002 with the nearest setting that exists."""
    with pytest.raises(HedgerowError, match=says):
        make()


def test_a_configuration_that_could_change_is_refused() -> None:
    """A dataclass that is not frozen is RUN-002 when the strategy is made."""

    class Loose(Strategy):
        @dataclasses.dataclass
        class Config:
            quantity: float = 1.0

    with pytest.raises(HedgerowError, match=r"RUN-002.*frozen=True"):
        Loose()


def test_a_missing_setting_is_a_named_error() -> None:
    """A setting without a default must be given."""

    class Needs(Strategy):
        @dataclasses.dataclass(frozen=True)
        class Config:
            window: int

    with pytest.raises(HedgerowError, match=r"RUN-002.*'window'"):
        Needs()


def strategy_with(**members: Any) -> type[Strategy]:
    """A strategy class with these members."""
    return type("Odd", (Strategy,), members)


def ignore(self: Any, *_: Any) -> None:
    """A handler that does nothing."""


@pytest.mark.parametrize(
    ("strategy", "says"),
    [
        (strategy_with(on_barr=ignore), r"RUN-002.*Odd.on_barr is no handler; did you mean 'on_bar'"),
        (strategy_with(on_fills=ignore, on_bar=ignore), r"RUN-002.*did you mean 'on_fill'"),
        (strategy_with(on_quote=ignore), "RUN-002.*Odd.on_quote: a run over bars has no such events"),
        (strategy_with(on_trade=ignore), "RUN-002.*Odd.on_trade: a run over bars has no such events"),
        (strategy_with(on_book=ignore), "RUN-002.*Odd.on_book: a run over bars has no such events"),
        (strategy_with(), "RUN-002.*Odd hears nothing; write one of on_bar, on_fill, on_timer"),
        (strategy_with(next=ignore), "RUN-002.*belongs to SimpleStrategy"),
        (strategy_with(__init__=ignore, on_bar=ignore), r"RUN-002.*does not call super\(\).__init__"),
        (lambda bar: None, "RUN-002.*is no Strategy"),
        (3, "RUN-002.*int is no Strategy"),
    ],
)
def test_a_strategy_that_cannot_be_heard_is_refused_before_anything_is_written(
    strategy: Any, says: str, tmp_path: Path
) -> None:
    """Misspelt and foreign handlers are named errors, and no journal is begun for them."""
    with pytest.raises(HedgerowError, match=says):
        backtest(BARS, strategy, log=tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


class Faulty(Strategy):
    """Fails at a chosen moment."""

    where = "on_bar"
    error: BaseException

    def _fail(self, where: str) -> None:
        if self.where == where:
            raise self.error

    def on_start(self) -> None:
        """Perhaps fail."""
        self.every(days=1)
        self._fail("on_start")

    def on_bar(self, bar: Any) -> None:
        """Buy, then perhaps fail at the fourth bar."""
        self.buy(1)
        if bar.ts == 4 * DAY_NS:
            self._fail("on_bar")

    def on_fill(self, fill: Any) -> None:
        """Perhaps fail."""
        self._fail("on_fill")

    def on_timer(self, now: int) -> None:
        """Perhaps fail."""
        self._fail("on_timer")

    def on_stop(self) -> None:
        """Perhaps fail."""
        self._fail("on_stop")


@pytest.mark.parametrize("where", ["on_start", "on_bar", "on_fill", "on_timer", "on_stop"])
@pytest.mark.parametrize("make", [lambda: ZeroDivisionError("mine"), KeyboardInterrupt, lambda: problem("RUN_NUMBER")])
def test_what_a_strategy_raises_comes_out_as_it_is(where: str, make: Any, tmp_path: Path) -> None:
    """The very exception object, with the strategy's own lines, from every handler; what was logged verifies."""
    strategy = Faulty()
    strategy.where = where
    strategy.error = error = make()
    with pytest.raises(type(error)) as caught:
        backtest(BARS, strategy, log=tmp_path / "log")
    assert caught.value is error
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names[-2:] == [where, "_fail"]
    assert hedgerow.verify(tmp_path / "log").records > 0


def test_timers_are_called_after_the_bars_of_their_time() -> None:
    """Every two days: at the first bar, then whenever two days have passed, after `on_bar`."""
    heard: list[Any] = []

    class Timed(Strategy):
        def on_start(self) -> None:
            self.every(days=2)

        def on_bar(self, bar: Any) -> None:
            heard.append(("bar", bar.ts // DAY_NS))

        def on_timer(self, now: int) -> None:
            heard.append(("timer", now // DAY_NS))
            assert now == self.now

    backtest(BARS, Timed)
    assert [day for kind, day in heard if kind == "timer"] == [1, 3, 5, 7]
    assert heard[:3] == [("bar", 1), ("timer", 1), ("bar", 2)]


@pytest.mark.parametrize("days", [0.0, -1.0])
def test_a_timer_needs_a_positive_interval(days: float) -> None:
    """RUN-002 with the number."""

    class Timed(Strategy):
        def on_start(self) -> None:
            self.every(days=days)

        def on_timer(self, now: int) -> None: ...

    with pytest.raises(HedgerowError, match=r"RUN-002"):
        backtest(BARS, Timed)


def test_indicators_are_fed_before_each_bar_is_told() -> None:
    """A three-bar mean is ready at the third bar and holds that bar's close."""
    seen: list[Any] = []

    class Averages(Strategy):
        def on_start(self) -> None:
            self.mean, self.fast = self.sma(3), self.ema(2)
            self.spread, self.distance = self.rolling_std(3), self.zscore(3)
            self.highest = self.sma(2, field="high")

        def on_bar(self, bar: Any) -> None:
            seen.append((self.mean.ready, self.mean.value, self.spread.value, self.highest.value))
            assert self.fast.ready == (bar.ts >= 2 * DAY_NS)

    backtest(BARS, Averages)
    assert [ready for ready, *_ in seen[:4]] == [False, False, True, True]
    assert np.isnan(seen[1][1])
    assert seen[2][1:] == (11.0, 1.0, 11.5)


def test_an_indicator_of_several_fields_is_fed_all_of_them() -> None:
    """A range volatility has the bars' fields that its inputs are called after, and no quote where there is none."""
    seen: list[Any] = []
    close = np.array([10.0, 12.0, 11.0])
    bars = Bars.from_arrays(
        np.arange(1, 4) * DAY_NS, open=close - 0.5, high=close + 1.0, low=close - 1.0, close=close, volume=[1, 1, 1]
    )

    class Ranges(Strategy):
        def on_start(self) -> None:
            self.volatility = self.indicator("garman_klass", window=2)

        def on_bar(self, bar: Any) -> None:
            seen.append(self.volatility.value)

    backtest(bars, Ranges)
    np.testing.assert_array_equal(seen, hedgerow.garman_klass(close - 0.5, close + 1.0, close - 1.0, close, 2))


def test_unknown_volume_is_told_as_unknown() -> None:
    """A bar without volume says None, and an indicator of volume is never fed a made-up number."""
    seen: list[Any] = []

    class Volumes(Strategy):
        def on_start(self) -> None:
            self.mean = self.sma(2, field="volume")

        def on_bar(self, bar: Any) -> None:
            seen.append((bar.volume, self.mean.value))

    backtest(BARS, Volumes)
    assert all(volume is None and np.isnan(mean) for volume, mean in seen)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: s.sma(3, field="clothes"), "RUN-002.*use open, high, low, close or volume"),
        (lambda s: s.sma(3, "XYZ"), "CORE-007.*XYZ"),
        (lambda s: s.sma(0), "window"),
        (lambda s: s.indicator("smaa", window=3), "smaa"),
        (lambda s: s.indicator("ofi"), 'RUN-002.*field="bid_price"'),
    ],
)
def test_wrong_indicators_are_named_errors(ask: Any, says: str) -> None:
    """An unknown field, instrument, window or kind says what there is."""

    class Asks(Strategy):
        def on_start(self) -> None:
            ask(self)

        def on_bar(self, bar: Any) -> None: ...

    with pytest.raises(HedgerowError, match=says):
        backtest(BARS, Asks)


def test_instruments_listed_at_different_times_are_told_when_they_trade() -> None:
    """One bar per instrument and time, in order; a position in each; naming none of two is an error."""
    heard: list[Any] = []

    class Both(Strategy):
        def on_bar(self, bar: Any) -> None:
            heard.append((bar.ts // DAY_NS, bar.symbol))
            if self.position_of(bar.symbol) == 0:
                self.order_target(10, bar.symbol)

    result = backtest(TWO, Both, costs=Costs.none())
    assert heard == [(1, "AAA"), (2, "AAA"), (3, "AAA"), (3, "BBB"), (4, "AAA"), (4, "BBB")]
    assert result.fills[["symbol", "price"]].values.tolist() == [["AAA", 11.0], ["BBB", 21.0]]

    class Unsaid(Strategy):
        def on_bar(self, bar: Any) -> None:
            self.buy(1)

    with pytest.raises(HedgerowError, match=r"RUN-002.*2 instruments: say which symbol"):
        backtest(TWO, Unsaid)


def test_an_order_before_the_first_price_is_denied() -> None:
    """At `on_start` no session is open and no price is known; the ticket says so and nothing trades."""
    tickets: list[Any] = []

    class Early(Strategy):
        def on_start(self) -> None:
            tickets.append(self.buy(1))

        def on_bar(self, bar: Any) -> None: ...

    result = backtest(BARS, Early)
    assert [ticket.code for ticket in tickets] == ["RISK-002"]
    assert result.fills.empty
    assert result.final_nav == 1_000_000


def test_a_bar_says_all_that_is_known_of_it() -> None:
    """Prices, ticks, time, record and a readable form."""
    seen: list[Any] = []

    class Looks(Strategy):
        def on_bar(self, bar: Any) -> None:
            seen.append(bar)

    backtest(BARS, Looks)
    bar = seen[0]
    assert (bar.open, bar.high, bar.low, bar.close, bar.close_ticks) == (10.0, 10.0, 10.0, 10.0, 1000)
    assert (bar.ts, bar.symbol) == (DAY_NS, "ASSET")
    assert bar.id > 0
    assert repr(bar) == f"Bar(ASSET, ts={DAY_NS}, close=10)"
    with pytest.raises(AttributeError):
        bar.close = 3.0


def test_a_bar_that_is_kept_never_changes() -> None:
    """The object of a bar is used again only while nobody has it: what a strategy keeps stays as it was."""
    kept: list[Any] = []
    fresh: list[tuple[str, float]] = []

    class Keeps(Strategy):
        """Keeps every second bar."""

        def on_bar(self, bar: Any) -> None:
            """Look at every bar, keep some."""
            fresh.append((bar.symbol, bar.close))
            if len(fresh) % 2:
                kept.append(bar)

    backtest(TWO, Keeps)
    assert fresh == [("AAA", 10), ("AAA", 11), ("AAA", 12), ("BBB", 20), ("AAA", 13), ("BBB", 21)]
    assert [(bar.symbol, bar.close) for bar in kept] == fresh[::2]
    assert [bar.ts // DAY_NS for bar in kept] == [1, 3, 4]
    assert len({bar.id for bar in kept}) == 3


def test_a_strategy_may_run_again() -> None:
    """The same object, run twice, starts afresh in each run."""
    strategy = Hold(quantity=5.0)
    first, second = backtest(BARS, strategy), backtest(BARS, strategy)
    assert first.state_hash == second.state_hash
    assert len(second.fills) == 1


def test_progress_is_told_and_ends_with_all_rows() -> None:
    """Long runs call back now and then; every run calls back at its end."""
    told: list[int] = []
    many = Bars.from_arrays(np.arange(1, 150_001) * MINUTE_NS, close=np.full(150_000, 1000, dtype=np.int64), **ONE)
    backtest(many, strategy_with(on_fill=ignore, on_bar=None), progress=told.append)
    assert told[-1] == 150_000
    assert told == sorted(told)
    assert len(told) >= 3


ONE: dict[str, Any] = {"instruments": hedgerow.Instrument("ABC"), "span": "1min"}
