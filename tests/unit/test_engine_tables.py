"""Signals and weights as tables of times: which bar each row speaks to, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hedgerow import Bars, Costs, HedgerowError, Instrument, _core, backtest
from hedgerow.engine.vectors import HOLD, LOTS_MAX

FREE = Costs.none()
DAYS = pd.bdate_range("2024-01-01", periods=10)
CLOSES = pd.DataFrame({"AAA": np.arange(10.0, 20.0), "BBB": np.arange(30.0, 20.0, -1.0)}, index=DAYS)


def bought_at(signals: Any, data: Any = CLOSES[["AAA"]], **options: Any) -> list[float]:
    """Prices of the fills that signals give."""
    prices: list[float] = backtest(data, signals=signals, costs=FREE, **options).fills["price"].tolist()
    return prices


WANTED = (CLOSES["AAA"] >= 12).astype(int)


@pytest.mark.parametrize(
    "signals",
    [
        WANTED,
        WANTED.to_frame(),
        WANTED.astype(bool),
        WANTED.astype(float),
        WANTED.to_numpy(),
        WANTED.to_numpy()[:, None],
        WANTED.to_list(),
        WANTED.reset_index(drop=True),
        WANTED[WANTED == 1].iloc[:1],
        WANTED.sort_index(ascending=False),
        WANTED.tz_localize("America/New_York"),
        WANTED.set_axis(WANTED.index.date, axis=0),
        WANTED.set_axis(WANTED.index.to_period("D"), axis=0),
        WANTED.to_numpy()[::-1][::-1],
        (WANTED == 1).to_numpy()[::-1][::-1],
    ],
    ids=lambda s: f"{type(s).__name__} {getattr(s, 'dtype', '')}",
)
def test_signals_of_any_shape_speak_to_their_session(signals: Any) -> None:
    """A signal of the day that closes at 12 trades at the next price, 13, however it is written."""
    assert bought_at(signals) == [13.0]


def test_a_table_of_closes_speaks_at_its_times() -> None:
    """`close_frame` is labelled by closes; what is computed from it is not taken for dates."""
    bars = Bars.from_frame(CLOSES[["AAA"]])
    table = (bars.close_frame() >= 12).astype(int)
    assert bought_at(table, bars) == [13.0]


def test_dates_on_bars_within_the_day_speak_at_its_last_bar() -> None:
    """What is known of a date is known when it ends."""
    minutes = pd.date_range("2024-01-02 10:00", periods=3, freq="h").append(
        pd.date_range("2024-01-03 10:00", periods=3, freq="h")
    )
    data = pd.DataFrame({"AAA": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}, index=minutes)
    assert bought_at(pd.Series([1], index=pd.to_datetime(["2024-01-02"])), data) == [4.0]


def test_times_within_the_day_speak_to_the_bar_that_closes_then() -> None:
    """Exact times, in any zone."""
    hours = pd.date_range("2024-01-02 10:00", periods=4, freq="h", tz="UTC")
    data = pd.DataFrame({"AAA": [1.0, 2.0, 3.0, 4.0]}, index=hours)
    signals = pd.Series([1], index=hours[[1]].tz_convert("Asia/Tokyo"))
    assert bought_at(signals, data) == [3.0]


def test_a_time_without_a_row_leaves_the_position_as_it_is() -> None:
    """So does a row that is not a number; a zero closes."""
    signals = pd.Series([1.0, np.nan, 0.0], index=DAYS[[0, 3, 5]])
    assert bought_at(signals) == [11.0, 16.0]


def test_columns_are_matched_by_name_not_by_place() -> None:
    """A frame in another order, or of some instruments only, trades the ones it names."""
    weights = pd.DataFrame({"BBB": 0.25, "AAA": 0.5}, index=DAYS)
    fills = backtest(CLOSES, weights=weights.iloc[:1], costs=FREE, cash=10_000).fills
    assert dict(zip(fills["symbol"], fills["quantity"], strict=True)) == {"AAA": 500.0, "BBB": 83.0}
    assert backtest(CLOSES, weights=weights[["BBB"]].iloc[:1], costs=FREE).fills["symbol"].tolist() == ["BBB"]


def test_columns_named_by_numbers_are_matched_too() -> None:
    """Frames of closes may have numbers for names; so may the tables computed from them."""
    numbered = CLOSES.rename(columns={"AAA": 600519, "BBB": 1})
    assert backtest(numbered, signals=numbered * 0 + 1, costs=FREE).fills["symbol"].tolist() == ["600519", "1"]


def test_a_row_without_a_bar_of_that_instrument_waits_for_nobody() -> None:
    """Before its listing an instrument has no bars, and what a table says of it then is not carried forward."""
    late = CLOSES.assign(BBB=CLOSES["BBB"].where(np.arange(10) >= 4))
    signals = pd.DataFrame({"AAA": 1, "BBB": 1}, index=DAYS[[0]])
    assert backtest(late, signals=signals, costs=FREE).fills["symbol"].tolist() == ["AAA"]
    every = pd.DataFrame({"AAA": 1, "BBB": 1}, index=DAYS)
    assert backtest(late, signals=every, costs=FREE).fills["price"].tolist() == [11.0, 25.0]


@pytest.mark.parametrize(
    ("signals", "says"),
    [
        (CLOSES.rename(columns={"AAA": "AAB"}), r"RUN-003.*column 'AAB' is no instrument; did you mean 'AAA'"),
        (pd.concat([CLOSES, CLOSES[["AAA"]]], axis=1), r"RUN-003.*two columns 'AAA'"),
        (WANTED, r"RUN-003.*one series, the bars hold 2 instruments"),
        (
            CLOSES.set_axis(DAYS + pd.Timedelta(days=365), axis=0),
            r"RUN-003.*2024-12-31.*match no bar; sessions run from",
        ),
        (CLOSES.set_axis(DAYS + pd.Timedelta(hours=1), axis=0), r"RUN-003.*match no bar; bars close from"),
        (pd.concat([CLOSES, CLOSES.iloc[[3]]]), r"RUN-003.*2024-01-04.*twice"),
        (CLOSES.iloc[:0], r"RUN-003.*no rows"),
        (CLOSES.astype(str).replace("12.0", "twelve"), r"RUN-003.*not numbers"),
        (CLOSES.reset_index(drop=True), r"RUN-003.*not times"),
        (np.ones((9, 2)), r"RUN-003.*shape \(9, 2\).*\(20,\) or \(10, 2\)"),
        (np.full((10, 2), "a"), r"RUN-003.*not numbers"),
        (np.full((10, 2), np.inf), r"RUN-003.*infinity at row 0"),
        (np.full((10, 2), 0.5), r"RUN-008.*row 0: signal 0.5 times size 1.0 is not a whole number of lots"),
        (np.full((10, 2), 1e18), r"RUN-008.*lots"),
    ],
)
def test_tables_that_do_not_fit_are_refused_by_name(signals: Any, says: str) -> None:
    """The column, the time or the shape that does not fit, and what would."""
    with pytest.raises(HedgerowError, match=says):
        backtest(CLOSES, signals=signals)


def test_signals_become_whole_lots_up_to_the_most_and_nan_leaves_the_position() -> None:
    """Exactly, of either sign; a signal that is within a millionth of a lot is that lot."""
    signals = np.array([0.0, 1.0, -1.0, np.nan, 0.5, -2.5, 2.0**43, -(2.0**43), 0.125 + 1e-8, -0.0])
    lots = _core.wanted_lots(signals, 8.0, LOTS_MAX)
    assert lots.tolist() == [0, 8, -8, HOLD, 4, -20, 2**46, -(2**46), 1, 0]


@pytest.mark.parametrize("refused", [0.3, np.inf, -np.inf, 2.0**43 + 1])
def test_one_signal_that_is_no_number_of_lots_is_enough(refused: float) -> None:
    """Not a whole number, none at all, or more than the most: whoever asks then looks for it."""
    assert _core.wanted_lots(np.array([0.0, refused, 1.0]), 8.0, LOTS_MAX) is None


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf"), 1e30])
def test_a_size_is_a_positive_number_of_units(size: float) -> None:
    """RUN-002 or RUN-008 with the size."""
    with pytest.raises(HedgerowError, match=r"RUN-00[28].*size"):
        backtest(CLOSES, signals=np.ones((10, 2)), size=size)


def test_sizes_in_fractions_of_a_coin_are_exact() -> None:
    """0.3 coins in lots of 0.1 are three lots, though 0.3 / 0.1 is not 3 in floats."""
    bars = Bars.from_frame(CLOSES[["AAA"]], instruments=Instrument("AAA", lot="0.1"))
    result = backtest(bars, signals=WANTED, size=0.3, costs=FREE)
    assert result.fills["quantity"].tolist() == [0.3]


def test_whole_numbers_beyond_a_byte_are_signals_too() -> None:
    """Wanted shares written as integers, whatever their type."""
    for dtype in (np.int16, np.int64, np.uint16):
        result = backtest(CLOSES[["AAA"]], signals=np.full(10, 500, dtype=dtype), costs=FREE)
        assert result.fills["quantity"].tolist() == [500.0]


def test_a_weight_of_one_reinvests_its_gains() -> None:
    """Under the default limits a winning book grows with its gains, and nothing is denied."""
    rising = pd.DataFrame({"UP": np.round(100 * 1.02 ** np.arange(60), 2)}, index=pd.bdate_range("2024", periods=60))
    in_and_out = (np.arange(60) // 5 % 2 == 0).astype(float)
    result = backtest(rising, weights=in_and_out, costs=FREE)
    assert result.verdicts["decision"].eq("approved").all()
    assert result.positions["value"].iloc[-2] > 1_500_000


def test_a_book_can_be_turned_over_in_one_step() -> None:
    """From all of one instrument to all of another: the buy is not denied while the sale is on its way."""
    weights = pd.DataFrame({"AAA": [1.0, 0.0], "BBB": [0.0, 1.0]}, index=DAYS[[0, 5]])
    result = backtest(CLOSES, weights=weights)
    assert result.verdicts["decision"].eq("approved").all()
    assert result.positions.groupby("symbol")["quantity"].last()["AAA"] == 0
    assert result.positions.groupby("symbol")["quantity"].last()["BBB"] > 30_000
