"""What an author writes an opaque strategy in Python against: rows in, intents out. Stands alone; the jail has a copy.

Subclass `Strategy` in the package's `strategy.py`. Promises: no clock and no files but the standard library's and
NumPy's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

ABI = 1
START, BARS, FILLS, STOP = 1, 2, 3, 4
INTENTS, FAILED, FORBIDDEN = 128, 129, 130
HEAD, NOW = struct.Struct("<IIHHI"), struct.Struct("<qd")
_INTENT = struct.Struct("<ddIHHq")
_TIFS = {"gtc": 0, "day": 1, "ioc": 2}


class Now(NamedTuple):
    """The time of the run (UTC nanoseconds) and the value of the strategy's book."""

    ts: int
    nav: float


class Instrument(NamedTuple):
    """An instrument; in all other rows it is its index."""

    symbol: str
    tick: float
    lot: float
    instrument: int


class Bar(NamedTuple):
    """A bar that closed; volume is NaN where it is not known, `step` counts the times of a batch."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    position: float
    expected: float
    instrument: int
    step: int


class Fill(NamedTuple):
    """An execution of one of the strategy's orders; quantity is negative when sold."""

    ts: int
    price: float
    quantity: float
    fee: float
    instrument: int
    spare: int


LAYOUTS = {Bar: struct.Struct("<q7dII"), Fill: struct.Struct("<q3dII")}
_INSTRUMENT = struct.Struct("<32sddII")


class Orders:
    """Takes what the strategy wants. It becomes an order only if the fund's gate lets it pass."""

    def __init__(self) -> None:
        self._rows: list[bytes] = []

    def __len__(self) -> int:
        return len(self._rows)

    def buy(self, instrument: int, quantity: float, limit: float = 0.0, tif: str = "gtc") -> None:
        """Buy at the market, or at a limit or better."""
        self._say(1, instrument, quantity, limit, tif)

    def sell(self, instrument: int, quantity: float, limit: float = 0.0, tif: str = "gtc") -> None:
        """Sell at the market, or at a limit or better."""
        self._say(2, instrument, quantity, limit, tif)

    def target(self, instrument: int, quantity: float) -> None:
        """Hold so many units: trade what is missing, working orders counted."""
        self._say(3, instrument, quantity, 0.0, "gtc")

    def target_weight(self, instrument: int, weight: float) -> None:
        """Hold a share of the book's value: trade what is missing, cut to whole lots."""
        self._say(4, instrument, weight, 0.0, "gtc")

    def cancel(self, instrument: int) -> None:
        """Cancel everything that works in an instrument."""
        self._say(5, instrument, 0.0, 0.0, "gtc")

    def rows(self) -> bytes:
        """The intents as the protocol has them."""
        return b"".join(self._rows)

    def _say(self, action: int, instrument: int, amount: float, limit: float, tif: str) -> None:
        self._rows.append(_INTENT.pack(amount, limit, instrument, action, _TIFS[tif], 0))


class Strategy:
    """A trading strategy: it hears what became known at one time, and says what it wants."""

    def on_start(self, now: Now, instruments: list[Instrument], orders: Orders) -> None:
        """Called once, first: which instruments there are."""

    def on_bars(self, now: Now, bars: list[Bar], orders: Orders) -> None:
        """Bars that closed, oldest first; intents act after the last of them."""

    def on_fills(self, now: Now, fills: list[Fill], orders: Orders) -> None:
        """Executions of this strategy's own orders, told before the bars of their time."""

    def on_stop(self, now: Now, orders: Orders) -> None:
        """Called once, last."""


def frame(sequence: int, kind: int, rows: int, payload: bytes) -> bytes:
    """A whole frame."""
    return HEAD.pack(len(payload) + HEAD.size - 4, sequence, kind, ABI, rows) + payload


def answer(strategy: Strategy, question: bytes) -> bytes:
    """One call: read the question, let the strategy speak, write the answer."""
    _, sequence, kind, abi, _ = HEAD.unpack_from(question)
    if abi != ABI:
        return frame(sequence, FAILED, 0, b"the question is no frame of this version")
    now, rows, orders = Now(*NOW.unpack_from(question, HEAD.size)), question[HEAD.size + NOW.size :], Orders()
    if kind == START:
        strategy.on_start(now, list(_instruments(rows)), orders)
    elif kind == BARS:
        strategy.on_bars(now, [Bar._make(row) for row in LAYOUTS[Bar].iter_unpack(rows)], orders)
    elif kind == FILLS:
        strategy.on_fills(now, [Fill._make(row) for row in LAYOUTS[Fill].iter_unpack(rows)], orders)
    elif kind == STOP:
        strategy.on_stop(now, orders)
    return frame(sequence, INTENTS, len(orders), orders.rows())


def _instruments(rows: bytes) -> Iterable[Instrument]:
    for symbol, tick, lot, number, _ in _INSTRUMENT.iter_unpack(rows):
        yield Instrument(symbol.rstrip(b"\0").decode(), tick, lot, number)
