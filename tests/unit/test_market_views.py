"""Bars as people and other stages see them: selections, frames, digests, descriptions."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import CoreError, DataError
from hedgerow.market import Bars, Instrument, quality_report

DAY = 86_400 * 10**9
START = pd.Timestamp("2019-12-31", tz="UTC").value


def year_end() -> Bars:
    """Two instruments, sessions of 30 December 2019 to 2 January 2020 (closing at the midnights that end them)."""
    frame = pd.DataFrame(
        {"A": [1.0, 2.0, 3.0, 4.0], "B": [5.0, 6.0, 7.0, 8.0]}, index=pd.date_range("2019-12-30", periods=4)
    )
    return Bars.from_frame(frame)


def test_a_slice_by_dates_holds_the_sessions_of_those_dates():
    """The last session of a year closes in the next one, and still belongs to it."""
    bars = year_end()
    assert bars.slice("2019-12-30", "2019-12-31").close_frame()["A"].tolist() == [1.0, 2.0]
    assert bars.slice("2020-01-01").close_frame()["A"].tolist() == [3.0, 4.0]
    assert bars.slice(end="2019-12-30").close_frame()["A"].tolist() == [1.0]
    assert bars.slice(START, START + DAY).close_frame()["A"].tolist() == [1.0, 2.0]
    with pytest.raises(
        DataError, match=r"DATA-009 .*no bars from 2021-01-01 to None; there are 8 bars from 2019-12-31"
    ):
        bars.slice("2021-01-01")


def test_a_selection_keeps_the_order_asked_for():
    """Indices follow the new order; an unknown symbol gets a suggestion."""
    bars = year_end().select(["B", "A"])
    assert bars.symbols == ("B", "A")
    assert bars.close_ticks[:2].tolist() == [500, 100]
    assert bars.instrument[:2].tolist() == [0, 1]
    assert year_end().select("B").symbols == ("B",)
    with pytest.raises(CoreError, match=r"CORE-007 .*'AAPl'; did you mean 'AAPL'"):
        Bars.from_arrays([1, 2], close=[1, 1], instruments=Instrument("AAPL")).select("AAPl")


def test_only_what_was_known_is_seen():
    """`ts_init` decides, not `ts_event`."""
    bars = Bars.from_arrays([10, 20, 30], close=[1, 2, 3], ts_init=[15, 90, 31], instruments=Instrument("A"))
    assert bars.ts_init.tolist() == [15, 31, 90]
    assert bars.known_as_of(40).close_ticks.tolist() == [1, 3]
    assert bars.select("A").slice(15).close_ticks.tolist() == [3, 2]
    assert bars.close_frame()["A"].tolist() == [0.01, 0.02, 0.03]
    with pytest.raises(DataError, match="DATA-009"):
        bars.known_as_of(5)


def test_equal_data_have_equal_digests_and_one_changed_tick_another():
    """Wherever they came from, and in every process."""
    bars = year_end()
    columns = bars.columns() | {"close_ticks": np.array(bars.close_ticks) + 0}
    same = Bars(**columns, instruments=bars.instruments)
    assert same.digest() == bars.digest()
    columns["close_ticks"] = columns["high_ticks"] = columns["open_ticks"] = np.array(bars.close_ticks) + 1
    columns["low_ticks"] = columns["close_ticks"]
    assert Bars(**columns, instruments=bars.instruments).digest() != bars.digest()
    assert pickle.loads(pickle.dumps(bars)).digest() == bars.digest()


def test_frames_hold_prices_in_currency_and_unknown_volume_as_missing():
    """Long and wide."""
    bars = year_end()
    long = bars.frame()
    assert list(long.columns) == ["ts_event", "ts_init", "symbol", "open", "high", "low", "close", "volume"]
    assert long["close"].tolist()[:2] == [1.0, 5.0]
    assert long["volume"].isna().all()
    assert str(bars.close_frame().index.tz) == "UTC"


def test_prices_of_each_instrument_use_its_own_tick():
    """Two ticks in one set."""
    coins = [Instrument("A", tick="0.25"), Instrument("B", tick="0.00001", lot="0.001")]
    bars = Bars.from_arrays([1, 1], close=[3, 3], volume=[5, 5], instrument=[0, 1], instruments=coins, span=1)
    assert bars.prices().tolist() == [0.75, 0.00003]
    assert bars.volumes().tolist() == [5.0, 0.005]


def test_bars_describe_themselves():
    """In a line, as a table, and in a notebook."""
    bars = year_end()
    assert repr(bars) == "Bars(8 bars from 2019-12-31T00:00:00 to 2020-01-03T00:00:00 UTC: A, B)"
    assert bars.describe().loc["B", "highest"] == 8.0
    assert "<table" in bars._repr_html_()
    assert (len(bars), bars.n_times) == (8, 4)


def test_columns_of_another_type_are_refused_even_when_bars_are_made_directly():
    """What the kernel reads is int64, whoever made it."""
    bars = year_end()
    with pytest.raises(DataError, match=r"DATA-015 .*close_ticks is float64"):
        Bars(**(bars.columns() | {"close_ticks": bars.prices()}), instruments=bars.instruments)


def test_sets_of_bars_join_into_one():
    """And the same instrument twice is refused."""
    bars = year_end()
    joined = Bars.joined([bars.select("B"), bars.select("A")])
    assert joined.symbols == ("B", "A")
    assert len(joined) == 8
    with pytest.raises(DataError, match="DATA-005"):
        Bars.joined([bars, bars])
    with pytest.raises(DataError, match="DATA-009"):
        Bars.joined([])


def test_the_quality_report_counts_gaps_spikes_and_stale_prices():
    """A flat run, a jump and a hole, each where it is."""
    rng = np.random.default_rng(7)
    closes = 10_000 + np.cumsum(rng.integers(1, 9, 200) * rng.choice([-1, 1], 200))
    closes[50:58] = closes[49]
    closes[120:] += 3_000
    times = np.arange(200) * 60 * 10**9
    times[80:] += 3_600 * 10**9
    volume = np.where(np.arange(200) < 3, 0, 10)
    bars = Bars.from_arrays(times, close=closes, volume=volume, instruments=Instrument("A"))
    row = quality_report(bars).loc["A"]
    assert (row["bars"], row["gaps"], row["gap_max_ns"]) == (200, 1, 3_660 * 10**9)
    assert row["spikes"] == 1
    assert row["spike_at"].value == times[120]
    assert (row["stale_runs"], row["stale_max"]) == (1, 9)
    assert (row["volume_unknown"], row["volume_zero"]) == (0, 3)


def test_a_single_bar_has_no_figures_but_its_count():
    """No scale to judge by is not a spike."""
    row = quality_report(Bars.from_arrays([1], close=[5], instruments=Instrument("A"), span=1)).loc["A"]
    assert (row["bars"], row["gaps"], row["spikes"], row["stale_runs"]) == (1, 0, 0, 0)
    assert np.isnan(row["spike_max_z"])


def test_importing_the_stage_loads_neither_pandas_nor_arrow():
    """They are loaded when a table is."""
    code = "import sys, hedgerow.market; print([m for m in ('pandas', 'pyarrow', 'skfolio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
