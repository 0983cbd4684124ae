"""A run at a venue that is not there: what it would send is remembered, and what it hears is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hedgerow as hr
from hedgerow.engine.live import LiveRun, LiveSettings
from hedgerow.execution.gateways import Known

SETTINGS = """
[run]
strategy = "busy.py:Busy"
folder = "run"
[venue]
host = "127.0.0.1"
port = 1
sender = "DESK"
target = "EXCH"
[[instrument]]
symbol = "ABC"
tick = "0.01"
"""


class Once(hr.Strategy):
    """Buys ten as soon as there is a price."""

    def on_start(self) -> None:
        """Nothing done yet."""
        self.done, self.ticket = False, None

    def on_quote(self, quote: Any) -> None:
        """Buy once."""
        if not self.done:
            self.done = True
            self.ticket = self.buy(10, limit=100.0)


class Deaf:
    """Stands where the gateway stands, and remembers what it was asked to send."""

    is_up = True

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.changes: list[tuple[str, str, str, str]] = []
        self.asked: list[str] = []
        self.known: list[Known] = []
        self.cancels: list[tuple[str, str]] = []

    def new(self, name: str, order: Any, ts: int) -> None:
        """An order."""
        self.sent.append(name)

    def replace(self, name: str, original: str, order: Any, ts: int) -> None:
        """A change."""
        self.changes.append((name, original, order.quantity, order.price))

    def cancel(self, name: str, original: str, order: Any, ts: int) -> None:
        """A cancel."""
        self.cancels.append((name, original))

    def status(self, name: str, order: Any, known: Callable[[], Known]) -> None:
        """A question, with what is known already."""
        self.asked.append(name)
        self.known.append(known())

    def turn(self, wait_s: float) -> None:
        """Nothing comes."""

    def watch(self, symbols: Any, depth: int) -> None:
        """A wish for books."""

    def flush(self) -> None:
        """All of it leaves."""


def settled(life: Any, tell: Callable[..., None]) -> Callable[..., None]:
    """What a gateway does with all that came together, here of one: it is told, then settled."""

    def both(*words: Any) -> None:
        tell(*words)
        life.settle()

    return both


@contextmanager
def alone(folder: Path, strategy: hr.Strategy | None = None) -> Iterator[Any]:
    """A run that has heard one book, by a clock of its own."""
    (folder / "paper.toml").write_text(SETTINGS)
    clock = iter(range(1_795_185_000_000_000_000, 2**62, 1_000_000))
    life: Any = LiveRun(LiveSettings.read(folder / "paper.toml", "paper"), strategy or Once(), lambda: next(clock))
    life._strategy.on_start()
    life._gateway = Deaf()
    for name in ("on_book", "on_report"):
        setattr(life, name, settled(life, getattr(life, name)))
    life.on_book("ABC", [("99.99", "5")], [("100.01", "5")])
    yield life
    life.engine.close()
