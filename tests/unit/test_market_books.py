"""Order books from Python: events in as structured arrays, best prices, levels, sums, hashes and named errors out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hedgerow.core.errors import BookError, CoreError, DataError, WireError
from hedgerow.core.nouns import noun
from hedgerow.market.books import (
    LAST_OF_UPDATE,
    BookFeed,
    ItchBooks,
    LevelBook,
    OrderBook,
    TopBook,
    level_events,
    venue_rules,
)

ADD, CANCEL, DELETE = 1, 2, 4


def orders(*rows: tuple[int, int, int, int, int]) -> Any:
    """`BookOrder` rows, each an update: (action, order id, side, ticks, lots)."""
    events = np.zeros(len(rows), dtype=noun("BookOrder").dtype)
    for at, (action, order_id, side, price, lots) in enumerate(rows):
        events[at] = (0, order_id, price, lots, 0, 0, side, action | LAST_OF_UPDATE)
    return events


def test_a_book_of_prices_gives_its_levels_sums_and_best_prices_after_each_update() -> None:
    """What went in as an array comes out as arrays, exact."""
    book = LevelBook()
    first = level_events(bids=[(99, 5), (98, 7), (50, 1)], asks=[(101, 4)], ts_event=1)
    second = level_events(bids=[(99, 0)], asks=[(100, 2)], ts_event=2)
    assert book.tops(np.concatenate([first, second])).tolist() == [[99, 5, 101, 4], [98, 7, 100, 2]]
    assert [column.tolist() for column in book.bids()] == [[98, 50], [7, 1]]
    assert [column.tolist() for column in book.asks(1)] == [[100], [2]]
    assert book.depth("bid", 5) == (2, 8, 48)
    assert book.depth_within("ask", 1) == (2, 6, 4)
    assert (book.best_bid, book.best_ask) == ((98, 7), (100, 2))
    assert book.weighted_mid() == (98 * 2 + 100 * 7) / 9
    assert book.imbalance(2) == (8 - 6) / 14


def test_equal_books_have_equal_hashes_however_they_were_built_and_others_do_not() -> None:
    """The hash is of the book, not of its history."""
    one, two = LevelBook(window_ticks=256), LevelBook(window_ticks=65_536)
    one.apply(level_events(bids=[(5_000, 1), (10, 2)], ts_event=1))
    two.apply(level_events(bids=[(10, 9), (5_000, 1), (4_000, 3)], ts_event=1))
    assert one.state_hash() != two.state_hash()
    two.apply(level_events(bids=[(10, 2), (4_000, 0)], ts_event=2))
    assert one.state_hash() == two.state_hash()


def test_what_a_book_refuses_has_a_name_and_the_row_where_its_update_begins() -> None:
    """Rows before the refused update are taken, its own are not."""
    book = LevelBook()
    good = level_events(bids=[(99, 5)], asks=[(101, 5)], ts_event=1)
    bad = level_events(bids=[(98, 1), (101, 1)], ts_event=2)
    with pytest.raises(BookError, match=r"BOOK-001 .*update from row 2: best bid 101, best ask 101"):
        book.apply(np.concatenate([good, bad]))
    assert [column.tolist() for column in book.bids()] == [[99], [5]]
    with pytest.raises(BookError, match="BOOK-002"):
        book.apply(level_events(bids=[(98, -1)], ts_event=3))
    with pytest.raises(BookError, match=r"BOOK-007 .*left"):
        book.depth("left", 1)
    with pytest.raises(BookError, match="BOOK-007"):
        LevelBook(window_ticks=1_000)


def test_an_array_of_another_noun_is_refused() -> None:
    """A column more or another order of columns would be read as nonsense."""
    with pytest.raises(CoreError, match=r"CORE-011 .*BookLevel"):
        LevelBook().apply(orders((ADD, 1, 1, 100, 5)))
    with pytest.raises(CoreError, match="CORE-011"):
        LevelBook().apply(np.zeros(3))


def test_rows_that_do_not_lie_side_by_side_or_on_an_even_address_are_read_all_the_same() -> None:
    """A slice of every second row, and an array that begins at an odd byte."""
    events = level_events(bids=[(99, 5), (98, 7), (97, 9)], ts_event=1)
    whole, half, odd = LevelBook(), LevelBook(), LevelBook()
    whole.apply(events)
    half.apply(events[::2])
    assert half.bids()[0].tolist() == [99, 97]
    raw = np.zeros(events.nbytes + 1, dtype=np.uint8)
    raw[1:] = events.view(np.uint8)
    odd.apply(raw[1:].view(events.dtype))
    assert odd.state_hash() == whole.state_hash()


@pytest.mark.parametrize(
    "wrong", [{"bids": [(2**31, 1)]}, {"asks": [(1, 2**63)]}, {"bids": [(1, 1)], "instrument": 65_536}]
)
def test_a_number_that_an_event_cannot_hold_is_refused(wrong: dict[str, Any]) -> None:
    """Nothing is cut to fit."""
    with pytest.raises(DataError, match="DATA-016"):
        level_events(ts_event=1, **wrong)


def test_a_book_of_orders_keeps_every_queue() -> None:
    """First come, first served, whoever leaves in between."""
    book = OrderBook()
    book.apply(orders((ADD, 7, 1, 100, 5), (ADD, 8, 1, 100, 4), (ADD, 9, 1, 100, 3), (ADD, 3, 2, 101, 1)))
    book.apply(orders((CANCEL, 7, 0, 0, 2), (DELETE, 8, 0, 0, 0)))
    assert book.queue("bid", 100) == [(7, 3), (9, 3)]
    assert (book.lots_ahead(9), book.lots_ahead(8), len(book)) == (3, None, 3)
    assert book.tops(orders((DELETE, 7, 0, 0, 0), (DELETE, 9, 0, 0, 0))).tolist() == [[100, 3, 101, 1], [0, 0, 101, 1]]
    with pytest.raises(BookError, match=r"BOOK-004 .*order 8"):
        book.apply(orders((DELETE, 8, 0, 0, 0)))


def test_a_book_of_best_prices_takes_what_the_venue_says_is_best() -> None:
    """A quote is two events that say what is best."""
    book = TopBook()
    book.apply(level_events(bids=[(99, 5)], asks=[(101, 4)], ts_event=1, top=True))
    assert (book.best_bid, book.best_ask) == ((99, 5), (101, 4))
    with pytest.raises(BookError, match="BOOK-007"):
        book.apply(level_events(bids=[(98, 5)], ts_event=2))


def test_a_feed_holds_follows_finds_a_gap_and_comes_back() -> None:
    """The whole life of a feed, as a driver sees it."""

    def update(price: int) -> Any:
        return level_events(bids=[(price, 1)], ts_event=1)

    feed = BookFeed("binance_spot")
    assert feed.needs_image
    assert feed.update(update(5), first=10, last=12) == "held"
    feed.image(level_events(bids=[(1, 1)], ts_event=1), last=10)
    assert (feed.best_bid, feed.last, feed.needs_image) == ((5, 1), 12, False)
    assert feed.update(update(6), first=13, last=13) == "applied"
    with pytest.raises(BookError, match=r"BOOK-008 .*follows number 14, the book stands at 13"):
        feed.update(update(7), first=15, last=15)
    assert feed.needs_image
    feed.image(level_events(bids=[(2, 1)], ts_event=1), last=14)
    assert feed.book().bids()[0].tolist() == [7, 2]
    feed.lose()
    assert feed.needs_image
    with pytest.raises(BookError, match=r"BOOK-007 .*binance_futures"):
        BookFeed("binance")
    assert {"binance_spot", "bybit", "okx"} <= {name for name, _ in venue_rules()}


def itch(*messages: tuple[str, list[tuple[int, int | bytes]]]) -> bytes:
    """Messages of a file: type, then (bytes, value) of each field behind it."""
    out = b""
    for kind, fields in messages:
        body = b"".join(v.ljust(n) if isinstance(v, bytes) else v.to_bytes(n, "big") for n, v in fields)
        out += (len(body) + 1).to_bytes(2, "big") + kind.encode() + body
    return out


HEAD = [(2, 7), (2, 0), (6, 5)]
DAY = itch(
    ("R", [*HEAD, (8, b"AAPL"), (2, b"Q "), (4, 100), (14, b"")]),
    ("H", [*HEAD, (8, b"AAPL"), (1, b"T"), (1, b" "), (4, b"")]),
    ("A", [*HEAD, (8, 1), (1, b"B"), (4, 300), (8, b"AAPL"), (4, 1_500_000)]),
    ("E", [*HEAD, (8, 1), (4, 100), (8, 9)]),
)


def test_itch_gives_books_and_tables_and_goes_on_where_a_piece_was_cut() -> None:
    """A file may be read in pieces of any size; what is cut off comes with the next."""
    whole = ItchBooks(1_000)
    taken, happened, trades = whole.take(DAY)
    assert (taken, whole.stocks()) == (len(DAY), [(7, "AAPL", 100)])
    assert happened["ts_event"].tolist() == [1_005, 1_005]
    assert trades[["price_ticks", "lots", "aggressor"]].tolist() == [(1_500_000, 100, 2)]
    pieces, rest = ItchBooks(1_000, ["AAPL"]), b""
    for at in range(0, len(DAY), 7):
        rest += DAY[at : at + 7]
        rest = rest[pieces.take(rest)[0] :]
    assert rest == b""
    assert pieces.book("AAPL").state_hash() == whole.book("AAPL").state_hash()
    again = OrderBook()
    again.apply(happened)
    assert again.state_hash() == whole.book("AAPL").state_hash()


def test_itch_that_cannot_be_is_refused_with_the_place_of_the_message() -> None:
    """A length that is wrong, a stock that nobody listed, an order that the book does not know."""
    with pytest.raises(WireError, match=r"WIRE-001 .*at byte 0: message 'D' of 2 bytes, it has 19"):
        ItchBooks(0).take(b"\x00\x02D ")
    with pytest.raises(WireError, match="WIRE-005"):
        ItchBooks(0).take(itch(("D", [*HEAD, (8, 1)])))
    books = ItchBooks(0)
    with pytest.raises(BookError, match=rf"BOOK-004 .*at byte {len(DAY)}: message 'D': order 2"):
        books.take(DAY + itch(("D", [*HEAD, (8, 2)])))
    assert books.book("AAPL").queue("bid", 1_500_000) == [(1, 200)]
    with pytest.raises(WireError, match="WIRE-005"):
        books.book("MSFT")
