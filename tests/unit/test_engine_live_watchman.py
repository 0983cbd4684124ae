"""The dead-man timer strikes once for each absence, and an operator's word begins it anew."""

from __future__ import annotations

import os
from pathlib import Path

from hedgerow.engine.live.watchman import ALIVE, Patience, Watchman, say_alive

SECOND = 10**9


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.ns = 100 * SECOND

    def __call__(self) -> int:
        """Nanoseconds."""
        return self.ns


def said(folder: Path, at: int, *, lift: bool = False) -> None:
    """An operator speaks; files of one moment may bear the same time, so each gets its own."""
    say_alive(folder, lift=lift)
    os.utime(folder / ALIVE, ns=(at, at))


def test_a_venue_that_is_away_too_long_is_found_once_until_it_comes_back(tmp_path: Path) -> None:
    """While it is there nothing is said."""
    clock = Hand()
    watchman = Watchman(tmp_path, Patience(venue_s=5), clock)
    heard = []
    for is_up in [True] * 9 + [False] * 9 + [True] * 2 + [False] * 9:
        clock.ns += SECOND
        heard.append(watchman.look(is_up=is_up))
    assert [at for at, text in enumerate(heard) if text] == [14, 25]
    assert heard[14] == "the venue was not heard for 5 s"


def test_an_operator_who_says_nothing_is_found_and_one_who_comes_back_may_lift_the_switch(tmp_path: Path) -> None:
    """A word from before the run's life counts for nothing."""
    said(tmp_path, 1, lift=True)
    clock = Hand()
    watchman = Watchman(tmp_path, Patience(operator_s=3), clock)
    heard = []
    for step in range(20):
        clock.ns += SECOND
        if step in (1, 2):
            said(tmp_path, clock.ns)
        if step == 10:
            said(tmp_path, clock.ns, lift=True)
        heard.append(watchman.look(is_up=True))
    assert [(at, text) for at, text in enumerate(heard) if text] == [
        (6, "the operator was not heard for 3 s"),
        (10, "lift"),
        (14, "the operator was not heard for 3 s"),
    ]


def test_without_patience_told_nobody_is_waited_for(tmp_path: Path) -> None:
    """Which is the default."""
    clock = Hand()
    watchman = Watchman(tmp_path, Patience(), clock)
    clock.ns += 10**6 * SECOND
    assert watchman.look(is_up=False) == ""
