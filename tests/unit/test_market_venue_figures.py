"""Figures, options, books and bars of venues as their interfaces write them, in the shapes of real answers."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from hedgerow.market.formats.probing import head
from hedgerow.market.reading import Reading

OTHERS = runpy.run_path(str(Path(__file__).with_name("test_market_more_venues.py")))
told = OTHERS["told"]
MINUTE = 60 * 10**9
AT = 1_709_891_679_050

ANSWERS: list[tuple[str, Any, list[tuple[Any, ...]]]] = [
    ("bybit's funding rates",
     {"retCode": 0, "result": {"category": "linear", "list": [
         {"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingRateTimestamp": "1709884800000"},
         {"symbol": "BTCUSDT", "fundingRate": "-0.00015", "fundingRateTimestamp": "1709856000000"}]}, "time": AT},
     [("series", 1709884800000, "BTCUSDT.funding_rate", "0.0001"),
      ("series", 1709856000000, "BTCUSDT.funding_rate", "-0.00015")]),
    ("bybit's open interest",
     {"retCode": 0, "result": {"symbol": "BTCUSD", "category": "inverse", "list": [
         {"openInterest": "461134384.00000000", "timestamp": "1669571400000"}]}, "time": AT},
     [("series", 1669571400000, "BTCUSD.open_interest", "461134384.00000000")]),
    ("bybit's tickers",
     {"retCode": 0, "result": {"category": "inverse", "list": [
         {"symbol": "BTCUSD", "indexPrice": "16598.54", "markPrice": "16596.00", "fundingRate": "0.0001",
          "openInterest": "373504", "bid1Price": "16596.00", "bid1Size": "1", "ask1Price": "16597.50",
          "ask1Size": "2"}]}, "time": AT},
     [("quotes", AT, "BTCUSD", "16596", "1", "16597.5", "2"),
      ("series", AT, "BTCUSD.mark_price", "16596.00"), ("series", AT, "BTCUSD.index_price", "16598.54"),
      ("series", AT, "BTCUSD.open_interest", "373504"), ("series", AT, "BTCUSD.funding_rate", "0.0001")]),
    ("a change of bybit's ticker, which tells what changed",
     {"topic": "tickers.BTCUSDT", "type": "delta", "ts": AT, "data": {
         "symbol": "BTCUSDT", "bid1Price": "17215.50", "bid1Size": "84", "fundingRate": "-0.000212"}},
     [("series", AT, "BTCUSDT.funding_rate", "-0.000212")]),
    ("bybit's candle that is still open",
     {"topic": "kline.5.BTCUSDT", "type": "snapshot", "ts": AT, "data": [
         {"start": 1672324800000, "end": 1672325099999, "interval": "5", "open": "5", "close": "6", "high": "7",
          "low": "4", "volume": "2", "confirm": False, "timestamp": 1672324988882}]},
     [("messages", None, "snapshot")]),
    ("okx's index prices",
     {"code": "0", "msg": "", "data": [{"instId": "BTC-USDT", "idxPx": "103895", "high24h": "1", "ts": "1746942707815"},
                                       {"instId": "ETH-USDT", "idxPx": "2500", "ts": "1746942707816"}]},
     [("series", 1746942707815, "BTC-USDT.index_price", "103895"),
      ("series", 1746942707816, "ETH-USDT.index_price", "2500")]),
    ("tickers of kraken's futures, an index among them",
     {"result": "success", "serverTime": "2025-11-17T00:34:37.524Z", "tickers": [
         {"symbol": "PI_XBTUSD", "last": 5, "markPrice": 91506.60, "bid": 91415.0, "bidSize": 4960.0, "ask": 91490.5,
          "askSize": 5020.0, "openInterest": 21279580.0, "indexPrice": 91468.38},
         {"symbol": "in_xbtusd", "last": 91468.38, "lastTime": "2025-11-17T00:34:37.000Z"}]},
     [("quotes", 1763339677524, "PI_XBTUSD", "91415", "4960", "91490.5", "5020"),
      ("series", 1763339677524, "PI_XBTUSD.mark_price", "91506.6"),
      ("series", 1763339677524, "PI_XBTUSD.index_price", "91468.38"),
      ("series", 1763339677524, "PI_XBTUSD.open_interest", "21279580.0")]),
    ("a book of coinbase's advanced trade",
     {"pricebook": {"product_id": "BTC-USD", "bids": [{"price": "68923.66", "size": "0.17"}],
                    "asks": [{"price": "68923.67", "size": "0.16"}], "time": "2026-04-07T00:28:59.662782Z"},
      "last": "68923.665", "mid_market": "68923.665"},
     [("depth", 1775521739662, "BTC-USD", "bid", "68923.66", "0.17", True, None),
      ("depth", 1775521739662, "BTC-USD", "ask", "68923.67", "0.16", True, None)]),
    ("best prices of coinbase's advanced trade",
     {"pricebooks": [{"product_id": "BTC-USD", "bids": [{"price": "68923.66", "size": "0.17"}], "asks": [],
                      "time": "2026-04-07T00:28:59.662782Z"}]},
     [("quotes", 1775521739662, "BTC-USD", "68923.66", "0.17", None, None)]),
    ("candles of coinbase's advanced trade",
     {"candles": [{"start": "1712192400", "low": "4", "high": "9", "open": "5", "close": "8", "volume": "355.8"},
                  {"start": "1712188800", "low": "4", "high": "9", "open": "6", "close": "7", "volume": "1"}]},
     [("bars", 1712196000000, "answer", "5", "9", "4", "8", "355.8", 60 * MINUTE),
      ("bars", 1712192400000, "answer", "6", "9", "4", "7", "1", 60 * MINUTE)]),
    ("a product whose best prices are empty, which is no quote",
     {"product_id": "BTC-USD", "price": "68923.67", "volume_24h": "11005.02", "status": "online",
      "best_bid_price": "", "best_ask_price": ""},
     [("messages", None, "reply")]),
    ("deribit's perpetual",
     {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": "ticker.BTC-PERPETUAL.100ms", "data": {
         "timestamp": 1765541474086, "instrument_name": "BTC-PERPETUAL", "index_price": 92263.55,
         "mark_price": 92281.78, "open_interest": 1132329370.0, "current_funding": 0.0, "best_ask_price": 92284.0,
         "best_bid_price": 92283.5, "best_ask_amount": 186520.0, "best_bid_amount": 117660.0}}},
     [("quotes", 1765541474086, "BTC-PERPETUAL", "92283.5", "117660", "92284", "186520"),
      ("series", 1765541474086, "BTC-PERPETUAL.mark_price", "92281.78"),
      ("series", 1765541474086, "BTC-PERPETUAL.index_price", "92263.55"),
      ("series", 1765541474086, "BTC-PERPETUAL.open_interest", "1132329370.0"),
      ("series", 1765541474086, "BTC-PERPETUAL.funding_rate", "0.0")]),
    ("deribit's index",
     {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": "deribit_price_index.btc_usd", "data": {
         "timestamp": 1550588002899, "price": 3937.89, "index_name": "btc_usd"}}},
     [("series", 1550588002899, "btc_usd.index_price", "3937.89")]),
    ("bitmex' bars, which bear the time of their close",
     {"table": "tradeBin1m", "action": "insert", "data": [
         {"timestamp": "2024-11-23T20:07:00.000Z", "symbol": "XBTUSD", "open": 5, "high": 9, "low": 4, "close": 8,
          "trades": 20, "volume": 84000},
         {"timestamp": "2024-11-23T20:07:00.000Z", "symbol": "NEWUSD", "open": None, "high": None, "low": None,
          "close": None, "trades": 0, "volume": 0}]},
     [("bars", 1732392420000, "XBTUSD", "5", "9", "4", "8", "84000", MINUTE)]),
    ("bitmex' figures",
     {"table": "instrument", "action": "update", "data": [
         {"symbol": "XBTUSD", "indicativeSettlePrice": 75847.62, "openInterest": None,
          "timestamp": "2026-05-27T11:00:00.500Z"}]},
     [("series", 1779879600500, "XBTUSD.index_price", "75847.62")]),
    ("bitmex' book of ten levels",
     {"table": "orderBook10", "action": "update", "data": [
         {"symbol": "XBTUSD", "bids": [[98450.5, 1000]], "asks": [], "timestamp": "2026-05-27T11:00:00.500Z"}]},
     [("depth", 1779879600500, "XBTUSD", "bid", "98450.5", "1000", True, None)]),
    ("architect's book", {"t": "2", "ts": 1766193238, "tn": 334188598, "s": "EURUSD-PERP",
                          "b": [{"p": "1.1712", "q": 300}], "a": [{"p": "1.1719", "q": 400}]},
     [("depth", 1766193238334, "EURUSD-PERP", "bid", "1.1712", "300", True, None),
      ("depth", 1766193238334, "EURUSD-PERP", "ask", "1.1719", "400", True, None)]),
    ("architect's best prices", {"t": "1", "ts": 1766193238, "tn": 334188598, "s": "EURUSD-PERP",
                                 "b": [], "a": [{"p": "1.1719", "q": 400}]},
     [("quotes", 1766193238334, "EURUSD-PERP", None, None, "1.1719", "400")]),
    ("architect's trade", {"t": "t", "ts": 1766193240, "tn": 334589144, "s": "EURUSD-PERP", "p": "1.1719", "q": 400,
                           "d": "S"},
     [("trades", 1766193240334, "EURUSD-PERP", "1.1719", "400", "sell", None)]),
    ("dydx' oracle",
     {"type": "channel_data", "channel": "v4_markets", "contents": {"oraclePrices": {"BTC-USD": {
         "oraclePrice": "43300.00", "effectiveAt": "2024-01-01T00:01:00.000Z", "marketId": 0}}}},
     [("series", 1704067260000, "BTC-USD.index_price", "43300.00")]),
    ("dydx' funding rates",
     {"historicalFunding": [{"ticker": "BTC-USD", "rate": "0.000002375", "price": "89993.8",
                             "effectiveAt": "2025-12-08T16:00:00.219Z"}]},
     [("series", 1765209600219, "BTC-USD.funding_rate", "0.000002375")]),
    ("hyperliquid's book by REST",
     {"coin": "BTC", "levels": [[{"px": "98450.50", "sz": "2.5", "n": 3}], [{"px": "98451.00", "sz": "1.5", "n": 1}]],
      "time": 1703875200000},
     [("depth", 1703875200000, "BTC", "bid", "98450.5", "2.5", True, None),
      ("depth", 1703875200000, "BTC", "ask", "98451", "1.5", True, None)]),
    ("hyperliquid's trades by REST, A being who sold",
     [{"coin": "BTC", "side": "A", "px": "98450.0", "sz": "0.001", "time": 1769908800123, "hash": "0x1", "tid": 5}],
     [("trades", 1769908800123, "BTC", "98450", "0.001", "sell", "5")]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "rows"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_an_answer_states_what_the_venue_says_of_a_market(
    tmp_path: Path, answer: Any, rows: list[tuple[Any, ...]]
) -> None:
    """Each with its instrument, its own time and every digit; what is not over or not there is no row of a market."""
    assert told(tmp_path, "answer.json", json.dumps(answer)) == rows


BYBIT_OPTION = {
    "topic": "tickers.BTC-6JAN23-17500-C",
    "ts": 1672917511074,
    "data": {"symbol": "BTC-6JAN23-17500-C", "bidPrice": "0", "bidSize": "0", "bidIv": "0", "askPrice": "10",
             "askSize": "5.1", "askIv": "0.514", "lastPrice": "10", "markPrice": "7.86976724", "markPriceIv": "0.4896",
             "underlyingPrice": "16815.1", "openInterest": "49.85", "volume24h": "26.55", "delta": "0.047831"},
}  # fmt: skip
OKX_OPTION = {"instId": "BTC-USD-250328-92000-P", "uly": "BTC-USD", "delta": "-0.4766", "bidVol": "0.50",
              "askVol": "", "markVol": "0.53", "fwdPx": "92150.50", "ts": "1711612800000"}  # fmt: skip
OPTIONS = {
    "bybit's ticker": (BYBIT_OPTION, ("BTC-6JAN23-17500-C", "call", "17500", None, "10", 0.4896, None, 0.047831)),
    "okx's summary": (
        {"arg": {"channel": "opt-summary", "instFamily": "BTC-USD"}, "data": [OKX_OPTION]},
        ("BTC-USD-250328-92000-P", "put", "92000", None, None, 0.53, 0.50, -0.4766),
    ),
    "okx's list": ([OKX_OPTION], ("BTC-USD-250328-92000-P", "put", "92000", None, None, 0.53, 0.50, -0.4766)),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_what_a_venue_says_of_an_option_is_a_row_of_its_contract(tmp_path: Path, name: str) -> None:
    """The side on which nobody quotes is empty, and so is a volatility that is not told."""
    answer, wanted = OPTIONS[name]
    path = tmp_path / "option.json"
    path.write_text(json.dumps(answer))
    (rows,) = head(path, Reading(), 9)
    (row,) = rows.table.to_pylist()
    assert rows.kind == "options"
    exact = [None if row[word] is None else f"{row[word].normalize():f}" for word in ("strike", "bid", "ask")]
    assert (row["instrument"], row["right"], *exact, row["iv"], row["bid_iv"], row["delta"]) == wanted
