"""What a table holds, told from the names of its columns: bars, quotes, trades, depth, options, series and the rest.

One list of words serves tables, JSON records and messages of vendors that nobody wrote a reader for. Never tells a kind
from a file's name, and never takes a column for two things.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hedgerow.market.columns import CLOCKS, NUMERIC, plain, recognise
from hedgerow.market.formats.chain_tables import is_sided
from hedgerow.market.formats.dbn_table import NEEDED

_WORDS: dict[str, tuple[str, ...]] = {
    "bid": (
        "bid",
        "bid_eod",
        "bid_price",
        "bidprice",
        "best_bid_price",
        "best_bid",
        "bid_px",
        "bidpx",
        "pricebid",
        "bp",
    ),
    "ask": (
        "ask",
        "ask_eod",
        "ask_price",
        "askprice",
        "best_ask_price",
        "best_ask",
        "ask_px",
        "askpx",
        "priceask",
        "ap",
        "offer",
        "best_offer",
    ),
    "bid_size": (
        "bid_size",
        "bid_size_eod",
        "bidsize",
        "bid_amount",
        "best_bid_qty",
        "bid_qty",
        "bidqty",
        "bidsz",
        "bidsiz",
        "sizebid",
        "bs",
    ),
    "ask_size": (
        "ask_size",
        "ask_size_eod",
        "asksize",
        "ask_amount",
        "best_ask_qty",
        "ask_qty",
        "askqty",
        "asksz",
        "asksiz",
        "sizeask",
    ),
    "price": ("price", "px", "trade_price", "fill_price"),
    "size": ("size", "qty", "quantity", "amount", "sz", "baseqty", "base_qty", "vol", "volume"),
    "side": ("side", "direction", "taker_side", "takerside", "aggressor"),
    "maker": ("is_buyer_maker", "isbuyermaker", "buyer_maker"),
    "trade_id": ("trade_id", "tradeid", "id", "tid", "agg_trade_id", "trade_seq", "match_id", "trdmatchid"),
    "snapshot": ("is_snapshot", "snapshot", "update_type"),
    "sequence": ("last_update_id",),
    "strike": ("strike", "strike_price", "strikeprice", "strike_usd"),
    "expiry": (
        "expiration",
        "expiry",
        "expiration_date",
        "expirationdate",
        "expiration_timestamp",
        "maturity",
        "exdate",
        "expire_unix",
        "expire_date",
        "expirdate",
    ),
    "right": ("right", "type", "option_type", "optiontype", "put_call", "putcall", "contract_type", "cp", "cp_flag"),
    "underlying": (
        "underlying",
        "underlying_symbol",
        "underlyingsymbol",
        "underlying_ticker",
        "underlying_index",
        "root",
    ),
    "underlying_price": ("underlying_price", "underlying_last", "underlyingprice", "stockprice"),
    "contract": (
        "optionroot",
        "option_symbol",
        "optionsymbol",
        "contract",
        "contractid",
        "contractsymbol",
        "option",
        "symbol",
        "instrument_name",
    ),
    "mark": ("mark", "mark_price", "markprice", "theo"),
    "last": ("last", "last_price", "lastprice"),
    "volume": ("volume", "totalvolume", "volume_usd", "trade_volume"),
    "open_interest": ("open_interest", "openinterest", "oi"),
    "iv": ("iv", "impliedvol", "implied_volatility", "impliedvolatility", "mark_iv", "impl_volatility"),
    "bid_iv": ("bid_iv", "iv_bid"),
    "ask_iv": ("ask_iv", "iv_ask"),
    **{greek: (greek,) for greek in ("delta", "gamma", "vega", "theta", "rho")},
    "member_from": ("start_date", "member_from", "added", "date_added"),
    "member_to": ("end_date", "member_to", "removed", "date_removed"),
    "title": ("title", "headline", "text", "summary", "subject", "content_text"),
    "form": ("form", "form_type"),
    "vintage": ("realtime_start", "realtime_start_date", "vintage", "vintage_date", "release_date"),
    "dividend": ("ex_dividend", "dividends", "dividend", "cash_amount", "dividend_amount", "divcash"),
    "split": ("split_ratio", "stock_splits", "split", "split_coefficient", "splitfactor"),
    "gain": ("capital_gains",),
}
NUMBERS = (
    frozenset(
        alias
        for word in ("bid", "ask", "bid_size", "ask_size", "price", "size", "strike", "last", "volume", "open_interest")
        for alias in _WORDS[word]
    )
    | NUMERIC
    | {"value"}
)
"""Names of columns that hold nothing but numbers."""
_TIMES = (
    "date_and_time",
    "ts_event",
    "timestamp",
    "transact_time",
    "transaction_time",
    "event_time",
    "participant_timestamp",
    "sip_timestamp",
    "trade_time_ms",
    "created_time",
    "trade_time",
    "createtime",
    "createdat",
    "published_at",
    "published_utc",
    "call_date",
    "quote_unixtime",
    "quotedate",
    "tradedate",
    "quote_date",
    "filingdate",
    "date_filed",
    "observation_date",
    "period_start_date",
    "datadate",
    "datum",
    "fecha",
    "ex_dividend_date",
    "ex_date",
    "effective_date",
    "execution_date",
    "datetime",
    "time",
    "date",
    "ts",
    "t",
    "day",
    "sasdate",
    "date_published",
    "create_time_ms",
    "create_time",
    "calc_time",
    "funding_time",
    "fundingtime",
    "last_updated",
)
_BAR_TIMES = frozenset(
    (
        "timestamp_utc",
        "date_time",
        "gmt_time",
        "unix",
        "epoch",
        "open_time",
        "opentime",
        "close_time",
        "closetime",
        "time_open",
        "time_close",
        "bar_open",
        "bar_close",
        "bar_start",
        "bar_end",
        "start_time",
        "startedat",
        "end_time",
        "window_start",
        "window_end",
        "period_start",
        "open_timestamp",
        "begin",
    )
)
_KNOWN = (
    "ts_init",
    "known_at",
    "available_at",
    "local_timestamp",
    "received_at",
    "acceptancedatetime",
    "ts_recv",
    "sip_timestamp",
    "announced",
    "announced_at",
)
_SYMBOLS = (
    "symbol",
    "ticker",
    "instrument",
    "instrument_id",
    "instrument_name",
    "instid",
    "product_id",
    "pair",
    "coin",
    "sym_root",
    "series_id",
    "country",
)
_LEVEL = re.compile(r"(ask|bid)s?_(\d+)_(price|amount|size|px|sz)|(ask|bid)_(px|sz|price|size)_(\d+)")
_VINTAGE = re.compile(r".+_((?:19|20)\d{6})")


@dataclass(frozen=True)
class Plan:
    """What a table holds, which column is which (our word to theirs), and which columns are values of series."""

    kind: str
    names: Mapping[str, Any]
    values: Sequence[Any] = ()
    levels: Sequence[tuple[str, Any, Any]] = ()

    def get(self, word: str) -> Any:
        """Their name of our word, or None."""
        return self.names.get(word)


def planned(columns: Sequence[Any], numeric: Iterable[Any], mapped: Mapping[str, Any]) -> Plan:
    """What columns hold; `numeric` are those with numbers in them; `mapped` says what some of them are.

    >>> planned(["ts", "bid", "ask"], ["bid", "ask"], {}).kind
    'quotes'
    """
    by_plain: dict[str, Any] = {}
    for name in columns:
        by_plain.setdefault(plain(name), name)
    if by_plain.keys() >= NEEDED:
        return Plan("dbn", {name: name for name in columns})
    names = {word: _first(by_plain, aliases) for word, aliases in _WORDS.items()}
    numbers = set(numeric)
    names |= {"time": _time(columns, by_plain, numbers), "known": _first(by_plain, _KNOWN)}
    names |= {"symbol": _first(by_plain, _SYMBOLS)}
    names |= {"time" if word == "ts_event" else word: name for word, name in mapped.items()}
    found = {word: name for word, name in names.items() if name is not None}
    levels = _levels(columns)
    kind = _kind(found, by_plain, levels)
    if kind in ("bars", ""):
        bars = recognise(columns, {k: v for k, v in mapped.items() if k in ("open", "high", "low", "close", "volume")})
        whole = all(bars.get(word) is not None for word in ("open", "high", "low", "close"))
        own = bars.get("close") is not None and plain(bars.get("close")) in ("close", "close_price", "px_close")
        priced = bars.get("close") in numbers
        if (whole or own) and priced and found.get("time") is not None:
            found.pop("volume", None)
            return Plan("bars", {**found, **bars.names, "time": found["time"]})
    kind = "" if kind == "bars" else kind
    if kind:
        return Plan(kind, found, (), levels)
    taken = {found.get(word) for word in ("time", "known", "symbol", "vintage")}
    if plain(found.get("time", "")) == "date_and_time":
        taken |= {by_plain.get(word) for word in ("date", *CLOCKS)}
    values = [n for n in columns if n in numbers and n not in taken and not plain(n).endswith("timestamp")]
    if found.get("time") is not None and values:
        return Plan("series", found, values)
    return Plan("reference", found)


def vintages(columns: Sequence[Any]) -> dict[Any, str]:
    """The vintage dates (YYYYMMDD) of columns such as `GDP_20240125`, where all of several are so named.

    >>> vintages(["GDP_20240125", "GDP_20240228"])
    {'GDP_20240125': '20240125', 'GDP_20240228': '20240228'}
    """
    found = {name: match[1] for name in columns if (match := _VINTAGE.fullmatch(str(name)))}
    return found if len(found) == len(columns) and found else {}


def _kind(found: Mapping[str, Any], by_plain: Mapping[str, Any], levels: Sequence[Any]) -> str:
    has = found.keys()
    if is_sided(by_plain) and {"strike", "expiry"} <= has:
        return "chain"
    if "strike" in has and "contract" in has and not {"expiry", "right"} & has and {"bid", "ask"} <= has:
        return "options"
    if {"strike", "expiry", "right"} <= has:
        return "options" if has & {"bid", "ask", "last", "iv", "open_interest"} else "reference"
    if levels:
        return "depth"
    if {"open", "high", "low"} <= by_plain.keys() and {"close", "price"} & by_plain.keys():
        return "bars"
    if {"o", "h", "l", "c"} <= by_plain.keys():
        return "bars"
    if {"side", "price", "size"} <= has and "snapshot" in has:
        return "depth"
    if {"bid", "ask"} <= has:
        return "quotes"
    if {"member_from", "member_to"} <= has and "symbol" in has:
        return "universe"
    if {"time", "add", "remove"} <= {*has, *by_plain.keys()}:
        return "universe"
    if "action" in by_plain and {"ex_date", "effective_date", "ts_event"} & by_plain.keys() and "symbol" in has:
        return "actions"
    if {"ex_dividend_date", "cash_amount"} <= by_plain.keys() or {"split_from", "split_to"} <= by_plain.keys():
        return "actions"
    if "form" in has and {"filingdate", "date_filed"} & by_plain.keys():
        return "news"
    if "title" in has and "price" not in has and ("time" in has or "symbol" not in has):
        return "news"
    ordered = {"filled", "remaining"} & by_plain.keys() or any("order" in name for name in by_plain if name != "order")
    if {"time", "price", "size"} <= has and not ordered:
        return "trades"
    return ""


def _levels(columns: Sequence[Any]) -> list[tuple[str, Any, Any]]:
    """(side, price column, size column) of tables with a column for each level, best first."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for name in columns:
        match = _LEVEL.fullmatch(plain(name))
        if match:
            side, number, what = (match[1], match[2], match[3]) if match[1] else (match[4], match[6], match[5])
            found.setdefault((side, int(number)), {})["price" if what in ("price", "px") else "size"] = name
    return [(side, pair["price"], pair["size"]) for (side, _), pair in sorted(found.items()) if len(pair) == 2]


def _time(columns: Sequence[Any], by_plain: Mapping[str, Any], numbers: set[Any]) -> Any:
    found = _first(by_plain, _TIMES)
    if found is None:
        words = [name for name in columns if plain(name) not in ("index", "name", "first", "last", "end", "start")]
        found = recognise([name for name in words if plain(name) in _BAR_TIMES], {}, stamped="open").get("time")
    unnamed = bool(columns) and plain(columns[0]) in ("", "unnamed_0") and columns[0] not in numbers
    return columns[0] if found is None and unnamed else found


def _first(by_plain: Mapping[str, Any], aliases: Iterable[str]) -> Any:
    return next((by_plain[alias] for alias in aliases if alias in by_plain), None)
