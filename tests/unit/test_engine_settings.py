"""Settings of a run: what is refused, and that nothing is written where it is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedgerow import Bars, Costs, HedgerowError, Strategy, backtest

DAY_NS = 86_400 * 10**9
BARS = Bars.from_arrays(np.arange(1, 9) * DAY_NS, close=np.arange(10.0, 18.0))
ONES = [1] * 8


class Idle(Strategy):
    """Does nothing."""

    def on_bar(self, bar: Any) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, r"RUN-002.*give one of strategy, signals and weights; got none"),
        ({"signals": ONES, "weights": ONES}, r"RUN-002.*got signals and weights"),
        ({"strategy": Idle, "signals": ONES}, r"RUN-002.*got strategy and signals"),
        ({"signals": ONES, "cash": 0}, r"RUN-002.*cash=0"),
        ({"signals": ONES, "cash": -1}, r"RUN-002.*cash=-1"),
        ({"signals": ONES, "cash": float("nan")}, r"RUN-002.*cash=nan"),
        ({"signals": ONES, "cash": float("inf")}, r"RUN-00[28].*inf"),
        ({"signals": ONES, "cash": "1000"}, r"RUN-002.*cash='1000'"),
        ({"signals": ONES, "cash": True}, r"RUN-002.*cash=True"),
        ({"signals": ONES, "costs": 0.001}, r"RUN-002.*costs=0.001; use Costs"),
        ({"signals": ONES, "limits": 5}, r"RUN-002.*limits=5; use Limits"),
        ({"signals": ONES, "trials": 0}, r"RUN-002.*trials=0"),
        ({"signals": ONES, "trials": 1.5}, r"RUN-002.*trials=1.5"),
        ({"signals": ONES, "currency": "EUR"}, r"CORE-010.*USD into EUR; pass fx="),
        ({"strategy": type("S" * 100, (Idle,), {})}, r"GOV-010.*strategy"),
    ],
)
def test_settings_that_make_no_sense_are_named_errors_and_write_nothing(
    settings: dict[str, Any], says: str, tmp_path: Path
) -> None:
    """The setting, the value, and what would do; no journal is left behind."""
    with pytest.raises(HedgerowError, match=says):
        backtest(BARS, log=tmp_path / "log", **settings)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_open_leaves_other_files_alone(tmp_path: Path) -> None:
    """Only the journal that was just begun is taken back."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(HedgerowError, match=r"GOV-010"):
        backtest(BARS, type("S" * 100, (Idle,), {}), log=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("cash", [1_000, 1_000.0, Decimal(1_000), 1_000.25])
def test_cash_is_counted_to_the_last_digit(cash: Any) -> None:
    """Whole numbers, floats as they print, and decimals."""
    assert backtest(BARS, Idle, cash=cash).nav_nano == int(Decimal(str(cash)) * 10**9)


@pytest.mark.parametrize("volume", [None, 10_000.0])
def test_the_default_costs_take_what_is_known_of_volume(volume: float | None) -> None:
    """With volume the cap and the impact are on; without, they are off and the result says so."""
    known = None if volume is None else np.full(8, volume)
    bars = Bars.from_arrays(np.arange(1, 9) * DAY_NS, close=np.arange(10.0, 18.0), volume=known)
    info = backtest(bars, signals=ONES).info
    assert (info.costs["volume_cap"] > 0, info.costs["impact"] > 0) == (volume is not None,) * 2
    assert any("volume is unknown" in note for note in info.notes) == (volume is None)


def test_costs_are_a_setting_of_their_own() -> None:
    """What was charged stands in the result."""
    info = backtest(BARS, signals=ONES, costs=Costs(half_spread_bps=7, volume_cap=0, impact=0)).info
    assert info.costs["half_spread_bps"] == 7


def test_one_row_is_not_enough_to_tell_the_length_of_a_bar() -> None:
    """DATA-013 says how to say it."""
    with pytest.raises(HedgerowError, match=r"DATA-013.*say span="):
        backtest(Bars.from_arrays([DAY_NS], close=[1.0]), signals=[1])


def test_a_run_is_named_by_its_strategy_or_by_its_caller() -> None:
    """The name heads what is printed and reported."""
    assert backtest(BARS, Idle).info.name == "Idle"
    named = backtest(BARS, Idle, name="my run")
    assert repr(named).startswith("Result(my run: ")
    assert named.info.strategy == "Idle"


@pytest.mark.parametrize("first", [Idle, Idle()])
def test_data_and_strategy_the_wrong_way_round_are_told_so(first: Any) -> None:
    """Not as data of an unknown kind."""
    with pytest.raises(HedgerowError, match=r"RUN-002.*backtest\(data, strategy\)"):
        backtest(first, BARS)
