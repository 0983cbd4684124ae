"""Parent orders of a run at a venue that dies and is taken up again: they go on, and work exactly the rest."""

from __future__ import annotations

import os
import random
import runpy
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import error_table
from hedgerow.core.nouns import money_int
from hedgerow.engine.live import LiveRun, LiveSettings
from hedgerow.engine.live.outcome import rows_of
from hedgerow.engine.why import Journal
from hedgerow.execution.algorithms import ALGORITHMS, algorithm
from hedgerow.execution.almgren_chriss import LinearImpact

ALONE = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))
PLACE = runpy.run_path(str(Path(__file__).with_name("live_place.py")))
RUN = runpy.run_path(str(Path(__file__).with_name("test_live_run.py")))
KILLS = int(os.environ.get("HEDGEROW_KILLS", "8"))
"""How often the run is killed."""
STOPPED, AMENDED, ENDED, EXPIRED, LEFT, RESUMED = range(1, 7)
S = 10**9

WORKER = '''
from datetime import timedelta

import hedgerow as hr


class Worker(hr.Strategy):
    """{says}, and trades back and forth meanwhile, so that there is a market to take a share of."""

    def on_start(self):
        self.every(ns=25_000_000)
        self.done = False

    def on_timer(self, now):
        book = self.book()
        if not book.best_ask or not book.best_bid:
            return
        bid, ask = book.best_bid[0], book.best_ask[0]
        if not self.done:
            self.done = True
            self.{begins}(bid, ask)
        if now // 25_000_000 % 2:
            self.buy(1, limit=ask, tif="ioc")
        else:
            self.sell(1, limit=bid, tif="ioc")

    def order_all(self, bid, ask):
        told = {{"size_jitter": 0.3, "random_times": True, "seed": 3}}
        self.work(90, algorithm="twap", slices=400, until=timedelta(minutes=30), **told)
        self.work(-60, algorithm="pov", participation=0.3, every=timedelta(milliseconds=100))
        self.work(30, algorithm="iceberg", display=1, limit=round((bid + ask) / 2, 2))

    def wait(self, bid, ask):
        pass

    def hurry(self, bid, ask):
        for order in self.parents:
            if order.algorithm.name == "twap":
                order.amend(until=timedelta(seconds=10))
            elif order.algorithm.name == "iceberg":
                order.amend(limit=round(ask + 2, 2))
'''


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """An exchange with a maker, and the settings of a run there."""
    found = PLACE["RunPlace"](tmp_path)
    port, control = PLACE["free_ports"](2)
    (tmp_path / "venue.toml").write_text(RUN["VENUE"].format(port=port, control=control))
    settings = ALONE["SETTINGS"].replace("port = 1", f"port = {port}").replace("busy.py:Busy", "worker.py:Worker")
    (tmp_path / "paper.toml").write_text(settings)
    yield found
    found.close()


def does(place: Any, what: str, says: str) -> None:
    """What the strategy of the next life does once it sees a market."""
    (place.folder / "worker.py").write_text(WORKER.format(begins=what, says=says))


def events(place: Any) -> list[tuple[int, int]]:
    """Kind and parent of each event of a parent order in the journal."""
    return [(int(row["event"]), int(row["parent"])) for row in Journal(place.folder / "run").of("ParentEvent")]


def traded(journal: Journal) -> dict[int, list[int]]:
    """Of each parent order the lots filled in all, behind each fill of its children."""
    whose = {int(order["id"]): int(order["cause"]) for order in journal.of("Order")}
    found: dict[int, list[int]] = {int(parent["id"]): [0] for parent in journal.of("ParentOrder")}
    for fill in journal.of("Fill"):
        if (parent := whose[int(fill["cause"])]) in found:
            found[parent].append(found[parent][-1] + int(fill["lots"]))
    return found


@pytest.mark.timeout(max(900, 20 * KILLS))
def test_killed_anywhere_parent_orders_trade_what_they_are_and_no_more(place: Any) -> None:
    """A schedule with random times, a share of the volume and an iceberg, by kill -9; in the end all are complete."""
    does(place, "order_all", "Orders all three")
    draws, _ = random.Random(11), place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: len(Journal(place.folder / "run").of("Slice")) > 3 if place.orders() else False, "nothing sent")
    does(place, "wait", "Waits")
    for _ in range(KILLS):
        time.sleep(draws.random())
        life.kill()
        life.wait()
        life = place.start("run", "paper", "paper.toml")
        if draws.random() < 0.7:  # others are killed before they have seen anything
            place.filled()
    life.kill()
    life.wait()
    does(place, "hurry", "Has all of them end soon")
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: [kind for kind, _ in events(place)].count(ENDED) == 3, "parent orders are still at work")
    told = place.end(life, stop=True)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    journal = Journal(place.folder / "run")
    wanted = [int(parent["lots"]) for parent in journal.of("ParentOrder")]
    assert wanted == [90, 60, 30]
    filled = traded(journal)
    said = {int(row["parent"]): row for row in journal.of("ParentEvent")}  # the last of each is its end
    assert [int(said[number]["filled_lots"]) for number in filled] == [lots[-1] for lots in filled.values()]
    # All are complete, but for a schedule whose last seconds a machine slept through: its log says so.
    late = [number for kind, number in events(place) if kind == EXPIRED]
    assert set(late) <= set(list(filled)[:1])
    assert [lots[-1] for number, lots in filled.items() if number not in late] == wanted[len(late) :]
    assert all(max(lots) <= total for lots, total in zip(filled.values(), wanted, strict=True))
    assert Counter(kind for kind, _ in events(place))[RESUMED] > KILLS / 2
    sliced, parents = journal.of("Slice"), set(filled)
    children = [order for order in journal.of("Order") if int(order["cause"]) in parents]
    assert hr.verify(place.folder / "run").slices == len(sliced) == len(children)
    # Of the volume it never had more than its share, itself counted.
    share = sliced[sliced["cause"] == sorted(parents)[1]]
    assert np.all(share["filled_lots"] + share["working_lots"] + share["lots"] <= share["volume_lots"] * 3 // 10)


def test_a_run_that_shall_stop_its_parent_orders_sends_nothing_more_for_them(place: Any) -> None:
    """With `on_restart = "stop"` the log says so, and what worked of them is cancelled."""
    does(place, "order_all", "Orders all three")
    settings = place.folder / "paper.toml"
    settings.write_text(settings.read_text().replace("[venue]", 'on_restart = "stop"\n[venue]', 1))
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: len(Journal(place.folder / "run").of("Slice")) > 3 if place.orders() else False, "nothing sent")
    life.kill()
    life.wait()
    before = len(Journal(place.folder / "run").of("Slice"))
    done = Counter(kind for kind, _ in events(place))  # the iceberg's price may have come
    assert done in ({}, {ENDED: 1})
    told = waited(place)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert len(Journal(place.folder / "run").of("Slice")) == before
    assert Counter(kind for kind, _ in events(place)) == {STOPPED: 3 - done[ENDED], ENDED: 3}
    hr.verify(place.folder / "run")


def waited(place: Any) -> dict[str, Any]:
    """A life that only trades back and forth, until it has."""
    does(place, "wait", "Waits")
    life = place.start("run", "paper", "paper.toml")
    place.filled(2)
    ended: dict[str, Any] = place.end(life, stop=True)
    return ended


class Planner(hr.Strategy):
    """Orders what the test wants, at the first price."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        super().__init__()
        self.wanted, self.found = list(orders), ()

    def on_start(self) -> None:
        """What goes on from an earlier life."""
        self.found = self.parents

    def on_quote(self, quote: Any) -> None:
        """Order once."""
        wanted, self.wanted = self.wanted, []
        for told in wanted:
            self.work(**told)


class Life:
    """A run whose venue is not there, by a clock that the test moves."""

    def __init__(self, folder: Path, strategy: Planner, now_ns: int, **more: str) -> None:
        self.now_ns, self.folder, self.strategy, self._orders = now_ns, folder, strategy, 0
        folder.mkdir(exist_ok=True)
        said = "".join(f'{name} = "{word}"\n' for name, word in more.items())
        (folder / "paper.toml").write_text(ALONE["SETTINGS"].replace("[run]\n", f"[run]\n{said}"))
        self.run: Any = LiveRun(LiveSettings.read(folder / "paper.toml", "paper"), strategy, lambda: self.now_ns)
        self.gateway = self.run._gateway = ALONE["Deaf"]()
        strategy.on_start()

    def at(self, second: float, bid: str = "99.99") -> None:
        """A book, so many seconds after the first life began, and what follows from it."""
        self.now_ns = START + round(second * S)
        self.run.on_book("ABC", [(bid, "50")], [("100.01", "50")])
        self.run.turn(0.0)

    def fill_all(self) -> None:
        """The venue takes and fills whatever was sent."""
        for name in self.gateway.sent[self._orders :]:
            order = next(one for one in self.orders() if one["id"] == int(name.rpartition("-")[2]))
            self.run.on_report("8", {11: name, 150: "0", 39: "0"})
            self.run.on_report(
                "8", {11: name, 150: "F", 39: "2", 32: f"{order['lots']}", 31: "100", 14: f"{order['lots']}"}
            )
        self._orders = len(self.gateway.sent)
        self.run.settle()

    def orders(self) -> Any:
        """Its orders."""
        return rows_of(self.run.engine, "Order")

    def sent(self) -> list[int]:
        """Lots of each slice, over all lives."""
        return [int(row["lots"]) for row in rows_of(self.run.engine, "Slice")]

    def again(self, second: float, **more: str) -> Life:
        """What a crash leaves, taken up again: a copy of the folder as it lies on the disk."""
        folder = self.folder.with_name(f"{self.folder.name}x")
        shutil.copytree(self.folder, folder)
        return Life(folder, Planner(), START + round(second * S), **more)

    def kinds(self) -> list[int]:
        """Events of its parent orders, over all lives."""
        return [int(row["event"]) for row in rows_of(self.run.engine, "ParentEvent")]


START = 1_795_185_000 * S
TWAP: dict[str, Any] = {"quantity": 100, "algorithm": "twap", "slices": 10, "until": timedelta(seconds=100)}


@pytest.fixture
def begun(tmp_path: Path) -> Life:
    """A schedule of ten slices in 100 seconds, of which three have gone out and are filled."""
    life = Life(tmp_path / "run", Planner(TWAP), START)
    for second in (0, 10, 20):
        life.at(second)
        life.fill_all()
    assert life.sent() == [10, 10, 10]
    return life


def test_taken_up_before_the_next_slice_is_due_it_is_as_if_nothing_had_happened(begun: Life) -> None:
    """The same plan, the same times."""
    again = begun.again(26)
    for second in (26, 29.9, 30, 40):
        again.at(second)
        again.fill_all()
    assert again.sent() == [10] * 5
    assert again.kinds() == [RESUMED]
    again.run.engine.close()
    hr.verify(again.folder / "run")


def test_slices_that_fell_due_meanwhile_are_not_caught_up(begun: Life) -> None:
    """What is left is laid over the time that is left; the audit derives that plan again."""
    again = begun.again(50)
    for second in (50, 54, 55, 60):
        again.at(second)
        again.fill_all()
    assert again.sent() == [10] * 3 + [7] * 3
    assert again.kinds() == [RESUMED, AMENDED]
    again.run.engine.close()
    assert hr.verify(again.folder / "run").slices == 6


def away(life: Life) -> None:
    """The session falls before the fourth slice is due, and two and a half are due when it is back."""
    life.gateway.is_up = False
    life.run.on_down("cut")
    for second in (30, 40, 49):
        life.at(second)
        life.fill_all()
    assert (life.sent(), life.kinds()) == ([10] * 3, [])
    life.gateway.is_up = True


def test_slices_that_fell_due_while_the_venue_was_away_are_not_caught_up(begun: Life) -> None:
    """As after a crash: nothing is decided meanwhile, and what is left is laid over the time that is left."""
    away(begun)
    for second in (50, 54, 55, 60):
        begun.at(second)
        begun.fill_all()
    assert begun.sent() == [10] * 3 + [7] * 3
    assert begun.kinds() == [RESUMED, AMENDED]
    begun.run.engine.close()
    assert hr.verify(begun.folder / "run").slices == 6


def test_who_wants_them_caught_up_has_them_at_once(tmp_path: Path) -> None:
    """With `on_return = "catch_up"`, in one order; the plan holds."""
    life = Life(tmp_path / "run", Planner(TWAP), START, on_return="catch_up")
    for second in (0, 10, 20):
        life.at(second)
        life.fill_all()
    away(life)
    for second in (50, 60):
        life.at(second)
        life.fill_all()
    assert life.sent() == [10] * 3 + [30, 10]
    assert life.kinds() == []
    life.run.engine.close()
    assert hr.verify(life.folder / "run").slices == 5


def test_where_its_time_was_over_before_the_venue_was_back_people_are_told_what_is_left(begun: Life) -> None:
    """As a finding with the lots, and nothing more is sent."""
    away(begun)
    begun.gateway.is_up = False
    begun.at(101)
    assert begun.kinds() == [EXPIRED, ENDED]
    missed = next(row.number for row in error_table() if row.name == "RUN_PARENT_MISSED")
    told = [finding for finding in rows_of(begun.run.engine, "Finding") if int(finding["code"]) == missed]
    assert [money_int(finding["value"]) for finding in told] == [70]
    assert begun.sent() == [10] * 3


def test_nothing_is_sent_before_there_is_a_market_however_long_that_takes(begun: Life) -> None:
    """The plan is laid anew when it is seen, not when the run began again."""
    again = begun.again(30)
    for second in (31, 45, 59):
        again.now_ns = START + second * S
        again.run.turn(0.0)
    assert (again.sent(), again.kinds()) == ([10] * 3, [])
    again.at(60)
    assert again.sent() == [10] * 3 + [7]
    assert again.kinds() == [RESUMED, AMENDED]


def test_where_the_time_was_over_meanwhile_it_ends_and_people_are_told_what_is_left(begun: Life) -> None:
    """As a finding with the lots, and nothing more is sent."""
    again = begun.again(101)
    assert [order.remaining for order in again.strategy.found] == [70.0]
    again.at(101)
    assert again.kinds() == [EXPIRED, ENDED]
    missed = next(row.number for row in error_table() if row.name == "RUN_PARENT_MISSED")
    (finding,) = rows_of(again.run.engine, "Finding")
    assert (int(finding["code"]), money_int(finding["value"])) == (missed, 70)
    assert again.sent() == [10] * 3


def test_a_child_of_which_nobody_knows_what_became_is_reserved_until_the_venue_has_said(begun: Life) -> None:
    """It may have been filled: its lots are not sent again. When the venue says it never came, they are."""
    begun.at(30)  # leaves, and nobody hears of it again
    again = begun.again(50)
    (order,) = again.strategy.found
    assert (order.filled, order.working, order.remaining, order.is_active) == (30.0, 10.0, 60.0, True)
    again.at(50)
    assert again.sent() == [10] * 4 + [6]
    again.run.on_report("8", {11: begun.gateway.sent[-1], 150: "I", 39: "8", 14: "0"})
    again.fill_all()
    again.at(55)
    assert again.sent() == [10] * 4 + [6, 16]


@pytest.mark.parametrize(("word", "cancels"), [("cancel", 1), ("keep", 0), ("stop", 1)])
def test_children_that_worked_are_cancelled_or_kept_and_parents_go_on_unless_they_shall_stop(
    begun: Life, word: str, cancels: int
) -> None:
    """`on_restart` says which."""
    begun.at(30)
    (name,) = begun.gateway.sent[-1:]
    begun.run.on_report("8", {11: name, 150: "0", 39: "0"})
    begun.run.settle()
    again = begun.again(31, on_restart=word)
    again.at(31)
    again.run.on_up()
    again.run.on_report("8", {11: name, 150: "I", 39: "0", 14: "0", 38: "10"})
    again.run.settle()
    assert len(again.gateway.cancels) == cancels
    assert again.kinds() == [STOPPED if word == "stop" else RESUMED]
    again.at(40)
    assert again.sent() == [10] * (4 if word == "stop" else 5)


def test_a_share_of_the_volume_counts_what_any_life_heard_and_nothing_of_the_time_between(
    tmp_path: Path,
) -> None:
    """Each trade that was counted stands in the journal."""
    told = {"quantity": 100, "algorithm": "pov", "participation": 0.1, "every": timedelta(seconds=5)}
    life = Life(tmp_path / "run", Planner(told), START)
    life.at(0)
    for size in ("30", "25"):
        life.run.on_trade("ABC", "100", size)
    life.run.settle()
    life.fill_all()
    assert life.sent() == [3]
    again = life.again(60)
    again.at(60)
    assert again.sent() == [3, 2]  # of 55 in all
    again.fill_all()
    again.run.on_trade("ABC", "100", "45")
    again.at(66)
    assert again.sent() == [3, 2, 5]
    assert rows_of(again.run.engine, "Slice")["volume_lots"].tolist() == [30, 55, 100]
    again.run.engine.close()
    hr.verify(again.folder / "run")


MARKET = LinearImpact(sigma=0.9, eta=2e-6, gamma=2e-7, epsilon=0.06)
SECONDS, HOUR = timedelta(seconds=40), timedelta(hours=1)
ALL: list[dict[str, Any]] = [
    TWAP | {"size_jitter": 0.25, "random_times": True, "seed": 9, "passive": True},
    {"quantity": -40, "algorithm": "vwap", "slices": 4, "volumes": (1.0, 2.0, 1.0, 4.0), "until": SECONDS},
    {"quantity": 50, "algorithm": "pov", "participation": 0.07, "every": timedelta(seconds=3)},
    {"quantity": 50, "algorithm": "is", "slices": 5, "risk_aversion": 2e-6, "until": HOUR, "market": MARKET},
    {"quantity": 50, "algorithm": "iceberg", "display": 5, "limit": 99.5, "size_jitter": 0.2, "seed": 4},
    {"quantity": 50, "algorithm": "sniper", "min_size": 900, "limit": 99.5, "every": timedelta(seconds=2)},
    {"quantity": 50, "algorithm": "close", "slices": 5, "stretch": SECONDS, "until": HOUR},
]


def test_a_strategy_finds_its_parent_orders_again_with_their_algorithms(tmp_path: Path) -> None:
    """As they stand, by algorithm and settings; and they can be amended and cancelled as before."""
    life = Life(tmp_path / "run", Planner(*ALL), START)
    life.at(0)
    life.fill_all()
    before = [(order.id, order.quantity, order.filled) for order in life.strategy.parents]
    again = life.again(1)
    found = {order.algorithm.name: order for order in again.strategy.found}
    assert [(order.id, order.quantity, order.filled) for order in found.values()] == before
    for told in ALL:
        order, settings = found[told["algorithm"]], dict(told)
        assert order.quantity == settings.pop("quantity")
        how = algorithm(settings.pop("algorithm"), **{k: v for k, v in settings.items() if k not in ("until", "limit")})
        if how.name == "vwap":  # its volumes are the lots of its plan
            how = replace(how, volumes=(5.0, 10.0, 5.0, 20.0))
        elif how.name == "is":  # its market is observed anew when it is changed
            how = replace(how, market=None)
        assert order.algorithm == how
    assert set(found) == set(ALGORITHMS)
    again.at(2)
    for name in ("twap", "vwap", "iceberg", "close"):
        found[name].amend(quantity=found[name].quantity * 2)
    assert found["pov"].cancel()
    assert [order.quantity for order in again.strategy.parents] == [200.0, -80.0, 50.0, 100.0, 50.0, 100.0]
    again.run.engine.close()
    hr.verify(again.folder / "run")
