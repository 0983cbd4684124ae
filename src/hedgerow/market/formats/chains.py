"""Option chains as JSON replies, in the forms that brokers, exchanges and venues use.

Promises that each contract becomes a row with its expiry, strike and right, and that a quote of nobody stays empty;
volatilities and Greeks are as given. Known by their keys: strikes by expiry in two maps, calls and puts by expiry,
inputs of a surface, and lists of contracts whose names tell them: CBOE's delayed quotes, Deribit's summaries, Binance's
marks, OKX's summaries, Bybit's tickers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.market.formats.contracts import contract_of
from hedgerow.market.formats.gathering import moment
from hedgerow.market.formats.rows import Gathering, Rows

_GREEKS = ("delta", "gamma", "vega", "theta", "rho")


def in_chain(document: Mapping[str, Any]) -> Rows | None:
    """The rows of a chain, or None where the document is none."""
    if "callExpDateMap" in document and "putExpDateMap" in document:
        return _gathered(_by_strike(document))
    options = document.get("options")
    if isinstance(options, list) and options and isinstance(options[0], dict):
        if "calls" in options[0] and "puts" in options[0]:
            return _gathered(_by_expiry(document))
        if contract_of(str(options[0].get("instrument_name"))):
            return _gathered(_by_name(document))
    if (listed := _listed(document)) is not None:
        return _gathered(_by_contract(*listed))
    inputs = document.get("inputs")
    if isinstance(inputs, list) and inputs and isinstance(inputs[0], dict) and "security_type" in inputs[0]:
        return _gathered(_surface(document))
    return None


def in_list(document: Sequence[Any]) -> Rows | None:
    """The rows of a chain that is a list of contracts, such as Binance's marks; None where it is none."""
    for name, words in (("symbol", _BINANCE), ("instId", _OKX)):
        if _are(document, name, words):
            return _gathered(_by_contract(document, name, words, None, {}))
    return None


_CBOE = {
    **{name: name for name in ("bid", "bid_size", "ask", "ask_size", "volume", "open_interest", "iv", *_GREEKS)},
    "last": "last_trade_price", "mark": "theo",
}  # fmt: skip
_DERIBIT = {"bid": "bid_price", "ask": "ask_price", "last": "last", "volume": "volume", "mark": "mark_price",
            "open_interest": "open_interest", "iv": "mark_iv", "underlying_price": "underlying_price"}  # fmt: skip
_BINANCE = {"mark": "markPrice", "bid_iv": "bidIV", "ask_iv": "askIV", "iv": "markIV",
            **{greek: greek for greek in _GREEKS if greek != "rho"}}  # fmt: skip
_OKX = {"bid_iv": "bidVol", "ask_iv": "askVol", "iv": "markVol", "underlying_price": "fwdPx",
        **{greek: greek for greek in _GREEKS if greek != "rho"}}  # fmt: skip
BYBIT = {"bid": "bid1Price", "bid_size": "bid1Size", "bid_iv": "bid1Iv", "ask": "ask1Price", "ask_size": "ask1Size",
         "ask_iv": "ask1Iv", "last": "lastPrice", "mark": "markPrice", "iv": "markIv", "volume": "volume24h",
         "open_interest": "openInterest", "underlying_price": "underlyingPrice",
         **{greek: greek for greek in _GREEKS if greek != "rho"}}  # fmt: skip
"""Our words to theirs."""


def _are(listed: Any, name: str, words: Mapping[str, str]) -> bool:
    """Whether a list is one of contracts: options by name, with volatilities; futures may stand among Deribit's."""
    if not isinstance(listed, list) or not listed or not all(isinstance(c, dict) and name in c for c in listed):
        return False
    options = [c for c in listed if contract_of(str(c[name]))]
    return bool(options) and all(words["iv"] in c for c in options)


def _listed(document: Mapping[str, Any]) -> Any:
    """(contracts, the name of their name, our words to theirs, their time, what is the same of all), or None."""
    data, result = document.get("data"), document.get("result")
    if isinstance(data, dict) and _are(data.get("options"), "option", _CBOE):
        price = data.get("current_price", data.get("close"))
        return data["options"], "option", _CBOE, document.get("timestamp"), {"underlying_price": price}
    if _are(data, "instId", _OKX):
        return data, "instId", _OKX, None, {}
    if "usOut" in document and _are(result, "instrument_name", _DERIBIT):
        return result, "instrument_name", _DERIBIT, document["usOut"], {}
    if isinstance(result, dict) and _are(result.get("list"), "symbol", BYBIT):
        return result["list"], "symbol", BYBIT, document.get("time"), {}
    return None


def _by_contract(
    listed: Sequence[Mapping[str, Any]], name: str, words: Mapping[str, str], at: Any, same: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Contracts that their names tell; each has its own time, or that of the answer."""
    for c in listed:
        own = c.get("ts", at)
        told = contract_of(str(c[name]))
        given = {word: None if c.get(theirs) == "" else c.get(theirs) for word, theirs in words.items()}
        if told is not None:
            given |= {"underlying": told.underlying, "expiry": told.expiry, "strike": told.strike, "right": told.right}
        yield {"ts_event": None if own is None else moment(own), "instrument": c[name], **given, **same}


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
        told = contract_of(c["instrument_name"]) or (c["instrument_name"].split("-")[0], None, None, None)
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
            "mark": c.get("mark_price"),
            "underlying_price": c.get("underlying_price"),
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
