"""Orders that follow another one's fills (OTO), and brackets, from a strategy: over bars, over books, in the log."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError

OCO = runpy.run_path(str(Path(__file__).with_name("test_engine_oco.py")))
bars, quoted, states, records, journal = (OCO[name] for name in ("bars", "quoted", "states", "records", "journal"))
FREE: dict[str, Any] = OCO["FREE"]
Rows = list[tuple[float, float, float, float]]


class Acts(hr.Strategy):
    """Does one thing at the third bar or quote, and another each time after it."""

    def on_start(self) -> None:
        """Nothing yet."""
        self.at = 0
        self.tickets: list[Any] = []

    def act(self) -> None:
        """Count, and do it."""
        self.at += 1
        if self.at == 3:
            self.begin()
        elif self.at > 3:
            self.later()

    def begin(self) -> None:
        """A bracket at the market."""
        self.tickets.append(self.bracket(10, stop_loss=9.80, take_profit=10.20))

    def later(self) -> None:
        """Nothing more."""


class Once(Acts):
    """Over bars."""

    def on_bar(self, bar: Any) -> None:
        """Act."""
        self.act()


class OnQuotes(Acts):
    """Over books."""

    def on_quote(self, quote: Any) -> None:
        """Act."""
        self.act()


def entering(quantity: float = 10, **entry: Any) -> type[Once]:
    """A strategy with a bracket of this entry."""

    class Enters(Once):
        def begin(self) -> None:
            """Ten at these terms."""
            side = 1 if quantity > 0 else -1
            exits = {"stop_loss": 10 - side * 0.2, "take_profit": 10 + side * 0.2}
            self.tickets.append(self.bracket(quantity, **{**exits, **entry}))

    return Enters


def prices(result: hr.Result) -> list[list[Any]]:
    """Side, quantity and price of each fill."""
    found: list[list[Any]] = result.fills[["side", "quantity", "price"]].values.tolist()
    return found


@pytest.mark.parametrize(
    ("entry", "rows", "out"),
    [
        ({}, [(10, 10.1, 9.9, 10), (10, 10.3, 9.9, 10)], 10.20),
        ({}, [(10, 10.1, 9.9, 10), (10, 10.1, 9.7, 10)], 9.80),
        ({}, [(10, 10.1, 9.9, 10), (10, 10.3, 9.7, 10)], 9.80),  # both in one bar: the stop came first
        ({}, [(10, 10.3, 9.9, 10), (10, 10.1, 9.9, 10)], 10.20),  # entered at the open: the bar's rest counts
        ({}, [(10, 10.1, 9.7, 10), (10, 10.3, 9.9, 10)], 9.80),
        ({}, [(9.5, 10.1, 9.4, 10), (10, 10.3, 9.9, 10)], 9.50),  # entered below the stop loss: out at once
        # Entered within the bar: nobody knows whether the low came before, so it was after; of the high, before.
        ({"limit": 9.95}, [(10, 10.3, 9.7, 10), (10, 10.1, 9.9, 10)], 9.80),
        ({"limit": 9.95}, [(10, 10.3, 9.9, 10), (10, 10.1, 9.9, 10)], None),
        ({"stop": 10.05}, [(10, 10.3, 9.7, 10), (10, 10.1, 9.9, 10)], 9.80),
        ({"stop": 10.05}, [(10, 10.1, 9.9, 10), (10, 10.3, 9.9, 10)], 10.20),
    ],
)
def test_a_bracket_over_bars_leaves_where_it_hurts(entry: dict[str, Any], rows: Rows, out: float | None) -> None:
    """In one go, whole, and once: the other exit is cancelled; short positions are the mirror image."""
    for side, (enter, leave) in ((1, ("buy", "sell")), (-1, ("sell", "buy"))):
        mirrored = rows if side > 0 else [(20 - o, 20 - low, 20 - h, 20 - c) for o, h, low, c in rows]
        turned = {word: price if side > 0 else round(20 - price, 2) for word, price in entry.items()}
        result = hr.backtest(bars(mirrored), entering(10 * side, **turned), **FREE)
        told = prices(result)
        assert [row[0] for row in told] == [enter, leave][: 1 if out is None else 2]
        if out is not None:
            assert told[1][1:] == [10.0, pytest.approx(out if side > 0 else 20 - out)]
            assert sorted(state for _, state, _ in states(result)) == ["Cancelled", "Filled", "Filled"]
        assert len(result.findings) == 0


@pytest.mark.parametrize(("bids", "out"), [([1_010, 1_021], 10.20), ([990, 979], 9.79)])
def test_a_bracket_over_books(bids: list[int], out: float) -> None:
    """The exits leave when the fill is heard, and the one that did not trade is cancelled when the other is."""
    simulation = hr.Simulation.instant(may_cross=True)
    result = hr.backtest(quoted([1_000, 1_001, 1_000, *bids, bids[-1]]), OnQuotes, simulation=simulation, **FREE)
    assert prices(result) == [["buy", 10.0, 10.01], ["sell", 10.0, out]]
    assert sorted(state for _, state, _ in states(result)) == ["Cancelled", "Filled", "Filled"]


@pytest.mark.parametrize("entry", [{"limit": 9.95}, {"stop_loss": 10.0}])
def test_a_stop_that_is_reached_while_its_entry_still_works_ends_the_entry_and_sells_what_was_filled(
    entry: dict[str, Any], tmp_path: Path
) -> None:
    """Six of ten are filled in a bar that goes through the stop: nothing more is bought, and the six leave."""
    costs = hr.Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
    rows = [(10, 10.0, 9.7, 9.75), (9.72, 9.75, 9.6, 9.7), (9.7, 9.75, 9.6, 9.7)]
    enters = entering(**entry)
    result = hr.backtest(bars(rows, [60, 1_000, 1_000]), enters, costs=costs, log=tmp_path / "run")
    assert [row[:2] for row in prices(result)] == [["buy", 6.0], ["sell", 6.0]]
    assert prices(result)[1][2] == 9.72
    assert len(result.findings) == 0
    assert states(result)[0][1:] == ["Cancelled", 6.0]
    assert hr.verify(tmp_path / "run").linked > 0
    (first, *_) = records(tmp_path / "run", "CancelRequest")
    assert hr.why(tmp_path / "run", first)[0].says.endswith("because a stop that follows it is reached")


@pytest.mark.parametrize(("lots", "sold"), [(6, 6.0), (50, 10.0)])
def test_over_books_a_stop_that_is_reached_leaves_with_what_was_filled(lots: int, sold: float) -> None:
    """The stop lies at the bid: it is reached as the entry takes the offer."""

    class Enters(OnQuotes):
        def begin(self) -> None:
            """Ten, of which the offer may have six."""
            self.tickets.append(self.bracket(10, limit=10.01, stop_loss=10.0, take_profit=10.2))

    simulation = hr.Simulation.instant(may_cross=True)
    bids = [1_000, 1_001, 1_000, 1_000, 1_000, 999]
    result = hr.backtest(quoted(bids, lots), Enters, simulation=simulation, **FREE)
    assert [row[:2] for row in prices(result)] == [["buy", sold], ["sell", sold]]
    assert len(result.findings) == 0
    assert states(result)[0][1] == ("Filled" if sold == 10 else "Cancelled")


def test_exits_grow_with_a_limit_entry_that_fills_in_parts() -> None:
    """Six, then four: the stop covers what was filled at any time, and sells ten in the end."""

    class Watches(entering(limit=9.95)):  # type: ignore[misc]
        def later(self) -> None:
            """What is open of both exits."""
            exits = self.tickets[0]
            self.tickets.append((exits.stop_loss.open, exits.take_profit.open, exits.stop_loss.state))

    costs = hr.Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
    rows = [(10, 10.0, 9.9, 10), (10, 10.0, 9.9, 10), (10, 10.0, 9.9, 9.9), (9.9, 9.9, 9.7, 9.8), (9.8, 9.9, 9.7, 9.8)]
    strategy = Watches()
    result = hr.backtest(bars(rows, [60, 40, 1_000, 1_000, 1_000]), strategy, costs=costs)
    assert strategy.tickets[1:4] == [(6.0, 6.0, "working"), (10.0, 10.0, "working"), (10.0, 10.0, "working")]
    assert strategy.tickets[-1] == (0.0, 0.0, "ended")
    assert prices(result) == [["buy", 6.0, 9.95], ["buy", 4.0, 9.95], ["sell", 10.0, 9.80]]


def test_a_cancelled_entry_takes_its_exits_along_and_a_denied_one_has_none() -> None:
    """Nothing of them was ever an order."""

    class Cancels(entering(limit=9.0, stop_loss=8.5)):  # type: ignore[misc]
        def later(self) -> None:
            """Take it back."""
            if self.tickets[0].entry.state == "Live":
                self.tickets.append(self.tickets[0].stop_loss.state)
                self.cancel(self.tickets[0].entry)

    strategy = Cancels()
    result = hr.backtest(bars([(10, 10.1, 9.9, 10)] * 3), strategy, **FREE)
    assert states(result) == [["limit", "Cancelled", 0.0]]
    assert (strategy.tickets[1], strategy.tickets[0].stop_loss.state) == ("waiting", "ended")
    strategy = entering(stop=10.1, tif="ioc")()
    hr.backtest(bars([(10, 10.1, 9.9, 10)]), strategy, **FREE)
    denied = strategy.tickets[0]
    assert (denied.entry.code, denied.stop_loss, denied.take_profit) == ("RISK-033", None, None)


def test_an_exit_that_the_gate_denies_is_a_finding_that_says_what_stands_alone() -> None:
    """A limit far from the market is known when it is sent, and said then."""

    class Wrong(Once):
        def begin(self) -> None:
            """An exit that cannot be."""
            entry = self.buy(10)
            assert entry is not None
            self.tickets.append(self.after(entry, -10, limit=1_000.0))

    strategy = Wrong()
    result = hr.backtest(bars([(10, 10.1, 9.9, 10)] * 2), strategy, **FREE)
    (finding,) = result.findings.to_dict("records")
    assert (finding["code"], finding["value"], finding["limit"]) == ("RUN-015", 0.0, 10.0)
    assert (strategy.tickets[0].state, strategy.tickets[0].filled) == ("ended", 0.0)


def test_an_exit_that_reduces_nothing_is_not_sent_and_people_are_told() -> None:
    """A purchase closes no long position."""

    class Wrong(Once):
        def begin(self) -> None:
            """An exit on the entry's own side."""
            entry = self.buy(10)
            assert entry is not None
            self.tickets.append(self.after(entry, 10, stop=10.8, reduce_only=True))

    strategy = Wrong()
    result = hr.backtest(bars([(10, 10.1, 9.9, 10)] * 2), strategy, **FREE)
    assert result.findings[["code", "value", "limit"]].values.tolist() == [["RUN-017", 0.0, 10.0]]
    assert (len(result.orders), strategy.tickets[0].state) == (1, "ended")


def test_a_strategy_moves_and_takes_back_an_exit() -> None:
    """The stop follows the market up by its ticket; the target that was taken back never trades."""

    class Moves(Once):
        def later(self) -> None:
            """Once both work."""
            exits = self.tickets[0]
            if self.at == 5:
                self.replace(exits.stop_loss, stop=9.95)
                self.cancel(exits.take_profit)

    strategy = Moves()
    rows = [(10, 10.1, 9.97, 10), (10, 10.1, 9.97, 10), (10, 10.5, 9.97, 10), (10, 10.1, 9.9, 10)]
    result = hr.backtest(bars(rows), strategy, **FREE)
    assert prices(result) == [["buy", 10.0, 10.0], ["sell", 10.0, 9.95]]
    assert strategy.tickets[0].take_profit.filled == 0.0


def test_what_follows_in_proportion_may_be_smaller_than_the_entry() -> None:
    """Of ten bought, five are offered again: two once four are filled, in proportion; five in the end."""

    class Half(Once):
        def begin(self) -> None:
            """Buy ten, offer half."""
            entry = self.buy(10, limit=9.95)
            assert entry is not None
            self.tickets.append(self.after(entry, -5, limit=10.5))

        def later(self) -> None:
            """How much is offered."""
            self.tickets.append(self.tickets[0].open)

    costs = hr.Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0.1)
    strategy = Half()
    hr.backtest(bars([(10, 10, 9.9, 10)] * 3, [40, 60, 60]), strategy, costs=costs)
    assert strategy.tickets[1:] == [2.0, 5.0, 5.0]


@pytest.mark.parametrize("exits", [(10.3, 10.5), (9.8, 9.9), (10.2, 9.8)])
def test_a_bracket_with_an_exit_on_the_wrong_side_is_named(exits: tuple[float, float]) -> None:
    """Before anything is sent."""
    wrong = entering(limit=10.0, stop_loss=exits[0], take_profit=exits[1])
    with pytest.raises(HedgerowError, match=r"RUN-002.*a bracket of 10"):
        hr.backtest(bars([(10, 10.1, 9.9, 10)]), wrong, **FREE)


@pytest.mark.parametrize("over_books", [False, True])
def test_the_log_shows_the_links_and_the_audit_derives_them_again(tmp_path: Path, over_books: bool) -> None:
    """Two exits sent and one cancelled; the walk from the exit's fill leads through the wish to the entry's bar."""
    for name in ("one", "two"):
        if over_books:
            told = {"simulation": hr.Simulation.instant(may_cross=True)}
            hr.backtest(quoted([1_000, 1_001, 1_000, 979, 978]), OnQuotes, log=tmp_path / name, **told, **FREE)
        else:
            hr.backtest(bars([(10, 10.1, 9.9, 10), (10, 10.1, 9.7, 10)]), Once, log=tmp_path / name, **FREE)
        assert hr.verify(tmp_path / name).linked == 3
    assert journal(tmp_path / "one") == journal(tmp_path / "two")
    walk = {cause.noun: cause.says for cause in hr.why(tmp_path / "one", records(tmp_path / "one", "Fill")[-1])}
    entry = records(tmp_path / "one", "Order")[0]
    assert walk["ContingentOrder"] == f"as order {entry} fills, sell what it fills of X stop 9.8000"
    assert walk["OrderTerms"] == f"terms of the record behind it: stop 9.8000 after the fills of order {entry} in X"
