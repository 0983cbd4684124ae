"""When a command that serves or trades ends: at a signal, or when its time is over."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def signals(events: Mapping[signal.Signals, threading.Event]) -> Iterator[None]:
    """Within, a signal sets its event and does nothing else; afterwards signals mean what they meant before."""
    before = {number: signal.signal(number, lambda *_, event=event: event.set()) for number, event in events.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def until(stop: threading.Event, seconds: float | None) -> Callable[[], bool]:
    """Says whether to end: once `stop` is set, or so many seconds from now."""
    end = None if seconds is None else time.monotonic() + seconds
    return lambda: stop.is_set() or (end is not None and time.monotonic() >= end)
