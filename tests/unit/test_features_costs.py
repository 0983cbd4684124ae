"""One cost model: what the optimiser expects is what the simulated venue charges, up to the rounding of ticks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow import _core
from hedgerow.core.costs import Costs
from hedgerow.core.errors import HedgerowError


@given(
    lots=st.integers(1, 10_000_000),
    sells=st.booleans(),
    reference_ticks=st.integers(100, 10_000_000),
    adv_lots=st.one_of(st.just(0), st.integers(1, 100_000_000)),
    sigma_bps=st.integers(0, 1_000),
    half_spread_bps=st.integers(0, 100),
    impact=st.integers(0, 2),
)
def test_the_expected_cost_is_what_the_venue_moves_the_price(
    *, lots: int, sells: bool, reference_ticks: int, adv_lots: int, sigma_bps: int, half_spread_bps: int, impact: int
) -> None:
    """The venue's price is the reference moved by the expected cost, rounded up to the next tick against us."""
    price = _core.venue_price_ticks(
        reference_ticks=reference_ticks,
        lots=-lots if sells else lots,
        adv_lots=adv_lots,
        sigma_nano=sigma_bps * 100_000,
        half_spread_nano=half_spread_bps * 100_000,
        impact_nano=impact * 1_000_000_000,
    )
    moved_ticks = reference_ticks - price if sells else price - reference_ticks
    expected = Costs(half_spread_bps=half_spread_bps, impact=impact, fee_bps=0).expected_cost(
        float(lots * reference_ticks), sigma=sigma_bps * 1e-4, adv_notional=float(adv_lots * reference_ticks)
    )
    expected_ticks = float(expected) / lots
    if expected_ticks < reference_ticks - 1:
        assert -1e-6 * (1 + expected_ticks) <= moved_ticks - expected_ticks <= 1 + 1e-6 * (1 + expected_ticks)
    else:
        assert price == 1 or not sells


def test_costs_are_on_unless_switched_off() -> None:
    """The default is pessimistic; `none` is the only free trade."""
    default = Costs()
    assert default.half_spread_bps > 0
    assert default.impact > 0
    assert default.fee_bps > 0
    assert 0 < default.volume_cap < 1
    assert Costs.none().expected_cost([1e9, 0.0], sigma=0.5, adv_notional=1.0).tolist() == [0.0, 0.0]


def test_fees_count_per_share_and_at_least_the_smallest_where_anything_trades() -> None:
    """Fees: share of notional plus shares times fee, not below the smallest fee, nothing for no trade."""
    costs = Costs(half_spread_bps=0, impact=0, fee_bps=1, fee_per_share=0.005, fee_min=1)
    got = costs.expected_cost([100_000, -100, 0], sigma=0.01, adv_notional=1e6, price=50.0)
    np.testing.assert_allclose(got, [10 + 10, 1, 0])


def test_unknown_volume_makes_a_trade_the_whole_day() -> None:
    """Zero and NaN both mean not known, and cost a full sigma."""
    costs = Costs(half_spread_bps=0, impact=1, fee_bps=0)
    got = costs.expected_cost([100.0, 100.0, 100.0], sigma=0.02, adv_notional=[0.0, np.nan, 400.0])
    np.testing.assert_allclose(got, [2.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"half_spread_bps": -1}, "SIM-002"),
        ({"impact": float("nan")}, "SIM-002"),
        ({"fee_bps": float("inf")}, "SIM-002"),
        ({"fee_min": "1"}, "SIM-002"),
        ({"fee_per_share": True}, "SIM-002"),
        ({"volume_cap": 1.5}, "SIM-002"),
        ({"fill": "next-open"}, "RUN-002"),
    ],
)
def test_a_cost_that_cannot_be_meant_is_a_named_error(setting: dict[str, object], code: str) -> None:
    """The error names the field, the value and what is allowed."""
    with pytest.raises(HedgerowError, match=next(iter(setting))) as caught:
        Costs(**setting)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_bad_market_numbers_are_a_named_error() -> None:
    """Negative volatility or volume, or a fee per share without a price."""
    with pytest.raises(HedgerowError, match=r"sigma is -0\.1"):
        Costs().expected_cost(1.0, sigma=-0.1, adv_notional=1.0)
    with pytest.raises(HedgerowError, match="adv_notional is -1"):
        Costs().expected_cost(1.0, sigma=0.1, adv_notional=-1.0)
    for price in (None, 0.0, [1.0, np.nan]):
        with pytest.raises(HedgerowError, match="needs a positive price"):
            Costs(fee_per_share=1).expected_cost([1.0, 1.0], sigma=0.1, adv_notional=1.0, price=price)


def test_the_venue_refuses_a_price_or_size_that_cannot_be_meant() -> None:
    """Zero lots, no price, negative costs: named errors from the core."""
    good = {
        "reference_ticks": 100,
        "lots": 1,
        "adv_lots": 0,
        "sigma_nano": 0,
        "half_spread_nano": 0,
        "impact_nano": 0,
    }
    assert _core.venue_price_ticks(**good) == 100
    for bad in ({"lots": 0}, {"reference_ticks": 0}, {"half_spread_nano": -1}):
        with pytest.raises(_core.CoreProblem):
            _core.venue_price_ticks(**{**good, **bad})
