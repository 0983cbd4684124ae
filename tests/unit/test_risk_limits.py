"""Limits as people sign them: exact, named, fail-closed."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow import _core
from hedgerow.core.errors import HedgerowError
from hedgerow.risk.limits import MONEY_FIELDS, Limits


def test_field_names_and_their_order_are_the_cores() -> None:
    """What Python calls a limit is what the kernel calls it."""
    assert [field.name for field in fields(Limits)] == [name for name, _ in _core.limit_fields()]
    assert tuple(name for name, kind in _core.limit_fields() if kind == "money") == MONEY_FIELDS


def test_what_is_not_named_is_zero_and_grants_nothing() -> None:
    """A forgotten limit fails closed."""
    assert all(value in ("0", 0) for value in Limits().to_json().values())


def test_limits_cannot_be_changed_once_made() -> None:
    """A limit never loosens itself."""
    with pytest.raises(FrozenInstanceError):
        Limits(capital=1).capital = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1_000_000, "1000000"),
        ("1000000.50", "1000000.5"),
        (Decimal("0.000000001"), "0.000000001"),
        (0.1, "0.1"),
        ("1e6", "1000000"),
    ],
)
def test_money_is_signed_as_exact_decimal_text(amount: Any, text: str) -> None:
    """No exponent, no binary fraction."""
    assert Limits(gross=amount).to_json()["gross"] == text


@pytest.mark.parametrize(
    "amount", [-1, "-0.01", float("nan"), float("inf"), "many", None, True, "0.0000000001", 10**18 + 1, "1e30"]
)
def test_money_that_is_no_amount_is_refused_by_name(amount: Any) -> None:
    """The message names the field and the value."""
    with pytest.raises(HedgerowError, match=r"RUN-002 .*position") as caught:
        Limits(position=amount)
    assert repr(amount) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("order_lots", -1), ("order_lots", 1.5), ("collar_bps", True), ("order_lots", 2**53), ("collar_bps", 2**32)],
)
def test_a_count_that_the_core_cannot_hold_is_refused_by_name(name: str, value: Any) -> None:
    """Shares and throttles are 32 bits wide, lots and ages 53."""
    with pytest.raises(HedgerowError, match=rf"RUN-002 .*{name}"):
        Limits(**{name: value})


def test_an_unknown_limit_gets_a_suggestion() -> None:
    """`gros` is not silently zero."""
    with pytest.raises(HedgerowError, match="did you mean 'gross'"):
        Limits.from_json({"gros": "1"})


def test_scaled_limits_are_shares_of_the_capital() -> None:
    """One number says how large, the rest how bold."""
    limits = Limits.scaled(capital=2_000_000, gross="1.5", position=0.25)
    assert (limits.gross, limits.position, limits.net) == (3_000_000, 500_000, 2_000_000)
    assert limits.order_notional == 100_000
    assert limits.margin_bps == 10_000


def test_research_limits_bound_only_what_the_cash_can_buy() -> None:
    """No hidden limit trades in place of the strategy."""
    limits = Limits.for_research(capital=1000, leverage=2)
    assert (limits.capital, limits.margin_bps, limits.is_var_unbounded) == (1000, 5_000, True)
    assert not Limits.scaled(capital=1000).is_var_unbounded


@pytest.mark.parametrize("leverage", [0, -1, 10_001, "much"])
def test_an_impossible_leverage_is_refused(leverage: Any) -> None:
    """A margin of zero would grant everything."""
    with pytest.raises(HedgerowError, match="leverage"):
        Limits.for_research(capital=1000, leverage=leverage)


amounts = st.decimals(min_value=0, max_value=10**15, places=9, allow_nan=False, allow_infinity=False)
counts = st.integers(min_value=0, max_value=2**32 - 1)


@given(money=st.fixed_dictionaries(dict.fromkeys(MONEY_FIELDS, amounts)), lots=counts, collar=counts)
def test_limits_survive_their_signed_form(money: dict[str, Any], lots: int, collar: int) -> None:
    """Reading back what was signed gives the same limits, and the same bytes again."""
    limits = Limits(**money, order_lots=lots, collar_bps=collar)
    text = limits.to_json_text()
    again = Limits.from_json(json.loads(text))
    assert again == limits
    assert again.to_json_text() == text
