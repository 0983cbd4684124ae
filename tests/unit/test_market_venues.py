"""Messages of crypto venues as exact events: hand-made ones, recordings that are damaged, books that are followed."""

from __future__ import annotations

import base64
import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from hedgerow.core.errors import BookError, DataError
from hedgerow.market.books import BookFeed
from hedgerow.market.venues import Checksum, Steps, binance, bybit, follow, kraken, okx, recorded
from hedgerow.market.venues.messages import count

COIN = Steps("BTCUSDT", tick=Decimal("0.01"), lot=Decimal("0.001"))


@pytest.mark.parametrize(
    ("text", "step", "wanted"),
    [
        ("61737.63000000", "0.01", 6_173_763),
        ("0.5", "0.25", 2),
        ("7", "0.001", 7_000),
        ("100", "5", 20),
        (".5", "0.1", 5),
    ],
)
def test_a_price_is_counted_in_steps_exactly(text: str, step: str, wanted: int) -> None:
    """No float stands between the venue's text and a tick."""
    assert count(text, Decimal(step)) == wanted


@pytest.mark.parametrize(
    ("text", "code"),
    [("0.015", "DATA-007"), ("0.3", "DATA-007"), ("nan", "DATA-015"), ("1e5", "DATA-015"), ("", "DATA-015")],
)
def test_a_price_off_the_step_or_no_number_is_refused(text: str, code: str) -> None:
    """Nothing is rounded."""
    with pytest.raises(DataError, match=rf"{code} "):
        count(text, Decimal("0.25") if text == "0.3" else Decimal("0.01"))


def test_binance_says_images_updates_best_prices_and_trades() -> None:
    """Spot and futures, with and without the stream's name; the venue's clock may run ahead of ours."""
    depth = {"e": "depthUpdate", "E": 9, "T": 8, "s": "BTCUSDT", "U": 5, "u": 7, "pu": 3}
    told = binance.read({"stream": "s", "data": depth | {"b": [["1.00", "0.000"]], "a": []}}, COIN, ts_init=1, index=4)
    assert told is not None
    assert (told.kind, told.first, told.last, told.previous) == ("update", 5, 7, 3)
    assert told.events[["ts_event", "ts_init", "lots", "price_ticks", "instrument"]].tolist() == [
        (8_000_000, 1, 0, 100, 4)
    ]
    image = binance.read({"lastUpdateId": 6, "bids": [["1.00", "2"]], "asks": [["1.01", "3"]]}, COIN, ts_init=2)
    assert image is not None
    assert (image.kind, image.last, image.events["side"].tolist()) == ("image", 6, [1, 2])
    quote = binance.read({"u": 9, "s": "BTCUSDT", "b": "1.00", "B": "2", "a": "1.01", "A": "3"}, COIN, ts_init=2)
    assert quote is not None
    assert (quote.kind, quote.events["action"].tolist()) == ("top", [2, 0x82])
    sold = binance.read({"e": "trade", "E": 9, "T": 8, "s": "BTCUSDT", "p": "1.00", "q": "0.5", "m": True}, COIN)
    assert sold is not None
    assert sold.events[["lots", "aggressor", "ts_init"]].tolist() == [(500, 2, 8_000_000)]
    assert binance.read(depth | {"s": "ETHUSDT"}, COIN) is None
    assert binance.read({"e": "kline", "s": "BTCUSDT", "E": 1}, COIN) is None
    with pytest.raises(DataError, match=r"DATA-027 .*0\.0001"):
        binance.read(depth | {"b": [["1.00", "0.0001"]], "a": []}, COIN)


def test_an_ask_that_no_event_can_hold_is_left_out_and_told_and_such_a_bid_is_refused() -> None:
    """People leave asks at absurd prices; a bid there would be the best."""
    image = {"lastUpdateId": 6, "bids": [["1.00", "2"]], "asks": [["1.01", "3"], ["99999999.99", "1"]]}
    told = binance.read(image, COIN, ts_init=2)
    assert told is not None
    assert (told.beyond, told.events["price_ticks"].tolist()) == (1, [100, 101])
    with pytest.raises(DataError, match=r"DATA-016 .*9999999999"):
        binance.read(image | {"bids": [["99999999.99", "1"]]}, COIN, ts_init=2)


def test_bybit_says_images_that_begin_a_new_count_and_trades() -> None:
    """A snapshot may come at any time."""
    data = {"s": "BTCUSDT", "b": [["1.00", "1"]], "a": [], "u": 1}
    (image,) = bybit.read({"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "ts": 3, "cts": 2, "data": data}, COIN)
    assert (image.kind, image.last, image.events["ts_event"].tolist()) == ("image", 1, [2_000_000])
    trades = [{"T": 5, "s": "BTCUSDT", "S": side, "v": "0.5", "p": "1.00"} for side in ("Buy", "Sell")]
    told = bybit.read({"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 3, "data": trades}, COIN)
    assert [int(message.events["aggressor"][0]) for message in told] == [1, 2]
    assert bybit.read({"topic": "orderbook.50.ETHUSDT"}, COIN) == []


def test_a_book_with_a_wrong_checksum_is_not_believed() -> None:
    """The venue's own example of a right one, then one that is not."""
    pair = Steps("XBT/USD", tick=Decimal("0.00001"), lot=Decimal("0.00000001"))
    prices = [5_000 - 5 * n for n in range(11) if n != 3]
    image = {
        "as": [[f"0.{5_005 + 5 * n:05}", "0.00000500", "1.0"] for n in range(10)],
        "bs": [[f"0.{price:05}", "0.00000500", "1.0"] for price in prices],
    }
    right = {"b": [["0.04000", "0.00000500", "2.0"]], "c": "974947235"}
    wrong = {"b": [["0.05000", "0.00000400", "3.0"]], "c": "974947235"}
    read = [kraken.read([0, part, "book-10", "XBT/USD"], pair) for part in (image, right, wrong)]
    feed = BookFeed("unnumbered")
    followed = follow([message for message in read if message], feed, checksum=Checksum("kraken", pair))
    assert [became for _, became in (next(followed), next(followed))] == ["applied", "applied"]
    with pytest.raises(BookError, match=r"BOOK-010 .*the venue says 974947235"):
        next(followed)
    assert feed.needs_image


def test_what_follows_a_gap_is_told_as_held_until_an_image_comes() -> None:
    """A consumer sees when the book stopped being the venue's."""

    def depth(first: int, last: int) -> dict[str, object]:
        return {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": first, "u": last, "b": [["1.00", "1"]], "a": []}

    image = {"lastUpdateId": 4, "bids": [], "asks": []}
    later = image | {"lastUpdateId": 9}
    read = [binance.read(told, COIN, ts_init=1) for told in (image, depth(3, 5), depth(8, 9), depth(10, 11), later)]
    told = follow([message for message in read if message], BookFeed("binance_spot"))
    assert [became for _, became in told] == ["applied", "applied", "gap", "held", "applied"]


def test_okx_tells_numbers_where_it_has_them() -> None:
    """Old recordings have only checksums, which are signed there."""
    data = {"bids": [["1.00", "1", "0", "1"]], "asks": [], "ts": "5", "checksum": -2}
    message = {"arg": {"channel": "books", "instId": "BTCUSDT"}, "action": "snapshot", "data": [data]}
    (told,) = okx.read(message, COIN)
    assert (told.kind, told.last, told.checksum) == ("image", 0, 2**32 - 2)
    assert okx.read({"event": "subscribe", "arg": {"channel": "books", "instId": "BTCUSDT"}}, COIN) == []


def test_every_form_of_recording_is_read_and_what_we_sent_is_passed_over(tmp_path: Path) -> None:
    """Nanoseconds, seconds, answers of requests, and bare JSON."""
    lines = [
        '1723161253937085768 {"a":1}',
        "wss://venue <-> 1618677785.48",
        'wss://venue <- 1618677785.49: {"op":"subscribe"}',
        '1618677786.5112152: {"a":2}',
        'https://venue/depth?symbol=NKNUSDT&limit=1000 -> 1633998512.25: {"a":3}',
        "",
        '{"a":4}',
    ]
    (tmp_path / "session.txt").write_text("\n".join(lines))
    told = list(recorded(tmp_path / "session.txt"))
    times = [1723161253937085768, 1618677786511215200, 1633998512250000000, None]
    assert [received.ts_init for received in told] == times
    assert [received.message["a"] for received in told] == [1, 2, 3, 4]
    assert (told[2].symbol, told[3].line) == ("NKNUSDT", 7)


def test_a_damaged_recording_is_refused_with_its_line_and_what_was_before_is_good(tmp_path: Path) -> None:
    """A line that is cut, bytes that are no text, and a gzip file that ends early."""
    broken = tmp_path / "broken.txt"
    broken.write_text('{"a":1}\n1723161253937085768 {"a":')
    told = recorded(broken)
    assert next(told).message == {"a": 1}
    with pytest.raises(DataError, match=r"DATA-020 .*broken\.txt, line 2"):
        next(told)
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(b"".join(json.dumps({"a": n}).encode() + b"\n" for n in range(50_000)))[:-20])
    with pytest.raises(DataError, match=r"DATA-020 .*cut\.gz, after line"):
        list(recorded(cut))
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="DATA-020"):
        list(recorded(tmp_path / "bytes.txt"))


def test_notes_words_and_marks_of_our_own_recorder_do_not_stop_a_recording(tmp_path: Path) -> None:
    """Notes and bare words are passed over, marked messages are decoded, and what is cut is still refused."""
    ns, marked = 1_723_161_255_342_000_000, base64.b64encode(b'{"b": 2}\n').decode()
    lines = [f'{ns} #note {{"lost": 2}}', f'{ns} {{"a": 1}}', f"{ns} pong", f"{ns + 1} #text {marked}"]
    file = tmp_path / "feed.txt"
    file.write_text("\n".join(lines) + "\n")
    assert [(told.message, told.ts_init, told.line) for told in recorded(file)] == [
        ({"a": 1}, ns, 2),
        ({"b": 2}, ns + 1, 4),
    ]
    file.write_text(f'{ns} {{"a": 1}}\n{ns} #text {marked[:-1]}!\n')
    with pytest.raises(DataError, match="line 2"):
        list(recorded(file))
