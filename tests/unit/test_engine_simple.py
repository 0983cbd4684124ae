"""`init` and `next`: series that end at the present, indicators that may not look ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hedgerow import Bars, Costs, HedgerowError, SimpleStrategy, backtest, crossover, ema, sma, zscore

DAY_NS = 86_400 * 10**9
CLOSES = np.round(100 + np.cumsum(np.random.default_rng(5).normal(0, 1, 60)), 2)
BARS = Bars.from_arrays(np.arange(1, 61) * DAY_NS, close=CLOSES)


def watching(init: Any, look: Any) -> tuple[type[SimpleStrategy], list[Any]]:
    """A strategy that computes with `init` and keeps what `look` sees at each `next`."""
    seen: list[Any] = []

    class Watching(SimpleStrategy):
        def init(self) -> None:
            init(self)

        def next(self) -> None:
            seen.append(look(self))

    return Watching, seen


def test_a_series_ends_at_the_present() -> None:
    """At bar n there are n values, the last is now, and the data say the same."""
    strategy, seen = watching(
        lambda s: None, lambda s: (len(s.data.close), s.data.close[-1], s.data.close[0], len(s.data))
    )
    backtest(BARS, strategy)
    assert seen == [(n + 1, close, CLOSES[0], n + 1) for n, close in enumerate(CLOSES)]


@pytest.mark.parametrize("index", [1, 60, -2, -61])
def test_a_series_cannot_be_read_beyond_the_present(index: int) -> None:
    """At the first bar there is one value, whatever lies in the arrays."""
    strategy, _ = watching(lambda s: None, lambda s: s.data.close[index])
    with pytest.raises(IndexError, match=r"of a series with 1 known values"):
        backtest(BARS, strategy)


def test_a_series_as_an_array_holds_only_what_is_known() -> None:
    """NumPy sees what `next` sees, and a slice is an array of it."""
    strategy, seen = watching(lambda s: None, lambda s: (np.mean(s.data.close), s.data.close[-3:].tolist()))
    backtest(BARS, strategy)
    assert [mean for mean, _ in seen] == pytest.approx([CLOSES[: n + 1].mean() for n in range(60)])
    assert seen[9][1] == CLOSES[7:10].tolist()
    assert seen[0][1] == CLOSES[:1].tolist()


def test_next_waits_until_every_series_has_begun() -> None:
    """With means of 5 and 20 bars the first `next` is at bar 20."""

    def init(strategy: Any) -> None:
        strategy.fast, strategy.slow = strategy.I(sma, strategy.data.close, 5), strategy.I(sma, strategy.data.close, 20)

    strategy, seen = watching(init, lambda s: (len(s.slow), s.slow[-1]))
    backtest(BARS, strategy)
    assert seen[0] == (20, pytest.approx(CLOSES[:20].mean()))
    assert len(seen) == 41


def test_a_series_that_never_begins_never_trades() -> None:
    """A mean over more bars than there are keeps the strategy waiting."""
    strategy, seen = watching(lambda s: s.I(sma, s.data.close, 61), lambda s: None)
    backtest(BARS, strategy)
    assert seen == []


HONEST = {
    "features of ours": lambda close: ema(close, 5),
    "a rolling pandas mean": lambda close: pd.Series(close).rolling(7).mean(),
    "a difference": lambda close: np.diff(close, prepend=np.nan),
    "sums in another order": lambda close: np.array([np.sum(close[: n + 1][::-1]) for n in range(len(close))]),
    "our z-score": lambda close: zscore(close, 10),
    "a constant": lambda close: np.full(len(close), 3.0),
    "one that needs thirty bars": lambda close: np.r_[np.full(29, np.nan), np.convolve(close, np.ones(30), "valid")],
}
LOOKING_AHEAD = {
    "tomorrow's close": lambda close: np.r_[close[1:], np.nan],
    "the mean of all": lambda close: close - close.mean(),
    "the highest of all": lambda close: close / close.max(),
    "a centred mean": lambda close: pd.Series(close).rolling(5, center=True).mean(),
    "the lowest of all": lambda close: close / close.min(),
    "filled backwards": lambda close: pd.Series(close).where(np.arange(len(close)) % 2 == 1).bfill(),
    "the rank in all": lambda close: pd.Series(close).rank(),
    "reversed": lambda close: close[::-1],
}


@pytest.mark.parametrize("name", HONEST)
def test_indicators_of_the_past_are_accepted(name: str) -> None:
    """What needs many bars, or sums in another order, is no look ahead."""
    strategy, seen = watching(lambda s: s.I(HONEST[name], s.data.close), lambda s: None)
    backtest(BARS, strategy)
    assert seen


@pytest.mark.parametrize("name", LOOKING_AHEAD)
def test_indicators_of_the_future_are_refused(name: str) -> None:
    """MODEL-009 names the function, a bar, and the two values it gave for it."""
    strategy, _ = watching(lambda s: s.I(LOOKING_AHEAD[name], s.data.close), lambda s: None)
    with pytest.raises(HedgerowError, match=r"MODEL-009.*<lambda> says .* of bar \d+"):
        backtest(BARS, strategy)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda close: close[5:], "RUN-003.*one value per bar"),
        (lambda close: 3.0, "RUN-003.*one value per bar"),
        (lambda close: np.column_stack([close, close]), "RUN-003.*one value per bar"),
    ],
)
def test_an_indicator_of_another_shape_is_a_named_error(function: Any, says: str) -> None:
    """One value per bar, no more, no fewer."""
    strategy, _ = watching(lambda s: s.I(function, s.data.close), lambda s: None)
    with pytest.raises(HedgerowError, match=says):
        backtest(BARS, strategy)


def test_an_exception_in_an_indicator_comes_out_as_it_is() -> None:
    """With the indicator's own line."""

    def fails(close: Any) -> Any:
        raise LookupError("mine")

    strategy, _ = watching(lambda s: s.I(fails, s.data.close), lambda s: None)
    with pytest.raises(LookupError, match=r"mine") as caught:
        backtest(BARS, strategy)
    assert caught.traceback[-1].name == "fails"


def test_columns_are_the_bars_own() -> None:
    """open, high, low, close and volume by name; another name has a suggestion."""
    strategy, seen = watching(
        lambda s: None, lambda s: (s.data.open[-1], s.data.high[-1], s.data.low[-1], s.data.volume[-1])
    )
    backtest(BARS, strategy)
    assert seen[3][:3] == (CLOSES[3],) * 3
    assert np.isnan(seen[3][3])
    strategy, _ = watching(lambda s: None, lambda s: s.data.clsoe)
    with pytest.raises(AttributeError, match=r"no column 'clsoe'; did you mean 'close'"):
        backtest(BARS, strategy)


def test_crossover_is_true_on_the_bar_of_crossing_only() -> None:
    """From at or below to above, against a series or a number; never before two bars are known."""
    closes = [1.0, 2.0, 3.0, 2.0, 2.0, 3.0]
    bars = Bars.from_arrays(np.arange(1, 7) * DAY_NS, close=closes)
    strategy, seen = watching(lambda s: None, lambda s: crossover(s.data.close, 2.0))
    backtest(bars, strategy)
    assert seen == [False, False, True, False, False, True]

    def init(strategy: Any) -> None:
        strategy.line = strategy.I(lambda close: np.full(len(close), 2.0), strategy.data.close)

    strategy, seen = watching(init, lambda s: (crossover(s.data.close, s.line), crossover(s.line, s.data.close)))
    backtest(bars, strategy)
    assert [up for up, _ in seen] == [False, False, True, False, False, True]
    strategy, seen = watching(init, lambda s: crossover(2.5, s.data.close))
    backtest(bars, strategy)
    assert seen == [False, False, False, True, False, False]


def test_init_and_next_trade_one_instrument() -> None:
    """RUN-002 says how many the data hold."""
    both = Bars.joined([BARS, Bars.from_arrays(np.arange(1, 61) * DAY_NS, close=CLOSES, symbol="B")])
    strategy, _ = watching(lambda s: None, lambda s: None)
    with pytest.raises(HedgerowError, match=r"RUN-002.*the data hold 2"):
        backtest(both, strategy)


def test_a_strategy_without_next_is_a_named_error() -> None:
    """RUN-002 names the class."""

    class Nothing(SimpleStrategy):
        def init(self) -> None: ...

    with pytest.raises(HedgerowError, match=r"RUN-002.*Nothing has no next\(\)"):
        backtest(BARS, Nothing)


def test_position_and_book_are_known_in_next() -> None:
    """`position`, `nav` and the order words are those of an event strategy."""

    def act(strategy: Any) -> Any:
        if strategy.position == 0:
            strategy.order_target_weight(0.5)
        return strategy.position, strategy.nav

    strategy, seen = watching(lambda s: None, act)
    result = backtest(BARS, strategy, costs=Costs.none(), cash=10_000)
    assert seen[0] == (0.0, 10_000.0)
    assert seen[1][0] == int(5_000 / CLOSES[0])
    assert seen[-1][1] == pytest.approx(result.final_nav)
