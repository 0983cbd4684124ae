"""A folder in which a run at a venue lives, and the processes that work there: what tests of whole runs share."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.live.accounts import of_exchange, of_journal
from hedgerow.engine.why import Journal
from hedgerow.execution.reconciliation import Account, differences
from hedgerow.execution.venues import VenueSettings, read_settings

COMMAND = "import sys; from hedgerow.cli.main import run; sys.exit(run(sys.argv[1:]))"
WAIT_S = 120
"""How long what must happen may take; it takes seconds."""
BUSY = '''
import hedgerow as hr


class Busy(hr.Strategy):
    """Crosses the spread back and forth; what else it does is the test's."""

    def on_start(self):
        self.every(ns={every_ns})
        self.ticket = None

    def on_timer(self, now):
        book = self.book()
        if not book.best_ask or not book.best_bid:
            return
        if self.position <= 0:
            self.buy({size}, limit=book.best_ask[0], tif="ioc")
        else:
            self.sell({size}, limit=book.best_bid[0], tif="ioc")
{then}
'''
LAST = '''
import hedgerow as hr


class Busy(hr.Strategy):
    """Buys until it is filled, which says that the venue is there, and nothing more."""

    def on_start(self):
        self.is_done = False

    def on_fill(self, fill):
        self.is_done = True

    def on_quote(self, quote):
        book = self.book()
        if book.best_ask and not self.is_done:
            self.buy({size}, limit=book.best_ask[0], tif="ioc")
'''


def busy(then: str, *, every_ns: int, size: str) -> str:
    """A strategy that crosses the spread with so much, so often, and then does something else."""
    return BUSY.format(every_ns=every_ns, size=size, then=textwrap.indent(textwrap.dedent(then).strip(), " " * 8))


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as taken:
        sockets = [taken.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def quiet() -> dict[str, str]:
    """What a killed process would have told of its coverage is lost either way; without it it begins sooner."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


class RunPlace:
    """A folder with `paper.toml`, `busy.py` and a run's journal in `run`; the venue is that of `venue.toml`."""

    environment: Mapping[str, str] = {}
    size = "5"
    """Of one order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def launch(self, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """A process in the folder."""
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        told = {**quiet(), **self.environment, **environment}
        self.started.append(subprocess.Popen([sys.executable, *command], cwd=self.folder, env=told, **pipes))
        return self.started[-1]

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """A command in a process of its own."""
        return self.launch(["-c", COMMAND, *words, "--json"], **environment)

    def venue(self) -> subprocess.Popen[bytes]:
        """The exchange, ready."""
        process = self.start("venue", "serve", "venue.toml")
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"] is True
        return process

    def end(self, life: subprocess.Popen[bytes], *, stop: bool = False) -> dict[str, Any]:
        """What a life came to that ends of itself, or is asked to."""
        if stop:
            life.send_signal(signal.SIGTERM)
        told, warned = life.communicate(timeout=WAIT_S)
        assert life.returncode == 0, warned
        self.heard(told + warned)
        found: dict[str, Any] = json.loads(told)
        return found

    def heard(self, told: bytes) -> None:
        """What a life said."""

    def paper(self, seconds: float) -> dict[str, Any]:
        """A whole life of the run; what it came to."""
        return self.end(self.start("run", "paper", "paper.toml", "--for", str(seconds)))

    def settled(self) -> dict[str, Any]:
        """A life that is filled once more, and ends when nothing works that earlier lives left."""
        (self.folder / "busy.py").write_text(LAST.format(size=self.size))
        life = self.start("run", "paper", "paper.toml")
        self.filled()
        self.wait(lambda: "working" not in self.orders().values(), "orders of earlier lives still work")
        return self.end(life, stop=True)

    def wait(self, for_what: Callable[[], bool], otherwise: str) -> None:
        """Until something has happened."""
        end_s = time.monotonic() + WAIT_S
        while not for_what():
            assert time.monotonic() < end_s, otherwise
            time.sleep(0.05)

    def account(self) -> Account:
        """What the run's journal knows; of a run that has none yet, nothing."""
        try:
            return of_journal(self.folder / "run")
        except HedgerowError:
            return Account("journal", {}, (), {})

    def quotes(self) -> int:
        """How many prices the journal holds: it grows with each that a life hears of."""
        return len(Journal(self.folder / "run").of("Quote"))

    def orders(self) -> Mapping[str, str]:
        """The orders of the journal, and whether they work."""
        return self.account().orders

    def fills(self) -> int:
        """How many executions the journal holds."""
        try:
            return len(Journal(self.folder / "run").of("Fill"))
        except HedgerowError:  # it has none yet
            return 0

    def filled(self, more: int = 1) -> None:
        """Wait until the journal holds so many executions more."""
        wanted = self.fills() + more
        self.wait(lambda: self.fills() >= wanted, "no fill")

    def unsure(self) -> None:
        """Wait until the journal holds an order of which nobody knows what became."""
        unknown, run = _core.order_state_names().index("Unknown") + 1, self.folder / "run"
        self.wait(lambda: unknown in Journal(run).of("OrderEvent")["to"], "what became of each order is known")

    def exchange(self) -> VenueSettings:
        """The exchange whose record the journal is held against."""
        return read_settings(self.folder / "venue.toml")

    def differences(self) -> list[str]:
        """Between the run's journal and the exchange's record."""
        theirs = of_exchange(self.exchange(), "DESK")
        return [str(found) for found in differences(of_journal(self.folder / "run"), theirs)]

    def close(self) -> None:
        """End what still works there."""
        for process in self.started:
            process.kill()
            process.communicate()
