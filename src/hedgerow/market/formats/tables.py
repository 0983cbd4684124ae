"""Tables and records made into rows of their kind: columns in, rows out, whatever the file was.

Promises that text is read exactly, that a bar is stamped at its close, and that what a source does not say (when a
value became known) is said in the notes. Never guesses which column is a price: see `words`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.actions import kind_of
from hedgerow.market.columns import plain, recognise
from hedgerow.market.formats.cells import date_and_time, is_number, nested, numeric
from hedgerow.market.formats.chain_tables import name_contracts, named_of, rights_of, sides_of
from hedgerow.market.formats.dbn_table import rows_of_records
from hedgerow.market.formats.rows import Ints, Rows, blank, decimals, floats, rows, texts, whole
from hedgerow.market.formats.words import Plan, planned, vintages
from hedgerow.market.reading import Reading
from hedgerow.market.times import Stamps, commonest_steps, read_times, session_ends, span_ns

UNKNOWN_VINTAGE = "the source does not say when a value became known: ts_init is ts_event"
_BUY = {"buy": "buy", "bid": "bid", "b": "buy", "buyer": "buy", "sell": "sell", "ask": "ask", "s": "sell"}
_UNTOLD = ("", "none", "unknown", "na", "n/a", "nan", "null", "n", "u", "-")
_OPTION = ("strike", "bid", "bid_size", "ask", "ask_size", "last", "volume", "open_interest", "underlying_price",
           "mark")  # fmt: skip
_MODEL = ("iv", "bid_iv", "ask_iv", "delta", "gamma", "vega", "theta", "rho")


@dataclass
class Columns:
    """Some rows of a table: arrays by name, the numbers of their records, and what stands for the instrument."""

    arrays: Mapping[Any, Any]
    records: Ints
    reading: Reading
    symbol: str
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        joined = date_and_time(self.arrays)
        if joined is not None:
            self.arrays = {**self.arrays, "date and time": joined}

    @property
    def size(self) -> int:
        """How many rows."""
        return self.records.size

    def get(self, name: Any) -> Any:
        """A column, or None."""
        return None if name is None else self.arrays.get(name)

    def text(self, name: Any) -> list[str | None]:
        """A column as text; empty cells are None."""
        return [value.strip() or None if value else None for value in texts(self.arrays[name]).to_pylist()]

    def stamps(self, name: Any) -> Stamps:
        """A column of times."""
        column = self.arrays[name]
        series = column.to_pandas() if hasattr(column, "to_pandas") else column
        found = series.rename(str(name)).set_axis(self.records)
        return read_times(found, time_unit=self.reading.time_unit, tz=self.reading.tz)

    def some_stamps(self, name: Any) -> list[int | None]:
        """A column of times of which some may be absent, UTC nanoseconds."""
        given = self.text(name)
        there = [row for row, value in enumerate(given) if value is not None]
        found: list[int | None] = [None] * len(given)
        if there:
            part = Columns({name: pa.array([given[row] for row in there])}, self.records[there], self.reading, "")
            for row, time in zip(there, part.stamps(name).utc_ns.tolist(), strict=True):
                found[row] = time
        return found

    def instruments(self, name: Any) -> Any:
        """Who each row is about: a column, the reading's symbol or the file's name."""
        if name is not None and self.reading.symbol is None:
            return texts(self.arrays[name])
        return self.reading.symbol or self.symbol


def plan_of(columns: Columns) -> Plan:
    """What these columns hold."""
    names = [name for name in columns.arrays if not nested(columns.arrays[name])]
    numbers = [name for name in names if numeric(columns.arrays[name])]
    dated = vintages([name for name in names if plain(name) not in ("date", "observation_date")])
    plan = planned(names, numbers, columns.reading.column_map)
    if plan.kind in ("reference", "series") and plan.get("time") is not None:
        _refuse_worded_prices(columns)
    if plan.kind == "quotes" and not any(any(columns.text(plan.get(side))) for side in ("bid", "ask")):
        return Plan("reference", plan.names)
    return Plan("series", plan.names, list(dated)) if dated and plan.get("time") is not None else plan


def _refuse_worded_prices(columns: Columns) -> None:
    """DATA-015 with the first price of what is named as bars are, and holds no numbers."""
    named = {plain(name): name for name in columns.arrays}
    if {"open", "high", "low", "close"} <= named.keys():
        for word in ("open", "high", "low", "close"):
            for record, text in zip(columns.records, columns.text(named[word]), strict=True):
                if text is not None and blank(pa.array([text]))[0].is_valid and not is_number(text):
                    raise problem("DATA_TYPE", f"record {record}: {word} is {text[:60]!r}, no number")


def rows_of(plan: Plan, columns: Columns) -> list[Rows]:
    """The rows of a table whose plan is known; usually of one kind, bars also with their corporate actions."""
    if plan.kind == "bars":
        return [_bars(plan, columns), *_actions_beside(plan, columns)]
    if plan.kind == "dbn":
        return rows_of_records(columns.arrays, columns.records, columns.reading, columns.symbol)
    if plan.kind == "chain":
        return _chain(plan, columns)
    if plan.kind == "depth":
        return [_ladder(plan, columns) if plan.levels else _depth(plan, columns)]
    maker = {
        "quotes": _quotes,
        "trades": _trades,
        "series": _series,
        "options": _options,
        "universe": _universe,
        "actions": _actions,
        "news": _news,
        "liquidations": _liquidations,
    }.get(plan.kind, _reference)
    return [maker(plan, columns)]


def _timed(plan: Plan, columns: Columns) -> dict[str, Any]:
    """Both times, the instrument and the record of each row."""
    event = columns.stamps(plan.get("time")).utc_ns if plan.get("time") is not None else None
    found = {"ts_event": event, "instrument": columns.instruments(plan.get("symbol")), "record": columns.records}
    if plan.get("known") is not None:
        found["ts_init"] = _known_ns(columns.stamps(plan.get("known")))
    if event is None and plan.get("known") is not None:
        found["ts_event"] = found["ts_init"]
    return found


def _known_ns(stamps: Stamps) -> Ints:
    """When something was known; of a date at its last instant, because it may have been late that day."""
    return stamps.utc_ns + (DAY_NS - 1) if stamps.are_dates else stamps.utc_ns


def _bars(plan: Plan, columns: Columns) -> Rows:
    stamps, reading = columns.stamps(plan.get("time")), columns.reading
    names = columns.instruments(plan.get("symbol"))
    codes = np.zeros(columns.size, dtype=np.int64)
    if not isinstance(names, str):
        codes = pc.dictionary_encode(names).indices.to_numpy(zero_copy_only=False).astype(np.int64)
    label = stamps.wall_ns if stamps.are_dates else stamps.utc_ns
    spans: Ints | None = None
    if reading.span is not None:
        spans = np.full(columns.size, span_ns(reading.span), dtype=np.int64)
    elif columns.size > 1 or stamps.are_dates:
        order = np.lexsort((label, codes))  # some vendors give the newest first
        spans = np.empty(columns.size, dtype=np.int64)
        spans[order] = commonest_steps(label[order], codes[order], "", single=DAY_NS if stamps.are_dates else 1)
    event = stamps.utc_ns
    opened = recognise([plan.get("time")], {}).at_open or plain(plan.get("time")) in ("t", "begins_at")
    if stamps.are_dates and reading.stamped in (None, "session"):
        event = session_ends(stamps.wall_ns, reading.session_close, reading.tz)
    elif (opened or reading.stamped == "open") and reading.stamped != "close":
        if spans is None:
            columns.said.append("one bar, stamped at its open: its length is not known, so it stands at its open")
        else:
            event = stamps.utc_ns + spans
    prices = {word: columns.get(plan.get(word)) for word in ("open", "high", "low", "close", "volume")}
    if prices["open"] is None:
        prices |= dict.fromkeys(("open", "high", "low"), prices["close"])
    given = {"ts_event": event, "instrument": names, "record": columns.records, "span_ns": spans, **prices}
    return rows("bars", given, label=stamps.utc_ns, notes=columns.said)


def _actions_beside(plan: Plan, columns: Columns) -> list[Rows]:
    """Dividends, splits and capital gains that stand in columns beside the prices."""
    found = []
    for word, none in (("dividend", 0.0), ("split", None), ("gain", 0.0)):
        column = columns.get(plan.get(word))
        if column is None:
            continue
        numbers = np.nan_to_num(floats(column, word, columns.records).to_numpy(zero_copy_only=False))
        there = np.flatnonzero((numbers != 0.0) & (numbers != 1.0)) if none is None else np.flatnonzero(numbers)
        if there.size:
            part = Columns({n: a.take(pa.array(there)) for n, a in columns.arrays.items() if n in plan.names.values()},
                           columns.records[there], columns.reading, columns.symbol)  # fmt: skip
            given = _timed(Plan("actions", {**plan.names, "known": None}), part)
            given |= {"action": word, "value": part.get(plan.get(word))}
            found.append(rows("actions", given, records=0))
    return found


def _quotes(plan: Plan, columns: Columns) -> Rows:
    given = {word: columns.get(plan.get(word)) for word in ("bid", "bid_size", "ask", "ask_size")}
    for side in ("bid", "ask"):
        if given[f"{side}_size"] is not None:
            given[side], given[f"{side}_size"] = _offered(given[side], given[f"{side}_size"], side, columns)
    return rows("quotes", _timed(plan, columns) | given, notes=columns.said)


def _offered(price: Any, size: Any, side: str, columns: Columns) -> tuple[Any, Any]:
    """A side of quotes, of which a price of zero for nothing says that nobody quotes."""
    price, size = (decimals(column, side, columns.records, columns.said) for column in (price, size))
    nobody = pc.fill_null(pc.and_(pc.equal(price, 0), pc.equal(size, 0)), False)
    none = pa.scalar(None, price.type)
    return pc.if_else(nobody, none, price), pc.if_else(nobody, none, size)


def _trades(plan: Plan, columns: Columns) -> Rows:
    given = _timed(plan, columns) | {word: columns.get(plan.get(word)) for word in ("price", "size", "trade_id")}
    if plan.get("side") is not None:
        told = texts(columns.get(plan.get("side"))).to_pylist()
        given["side"] = [_BUY.get(str(side).lower()) for side in told]
        strange = sorted({str(side) for side in told if str(side).lower() not in (*_BUY, *_UNTOLD)})
        columns.said += [f"side {side[:20]!r} is neither buy nor sell: it is left out" for side in strange[:3]]
    elif plan.get("maker") is not None:
        maker = columns.text(plan.get("maker"))
        given["side"] = [None if flag is None else "sell" if flag.lower() == "true" else "buy" for flag in maker]
    return rows("trades", given, notes=columns.said)


def _liquidations(plan: Plan, columns: Columns) -> Rows:
    """Orders that a venue sent for who could not pay: messages, because what of them traded stands among the trades."""
    given = _timed(plan, columns) | {"type": "liquidation", "content": _content(columns)}
    return rows("messages", given, notes=columns.said)


def _depth(plan: Plan, columns: Columns) -> Rows:
    told = texts(columns.get(plan.get("side"))).to_pylist()
    sides = [_SIDE.get(str(side).lower()) for side in told]
    if None in sides:
        row = sides.index(None)
        raise problem("DATA_TYPE", f"record {columns.records[row]}: side {told[row]!r} is neither bid nor ask")
    flags = [
        flag is not None and flag.lower() in ("true", "1", "t", "snap") for flag in columns.text(plan.get("snapshot"))
    ]
    given = {word: columns.get(plan.get(word)) for word in ("price", "size")} | {"side": sides, "snapshot": flags}
    if plan.get("sequence") is not None:
        given["sequence"] = pc.cast(
            whole(columns.get(plan.get("sequence")), 0, columns.records, "sequence"), pa.int64()
        )
    return rows("depth", _timed(plan, columns) | given, notes=columns.said)


_SIDE = {"bid": "bid", "buy": "bid", "b": "bid", "ask": "ask", "sell": "ask", "a": "ask", "s": "ask"}


def _ladder(plan: Plan, columns: Columns) -> Rows:
    """Rows with a column for each level: each row is a whole book, its levels best first."""
    timed = _timed(plan, columns)
    size, levels = columns.size, len(plan.levels)
    sides = [side for side, _, _ in plan.levels] * size
    order = np.arange(size * levels).reshape(levels, size).T.ravel()
    price, amount = (
        pa.concat_arrays([texts(columns.arrays[level[n]]) for level in plan.levels]).take(pa.array(order))
        for n in (1, 2)
    )
    given = {
        name: column if isinstance(column, str) else pa.array(column).take(pa.array(np.repeat(np.arange(size), levels)))
        for name, column in timed.items()
    }
    found = rows("depth", {**given, "side": sides, "price": price, "size": amount, "snapshot": True}, records=size)
    there = pc.is_valid(found.table.column("price"))
    return Rows("depth", found.table.filter(there), size, found.first_ns, found.last_ns, tuple(columns.said))


def _series(plan: Plan, columns: Columns) -> Rows:
    stamps = columns.stamps(plan.get("time"))
    event, names = stamps.utc_ns, columns.instruments(plan.get("symbol"))
    known: Any = _known_ns(columns.stamps(plan.get("known") or plan.get("vintage"))) if _vintaged(plan) else None
    dated = vintages(plan.values)
    if known is None and not dated:
        columns.said.append(UNKNOWN_VINTAGE)
    parts = []
    for name in plan.values:
        column = columns.arrays[name]
        written = blank(texts(column))
        there = np.flatnonzero(pc.is_valid(written).to_numpy(zero_copy_only=False))
        told = str(name) if not dated else str(name)[:-9]
        if plain(name) == "value" and len(plan.values) == 1:
            told = columns.symbol
        if plan.get("symbol") is None or isinstance(names, str):
            who: Any = told if columns.reading.symbol is None else f"{names}.{told}"
        else:
            who = names if len(plan.values) == 1 else pc.binary_join_element_wise(names, told, ".")
        given = {"ts_event": event[there], "record": columns.records[there], "written": written.take(pa.array(there))}
        given["instrument"] = who if isinstance(who, str) else who.take(pa.array(there))
        if known is not None or dated:
            given["ts_init"] = known[there] if not dated else np.full(there.size, _day_ns(dated[name]) + DAY_NS - 1)
        given["value"] = column.take(pa.array(there)) if isinstance(column, pa.Array) else given["written"]
        parts.append(_checked_values(given, name))
    tables = [part.table for part in parts]
    first, last = (int(stamps.utc_ns.min()), int(stamps.utc_ns.max())) if columns.size else (None, None)
    said = tuple(dict.fromkeys(columns.said))
    return Rows("series", pa.concat_tables(tables), columns.size, first, last, said)


def _checked_values(given: dict[str, Any], name: Any) -> Rows:
    try:
        found = rows("series", given)
    except HedgerowError as error:
        raise problem(error.code, f"column {name!r}, {error.detail}") from None
    endless = pc.is_inf(found.table.column("value")).to_numpy()
    if endless.any():
        row = int(np.argmax(endless))
        written = str(given["written"][row])
        raise problem("DATA_NAN", f"record {given['record'][row]}, column {name!r}: {written} is no value")
    return found


def _vintaged(plan: Plan) -> bool:
    return plan.get("known") is not None or plan.get("vintage") is not None


def _options(plan: Plan, columns: Columns) -> Rows:
    given = _dated(plan, columns) | {word: columns.get(plan.get(word)) for word in (*_OPTION, *_MODEL)}
    given["underlying"], contract = columns.get(plan.get("underlying")), columns.get(plan.get("contract"))
    if plan.get("expiry") is None:
        given |= named_of(contract, columns.records)
    else:
        given["expiry"] = columns.stamps(plan.get("expiry")).utc_ns
        given["right"] = rights_of(columns.get(plan.get("right")), columns.records)
    name_contracts(given, contract, columns.reading.symbol, columns.symbol)
    return rows("options", given, label=given.pop("label"), notes=columns.said)


def _chain(plan: Plan, columns: Columns) -> list[Rows]:
    """Calls and puts that stand side by side, each a row of its own."""
    common = _dated(plan, columns)
    label = common.pop("label")
    common |= {word: columns.get(plan.get(word)) for word in ("strike", "underlying_price")}
    common["expiry"] = columns.stamps(plan.get("expiry")).utc_ns
    underlying = plan.get("underlying") if plan.get("underlying") is not None else plan.get("symbol")
    found: list[Rows] = []
    for right, sided in sides_of(columns.arrays):
        given = common | sided | {"right": [right] * columns.size}
        given["underlying"] = columns.get(underlying) if underlying is not None else columns.reading.symbol
        name_contracts(given, None, columns.reading.symbol, columns.symbol)
        count = 0 if found else columns.size
        found.append(rows("options", given, records=count, label=label, notes=columns.said))
    return found


def _dated(plan: Plan, columns: Columns) -> dict[str, Any]:
    """Both times, the record, and the label: what bears a date is known when its session ends."""
    found = _timed(plan, columns)
    found["label"] = found["ts_event"]
    if plan.get("time") is not None and (stamps := columns.stamps(plan.get("time"))).are_dates:
        found["ts_event"] = session_ends(stamps.wall_ns, columns.reading.session_close, columns.reading.tz)
        found["ts_init"] = found.get("ts_init", found["ts_event"])
    return found


def _universe(plan: Plan, columns: Columns) -> Rows:
    """Who belonged from when to when; where it is not told when that was known, joining and leaving are two rows."""
    if plan.get("member_to") is None:  # additions and removals, a row a day
        return _changes(plan, columns)
    begun, ended = columns.some_stamps(plan.get("member_from")), columns.some_stamps(plan.get("member_to"))
    names = texts(columns.get(plan.get("symbol")))
    given = {"ts_event": begun, "instrument": names, "record": columns.records, "universe": _universe_name(columns)}
    if plan.get("known") is not None:
        given["ts_init"] = _known_ns(columns.stamps(plan.get("known")))
        return rows("universe", given | {"member_from": begun, "member_to": ended}, notes=columns.said)
    told = _Changes(columns)
    for symbol, record, first, last in zip(names.to_pylist(), columns.records.tolist(), begun, ended, strict=True):
        told.add(symbol, record, first, joined=True)
        told.add(symbol, record, last, joined=False)
    return told.rows()


def _changes(plan: Plan, columns: Columns) -> Rows:
    times = columns.stamps(plan.get("time")).utc_ns.tolist()
    names = {plain(name): name for name in columns.arrays}
    told = _Changes(columns)
    for joined, name in ((True, names["add"]), (False, names["remove"])):
        for time, record, symbols in zip(times, columns.records.tolist(), columns.text(name), strict=True):
            for symbol in (symbols or "").split(","):
                if symbol.strip():
                    told.add(symbol.strip(), record, time, joined=joined)
    return told.rows()


class _Changes:
    """Joinings and leavings, a row each, known when they took effect."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        names = ("ts_event", "instrument", "record", "member_from", "member_to")
        self._found: dict[str, list[Any]] = {word: [] for word in names}

    def add(self, symbol: str, record: int, time: int | None, *, joined: bool) -> None:
        if time is not None:
            told = (time, symbol, record, time if joined else None, None if joined else time)
            for column, value in zip(self._found.values(), told, strict=True):
                column.append(value)

    def rows(self) -> Rows:
        given = self._found | {"universe": _universe_name(self._columns)}
        return rows("universe", given, records=self._columns.size, notes=self._columns.said)


def _universe_name(columns: Columns) -> str:
    """What a list of members is called: `symbol=`, else the file's name."""
    return columns.reading.symbol or columns.symbol


def _actions(plan: Plan, columns: Columns) -> Rows:
    given = _timed(plan, columns)
    names = {plain(name): name for name in columns.arrays}
    if "action" in names:
        return _told_actions(given, names, columns)
    given["action"] = "dividend" if "cash_amount" in names else "split"
    given["value"] = columns.get(names.get("cash_amount"))
    if given["value"] is None:
        new, old = (texts(columns.arrays[names[f"split_{end}"]]).to_pylist() for end in ("to", "from"))
        given["value"] = [str(float(top) / float(bottom)) for top, bottom in zip(new, old, strict=True)]
    return rows("actions", given | {"detail": _content(columns)}, notes=columns.said)


def _told_actions(given: dict[str, Any], names: Mapping[str, Any], columns: Columns) -> Rows:
    """Actions of any kind in one table: what, how much, into what."""
    records = columns.records.tolist()
    told = zip(columns.text(names["action"]), records, strict=True)
    given["action"] = [kind_of(word, record) for word, record in told]
    value = next((names[word] for word in ("value", "amount", "ratio", "split_ratio") if word in names), None)
    into = next((columns.text(names[word]) for word in ("into", "new_symbol", "detail") if word in names), None)
    shares = columns.text(names["ratio"]) if "ratio" in names and plain(value) != "ratio" else None
    if shares is not None:
        decimals(shares, "ratio", columns.records, columns.said)  # names what is no number
    nothing: list[str | None] = [None] * columns.size
    given["value"] = None if value is None else [_quotient(text) for text in columns.text(value)]
    pairs = zip(into or nothing, shares or nothing, strict=True)
    given["detail"] = [json.dumps({"into": name, "ratio": ratio}) if name or ratio else None for name, ratio in pairs]
    return rows("actions", given, notes=columns.said)


def _quotient(text: str | None) -> str | None:
    """A split as it is written, `4:1` or `4`, as new shares for one old."""
    if text is None or not (parts := re.fullmatch(r"\s*([\d.]+)\s*(?:[:/]|for)\s*([\d.]+)\s*", text)):
        return text
    new, old = Decimal(parts[1]), Decimal(parts[2])
    return f"{(new / old):.18f}" if old else text


def _news(plan: Plan, columns: Columns) -> Rows:
    title = plan.get("title") if plan.get("title") is not None else plan.get("form")
    given = _timed(plan, columns) | {"title": columns.get(title), "content": _content(columns)}
    return rows("news", given, notes=columns.said)


def _reference(plan: Plan, columns: Columns) -> Rows:
    given = {"instrument": columns.instruments(plan.get("symbol")), "record": columns.records}
    return rows("reference", given | {"content": _content(columns)}, notes=columns.said)


def _content(columns: Columns) -> list[str]:
    """Each row as a JSON object, its cells as the source has them."""
    names = [str(name) for name in columns.arrays]
    cells = [texts(column).to_pylist() for column in columns.arrays.values()]
    return [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in zip(*cells, strict=True)]


def _day_ns(text: str) -> int:
    return int(np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "ns").astype(np.int64))


def columns_of(records: Sequence[Mapping[str, Any]], reading: Reading, symbol: str, first: int = 0) -> Columns:
    """JSON records as columns of text, in the order in which their names first come."""
    names = dict.fromkeys(name for record in records for name in record)
    arrays = {name: pa.array([_plainly(record.get(name)) for record in records], pa.string()) for name in names}
    return Columns(arrays, np.arange(first, first + len(records), dtype=np.int64), reading, symbol)


def _plainly(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)
