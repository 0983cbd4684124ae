"""The data of J2 and J3: seeded quotes, and a seeded feed of one book order by order.

Rules: `quotes` is a bid that walks by single ticks, drawn by the imbalance of the sizes shown before, with a spread of
one to three ticks; `feed` adds, cancels, shrinks and executes orders of one book, an execution told as a trade, a fill
and what is left. Promises: the same bytes on every machine, which a digest proves. Needs only NumPy, so that every
peer's environment can make them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

START_NS = 1_577_836_800_000_000_000
ALL = 1_000_000
DIGESTS = {
    "quotes": "8a5eb98a6398ff57d8bc5c83ede86ac3e7eb652164faa7dc0e5b6712b83a4249",
    "feed": "3f3e821f545e2274a41fa9d96208dd41849445b3644804f139ff38b939214d3a",
}
"""SHA-256 over name and bytes of every column, columns in order of name."""
ADD, CANCEL, SHRINK, FILL, TRADE = 1, 2, 3, 4, 5

Columns = dict[str, Any]


def quotes(n: int = ALL) -> Columns:
    """Best prices: `ts` ns, `bid`, `ask` ticks, `bsz`, `asz` lots; all int64."""
    random = np.random.default_rng(20261121)
    bid_size, ask_size = random.integers(1, 101, n), random.integers(1, 101, n)
    lean = bid_size / (bid_size + ask_size) - 0.5
    moved = random.random(n) < 0.30
    step = np.where(moved, np.where(random.random(n) < 0.5 + 0.6 * lean, 1, -1), 0)
    bid = 1_000_000 + np.cumsum(np.concatenate([[0], step[:-1]]))
    spread = random.choice(np.array([1, 2, 3]), n, p=[0.7, 0.2, 0.1])
    ts = START_NS + np.cumsum(random.integers(1_000_000, 199_000_000, n)).astype(np.int64)
    prices = {"bid": bid.astype(np.int64), "ask": (bid + spread).astype(np.int64)}
    return {"ts": ts, **prices, "bsz": bid_size, "asz": ask_size}


class _Book:
    """The book behind the feed: orders by number, queues by side and price, all numbers in the order of a lottery."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int, int, int]] = []
        self.queues: dict[int, dict[int, list[int]]] = {1: {}, -1: {}}
        self.best: dict[int, int | None] = {1: None, -1: None}
        self.orders: dict[int, list[int]] = {}
        self.drawn: list[int] = []
        self.place: dict[int, int] = {}
        self.ts, self.numbers = START_NS, 0

    def shown(self, side: int, price: int) -> int:
        """Lots at a price."""
        return sum(self.orders[i][2] for i in self.queues[side].get(price, ()))

    def say(self, kind: int, side: int, price: int, lots: int, number: int, left: int) -> None:
        """One row of the feed."""
        self.rows.append((kind, side, price, lots, number, self.ts, left))

    def add(self, side: int, price: int, lots: int) -> None:
        """An order enters."""
        self.numbers += 1
        number = self.numbers
        self.orders[number] = [side, price, lots]
        self.place[number] = len(self.drawn)
        self.drawn.append(number)
        self.queues[side].setdefault(price, []).append(number)
        best = self.best[side]
        if best is None or (price - best) * side > 0:
            self.best[side] = price
        self.say(ADD, side, price, lots, number, self.shown(side, price))

    def drop(self, number: int) -> None:
        """An order leaves."""
        at, last = self.place.pop(number), self.drawn.pop()
        if last != number:
            self.drawn[at], self.place[last] = last, at
        side, price, _ = self.orders.pop(number)
        queue = self.queues[side][price]
        queue.remove(number)
        if not queue:
            del self.queues[side][price]
            if self.best[side] == price:
                levels = self.queues[side]
                self.best[side] = (max if side > 0 else min)(levels) if levels else None

    def take(self, side: int, lots: int) -> None:
        """A market order meets a side, and leaves at least two prices there."""
        while lots > 0 and len(self.queues[side]) > 2:
            price = self.best[side]
            assert price is not None
            number = self.queues[side][price][0]
            part = min(lots, self.orders[number][2])
            lots -= part
            self.say(TRADE, -side, price, part, 0, -1)
            self.say(FILL, side, price, part, number, -1)
            if part == self.orders[number][2]:
                self.drop(number)
                self.say(CANCEL, side, price, 0, number, self.shown(side, price))
            else:
                self.orders[number][2] -= part
                self.say(SHRINK, side, price, self.orders[number][2], number, self.shown(side, price))


def feed(n: int = ALL) -> Columns:
    """Events of one book: `typ`, `side` (of the order; of a trade the aggressor), `px` ticks, `qty`, `oid`, `ts`, and
    `lvl`, the lots left at the price; all int64."""
    random = np.random.default_rng(20261122)
    uniform, depth = random.random((n + 16, 4)), random.geometric(0.25, n + 16) - 1
    sizes, gaps = random.integers(1, 21, n + 16), random.exponential(1_000_000, n + 16).astype(np.int64) + 1
    book = _Book()
    for level in range(40):
        for side in (1, -1):
            book.add(side, 1_000_000 - side * (1 + level // 2), 10)
    draw = 0
    while len(book.rows) < n:
        what, which, lots = uniform[draw, 0], uniform[draw, 1], int(sizes[draw])
        behind = int(depth[draw])
        book.ts += int(gaps[draw])
        draw += 1
        alive = len(book.drawn)
        side = 1 if which < 0.5 else -1
        if what < (0.62 if alive < 600 else 0.44) or alive < 60:
            other = book.best[-side]
            assert other is not None
            book.add(side, other - side * (1 + behind), lots)
            continue
        if what >= 0.95:
            book.take(side, lots)
            continue
        number = book.drawn[int(which * alive)]
        own, price, has = book.orders[number]
        if what < 0.90:
            if len(book.queues[own]) >= 3:
                book.drop(number)
                book.say(CANCEL, own, price, has, number, book.shown(own, price))
        elif has > 1:
            book.orders[number][2] = has // 2
            book.say(SHRINK, own, price, has // 2, number, book.shown(own, price))
    rows = np.array(book.rows[:n], dtype=np.int64)
    return {name: rows[:, i].copy() for i, name in enumerate(("typ", "side", "px", "qty", "oid", "ts", "lvl"))}


def digest(columns: Columns) -> str:
    """SHA-256 of all columns."""
    summary = hashlib.sha256()
    for name in sorted(columns):
        summary.update(name.encode())
        summary.update(np.ascontiguousarray(columns[name]).tobytes())
    return summary.hexdigest()


def load(name: str, folder: Path) -> Columns:
    """The rows of a job, made once into a folder and proved by their digest."""
    file = folder / f"{name}.npz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.part.npz"
        np.savez(part, **{"quotes": quotes, "feed": feed}[name]())
        os.replace(part, file)
    with np.load(file) as held:
        columns = {column: held[column] for column in held.files}
    if digest(columns) != DIGESTS[name]:
        raise SystemExit(f"{file}: these rows differ from those of the rule; remove the file")
    return columns
