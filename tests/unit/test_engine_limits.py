"""Limits in research: the same gate as with real money, its codes and its words."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hedgerow import Bars, Costs, HedgerowError, Limits, Strategy, backtest

DAY_NS = 86_400 * 10**9
FREE = Costs.none()
FLAT = Bars.from_arrays(np.arange(1, 9) * DAY_NS, close=[100.0] * 8)
OPEN = Limits.for_research(capital=1_000_000)


def limited(**changed: Any) -> Limits:
    """Research limits with some of them changed."""
    return dataclasses.replace(OPEN, **changed)


@pytest.mark.parametrize(
    ("changed", "code", "says"),
    [
        ({"order_lots": 99}, "RISK-013", ["100 lots", "99 lots"]),
        ({"order_notional": 9_999}, "RISK-014", ["10,000 USD", "9,999 USD"]),
        ({"position": 9_999}, "RISK-020", ["10,000 USD", "9,999 USD"]),
        ({"gross": 9_999}, "RISK-021", ["10,000 USD", "9,999 USD"]),
        ({"net": 9_999}, "RISK-022", ["10,000 USD", "9,999 USD"]),
        ({"sector": 9_999}, "RISK-023", ["10,000 USD", "9,999 USD"]),
        ({"capital": 100}, "RISK-025", ["USD"]),
    ],
)
def test_an_order_beyond_a_limit_is_denied_with_value_limit_and_remedy(
    changed: dict[str, Any], code: str, says: list[str]
) -> None:
    """The first rule that failed gives the code; the sentence has the value seen, the limit and what to do."""
    result = backtest(FLAT, signals=[1] + [0] * 7, size=100, limits=limited(**changed), costs=FREE)
    verdict = result.verdicts.iloc[0]
    assert verdict["decision"] == "denied"
    assert verdict["code"] == code
    assert code in verdict["failed"]
    for part in says:
        assert part in verdict["message"]
    assert "; " in verdict["message"]
    assert verdict["value"] > verdict["limit"]
    assert result.fills.empty


def test_a_limit_that_is_just_met_is_no_breach() -> None:
    """Equal is allowed; one cent less is not."""
    allowed = backtest(FLAT, signals=[1] * 8, size=100, limits=limited(order_notional=10_000), costs=FREE)
    assert allowed.verdicts["decision"].tolist() == ["approved"]
    denied = backtest(FLAT, signals=[1] * 8, size=100, limits=limited(order_notional="9999.99"), costs=FREE)
    assert set(denied.verdicts["code"]) == {"RISK-014"}


def test_what_was_denied_is_asked_for_again_at_every_bar() -> None:
    """A signal that stands is a wish that stands: one verdict a bar."""
    result = backtest(FLAT, signals=[1] * 8, size=100, limits=limited(order_lots=99), costs=FREE)
    assert len(result.verdicts) == 8


def test_closing_a_position_is_never_denied_by_its_size() -> None:
    """An order that reduces risk passes limits that an opening one does not, and the verdict says so."""

    class Breach(Strategy):
        def on_bar(self, bar: Any) -> None:
            if bar.ts == DAY_NS:
                self.buy(100)
            elif bar.ts == 4 * DAY_NS:
                self.close()

    falling = Bars.from_arrays(np.arange(1, 9) * DAY_NS, close=[100.0, 100, 100, 50, 50, 50, 50, 50])
    result = backtest(falling, Breach, limits=limited(loss=1_000, drawdown=1_000), costs=FREE)
    assert result.verdicts["decision"].tolist() == ["approved", "approved"]
    closing = result.verdicts.iloc[1]
    assert closing["reducing"]
    assert set(closing["waived"]) & {"RISK-026", "RISK-027"}
    assert result.positions["quantity"].tolist() == [100.0, 0.0]


def test_no_limits_at_all_grant_nothing() -> None:
    """`Limits()` is zero everywhere, and zero denies."""
    result = backtest(FLAT, signals=[1] * 8, limits=Limits())
    assert result.verdicts["decision"].eq("denied").all()


def test_research_limits_bound_only_what_the_book_can_carry() -> None:
    """Two and a half times the book's value and no more: beyond it RISK-025, below it nothing is denied."""
    size = 24_900  # 2.49 million of a million
    assert backtest(FLAT, signals=[1] * 8, size=size, costs=FREE).verdicts["decision"].eq("approved").all()
    result = backtest(FLAT, signals=[1] * 8, size=25_100, costs=FREE)
    assert set(result.verdicts["code"]) == {"RISK-025"}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Limits(capital=-1), r"RUN-002.*capital=-1"),
        (lambda: Limits(gross=float("nan")), r"RUN-002.*gross"),
        (lambda: Limits.from_json({"grosss": 1}), r"RUN-002.*'grosss'; did you mean 'gross'"),
        (lambda: backtest(FLAT, signals=[1] * 8, limits={"gross": 1}), r"RUN-002.*use Limits"),
    ],
)
def test_limits_that_make_no_sense_are_named_errors(make: Any, says: str) -> None:
    """RUN-002 with the name and the value."""
    with pytest.raises(HedgerowError, match=says):
        make()
