"""Vendors' text files without a header whose layout is published: LOBSTER, Binance's archive.

Known by their names and by the number of their cells together; a file that is named so and looks otherwise is refused.
Binance's klines and trades are known by their lines too, which no other table resembles.
Promises exact prices: where a vendor writes ten-thousandths, they are divided as decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.columns import plain, shown
from hedgerow.market.formats import delimited
from hedgerow.market.formats.chain_tables import named_of
from hedgerow.market.formats.delimited import Layout, blocks
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Ints, Rows, decimals, rows, whole
from hedgerow.market.formats.tables import UNKNOWN_VINTAGE, Columns, plan_of, rows_of
from hedgerow.market.reading import Reading
from hedgerow.market.times import local_to_utc

_BINANCE = re.compile(
    r"([A-Z0-9_]+)-(\d+(?:[smhdw]|mo|M)|trades|aggTrades|bookTicker|bookDepth|metrics|fundingRate|liquidationSnapshot|EOHSummary)"
    r"-(\d{4}-\d\d(?:-\d\d)?)\.csv"
)
_BY_HEADER = frozenset({"bookDepth", "metrics", "fundingRate", "liquidationSnapshot", "EOHSummary"})
"""Kinds of files that always have their header."""
_MONTHS = ("mo", "M")
_BINANCE_NAMES = {
    "klines": (
        (
            "open_time",
            "open",
            "high",
            "low",
            "close",
            "volume",
            "close_time",
            "quote_volume",
            "count",
            "taker_buy_volume",
            "taker_buy_quote_volume",
            "ignore",
        )
    ),
    "trades": ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match"),
    "aggTrades": (
        (
            "agg_trade_id",
            "price",
            "quantity",
            "first_trade_id",
            "last_trade_id",
            "transact_time",
            "is_buyer_maker",
            "is_best_match",
        )
    ),
    "bookTicker": (
        (
            "update_id",
            "best_bid_price",
            "best_bid_qty",
            "best_ask_price",
            "best_ask_qty",
            "transaction_time",
            "event_time",
        )
    ),
}
_LOBSTER = re.compile(r"([A-Za-z0-9.-]+)_(\d{4}-\d\d-\d\d)_(\d+)_(\d+)_(message|orderbook)_(\d+)\.csv")
_LOBSTER_ACTIONS = {"1": "add", "2": "reduce", "3": "cancel", "4": "execute"}
_LOBSTER_PHASES = {"-1": "halted", "0": "opening_call", "1": "continuous"}
"""What the price of a message of type 7 says: halted, quoted again, traded again."""


def claims_binance(opened: Opened) -> bool:
    """Whether it is named as in Binance's archive: `BTCUSDT-trades-2024-01-01.csv`, `BTCUSDT-1m-2024-01.csv`."""
    return _BINANCE.fullmatch(opened.name) is not None or _shaped(opened) is not None


_TIME = r"(\d{13}|\d{16})"
_NUMBER = r"-?\d+(?:\.\d+)?"
_FLAGS = r"(?:,(?:[Tt]rue|[Ff]alse)){1,2}"
_SHAPES = (
    ("klines", re.compile(rf"{_TIME}(?:,{_NUMBER}){{5}},{_TIME}(?:,{_NUMBER}){{4}},0")),
    ("trades", re.compile(rf"\d+(?:,{_NUMBER}){{3}},{_TIME}{_FLAGS}")),
    ("aggTrades", re.compile(rf"\d+(?:,{_NUMBER}){{2}},\d+,\d+,{_TIME}{_FLAGS}")),
)
"""Lines without a header that no other table has, whatever their file is called."""


def _shaped(opened: Opened) -> tuple[str, str] | None:
    """(symbol, kind) of a file whose first two lines are laid out as the archive's; klines by their length."""
    lines = opened.head[:4096].decode("ascii", "replace").splitlines()[:2]
    for kind, shape in _SHAPES:
        found = [shape.fullmatch(line.strip()) for line in lines]
        if found and all(found):
            first = found[0]
            if kind != "klines" or first is None:
                return opened.stem, kind
            begun, ended = int(first[1]), int(first[2])
            span = (ended + 1 - begun) * (10**6 if len(first[1]) == 13 else 10**3)
            if span > 0 and len(first[1]) == len(first[2]):
                return opened.stem, "1mo" if span >= 28 * DAY_NS else f"{span}ns"
    return None


def read_binance(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Klines, trades, quotes, depth by percent, options, figures of funding, with or without their header."""
    match = _BINANCE.fullmatch(opened.name)
    who, kind = (match[1], match[2]) if match is not None else _shaped(opened) or ("", "")
    symbol = reading.symbol or who
    is_klines = kind not in _BINANCE_NAMES and kind not in _BY_HEADER
    names = _BINANCE_NAMES["klines" if is_klines else kind] if kind not in _BY_HEADER else ()
    if is_klines and not kind.endswith(_MONTHS):
        reading = replace(reading, span=reading.span or kind, stamped=reading.stamped or "open")
    text = delimited.head_text(opened) or ""
    first = text.splitlines()[0].split(",") if text.strip() else []
    reading = replace(reading, symbol=symbol)
    if kind in _BY_HEADER or (first and not first[0].strip().isdigit()):  # futures archives have a header
        layout = delimited.layout_of(opened, reading)
        _refuse_others(opened, "klines" if is_klines else kind, layout)
    elif first and len(first) not in (len(names), len(names) - 1):
        told = f"{len(first)} cells, {' and '.join(map(str, (len(names) - 1, len(names))))} are published"
        raise problem("DATA_COLUMNS_CHANGED", f"{opened.shown}, line 1: {told}")
    else:
        layout = Layout(",", names[: len(first)] if first else names, 0)
    for arrays, records in blocks(opened, layout):
        columns = Columns(arrays, records, replace(reading, columns=None), who)
        if kind == "bookDepth" and {"percentage", "depth", "notional"} <= arrays.keys():
            yield _depth_by_percent(columns, symbol)
        elif kind == "EOHSummary":
            yield _hours_of_options(columns)
        elif is_klines and kind.endswith(_MONTHS) and "close_time" in arrays:
            yield _months(columns)
        else:
            plan = plan_of(columns)
            yield from rows_of(replace(plan, kind="liquidations") if kind == "liquidationSnapshot" else plan, columns)


def _depth_by_percent(columns: Columns, symbol: str) -> Rows:
    """What stands within some percent of the middle, a series each: `BTCUSDT.depth.-5`, in lots and in money."""
    event = columns.stamps("timestamp").utc_ns
    parts = []
    for word in ("depth", "notional"):
        names = [f"{symbol}.{word}.{_plainly(percent)}" for percent in columns.text("percentage")]
        given = {"ts_event": event, "record": columns.records, "instrument": names, "written": columns.arrays[word]}
        numbers = decimals(columns.arrays[word], word, columns.records, columns.said)
        parts.append(rows("series", given | {"value": pc.cast(numbers, pa.float64())}))
    notes = (*columns.said, UNKNOWN_VINTAGE)
    table = pa.concat_tables([part.table for part in parts])
    return Rows("series", table, columns.size, parts[0].first_ns, parts[0].last_ns, notes)


_OPTIONS = {
    "bid": "best_bid_price", "bid_size": "best_bid_qty", "bid_iv": "best_buy_iv", "ask": "best_ask_price",
    "ask_size": "best_ask_qty", "ask_iv": "best_sell_iv", "mark": "mark_price", "iv": "mark_iv", "last": "close",
    "volume": "volume_contracts", "open_interest": "openinterest_contracts",
    **{greek: greek for greek in ("delta", "gamma", "vega", "theta")},
}  # fmt: skip


def _hours_of_options(columns: Columns) -> Rows:
    """Options at the end of each hour, which is when that is known; their names tell their contracts."""
    hours = np.array([int(hour) for hour in whole(columns.arrays["hour"], 0, columns.records, "hour").to_pylist()])
    event = columns.stamps("date").utc_ns + (hours + 1) * 3600 * 10**9
    given = {"ts_event": event, "record": columns.records, "instrument": columns.arrays["symbol"]}
    given |= {word: columns.get(name) for word, name in _OPTIONS.items()}
    return rows("options", given | named_of(columns.arrays["symbol"], columns.records), notes=columns.said)


def _plainly(percent: str | None) -> str:
    """A percentage as a word: `-5.00` is `-5`."""
    text = percent or ""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _months(columns: Columns) -> Rows:
    """Bars of months, which are not all as long: each ends where its own last instant does."""
    label, last = columns.stamps("open_time").utc_ns, columns.stamps("close_time").utc_ns
    closed = -(-last // 10**9) * 10**9
    prices = {word: columns.arrays[word] for word in ("open", "high", "low", "close", "volume")}
    given = {"ts_event": closed, "instrument": columns.reading.symbol, "record": columns.records}
    return rows("bars", given | {"span_ns": closed - label} | prices, label=label)


_PUBLISHED = {
    "klines": {"open_time", "open", "high", "low", "close", "volume", "close_time"},
    "trades": {"id", "price", "qty", "time", "is_buyer_maker"},
    "aggTrades": {"agg_trade_id", "price", "quantity", "transact_time", "is_buyer_maker"},
    "bookTicker": {"best_bid_price", "best_bid_qty", "best_ask_price", "best_ask_qty"},
    "EOHSummary": {"date", "hour", "symbol", "best_bid_price", "best_ask_price", "mark_price", "mark_iv"},
}
"""Columns without which a file with a header is not of its kind."""


def _refuse_others(opened: Opened, kind: str, layout: Layout) -> None:
    """DATA-023 where a header lacks what is published of its kind."""
    absent = sorted(_PUBLISHED.get(kind, set()) - {plain(name) for name in layout.names})
    if absent:
        told = f"no column {shown(absent)}, which {kind} have; found {shown(layout.names)}"
        raise problem("DATA_COLUMNS_CHANGED", f"{opened.shown}, line 1: {told}")


def claims_lobster(opened: Opened) -> bool:
    """Whether it is named as LOBSTER names its files: `AAPL_2012-06-21_34200000_57600000_message_10.csv`."""
    return _LOBSTER.fullmatch(opened.name) is not None


def read_lobster(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Messages as orders, trades and phases, book files as snapshots; times are New York's, prices ten-thousandths."""
    match = _LOBSTER.fullmatch(opened.name)
    assert match is not None
    symbol, day, what, levels = reading.symbol or match[1], match[2], match[5], int(match[6])
    if what == "message":
        text = delimited.head_text(opened) or ""
        width = len(text.splitlines()[0].split(",")) if text.strip() else 6
        names: tuple[str, ...] = ("time", "type", "order_id", "size", "price", "direction", "mpid")[: max(width, 6)]
        for arrays, records in blocks(opened, Layout(",", names, 0)):
            yield from _lobster_messages(arrays, records, symbol, day, reading)
        return
    names = tuple(f"{side}_{what}_{n}" for n in range(levels) for side in ("ask", "bid") for what in ("price", "size"))
    for arrays, records in blocks(opened, Layout(",", names, 0)):
        yield _lobster_books(arrays, records, symbol, levels)


def _lobster_messages(arrays: dict[str, Any], records: Ints, symbol: str, day: str, reading: Reading) -> list[Rows]:
    since = _clock_ns(arrays["time"], records)
    midnight = int(np.datetime64(day, "ns").astype(np.int64))
    event = local_to_utc(midnight + since, reading.tz or "America/New_York", "time")
    code = np.array([text.strip() for text in arrays["type"].to_pylist()])
    _one_of("type", code, ("1", "2", "3", "4", "5", "6", "7"), records)
    found: list[Rows] = []

    def some(kind: str, place: Any, **given: Any) -> None:
        if place.size:
            base = {"ts_event": event[place], "instrument": symbol, "record": records[place]}
            count = 0 if found else records.size
            found.append(rows(kind, base | given, records=count))

    order, trade, halt = (np.flatnonzero(np.isin(code, list(codes))) for codes in ("1234", "56", "7"))
    nothing = pc.equal(pc.utf8_trim_whitespace(arrays["size"]), "0").to_numpy(zero_copy_only=False)
    trade = trade[~nothing[trade]]  # a cross in which nothing met is no trade
    names = ("order_id", "price", "size", "direction")
    order_id, price, size, told = (arrays[name].take(pa.array(order)) for name in names)
    direction = np.array([text.strip() for text in told.to_pylist()])
    _one_of("direction", direction, ("1", "-1"), records[order])
    prices = whole(price, 4, records[order])
    low = pc.less_equal(prices, 0).fill_null(False)
    if pc.any(low).as_py():
        row = low.index(True).as_py()
        raise problem("DATA_NOT_POSITIVE", f"record {records[order][row]}: price {price[row]}")
    sides = np.where(direction == "1", "bid", "ask").tolist()
    actions = [_LOBSTER_ACTIONS[n] for n in code[order]]
    some("orders", order, action=actions, order_id=order_id, side=sides, price=prices, size=size)
    # The side of what was hidden or crossed is not told: NASDAQ always writes it as that of a buyer.
    price, size = (arrays[name].take(pa.array(trade)) for name in ("price", "size"))
    how = ["hidden" if n == "5" else "auction" for n in code[trade]]
    some("trades", trade, price=whole(price, 4, records[trade]), size=size, how=how)
    state = np.array([text.strip() for text in arrays["price"].take(pa.array(halt)).to_pylist()])
    _one_of("price of a halt", state, tuple(_LOBSTER_PHASES), records[halt])
    some("phases", halt, phase=[_LOBSTER_PHASES[n] for n in state])
    return found


def _one_of(what: str, values: Any, allowed: Sequence[str], records: Ints) -> None:
    """DATA-022 with the first value that is none of those allowed."""
    strange = np.flatnonzero(~np.isin(values, allowed)) if values.size else values
    if strange.size:
        row = int(strange[0])
        raise problem("DATA_LAYOUT", f"record {records[row]}: {what} {str(values[row])!r} is not {', '.join(allowed)}")


def _lobster_books(arrays: dict[str, Any], records: Ints, symbol: str, levels: int) -> Rows:
    """Books in the order of the messages beside them, which alone bear the times."""
    size = records.size
    parts: dict[str, list[Any]] = {"side": [], "price": [], "size": [], "record": []}
    for n in range(levels):
        for side in ("ask", "bid"):
            parts["side"] += [side] * size
            parts["price"].append(whole(arrays[f"{side}_price_{n}"], 4, records))
            parts["size"].append(arrays[f"{side}_size_{n}"])
            parts["record"].append(records)
    order = np.arange(size * levels * 2).reshape(levels * 2, size).T.ravel()
    given = {
        "instrument": symbol,
        "snapshot": True,
        "record": np.concatenate(parts["record"])[order],
        "side": pa.array(parts["side"]).take(pa.array(order)),
        "price": pa.concat_arrays(parts["price"]).take(pa.array(order)),
        "size": pa.concat_arrays(parts["size"]).take(pa.array(order)),
    }
    found = rows("depth", given, records=size)
    there = pc.not_equal(pc.cast(found.table.column("size"), pa.float64()), 0)
    note = "the times of these books are those of the message file beside them, row by row"
    return Rows("depth", found.table.filter(there), size, None, None, (note,))


def _clock_ns(column: Any, records: Ints) -> Ints:
    """Seconds after midnight, to nine digits, as nanoseconds."""
    found = []
    for row, cell in enumerate(column.to_pylist()):
        whole_part, _, fraction = cell.strip().partition(".")
        if not whole_part.isdigit() or (fraction and not fraction.isdigit()):
            raise problem("DATA_TIME", f"record {records[row]}: {cell[:40]!r} is no number of seconds")
        if int(whole_part) >= 86_400:
            raise problem("DATA_TIME", f"record {records[row]}: {cell!r} seconds are more than a day has")
        found.append(int(whole_part) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0))
    return np.array(found, dtype=np.int64)
