"""The ready market maker with several risk aversions: what it fills, captures, holds, and is run over by.

    python examples/market_making.py [RECORDING.gz]

Without a recording of USD-M BTCUSDT (an image, `depthUpdate` and `trade` messages) it quotes in a made-up market.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import hedgerow as hr
from hedgerow.market.generated import generated_books
from hedgerow.market.venues import Message, binance, recorded

COIN = hr.Instrument("BTCUSDT", "USDT", tick="0.1", lot="0.001")


def messages(path: Path, coin: hr.Instrument) -> Iterator[Message]:
    """What a recording says of the book and of trades."""
    for received in recorded(path):
        told = binance.read(received.message, coin, ts_init=received.ts_init)
        if told is not None and told.kind != "top":
            yield told


def main() -> None:
    """Quote, and say what became of it."""
    recording = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if recording is None:
        books, quantity, currency = generated_books(20_000, seed=7), 1.0, "USD"
    else:
        books = hr.Books.from_messages(COIN, messages(recording, COIN), rule="binance_futures")
        quantity, currency = 0.01, "USDT"
    delays = {"entry": timedelta(milliseconds=2), "response": timedelta(milliseconds=2)}
    for gamma in (0.001, 0.01, 0.05):
        maker = hr.MarketMaker(quantity=quantity, inventory_max=10, gamma=gamma)
        simulation = hr.Simulation(maker_fee_bps=0.0, **delays)
        result = hr.backtest(books, maker, currency=currency, cash=100_000, simulation=simulation)
        print(f"gamma {gamma}: {result.final_nav - 100_000:+.2f} {currency}")
        print(maker.report())


if __name__ == "__main__":
    main()
