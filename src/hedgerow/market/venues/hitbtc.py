"""HitBTC's third version, which FMFW speaks too: books, trades, best prices, candles.

Source: HitBTC API 3, Socket API, Market Data: `ch` says what, and what is told stands by instrument under `snapshot`,
`update` or `data`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hedgerow.market.times import span_ns
from hedgerow.market.venues.statements import Bar, Levels, Quote, Statement, Trade, ms, side_of


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message states; None where it is none of theirs. An image of candles is of those that are over."""
    channel, told_by = str(m["ch"]).split("/"), m.keys() & {"snapshot", "update", "data"}
    if len(told_by) != 1 or not isinstance(m[word := min(told_by)], dict):
        return None
    found: list[Statement] = []
    for who, said in m[word].items():
        if channel[0] == "orderbook" and channel[1] != "top":
            found.append(_book(said, who, whole=word != "update"))
        elif channel[0] == "trades":
            found += [Trade(ms(t["t"]), who, t["p"], t["q"], side_of(t["s"]), t["i"]) for t in said]
        elif channel[0] in ("ticker", "orderbook") and "b" in said:
            found.append(Quote(ms(said["t"]), who, said["b"], said["B"], said["a"], said["A"]))
        elif channel[0] == "candles" and word == "snapshot":
            found += _bars(said, who, channel[1])
    return found or None


def _book(said: Mapping[str, Any], who: str, *, whole: bool) -> Levels:
    number = said["s"]
    before = None if whole else number - 1
    return Levels(ms(said["t"]), who, said["b"], said["a"], whole, first=number, last=number, previous=before)


def _bars(rows: Sequence[Mapping[str, Any]], who: str, period: str) -> list[Statement]:
    if period[0] not in "MHD":  # a month has no one length
        return []
    span = span_ns(period[1:] + period[0].lower())
    words = ("open", "high", "low", "close", "volume")
    closed = sorted(rows, key=lambda row: int(row["t"]))[:-1]
    return [Bar(ms(row["t"]) + span, who, span, {word: row[word[0]] for word in words}) for row in closed]
