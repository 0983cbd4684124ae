"""Ticks and order: what holds for every price and every arrangement of rows."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.core.errors import DataError
from hedgerow.market import Bars, Instrument
from hedgerow.market.ticks import auto_tick

TICKS = st.sampled_from(["0.01", "0.05", "0.25", "0.0001", "0.00001", "0.00000001", "0.5", "1", "5"])
WHOLE = st.integers(min_value=1, max_value=10**9)


@given(tick=TICKS, ticks=st.lists(WHOLE, min_size=1, max_size=50))
def test_every_price_on_a_tick_survives_the_way_to_ticks_and_back(tick, ticks):
    """Decimal -> float -> ticks -> float: nothing is lost, whatever the tick."""
    instrument = Instrument("X", tick=tick)
    prices = np.array([float(instrument.price(n)) for n in ticks])
    bars = Bars.from_arrays(np.arange(1, len(ticks) + 1), close=prices, instruments=instrument, span=1)
    assert bars.close_ticks.tolist() == ticks
    assert bars.prices().tolist() == prices.tolist()


@given(tick=TICKS, ticks=WHOLE, part=st.floats(min_value=0.26, max_value=0.74))
def test_no_price_between_ticks_is_ever_accepted(tick, ticks, part):
    """Nor rounded unless asked; rounding moves it by half a tick at most."""
    instrument = Instrument("X", tick=tick)
    price = [float(instrument.price(ticks)) + part * float(instrument.tick)] * 2
    arguments = {"close": price, "instruments": instrument, "span": 1}
    if abs(np.float64(np.float32(price[0])) - price[0]) <= 1e-14 * price[0]:
        return  # single precision stands for a decimal of its own
    with pytest.raises(DataError, match="DATA-007"):
        Bars.from_arrays([1, 2], **arguments)
    rounded = Bars.from_arrays([1, 2], **arguments, off_tick="round")
    assert abs(rounded.prices()[0] - price[0]) <= 0.5001 * float(instrument.tick) + 1e-9


@given(cents=st.lists(st.integers(min_value=1, max_value=10**7), min_size=1, max_size=50), places=st.integers(2, 6))
def test_the_inferred_tick_holds_every_price_and_no_coarser_one_does(cents, places):
    """The coarsest power of ten from 0.01 down."""
    prices = [Decimal(n).scaleb(-places) for n in cents]
    tick = auto_tick([np.array([float(p) for p in prices])])
    assert tick is not None
    assert all(p % tick == 0 for p in prices)
    assert tick == Decimal("0.01") or any(p % (tick * 10) != 0 for p in prices)


@given(data=st.data(), instruments=st.integers(1, 4), times=st.integers(2, 12))
def test_bars_do_not_depend_on_how_rows_of_different_instruments_are_interleaved(data, instruments, times):
    """Any order that keeps each instrument's own gives the same digest."""
    rows = [(t, s) for s in range(instruments) for t in range(times)]
    frame = pd.DataFrame(rows, columns=["t", "s"])
    frame = frame.assign(symbol="S" + frame["s"].astype(str), close=1.0 + frame["t"] + frame["s"] / 4)
    frame["time"] = pd.Timestamp("2020-01-01 09:30") + pd.to_timedelta(frame["t"], unit="min")
    frame = frame[["time", "symbol", "close"]]
    keys = data.draw(st.permutations(range(len(rows))))
    shuffled = frame.iloc[list(keys)].sort_values("time", kind="stable")
    assert Bars.from_frame(shuffled).digest() == Bars.from_frame(frame).digest()
    assert Bars.from_frame(frame.iloc[list(keys)], sort=True).digest() == Bars.from_frame(frame).digest()


@given(
    rows=st.lists(st.tuples(*[st.integers(-3, 60)] * 4), min_size=1, max_size=40),
    steps=st.lists(st.integers(-1, 3), min_size=40, max_size=40),
)
def test_bars_exist_exactly_when_every_row_is_sound(rows, steps):
    """The vectorised check agrees with the obvious one, row by row."""
    times = np.cumsum([100, *steps])[: len(rows)]
    opened, high, low, close = (np.array(column) for column in zip(*rows, strict=True))
    sound = all(min(r) > 0 and r[1] >= max(r) and r[2] <= min(r) for r in rows)
    rising = all(b > a for a, b in itertools.pairwise(times))
    arguments = {"open": opened, "high": high, "low": low, "close": close, "instruments": Instrument("X"), "span": 1}
    if sound and rising:
        assert len(Bars.from_arrays(times, **arguments)) == len(rows)
    else:
        with pytest.raises(DataError):
            Bars.from_arrays(times, **arguments)
