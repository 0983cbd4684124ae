"""Messages and answers of venues, as their references print them: what each states, to the last digit."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hedgerow.market.formats.probing import head, probe
from hedgerow.market.reading import Reading

READING = Reading()
RECEIVED = 1_704_067_200_000_000_000
TOLD: dict[str, tuple[str, ...]] = {
    "depth": ("instrument", "side", "price", "size", "snapshot", "sequence"),
    "trades": ("instrument", "price", "size", "side", "trade_id"),
    "quotes": ("instrument", "bid", "bid_size", "ask", "ask_size"),
    "bars": ("instrument", "open", "high", "low", "close", "volume", "span_ns"),
    "orders": ("instrument", "action", "order_id", "side", "price", "size"),
    "series": ("instrument", "written"),
    "messages": ("type",),
}
MINUTE, DAY = 60 * 10**9, 86_400 * 10**9


def told(folder: Path, name: str, data: str) -> list[tuple[Any, ...]]:
    """(kind, milliseconds of the event, what the row says as text) of all rows of a file without a fault."""
    path = folder / name
    path.write_text(data)
    found = probe(path, READING)
    assert found.error is None, found.error
    rows = [(part.kind, row) for part in head(path, READING, 99) for row in part.table.to_pylist() if part.kind != "x"]
    return [(kind, stamp(row), *(plain(row[word]) for word in TOLD[kind])) for kind, row in rows]


def stamp(row: dict[str, Any]) -> int | None:
    """Milliseconds of the event."""
    return None if row["ts_event"] is None else row["ts_event"].value // 10**6


def plain(value: Any) -> Any:
    """A decimal without the zeros behind its last digit."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def recording(*messages: Any) -> str:
    """Messages with nanoseconds of receipt before them, a millisecond apart."""
    return "".join(f"{RECEIVED + n * 10**6} {json.dumps(message)}\n" for n, message in enumerate(messages))


BOOK = {"event": "subscribed", "channel": "book", "chanId": 7, "symbol": "tBTCUSD", "prec": "P0"}
RAW = {"event": "subscribed", "channel": "book", "chanId": 8, "symbol": "tBTCUSD", "prec": "R0"}
TRADES = {"event": "subscribed", "channel": "trades", "chanId": 9, "symbol": "tBTCUSD"}
T0 = RECEIVED // 10**6
MESSAGES: list[tuple[str, list[Any], list[tuple[Any, ...]]]] = [
    ("bitfinex's book", [BOOK, [7, [[7254.7, 3, 3.3], [7254.8, 1, -1.2]]], [7, [7254.7, 0, 1]], [7, [7253.5, 2, 0.5]]],
     [("messages", T0, "subscribed"),
      ("depth", T0 + 1, "tBTCUSD", "bid", "7254.7", "3.3", True, None),
      ("depth", T0 + 1, "tBTCUSD", "ask", "7254.8", "1.2", True, None),
      ("depth", T0 + 2, "tBTCUSD", "bid", "7254.7", "0", False, None),
      ("depth", T0 + 3, "tBTCUSD", "bid", "7253.5", "0.5", False, None)]),
    ("bitfinex's orders", [RAW, [8, [[5, 8744.9, 0.25], [6, 8745, -1]]], [8, [5, 8744.8, 0.25]], [8, [6, 0, -1]]],
     [("messages", T0, "subscribed"),
      ("orders", T0 + 1, "tBTCUSD", "add", "5", "bid", "8744.9", "0.25"),
      ("orders", T0 + 1, "tBTCUSD", "add", "6", "ask", "8745", "1"),
      ("orders", T0 + 2, "tBTCUSD", "modify", "5", "bid", "8744.8", "0.25"),
      ("orders", T0 + 3, "tBTCUSD", "cancel", "6", "ask", None, None)]),
    ("bitfinex's trades, each told twice",
     [TRADES, [9, "te", [4, 1574694478808, -0.005, 7245.3]], [9, "tu", [4, 1574694478808, -0.005, 7245.3]]],
     [("messages", T0, "subscribed"), ("messages", T0 + 2, "list"),
      ("trades", 1574694478808, "tBTCUSD", "7245.3", "0.005", "sell", "4")]),
    ("gate's spot", [
        {"channel": "spot.order_book_update", "event": "update", "result": {
            "t": 1606294781123, "s": "BTC_USDT", "U": 1, "u": 6, "b": [["19137.74", "0.0001"]], "a": []}},
        {"channel": "spot.trades", "event": "update", "result": {
            "id": 3, "create_time_ms": "1606292218213.4578", "side": "sell", "currency_pair": "GT_USDT",
            "amount": "16.47", "price": "0.4705"}},
        {"channel": "spot.candlesticks", "event": "update", "result": {
            "t": "1606292580", "v": "2362", "c": "3", "h": "4", "l": "1", "o": "2", "n": "1m_BTC_USDT", "a": "3.8",
            "w": True}}],
     [("trades", 1606292218213, "GT_USDT", "0.4705", "16.47", "sell", "3"),
      ("bars", 1606292640000, "BTC_USDT", "2", "4", "1", "3", "3.8", MINUTE),
      ("depth", 1606294781123, "BTC_USDT", "bid", "19137.74", "0.0001", False, 6)]),
    ("gate's futures, whose sizes bear the side", [
        {"channel": "futures.trades", "event": "update", "result": [
            {"size": -108, "id": 2, "create_time_ms": 1545136464123, "price": "96.4", "contract": "BTC_USD"}]},
        {"channel": "futures.order_book_update", "event": "update", "result": {
            "t": 1615366381417, "s": "BTC_USD", "U": 5, "u": 6, "b": [{"p": "54672.1", "s": 0}], "a": []}}],
     [("trades", 1545136464123, "BTC_USD", "96.4", "108", "sell", "2"),
      ("depth", 1615366381417, "BTC_USD", "bid", "54672.1", "0", False, 6)]),
    ("bithumb, whose lists are of several books", [
        {"type": "orderbookdepth", "content": {"datetime": "1622591012656250", "list": [
            {"symbol": "ETH_BTC", "orderType": "ask", "price": "0.07232378", "quantity": "0", "total": "0"},
            {"symbol": "CHZ_KRW", "orderType": "bid", "price": "320.1", "quantity": "25000", "total": "1"}]}},
        {"type": "transaction", "content": {"list": [
            {"buySellGb": "2", "contPrice": "3.908", "contQty": "12365.191", "contAmt": "48323.166",
             "contDtm": "2021-06-02 08:43:34.555058", "updn": "dn", "symbol": "CON_KRW"}]}},
        {"type": "orderbooksnapshot", "content": {"symbol": "BTC_KRW", "datetime": "1622591013000000",
            "asks": [["43100000", "0.5", "1"]], "bids": [["43000000", "2", "3"]]}}],
     [("trades", 1622591014555, "CON_KRW", "3.908", "12365.191", "buy", None),
      ("depth", 1622591012656, "ETH_BTC", "ask", "0.07232378", "0", False, None),
      ("depth", 1622591012656, "CHZ_KRW", "bid", "320.1", "25000", False, None),
      ("depth", 1622591013000, "BTC_KRW", "bid", "43000000", "2", True, None),
      ("depth", 1622591013000, "BTC_KRW", "ask", "43100000", "0.5", True, None)]),
    ("bit.com", [
        {"channel": "depth", "timestamp": 1704643983957, "module": "spot", "data": {
            "type": "snapshot", "pair": "OMG-USDT", "sequence": 66, "bids": [["0.697000000000", "599.6"]], "asks": []}},
        {"channel": "depth", "timestamp": 1704643984569, "module": "spot", "data": {
            "type": "update", "pair": "OMG-USDT", "sequence": 67, "prev_sequence": 66,
            "changes": [["sell", "0.702000000000", "0.000000000000"], ["buy", "0.696", "1.5"]]}},
        {"channel": "trade", "timestamp": 1704643986080, "module": "spot", "data": [
            {"created_at": 1704643986034, "trade_id": "229", "pair": "YFI-USDT", "price": "7611.69", "qty": "0.00307",
             "side": "sell", "display_name": "YFI-USDT"}]},
        {"channel": "ticker", "timestamp": 1704643985600, "module": "spot", "data": {
            "time": 1704643985600, "pair": "OMG-USDT", "best_bid": "0.696", "best_ask": "", "best_bid_qty": "599.9",
            "best_ask_qty": "", "last_price": "0.698"}}],
     [("trades", 1704643986034, "YFI-USDT", "7611.69", "0.00307", "sell", "229"),
      ("quotes", 1704643985600, "OMG-USDT", "0.696", "599.9", None, None),
      ("depth", 1704643983957, "OMG-USDT", "bid", "0.697", "599.6", True, 66),
      ("depth", 1704643984569, "OMG-USDT", "bid", "0.696", "1.5", False, 67),
      ("depth", 1704643984569, "OMG-USDT", "ask", "0.702", "0", False, 67)]),
    ("btse", [
        {"topic": "tradeHistoryApi:BTC-USD", "data": [
            {"symbol": "BTC-USD", "side": "BUY", "size": 0.01, "price": 50001.0, "tradeId": 11,
             "timestamp": 1700000002000}]},
        {"topic": "update:BTC-USD_0", "data": {
            "bids": [["59252.5", "0.06865"]], "asks": [], "seqNum": 282, "prevSeqNum": 281, "type": "delta",
            "timestamp": 1565135165600, "symbol": "BTC-USD"}}],
     [("trades", 1700000002000, "BTC-USD", "50001", "0.01", "buy", "11"),
      ("depth", 1565135165600, "BTC-USD", "bid", "59252.5", "0.06865", False, 282)]),
    ("phemex, whose whole numbers mean what their symbol says", [
        {"book": {"asks": [[329915000, 1559]], "bids": [[329360000, 0]]}, "depth": 30, "sequence": 9,
         "symbol": "YFIUSD", "timestamp": 1625342241094406504, "type": "incremental"},
        {"book": {"asks": [[67556000, 512445000000]], "bids": []}, "depth": 30, "sequence": 8, "symbol": "sGRTUSDT",
         "timestamp": 1625342241838773027, "type": "snapshot"},
        {"orderbook_p": {"asks": [["20702.9", "0.718"]], "bids": []}, "depth": 30, "sequence": 7, "symbol": "BTCUSDT",
         "timestamp": 1667286180330000000, "type": "snapshot"},
        {"sequence": 6, "symbol": "BTCUSD", "type": "incremental", "trades": [
            [1573717116484024300, "Sell", 86735000, 21], [1573717116484024200, "Buy", 86730000, 2]]}],
     [("trades", 1573717116484, "BTCUSD", "8673", "2", "buy", None),
      ("trades", 1573717116484, "BTCUSD", "8673.5", "21", "sell", None),
      ("depth", 1625342241094, "YFIUSD", "bid", "32936", "0", False, 9),
      ("depth", 1625342241094, "YFIUSD", "ask", "32991.5", "1559", False, 9),
      ("depth", 1625342241838, "sGRTUSDT", "ask", "0.67556", "5124.45", True, 8),
      ("depth", 1667286180330, "BTCUSDT", "ask", "20702.9", "0.718", True, 7)]),
    ("probit", [
        {"channel": "marketdata", "market_id": "ETH-BTC", "status": "ok", "lag": 0, "reset": True,
         "order_books_l0": [{"side": "buy", "price": "0.0316", "quantity": "0.08"},
                            {"side": "sell", "price": "0.0317", "quantity": "1"}],
         "recent_trades": [{"id": "ETH-BTC:4", "price": "0.0317", "quantity": "0.3",
                            "time": "2018-08-17T03:00:43.000Z", "side": "buy", "tick_direction": "up"}]}],
     [("trades", 1534474843000, "ETH-BTC", "0.0317", "0.3", "buy", "ETH-BTC:4"),
      ("depth", T0, "ETH-BTC", "bid", "0.0316", "0.08", True, None),
      ("depth", T0, "ETH-BTC", "ask", "0.0317", "1", True, None)]),
    ("kucoin", [
        {"type": "message", "topic": "/market/level2:BTC-USDT", "subject": "trade.l2update", "data": {
            "changes": {"asks": [["18906", "0.00331", "9"]], "bids": []}, "sequenceEnd": 9, "sequenceStart": 8,
            "symbol": "BTC-USDT", "time": 1663747970273}},
        {"type": "message", "topic": "/market/match:BTC-USDT", "subject": "trade.l3match", "data": {
            "symbol": "BTC-USDT", "side": "buy", "price": "0.082", "size": "0.01", "tradeId": "5c",
            "time": "1545913818099033203"}},
        {"type": "message", "topic": "/market/ticker:BTC-USDT", "subject": "trade.ticker", "data": {
            "bestAsk": "0.08", "bestAskSize": "0.18", "bestBid": "0.049", "bestBidSize": "0.036",
            "time": 1663747970273}},
        {"type": "message", "topic": "/contractMarket/level2:XBTUSDM", "subject": "level2", "data": {
            "sequence": 18, "change": "5000.0,sell,83", "timestamp": 1551770400000}}],
     [("trades", 1545913818099, "BTC-USDT", "0.082", "0.01", "buy", "5c"),
      ("quotes", 1663747970273, "BTC-USDT", "0.049", "0.036", "0.08", "0.18"),
      ("depth", 1663747970273, "BTC-USDT", "ask", "18906", "0.00331", False, 9),
      ("depth", 1551770400000, "XBTUSDM", "ask", "5000", "83", False, 18)]),
    ("htx", [
        {"ch": "market.btcusdt.depth.step0", "ts": 5, "tick": {
            "bids": [[52690.69, 0.36281]], "asks": [], "version": 13, "ts": 1630983549500}},
        {"ch": "market.btcusdt.mbp.20", "ts": 1573199608679, "tick": {
            "seqNum": 14, "prevSeqNum": 13, "bids": [], "asks": [[645.14, 0]]}},
        {"ch": "market.btcusdt.trade.detail", "ts": 5, "tick": {"data": [
            {"id": 1, "ts": 1630994963173, "tradeId": 10, "amount": 0.0067, "price": 52648.62, "direction": "buy"}]}},
        {"ch": "market.btcusdt.bbo", "ts": 5, "tick": {
            "ask": 52665.02, "askSize": 1.5, "bid": 52665.01, "bidSize": 0.17, "quoteTime": 1630994555559}}],
     [("trades", 1630994963173, "btcusdt", "52648.62", "0.0067", "buy", "10"),
      ("quotes", 1630994555559, "btcusdt", "52665.01", "0.17", "52665.02", "1.5"),
      ("depth", 1630983549500, "btcusdt", "bid", "52690.69", "0.36281", True, 13),
      ("depth", 1573199608679, "btcusdt", "ask", "645.14", "0", False, 14)]),
    ("mexc", [
        {"c": "spot@public.increase.depth.v3.api@BTCUSDT", "s": "BTCUSDT", "t": 1661932660144, "d": {
            "asks": [{"p": "20290.89", "v": "0"}], "r": "34"}},
        {"c": "spot@public.deals.v3.api@BTCUSDT", "s": "BTCUSDT", "t": 1, "d": {"deals": [
            {"p": "20382.7", "v": "0.0438", "S": 2, "t": 1678593222456}]}},
        {"channel": "push.depth", "symbol": "BTC_USDT", "ts": 1587442022003, "data": {
            "asks": [[6859.5, 3251, 7]], "bids": [], "version": 96}}],
     [("trades", 1678593222456, "BTCUSDT", "20382.7", "0.0438", "sell", None),
      ("depth", 1661932660144, "BTCUSDT", "ask", "20290.89", "0", False, 34),
      ("depth", 1587442022003, "BTC_USDT", "ask", "6859.5", "7", False, 96)]),
    ("dydx", [
        {"type": "subscribed", "channel": "v4_orderbook", "id": "BTC-USD", "contents": {
            "bids": [{"price": "42000", "size": "1.5"}], "asks": []}},
        {"type": "channel_batch_data", "channel": "v4_orderbook", "id": "BTC-USD", "contents": [
            {"bids": [["42000", "0"]]}, {"asks": [["42001", "2"]]}]},
        {"type": "channel_data", "channel": "v4_trades", "id": "BTC-USD", "contents": {"trades": [
            {"id": "5", "size": "0.1", "price": "42000", "side": "SELL", "createdAt": "2024-01-01T00:00:00.123Z"}]}}],
     [("trades", T0 + 123, "BTC-USD", "42000", "0.1", "sell", "5"),
      ("depth", T0, "BTC-USD", "bid", "42000", "1.5", True, None),
      ("depth", T0 + 1, "BTC-USD", "bid", "42000", "0", False, None),
      ("depth", T0 + 1, "BTC-USD", "ask", "42001", "2", False, None)]),
    ("kraken's futures", [
        {"feed": "book_snapshot", "product_id": "PI_XBTUSD", "timestamp": 1612269825817, "seq": 3,
         "bids": [{"price": 34892.5, "qty": 6385}], "asks": []},
        {"feed": "book", "product_id": "PI_XBTUSD", "side": "sell", "seq": 4, "price": 34981, "qty": 0,
         "timestamp": 1612269953629},
        {"feed": "trade", "product_id": "PI_XBTUSD", "uid": "05", "side": "sell", "time": 1612266317519, "qty": 15,
         "price": 34969.5}],
     [("trades", 1612266317519, "PI_XBTUSD", "34969.5", "15", "sell", "05"),
      ("depth", 1612269825817, "PI_XBTUSD", "bid", "34892.5", "6385", True, 3),
      ("depth", 1612269953629, "PI_XBTUSD", "ask", "34981", "0", False, 4)]),
    ("okx's closed candle, and none of the open one", [
        {"arg": {"channel": "candle1H", "instId": "BTC-USDT"},
         "data": [["1597026000000", "8533.02", "8553.74", "8527.17", "8548.26", "45247", "5", "5", "1"]]},
        {"arg": {"channel": "candle1H", "instId": "BTC-USDT"},
         "data": [["1597029600000", "8533.02", "8553.74", "8527.17", "8548.26", "45247", "5", "5", "0"]]},
        {"arg": {"channel": "open-interest", "instId": "LTC-USD-SWAP"},
         "data": [{"instId": "LTC-USD-SWAP", "oi": "5000", "ts": "1597026383085"}]}],
     [("bars", 1597029600000, "BTC-USDT", "8533.02", "8553.74", "8527.17", "8548.26", "45247", 60 * MINUTE),
      ("messages", T0 + 1, "reply"),
      ("series", 1597026383085, "LTC-USD-SWAP.open_interest", "5000")]),
    ("hyperliquid's quote of one side", [
        {"channel": "bbo", "data": {"coin": "BTC", "time": 1737918843123, "bbo": [{"px": "99", "sz": "1.5"}, None]}},
        {"channel": "activeAssetCtx", "data": {"coin": "BTC", "ctx": {"markPx": "99.5", "funding": "0.0000125"}}}],
     [("quotes", 1737918843123, "BTC", "99", "1.5", None, None), ("series", T0 + 1, "BTC.mark_price", "99.5"),
      ("series", T0 + 1, "BTC.funding_rate", "0.0000125")]),
    ("ftx, upbit and hitbtc", [
        {"channel": "orderbook", "market": "BTC-PERP", "type": "partial", "data": {
            "time": 1621740952.5, "checksum": 1, "bids": [[37000.5, 2]], "asks": [], "action": "partial"}},
        {"type": "trade", "code": "KRW-BTC", "trade_price": 1500, "trade_volume": 0.5, "ask_bid": "ASK",
         "trade_timestamp": 1621740952500, "sequential_id": 8},
        {"jsonrpc": "2.0", "method": "updateTrades", "params": {"symbol": "ETHBTC", "data": [
            {"id": 5, "price": "0.05", "quantity": "0.1", "side": "buy", "timestamp": "2017-10-19T16:34:25.041Z"}]}}],
     [("trades", 1621740952500, "KRW-BTC", "1500", "0.5", "sell", "8"),
      ("trades", 1508430865041, "ETHBTC", "0.05", "0.1", "buy", "5"),
      ("depth", 1621740952500, "BTC-PERP", "bid", "37000.5", "2", True, None)]),
    ("okex before its fifth version", [
        {"table": "spot/depth_l2_tbt", "action": "update", "data": [
            {"instrument_id": "BTC-USDT", "asks": [], "bids": [["8700.1", "0", "0"]], "checksum": -5,
             "timestamp": "2020-01-01T00:00:00.123Z"}]},
        {"table": "swap/trade", "data": [
            {"instrument_id": "BTC-USD-SWAP", "price": "5", "size": "2", "side": "sell", "trade_id": "8",
             "timestamp": "2020-01-01T00:00:00.123Z"}]}],
     [("trades", 1577836800123, "BTC-USD-SWAP", "5", "2", "sell", "8"),
      ("depth", 1577836800123, "BTC-USDT", "bid", "8700.1", "0", False, None)]),
    ("crypto.com", [
        {"method": "subscribe", "result": {"instrument_name": "BTC_USDT", "channel": "book", "data": [
            {"bids": [[11746.488, 128, 8]], "asks": [], "t": 1587523078844}]}},
        {"method": "subscribe", "result": {"instrument_name": "BTC_USDT", "channel": "trade", "data": [
            {"d": 5, "s": "SELL", "p": "51.5", "q": "0.25", "t": 1587523078845}]}}],
     [("trades", 1587523078845, "BTC_USDT", "51.5", "0.25", "sell", "5"),
      ("depth", 1587523078844, "BTC_USDT", "bid", "11746.488", "128", True, None)]),
    ("ascendex", [
        {"m": "depth", "symbol": "ASD/USDT", "data": {"ts": 1573069021376, "seqnum": 9, "asks": [["0.06844", "0"]],
                                                      "bids": []}},
        {"m": "trades", "symbol": "ASD/USDT", "data": [
            {"p": "0.068600", "q": "100.000", "ts": 1573069903254, "bm": False, "seqnum": 4}]},
        {"m": "bbo", "symbol": "ASD/USDT", "data": {"ts": 1573068442532, "bid": ["0.9", "1"], "ask": ["1.1", "2"]}}],
     [("trades", 1573069903254, "ASD/USDT", "0.0686", "100", "buy", "4"),
      ("quotes", 1573068442532, "ASD/USDT", "0.9", "1", "1.1", "2"),
      ("depth", 1573069021376, "ASD/USDT", "ask", "0.06844", "0", False, 9)]),
    ("blockchain.com, bitflyer and delta", [
        {"seqnum": 2, "event": "snapshot", "channel": "l2", "symbol": "BTC-USD", "asks": [],
         "bids": [{"px": 8723.45, "qty": 1.45, "num": 2}]},
        {"jsonrpc": "2.0", "method": "channelMessage", "params": {
            "channel": "lightning_executions_FX_BTC_JPY", "message": [
                {"id": 39361, "side": "SELL", "price": 35100, "size": 0.01,
                  "exec_date": "2015-07-07T10:44:33.547Z"}]}},
        {"jsonrpc": "2.0", "method": "channelMessage", "params": {
            "channel": "lightning_board_snapshot_BTC_JPY", "message": {
                "mid_price": 5, "bids": [{"price": 35100, "size": 0.01}], "asks": []}}},
        {"type": "all_trades", "symbol": "BTCUSD", "price": "25816.5", "size": 100, "buyer_role": "maker",
         "timestamp": 1561634049751430}],
     [("trades", 1436265873547, "FX_BTC_JPY", "35100", "0.01", "sell", "39361"),
      ("trades", 1561634049751, "BTCUSD", "25816.5", "100", "sell", None),
      ("depth", T0, "BTC-USD", "bid", "8723.45", "1.45", True, None),
      ("depth", T0 + 2, "BTC_JPY", "bid", "35100", "0.01", True, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "rows"), [case[1:] for case in MESSAGES], ids=[case[0] for case in MESSAGES])
def test_a_venues_messages_state_what_its_reference_says(
    tmp_path: Path, messages: list[Any], rows: list[tuple[Any, ...]]
) -> None:
    """Depth, trades, quotes, bars, orders and figures, each with the venue's own time where it tells one."""
    assert sorted(told(tmp_path, "recorded.jsonl", recording(*messages)), key=str) == sorted(rows, key=str)


ANSWERS: list[tuple[str, Any, list[tuple[Any, ...]]]] = [
    ("okx's book", {"code": "0", "msg": "", "data": [
        {"asks": [["41006.8", "0.6", "0", "1"]], "bids": [["41006.3", "0.3", "0", "2"]], "ts": "1629966436396"}]},
     [("depth", 1629966436396, "answer", "bid", "41006.3", "0.3", True, None),
      ("depth", 1629966436396, "answer", "ask", "41006.8", "0.6", True, None)]),
    ("bybit's book", {"retCode": 0, "result": {"s": "BTCUSDT", "a": [["65557.7", "16.6"]], "b": [], "u": 23,
                                               "ts": 1716863719031, "cts": 1716863718905}, "time": 1},
     [("depth", 1716863718905, "BTCUSDT", "ask", "65557.7", "16.6", True, 23)]),
    ("kraken's book", {"error": [], "result": {"XXBTZUSD": {
        "asks": [["30384.1", "2.059", 1688671659]], "bids": [["30297.0", "1.115", 1688671636]]}}},
     [("depth", 1688671659000, "XXBTZUSD", "bid", "30297", "1.115", True, None),
      ("depth", 1688671659000, "XXBTZUSD", "ask", "30384.1", "2.059", True, None)]),
    ("kraken's trades", {"error": [], "result": {"last": "9", "XXBTZUSD": [
        ["30243.4", "0.34507674", 1688669597.8277369, "b", "m", "", 61],
        ["30243.3", "0.1", 1688669598, "s", "l", ""]]}},
     [("trades", 1688669597827, "XXBTZUSD", "30243.4", "0.34507674", "buy", "61"),
      ("trades", 1688669598000, "XXBTZUSD", "30243.3", "0.1", "sell", None)]),
    ("deribit's book", {"jsonrpc": "2.0", "result": {
        "timestamp": 1550757626706, "instrument_name": "BTC-PERPETUAL", "change_id": 4, "bids": [[3955.75, 30.0]],
        "asks": []}},
     [("depth", 1550757626706, "BTC-PERPETUAL", "bid", "3955.75", "30", True, 4)]),
    ("poloniex' book, by turns", {"time": 1659695219507, "scale": "0.01", "asks": ["23139.82", "0.3"],
                                  "bids": ["23139.74", "0.4", "23139.73", "0.1"]},
     [("depth", 1659695219507, "answer", "bid", "23139.74", "0.4", True, None),
      ("depth", 1659695219507, "answer", "bid", "23139.73", "0.1", True, None),
      ("depth", 1659695219507, "answer", "ask", "23139.82", "0.3", True, None)]),
    ("poloniex' trades, whose amount is money",
     [{"id": "194", "price": "1.9", "quantity": "110", "amount": "209.00", "takerSide": "SELL",
       "createTime": 1648634905695}],
     [("trades", 1648634905695, "answer", "1.9", "110", "sell", "194")]),
    ("coinbase's trades, whose side is the maker's",
     [{"trade_id": 2, "side": "buy", "size": "0.005", "price": "17172.94", "time": "2022-12-09T20:58:18.906Z"}],
     [("trades", 1670619498906, "answer", "17172.94", "0.005", "sell", "2")]),
    ("bitfinex' trades", [[388063448, 1567526214876, -1.918524, 10682]],
     [("trades", 1567526214876, "answer", "10682", "1.918524", "sell", "388063448")]),
    ("binance's aggregate trades",
     [{"a": 26129, "p": "0.01633102", "q": "4.7", "f": 1, "l": 2, "T": 1498793709153, "m": True, "M": True}],
     [("trades", 1498793709153, "answer", "0.01633102", "4.7", "sell", "26129")]),
    ("a ticker of ccxt", {"symbol": "BTC/USDT", "timestamp": 1704067200123, "high": 5, "low": 1, "open": 2, "close": 3,
                          "bid": 2.5, "bidVolume": 1, "ask": 3.5, "askVolume": None, "last": 3, "baseVolume": 9,
                          "info": {}},
     [("quotes", 1704067200123, "BTC/USDT", "2.5", "1", "3.5", None)]),
    ("tickers of ccxt by name", {"A/B": {"symbol": "A/B", "timestamp": 1704067200123, "bid": 2.5, "ask": 3.5,
                                         "last": 3, "high": 5, "low": 1, "open": 2, "close": 3, "baseVolume": 9}},
     [("quotes", 1704067200123, "A/B", "2.5", None, "3.5", None)]),
    ("an order of ccxt, which is no trade", {
        "id": "1", "symbol": "A/B", "timestamp": 1704067200123, "side": "buy", "price": 5, "amount": 2, "filled": 1,
        "remaining": 1, "status": "open"}, [("messages", None, "reply")]),
    ("gate's candles", [["1539852480", "97", "3", "4", "1", "2", "445.1", "true"],
                        ["1539852540", "97", "3", "4", "1", "2", "445.1", "false"]],
     [("bars", 1539852540000, "answer", "2", "4", "1", "3", "445.1", MINUTE)]),
    ("okx's candles, the newest still open", {"code": "0", "data": [
        ["1597026420000", "3.7", "3.8", "3.6", "3.7", "84", "2", "2", "0"],
        ["1597026360000", "3.731", "3.799", "3.494", "3.72", "24", "6", "6", "1"]]},
     [("bars", 1597026420000, "answer", "3.731", "3.799", "3.494", "3.72", "24", MINUTE)]),
    ("poloniex' candles", [["1", "4", "2", "3", "13", "286.6", "0", "0", 0, 0, "2.5", "DAY_1", 1648684800000, 5],
                           ["1", "4", "2", "3", "13", "286.6", "0", "0", 0, 0, "2.5", "DAY_1", 1648771200000, 6]],
     [("bars", 1648771200000, "answer", "2", "4", "1", "3", "286.6", DAY),
      ("bars", 1648857600000, "answer", "2", "4", "1", "3", "286.6", DAY)]),
    ("yahoo's chart", {"chart": {"result": [{"meta": {"symbol": "AAPL"}, "timestamp": [1704205800, 1704205860],
                                             "indicators": {"quote": [{"open": [2, 2], "high": [4, 4], "low": [1, 1],
                                                                       "close": [3, 3], "volume": [7, 8]}]}}]}},
     [("bars", 1704205860000, "AAPL", "2", "4", "1", "3", "7", MINUTE),
      ("bars", 1704205920000, "AAPL", "2", "4", "1", "3", "8", MINUTE)]),
    ("oanda's candles, the last still open", {"instrument": "EUR_USD", "candles": [
        {"complete": True, "mid": {"o": "2", "h": "4", "l": "1", "c": "3"}, "time": "2016-10-17T15:16:40Z"},
        {"complete": False, "mid": {"o": "2", "h": "4", "l": "1", "c": "3"}, "time": "2016-10-17T15:16:45Z"}]},
     [("bars", 1476717405000, "EUR_USD", "2", "4", "1", "3", None, 5 * 10**9)]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "rows"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_an_answer_of_a_venue_states_what_its_reference_says(
    tmp_path: Path, answer: Any, rows: list[tuple[Any, ...]]
) -> None:
    """Books, trades, tickers and candles of REST interfaces; a candle that is not over is no bar."""
    assert told(tmp_path, "answer.json", json.dumps(answer)) == rows


def test_a_book_without_a_time_has_none_whatever_stands_beside_it(tmp_path: Path) -> None:
    """An absent time or number is absent, and not the first instant of 1970."""
    timed = {"e": "depthUpdate", "E": T0, "s": "A", "U": 1, "u": 2, "b": [["5", "1"]], "a": []}
    bare = {"lastUpdateId": 3, "bids": [["4", "1"]], "asks": []}
    unnumbered = {"type": "l2update", "product_id": "B", "time": "2024-01-01T00:00:00Z", "changes": [["buy", "1", "1"]]}
    text = "".join(json.dumps(message) + "\n" for message in (timed, bare, unnumbered))
    assert told(tmp_path, "lines.jsonl", text) == [
        ("depth", T0, "A", "bid", "5", "1", False, 2),
        ("depth", None, "lines", "bid", "4", "1", True, 3),
        ("depth", T0, "B", "bid", "1", "1", False, None),
    ]


def test_messages_beside_a_venues_market_data_are_never_taken_for_a_table(tmp_path: Path) -> None:
    """Orders, tickers that tell one figure, replies: they are kept as they came."""
    match = {"type": "match", "trade_id": 1, "time": "2024-01-01T00:00:00Z", "product_id": "B", "size": "5",
             "price": "4", "side": "sell"}  # fmt: skip
    opened = {"type": "open", "time": "2024-01-01T00:00:01Z", "product_id": "B", "order_id": "d", "price": "4",
              "remaining_size": "1", "side": "sell"}  # fmt: skip
    delta = {"type": "ticker", "time": "2024-01-01T00:00:01Z", "price": "4", "volume": "9"}
    text = "".join(json.dumps(message) + "\n" for message in (match, opened, delta))
    assert [row[0] for row in told(tmp_path, "lines.jsonl", text)] == ["trades", "messages", "messages"]


def test_lines_of_several_layouts_are_each_read_by_their_own(tmp_path: Path) -> None:
    """Trades and quotes by turns, of a vendor without a reader of its own."""
    trade = {"timestamp": "2024-01-01T00:00:00Z", "symbol": "A", "price": "5", "size": "2", "side": "buy", "id": "1"}
    quote = {
        "timestamp": "2024-01-01T00:00:00Z",
        "symbol": "A",
        "bid": "4",
        "bid_size": "1",
        "ask": "6",
        "ask_size": "2",
    }
    text = "".join(json.dumps(message) + "\n" for message in (trade, quote, trade))
    assert told(tmp_path, "lines.jsonl", text) == [
        ("trades", T0, "A", "5", "2", "buy", "1"),
        ("trades", T0, "A", "5", "2", "buy", "1"),
        ("quotes", T0, "A", "4", "1", "6", "2"),
    ]


def test_an_initial_release_was_not_taken_back_by_its_correction(tmp_path: Path) -> None:
    """Output type 4 of FRED gives first values alone, with the ends that corrections put to them."""
    row = {"realtime_start": "2024-01-25", "realtime_end": "2024-02-27", "date": "2023-10-01", "value": "27938.8"}
    answer = {"realtime_start": "2023-01-01", "realtime_end": "2024-12-31", "observations": [row]}
    first = told(tmp_path, "GDP.json", json.dumps(answer | {"output_type": 4}))
    assert [said[2:] for said in first] == [("GDP", "27938.8")]
    every = told(tmp_path, "GDP.json", json.dumps(answer | {"output_type": 1}))
    assert [said[2:] for said in every] == [("GDP", "27938.8"), ("GDP", ".")]


def test_a_word_of_a_venue_in_a_session_is_a_message(tmp_path: Path) -> None:
    """`pong` is no damage; what begins as JSON and ends in the middle is."""
    lines = ["wss://venue <-> 1618677785.48", "1618677785.49: pong", '1618677785.50: {"a": 1}']
    assert [row[:1] for row in told(tmp_path, "session.txt", "\n".join(lines) + "\n")] == [("messages",)] * 3
    (tmp_path / "cut.txt").write_text("\n".join(lines)[:-3] + "\n")
    found = probe(tmp_path / "cut.txt", READING)
    assert found.error is not None
    assert found.error.code == "DATA-020"
