"""Books to replay from venues' messages, rows of the catalog and real recordings."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.market.formats.rows import rows
from hedgerow.market.replay import Books
from hedgerow.market.venues import Steps, binance, recorded

START = 1_577_836_800 * 10**9
FREE: dict[str, Any] = {"costs": hr.Costs.none(), "simulation": hr.Simulation.instant()}


class Listener(hr.Strategy):
    """Notes what it hears."""

    def on_start(self) -> None:
        """Nothing yet."""
        self.heard: list[str] = []

    def on_quote(self, quote: Any) -> None:
        """One quote."""
        self.heard.append("quote")

    def on_book(self, book: Any) -> None:
        """One update."""
        self.heard.append("book")


def test_a_venues_messages_are_replayed_and_after_a_gap_nothing_is_shown() -> None:
    """An image with the updates held for it, a trade, a gap: the book is empty until the next image."""
    coin = hr.Instrument("BTCUSDT", "USDT", lot="0.1")

    def update(first: int, last: int, at: int) -> Any:
        told = {"e": "depthUpdate", "s": "BTCUSDT", "E": at, "U": first, "u": last, "b": [["9.99", "1.5"]], "a": []}
        return binance.read(told, coin, ts_init=at * 10**6 + 1)

    image = {"lastUpdateId": 6, "bids": [["9.98", "2"]], "asks": [["10.01", "1"]]}
    sold = {"e": "trade", "s": "BTCUSDT", "T": 4, "p": "9.99", "q": "0.5", "m": True}
    messages = [
        update(5, 7, 1),
        binance.read(image, coin, ts_init=2 * 10**6),
        update(8, 9, 3),
        binance.read(sold, coin, ts_init=5 * 10**6),
        update(12, 13, 6),
        update(14, 15, 7),
    ]
    books = Books.from_messages(coin, [message for message in messages if message], rule="binance_spot")
    seen: list[Any] = []

    class Watcher(hr.Strategy):
        def on_book(self, book: Any) -> None:
            seen.append((book.best_bid, book.best_ask))

        def on_trade(self, trade: Any) -> None:
            seen.append((trade.price, trade.quantity, trade.aggressor))

    simulation = hr.Simulation.instant(sample=timedelta(milliseconds=1))
    hr.backtest(books, Watcher, currency="USDT", simulation=simulation)
    shown = ((9.99, 1.5), (10.01, 1.0))
    assert seen == [shown, shown, (9.99, 0.5, "sell"), (None, None)]
    assert books.notes == ("1 updates of the book: gap", "2 updates of the book: held")


def test_messages_with_finer_sizes_than_the_lot_are_rounded_against_us() -> None:
    """What stands ahead is rounded up, what trades is rounded down, and what is no lot at all is left out."""
    coin, steps = hr.Instrument("BTCUSDT", "USDT", lot="0.1"), Steps("BTCUSDT", Decimal("0.01"), Decimal("0.001"))
    image = {"lastUpdateId": 6, "bids": [["9.98", "2.001"]], "asks": [["10.01", "1.000"]]}
    sold = [
        {"e": "trade", "s": "BTCUSDT", "T": at, "p": "9.98", "q": size, "m": True}
        for at, size in ((3, "0.099"), (4, "0.199"))
    ]
    messages = [binance.read(told, steps, ts_init=2 * 10**6) for told in (image, *sold)]
    made = [message for message in messages if message]
    books = Books.from_messages(coin, made, rule="binance_spot", steps=steps)
    words = np.concatenate([words for _, words in books.pieces()])
    assert sorted(words[:, 2].astype(int).tolist()) == [0, 1, 10, 21]
    with pytest.raises(HedgerowError, match="whole number of finer ones"):
        Books.from_messages(coin, made, rule="binance_spot", steps=Steps("BTCUSDT", Decimal("0.01"), Decimal("0.03")))


def test_rows_of_the_catalog_are_replayed(tmp_path: Path) -> None:
    """Quotes, depth and trades of files, kept in a catalog and read from it as Arrow."""
    times = [START + i for i in range(3)]
    names = {"ts_event": times, "instrument": ["X"] * 3, "record": [1, 1, 2]}
    prices = {"bid": ["9.99", "10.00", None], "ask": ["10.01", "10.01", "10.02"]}
    sizes = {"bid_size": ["5", "6", None], "ask_size": ["5", "6", "7"]}
    quotes = rows("quotes", names | prices | sizes).table
    levels = {"side": ["bid", "ask", "bid"], "price": ["9.99", "10.01", "9.98"], "size": ["1", "2", "3"]}
    same = names | {"ts_event": [START, START, START + 2]}
    depth = rows("depth", same | levels | {"snapshot": [True, True, False]}).table
    sold = {"price": ["10.01", "9.99", "9.99"], "size": ["1", "1", "1"], "side": ["buy", "sell", None]}
    trades = rows("trades", names | sold).table
    instrument = hr.Instrument("X")
    assert Books.from_rows(instrument, quotes=quotes, trades=trades).rows == 9
    books = Books.from_rows(instrument, depth=depth)
    assert books.rows == 4
    strategy = Listener()
    hr.backtest(books, strategy, **FREE)
    assert strategy.heard == ["book", "quote", "book"]
    with pytest.raises(HedgerowError, match=r"row 1: price 10\.01"):
        Books.from_rows(hr.Instrument("X", tick="0.03"), depth=depth)


def test_quotes_that_tell_no_size_want_one_to_be_assumed_and_the_result_says_so() -> None:
    """Without it the row is named; a price that is absent stays absent, and a size that is told is kept."""
    names = {"ts_event": [START + i for i in range(3)], "instrument": ["X"] * 3, "record": [1, 2, 3]}
    prices = {"bid": ["9.99", "10.00", None], "ask": ["10.01", "10.02", "10.02"]}
    quotes = rows("quotes", names | prices | {"bid_size": ["5", None, None], "ask_size": ["4", None, None]}).table
    instrument = hr.Instrument("X")
    for size in (None, 0):
        with pytest.raises(HedgerowError, match=r"DATA-008.*row 1: no bid_size of X; quote_size="):
            Books.from_rows(instrument, quotes=quotes, quote_size=size)
    with pytest.raises(HedgerowError, match="DATA-027"):
        Books.from_rows(instrument, quotes=quotes, quote_size="0.5")
    books = Books.from_rows(instrument, quotes=quotes, quote_size=7)
    words = np.concatenate([words for _, words in books.pieces()])
    told = np.ascontiguousarray(words).view(noun("BookLevel").dtype).reshape(-1)
    assert told["lots"].tolist() == [5, 4, 7, 7, 0, 7]
    result = hr.backtest(books, Listener(), **FREE)
    assert "3 best prices bear no size: 7 is assumed to stand there" in result.info.notes


def test_a_quote_whose_bid_is_not_below_its_ask_is_refused_or_left_out_and_noted() -> None:
    """Locked and crossed alike, by its row; one side alone is no such quote."""
    names = {"ts_event": [START + i for i in range(4)], "instrument": ["X"] * 4, "record": [1, 2, 3, 4]}
    prices = {"bid": ["9.99", "10.00", "10.03", None], "ask": ["10.01", "10.00", "10.02", "10.02"]}
    quotes = rows("quotes", names | prices | {"bid_size": ["5"] * 4, "ask_size": ["4"] * 4}).table
    instrument = hr.Instrument("X")
    with pytest.raises(HedgerowError, match=r"DATA-024.*row 1: X bid 10\.0+, ask 10\.0+; in a book it is below"):
        Books.from_rows(instrument, quotes=quotes)
    books = Books.from_rows(instrument, quotes=quotes, faulty="drop")
    assert books.rows == 4
    assert books.notes == ("2 quotes whose bid is not below their ask are left out",)


def test_a_real_recording_of_binance_is_replayed(shared: Any) -> None:
    """Six thousand updates and the trades of a minute: a market maker's orders wait, and some are filled."""
    path = shared("data/crypto_l2/binance_usdm_ethusdt_20240808.gz")
    coin = hr.Instrument("ETHUSDT", "USDT", tick="0.01", lot="0.001")
    told = (binance.read(received.message, coin, ts_init=received.ts_init) for received in recorded(path))
    messages = (message for message in told if message is not None and message.kind != "top")
    books = Books.from_messages(coin, messages, rule="binance_futures")

    class Bid(hr.Strategy):
        def on_start(self) -> None:
            self.ticket: Any = None

        def on_quote(self, quote: Any) -> None:
            if self.ticket is None or self.ticket.state is None:
                self.ticket = self.buy(0.001, limit=quote.bid, tif="gtx")

    result = hr.backtest(books, Bid, currency="USDT", cash=100_000)
    assert set(result.fills["liquidity"]) == {"maker"}
    assert 1 < len(result.fills) <= len(result.orders)
