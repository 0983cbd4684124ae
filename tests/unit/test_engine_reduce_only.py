"""Reduce-only orders that work: as the position shrinks they are cut down or cancelled, and the log says why."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr

OCO = runpy.run_path(str(Path(__file__).with_name("test_engine_oco.py")))
bars, quoted, states, records = (OCO[name] for name in ("bars", "quoted", "states", "records"))
FREE: dict[str, Any] = OCO["FREE"]
TIGHT = hr.Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
CALM = (10.0, 10.05, 9.95, 10.0)


class Steps(hr.Strategy):
    """Holds ten; then one step of the test's after another."""

    def on_start(self) -> None:
        """Nothing yet."""
        self.at = 0
        self.tickets: list[Any] = []
        self.seen: list[Any] = []

    def act(self) -> None:
        """Buy ten, then count."""
        self.at += 1
        if self.at == 1:
            self.buy(10)
        elif self.position or self.at > 3:
            self.later()
        self.seen.append([ticket.quantity for ticket in self.tickets if ticket is not None])

    def later(self) -> None:
        """The test's."""


class OnBars(Steps):
    """Over bars."""

    def on_bar(self, bar: Any) -> None:
        """Act."""
        self.act()


class OnQuotes(Steps):
    """Over books."""

    def on_quote(self, quote: Any) -> None:
        """Act."""
        self.act()


def sells(lots: float) -> Any:
    """A stop that may only reduce, then a plain sale of so much."""

    def later(self: Steps) -> None:
        """One after the other."""
        if not self.tickets:
            self.tickets.append(self.sell(10, stop=9.0, reduce_only=True))
        elif len(self.tickets) == 1:
            self.tickets.append(self.sell(lots))

    return later


def positions(result: hr.Result) -> list[float]:
    """The position after each fill."""
    found, held = [], 0.0
    for side, quantity in result.fills[["side", "quantity"]].values.tolist():
        held += quantity if side == "buy" else -quantity
        found.append(held)
    return found


@pytest.mark.parametrize("over_books", [False, True])
@pytest.mark.parametrize(
    ("sold", "left", "why"),
    [(4.0, ["Filled", 6.0], "change order {} to 6 lots in all"), (10.0, ["Cancelled", 0.0], "cancel order {}")],
)
def test_a_position_that_shrinks_takes_its_reduce_only_order_along(
    sold: float, left: list[Any], why: str, over_books: bool, tmp_path: Path
) -> None:
    """Of ten, four are sold otherwise: six are left to the stop. Ten are: nothing is. The audit derives it."""
    kind: Any = type("Strategy", (OnQuotes if over_books else OnBars,), {"later": sells(sold)})
    if over_books:
        data: Any = quoted([1_000, 1_001] * 6 + [990, 890, 880, 879])
        told: dict[str, Any] = {"simulation": hr.Simulation.instant(may_cross=True)}
    else:
        data, told = bars([CALM] * 4 + [(9.5, 9.6, 8.5, 8.6), (8.6, 8.7, 8.5, 8.6)]), {}
    result = hr.backtest(data, kind, log=tmp_path / "run", **told, **FREE)
    assert states(result)[1][1:] == left
    assert min(positions(result)) == 0.0
    assert hr.verify(tmp_path / "run").linked == 1
    (asked,) = [*records(tmp_path / "run", "ReplaceRequest"), *records(tmp_path / "run", "CancelRequest")]
    stop = records(tmp_path / "run", "Order")[1]
    walk = [cause.says for cause in hr.why(tmp_path / "run", asked)]
    assert walk[0] == why.format(stop) + " because the position that it may only reduce is smaller"
    assert walk[1].startswith("sell ")


def test_the_oldest_stay_and_the_newest_is_cut() -> None:
    """Four, four and two protect ten; three are sold: the last goes, and one of the second."""

    class Three(OnBars):
        def later(self) -> None:
            """Three stops, then a sale."""
            if not self.tickets:
                self.tickets = [self.sell(lots, stop=9.0, reduce_only=True) for lots in (4, 4, 2)]
            elif self.at == 5:
                self.sell(3)

    strategy = Three()
    result = hr.backtest(bars([CALM] * 4), strategy, **FREE)
    assert strategy.seen[-1][:2] == [4.0, 3.0]
    assert [state for _, state, _ in states(result)][1:4] == ["Live", "Live", "Cancelled"]


def test_what_stands_beside_each_other_counts_once() -> None:
    """A stop and a target of ten each protect ten: neither is cut before the position is."""

    class Pair(OnBars):
        def later(self) -> None:
            """Both, then a sale of three."""
            if not self.tickets:
                stop = self.sell(10, stop=9.0, reduce_only=True)
                self.tickets = [stop, self.sell(10, limit=11.0, reduce_only=True, beside=stop)]
            elif self.at == 6:
                self.sell(3)

    strategy = Pair()
    hr.backtest(bars([CALM] * 4 + [(10.9, 11.5, 10.8, 11.2), (11, 11.1, 8, 8.5)]), strategy, **FREE)
    assert [10.0, 10.0] in strategy.seen
    assert [7.0, 7.0] in strategy.seen
    assert strategy.position == 0


def test_the_exits_of_a_bracket_are_cut_with_the_position_and_follow_what_fills_later() -> None:
    """Six of ten fill, two are sold by hand: four are protected; four more fill, and eight are."""

    class Bracket(OnBars):
        def act(self) -> None:
            """Enter, sell two at the fifth bar."""
            self.at += 1
            if self.at == 3:
                self.held = self.bracket(10, limit=9.96, stop_loss=9.0, take_profit=11.0)
            elif self.at == 4:
                self.sell(2, limit=9.98)
            if self.at > 3:
                exits = self.held.stop_loss, self.held.take_profit
                self.seen.append([*(exit.open for exit in exits), self.position])

    strategy = Bracket()
    rows = [(10, 10, 9.9, 10), (10, 10.0, 9.97, 10), (10, 10, 9.9, 10), (10, 10, 9.9, 10)]
    result = hr.backtest(bars(rows, [60, 1_000, 1_000, 1_000]), strategy, costs=TIGHT)
    assert strategy.seen == [[6.0, 6.0, 6.0], [4.0, 4.0, 4.0], [8.0, 8.0, 8.0], [8.0, 8.0, 8.0]]
    assert len(result.findings) == 0


def test_within_one_bar_a_reduce_only_order_does_not_turn_the_position() -> None:
    """A plain offer and a reduce-only one at prices of the same bar: ten are sold, not twenty."""

    class Both(OnBars):
        def later(self) -> None:
            """A reduce-only offer, and a plain one that stands before it."""
            if not self.tickets:
                self.tickets = [self.sell(10, limit=10.2), self.sell(10, limit=10.3, reduce_only=True)]

    class Late(OnBars):
        def later(self) -> None:
            """The reduce-only one came when nothing else was there."""
            if not self.tickets:
                self.tickets = [self.sell(10, limit=10.3, reduce_only=True), self.sell(10, limit=10.2)]

    denied = Both()
    hr.backtest(bars([CALM, (10, 10.5, 9.9, 10.2)]), denied, **FREE)
    assert denied.tickets[1].code == "RISK-034"
    rows = [CALM, (10, 10.5, 9.9, 10.2), CALM]
    result = hr.backtest(bars(rows), Late, **FREE)
    assert positions(result)[-1] == -10.0  # the plain one may turn it, after the reduce-only one closed it
    assert states(result)[1:] == [["limit", "Filled", 10.0], ["limit", "Filled", 10.0]]

    class First(Late):
        def later(self) -> None:
            """The plain one stands in the queue before it, and both are reached."""
            if not self.tickets:
                self.tickets = [self.sell(5, limit=10.3, reduce_only=True), self.sell(8, stop=9.7)]

    result = hr.backtest(bars([CALM, (10, 10.5, 9.5, 10.2), CALM]), First, **FREE)
    assert positions(result)[1:] == [2.0, 0.0]
    assert states(result)[1][1:] in (["Cancelled", 2.0], ["Filled", 2.0])


def test_a_split_ends_reduce_only_orders_and_leaves_none_to_turn_the_position() -> None:
    """What an instrument is changes under its orders: they expire before its lots change."""
    from hedgerow.market.actions import Action

    class Stops(OnBars):
        def later(self) -> None:
            """One stop."""
            if not self.tickets:
                self.tickets = [self.sell(10, stop=4.0, reduce_only=True)]

    from decimal import Decimal

    split = Action("X", "split", 6 * OCO["DAY"], 6 * OCO["DAY"], Decimal("0.5"))
    rows = [CALM] * 3 + [(20, 20.1, 19.9, 20), (3, 3.1, 2.9, 3)]
    result = hr.backtest(bars(rows), Stops, actions=[split], **FREE)
    assert states(result)[1][1:] == ["Expired", 0.0]
    assert result.fills["quantity"].tolist() == [10.0]
