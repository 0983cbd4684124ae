"""What binary records, news and vintages say: halts of one market, imbalances, names by day, values taken back."""

from __future__ import annotations

import json
import runpy
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.market.formats.probing import head, probe
from hedgerow.market.formats.registry import opened
from hedgerow.market.reading import Reading

READING = Reading()
ENCODERS = runpy.run_path(str(Path(__file__).with_name("market_encoders.py")))
DAY = 86_400 * 10**9
NS = 1_609_160_400_000_000_000
"""2020-12-28T13:00:00Z."""


def rows_of(folder: Path, name: str, data: bytes | str, kind: str) -> list[dict[str, Any]]:
    """The rows of one kind in a file of these bytes, which has no fault."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    found = probe(path, READING)
    assert found.error is None, found.error
    return [row for part in head(path, READING, 99) if part.kind == kind for row in part.table.to_pylist()]


def itch(*messages: tuple[bytes, int, bytes]) -> bytes:
    """A file of messages: type, second of the day, body."""
    told = b""
    for kind, second, body in ((b"S", 0, b"O"), *messages):
        whole = kind + struct.pack(">HH", 13, 0) + (second * 10**9).to_bytes(6, "big") + body
        told += struct.pack(">H", len(whole)) + whole
    return told


HALTS = itch(
    (b"H", 4, b"AAPL    T     "),
    (b"h", 5, b"AAPL    BH"),
    (b"h", 6, b"AAPL    QH"),
    (b"h", 7, b"AAPL    QH"),
    (b"H", 8, b"AAPL    Q     "),
    (b"h", 9, b"AAPL    QT"),
)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("01302019.NASDAQ_ITCH50", ["4 continuous", "6 halted", "8 halted", "9 opening_call"]),
        ("20190130.BX_ITCH_50", ["4 continuous", "5 halted", "8 halted"]),
    ],
)
def test_a_market_that_stops_a_stock_alone_halts_it_in_its_own_feed(tmp_path: Path, name: str, told: list[str]) -> None:
    """A trading action meanwhile does not resume it; when it is lifted, the last trading action holds."""
    phases = rows_of(tmp_path, name, HALTS, "phases")
    assert [f"{row['ts_event'].second} {row['phase']}" for row in phases] == told
    assert phases[1]["reason"] == "operational halt"


def test_an_imbalance_is_told_with_what_would_match_and_at_which_prices(tmp_path: Path) -> None:
    """A price of zero is none; a cross in which nothing met is no trade."""
    data = itch(
        (b"I", 5, struct.pack(">QQc8sIIIcc", 900, 100, b"B", b"AAPL    ", 0, 1_500_400, 1_500_300, b"O", b"L")),
        (b"I", 6, struct.pack(">QQc8sIIIcc", 9, 0, b"N", b"AAPL    ", 0, 0, 1_500_300, b"H", b" ")),
        (b"Q", 7, struct.pack(">Q8sIQc", 0, b"AAPL    ", 0, 11, b"O")),
    )
    first, second = rows_of(tmp_path, "S013019-v50.txt", data, "imbalances")
    assert (first["instrument"], first["auction"], first["side"]) == ("AAPL", "opening", "buy")
    assert (first["paired"], first["imbalance"]) == (900, 100)
    assert (first["near_price"], first["far_price"]) == (Decimal("150.04"), None)
    assert first["reference_price"] == Decimal("150.03")
    assert (second["auction"], second["side"]) == ("auction", None)


def test_iex_tells_its_own_halts_and_what_its_auctions_would_give(tmp_path: Path) -> None:
    """A halt that was told already is told once; a price of zero is none."""
    who = b"ZIEXT".ljust(8)
    told = [struct.pack("<BBq8s", 0x4F, ord(flag), NS + n, who) for n, flag in enumerate("NOON")]
    told.insert(0, struct.pack("<BBq8s4s", 0x48, 0x54, NS, who, b"    "))
    auction = struct.pack("<BBq8sIqqIBBIqqqq", 0x41, 0x43, NS, who, 900, 990_500, 0, 100, 0x53, 0, 0, 990_700, 0, 0, 0)
    capture = ENCODERS["_pcap"](ENCODERS["_iex"](0x8004, [*told, auction], 1))
    phases = rows_of(tmp_path, "deep.pcap", capture, "phases")
    assert [(row["ts_event"].value - NS, row["phase"]) for row in phases] == [
        (0, "continuous"), (1, "halted"), (3, "continuous")]  # fmt: skip
    (row,) = rows_of(tmp_path, "deep.pcap", capture, "imbalances")
    assert (row["auction"], row["side"], row["paired"], row["imbalance"]) == ("closing", "sell", 900, 100)
    assert (row["reference_price"], row["near_price"], row["far_price"]) == (Decimal("99.05"), None, Decimal("99.07"))


def record(rtype: int, body: bytes, *, number: int = 5482, ns: int = NS) -> bytes:
    """A record of DBN behind its header."""
    size = 16 + len(body)
    assert size % 4 == 0
    return struct.pack("<BBHIQ", size // 4, rtype, 1, number, ns) + body


def trade(ns: int = NS, rtype: int = 0, rest: bytes = b"") -> bytes:
    """A trade of three at 3720.25 whose aggressor sold."""
    body = struct.pack("<qIccBBQiI", 3_720_250_000_000, 3, b"T", b"A", 0, 0, ns + 100, 13, 7)
    return record(rtype, body + rest, ns=ns)


def with_names(*names: tuple[str, list[tuple[int, int, str]]]) -> bytes:
    """Metadata of the second version that maps each name to numbers by days."""
    mappings = b""
    for raw, spans in names:
        mappings += raw.encode().ljust(71, b"\0") + struct.pack("<I", len(spans))
        mappings += b"".join(struct.pack("<II", a, b) + number.encode().ljust(71, b"\0") for a, b, number in spans)
    fixed = b"GLBX.MDP3".ljust(16, b"\0") + struct.pack("<HQQQBBBH", 4, NS, NS, 0, 0, 0, 0, 71)
    body = fixed.ljust(100, b"\0") + struct.pack("<IIIII", 0, 0, 0, 0, len(names)) + mappings
    return b"DBN\x02" + struct.pack("<I", len(body)) + body


def test_a_number_that_changes_hands_is_named_by_its_day(tmp_path: Path) -> None:
    """A contract is the second of its series until the roll, and the first from then on."""
    data = with_names(
        ("ES.c.0", [(20201201, 20201228, "1"), (20201228, 20210101, "5482")]),
        ("ES.c.1", [(20201201, 20201228, "5482"), (20201228, 20210101, "9")]),
    )
    told = rows_of(tmp_path, "rolled.dbn", data + trade(NS - DAY) + trade(NS), "trades")
    assert [row["instrument"] for row in told] == ["ES.c.1", "ES.c.0"]


def test_what_was_asked_for_by_number_bears_its_name(tmp_path: Path) -> None:
    """The mapping then leads from the number to the name."""
    told = rows_of(tmp_path, "numbers.dbn", with_names(("5482", [(20201201, 20210101, "ESH1")])) + trade(), "trades")
    assert [row["instrument"] for row in told] == ["ESH1"]


def test_a_live_session_tells_names_on_its_way(tmp_path: Path) -> None:
    """In both widths in which symbols are written."""
    old = record(0x16, b"ES.FUT".ljust(22, b"\0") + b"ESH1".ljust(22, b"\0") + bytes(20))
    new = record(0x16, b"\4" + b"ES.FUT".ljust(71, b"\0") + b"\1" + b"ESM1".ljust(71, b"\0") + bytes(16))
    told = rows_of(tmp_path, "live.dbn.frag", trade() + old + trade(NS + 1) + new + trade(NS + 2), "trades")
    assert [row["instrument"] for row in told] == ["5482", "ESH1", "ESM1"]


@pytest.mark.parametrize("rtype", [0xB1, 0xC2])
def test_trades_among_consolidated_quotes_are_trades(tmp_path: Path, rtype: int) -> None:
    """CMBP-1 and TCBBO give the quote and the trade."""
    level = struct.pack("<qqIIHHHH", 3_720_000_000_000, 3_720_250_000_000, 24, 11, 1, 0, 1, 0)
    data = trade(rtype=rtype, rest=level)
    (row,) = rows_of(tmp_path, "all.dbn.frag", data, "trades")
    assert (row["price"], row["size"], row["side"]) == (Decimal("3720.25"), 3, "sell")
    assert [row["bid"] for row in rows_of(tmp_path, "all.dbn.frag", data, "quotes")] == [3720]


@pytest.mark.parametrize(("quantity", "rest"), [("i", 6), ("q", 18)])
def test_statistics_are_told_in_words_in_every_version(tmp_path: Path, quantity: str, rest: int) -> None:
    """Which figure, its price or quantity, and that it was known when it was received."""
    nothing = 2**31 - 1 if quantity == "i" else 2**63 - 1
    form = f"<QQq{quantity}IiHHBB"
    body = struct.pack(form, NS + 9, 2**64 - 1, 100 * 10**9, nothing, 2, 1, 3, 13, 1, 255) + bytes(rest)
    (row,) = rows_of(tmp_path, "stat.dbn.frag", record(0x18, body), "messages")
    told = json.loads(row["content"])
    assert (told["statistic"], told["price"], told["quantity"]) == ("settlement_price", "100000000000e-9", None)
    assert row["ts_init"].value == NS + 9


def test_an_imbalance_of_dbn_is_the_same_kind_of_row(tmp_path: Path) -> None:
    """Near is the price at which all would match, far that of the auction's orders alone."""
    prices = (229_430_000_000, NS, 229_500_000_000, 0, 0, 0, 0, 0)
    body = struct.pack("<QqQqqqqqqIIII", NS + 9, *prices, 1719, 281, 0, 0) + b"CA" + bytes(3) + b"N~" + b"\0"
    (row,) = rows_of(tmp_path, "imbalance.dbn.frag", record(0x14, body), "imbalances")
    assert (row["auction"], row["side"], row["paired"], row["imbalance"]) == ("closing", "sell", 1719, 281)
    assert (row["reference_price"], row["near_price"], row["far_price"]) == (Decimal("229.43"), Decimal("229.5"), None)


def test_a_news_item_has_its_own_title_and_not_that_of_its_picture(tmp_path: Path) -> None:
    """Words of an extension never replace the item's own; categories are all kept, a rich title is its text."""
    media = 'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"'
    item = (
        "<media:title>picture</media:title><title>Ford &amp; more</title><category>a</category><category>b</category>"
        '<link>http://a/1</link><atom:link href="http://self"/><pubDate>Mon, 01 Jan 2024 10:00:00 EST</pubDate>'
    )
    text = f'<rss version="2.0" {media}><channel><item>{item}</item></channel></rss>'
    (row,) = rows_of(tmp_path, "rss.xml", text, "news")
    told = json.loads(row["content"])
    assert (row["title"], told["link"], told["category"]) == ("Ford & more", "http://a/1", "a, b")
    assert str(row["ts_event"]) == "2024-01-01 15:00:00+00:00"
    rich = '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Rich <b>title</b></div></title>'
    links = '<link rel="self" href="http://a/2"/><link rel="alternate" href="http://a/1"/>'
    entry = f"<entry>{rich}{links}<updated>2024-01-03T10:00:00Z</updated></entry>"
    (row,) = rows_of(tmp_path, "atom.xml", f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>', "news")
    assert (row["title"], json.loads(row["content"])["link"]) == ("Rich title", "http://a/1")


def test_items_of_a_json_feed_have_the_times_of_their_publication(tmp_path: Path) -> None:
    """Also one without a title, which its text stands for."""
    items = [{"id": "2", "content_text": "x", "title": "Second", "date_published": "2024-01-02T10:00:00-05:00"},
             {"id": "1", "content_text": "y", "title": "First", "date_published": "2024-01-01T10:00:00Z"}]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Mine", "items": items}
    told = rows_of(tmp_path, "feed.json", json.dumps(feed), "news")
    assert [(row["title"], str(row["ts_event"])[:16]) for row in told] == [
        ("Second", "2024-01-02 15:00"), ("First", "2024-01-01 10:00")]  # fmt: skip
    del items[0]["title"], items[1]
    (row,) = rows_of(tmp_path, "notes.json", json.dumps(feed), "news")
    assert (row["title"], str(row["ts_event"])[:16]) == ("x", "2024-01-02 15:00")


def test_vintages_of_fred_take_values_back_and_bear_the_name_of_their_file(tmp_path: Path) -> None:
    """A value of a dot is none from its vintage on, and so is one that ended without another in its place."""
    rows = [("2024-01-25", "2024-02-27", "2023-10-01", "22672.859"), ("2024-02-28", "2024-12-31", "2023-10-01", "."),
            ("2024-04-25", "2024-05-29", "2024-01-01", "28284.498")]  # fmt: skip
    names = ("realtime_start", "realtime_end", "date", "value")
    answer = {"realtime_start": "2024-01-01", "realtime_end": "2024-12-31",
              "observations": [dict(zip(names, row, strict=True)) for row in rows]}  # fmt: skip
    told = rows_of(tmp_path, "GDP.json", json.dumps(answer), "series")
    assert {row["instrument"] for row in told} == {"GDP"}
    assert [(str(row["ts_init"])[:10], row["value"]) for row in told] == [
        ("2024-01-25", 22672.859), ("2024-02-28", None), ("2024-04-25", 28284.498), ("2024-05-30", None)]  # fmt: skip


STAMP = "2026-04-07T14:30:00.123456Z"
ADVANCED = [
    ("market_trades", {"trades": [{"trade_id": "9", "product_id": "BTC-USD", "price": "68900.5", "size": "0.0015",
                                   "side": "BUY", "time": STAMP}]}),
    ("l2_data", {"type": "snapshot", "product_id": "BTC-USD", "updates": [
        {"side": "bid", "event_time": "1970-01-01T00:00:00Z", "price_level": "68900", "new_quantity": "1.5"},
        {"side": "offer", "event_time": "1970-01-01T00:00:00Z", "price_level": "68901", "new_quantity": "0.5"}]}),
    ("ticker", {"tickers": [{"product_id": "BTC-USD", "price": "1", "best_bid": "68900", "best_bid_quantity": "1.5",
                             "best_ask": "68901", "best_ask_quantity": "0.5"}]}),
]  # fmt: skip


def test_coinbase_advanced_tells_books_quotes_and_trades_without_a_taker(tmp_path: Path) -> None:
    """An image stands when it is sent, whenever its levels came; whose side a trade bears is not told."""
    told = [{"channel": name, "timestamp": STAMP, "sequence_num": 0, "events": [event]} for name, event in ADVANCED]
    text = "".join(json.dumps(message) + "\n" for message in told)
    (trade,) = rows_of(tmp_path, "advanced.jsonl", text, "trades")
    assert (trade["instrument"], trade["price"], trade["side"]) == ("BTC-USD", Decimal("68900.5"), None)
    depth = rows_of(tmp_path, "advanced.jsonl", text, "depth")
    assert [(row["side"], row["price"], row["snapshot"]) for row in depth] == [
        ("bid", 68900, True),
        ("ask", 68901, True),
    ]
    assert {str(row["ts_event"])[:19] for row in (trade, *depth)} == {"2026-04-07 14:30:00"}
    (quote,) = rows_of(tmp_path, "advanced.jsonl", text, "quotes")
    assert (quote["bid"], quote["ask_size"]) == (68900, Decimal("0.5"))


def test_bitget_tells_trades_quotes_and_books(tmp_path: Path) -> None:
    """Milliseconds as text; the side of a trade is the taker's."""
    ts = "1695709835822"
    items = {
        "trade": {"ts": ts, "price": "26293.4", "size": "0.0013", "side": "buy", "tradeId": "10"},
        "ticker": {
            "instId": "BTCUSDT",
            "lastPr": "1",
            "bidPr": "26293",
            "askPr": "26294",
            "bidSz": "2",
            "askSz": "3",
            "ts": ts,
        },
        "books": {"bids": [["26293", "2"]], "asks": [["26294", "3"]], "checksum": 0, "seq": 7, "ts": ts},
    }
    told = [{"action": "snapshot", "arg": {"instType": "SPOT", "channel": name, "instId": "BTCUSDT"}, "data": [item],
             "ts": 1695711090682} for name, item in items.items()]  # fmt: skip
    text = "".join(json.dumps(message) + "\n" for message in told)
    (trade,) = rows_of(tmp_path, "bitget.jsonl", text, "trades")
    assert (trade["instrument"], trade["side"], trade["ts_event"].value) == ("BTCUSDT", "buy", int(ts) * 10**6)
    (quote,) = rows_of(tmp_path, "bitget.jsonl", text, "quotes")
    assert (quote["bid"], quote["ask"], quote["ask_size"]) == (26293, 26294, 3)
    assert len(rows_of(tmp_path, "bitget.jsonl", text, "depth")) == 2


def test_a_folder_named_like_a_file_is_told_to_be_one(tmp_path: Path) -> None:
    """And a link that leads nowhere is not offered as what was meant."""
    (tmp_path / "dir.csv").mkdir()
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nothing.csv")
    with pytest.raises(HedgerowError, match=r"DATA-014 .*dir\.csv is a folder; name a file in it"):
        opened(tmp_path / "dir.csv")
    with pytest.raises(HedgerowError, match=r"DATA-014 .*gone\.csv is a link to .*nothing\.csv, which is not there"):
        opened(tmp_path / "gone.csv")


def candles(rows: list[list[Any]]) -> str:
    """A reply that holds bars as lists."""
    return json.dumps({"code": "0", "data": rows})


NEWEST_FIRST = [["1735689660000", "93656.2", "93702.1", "93400.1", "93500.2", "1.5", "140000", "140000"],
                ["1735689600000", "93576", "93702.1", "93489.1", "93656.2", "55.1", "5160000", "5160000"]]  # fmt: skip


def test_bars_that_come_newest_first_are_as_long_as_they_are(tmp_path: Path) -> None:
    """Coinbase, Bybit and OKX give them so: a minute stays a minute and ends at its close."""
    for name, rows in (("newest.json", NEWEST_FIRST), ("oldest.json", NEWEST_FIRST[::-1])):
        bars = rows_of(tmp_path, name, candles(rows), "bars")
        assert {bar["span_ns"] for bar in bars} == {60 * 10**9}
        assert {str(bar["ts_event"])[11:19] for bar in bars} == {"00:01:00", "00:02:00"}


def test_the_volume_of_eight_cells_is_the_first_unless_an_average_price_stands_before_it(tmp_path: Path) -> None:
    """Bitget has three volumes there, Kraken an average price, a volume and a count."""
    bars = rows_of(tmp_path, "bitget.json", candles(NEWEST_FIRST[::-1]), "bars")
    assert [bar["volume"] for bar in bars] == [Decimal("55.1"), Decimal("1.5")]
    kraken = [[1616662740, "5", "6", "4", "5", "5.5", "0.1", 5], [1616662800, "5", "7", "5", "6", "6", "2", 30]]
    bars = rows_of(tmp_path, "kraken.json", candles(kraken), "bars")
    assert [bar["volume"] for bar in bars] == [Decimal("0.1"), 2]


def test_trades_as_ccxt_gives_them_are_trades(tmp_path: Path) -> None:
    """They have an `order`, which is empty for what others traded."""
    one = {"id": "1", "timestamp": 1735689600000, "symbol": "BTC/USDT", "order": None, "type": None, "side": "buy",
           "takerOrMaker": None, "price": 93576.0, "amount": 0.01, "cost": 935.76, "info": {"a": 1}}  # fmt: skip
    trades = rows_of(tmp_path, "ccxt.json", json.dumps([one, one | {"id": "2", "side": "sell"}]), "trades")
    assert [(row["trade_id"], row["side"], row["size"]) for row in trades] == [
        ("1", "buy", Decimal("0.01")), ("2", "sell", Decimal("0.01"))]  # fmt: skip
