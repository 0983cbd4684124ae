"""J2 and J3 as ours: the rows as `Books`, the strategies in Python, and what each must come to.

J2: at each quote, a working order whose price is no longer the touch is cancelled and nothing else is done; without
one, an imbalance above 0.8 bids one lot at the bid and one below 0.2 offers one at the ask; at most five lots; nothing
takes time. J3: every 100 ms one lot at each touch, post-only, moved when the touch moved; at most ten lots; 5 ms there,
5 ms back, the feed 1 ms late. Run as a program it times one of them through the public API.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

import hedgerow as hr
from bench.replay import data
from hedgerow.core.nouns import noun
from hedgerow.market.books import BUY, LAST_OF_UPDATE, SELL

MS = 1_000_000
J2_FILLS, J2_ORDERS = 28_152, 132_627
"""What four engines of other people come to; the fill list's digest is a test of the repository."""
J3_ORDERS_FILLS = (1_346, 1_350)
"""hftbacktest and nautilus_trader 2, order by order."""
J3_LEVELS_FILLS = 1_276
"""hftbacktest, price by price, power 2."""


class Imbalance(hr.Strategy):
    """J2's rule."""

    def on_start(self) -> None:
        """Nothing works."""
        self.ticket: Any = None
        self.side = self.limit = self.held = 0

    def on_fill(self, fill: Any) -> None:
        """What worked is done."""
        self.held += 1 if fill.side == "buy" else -1
        self.side = 0

    def on_quote(self, quote: Any) -> None:
        """Cancel, or decide."""
        if self.side:
            if self.limit != (quote.bid_ticks if self.side > 0 else quote.ask_ticks):
                self.cancel(self.ticket)
                self.side = 0
            return
        size = quote.bid_size
        share = size / (size + quote.ask_size)
        if share > 0.8 and self.held < 5:
            self.side, self.limit, self.ticket = 1, quote.bid_ticks, self.buy(1, limit=quote.bid)
        elif share < 0.2 and self.held > -5:
            self.side, self.limit, self.ticket = -1, quote.ask_ticks, self.sell(1, limit=quote.ask)


class Maker(hr.Strategy):
    """J3's rule."""

    def on_start(self) -> None:
        """Ten times a second."""
        self.every(ns=100 * MS)
        self.quotes: dict[int, tuple[Any, float]] = {}
        self.held = 0

    def on_fill(self, fill: Any) -> None:
        """The position."""
        self.held += 1 if fill.side == "buy" else -1

    def on_timer(self, now: int) -> None:
        """Move what is no longer at the touch, quote where nothing stands."""
        book = self.book()
        bid, ask = book.best_bid, book.best_ask
        if not bid or not ask:
            return
        touch = {1: bid[0], -1: ask[0]}
        self.quotes = {side: quote for side, quote in self.quotes.items() if quote[0].state is not None}
        had = set(self.quotes)
        for side, (ticket, price) in self.quotes.items():
            if price != touch[side] and ticket.state in ("Live", "PartiallyFilled"):
                self.cancel(ticket)
        for side, trade in ((1, self.buy), (-1, self.sell)):
            if side not in had and self.held * side < 10:
                self.quotes[side] = (trade(1, limit=touch[side], tif="gtx"), touch[side])


def books(job: str, folder: Path) -> hr.Books:
    """The rows of `quotes`, `levels` or `orders`."""
    if job == "quotes":
        held = data.load("quotes", folder)
        sides = {"bid": held["bid"], "ask": held["ask"], "bid_size": held["bsz"], "ask_size": held["asz"]}
        return hr.Books.from_quotes(held["ts"], **sides)
    held = data.load("feed", folder)
    if job == "orders":
        return hr.Books.from_events(hr.Instrument("SYN"), orders=_orders(held))
    return hr.Books.from_events(hr.Instrument("SYN"), levels=_levels(held), trades=_trades(held))


def _orders(held: data.Columns) -> Any:
    """An execution stands for the change that the feed tells behind it; trades are told by executions."""
    kind, keep = held["typ"], held["typ"] != data.TRADE
    keep[1:] &= kind[:-1] != data.FILL
    rows: Any = np.zeros(int(keep.sum()), dtype=noun("BookOrder").dtype)
    rows["ts_event"], rows["order_id"] = held["ts"][keep], held["oid"][keep]
    rows["price_ticks"], rows["lots"] = held["px"][keep], held["qty"][keep]
    rows["side"] = np.where(held["side"][keep] > 0, BUY, SELL)
    rows["action"] = np.array([0, 1, 4, 5, 3])[kind[keep]] | LAST_OF_UPDATE
    return rows


def _levels(held: data.Columns) -> Any:
    keep = ~np.isin(held["typ"], (data.FILL, data.TRADE))
    rows: Any = np.zeros(int(keep.sum()), dtype=noun("BookLevel").dtype)
    rows["ts_event"] = rows["ts_init"] = held["ts"][keep]
    rows["price_ticks"], rows["lots"] = held["px"][keep], held["lvl"][keep]
    rows["side"] = np.where(held["side"][keep] > 0, BUY, SELL)
    rows["action"] = 1 | LAST_OF_UPDATE
    return rows


def _trades(held: data.Columns) -> Any:
    keep = held["typ"] == data.TRADE
    rows: Any = np.zeros(int(keep.sum()), dtype=noun("Trade").dtype)
    rows["ts_event"] = rows["ts_init"] = held["ts"][keep]
    rows["price_ticks"], rows["lots"], rows["kind"] = held["px"][keep], held["qty"][keep], 1
    rows["aggressor"] = np.where(held["side"][keep] > 0, BUY, SELL)
    return rows


def write(folder: Path) -> None:
    """The rows of all jobs as plain bytes, for the measuring program."""
    for job in ("quotes", "levels", "orders"):
        pieces = list(books(job, folder).pieces())
        (folder / f"{job}.kinds").write_bytes(np.concatenate([kinds for kinds, _ in pieces]).tobytes())
        (folder / f"{job}.rows").write_bytes(np.concatenate([rows for _, rows in pieces]).tobytes())


def run(job: str, held: hr.Books) -> hr.Result:
    """One run through the public API."""
    if job == "quotes":
        strategy: Any = Imbalance
        simulation = hr.Simulation.instant()
    else:
        strategy, queue = Maker, "power" if job == "levels" else "trades_only"
        simulation = hr.Simulation(queue=queue, entry=5 * MS, response=5 * MS, feed=MS)
    return hr.backtest(held, strategy, costs=hr.Costs.none(), simulation=simulation, cash=10_000_000)


def main() -> None:
    """Time a job; one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", choices=("quotes", "levels", "orders"), required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, required=True)
    asked = parser.parse_args()
    held = books(asked.job, asked.work)
    updates = data.ALL if asked.job == "quotes" else held.rows or 0
    times = []
    for _ in range(asked.runs):
        start = time.process_time()
        result = run(asked.job, held)
        times.append(time.process_time() - start)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told: dict[str, Any] = {
        "fills": len(result.records("Fill")),
        "orders": len(result.records("Order")),
        "peak_mb": peak_mb,
    }
    told |= {"job": asked.job, "updates": updates, "per_second": updates / sorted(times)[len(times) // 2]}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
