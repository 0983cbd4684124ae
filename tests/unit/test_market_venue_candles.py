"""Candles of REST answers end when they do, however their source labels them; and answers told with them."""

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
        "polygon's minutes, which bear their start",
        {
            "ticker": "AAPL",
            "resultsCount": 2,
            "results": [
                {"v": 9, "vw": 3.5, "o": 3, "c": 4, "h": 5, "l": 1, "t": 1673427600000 + 60000 * n, "n": 3}
                for n in (0, 1)
            ],
        },
        [("bars", 1673427660000 + 60000 * n, "AAPL", "3", "5", "1", "4", "9", MINUTE) for n in (0, 1)],
    ),
    (
        "polygon's sessions, which bear the midnight before them",
        {
            "ticker": "AAPL",
            "resultsCount": 2,
            "results": [
                {"v": 9, "vw": 3.5, "o": 3, "c": 4, "h": 5, "l": 1, "t": stamp, "n": 3}
                for stamp in (1112763600000 - 3600000, 1112850000000 - 3600000)
            ],
        },
        [("bars", 1112832000000 + 86400000 * n, "AAPL", "3", "5", "1", "4", "9", 1440 * MINUTE) for n in (0, 1)],
    ),
    (
        "polygon's weeks",
        {
            "ticker": "AAPL",
            "resultsCount": 2,
            "results": [
                {"v": 9, "vw": 3.5, "o": 3, "c": 4, "h": 5, "l": 1, "t": 1112500800000 + 604800000 * n, "n": 3}
                for n in (1, 2)
            ],
        },
        [("bars", 1112500800000 + 604800000 * n, "AAPL", "3", "5", "1", "4", "9", 7 * 1440 * MINUTE) for n in (2, 3)],
    ),
    (
        "polygon's summary of a session, which bears its end",
        {
            "queryCount": 1,
            "results": [{"T": "GIK", "v": 9, "vw": 3, "o": 3, "c": 4, "h": 5, "l": 1, "t": 1602705600000}],
        },
        [("bars", 1602705600000, "GIK", "3", "5", "1", "4", "9", 1440 * MINUTE)],
    ),
    (
        "bingx' candles",
        {
            "code": 0,
            "msg": "",
            "data": [
                {"time": 1666584000000 + 60000 * n, "open": "3", "high": "5", "low": "1", "close": "4", "volume": "9"}
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "x", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "coinex' candles",
        {
            "code": 0,
            "message": "OK",
            "data": [
                {
                    "created_at": 1666584000000 + 60000 * n,
                    "open": "3",
                    "high": "5",
                    "low": "1",
                    "close": "4",
                    "volume": "9",
                    "market": "BTCUSDT",
                    "value": "7",
                }
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "BTCUSDT", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "candles of kraken's futures",
        {
            "more_candles": False,
            "candles": [
                {"time": 1666584000000 + 60000 * n, "open": "3", "high": "5", "low": "1", "close": "4", "volume": "9"}
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "x", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "luno's candles",
        {
            "duration": 60,
            "pair": "XBTEUR",
            "candles": [
                {
                    "timestamp": 1666584000000 + 60000 * n,
                    "open": "3",
                    "high": "5",
                    "low": "1",
                    "close": "4",
                    "volume": "9",
                }
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "XBTEUR", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "candles of schwab",
        {
            "symbol": "AAPL",
            "empty": False,
            "candles": [
                {
                    "datetime": 1666584000000 + 60000 * n,
                    "open": "3",
                    "high": "5",
                    "low": "1",
                    "close": "4",
                    "volume": "9",
                }
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "AAPL", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "bitstamp's candles",
        {
            "data": {
                "pair": "BTC/USDT",
                "ohlc": [
                    {
                        "timestamp": str(1666584000 + 60 * n),
                        "open": "3",
                        "high": "5",
                        "low": "1",
                        "close": "4",
                        "volume": "9",
                    }
                    for n in (0, 1)
                ],
            }
        },
        [("bars", 1666584000000 + 60000 * n, "BTC/USDT", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "delta's candles",
        {
            "success": True,
            "result": [
                {"time": 1666584000 + 60 * n, "open": "3", "high": "5", "low": "1", "close": "4", "volume": "9"}
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "x", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "hitbtc's candles",
        [
            {
                "timestamp": f"2022-10-24T04:0{n}:00.000Z",
                "open": "3",
                "max": "5",
                "min": "1",
                "close": "4",
                "volume": "9",
                "volume_quote": "1",
            }
            for n in (0, 1)
        ],
        [("bars", 1666584000000 + 60000 * n, "x", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "woo's candles",
        {
            "success": True,
            "rows": [
                {
                    "symbol": "SPOT_BTC_USDT",
                    "type": "1m",
                    "start_timestamp": 1666584000000 + 60000 * n,
                    "end_timestamp": 1666584000000 + 60000 * n + 60000,
                    "amount": 7,
                    "open": "3",
                    "high": "5",
                    "low": "1",
                    "close": "4",
                    "volume": "9",
                }
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "SPOT_BTC_USDT", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "mexc's candles of contracts",
        {
            "success": True,
            "code": 0,
            "data": {
                "time": [1666584000, 1666584060],
                "open": [3, 3],
                "close": [4, 4],
                "high": [5, 5],
                "low": [1, 1],
                "vol": [9, 9],
                "amount": [1, 2],
            },
        },
        [("bars", 1666584000000 + 60000 * n, "x", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "ascendex' candles",
        {
            "code": 0,
            "data": [
                {
                    "m": "bar",
                    "s": "BTC/USDT",
                    "data": {
                        "i": "1",
                        "ts": 1666584000000 + 60000 * n,
                        "o": "3",
                        "c": "4",
                        "h": "5",
                        "l": "1",
                        "v": "9",
                    },
                }
                for n in (0, 1)
            ],
        },
        [("bars", 1666584000000 + 60000 * n, "BTC/USDT", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "hyperliquid's candles",
        [
            {
                "t": 1666584000000 + 60000 * n,
                "T": 1666584059999 + 60000 * n,
                "s": "BTC",
                "i": "1m",
                "o": "3",
                "c": "4",
                "h": "5",
                "l": "1",
                "v": "9",
                "n": 21,
            }
            for n in (0, 1)
        ],
        [("bars", 1666584000000 + 60000 * n, "BTC", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "phemex' candles",
        {
            "code": 0,
            "msg": "OK",
            "data": {
                "total": -1,
                "rows": [[1666584000 + 60 * n, 60, "2.5", "3", "5", "1", "4", "9", "30"] for n in (0, 1)],
            },
        },
        [("bars", 1666584000000 + 60000 * n, "x", "3", "5", "1", "4", "9", MINUTE) for n in (1, 2)],
    ),
    (
        "phemex' candles without their scale",
        {
            "code": 0,
            "msg": "OK",
            "data": {
                "total": -1,
                "rows": [[1700000060, 60, 370001000, 370002000, 370100000, 369900000, 370050000, 55, 2]],
            },
        },
        [("messages", None, "reply")],
    ),
    (
        "coinex' trades",
        {
            "code": 0,
            "message": "OK",
            "data": [{"deal_id": 5, "created_at": AT, "side": "sell", "price": "30718.42", "amount": "0.00000325"}],
        },
        [("trades", AT, "x", "30718.42", "0.00000325", "sell", "5")],
    ),
    (
        "coinex' book",
        {
            "code": 0,
            "message": "OK",
            "data": {
                "market": "BTCUSDT",
                "is_full": True,
                "depth": {"asks": [["8", "0.2"]], "bids": [["7", "0.1"]], "last": "7", "updated_at": AT, "checksum": 2},
            },
        },
        [
            ("depth", AT, "BTCUSDT", "bid", "7", "0.1", True, None),
            ("depth", AT, "BTCUSDT", "ask", "8", "0.2", True, None),
        ],
    ),
    (
        "bitstamp's funding",
        {"market": "ETH/USD-PERP", "funding_rate_history": [{"funding_rate": "-0.00011", "timestamp": "1771228800"}]},
        [("series", 1771228800000, "ETH/USD-PERP.funding_rate", "-0.00011")],
    ),
    (
        "hyperliquid's funding",
        [{"coin": "ETH", "fundingRate": "-0.0002", "premium": "-0.0005", "time": AT}],
        [("series", AT, "ETH.funding_rate", "-0.0002")],
    ),
]


@pytest.mark.parametrize(("answer", "rows"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_an_answer_says_what_it_says(tmp_path: Path, answer: Any, rows: list[tuple[Any, ...]]) -> None:
    """Every row, and no other."""
    assert told(tmp_path, "x.json", json.dumps(answer)) == rows
