"""Exits of a bracket protect what is really held: no more than the position, and all of it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr

OCO = runpy.run_path(str(Path(__file__).with_name("test_engine_oco.py")))
bars, quoted, journal = (OCO[name] for name in ("bars", "quoted", "journal"))
FREE: dict[str, Any] = OCO["FREE"]
SECOND: int = OCO["SECOND"]


class Enters(hr.Strategy):
    """Is short four when it enters for ten; nothing tells the exits but the position."""

    def on_start(self) -> None:
        """Nothing yet."""
        self.at = 0
        self.held: Any = None

    def act(self) -> None:
        """Sell four, then a bracket of ten."""
        self.at += 1
        if self.at == 2:
            self.sell(4)
        elif self.at == 4:
            self.held = self.bracket(10, stop_loss=9.80, take_profit=10.20)


def on_event(self: Any, event: Any) -> None:
    """A bar closed, or the book moved."""
    self.act()


def ran(kind: type[Enters], over_books: bool, **said: Any) -> tuple[Any, hr.Result]:
    """A strategy, and what it did while the price stayed and then rose to its target."""
    strategy = type("Runs", (kind,), {"on_quote" if over_books else "on_bar": on_event})()
    if over_books:
        instant = hr.Simulation.instant(may_cross=True)
        data = quoted([1_000, 1_001] * 4 + [1_019, 1_025, 1_026])
        return strategy, hr.backtest(data, strategy, simulation=instant, **FREE, **said)
    return strategy, hr.backtest(bars([(10, 10.1, 9.9, 10)] * 5 + [(10, 10.3, 9.9, 10)]), strategy, **FREE, **said)


@pytest.mark.parametrize("over_books", [False, True])
def test_exits_are_for_what_is_held_and_people_are_told_how_much_was_meant(tmp_path: Path, over_books: bool) -> None:
    """Six are held after an entry of ten; each exit is for six, and the audit derives that it had to be."""
    strategy, result = ran(Enters, over_books, log=tmp_path / "log")
    exits = result.orders.iloc[-2:]
    assert exits[["kind", "quantity"]].values.tolist() == [["stop", 6.0], ["limit", 6.0]]
    assert result.fills["quantity"].tolist() == [4.0, 10.0, 6.0]
    told = result.findings[["code", "value", "limit"]].values.tolist()
    assert told == [["RUN-017", 6.0, 10.0]] * 2
    assert (strategy.position, strategy.held.stop_loss.state) == (0.0, "ended")
    assert hr.verify(tmp_path / "log").linked >= 5


@pytest.mark.parametrize("over_books", [False, True])
def test_an_order_that_may_close_the_position_first_holds_the_exits_back_until_it_has_gone(over_books: bool) -> None:
    """An offer of seven far away: the exits are for three, people are told; they are for ten once it is cancelled."""

    class Offers(Enters):
        def act(self) -> None:
            """An offer and a bracket; later the offer is taken back."""
            self.at += 1
            if self.at == 2:
                self.offer = self.sell(7, limit=11.0)
                self.held = self.bracket(10, limit=10.05, stop_loss=9.80, take_profit=10.20)
            elif self.at == 5:
                self.open = self.held.stop_loss.open
                self.cancel(self.offer)

    strategy, result = ran(Offers, over_books)
    assert strategy.open == 3.0
    assert result.findings[["code", "value", "limit"]].values.tolist() == [["RUN-018", 3.0, 10.0]] * 2
    assert result.fills["quantity"].tolist() == [10.0, 10.0]
    assert strategy.position == 0.0


def test_a_reduce_only_order_that_trades_before_the_venue_hears_that_less_is_held_is_a_finding(tmp_path: Path) -> None:
    """Ten held behind an offer of ten; four are sold otherwise, and the offer trades while its change travels."""

    class Sells(Enters):
        on_quote = on_event

        def act(self) -> None:
            """Buy, offer, and sell some of it."""
            self.at += 1
            if self.at == 2:
                self.buy(10)
            elif self.position == 10 and self.held is None:
                self.held = self.sell(10, limit=10.05, reduce_only=True)
            elif self.at == 12:
                self.sell(4)

    slow = hr.Simulation(entry=hr.Delay.constant(2 * SECOND), response=1_000_000, may_cross=True)
    data = quoted([1_000, 1_001] * 7 + [1_007, 1_008] * 3)
    result = hr.backtest(data, Sells, simulation=slow, **FREE, log=tmp_path / "log")
    assert result.fills["quantity"].tolist() == [10.0, 4.0, 10.0]
    (finding,) = result.findings.to_dict("records")
    assert (finding["code"], finding["value"], finding["limit"]) == ("RUN-019", 10.0, 6.0)
    assert hr.verify(tmp_path / "log").linked >= 1
