"""What a run at a venue makes of reports: fills that come twice or not at all, changes, cancels that cross them."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import problem
from hedgerow.engine.live import LiveRun, LiveSettings
from hedgerow.engine.live.names import Names
from hedgerow.engine.live.outcome import rows_of
from hedgerow.engine.live.running import FIRM

SHARED = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """A run with one order of ten that the venue has taken, and the order's name."""
    with SHARED["alone"](tmp_path) as life:
        (name,) = life._gateway.sent
        life.on_report("8", {11: name, 150: "0", 39: "0"})
        yield life, name


def fill(name: str, lots: str, total: str, price: str = "100.00") -> dict[int, str]:
    """An execution report."""
    return {11: name, 150: "F", 39: "1", 32: lots, 31: price, 14: total}


def test_a_fill_that_comes_twice_is_booked_once_and_one_that_did_not_come_is_missed(alone: tuple[Any, str]) -> None:
    """By what is filled in all: less than known is a repetition, more than itself a gap, and then nobody knows."""
    life, name = alone
    for _ in range(3):
        life.on_report("8", fill(name, "2", "2"))
    assert life.outcome().positions == {"ABC": 2.0}
    life.on_report("8", fill(name, "1", "6"))
    found = life.outcome()
    assert (found.positions, found.unknown) == ({"ABC": 2.0}, 1)
    assert any("did not come" in text for text in found.findings)
    life.on_report("8", fill(name, "3", "5"))
    life.on_report("8", fill(name, "1", "6"))
    assert life.outcome().positions == {"ABC": 6.0}


def test_what_a_session_tells_again_of_an_order_that_has_ended_is_no_finding(alone: tuple[Any, str]) -> None:
    """As after a crash before the session had noted it; what is new about that order is one, and nothing is booked."""
    life, name = alone
    life.on_report("8", fill(name, "4", "4"))
    life.on_report("8", {11: name, 150: "4", 39: "4"})
    for told in (fill(name, "4", "4"), {11: name, 150: "0", 39: "0"}, {11: name, 150: "4", 39: "4"}):
        life.on_report("8", {**told, 43: "Y"})
    assert (life.outcome().positions, life.outcome().findings) == ({"ABC": 4.0}, ())
    stranger = f"{name.partition('-')[0]}-{10**9}"
    for lots, total, price in (("4", "5", "100"), ("3", "4", "100"), ("4", "4", "99.99")):
        life.on_report("8", {**fill(name, lots, total, price), 43: "Y"})
    life.on_report("8", {11: name, 150: "4", 39: "4"})
    life.on_report("8", {11: stranger, 150: "4", 39: "4", 43: "Y"})
    assert (life.outcome().positions, len(rows_of(life.engine, "Finding"))) == ({"ABC": 4.0}, 5)


def test_reports_about_a_working_order_that_cannot_be_move_nothing(alone: tuple[Any, str]) -> None:
    """More than is open, off tick, off lot, negative, no number; a bust is a note for people."""
    life, name = alone
    wild = [("11", "11", "100"), ("1", "1", "100.005"), ("0.5", "0.5", "100")]
    for lots, total, price in [*wild, ("-1", "-1", "100"), ("x", "1", "100"), ("1", "1", "-5")]:
        life.on_report("8", fill(name, lots, total, price))
    life.on_report("8", {11: name, 150: "H", 39: "1"})
    found = life.outcome()
    assert (found.positions, found.fills, found.working) == ({"ABC": 0.0}, 0, 1)
    assert len(found.findings) >= 6
    life.on_report("8", fill(name, "10", "10"))
    assert life.outcome().positions == {"ABC": 10.0}


def changed(life: Any, quantity: float, limit: float) -> tuple[str, str, str, str]:
    """The order of `alone` shall change; what went out."""
    assert life._strategy.replace(life._strategy.ticket, quantity, limit=limit).approved
    for _ in range(2):
        life.turn(0.0)
    told: tuple[str, str, str, str] = life._gateway.changes[-1]
    return told


def terms(life: Any) -> tuple[Any, ...]:
    """State and terms in force of the order of `alone`."""
    ticket = life._strategy.ticket
    return (ticket.state, ticket.quantity, ticket.limit, ticket.filled)


def test_a_change_waits_for_the_venue_and_each_names_the_one_before(alone: tuple[Any, str]) -> None:
    """PendingReplace until the venue has spoken; 41 is always the name that the venue has confirmed last."""
    life, name = alone
    first, original, quantity, price = changed(life, 8, 100.01)
    assert (original, quantity, price) == (name, "8", "100.01")
    assert terms(life) == ("PendingReplace", 10.0, 100.0, 0.0)
    life.on_report("8", {11: first, 41: name, 150: "E", 39: "E"})
    assert terms(life)[0] == "PendingReplace"
    life.on_report("9", {11: first, 41: name, 434: "2", 39: "0"})
    assert terms(life) == ("Live", 10.0, 100.0, 0.0)
    second, original, _, _ = changed(life, 6, 100.0)
    assert original == name
    life.on_report("8", fill(name, "2", "2"))  # before the change reached it
    life.on_report("8", {11: second, 41: name, 150: "5", 39: "1", 38: "6", 44: "100.00"})
    assert terms(life) == ("PartiallyFilled", 6.0, 100.0, 2.0)
    third, original, _, _ = changed(life, 7, 99.99)
    assert original == second
    life.on_report("8", {11: third, 41: second, 150: "5", 39: "1", 38: "9", 44: "99.99"})  # more than was asked for
    assert terms(life)[:3] == ("PendingReplace", 6.0, 100.0)
    life.on_report("8", {11: third, 41: second, 150: "5", 39: "1", 38: "7", 44: "99.99"})
    life.on_report("8", fill(third, "5", "7", "99.99"))
    found = life.outcome()
    assert (found.positions, found.working) == ({"ABC": 7.0}, 0)
    assert [text.split()[0] for text in found.findings] == ["OMS-005"]


@pytest.mark.parametrize("taken", [True, False])
def test_a_change_on_its_way_when_the_session_falls_is_settled_by_the_name_the_venue_has(
    alone: tuple[Any, str], taken: bool
) -> None:
    """Unknown until then, nothing guessed; and a life that is taken up again knows the name that counts."""
    life, name = alone
    first = changed(life, 8, 100.01)[0]
    life.on_down("cut")
    assert terms(life) == ("Unknown", 10.0, 100.0, 0.0)
    life.on_up()
    assert life._gateway.asked == [name]
    (known,) = life._gateway.known
    assert known.change is not None
    assert (known.fills, known.before, known.change[0]) == ((), "0", first)
    assert (known.change[1].quantity, known.change[1].price) == ("8", "100.01")
    now, quantity, price = (first, "8", "100.01") if taken else (name, "10", "100.00")
    life.on_report("8", {11: now, 150: "I", 39: "0", 14: "0", 38: quantity, 44: price})
    assert terms(life) == ("Live", float(quantity), float(price), 0.0)
    again = Names.of(life.engine, life._book)
    assert again[life._strategy.ticket.id] == now
    assert again.asked(life._strategy.ticket.id) is None
    assert changed(life, 5, 100.0)[1] == now


def test_of_an_order_that_is_asked_about_it_is_known_what_is_booked_and_under_which_names(
    alone: tuple[Any, str],
) -> None:
    """Three before its change and one since: who asks by the new name counts from the three on."""
    life, name = alone
    life.on_report("8", fill(name, "3", "3"))
    first = changed(life, 8, 100.01)[0]
    life.on_report("8", {11: first, 41: name, 150: "5", 39: "5", 38: "8", 44: "100.01", 14: "3"})
    life.on_report("8", fill(first, "1", "4", "100.01"))
    life.on_up()
    (known,) = life._gateway.known
    assert (known.fills, known.before, known.change) == ((("100.00", "3"), ("100.01", "1")), "3", None)


def test_a_cancel_names_the_change_on_its_way_and_comes_again_if_that_was_refused(alone: tuple[Any, str]) -> None:
    """The kill switch meets an order whose change is unanswered; the venue refuses both, and is asked once more."""
    life, name = alone
    first = changed(life, 8, 100.01)[0]
    assert life.kill() == 1
    ((cancel, original),) = life._gateway.cancels
    assert original == first
    life.on_report("9", {11: first, 41: name, 434: "2", 39: "0"})
    assert terms(life)[0] == "PendingCancel"
    life.on_report("9", {11: cancel, 41: first, 434: "1", 39: "0"})
    assert terms(life)[0] == "PendingCancel"
    again, original = life._gateway.cancels[1]
    assert original == name
    life.on_report("9", {11: again, 41: name, 434: "1", 39: "0"})
    assert (terms(life)[0], len(life._gateway.cancels)) == ("Live", 2)


def test_a_stop_that_the_venue_triggers_works_on_and_is_nothing_to_look_at(tmp_path: Path) -> None:
    """150=D before FIX 5.0, L since; with another size it is for people."""
    with SHARED["alone"](tmp_path) as life:
        (first,) = life._gateway.sent
        life.on_report("8", {11: first, 150: "0", 39: "0"})
        ticket = life._strategy.sell(3, stop=99.50)
        for _ in range(2):
            life.turn(0.0)
        name = life._gateway.sent[-1]
        life.on_report("8", {11: name, 150: "0", 39: "0"})
        for kind in ("D", "L"):
            life.on_report("8", {11: name, 150: kind, 39: "0", 38: "3"})
        assert (ticket.state, life.outcome().findings) == ("Live", ())
        life.on_report("8", {11: name, 150: "D", 39: "0", 38: "2"})
        assert len(life.outcome().findings) == 1


def test_a_wish_to_cancel_that_cannot_leave_says_nothing_of_an_order_that_nobody_knows(
    alone: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays Unknown; once the venue is there again its answer settles the change too, and the cancel names it so."""
    life, name = alone
    changed(life, 8, 100.01)
    life.on_down("cut")

    def away(*words: Any) -> None:
        raise problem("WIRE_SESSION", "it is not logged on")

    with monkeypatch.context() as down:
        down.setattr(life._gateway, "cancel", away)
        assert life.kill() == 1
    assert terms(life)[0] == "Unknown"
    life.on_up()
    life.on_report("8", {11: name, 150: "I", 39: "0", 14: "0", 38: "10", 44: "100.00"})
    assert terms(life)[0] == "PendingCancel"
    ((_, original),) = life._gateway.cancels
    assert original == name


def test_a_cancel_that_names_a_change_which_never_came_is_refused_and_the_order_asked_for(
    alone: tuple[Any, str],
) -> None:
    """The line fell with both on their way, and only the cancel was sent again: nobody knows yet, until the answer."""
    life, name = alone
    first = changed(life, 8, 100.01)[0]
    assert life.kill() == 1
    ((cancel, original),) = life._gateway.cancels
    assert original == first
    life.on_down("cut")
    life.on_up()
    life.on_report("9", {11: cancel, 41: first, 434: "1", 39: "8"})
    assert (terms(life)[0], life._gateway.asked) == ("Unknown", [name, name])
    life.on_report("8", {11: name, 150: "I", 39: "0", 14: "0", 38: "10", 44: "100.00"})
    again, original = life._gateway.cancels[-1]
    assert (original, terms(life)[0]) == (name, "PendingCancel")
    life.on_report("8", {11: again, 41: name, 150: "4", 39: "4", 14: "0"})
    assert life.outcome().working == 0


@pytest.mark.parametrize("again", [43, 97])
@pytest.mark.parametrize("first_answer", ["5", "9"])
def test_an_answer_to_a_change_that_is_told_again_is_none_to_the_next(
    alone: tuple[Any, str], again: int, first_answer: str
) -> None:
    """The second change stays unanswered, under the name that the venue has, until its own answer."""
    life, name = alone
    first = changed(life, 8, 100.01)[0]
    told = {11: first, 41: name, 39: "0"}
    told |= {150: "5", 38: "8", 44: "100.01"} if first_answer == "5" else {434: "2"}
    kind = "8" if first_answer == "5" else "9"
    life.on_report(kind, told)
    life.on_report(kind, {**told, again: "Y"})
    life.on_report("9", {11: name, 41: name, 434: "1", 39: "0", again: "Y"})  # of a cancel that was refused long ago
    life.on_report("8", {11: name, 150: "0", 39: "0", again: "Y"})
    assert (terms(life)[0], life.outcome().findings) == ("Live", ())
    second = changed(life, 6, 99.99)[0]
    life.on_report(kind, {**told, again: "Y"})
    assert terms(life)[0] == "PendingReplace"
    assert life._names.asked(life._strategy.ticket.id) is not None
    now = first if first_answer == "5" else name
    life.on_report("9", {11: second, 41: now, 434: "2", 39: "0"})
    assert terms(life)[0] == "Live"
    assert changed(life, 5, 100.0)[1] == now


@pytest.mark.parametrize("is_lifted", [True, False])
def test_a_switch_that_was_turned_before_a_life_died_cancels_in_the_next(tmp_path: Path, is_lifted: bool) -> None:
    """Though orders are to be kept over a restart: only where it was lifted they are."""
    with SHARED["alone"](tmp_path) as life:
        (name,) = life._gateway.sent
        life.on_report("8", {11: name, 150: "0", 39: "0"})
        assert life.kill() == 1
        if is_lifted:
            life.engine.kill(FIRM, False)
    settings = tmp_path / "paper.toml"
    settings.write_text(SHARED["SETTINGS"].replace("[run]", '[run]\non_restart = "keep"'))
    clock = iter(range(1_795_185_100_000_000_000, 2**62, 1_000_000))
    again: Any = LiveRun(LiveSettings.read(settings, "paper"), SHARED["Once"](), lambda: next(clock))
    again._gateway = SHARED["Deaf"]()
    again.on_up()
    again.on_report("8", {11: name, 150: "I", 39: "0", 14: "0", 38: "10", 44: "100.00"})
    again.settle()
    again.engine.close()
    assert [original for _, original in again._gateway.cancels] == ([] if is_lifted else [name])
