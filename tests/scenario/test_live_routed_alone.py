"""A run over two venues that are not there: what it would send to each, and what it makes of their made-up words."""

from __future__ import annotations

import dataclasses
import itertools
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow import _core
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.engine.live import LiveRun, LiveSettings
from hedgerow.engine.live.orders import working_of
from hedgerow.engine.live.outcome import rows_of
from hedgerow.engine.live.routes import Routes, venues_of

ALONE = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))
Once, Deaf = ALONE["Once"], ALONE["Deaf"]
SETTINGS = """
[run]
strategy = "busy.py:Busy"
folder = "run"
[[venue]]
name = "NORTH"
host = "127.0.0.1"
port = 1
sender = "DESK"
target = "N"
[[venue]]
name = "SOUTH"
host = "127.0.0.1"
port = 1
sender = "DESK"
target = "S"
[[instrument]]
symbol = "ABC"
tick = "0.01"
"""
ONE = ALONE["SETTINGS"]
TICKS = itertools.count(1_795_185_000_000_000_000, 1_000_000)


class Each(hr.Strategy):
    """Buys five, by an order that may wait, whenever the price changes; what it was told stands in `books`."""

    def on_start(self) -> None:
        """Nothing heard yet."""
        self.books: list[tuple[Any, Any]] = []
        self.limit, self.tickets = 100.0, list[Any]()

    def on_quote(self, quote: Any) -> None:
        """Remember what all venues together show."""
        book = self.book()
        self.books.append((book.best_bid, book.best_ask))
        self.tickets.append(self.buy(5, limit=self.limit))


@contextmanager
def routed(folder: Path, strategy: hr.Strategy | None = None, settings: str = SETTINGS) -> Iterator[Any]:
    """A run over deaf venues; `say` has one of them tell something, and what follows leave."""
    (folder / "paper.toml").write_text(settings)
    told = LiveSettings.read(folder / "paper.toml", "paper")
    life: Any = LiveRun(told, strategy or Each(), lambda: next(TICKS))
    life._strategy.on_start()
    for seat in life._gateway.seats.values():
        seat.gateway = Deaf()

    def say(venue: str, what: str, *words: Any) -> None:
        getattr(life._gateway.seats[venue], what)(*words)
        life.settle()

    life.say = say
    yield life
    life.engine.close()


def sent(life: Any, venue: str) -> list[str]:
    """Names of the orders that went to a venue."""
    return list(life._gateway.seats[venue].gateway.sent)


def states(life: Any) -> list[str]:
    """Of the orders that have not ended."""
    return [order.state for order in working_of(life.engine)]


def accepted(name: str) -> dict[int, str]:
    """The venue takes an order."""
    return {11: name, 150: "0", 39: "0", 14: "0"}


def test_the_strategy_sees_all_books_as_one_and_each_order_goes_to_the_cheaper_venue(tmp_path: Path) -> None:
    """Sizes at a price add up; a venue that goes takes its prices with it."""
    with routed(tmp_path) as life:
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5"), ("100.00", "2")])
        life.say("SOUTH", "on_book", "ABC", [("99.95", "5")], [("99.98", "5"), ("99.99", "1")])
        assert life._strategy.books == [((99.9, 5.0), (99.99, 5.0)), ((99.95, 5.0), (99.98, 5.0))]
        assert (len(sent(life, "NORTH")), len(sent(life, "SOUTH"))) == (1, 1)
        life._gateway.seats["SOUTH"].gateway.is_up = False
        life.say("SOUTH", "on_down", "gone")
        assert life._strategy.books[-1] == ((99.9, 5.0), (99.99, 5.0))
        assert (len(sent(life, "NORTH")), len(sent(life, "SOUTH"))) == (2, 1)


def test_a_route_is_durable_before_its_order_leaves(tmp_path: Path) -> None:
    """At the moment an order is handed to its venue, the file of the journal has its route."""
    found: list[dict[int, str]] = []

    class Watching(Deaf):  # type: ignore[misc, valid-type]
        def new(self, name: str, order: Any, ts: int) -> None:
            log, kind = _core.LogReader(str(tmp_path / "run")), noun("Route")
            found.append(venues_of(np.frombuffer(log.records(kind.kind), kind.dtype)))
            super().new(name, order, ts)

    with routed(tmp_path) as life:
        for seat in life._gateway.seats.values():
            seat.gateway = Watching()
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        (order,) = working_of(life.engine)
        assert found == [{order.id: "NORTH"}]


def test_only_what_was_on_its_way_to_the_venue_that_fell_is_unknown_and_only_it_is_asked(tmp_path: Path) -> None:
    """The other venue's orders stay what they are."""
    with routed(tmp_path) as life:
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        life.say("SOUTH", "on_book", "ABC", [("99.95", "5")], [("99.98", "5")])
        (north,), (south,) = sent(life, "NORTH"), sent(life, "SOUTH")
        life._strategy.limit = 1.0
        life.say("SOUTH", "on_down", "gone")
        assert states(life)[:2] == ["PendingNew", "Unknown"]
        life.say("SOUTH", "on_up")
        seats = life._gateway.seats
        assert seats["SOUTH"].gateway.asked[0] == south
        assert north not in seats["SOUTH"].gateway.asked + seats["NORTH"].gateway.asked


def test_changes_and_cancels_go_where_the_order_is_though_another_venue_is_cheaper_now(tmp_path: Path) -> None:
    """An order has one home from its beginning to its end."""
    with routed(tmp_path) as life:
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        (name,) = sent(life, "NORTH")
        life.say("NORTH", "on_report", "8", accepted(name))
        life._strategy.limit = 1.0
        life.say("SOUTH", "on_book", "ABC", [("99.95", "5")], [("99.98", "5")])
        ticket = life._strategy.tickets[0]
        life._strategy.replace(ticket, 4, limit=100.0)
        life.settle()
        (change,) = life._gateway.seats["NORTH"].gateway.changes
        assert change[1:] == (name, "4", "100.00")
        life.cancel_all()
        north, south = ([name for _, name in life._gateway.seats[one].gateway.cancels] for one in ("NORTH", "SOUTH"))
        assert change[0] in north
        assert not {name, change[0]} & set(south)


def test_a_venue_is_not_believed_of_an_order_that_is_at_another(tmp_path: Path) -> None:
    """Nothing is booked, and a finding names both."""
    with routed(tmp_path) as life:
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        (name,) = sent(life, "NORTH")
        fill = {11: name, 150: "F", 39: "2", 14: "5", 31: "99.99", 32: "5", 54: "1"}
        life.say("SOUTH", "on_report", "8", fill)
        life.say("SOUTH", "on_unsure", name, "it cannot be read")
        assert len(rows_of(life.engine, "Fill")) == 0
        assert states(life) == ["PendingNew"]
        assert [str(found) for found in life.found()] == [
            f"LIVE-004 SOUTH reports on {name}, an order that is at NORTH"
        ]
        life.say("NORTH", "on_report", "8", fill)
        assert len(rows_of(life.engine, "Fill")) == 1


def test_an_order_without_a_route_did_not_leave_and_the_next_life_says_so(tmp_path: Path) -> None:
    """A crash between the order and its route: nobody is asked, and its reservation is free."""
    with routed(tmp_path) as life:
        life._sender._router.route = lambda sends: 1 / 0  # it dies before a venue is chosen
        with pytest.raises(ZeroDivisionError):
            life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        assert states(life) == ["PendingNew"]
    with routed(tmp_path) as life:
        assert states(life) == []
        (finding,) = life.found()
        assert (finding.code, "before a venue was chosen" in finding.says) == ("LIVE-006", True)


def test_the_next_life_knows_where_each_order_is_and_what_orders_have_shown(tmp_path: Path) -> None:
    """By the journal: the home of what works, and the estimates of what has ended, as the first life had them."""
    with routed(tmp_path) as life:
        life._gateway.seats["NORTH"].gateway.is_up = False
        life.say("SOUTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        life._strategy.limit = 1.0
        life.say("SOUTH", "on_book", "ABC", [("99.90", "5")], [("99.98", "5")])
        taken, waiting = sent(life, "SOUTH")
        life.say("SOUTH", "on_report", "8", {11: taken, 150: "F", 39: "1", 14: "2", 31: "99.99", 32: "2", 54: "1"})
        life.say("SOUTH", "on_report", "8", {11: taken, 150: "4", 39: "4", 14: "2"})
        life.say("SOUTH", "on_report", "8", accepted(waiting))
        before = Routes(life.engine).seen("SOUTH", life.engine.clock)
        assert before.kept_ppm == 700_000  # two of five, and one order of belief
        assert before.latency_ns > 0
    with routed(tmp_path) as life:
        (order,) = working_of(life.engine)
        assert life._way.routes.venue_of(order.id) == "SOUTH"
        assert life._way.routes.seen("SOUTH", life.engine.clock) == before
        life.say("SOUTH", "on_up")
        life.say("NORTH", "on_up")
        assert [len(life._gateway.seats[name].gateway.asked) for name in ("SOUTH", "NORTH")] == [1, 0]


def test_a_venue_that_owes_a_word_for_too_long_gets_no_more_until_it_has_spoken(tmp_path: Path) -> None:
    """Its session stands, and it says nothing; the other one has the orders, also at a worse price."""
    with routed(tmp_path) as life:
        life.say("SOUTH", "on_book", "ABC", [("99.90", "5")], [("99.98", "5")])
        (owed,) = sent(life, "SOUTH")
        list(itertools.islice(TICKS, 1_100))  # more than a second
        life.say("NORTH", "on_book", "ABC", [("99.91", "5")], [("99.99", "5")])
        assert (len(sent(life, "SOUTH")), len(sent(life, "NORTH"))) == (1, 1)
        life.say("SOUTH", "on_report", "8", accepted(owed))
        life.say("NORTH", "on_report", "8", accepted(sent(life, "NORTH")[0]))
        life.say("SOUTH", "on_book", "ABC", [("99.92", "5")], [("99.97", "5")])
        assert (len(sent(life, "SOUTH")), len(sent(life, "NORTH"))) == (2, 1)


def test_without_a_venue_an_order_is_refused_here_and_nothing_waits(tmp_path: Path) -> None:
    """It is told why, and no route stands for it."""
    with routed(tmp_path) as life:
        for seat in life._gateway.seats.values():
            seat.gateway.is_up = False
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        assert (states(life), len(rows_of(life.engine, "Route"))) == ([], 0)
        assert "no venue that trades ABC is there" in life.found()[0].says


def test_a_halted_venue_is_passed_over_and_the_run_hears_of_a_halt_when_all_are(tmp_path: Path) -> None:
    """Where most can be done counts; if all stand still, one of them is asked all the same."""
    with routed(tmp_path) as life:
        life.say("NORTH", "on_phase", "ABC", "halted")
        assert life._phases == {"ABC": "continuous"}
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.90", "5")])
        assert (len(sent(life, "NORTH")), len(sent(life, "SOUTH"))) == (0, 1)
        life.say("SOUTH", "on_phase", "ABC", "halted")
        assert life._phases == {"ABC": "halted"}


def test_accounts_are_held_against_the_journal_together(tmp_path: Path) -> None:
    """What one account has is half the truth: nothing is said until all have told."""
    settings = SETTINGS.replace('"ABC"', '"ABC/USD"')
    with routed(tmp_path, settings=settings) as life:
        heard: list[dict[str, Decimal]] = []
        life.on_balances = heard.append
        life.say("NORTH", "on_balances", {"ABC": Decimal(2)})
        life.say("SOUTH", "on_balances", {"ABC": Decimal(3), "USD": Decimal(1)})
        assert heard == [{"ABC": Decimal(5), "USD": Decimal(1)}]


def test_the_dead_man_waits_for_each_venue_that_has_an_order(tmp_path: Path) -> None:
    """One that has none may be away."""
    with routed(tmp_path) as life:
        seats = life._gateway.seats

        def reaches() -> bool:
            return bool(life._way.reaches(lambda: working_of(life.engine)))

        seats["SOUTH"].gateway.is_up = False
        assert reaches()
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        seats["NORTH"].gateway.is_up, seats["SOUTH"].gateway.is_up = False, True
        assert not reaches()


def test_a_book_that_cannot_be_is_found_and_nothing_is_routed_by_it(tmp_path: Path) -> None:
    """Off tick, or of another instrument."""
    with routed(tmp_path) as life:
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.999", "5")])
        life.say("NORTH", "on_book", "XYZ", [("99.90", "5")], [("99.99", "5")])
        assert [found.code for found in life.found()] == ["LIVE-005", "LIVE-005"]
        assert life._gateway.seats["NORTH"].books == {}


def test_a_run_goes_on_as_it_began_and_with_every_venue_that_has_an_order(tmp_path: Path) -> None:
    """At one or at several; a venue is not forgotten while something works there."""
    with routed(tmp_path) as life:
        life.say("SOUTH", "on_book", "ABC", [("99.90", "5")], [("99.99", "5")])
        life.say("SOUTH", "on_report", "8", accepted(sent(life, "SOUTH")[0]))
    for settings, says in (
        (ONE, "this run began with [[venue]]"),
        (SETTINGS.replace("SOUTH", "EAST"), "works at 'SOUTH'"),
    ):
        (tmp_path / "paper.toml").write_text(settings)
        with pytest.raises(HedgerowError, match="RUN-002") as caught:
            LiveRun(LiveSettings.read(tmp_path / "paper.toml", "paper"), Each(), lambda: next(TICKS))
        assert says in str(caught.value)
    (tmp_path / "other").mkdir()
    with ALONE["alone"](tmp_path / "other"):
        pass
    (tmp_path / "other" / "paper.toml").write_text(SETTINGS)
    with pytest.raises(HedgerowError, match=r"began with \[venue\] and"):
        LiveRun(LiveSettings.read(tmp_path / "other" / "paper.toml", "paper"), Each(), lambda: next(TICKS))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('name = "SOUTH"', 'name = "north"'), "another venue's too"),
        (('name = "SOUTH"', 'name = "a/b"'), "at most 31"),
        (('name = "SOUTH"', ""), "name: is missing"),
        (('target = "S"', 'target = "S"\nsymbols = ["ABD"]'), "'ABD', no instrument of the run; did you mean 'ABC'?"),
        (('target = "S"', 'target = "S"\nfees = { tiers = [{ taker = 1 }] }'), "'taker' in a fee tier"),
        (('target = "', 'control_port = 5\ntarget = "'), "one clock"),
    ],
)
def test_venues_that_cannot_be_meant_are_named(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    """Names, fees, symbols, clocks."""
    (tmp_path / "paper.toml").write_text(SETTINGS.replace(*change))
    with pytest.raises(HedgerowError) as caught:
        LiveSettings.read(tmp_path / "paper.toml", "paper")
    assert says in str(caught.value)


def test_each_venue_has_its_session_and_trades_what_it_says(tmp_path: Path) -> None:
    """An instrument that no venue trades is named."""
    more = SETTINGS + '[[instrument]]\nsymbol = "DEF"\ntick = "0.01"\n'
    (tmp_path / "paper.toml").write_text(more.replace('target = "N"', 'target = "N"\nsymbols = ["ABC"]'))
    north, south = LiveSettings.read(tmp_path / "paper.toml", "paper").venues
    assert [dataclasses.asdict(venue.place)["store"].name for venue in (north, south)] == [
        "session-NORTH.fix",
        "session-SOUTH.fix",
    ]
    assert (north.trades("DEF"), south.trades("DEF")) == (False, True)
    (tmp_path / "paper.toml").write_text(more.replace('target = "', 'symbols = ["ABC"]\ntarget = "'))
    with pytest.raises(HedgerowError, match="no venue trades 'DEF'"):
        LiveSettings.read(tmp_path / "paper.toml", "paper")


class Cuts(hr.Strategy):
    """Has one order cut over the venues, at the second book that it hears of."""

    def on_start(self) -> None:
        """Nothing done yet."""
        self.tickets: tuple[Any, ...] = ()
        self.heard = 0

    def on_quote(self, quote: Any) -> None:
        """Once both venues have shown what they have."""
        self.heard += 1
        if self.heard == 2:
            self.tickets = self.route(20, limit=100.0)


class Remembers(Deaf):  # type: ignore[misc, valid-type]
    """Deaf, with the words of each order."""

    def __init__(self, log: list[tuple[str, str, str, str]], venue: str) -> None:
        super().__init__()
        self.log, self.venue = log, venue

    def new(self, name: str, order: Any, ts: int) -> None:
        """An order."""
        self.log.append((self.venue, order.quantity, order.price, order.tif))


def cut_over(tmp_path: Path, *, cutting: type[hr.Strategy] = Cuts) -> tuple[list[tuple[str, str, str, str]], Any]:
    """What leaves for two venues of which the north is cheaper, and the routes in the journal."""
    log: list[tuple[str, str, str, str]] = []
    with routed(tmp_path, cutting()) as life:
        for name, seat in life._gateway.seats.items():
            seat.gateway = Remembers(log, name)
        life.say("NORTH", "on_book", "ABC", [("99.90", "5")], [("99.97", "3"), ("99.99", "4"), ("100.01", "9")])
        life.say("SOUTH", "on_book", "ABC", [("99.95", "5")], [("99.96", "5")])
        return log, venues_of(rows_of(life.engine, "Route"))


def test_an_order_is_cut_over_the_venues_each_part_through_the_gate_with_a_route_of_its_own(tmp_path: Path) -> None:
    """What is shown is taken at once, and what nobody shows waits at the limit."""
    log, homes = cut_over(tmp_path)
    taken = {(venue, quantity, price) for venue, quantity, price, tif in log if tif == "ioc"}
    assert taken == {("NORTH", "7", "99.99"), ("SOUTH", "5", "99.96")}
    assert sum(int(quantity) for _, quantity, price, tif in log if (price, tif) == ("100.00", "gtc")) == 8
    assert sorted(homes.values()) == sorted(venue for venue, *_ in log)


def test_a_part_whose_venue_is_gone_by_then_goes_where_there_is_one(tmp_path: Path) -> None:
    """Between the cut and the moment that it leaves."""

    class Late(Cuts):
        def route(self, quantity: float, symbol: str | None = None, *, limit: float) -> tuple[Any, ...]:
            tickets = super().route(quantity, symbol, limit=limit)
            north: Any = self.cutter
            north._gateway.seats["NORTH"].gateway.is_up = False
            return tickets

    log, _ = cut_over(tmp_path, cutting=Late)
    assert {venue for venue, *_ in log} == {"SOUTH"}
    assert sum(int(quantity) for _, quantity, _, _ in log) == 20


def test_where_there_is_one_venue_it_is_one_order(tmp_path: Path) -> None:
    """A strategy that cuts its orders runs there too, unchanged; and of nothing there is none."""
    with ALONE["alone"](tmp_path, Cuts()) as life:
        life.on_book("ABC", [("99.99", "5")], [("100.02", "5")])
        (ticket,) = life._strategy.tickets
        assert (ticket.quantity, ticket.limit, len(life._gateway.sent)) == (20.0, 100.0, 1)
        assert life._strategy.route(0, limit=1.0) == ()


def test_in_a_backtest_it_is_one_order_too() -> None:
    """With a limit, as `buy` and `sell` have it."""

    class Turns(hr.Strategy):
        def on_bar(self, bar: hr.Bar) -> None:
            self.route(
                100 if self.position == 0 else -100, limit=round(bar.close * (1.1 if self.position == 0 else 0.9), 2)
            )

    days = np.arange(5).astype("datetime64[D]")
    bars = hr.Bars.from_arrays(days, close=np.array([10.0, 10.1, 10.2, 10.1, 10.0]), volume=np.full(5, 1e6))
    done = hr.backtest(bars, Turns(), cash=100_000)
    assert done.fills["side"].tolist() == ["buy", "sell", "buy", "sell"]
    assert done.orders["limit"].notna().all()


def test_a_venue_whose_size_vanishes_before_orders_arrive_gets_the_next_ones_only_if_it_is_worth_it(
    tmp_path: Path,
) -> None:
    """A tick is not enough for one that has kept its word in one order of three; five ticks are."""

    class Takes(Each):
        def on_quote(self, quote: Any) -> None:
            self.tickets.append(self.buy(5, limit=100.0, tif="ioc"))

    with routed(tmp_path, Takes()) as life:
        life._gateway.seats["NORTH"].gateway.is_up = False
        for price in ("99.97", "99.98"):
            life.say("SOUTH", "on_book", "ABC", [("99.90", "5")], [(price, "5")])
            name = sent(life, "SOUTH")[-1]
            life.say("SOUTH", "on_report", "8", accepted(name))
            life.say("SOUTH", "on_report", "8", {11: name, 150: "4", 39: "4", 14: "0"})
        life._gateway.seats["NORTH"].gateway.is_up = True
        life.say("NORTH", "on_book", "ABC", [("99.91", "5")], [("99.99", "5")])
        assert len(sent(life, "NORTH")) == 1
        life.say("SOUTH", "on_book", "ABC", [("99.92", "5")], [("99.94", "5")])
        assert len(sent(life, "SOUTH")) == 3
        routes = rows_of(life.engine, "Route")
        assert routes["chance_ppm"][routes["venue"] == b"SOUTH"].tolist() == [1_000_000, 500_000, 333_333, 333_333]


def test_records_are_read_on_from_wherever_one_was() -> None:
    """Also across the pieces of memory that they lie in; beyond the last there are none."""

    class Turns(hr.Strategy):
        def on_bar(self, bar: hr.Bar) -> None:
            self.order_target(0 if self.position else 1)

    days = np.arange(6_000).astype("datetime64[D]")
    bars = hr.Bars.from_arrays(days, close=np.full(len(days), 10.0), volume=np.full(len(days), 1e6))
    engine, kind = hr.backtest(bars, Turns(), cash=1e6)._engine, noun("Order").kind
    whole = engine.records(kind)
    assert len(whole) > 1 << 18
    for skip in (0, 64, (1 << 18) - 64, 1 << 18, (1 << 18) + 64, len(whole) - 64, len(whole), len(whole) + 64):
        assert engine.records(kind, skip) == whole[skip:], skip
