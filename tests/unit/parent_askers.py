"""Strategies that hand one order to an algorithm, and what of it was sent; for tests of parent orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hedgerow as hr


class Asker(hr.Strategy):
    """Hands over one order at its first event, and does what it is told at later times."""

    def __init__(
        self, quantity: float = 100.0, then: dict[int, Callable[[Any], Any]] | None = None, **how: Any
    ) -> None:
        super().__init__()
        self.quantity, self.how, self.then = quantity, how, dict(then or {})
        self.ticket: Any = None
        self.events = 0

    def step(self) -> None:
        """One event."""
        self.events += 1
        if self.ticket is None:
            self.ticket = self.work(self.quantity, **self.how)
        if self.events in self.then:
            self.then[self.events](self.ticket)


class OverBars(Asker):
    """Hears bars."""

    def on_bar(self, bar: Any) -> None:
        """One bar."""
        self.step()


class OverBooks(Asker):
    """Hears books."""

    def on_book(self, book: Any) -> None:
        """One update."""
        self.step()


def sent(result: hr.Result) -> list[tuple[float, float]]:
    """Seconds after the parent, and size, of every child that was sent."""
    first = result.parents["ts"].iloc[0]
    return [
        ((ts - first).total_seconds(), q) for ts, q in zip(result.orders["ts"], result.orders["quantity"], strict=True)
    ]
