"""REST answers of venues and vendors whose own names say what they are, in the shapes of real answers."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

OTHERS = runpy.run_path(str(Path(__file__).with_name("test_market_more_venues.py")))
told = OTHERS["told"]
MINUTE = 60 * 10**9
AT = 1_709_891_679_050

ANSWERS: list[tuple[str, Any, list[tuple[Any, ...]]]] = [
    (
        "gate's trades of contracts, the side as a sign",
        [
            {
                "id": 9,
                "create_time": 1514764800,
                "create_time_ms": 1514764800.123,
                "contract": "BTC_USDT",
                "size": -100,
                "price": "100.123",
            },
            {
                "id": 8,
                "create_time": 1514764800,
                "create_time_ms": 1514764800.12,
                "contract": "BTC_USDT",
                "size": 5,
                "price": "100.2",
            },
        ],
        [
            ("trades", 1514764800123, "BTC_USDT", "100.123", "100", "sell", "9"),
            ("trades", 1514764800120, "BTC_USDT", "100.2", "5", "buy", "8"),
        ],
    ),
    (
        "gate's tickers",
        [
            {
                "currency_pair": "BTC_USDT",
                "last": "2.4",
                "lowest_ask": "2.477",
                "highest_bid": "2.4606",
                "base_volume": "9",
            },
            {"currency_pair": "X_USDT", "last": "2.4", "lowest_ask": "", "highest_bid": "2.1", "base_volume": "9"},
        ],
        [
            ("quotes", None, "BTC_USDT", "2.4606", None, "2.477", None),
            ("quotes", None, "X_USDT", "2.1", None, None, None),
        ],
    ),
    (
        "gemini's trades",
        [
            {
                "timestamp": 1547146811,
                "timestampms": 1547146811357,
                "tid": 5,
                "price": "3610.85",
                "amount": "0.27413495",
                "exchange": "gemini",
                "type": "buy",
            }
        ],
        [("trades", 1547146811357, "x", "3610.85", "0.27413495", "buy", "5")],
    ),
    (
        "bitstamp's trades, of types 0 and 1",
        [
            {"date": "1715599000", "tid": "2", "amount": "0.0012", "type": "0", "price": "62000"},
            {"date": "1715598990", "tid": "1", "amount": "0.5", "type": "1", "price": "61999"},
        ],
        [
            ("trades", 1715599000000, "x", "62000", "0.0012", "buy", "2"),
            ("trades", 1715598990000, "x", "61999", "0.5", "sell", "1"),
        ],
    ),
    (
        "kucoin's ticker, whose price is of the last trade",
        {
            "code": "200000",
            "data": {
                "time": AT,
                "sequence": "7",
                "price": "9",
                "size": "1",
                "bestBid": "7",
                "bestBidSize": "0.1",
                "bestAsk": "8",
                "bestAskSize": "1.2",
            },
        },
        [("quotes", AT, "x", "7", "0.1", "8", "1.2")],
    ),
    (
        "kucoin's tickers",
        {
            "code": "200000",
            "data": {
                "time": AT,
                "ticker": [
                    {"symbol": "BTC-USDT", "buy": "7", "bestBidSize": "1", "sell": "8", "bestAskSize": "2", "vol": "9"}
                ],
            },
        },
        [("quotes", AT, "BTC-USDT", "7", "1", "8", "2")],
    ),
    (
        "upbit's candles of a minute, newest first",
        [
            {
                "market": "KRW-BTC",
                "candle_date_time_utc": f"2018-04-18T10:{minute}:00",
                "opening_price": 3,
                "high_price": 5,
                "low_price": 1,
                "trade_price": 4,
                "timestamp": 1524046594584,
                "candle_acc_trade_volume": 6.5,
                "unit": 1,
            }
            for minute in (16, 15)
        ],
        [
            ("bars", 1524046620000, "KRW-BTC", "3", "5", "1", "4", "6.5", MINUTE),
            ("bars", 1524046560000, "KRW-BTC", "3", "5", "1", "4", "6.5", MINUTE),
        ],
    ),
    (
        "upbit's trades",
        [
            {
                "market": "KRW-BTC",
                "trade_date_utc": "2018-04-18",
                "trade_time_utc": "10:19:58",
                "timestamp": 1524046798000,
                "trade_price": 8616000,
                "trade_volume": 0.03,
                "prev_closing_price": 8,
                "ask_bid": "ASK",
                "sequential_id": 1,
            }
        ],
        [("trades", 1524046798000, "KRW-BTC", "8616000", "0.03", "sell", "1")],
    ),
    (
        "upbit's books",
        [
            {
                "market": "KRW-BTC",
                "timestamp": AT,
                "orderbook_units": [{"ask_price": 8, "bid_price": 7, "ask_size": 0.2, "bid_size": 0.1}],
            }
        ],
        [
            ("depth", AT, "KRW-BTC", "bid", "7", "0.1", True, None),
            ("depth", AT, "KRW-BTC", "ask", "8", "0.2", True, None),
        ],
    ),
    (
        "htx's candles, of which the newest is open",
        {
            "ch": "market.btcusdt.kline.5min",
            "status": "ok",
            "ts": 1629769247172,
            "data": [
                {"id": 1629769200, "open": 4, "close": 4, "low": 4, "high": 4, "amount": 3.9, "vol": 1, "count": 1},
                {"id": 1629768900, "open": 3, "close": 4, "low": 1, "high": 5, "amount": 30.7, "vol": 1, "count": 9},
            ],
        },
        [("bars", 1629769200000, "btcusdt", "3", "5", "1", "4", "30.7", 5 * MINUTE)],
    ),
    (
        "htx's merged ticker",
        {
            "ch": "market.btcusdt.detail.merged",
            "status": "ok",
            "ts": AT,
            "tick": {
                "id": 9,
                "version": 9,
                "open": 5,
                "close": 4,
                "low": 1,
                "high": 6,
                "amount": 1,
                "vol": 5,
                "count": 4,
                "bid": [7, 2.5],
                "ask": [8, 0.5],
            },
        },
        [("quotes", AT, "btcusdt", "7", "2.5", "8", "0.5")],
    ),
    (
        "binance's premium index",
        {
            "symbol": "BTCUSDT",
            "markPrice": "11793.6",
            "indexPrice": "11781.8",
            "estimatedSettlePrice": "11781.1",
            "lastFundingRate": "0.00038",
            "interestRate": "0.0001",
            "nextFundingTime": 1597392000000,
            "time": AT,
        },
        [
            ("series", AT, "BTCUSDT.mark_price", "11793.6"),
            ("series", AT, "BTCUSDT.index_price", "11781.8"),
            ("series", AT, "BTCUSDT.funding_rate", "0.00038"),
        ],
    ),
    (
        "binance's open interest",
        {"openInterest": "10659.509", "symbol": "BTCUSDT", "time": AT},
        [("series", AT, "BTCUSDT.open_interest", "10659.509")],
    ),
    (
        "binance's paid funding",
        [{"symbol": "BTCUSDT", "fundingRate": "-0.03750000", "fundingTime": AT, "markPrice": ""}],
        [("series", AT, "BTCUSDT.funding_rate", "-0.03750000")],
    ),
    (
        "crypto.com's candles",
        {
            "id": 1,
            "method": "public/get-candlestick",
            "code": 0,
            "result": {
                "interval": "1m",
                "instrument_name": "BTCUSD-PERP",
                "data": [{"o": "3", "h": "5", "l": "1", "c": "4", "v": "25.7", "t": 1669000020000}],
            },
        },
        [("bars", 1669000080000, "BTCUSD-PERP", "3", "5", "1", "4", "25.7", MINUTE)],
    ),
    (
        "crypto.com's book",
        {
            "id": 1,
            "method": "public/get-book",
            "code": 0,
            "result": {
                "depth": 1,
                "instrument_name": "BTC_USD",
                "data": [{"bids": [["7", "0.1", "1"]], "asks": [["8", "0.2", "1"]], "t": AT}],
            },
        },
        [
            ("depth", AT, "BTC_USD", "bid", "7", "0.1", True, None),
            ("depth", AT, "BTC_USD", "ask", "8", "0.2", True, None),
        ],
    ),
    (
        "crypto.com's trades",
        {
            "id": 1,
            "method": "public/get-trades",
            "code": 0,
            "result": {"data": [{"s": "buy", "p": "26386.00", "q": "0.00453", "t": AT, "d": "461", "i": "BTC_USD"}]},
        },
        [("trades", AT, "BTC_USD", "26386", "0.00453", "buy", "461")],
    ),
    (
        "bitget's tickers of contracts",
        {
            "code": "00000",
            "msg": "success",
            "requestTime": AT,
            "data": [
                {
                    "symbol": "BTCUSDT",
                    "lastPr": "9",
                    "bidPr": "7",
                    "askPr": "8",
                    "bidSz": "0.1",
                    "askSz": "0.2",
                    "ts": str(AT),
                    "fundingRate": "0.0001",
                    "holdingAmount": "52",
                    "markPrice": "7.5",
                    "indexPrice": "7.4",
                }
            ],
        },
        [
            ("quotes", AT, "BTCUSDT", "7", "0.1", "8", "0.2"),
            ("series", AT, "BTCUSDT.mark_price", "7.5"),
            ("series", AT, "BTCUSDT.index_price", "7.4"),
            ("series", AT, "BTCUSDT.funding_rate", "0.0001"),
            ("series", AT, "BTCUSDT.open_interest", "52"),
        ],
    ),
    (
        "phemex' trades",
        {
            "error": None,
            "id": 0,
            "result": {
                "type": "snapshot",
                "sequence": 1,
                "symbol": "BTCUSD",
                "trades": [[1573716998000000000, "Buy", 86735000, 56]],
            },
        },
        [("trades", 1573716998000, "BTCUSD", "8673.5", "56", "buy", None)],
    ),
    (
        "executions of bitflyer",
        [{"id": 1, "side": "BUY", "price": 31690, "size": 27.04, "exec_date": "2015-07-08T02:43:34.823"}],
        [("trades", 1436323414823, "x", "31690", "27.04", "buy", "1")],
    ),
    (
        "trades of woo",
        {
            "success": True,
            "rows": [
                {
                    "symbol": "SPOT_ETH_USDT",
                    "side": "SELL",
                    "source": 0,
                    "executed_price": 2108.2,
                    "executed_quantity": 0.00016,
                    "executed_timestamp": "1567411795.000",
                }
            ],
        },
        [("trades", 1567411795000, "SPOT_ETH_USDT", "2108.2", "0.00016", "sell", None)],
    ),
]


@pytest.mark.parametrize(("answer", "rows"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_an_answer_says_what_it_says(tmp_path: Path, answer: Any, rows: list[tuple[Any, ...]]) -> None:
    """Every row, and no other."""
    assert told(tmp_path, "x.json", json.dumps(answer)) == rows
