"""Whole lots from weights: towards zero, on the step, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from hedgerow.core.errors import OptimiserError
from hedgerow.portfolio.lots import to_lots


def test_lots_are_rounded_towards_zero_on_both_sides_and_cash_is_what_is_left():
    """99.9 lots wanted: 99 held, long or short, or 90 on a step of ten."""
    value = np.array([10.0, 10.0, 10.0])
    found = to_lots(np.array([0.999, -0.999, 0.999]), nav_value=1000.0, lot_value=value, lot_step=np.array([1, 1, 10]))
    assert found.lots.tolist() == [99, -99, 90]
    assert found.lots.dtype == np.int64
    assert found.residual_cash_value == 1000.0 - 990.0 + 990.0 - 900.0


def test_weights_computed_from_whole_lots_give_those_lots_back():
    """Floating-point noise never costs a lot, so holding still trades nothing."""
    rng = np.random.default_rng(0)
    lots = rng.integers(-5000, 5000, 2000)
    value = rng.uniform(0.1, 900.0, 2000)
    nav = 1_234_567.89
    assert to_lots(lots * value / nav, nav_value=nav, lot_value=value).lots.tolist() == lots.tolist()


def test_a_portfolio_too_small_for_a_lot_holds_cash():
    """Nothing is bought with money that is not there."""
    found = to_lots(np.array([0.5]), nav_value=100.0, lot_value=np.array([51.0]))
    assert (found.lots.tolist(), found.residual_cash_value) == ([0], 100.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": np.array([0.1, np.nan])}, "weight of instrument 1 is nan"),
        ({"lot_value": np.array([1.0, 0.0])}, "lot_value of instrument 1 is 0.0"),
        ({"lot_value": np.ones(3)}, r"lot_value \(3,\)"),
        ({"lot_step": np.array([0, 1])}, "lot_step of instrument 0 is 0"),
        ({"nav_value": -1.0}, "nav_value -1.0"),
        ({"weights": np.array([1e18, 0.0])}, "instrument 0 would need"),
    ],
)
def test_what_cannot_be_turned_into_lots_is_a_named_error(change, says):
    """The instrument and the value are in the message."""
    good = {"weights": np.array([0.5, 0.5]), "nav_value": 100.0, "lot_value": np.ones(2), "lot_step": np.ones(2, int)}
    arguments = {**good, **change}
    with pytest.raises(OptimiserError, match=f"OPT-004.*{says}"):
        to_lots(arguments.pop("weights"), **arguments)
