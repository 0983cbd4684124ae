"""Books rebuilt from real recordings of Binance, Bybit, Kraken and OKX agree with what the venues say of them.

The recordings lie outside the repository (`../shared/data`, see its README); without them these tests are skipped by
name.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hedgerow.market.books import BookFeed, LevelBook
from hedgerow.market.venues import (
    Checksum,
    Message,
    Received,
    Steps,
    binance,
    bybit,
    finest,
    follow,
    kraken,
    okx,
    recorded,
)

SPOT, FUTURES = "binance_spot", "binance_futures"
SATOSHI = Decimal("0.00000001")
Shared = Callable[[str], Path]


@dataclass
class Told:
    """What a replay saw: the best prices after each update, by the update's number, and how many of each kind."""

    tops: list[tuple[int, tuple[Any, Any]]] = field(default_factory=list)
    became: dict[str, int] = field(default_factory=dict)


def levels_in(message: Any, names: tuple[str, ...]) -> list[list[str]]:
    """Every level (price, size, ...) that stands under one of these names in a message."""
    if isinstance(message, dict):
        own = [level for name in names if isinstance(message.get(name), list) for level in message[name]]
        return own + [level for value in message.values() for level in levels_in(value, names)]
    return [level for part in message for level in levels_in(part, names)] if isinstance(message, list) else []


def steps_of(symbol: str, received: list[Received], names: tuple[str, ...]) -> Steps:
    """The coarsest ticks and lots of which all that was recorded is made."""
    levels = [level for told in received for level in levels_in(told.message, names)]
    return Steps(symbol, tick=finest(level[0] for level in levels), lot=finest(level[1] for level in levels))


def replayed(messages: Iterable[Message], feed: BookFeed) -> Told:
    """All messages through a feed; an update that crossed the book would have been refused."""
    told = Told()
    for message, became in follow(messages, feed):
        told.became[became] = told.became.get(became, 0) + 1
        if became == "applied":
            assert feed.best_bid is not None
            assert feed.best_ask is not None
            assert feed.best_bid[0] < feed.best_ask[0]
            told.tops.append((feed.last if message.kind == "image" else message.last, (feed.best_bid, feed.best_ask)))
    return told


def split(received: Iterable[Received]) -> tuple[list[Received], list[Received], list[Received]]:
    """What Binance says of a book, of its best prices, and of trades."""
    books: list[Received] = []
    quotes: list[Received] = []
    trades: list[Received] = []
    for told in received:
        data = told.message.get("data", told.message)
        kind = data.get("e", "bookTicker" if "B" in data else "")
        {"bookTicker": quotes, "trade": trades, "depthUpdate": books, "": books}.get(kind, []).append(told)
    return books, quotes, trades


def agreement(told: Told, quotes: list[Received], steps: Steps) -> tuple[int, int]:
    """How many books had a quote to be compared with, and how many agreed with the newest one not ahead of them."""
    numbers = [quote.message["data"]["u"] for quote in quotes]
    assert numbers == sorted(numbers)
    compared = agreed = 0
    for number, top in told.tops:
        if at := bisect.bisect_right(numbers, number):
            quote = binance.read(quotes[at - 1].message, steps, ts_init=1)
            assert quote is not None
            rows = [(int(row["price_ticks"]), int(row["lots"])) for row in quote.events]
            compared += 1
            agreed += tuple(rows) == top
    return compared, agreed


@pytest.mark.parametrize(
    ("name", "rule", "instrument", "updates"),
    [
        ("binance_spot_btcusdt", SPOT, Steps("BTCUSDT", tick=Decimal("0.01"), lot=SATOSHI), 3_451),
        ("binance_spot_ethusdt", SPOT, Steps("ETHUSDT", tick=Decimal("0.01"), lot=SATOSHI), 3_434),
        ("binance_usdm_btcusdt", FUTURES, Steps("BTCUSDT", tick=Decimal("0.1"), lot=Decimal("0.001")), 6_551),
        ("binance_usdm_ethusdt", FUTURES, Steps("ETHUSDT", tick=Decimal("0.01"), lot=Decimal("0.001")), 6_586),
        ("binance_coinm_btcusd_perp", FUTURES, Steps("BTCUSD_PERP", tick=Decimal("0.1")), 26_847),
    ],
)
def test_binance_books_are_never_crossed_have_no_gap_and_agree_with_the_quotes(
    shared: Shared, name: str, rule: str, instrument: Steps, updates: int
) -> None:
    """Image, held and numbered updates, and the best prices beside those of the book ticker, number by number."""
    books, quotes, trades = split(recorded(shared(f"data/crypto_l2/{name}_20240808.gz")))
    read = (binance.read(told.message, instrument, ts_init=told.ts_init) for told in books)
    told = replayed((message for message in read if message), BookFeed(rule, window_ticks=65_536))
    assert "gap" not in told.became
    assert sum(told.became.values()) == updates + 1
    compared, agreed = agreement(told, quotes, instrument)
    assert compared > 0.99 * told.became["applied"]
    assert agreed == compared
    sold = [binance.read(told.message, instrument, ts_init=told.ts_init) for told in trades[:500]]
    assert all(message is not None and message.events["lots"][0] > 0 for message in sold)


@pytest.mark.parametrize(("folder", "rule"), [("binance", SPOT), ("binance_futures", FUTURES)])
def test_binance_sessions_of_many_symbols_follow_their_images(shared: Shared, folder: str, rule: str) -> None:
    """Images come from requests, in a file of their own; the session has several symbols of any price."""
    images = list(recorded(shared(f"data/ws_recordings/{folder}/http_0_0.txt.gz")))
    stream = list(recorded(shared(f"data/ws_recordings/{folder}/ws_1_0.txt.gz")))
    followed = 0
    for image in images:
        assert image.symbol is not None
        own = [told for told in stream if told.message.get("data", {}).get("s") == image.symbol]
        steps = steps_of(image.symbol, [image, *own], ("b", "a", "bids", "asks"))
        books, quotes, _ = split(own)
        both = sorted([*books, image], key=lambda told: told.ts_init or 0)
        messages = (binance.read(told.message, steps, ts_init=told.ts_init) for told in both)
        told = replayed((m for m in messages if m), BookFeed(rule, window_ticks=65_536))
        assert "gap" not in told.became
        compared, agreed = agreement(told, quotes, steps)
        assert compared == agreed
        followed += told.became["applied"]
    assert followed > 50


def test_bybits_image_and_deltas_give_a_book_of_its_depth_that_is_never_crossed(shared: Shared) -> None:
    """Five hundred levels a side, before and after."""
    instrument = Steps("XRPUSDT", tick=Decimal("0.0001"))
    received = recorded(shared("data/crypto_l2/bybit_xrpusdt_ob500_20241201_head.jsonl.gz"))
    messages = [message for told in received for message in bybit.read(told.message, instrument)]
    feed = BookFeed("bybit")
    told = replayed(messages, feed)
    assert told.became == {"applied": 50}
    assert [len(feed.book().bids()[0]), len(feed.book().asks()[0])] == [500, 500]
    image = LevelBook()
    image.apply(messages[0].events)
    assert feed.book().state_hash() != image.state_hash()


def test_krakens_checksum_holds_after_every_update_of_every_pair(shared: Shared) -> None:
    """Kraken numbers nothing and sends a checksum of the best ten; each one is our book's."""
    stream = list(recorded(shared("data/ws_recordings/kraken/ws_50_0.txt.gz")))
    books = [told for told in stream if isinstance(told.message, list)]
    checked = 0
    for pair in {told.message[-1] for told in books}:
        own = [told for told in books if told.message[-1] == pair]
        steps = steps_of(pair, own, ("b", "a", "bs", "as"))
        written = len(levels_in(own[0].message, ("as",))[0][0].partition(".")[2])
        messages = [m for told in own if (m := kraken.read(told.message, steps, ts_init=told.ts_init))]
        checksum = Checksum("kraken", steps, price_decimals=written, size_decimals=8)
        followed = list(follow(messages, BookFeed("unnumbered"), checksum=checksum))
        assert [became for _, became in followed] == ["applied"] * len(own)
        checked += sum(message.checksum is not None for message, _ in followed)
    assert checked > 3_000


def test_okx_checksums_hold_after_every_image_and_update(shared: Shared) -> None:
    """Sizes in contracts or coins, the checksum over twenty-five levels a side."""
    stream = list(recorded(shared("data/ws_recordings/okx/ws_1_0.txt.gz")))
    books = [
        told for told in stream if told.message.get("arg", {}).get("channel") == "books" and "data" in told.message
    ]
    checked = 0
    for symbol in {told.message["arg"]["instId"] for told in books}:
        own = [told for told in books if told.message["arg"]["instId"] == symbol]
        steps = steps_of(symbol, own, ("bids", "asks"))
        messages = [m for told in own for m in okx.read(told.message, steps, ts_init=told.ts_init)]
        followed = list(follow(messages, BookFeed("unnumbered"), checksum=Checksum("okx", steps)))
        checked += sum(message.checksum is not None for message, _ in followed)
    assert checked > 50
