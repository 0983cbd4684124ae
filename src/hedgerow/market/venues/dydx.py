"""dYdX, versions 3 and 4: books and trades.

Source: dYdX Indexer WebSocket (v4_orderbook, v4_trades) and the API of version 3. A subscription's reply is the whole
book; trades in it are those before, newest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.statements import Figure, Level, Levels, Statement, Trade, side_of


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message states; None where it is none of dYdX's market data."""
    version, _, kind = str(m["channel"]).partition("_")
    if kind == "markets" and "oraclePrices" in m["contents"]:
        prices = m["contents"]["oraclePrices"].items()
        return [Figure(moment(told["effectiveAt"]), f"{who}.index_price", told["oraclePrice"]) for who, told in prices]
    if version not in ("v3", "v4") or kind not in ("orderbook", "trades") or "contents" not in m:
        return None
    who, is_first, contents = m["id"], m["type"] == "subscribed", m["contents"]
    parts = contents if isinstance(contents, list) else [contents]
    if kind == "orderbook":
        return [_book(part, who, is_first) for part in parts]
    trades = [t for part in parts for t in part["trades"]]
    return [_trade(t, who) for t in (reversed(trades) if is_first else trades)]


def told_funding(m: Mapping[str, Any]) -> list[Statement] | None:
    """Funding rates that were, by REST."""
    result = m.get("result", m)
    return [
        Figure(moment(rate["effectiveAt"]), f"{rate.get('ticker') or rate['market']}.funding_rate", rate["rate"])
        for rate in result["historicalFunding"]
    ]


def _book(part: Mapping[str, Any], who: str, whole: bool) -> Levels:
    """Levels and, in version 3, the number of the change that they are of."""
    number = int(part["offset"]) if "offset" in part else None
    return Levels(None, who, _side(part, "bids"), _side(part, "asks"), whole, first=number, last=number)


def _trade(t: Mapping[str, Any], who: str) -> Trade:
    return Trade(moment(t["createdAt"]), who, t["price"], t["size"], side_of(t["side"]), t.get("id"))


def _side(part: Mapping[str, Any], side: str) -> Sequence[Level]:
    return [(level["price"], level["size"]) if isinstance(level, dict) else level[:2] for level in part.get(side, ())]
