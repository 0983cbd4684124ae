"""Vendors' text files without a header whose layout is published: LOBSTER, Binance's archive, Lean.

Known by their names and by the number of their cells together; a file that is named so and looks otherwise is refused.
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
from hedgerow.market.formats import delimited
from hedgerow.market.formats.delimited import Layout, blocks
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import DECIMAL, Ints, Rows, rows
from hedgerow.market.formats.tables import Columns, plan_of, rows_of
from hedgerow.market.reading import Reading
from hedgerow.market.times import local_to_utc

_BINANCE = re.compile(r"([A-Z0-9_]+)-(\d+[smhdwM]o?|trades|aggTrades|bookTicker)-(\d{4}-\d\d(?:-\d\d)?)\.csv")
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
_LOBSTER = re.compile(r"([A-Za-z.]+)_(\d{4}-\d\d-\d\d)_(\d+)_(\d+)_(message|orderbook)_(\d+)\.csv")
_LOBSTER_ACTIONS = {"1": "add", "2": "reduce", "3": "cancel", "4": "execute", "5": "execute_hidden", "6": "cross",
                    "7": "halt"}  # fmt: skip
_LEAN = re.compile(r"(?:(\d{8})_)?(.+?)(?:_(tick|second|minute|hour|daily))?(?:_(trade|quote|openinterest))?\.csv")
_LEAN_SCALED = frozenset({"equity", "option"})
_LEAN_CLASSES = ("equity", "option", "forex", "cfd", "crypto", "cryptofuture", "future", "futureoption", "index")


def claims_binance(opened: Opened) -> bool:
    """Whether it is named as in Binance's archive: `BTCUSDT-trades-2024-01-01.csv`, `BTCUSDT-1m-2024-01.csv`."""
    return _BINANCE.fullmatch(opened.name) is not None


def read_binance(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Klines, trades, aggregated trades and best quotes of Binance's archive, with or without their header."""
    match = _BINANCE.fullmatch(opened.name)
    assert match is not None
    names = _BINANCE_NAMES[match[2] if match[2] in _BINANCE_NAMES else "klines"]
    text = delimited.head_text(opened) or ""
    first = text.splitlines()[0].split(",") if text.strip() else []
    reading = replace(reading, symbol=reading.symbol or match[1])
    if first and not first[0].strip().isdigit():  # futures archives have a header
        yield from delimited.read(opened, reading)
        return
    if first and len(first) not in (len(names), len(names) - 1):
        told = f"{len(first)} cells, {' and '.join(map(str, (len(names) - 1, len(names))))} are published"
        raise problem("DATA_COLUMNS_CHANGED", f"{opened.shown}, line 1: {told}")
    layout = Layout(",", names[: len(first)] if first else names, 0)
    for arrays, records in blocks(opened, layout):
        columns = Columns(arrays, records, replace(reading, columns=None), match[1])
        yield from rows_of(plan_of(columns), columns)


def claims_lobster(opened: Opened) -> bool:
    """Whether it is named as LOBSTER names its files: `AAPL_2012-06-21_34200000_57600000_message_10.csv`."""
    return _LOBSTER.fullmatch(opened.name) is not None


def read_lobster(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Messages as orders, book files as snapshots of the book; times are New York's, prices ten-thousandths."""
    match = _LOBSTER.fullmatch(opened.name)
    assert match is not None
    symbol, day, what, levels = reading.symbol or match[1], match[2], match[5], int(match[6])
    if what == "message":
        text = delimited.head_text(opened) or ""
        width = len(text.splitlines()[0].split(",")) if text.strip() else 6
        names: tuple[str, ...] = ("time", "type", "order_id", "size", "price", "direction", "mpid")[: max(width, 6)]
        for arrays, records in blocks(opened, Layout(",", names, 0)):
            yield _lobster_messages(arrays, records, symbol, day, reading)
        return
    names = tuple(f"{side}_{what}_{n}" for n in range(levels) for side in ("ask", "bid") for what in ("price", "size"))
    for arrays, records in blocks(opened, Layout(",", names, 0)):
        yield _lobster_books(arrays, records, symbol, levels)


def _lobster_messages(arrays: dict[str, Any], records: Ints, symbol: str, day: str, reading: Reading) -> Rows:
    since = _clock_ns(arrays["time"], records)
    midnight = int(np.datetime64(day, "ns").astype(np.int64))
    event = local_to_utc(midnight + since, reading.tz or "America/New_York", "time")
    direction = arrays["direction"].to_pylist()
    action = [_LOBSTER_ACTIONS.get(code.strip()) for code in arrays["type"].to_pylist()]
    if None in action:
        row = action.index(None)
        raise problem("DATA_LAYOUT", f"record {records[row]}: type {arrays['type'][row]} is not 1 to 7")
    given = {
        "ts_event": event,
        "instrument": symbol,
        "record": records,
        "action": action,
        "order_id": arrays["order_id"],
        "side": ["bid" if side.strip() == "1" else "ask" for side in direction],
        "price": tenths(arrays["price"], 4),
        "size": arrays["size"],
    }
    return rows("orders", given)


def _lobster_books(arrays: dict[str, Any], records: Ints, symbol: str, levels: int) -> Rows:
    """Books in the order of the messages beside them, which alone bear the times."""
    size = records.size
    parts: dict[str, list[Any]] = {"side": [], "price": [], "size": [], "record": []}
    for n in range(levels):
        for side in ("ask", "bid"):
            parts["side"] += [side] * size
            parts["price"].append(tenths(arrays[f"{side}_price_{n}"], 4))
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
    empty = pc.greater(pc.cast(found.table.column("size"), pa.float64()), 0)
    note = "the times of these books are those of the message file beside them, row by row"
    return Rows("depth", found.table.filter(empty), size, None, None, (note,))


def claims_lean(opened: Opened) -> bool:
    """Whether it is a member of a zip named as in Lean: `20131007_trade.zip` with `20131007_spy_minute_trade.csv`."""
    if opened.member is None:
        return False
    match = _LEAN.fullmatch(opened.name)
    if match is None or (_lean_class(opened) is None and match[3] is None):
        return False
    text = delimited.head_text(opened)
    return bool(text) and bool(re.match(r"\d[\d :]*[,.]", text or ""))


def read_lean(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Trades and quotes of Lean by resolution; times are of the data's zone, which is its folder's or `tz`."""
    match = _LEAN.fullmatch(opened.name)
    assert match is not None
    kind = _lean_class(opened)
    text = delimited.head_text(opened) or ""
    first = text.splitlines()[0].split(",")
    scaled = kind in _LEAN_SCALED
    zone = reading.tz or ("America/New_York" if kind in (None, "equity", "option", "future", "index") else "UTC")
    said = [
        f"times are of {zone}",
        f"prices are {'ten-thousandths' if scaled else 'as written'}, as for {kind or 'no class'}",
    ]
    tick = match[3] == "tick" or (match[3] is None and match[1] is not None and len(first) < 6)
    if (match[1] is None and match[3] in (None, "hour", "daily")) or ":" in first[0]:
        names: Sequence[str] = ("date", "open", "high", "low", "close", "volume")
        step = DAY_NS if first[0].strip().endswith("00:00") and "hour" not in str(opened.path) else 3600 * 10**9
    else:
        names = _lean_names(tick, match[4] == "quote", len(first))
        step = 0 if tick else 10**9 if match[3] == "second" else 60 * 10**9
    if len(names) != len(first):
        raise problem("DATA_LAYOUT", f"{opened.shown}, line 1: {len(first)} cells, {len(names)} are published")
    who = reading.symbol or match[2].upper()
    for arrays, records in blocks(opened, Layout(",", tuple(names), 0)):
        event = _lean_times(arrays["date" if "date" in arrays else "ms"], match[1], zone, records)
        yield _lean_rows(arrays, records, event, who, scaled, step, said)


def _lean_class(opened: Opened) -> str | None:
    parts = [part.lower() for part in opened.path.parts]
    return next((name for name in _LEAN_CLASSES if name in parts), None)


def _lean_names(tick: bool, quote: bool, width: int) -> tuple[str, ...]:
    if not tick:
        bar = ("open", "high", "low", "close")
        if width in (5, 6):
            return ("ms", *bar, "volume")[:width]
        sides = tuple(f"{side}_{name}" for side in ("bid", "ask") for name in (*bar, "size"))
        return ("ms", *(name for name in sides if width > 9 or not name.endswith("size")))
    if width == 3:
        return ("ms", "bid", "ask") if quote else ("ms", "price", "size")
    if quote:
        return ("ms", "bid", "bid_size", "ask", "ask_size", "exchange", "condition", "suspicious")[:width]
    return ("ms", "price", "size", "exchange", "condition", "suspicious")[:width]


def _lean_times(column: Any, day: str | None, zone: str, records: Ints) -> Ints:
    cells = column.to_pylist()
    try:
        if day is None:
            wall = [np.datetime64(f"{c[:4]}-{c[4:6]}-{c[6:8]}T{c[9:].strip() or '00:00'}", "ns") for c in cells]
            local = np.array(wall).astype(np.int64)
        else:
            start = int(np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}", "ns").astype(np.int64))
            local = start + np.array([round(float(c) * 1000) for c in cells], dtype=np.int64) * 1000
    except ValueError as error:
        raise problem("DATA_TIME", f"records from {records[0]}: {error}") from None
    return local_to_utc(local, zone, "time")


def _lean_rows(
    arrays: dict[str, Any], records: Ints, event: Ints, who: str, scaled: bool, step: int, said: list[str]
) -> Rows:
    def money(name: str) -> Any:
        return tenths(arrays[name], 4) if scaled else arrays[name]

    base = {"ts_event": event + step, "instrument": who, "record": records}
    if "bid_open" in arrays or "bid" in arrays:
        end = "" if "bid" in arrays else "_close"
        given = {"bid": money(f"bid{end}"), "ask": money(f"ask{end}")}
        given |= {f"{side}_size": arrays.get(f"{side}_size") for side in ("bid", "ask")}
        if end:
            said = [*said, "quote bars: the quote at the close of each"]
        return rows("quotes", base | given, label=event, notes=said)
    if "price" in arrays:
        return rows("trades", base | {"price": money("price"), "size": arrays.get("size")}, label=event, notes=said)
    prices = {word: money(word) for word in ("open", "high", "low", "close")}
    given = base | prices | {"volume": arrays.get("volume"), "span_ns": step}
    return rows("bars", given, label=event, notes=said)


def tenths(column: Any, digits: int) -> pa.Array:
    """Whole numbers of 10^-digits as exact decimals.

    >>> tenths(pa.array(["5859400"]), 4)[0].as_py()
    Decimal('585.940000000000000000')
    """
    blank = pa.array(["", "NaN"])
    written = pc.if_else(pc.is_in(column, blank), pa.scalar(None, pa.string()), column)
    try:
        return pc.cast(pc.binary_join_element_wise(written, f"e-{digits}", ""), DECIMAL)
    except pa.ArrowInvalid as error:
        raise problem("DATA_TYPE", f"prices are not whole numbers: {error}") from None


def _clock_ns(column: Any, records: Ints) -> Ints:
    """Seconds after midnight, to nine digits, as nanoseconds."""
    found = []
    for row, cell in enumerate(column.to_pylist()):
        whole, _, fraction = cell.strip().partition(".")
        if not whole.isdigit() or (fraction and not fraction.isdigit()):
            raise problem("DATA_TIME", f"record {records[row]}: {cell!r} is no number of seconds")
        found.append(int(whole) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0))
    return np.array(found, dtype=np.int64)
