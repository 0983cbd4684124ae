"""What recorders of venues leave: sessions, captures and compressed messages, in the shapes of real recordings."""

from __future__ import annotations

import base64
import gzip
import json
import runpy
import zlib
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import DataError
from hedgerow.market.formats.probing import head as head_of
from hedgerow.market.formats.probing import probe
from hedgerow.market.reading import Reading
from hedgerow.market.venues import recorded

OTHERS = runpy.run_path(str(Path(__file__).with_name("test_market_more_venues.py")))
told = OTHERS["told"]
MINUTE = 60 * 10**9
SECONDS = 1_700_000_000
MS = SECONDS * 1000
"""When the messages of a session are received: a second apart from this one on."""

HTX_BOOK = {
    "ch": "market.BTC-USDT.depth.step0",
    "ts": MS,
    "tick": {"bids": [[40500.1, 12]], "asks": [[40500.2, 3]], "ts": MS - 2, "version": 7},
}
HTX_TRADE = {
    "ch": "market.BTC-USDT.trade.detail",
    "ts": MS,
    "tick": {"data": [{"amount": 2, "ts": MS - 10, "id": 15, "price": 40500.1, "direction": "sell"}]},
}
HTX_ROWS = [
    ("trades", MS - 10, "BTC-USDT", "40500.1", "2", "sell", "15"),
    ("depth", MS - 2, "BTC-USDT", "bid", "40500.1", "12", True, 7),
    ("depth", MS - 2, "BTC-USDT", "ask", "40500.2", "3", True, 7),
]


def session(*bodies: str) -> str:
    """A session with a message a second, as cryptofeed writes it."""
    head = f"wss://venue/ws <-> {SECONDS - 1}.5\n"
    return head + "".join(f"{SECONDS + n}.0: {body}\n" for n, body in enumerate(bodies))


def deflated(data: bytes) -> bytes:
    """A bare deflated stream."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


def market_rows(folder: Path, name: str, text: str) -> list[tuple[Any, ...]]:
    """The rows of a file that are no messages."""
    return [row for row in told(folder, name, text) if row[0] != "messages"]


def test_bytes_that_a_recorder_wrote_as_python_does_are_read_as_what_the_venue_compressed(tmp_path: Path) -> None:
    """gzip and bare deflate; what is no message in either stays a row as it stands."""
    packed = [gzip.compress(json.dumps(HTX_BOOK).encode()), deflated(json.dumps(HTX_TRADE).encode())]
    text = session(repr(packed[0]), repr(packed[1]), repr(b"\x01\x02'\"ab"))
    assert market_rows(tmp_path, "htx.txt", text) == HTX_ROWS
    rows = told(tmp_path, "htx.txt", text)
    assert [row for row in rows if row[0] == "messages"] == [("messages", MS - 500, "<->"),
                                                             ("messages", MS + 2000, "text")]  # fmt: skip


def test_bytes_of_a_message_that_nobody_compressed_are_the_message(tmp_path: Path) -> None:
    """Some venues send their text as bytes."""
    body = {"ty": "trade", "cd": "KRW-BTC", "tp": 5.0, "tv": 0.5, "ttms": MS, "ab": "ASK", "sid": 7}
    rows = market_rows(tmp_path, "upbit.txt", session(repr(json.dumps(body).encode())))
    assert rows == [("trades", MS, "KRW-BTC", "5", "0.5", "sell", "7")]


def test_a_compressed_message_that_is_cut_is_named_and_no_row(tmp_path: Path) -> None:
    """The rows before it come first; its line is damage, to whoever reads rows and to whoever follows a book."""
    path = tmp_path / "cut.txt"
    path.write_text(session(repr(gzip.compress(json.dumps(HTX_BOOK).encode())[:60])))
    found = probe(path, Reading())
    assert found.kinds == {"messages": 1}
    assert found.error is not None
    assert found.error.code == "DATA-020"
    with pytest.raises(DataError, match=r"DATA-020 .*line 2"):
        list(recorded(path))


def test_bittrex_packs_each_part_of_its_hubs_messages(tmp_path: Path) -> None:
    """Base64 of deflated text; the head behind a reply is none of its body; what is packed otherwise is a message."""

    def packed(data: Any) -> str:
        return base64.b64encode(deflated(json.dumps(data).encode())).decode()

    book = {"marketSymbol": "CRV-ETH", "depth": 500, "sequence": 954644, "askDeltas": [],
            "bidDeltas": [{"quantity": "0", "rate": "0.00087156"}]}  # fmt: skip
    trade = {"id": "8e7f", "executedAt": "2021-06-13T22:38:11.08Z", "quantity": "0.0069", "rate": "38808.83000000"}
    trades = {"deltas": [trade | {"takerSide": "BUY"}], "sequence": 4, "marketSymbol": "BTC-USD"}
    ticker = {"symbol": "BTC-USDT", "lastTradeRate": "38904", "bidRate": "38868.5", "askRate": "38886.3"}
    hub = {"C": "d-D56", "M": [{"H": "C3", "M": "orderBook", "A": [packed(book)]},
                               {"H": "C3", "M": "trade", "A": [packed(trades)]},
                               {"H": "C3", "M": "ticker", "A": [packed(ticker)]}]}  # fmt: skip
    first = {"M": "BTC-QTUM", "N": 247775, "Z": [{"TY": 0, "R": 0.00029392, "Q": 41.29}],
             "S": [{"TY": 1, "R": 0.0016, "Q": 0.0}],
             "f": [{"FI": 9, "OT": "SELL", "R": 0.00029392, "Q": 0.5, "T": MS - 5}]}  # fmt: skip
    hub["M"].append({"H": "C2", "M": "uE", "A": [packed(first)]})  # type: ignore[attr-defined]
    other = {"C": "d-D56", "M": [{"H": "C3", "M": "authenticationExpiring", "A": []}]}
    answer = '{"bid":[{"quantity":"5","rate":"7.1"}],"ask":[]} header: {"Sequence": "79139", "Etag": "W/\\"f\\""}'
    text = session(json.dumps(hub), json.dumps(other), '{"C":"d","M":[{"H":"C3","M":"trade","A":["?"]}]}', "{}")
    text += f"https://venue/v3/markets/BTC-EUR/orderbook?depth=500 -> {SECONDS + 9}.5: {answer}\n"
    assert market_rows(tmp_path, "bittrex.txt", text) == [
        ("trades", 1623623891080, "BTC-USD", "38808.83", "0.0069", "buy", "8e7f"),
        ("trades", MS - 5, "BTC-QTUM", "0.00029392", "0.5", "sell", "9"),
        ("quotes", MS, "BTC-USDT", "38868.5", None, "38886.3", None),
        ("depth", MS, "CRV-ETH", "bid", "0.00087156", "0", False, 954644),
        ("depth", MS, "BTC-QTUM", "bid", "0.00029392", "41.29", False, 247775),
        ("depth", MS, "BTC-QTUM", "ask", "0.0016", "0", False, 247775),
        ("depth", MS + 9500, "BTC-EUR", "bid", "7.1", "5", True, None),
    ]


def capture(*lines: dict[str, Any]) -> str:
    """A capture of which each line says what it is."""
    head = {"t": "header", "format": 2, "exchange": "HTX", "config": {"trades": ["BTC-USDT"]}, "recorded": 1.5}
    return "".join(json.dumps(line) + "\n" for line in (head, *lines))


def test_a_capture_gives_what_came_with_when_and_from_where(tmp_path: Path) -> None:
    """Text, base64 of what was compressed, the reply to a request; what was sent and the header are messages."""
    packed = base64.b64encode(gzip.compress(json.dumps(HTX_BOOK).encode())).decode()
    text = capture(
        {"conn": "HTX.http.0", "ts": SECONDS, "t": "http", "url": "https://venue/depth?symbol=ETHUSDT",
         "data": '{"lastUpdateId": 5, "bids": [["1.10", "2"]], "asks": []}'},
        {"conn": "HTX.ws.1", "ts": SECONDS + 0.25, "t": "connect", "addr": "wss://venue"},
        {"conn": "HTX.ws.1", "ts": SECONDS + 0.5, "t": "send", "addr": "wss://venue", "data": '{"sub": 1}'},
        {"conn": "HTX.ws.1", "ts": SECONDS + 1, "t": "recv", "data": json.dumps(HTX_TRADE)},
        {"conn": "HTX.ws.1", "ts": SECONDS + 2, "t": "recv", "b64": packed},
        {"conn": "HTX.ws.1", "ts": SECONDS + 3, "t": "recv", "data": "pong"},
    )  # fmt: skip
    assert told(tmp_path, "HTX.jsonl", text) == [
        ("messages", None, "configuration"),
        ("messages", MS + 250, "<->"),
        ("messages", MS + 500, "<-"),
        ("messages", MS + 3000, "text"),
        HTX_ROWS[0],
        ("depth", MS, "ETHUSDT", "bid", "1.1", "2", True, 5),
        *HTX_ROWS[1:],
    ]
    assert probe(tmp_path / "HTX.jsonl", Reading()).format == "session"
    came = [(said.line, said.ts_init, said.symbol) for said in recorded(tmp_path / "HTX.jsonl")]
    assert came[0] == (2, SECONDS * 10**9, "ETHUSDT")
    assert [line for line, *_ in came] == [2, 5, 6]


def test_a_raw_feed_of_tardis_is_read_as_the_venue_wrote_it(tmp_path: Path) -> None:
    """A moment before each message, and an empty line where the connection broke."""
    text = f"2023-11-14T22:13:20.2113560Z {json.dumps(HTX_BOOK)}\n\n2023-11-14T22:13:21Z {json.dumps(HTX_TRADE)}\n"
    assert told(tmp_path, "feed.ndjson", text) == HTX_ROWS
    assert [said.ts_init for said in recorded(tmp_path / "feed.ndjson")] == [
        SECONDS * 10**9 + 211_356_000,
        (SECONDS + 1) * 10**9,
    ]


def test_what_tardis_normalized_is_read_with_both_of_its_times(tmp_path: Path) -> None:
    """A change is no image; liquidations and disconnects are messages; bars of volume have no length."""
    head = {"symbol": "XBTUSD", "exchange": "bitmex", "timestamp": "2023-11-14T22:13:20.000Z",
            "localTimestamp": "2023-11-14T22:13:20.071Z"}  # fmt: skip
    bar = {"type": "trade_bar", "interval": 10000, "open": 5, "high": 9, "low": 4, "close": 8, "volume": 37034}
    messages = [
        {"type": "trade", "id": "28", "price": 7996, "amount": 50, "side": "sell"},
        {"type": "trade", "id": "29", "price": 7996, "amount": 50, "side": "unknown"},
        {"type": "book_change", "isSnapshot": False, "bids": [{"price": 7985, "amount": 283318}], "asks": []},
        {"type": "book_snapshot", "depth": 1, "bids": [], "asks": [{"price": 7986, "amount": 1}]},
        {"type": "derivative_ticker", "fundingRate": 0.0001, "markPrice": 7985.5, "indexPrice": None},
        bar | {"name": "trade_bar_10000ms"},
        bar | {"name": "trade_bar_10000vol"},
        {"type": "liquidation", "id": "x", "price": 5, "amount": 7, "side": "sell"},
    ]
    lines = [head | message for message in messages]
    lines.append({"type": "disconnect", "exchange": "bitmex", "localTimestamp": "2023-11-14T22:13:20.071Z"})
    rows = [
        ("trades", MS, "XBTUSD", "7996", "50", "sell", "28"),
        ("trades", MS, "XBTUSD", "7996", "50", None, "29"),
        ("series", MS, "XBTUSD.funding_rate", "0.0001"),
        ("series", MS, "XBTUSD.mark_price", "7985.5"),
        ("bars", MS, "XBTUSD", "5", "9", "4", "8", "37034", 10 * 10**9),
        ("depth", MS, "XBTUSD", "bid", "7985", "283318", False, None),
        ("depth", MS, "XBTUSD", "ask", "7986", "1", True, None),
    ]
    for name, text in (("t.jsonl", "".join(json.dumps(m) + "\n" for m in lines)), ("t.json", json.dumps(lines))):
        assert market_rows(tmp_path, name, text) == rows
        (trades,) = (part for part in head_of(tmp_path / name, Reading(), 9) if part.kind == "trades")
        assert trades.table["ts_init"][0].value == SECONDS * 10**9 + 71_000_000


SAID: list[tuple[str, list[Any], list[tuple[Any, ...]]]] = [
    ("bitget's first version, whose trades are lists, newest first", [
        {"action": "snapshot", "arg": {"instType": "sp", "channel": "trade", "instId": "CULTUSDT"},
         "data": [["1649290076333", "0.00003507", "271967", "sell"], ["1649290070329", "0.00003511", "196500", "buy"]]},
        {"action": "update", "arg": {"instType": "sp", "channel": "trade", "instId": "EOSUSDT"},
         "data": [["1649290107022", "2.4355", "2.0531", "buy"]]},
        {"action": "snapshot", "arg": {"instType": "sp", "channel": "ticker", "instId": "CULTUSDT"}, "data": [
            {"instId": "CULTUSDT", "last": "0.00003511", "bestBid": "0.000035", "bestAsk": "0.000036",
             "ts": 1649290076193}]},
        {"action": "snapshot", "arg": {"instType": "mc", "channel": "candle1H", "instId": "BTCUSDT"}, "data": [
            ["1649286000000", "5", "9", "4", "8", "1.5"], ["1649289600000", "8", "8", "8", "8", "1"]]},
        {"action": "snapshot", "arg": {"instType": "mc", "channel": "candle1M", "instId": "BTCUSDT"}, "data": [
            ["1649286000000", "5", "9", "4", "8", "1.5"], ["1649289600000", "8", "8", "8", "8", "1"]]},
        {"action": "update", "arg": {"instType": "SPOT", "channel": "candle1m", "instId": "BTCUSDT"}, "data": [
            ["1649289600000", "8", "8", "8", "8", "1", "1", "1"]]}],
     [("trades", 1649290070329, "CULTUSDT", "0.00003511", "196500", "buy", None),
      ("trades", 1649290076333, "CULTUSDT", "0.00003507", "271967", "sell", None),
      ("trades", 1649290107022, "EOSUSDT", "2.4355", "2.0531", "buy", None),
      ("quotes", 1649290076193, "CULTUSDT", "0.000035", None, "0.000036", None),
      ("bars", 1649289600000, "BTCUSDT", "5", "9", "4", "8", "1.5", 60 * MINUTE)]),
    ("hitbtc's third version, by instrument", [
        {"result": {"ch": "trades", "subscriptions": ["NEOBTC"]}, "id": 1234},
        {"ch": "ticker/1s", "data": {"NEOBTC": {"t": 1633806854642, "a": "8", "A": "18.89", "b": "7", "B": "17.00",
                                                "o": "5", "c": "7", "h": "9", "l": "5", "v": "1", "q": "1", "L": 2}}},
        {"ch": "orderbook/full", "snapshot": {"NEOBTC": {"t": 1633806854624, "s": 9, "a": [["8", "18.89"]], "b": []}}},
        {"ch": "orderbook/full", "update": {"NEOBTC": {"t": 1633806884125, "s": 10, "a": [["8", "0"]], "b": []}}},
        {"ch": "trades", "update": {"NEOBTC": [{"t": 1633806884200, "i": 5, "p": "7.5", "q": "1.5", "s": "buy"}]}},
        {"ch": "candles/M1", "snapshot": {"NEOBTC": [
            {"t": 1633806780000, "o": "5", "c": "8", "h": "9", "l": "4", "v": "2", "q": "1"},
            {"t": 1633806840000, "o": "5", "c": "8", "h": "9", "l": "4", "v": "2", "q": "1"}]}}],
     [("quotes", 1633806854642, "NEOBTC", "7", "17", "8", "18.89"),
      ("trades", 1633806884200, "NEOBTC", "7.5", "1.5", "buy", "5"),
      ("bars", 1633806840000, "NEOBTC", "5", "9", "4", "8", "2", MINUTE),
      ("depth", 1633806854624, "NEOBTC", "ask", "8", "18.89", True, 9),
      ("depth", 1633806884125, "NEOBTC", "ask", "8", "0", False, 10)]),
    ("hitbtc's candles, the newest still open", [
        {"jsonrpc": "2.0", "method": "snapshotCandles", "params": {"symbol": "BTCTUSD", "period": "M1", "data": [
            {"timestamp": "2021-07-02T22:43:00.000Z", "open": "5", "close": "8", "min": "4", "max": "9",
             "volume": "0.00041", "volumeQuote": "13.7"},
            {"timestamp": "2021-07-02T22:44:00.000Z", "open": "5", "close": "8", "min": "4", "max": "9",
             "volume": "0.00046", "volumeQuote": "15.4"}]}},
        {"jsonrpc": "2.0", "method": "snapshotCandles", "params": {"symbol": "BTCTUSD", "period": "1M", "data": [
            {"timestamp": "2021-06-01T00:00:00.000Z", "open": "5", "close": "8", "min": "4", "max": "9", "volume": "1"},
            {"timestamp": "2021-07-01T00:00:00.000Z", "open": "5", "close": "8", "min": "4", "max": "9",
             "volume": "1"}]}}],
     [("bars", 1625265840000, "BTCTUSD", "5", "9", "4", "8", "0.00041", MINUTE)]),
    ("blockchain.com, whose small numbers have exponents", [
        {"seqnum": 1, "event": "snapshot", "channel": "l2", "symbol": "ALGO-BTC", "asks": [],
         "bids": [{"num": 1, "px": 1.6e-07, "qty": 200.0}], "timestamp": "2021-07-22T22:39:22.851917Z"}],
     [("depth", 1626993562851, "ALGO-BTC", "bid", "0.00000016", "200", True, None)]),
    ("delta's book and its number", [
        {"buy": [{"depth": "266", "limit_price": "6.010", "size": 266}], "last_sequence_no": 1638147312628448,
         "sell": [], "symbol": "P-BNB-560-031221", "timestamp": 1638147312628448, "type": "l2_orderbook"}],
     [("depth", 1638147312628, "P-BNB-560-031221", "bid", "6.01", "266", True, 1638147312628448)]),
    ("dydx' changes and their number", [
        {"type": "channel_data", "channel": "v3_orderbook", "id": "DOGE-USD", "contents": {
            "offset": "427364591", "bids": [["0.2343", "85250"]], "asks": []}}],
     [("depth", MS, "DOGE-USD", "bid", "0.2343", "85250", False, 427364591)]),
    ("kucoin's changes that nobody may see", [
        {"type": "message", "topic": "/market/level2:BCHSV-USDT", "subject": "trade.l2update", "data": {
            "sequenceStart": 16, "symbol": "BCHSV-USDT", "sequenceEnd": 17,
            "changes": {"asks": [["0", "0", "16"], ["244.351", "150", "17"]], "bids": []}}}],
     [("depth", MS, "BCHSV-USDT", "ask", "244.351", "150", False, 17)]),
    ("kraken's futures, their figures and their tickers in short", [
        {"feed": "ticker", "product_id": "PI_XBTUSD", "time": 1626994927865, "bid": 32170.5, "bid_size": 5,
         "ask": 32192.5, "ask_size": 7, "markPrice": 32180.25, "index": 32179, "openInterest": 100,
         "funding_rate": -3.2e-09, "relative_funding_rate": -0.0001},
        {"feed": "ticker_lite", "product_id": "FI_XBTUSD_210730", "bid": 32170.5, "ask": 32192.5, "volume": 2375190.0}],
     [("quotes", 1626994927865, "PI_XBTUSD", "32170.5", "5", "32192.5", "7"),
      ("quotes", MS + 1000, "FI_XBTUSD_210730", "32170.5", None, "32192.5", None),
      ("series", 1626994927865, "PI_XBTUSD.mark_price", "32180.25"),
      ("series", 1626994927865, "PI_XBTUSD.index_price", "32179"),
      ("series", 1626994927865, "PI_XBTUSD.open_interest", "100"),
      ("series", 1626994927865, "PI_XBTUSD.funding_rate", "-0.0001")]),
    ("gate's tickers", [
        {"time": 1619093561, "channel": "spot.tickers", "event": "update", "result": {
            "currency_pair": "NEO_BTC", "last": "0.0018697", "lowest_ask": "0.0018753", "highest_bid": "0.0018678"}},
        {"time": 1619093561, "time_ms": 1619093561063, "channel": "futures.tickers", "event": "update", "result": [
            {"contract": "BTC_USD", "last": "118.4", "mark_price": "118.35", "index_price": "118.36",
             "funding_rate": "-0.000114", "total_size": "73648"}]}],
     [("quotes", 1619093561000, "NEO_BTC", "0.0018678", None, "0.0018753", None),
      ("series", 1619093561063, "BTC_USD.mark_price", "118.35"),
      ("series", 1619093561063, "BTC_USD.index_price", "118.36"),
      ("series", 1619093561063, "BTC_USD.funding_rate", "-0.000114"),
      ("series", 1619093561063, "BTC_USD.open_interest", "73648")]),
    ("figures of okex before its fifth version", [
        {"table": "swap/mark_price", "data": [
            {"instrument_id": "BTC-USD-SWAP", "mark_price": "5620.9", "timestamp": "2019-05-06T07:03:33.799Z"}]},
        {"table": "swap/funding_rate", "data": [
            {"funding_rate": "0.000182", "funding_time": "2023-11-15T00:00:00.000Z", "instrument_id": "BTC-USD-SWAP",
             "interest_rate": "0.00000000"}]}],
     [("series", 1557126213799, "BTC-USD-SWAP.mark_price", "5620.9"),
      ("series", MS + 1000, "BTC-USD-SWAP.funding_rate", "0.000182")]),
    ("gate's third version", [
        {"method": "depth.update", "params": [False, {"bids": [["1.0889", "117.26"]]}, "DUCK2_USDT"], "id": None},
        {"method": "depth.update", "params": [True, {"asks": [["2.1465", "0.5"]]}, "AVAX_USDT"], "id": None},
        {"method": "trades.update", "params": ["REQ_ETH", [
            {"id": 8, "time": 1618678323.079608, "price": "0.0000766", "amount": "15.755", "type": "sell"},
            {"id": 7, "time": 1618678322.5, "price": "0.0000767", "amount": "1", "type": "buy"}]], "id": None},
        {"method": "kline.update", "params": [[1618678320, "1", "1", "1", "1", "1", "1", "BTC_USDT"]], "id": None}],
     [("trades", 1618678322500, "REQ_ETH", "0.0000767", "1", "buy", "7"),
      ("trades", 1618678323079, "REQ_ETH", "0.0000766", "15.755", "sell", "8"),
      ("depth", MS, "DUCK2_USDT", "bid", "1.0889", "117.26", False, None),
      ("depth", MS + 1000, "AVAX_USDT", "ask", "2.1465", "0.5", True, None)]),
    ("binance's marks, indexes and funding rates", [
        {"stream": "btcusdt@markPrice", "data": {
            "e": "markPriceUpdate", "E": 1626916433744, "s": "BTCUSDT", "p": "32516.8", "i": "32517.1", "P": "1",
            "r": "0.0001", "T": 1626940800000}},
        {"e": "markPriceUpdate", "E": 1626916433745, "s": "BTCUSD_211231", "p": "32601.4", "P": "1", "r": "", "T": 0}],
     [("series", 1626916433744, "BTCUSDT.mark_price", "32516.8"),
      ("series", 1626916433744, "BTCUSDT.index_price", "32517.1"),
      ("series", 1626916433744, "BTCUSDT.funding_rate", "0.0001"),
      ("series", 1626916433745, "BTCUSD_211231.mark_price", "32601.4")]),
    ("upbit in short", [
        {"ty": "trade", "cd": "KRW-BTC", "tp": 6759000.0, "tv": 0.03243003, "tms": 1584257228806,
         "ttms": 1584257228000, "ab": "BID", "cp": 64000.0, "sid": 1584257228000000, "st": "REALTIME"},
        {"ty": "orderbook", "cd": "KRW-BTC", "st": "REALTIME", "tas": 20.6, "tbs": 622.9, "tms": 1584263923870,
         "obu": [{"ap": 6727000.0, "as": 0.4744314, "bp": 6721000.0, "bs": 0.0014551},
                 {"ap": 6728000.0, "as": 1.5, "bp": 0.0, "bs": 0.0}]}],
     [("trades", 1584257228000, "KRW-BTC", "6759000", "0.03243003", "buy", "1584257228000000"),
      ("depth", 1584263923870, "KRW-BTC", "bid", "6721000", "0.0014551", True, None),
      ("depth", 1584263923870, "KRW-BTC", "ask", "6727000", "0.4744314", True, None),
      ("depth", 1584263923870, "KRW-BTC", "ask", "6728000", "1.5", True, None)]),
    ("phemex' candles, newest first, the newest perhaps still open", [
        {"kline": [[1625342220, 60, 67631000, 67613000, 67613000, 67562000, 67562000, 200500000000, 135473540000],
                   [1625342160, 60, 67652000, 67652000, 67652000, 67298000, 67631000, 501182000000, 338187217810]],
         "sequence": 1, "symbol": "sGRTUSDT", "type": "snapshot"},
        {"kline": [[1625342220, 60, 10986, 10972, 10995, 10972, 10986, 1, 1],
                   [1625342160, 60, 11016, 10972, 10995, 10972, 10986, 4212, 462193210]],
         "sequence": 1, "symbol": "ENJUSD", "type": "snapshot"},
        {"kline": [[1625342220, 60, 119390, 119050, 119400, 119050, 119400, 60, 7157000],
                   [1625342160, 60, 119390, 119050, 119400, 119050, 119400, 60, 7157000]], "sequence": 2,
         "symbol": "ATOMUSD", "type": "incremental"}],
     [("bars", 1625342220000, "sGRTUSDT", "0.67652", "0.67652", "0.67298", "0.67631", "5011.82", MINUTE),
      ("bars", 1625342220000, "ENJUSD", "1.0972", "1.0995", "1.0972", "1.0986", "4212", MINUTE)]),
    ("crypto.com's changes and figures", [
        {"method": "subscribe", "result": {"instrument_name": "BTCUSD-PERP", "channel": "book.update", "data": [
            {"update": {"asks": [["26000.5", "0", "0"]], "bids": []}, "t": 1654780033786, "u": 542048017824,
             "pu": 542048017760, "cs": 1}]}},
        {"method": "subscribe", "result": {"instrument_name": "BTCUSD-PERP", "channel": "funding", "data": [
            {"v": "0.00000700", "t": 1654780033787}]}}],
     [("series", 1654780033787, "BTCUSD-PERP.funding_rate", "0.00000700"),
      ("depth", 1654780033786, "BTCUSD-PERP", "ask", "26000.5", "0", False, 542048017824)]),
    ("delta's trades from before and its marks", [
        {"type": "all_trades_snapshot", "symbol": "BTCUSD", "trades": [
            {"price": "6", "size": 2, "buyer_role": "taker", "seller_role": "maker", "timestamp": 1561634049751431},
            {"price": "5", "size": 1, "buyer_role": "maker", "seller_role": "taker", "timestamp": 1561634049751430}]},
        {"type": "mark_price", "symbol": "MARK:BTCUSD", "price": "5.25", "timestamp": 1561634049751430}],
     [("trades", 1561634049751, "BTCUSD", "5", "1", "sell", None),
      ("trades", 1561634049751, "BTCUSD", "6", "2", "buy", None),
      ("series", 1561634049751, "BTCUSD.mark_price", "5.25")]),
    ("ascendex' figures", [
        {"m": "futures-pricing-data", "con": [{"t": 1614305640010, "s": "BTC-PERP", "mp": "47460.5", "ip": "47455.1",
                                               "oi": "5.25", "r": "0.0001", "f": 1, "fi": 1}], "col": []}],
     [("series", 1614305640010, "BTC-PERP.mark_price", "47460.5"),
      ("series", 1614305640010, "BTC-PERP.index_price", "47455.1"),
      ("series", 1614305640010, "BTC-PERP.funding_rate", "0.0001"),
      ("series", 1614305640010, "BTC-PERP.open_interest", "5.25")]),
    ("poloniex as it was, whose numbers stand for pairs once their book has said so", [
        [322, 80802364, [["o", 0, "39.6", "1"]]],
        [322, 80802365, [["i", {"currencyPair": "USDT_LINK", "orderBook": [{"39.7": "5"}, {"39.5": "0.25"}]}]]],
        [322, 80802366, [["o", 1, "39.66230848", "0.00000000"],
                         ["t", "4218", 0, "39.5", "0.2", 1619978305, "1619978305161"]]],
        [1002, None, [50, "0.00475435", "0.00475742", "0.00475596", "0.01318924", "58.6", "1", 0, "1", "1", 0, 0]],
        [1002, None, [322, "39.6", "39.7", "39.5", "0.01318924", "58.6", "1", 0, "1", "1", 0, 0]]],
     [("trades", 1619978305161, "USDT_LINK", "39.5", "0.2", "sell", "4218"),
      ("quotes", MS + 4000, "USDT_LINK", "39.5", None, "39.7", None),
      ("depth", MS + 1000, "USDT_LINK", "bid", "39.5", "0.25", True, 80802365),
      ("depth", MS + 1000, "USDT_LINK", "ask", "39.7", "5", True, 80802365),
      ("depth", MS + 2000, "USDT_LINK", "bid", "39.66230848", "0", False, 80802366)]),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "rows"), [case[1:] for case in SAID], ids=[case[0] for case in SAID])
def test_a_recorded_message_states_what_the_venue_meant(
    tmp_path: Path, messages: list[Any], rows: list[tuple[Any, ...]]
) -> None:
    """Right instrument, side, digits, time and number; what is no row of a market is a message."""
    assert market_rows(tmp_path, "session.txt", session(*map(json.dumps, messages))) == rows


REPLIES: list[tuple[str, Any, list[tuple[Any, ...]]]] = [
    ("https://venue/futures/usdt/order_book?contract=RDNT_USDT",
     {"current": 1684930166.384, "update": 1684930166.35, "asks": [{"s": 803, "p": "0.2974"}],
      "bids": [{"s": 5302, "p": "0.2969"}], "id": 203083287},
     [("depth", 1684930166350, "RDNT_USDT", "bid", "0.2969", "5302", True, 203083287),
      ("depth", 1684930166350, "RDNT_USDT", "ask", "0.2974", "803", True, 203083287)]),
    ("https://venue/spot/order_book?currency_pair=NEO_BTC",
     {"current": 1684930166384, "update": 1684930166350, "asks": [["0.0018", "2"]], "bids": [], "id": 5},
     [("depth", 1684930166350, "NEO_BTC", "ask", "0.0018", "2", True, 5)]),
    ("https://venue/swap-api/v1/swap_funding_rate?contract_code=BTC-USD",
     {"status": "ok", "data": {"estimated_rate": "0.0001", "funding_rate": "0.000113", "contract_code": "BTC-USD"},
      "ts": 1645129636480},
     [("series", 1645129636480, "BTC-USD.funding_rate", "0.000113")]),
    ("https://venue/products/BTC-USD/book?level=2", {"sequence": 9, "bids": [["5", "1", 2]], "asks": []},
     [("depth", MS + 250, "BTC-USD", "bid", "5", "1", True, None)]),
    ("https://venue/book?symbol=A", {"bids": [{"rate": 5, "much": 1}], "asks": []}, []),
]  # fmt: skip


@pytest.mark.parametrize(("url", "answer", "rows"), REPLIES, ids=[case[0] for case in REPLIES])
def test_a_recorded_reply_is_about_what_was_asked_for(
    tmp_path: Path, url: str, answer: Any, rows: list[tuple[Any, ...]]
) -> None:
    """A book, a rate; levels of unknown names are no book."""
    assert market_rows(tmp_path, "replies.txt", f"{url} -> {SECONDS}.25: {json.dumps(answer)}\n") == rows
