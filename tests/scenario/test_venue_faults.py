"""Faults on purpose at the exchange's FIX sessions, as a participant sees them, and as the log says them."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.execution.fix import FixSession, Initiator
from hedgerow.execution.fix.vocabulary import spoken_dictionary
from hedgerow.execution.venues import Server, Venue, read_log, read_settings

VENUE = """
[venue]
name = "VENUE"
folder = "venue"
[[instrument]]
symbol = "ABC"
reference = "10.00"
[[participant]]
name = "DESK"
[faults]
{faults}
"""
ORDERS = 40


class Desk:
    """Sends forty orders, one after the other, and remembers which it was told of."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.logons = self._sent = 0

    def on_logon(self, session: FixSession) -> None:
        """Once more."""
        self.logons += 1

    def on_logout(self, session: FixSession, why: str) -> None:
        """Nothing to do."""

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """An execution report."""
        told = {tag: value.decode() for tag, value, _ in session.fields()}
        self.told.append((told.get(11, ""), told.get(150, "")))

    def work(self, session: FixSession, now_ns: int) -> None:
        """The next order."""
        if session.logged_on and self._sent < ORDERS:
            stamp = time.strftime("%Y%m%d-%H:%M:%S", time.gmtime()).encode()
            terms = [(55, b"ABC"), (54, b"1"), (38, b"1"), (40, b"2"), (44, b"9.00"), (60, stamp)]
            session.send("D", [(11, b"o%02d" % self._sent), *terms], now_ns)
            self._sent += 1


def traded(folder: Path, faults: str) -> tuple[Desk, list[dict[str, Any]]]:
    """What a participant heard of its orders, and the faults that the log names."""
    path = folder / "venue.toml"
    path.write_text(VENUE.format(faults=faults))
    server, stop = Server(read_settings(path), time.time_ns), threading.Event()
    serving = threading.Thread(target=server.serve, args=(stop.is_set,))
    serving.start()
    desk, end_s = Desk(), time.monotonic() + 6
    book = spoken_dictionary("FIX.4.4")
    session = FixSession("FIX.4.4", "DESK", "VENUE", book, now_ns=time.time_ns(), initiator=True)
    line = Initiator("127.0.0.1", server.ports["fix"], session, desk, time.time_ns, pause_s=0.1, pause_max_s=0.2)
    line.run(lambda: time.monotonic() > end_s, desk.work)
    stop.set()
    serving.join()
    Venue(read_settings(path)).close()  # it opens again: the log is still one that follows from itself
    return desk, [line["fault"] for line in read_log(folder / "venue" / "venue.jsonl") if "fault" in line]


def test_reports_are_lost_doubled_and_out_of_order_as_the_log_says(tmp_path: Path) -> None:
    """Exactly those; what is left of the others comes once and in order."""
    desk, faults = traded(tmp_path, "lose = 0.2\nduplicate = 0.2\nreorder = 0.1\ndelay = 0.1\ndelay_ms = 20")
    kinds = {name: {one["of"] - 1 for one in faults if one["fault"] == name} for name in ("lose", "duplicate")}
    assert kinds["lose"]
    assert kinds["duplicate"]
    names = [name for name, _ in desk.told]
    for at in range(ORDERS):
        assert names.count(f"o{at:02d}") == (0 if at in kinds["lose"] else 2 if at in kinds["duplicate"] else 1), at


def test_lines_are_cut_and_orders_refused_as_the_log_says(tmp_path: Path) -> None:
    """After a cut the session comes back, and no report is missing."""
    desk, faults = traded(tmp_path, "drop = 0.1\nreject = 0.2")
    refused = {one["of"] for one in faults if one["fault"] == "reject"}
    assert desk.logons > 1
    assert refused
    assert {name for name, kind in desk.told if kind == "8"} == refused
    assert len({name for name, _ in desk.told}) == ORDERS


def test_chances_that_cannot_be_are_named(tmp_path: Path) -> None:
    """More than 1 in all, below 0, no number, a misspelt fault."""
    path = tmp_path / "venue.toml"
    for faults, says in [
        ("lose = 0.6\ndrop = 0.6", "more than 1"),
        ("lose = -1", "from 0 to 1"),
        ('drop = "x"', "no|not a number"),
        ("loose = 0.1", "did you mean 'lose'"),
    ]:
        path.write_text(VENUE.format(faults=faults))
        with pytest.raises(HedgerowError, match=says):
            read_settings(path)
