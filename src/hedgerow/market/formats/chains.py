"""Option chains as JSON replies, in the four forms that brokers and venues use.

Promises that each contract becomes a row with its expiry, strike and right, and that a quote of nobody stays empty.
Known by their keys: strikes by expiry in two maps, calls and puts by expiry, names such as `BTC-28AUG26-110000-P`, and
inputs of a surface.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.market.formats.gathering import moment
from hedgerow.market.formats.rows import Gathering, Rows

_NAME = re.compile(r"([A-Z0-9_]+)-(\d{1,2}[A-Z]{3}\d\d)-([\d.d]+)-([CP])")


def in_chain(document: Mapping[str, Any]) -> Rows | None:
    """The rows of a chain, or None where the document is none."""
    if "callExpDateMap" in document and "putExpDateMap" in document:
        return _gathered(_by_strike(document))
    options = document.get("options")
    if isinstance(options, list) and options and isinstance(options[0], dict):
        if "calls" in options[0] and "puts" in options[0]:
            return _gathered(_by_expiry(document))
        if _NAME.fullmatch(str(options[0].get("instrument_name"))):
            return _gathered(_by_name(document))
    inputs = document.get("inputs")
    if isinstance(inputs, list) and inputs and isinstance(inputs[0], dict) and "security_type" in inputs[0]:
        return _gathered(_surface(document))
    return None


def expiry_of(name: str) -> tuple[str, int, str, str] | None:
    """(underlying, expiry in ns at 08:00 UTC, strike, right) of a name such as `BTC-28AUG26-110000-P`.

    >>> expiry_of("BTC-28AUG26-110000-P")
    ('BTC', 1787904000000000000, '110000', 'put')
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    day = datetime.strptime(match[2].title(), "%d%b%y")
    expiry = moment(f"{day:%Y-%m-%d}T08:00:00Z")
    return match[1], expiry, match[3].replace("d", "."), "call" if match[4] == "C" else "put"


def _gathered(found: Iterator[dict[str, Any]]) -> Rows:
    kept = Gathering("options")
    number = 0
    try:
        for row in found:
            kept.add(record=number, **row)
            number += 1
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        told = f"contract {number}: {type(error).__name__} {error}"
        raise problem("DATA_LAYOUT", told) from None
    return kept.rows()


def _by_strike(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A broker's chain: expiry, then strike, then its contracts; volatility in percent, -999 where there is none."""
    for right, key in (("call", "callExpDateMap"), ("put", "putExpDateMap")):
        for strikes in document[key].values():
            for contracts in strikes.values():
                for c in contracts:
                    volatility = float(c["volatility"]) if _is_number(c["volatility"]) else 0.0
                    yield {
                        "ts_event": moment(c["quoteTimeInLong"]),
                        "instrument": c["symbol"],
                        "underlying": document.get("symbol"),
                        "underlying_price": document.get("underlyingPrice"),
                        "expiry": moment(c["expirationDate"]),
                        "strike": c["strikePrice"],
                        "right": right,
                        "bid": c["bid"],
                        "bid_size": c["bidSize"],
                        "ask": c["ask"],
                        "ask_size": c["askSize"],
                        "last": c["last"],
                        "volume": c["totalVolume"],
                        "open_interest": c["openInterest"],
                        "iv": volatility / 100 if volatility > 0 else None,
                        **{greek: c[greek] if _is_number(c[greek]) else None for greek in _GREEKS},
                    }


_GREEKS = ("delta", "gamma", "vega", "theta", "rho")


def _is_number(value: Any) -> bool:
    try:
        return -999 < float(value) < 1e12
    except (TypeError, ValueError):
        return False


def _by_expiry(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    quote = document.get("quote") or {}
    at = moment(quote["regularMarketTime"]) if "regularMarketTime" in quote else None
    who = document.get("underlyingSymbol")
    for part in document["options"]:
        for right, key in (("call", "calls"), ("put", "puts")):
            for c in part[key]:
                yield {
                    "ts_event": moment(c["lastTradeDate"]) if at is None else at,
                    "instrument": c.get("contractSymbol") or f"{who} {part['expirationDate']} {right} {c['strike']}",
                    "underlying": who,
                    "underlying_price": quote.get("regularMarketPrice"),
                    "expiry": moment(part["expirationDate"]),
                    "strike": c["strike"],
                    "right": right,
                    "bid": c.get("bid"),
                    "ask": c.get("ask"),
                    "last": c.get("lastPrice"),
                    "volume": c.get("volume"),
                    "open_interest": c.get("openInterest"),
                    "iv": c.get("impliedVolatility"),
                }


def _by_name(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    at = moment(document["as_of"]) if "as_of" in document else None
    for c in (*document["options"], *document.get("futures", ())):
        told = expiry_of(c["instrument_name"]) or (c["instrument_name"].split("-")[0], None, None, None)
        underlying, expiry, strike, right = told
        yield {
            "ts_event": at if at is not None else moment(c["creation_timestamp"]),
            "instrument": c["instrument_name"],
            "underlying": underlying,
            "expiry": expiry,
            "strike": strike,
            "right": right,
            "bid": c.get("bid_price"),
            "ask": c.get("ask_price"),
            "last": c.get("last"),
            "volume": c.get("volume", c.get("volume_usd")),
            "open_interest": c.get("open_interest"),
            "iv": c.get("mark_iv"),
        }


def _surface(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Inputs of a volatility surface: spot, forwards and options with the venue's own volatilities."""
    curve = document.get("asset_curve") or {}
    at = moment(curve["ref_date"]) if "ref_date" in curve else None
    who = str(document.get("asset", "")).upper()
    for c in document["inputs"]:
        kind = c["security_type"]
        right = c.get("option_type")
        yield {
            "ts_event": at,
            "instrument": " ".join(
                str(part) for part in (who, kind, c.get("maturity"), right, c.get("strike")) if part
            ),
            "underlying": who,
            "expiry": moment(c["maturity"]) if c.get("maturity") else None,
            "strike": c.get("strike"),
            "right": None if right is None else str(right).lower(),
            "bid": c.get("bid"),
            "ask": c.get("ask"),
            "volume": c.get("volume"),
            "open_interest": c.get("open_interest"),
            "bid_iv": c.get("iv_bid"),
            "ask_iv": c.get("iv_ask"),
        }
