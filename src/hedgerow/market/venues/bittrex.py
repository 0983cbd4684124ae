"""Bittrex: books, trades and best prices, each deflated and in base64 within a message of its hub.

Source: Bittrex API v3, websocket streams `orderbook`, `trade` and `ticker`, and the book by REST; API v1.1, `uE`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.lines import expanded
from hedgerow.market.venues.statements import Level, Levels, Quote, Statement, Trade, ms, side_of


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of the hub states; None where none of its parts states anything of a market."""
    found: list[Statement] = []
    for part in m["M"]:
        for packed in part["A"]:
            data = json.loads(expanded(base64.b64decode(packed)), parse_float=str)
            found += _KINDS.get(part["M"], _nothing)(data)
    return found or None


def told_book(m: Mapping[str, Any]) -> list[Statement]:
    """A book by REST, whose number stands in the head of the answer."""
    return [Levels(None, None, _side(m["bid"]), _side(m["ask"]), whole=True)]


def _book(data: Mapping[str, Any]) -> list[Statement]:
    number = int(data["sequence"])
    bids, asks = _side(data["bidDeltas"]), _side(data["askDeltas"])
    return [Levels(None, data["marketSymbol"], bids, asks, first=number, last=number, previous=number - 1)]


def _trades(data: Mapping[str, Any]) -> list[Statement]:
    return [
        Trade(moment(t["executedAt"]), data["marketSymbol"], t["rate"], t["quantity"], side_of(t["takerSide"]), t["id"])
        for t in data["deltas"]
    ]


def _ticker(data: Mapping[str, Any]) -> list[Statement]:
    return [Quote(None, data["symbol"], data["bidRate"], None, data["askRate"], None)]


def _first(data: Mapping[str, Any]) -> list[Statement]:
    """Changes of version 1.1: of bids and asks, of which kind 1 takes a level away, and what was filled."""
    bids, asks = ([(x["R"], 0 if int(x["TY"]) == 1 else x["Q"]) for x in data[side]] for side in ("Z", "S"))
    number, who = int(data["N"]), data["M"]
    fills = [Trade(ms(f["T"]), who, f["R"], f["Q"], side_of(f["OT"]), f["FI"]) for f in data["f"]]
    return [Levels(None, who, bids, asks, first=number, last=number, previous=number - 1), *fills]


def _nothing(data: Mapping[str, Any]) -> list[Statement]:
    return []


_KINDS = {"orderBook": _book, "trade": _trades, "ticker": _ticker, "uE": _first}


def _side(levels: Any) -> list[Level]:
    return [(level["rate"], level["quantity"]) for level in levels]
