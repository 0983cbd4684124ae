"""A market maker on a book: one order at each touch, on a recording of Binance where you give one.

    python examples/book_maker.py [RECORDING.gz]

Without a recording of USD-M BTCUSDT (an image, `depthUpdate` and `trade` messages) it makes a small book of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import hedgerow as hr
from hedgerow.market.venues import Message, binance, recorded

COIN = hr.Instrument("BTCUSDT", "USDT", tick="0.1", lot="0.001")


class Maker(hr.Strategy):
    """One order on each side at the touch, post-only, looked at ten times a second; flat within three orders."""

    def on_start(self) -> None:
        """Ten times a second."""
        self.every(seconds=0.1)
        self.quotes: dict[str, tuple[Any, float]] = {}

    def on_timer(self, now: int) -> None:
        """Move what is no longer at the touch, and quote where nothing stands."""
        book = self.book()
        bid, ask = book.best_bid, book.best_ask
        if bid is None or ask is None:
            return
        for side, (price, _), trade, room in (
            ("buy", bid, self.buy, self.position < 0.003),
            ("sell", ask, self.sell, self.position > -0.003),
        ):
            ticket, at = self.quotes.get(side, (None, 0.0))
            if ticket is not None and ticket.state is not None:
                if at != price and ticket.state in ("Live", "PartiallyFilled"):
                    self.cancel(ticket)
            elif room:
                self.quotes[side] = trade(0.001, limit=price, tif="gtx"), price


def messages(path: Path) -> Iterator[Message]:
    """What a recording says of the book and of trades."""
    for received in recorded(path):
        told = binance.read(received.message, COIN, ts_init=received.ts_init)
        if told is not None and told.kind != "top":
            yield told


def own() -> Iterator[Message]:
    """A book of three levels that breathes, and trades that meet its bids and asks in turns."""
    start = 1_723_075_200_000
    levels = [["61000.0", "0.010"], ["60999.9", "0.020"]], [["61000.1", "0.010"], ["61000.2", "0.020"]]
    image = {"lastUpdateId": 1, "T": start, "bids": levels[0], "asks": levels[1]}
    yield binance.read(image, COIN, ts_init=start * 10**6)  # type: ignore[misc]
    for i in range(1, 600):
        at = start + 100 * i
        price, seller = ("61000.0", True) if i % 2 else ("61000.1", False)
        sold = {"e": "trade", "s": "BTCUSDT", "T": at, "p": price, "q": "0.004", "m": seller}
        side = "b" if seller else "a"
        update: dict[str, Any] = {"e": "depthUpdate", "s": "BTCUSDT", "T": at, "U": i, "u": i + 1, "pu": i}
        update |= {"b": [], "a": [], side: [[price, "0.006" if i % 4 < 2 else "0.010"]]}
        for message in (sold, update):
            yield binance.read(message, COIN, ts_init=at * 10**6 + 10**6)  # type: ignore[misc]


def main() -> None:
    """Replay, and say what became of it."""
    told = messages(Path(sys.argv[1])) if len(sys.argv) > 1 else own()
    books = hr.Books.from_messages(COIN, told, rule="binance_futures")
    print(books)
    delays = {"entry": timedelta(milliseconds=2), "response": timedelta(milliseconds=2)}
    for queue in ("trades_only", "power", "log"):
        simulation = hr.Simulation(queue=queue, maker_fee_bps=-0.2, **delays)  # type: ignore[arg-type]
        result = hr.backtest(books, Maker, currency="USDT", cash=100_000, simulation=simulation)
        filled = result.fills["quantity"].sum()
        print(f"{queue:12} {len(result.orders):5} orders, {len(result.fills):4} fills of {filled:.3f} BTC in all")


if __name__ == "__main__":
    main()
