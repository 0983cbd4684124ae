"""The package's public face: its names, what it suggests for others, and what importing it loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hedgerow


def test_every_public_name_is_there() -> None:
    """`dir`, `__all__` and what can be fetched are the same words."""
    assert dir(hedgerow) == sorted(hedgerow.__all__)
    for name in hedgerow.__all__:
        assert getattr(hedgerow, name) is not None


def test_public_names_are_documented() -> None:
    """`help(hedgerow.X)` says something of each."""
    for name in hedgerow.__all__:
        if not name.startswith("__"):
            assert (getattr(hedgerow, name).__doc__ or "").strip(), name


@pytest.mark.parametrize(
    ("asked", "meant"), [("bactest", "backtest"), ("Stratgy", "Strategy"), ("Instruments", "Instrument")]
)
def test_an_unknown_name_is_answered_with_a_known_one(asked: str, meant: str) -> None:
    """AttributeError as Python has it, with a suggestion."""
    with pytest.raises(AttributeError, match=rf"no attribute '{asked}'; did you mean '{meant}'"):
        getattr(hedgerow, asked)


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    """Nothing is better than a wild guess."""
    with pytest.raises(AttributeError, match=r"no attribute 'qqqqqq'$"):
        _ = hedgerow.qqqqqq


def test_importing_is_light_and_a_run_loads_no_frames_until_tables_are_asked_for() -> None:
    """Importing loads neither pandas nor pyarrow; a run over arrays needs neither; its tables need pandas."""
    program = """
import sys, numpy as np, hedgerow as hr
print([n for n in ("pandas", "pyarrow") if n in sys.modules])
bars = hr.Bars.from_arrays(np.arange(1, 9) * 86_400 * 10**9, close=np.arange(10.0, 18.0))
result = hr.backtest(bars, signals=np.ones(8, dtype=np.int8))
print(repr(result).startswith("Result(signals"), [n for n in ("pandas", "pyarrow") if n in sys.modules])
print(len(result.fills), "pandas" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stdout.splitlines() == ["[]", "True []", "1 True"]


def test_a_strategy_typed_at_a_prompt_runs() -> None:
    """Without a source file the compiled code stands for the artifact."""
    program = """
import numpy as np, hedgerow as hr
class Typed(hr.Strategy):
    def on_bar(self, bar):
        self.order_target(1)
bars = hr.Bars.from_arrays(np.arange(1, 9) * 86_400 * 10**9, close=np.arange(10.0, 18.0))
print(len(hr.backtest(bars, Typed).fills))
"""
    said = subprocess.run([sys.executable, "-"], input=program, check=True, capture_output=True, text=True)
    assert said.stdout.split() == ["1"]
