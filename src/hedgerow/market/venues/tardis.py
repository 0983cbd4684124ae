"""Tardis' normalized messages, of whatever venue: trades, books, best prices, figures, options, bars of time.

Source: tardis-dev, Normalized Data Types. Liquidations and disconnects state nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.statements import MS, Bar, Levels, Option, Quote, Statement, Trade, figures, side_of

_FIGURES = (("fundingRate", "funding_rate"), ("predictedFundingRate", "predicted_funding_rate"),
            ("openInterest", "open_interest"), ("lastPrice", "last_price"), ("indexPrice", "index_price"),
            ("markPrice", "mark_price"))  # fmt: skip
_OPTION = {"bid": "bestBidPrice", "bid_size": "bestBidAmount", "bid_iv": "bestBidIV", "ask": "bestAskPrice",
           "ask_size": "bestAskAmount", "ask_iv": "bestAskIV", "last": "lastPrice", "open_interest": "openInterest",
           "mark": "markPrice", "iv": "markIV", "underlying_price": "underlyingPrice",
           **{greek: greek for greek in ("delta", "gamma", "vega", "theta", "rho")}}  # fmt: skip
_BY_TIME = re.compile(r"trade_bar_\d+ms")


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message states; None where it is none of Tardis' or of no market."""
    kind, at, who = m["type"], moment(m["timestamp"]), m["symbol"]
    if kind == "trade":
        return [Trade(at, who, m["price"], m["amount"], side_of(m.get("side")), m.get("id"))]
    if kind in ("book_change", "book_snapshot"):
        bids, asks = ([(level["price"], level["amount"]) for level in m[side]] for side in ("bids", "asks"))
        return [Levels(at, who, bids, asks, whole=kind == "book_snapshot" or bool(m["isSnapshot"]))]
    if kind in ("quote", "book_ticker"):
        return [Quote(at, who, *(m.get(name) for name in ("bidPrice", "bidAmount", "askPrice", "askAmount")))]
    if kind == "derivative_ticker":
        return [*figures(at, who, m, _FIGURES)] or None
    if kind == "option_summary":
        return [Option(at, who, {ours: m.get(theirs) for ours, theirs in _OPTION.items()})]
    if kind == "trade_bar" and _BY_TIME.fullmatch(str(m["name"])):
        prices = {word: m[word] for word in ("open", "high", "low", "close", "volume")}
        return [Bar(at, who, int(m["interval"]) * MS, prices)]
    return None
