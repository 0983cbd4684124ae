"""How a run at a venue waits: as long as it may, never where it is asked not to, and no longer than a timer is off."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.live import LiveRun, LiveSettings
from hedgerow.engine.live.orders import working_of

ALONE = runpy.run_path(str(Path(__file__).parents[1] / "scenario" / "live_alone.py"))
START_NS = 1_795_185_000_000_000_000


class Idle(hr.Strategy):
    """Hears books."""

    def on_quote(self, quote: object) -> None:
        """Nothing."""


class Punctual(hr.Strategy):
    """Is called every fifty milliseconds."""

    def on_start(self) -> None:
        """From now on."""
        self.every(ns=50_000_000)

    def on_timer(self, now: int) -> None:
        """Nothing."""


def told(folder: Path, more: str) -> LiveSettings:
    """Settings with some more lines of `[run]`."""
    (folder / "paper.toml").write_text(ALONE["SETTINGS"].replace("[venue]", f"{more}\n[venue]"))
    return LiveSettings.read(folder / "paper.toml", "paper")


@pytest.mark.parametrize(("asked", "wait_s"), [("busy_poll = true", 0.0), ("busy_poll = false", 0.02), ("", 0.02)])
def test_a_run_that_is_asked_to_never_sleeps_and_stays_on_its_processor(
    tmp_path: Path, asked: str, wait_s: float
) -> None:
    """It waits no time for the venue."""
    usable = os.sched_getaffinity(0)
    clock = iter(range(START_NS, 2**62, 1_000_000))
    life = LiveRun(told(tmp_path, f"{asked}\ncpu = {min(usable)}"), Idle(), lambda: next(clock))
    waits: list[float] = []
    life.turn = waits.append  # type: ignore[method-assign]
    try:
        life.run(lambda: len(waits) == 3)
        assert (waits, os.sched_getaffinity(0)) == ([wait_s] * 3, {min(usable)})
    finally:
        os.sched_setaffinity(0, usable)


def test_a_processor_that_may_not_be_used_is_named(tmp_path: Path) -> None:
    """Before anything begins."""
    with pytest.raises(HedgerowError, match="one that this process may use"):
        told(tmp_path, "cpu = 4095")
    assert not (tmp_path / "run").exists()


def test_a_timer_ends_the_wait_for_the_venue(tmp_path: Path) -> None:
    """Forty milliseconds before it is due a run asked to wait a second waits forty, and none when it is overdue."""
    now = [START_NS]
    life = LiveRun(told(tmp_path, ""), Punctual(), lambda: now[0])
    waits: list[float] = []
    life._gateway.turn = waits.append  # type: ignore[method-assign]
    life._strategy.on_start()
    life.turn(1.0)
    for later_ns in (10_000_000, 50_000_000, 30_000_000):
        now[0] += later_ns
        life.turn(1.0)
    life.engine.close()
    assert waits == [0.0, 0.04, 0.0, pytest.approx(0.01)]


def test_nothing_leaves_before_all_that_came_together_is_settled(tmp_path: Path) -> None:
    """Two books come at once: what the strategy ordered at both leaves behind one commit of the journal."""

    class Buyer(hr.Strategy):
        def on_quote(self, quote: object) -> None:
            self.buy(1, limit=100.0)

    clock = iter(range(START_NS, 2**62, 1_000_000))
    life = LiveRun(told(tmp_path, ""), Buyer(), lambda: next(clock))
    left: list[str] = []
    life._gateway.new = lambda name, order, ts: left.append(name)  # type: ignore[method-assign]
    wal = tmp_path / "run" / "journal" / "wal"
    for price in ("99.98", "99.99"):
        life.on_book("ABC", [(price, "5")], [("100.01", "5")])
        assert left == []
    before = wal.read_bytes()
    life.settle()
    assert len(left) == life.outcome().orders == 2
    assert wal.read_bytes() != before
    life.engine.close()


def test_a_cancel_of_an_order_that_ended_in_the_same_moment_is_not_sent(tmp_path: Path) -> None:
    """The fill came together with what made the run cancel: the order is over, and the venue is not bothered."""

    class Buyer(hr.Strategy):
        def on_start(self) -> None:
            self.done = False

        def on_quote(self, quote: object) -> None:
            if not self.done:
                self.done = True
                self.buy(1, limit=100.0)

    clock = iter(range(START_NS, 2**62, 1_000_000))
    life = LiveRun(told(tmp_path, ""), Buyer(), lambda: next(clock))
    names: list[str] = []
    cancels: list[str] = []
    life._strategy.on_start()
    life._gateway.new = lambda name, order, ts: names.append(name)  # type: ignore[method-assign]
    life._gateway.cancel = lambda name, *rest: cancels.append(name)  # type: ignore[method-assign]
    life.on_book("ABC", [("99.99", "5")], [("100.01", "5")])
    life.settle()
    (order,) = working_of(life.engine)
    life.engine.cancel_order(order.strategy, order.slot, order.id)
    life.on_report("8", {11: names[0], 150: "F", 39: "2", 32: "1", 31: "100", 14: "1"})
    life.settle()
    assert (cancels, life.outcome().positions, life.outcome().working) == ([], {"ABC": 1.0}, 0)
    life.engine.close()
