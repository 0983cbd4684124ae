"""Lean's zips by class of security and resolution, and the factor and map files beside them.

What a file holds is told by the names of its folders and members and by the number of its cells together; the zone of
its times by its class and market. A file of which these are not told is refused, and not guessed at. Promises
exact prices, ten-thousandths divided where Lean writes them; options bear their OCC symbols, futures the code of their
month. Factors and maps are reference data as written: nothing is adjusted here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.formats import delimited
from hedgerow.market.formats.delimited import Layout, blocks
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Ints, Rows, decimals, rows, whole
from hedgerow.market.formats.tables import UNKNOWN_VINTAGE
from hedgerow.market.reading import Reading
from hedgerow.market.times import local_to_utc

_NAME = re.compile(
    r"(?:(?P<day>\d{8})_)?(?P<who>.+?)(?:_(?P<span>tick|second|minute|hour|daily))?"
    r"(?:_(?P<what>trade|quote|openinterest))?(?:_(?P<tick>tick))?"
    r"(?:_(?:american|european)_(?P<right>call|put)_(?P<strike>\d+)_(?P<expiry>\d{8})|_(?P<month>\d{6})(?:_\d{8})?)?\.csv",
    re.IGNORECASE,
)
_WHAT = re.compile(r"_(trade|quote|openinterest)(?:_|\.)")
_SPANS = {"tick": 0, "second": 10**9, "minute": 60 * 10**9, "hour": 3600 * 10**9, "daily": DAY_NS}
_CLASSES = (
    "equity",
    "option",
    "forex",
    "cfd",
    "crypto",
    "cryptofuture",
    "future",
    "futureoption",
    "index",
    "indexoption",
)
_SCALED = frozenset({"equity", "option", "indexoption"})
_ZONES = {
    **dict.fromkeys(("equity/usa", "option/usa", "indexoption/usa", "index/cboe", "future/ice/dx"), "America/New_York"),
    **dict.fromkeys(("index/usa/spx", "index/usa/ndx", "index/usa/vix"), "America/Chicago"),
    **dict.fromkeys((f"{kind}/india" for kind in ("equity", "option", "future", "index")), "Asia/Kolkata"),
    **dict.fromkeys((f"{kind}/eurex" for kind in ("future", "index")), "Europe/Berlin"),
    **dict.fromkeys((f"{kind}/hkfe" for kind in ("future", "index")), "Asia/Hong_Kong"),
    **dict.fromkeys((f"{kind}/krx" for kind in ("future", "index")), "Asia/Seoul"),
    **dict.fromkeys((f"future/{market}" for market in ("cbot", "cfe", "cme", "comex", "ice", "nymex", "sgx")), "UTC"),
    "index/ose": "Asia/Tokyo",
    "forex/fxcm": "Etc/GMT+5",
    **dict.fromkeys(("forex/oanda", "forex/interactivebrokers", "cfd/oanda", "cfd/interactivebrokers"), "UTC"),
    **dict.fromkeys(("crypto", "cryptofuture"), "UTC"),
}
"""Zones of the times in Lean's files by class, market and symbol, as its market hours database has them
(`dataTimeZone`); options on futures have those of their futures."""
_BAR = ("open", "high", "low", "close")
_BESIDE = {
    "factor_files": ("date", "price_factor", "split_factor", "reference_price"),
    "map_files": ("date", "mapped_symbol", "exchange", "mapping_mode"),
}
_MONTHS = "FGHJKMNQUVXZ"


@dataclass(frozen=True)
class _File:
    """What the names of a file and its first line say of it.

    day: YYYYMMDD that times count from, None where each row has its own. names: of its cells. step_ns: length of a bar.
    """

    who: str
    what: str
    day: str | None
    names: tuple[str, ...]
    step_ns: int
    scaled: bool
    zone: str
    said: tuple[str, ...]


def claims(opened: Opened) -> bool:
    """Whether it is a member of a zip named as in Lean (`20131007_spy_minute_trade.csv`), or of factors or maps."""
    text = delimited.head_text(opened)
    if opened.member is None:
        return opened.path.parent.name in _BESIDE and bool(re.match(r"\d{8},", text or ""))
    match = _NAME.fullmatch(opened.name)
    if match is None or (_class(opened) is None and match["span"] is None):
        return False
    return bool(re.match(r"\d[\d :]*[,.]", text or ""))


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Trades, quotes, bars and open interest; times are of the data's zone, which is its folder's or `tz`."""
    if opened.member is None:
        yield from _beside(opened, reading)
        return
    file = _told(opened, reading)
    for arrays, records in blocks(opened, Layout(",", file.names, 0)):
        yield _rows(arrays, records, file)


def _beside(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Factors of prices and splits, or the symbols that a security had, a row each until its date."""
    width = (delimited.head_text(opened) or "").splitlines()[0].count(",") + 1
    names = _BESIDE[opened.path.parent.name][:width]
    for arrays, records in blocks(opened, Layout(",", names, 0)):
        cells = zip(*(arrays[name].to_pylist() for name in names), strict=True)
        content = [json.dumps(dict(zip(names, row, strict=True))) for row in cells]
        dates = arrays["date"].to_pylist()
        wrong = next((row for row, date in enumerate(dates) if not re.fullmatch(r"\d{8}", date)), None)
        if wrong is not None:
            raise problem("DATA_TIME", f"record {records[wrong]}: {dates[wrong][:20]!r} is no date such as 20131007")
        who = reading.symbol or opened.stem.upper()
        yield rows("reference", {"instrument": who, "record": records, "content": content})


def _class(opened: Opened) -> str | None:
    """The class of a security that a folder names, or the name of an option's or a future's contract."""
    parts = [part.lower() for part in opened.path.parts]
    found = next((name for name in _CLASSES if name in parts), None)
    match = _NAME.fullmatch(opened.name)
    if found is not None or match is None:
        return found
    return "option" if match["right"] else "future" if match["month"] else None


def _zone(opened: Opened, kind: str, who: str) -> str | None:
    """The zone of a file's times; None where its market has none of its own here."""
    parts = [part.lower() for part in opened.path.parts]
    market = parts[parts.index(kind) + 1] if kind in parts[:-2] else "cme" if kind == "future" else "usa"
    kind = "future" if kind == "futureoption" else kind
    names = (f"{kind}/{market}/{who.lower()}", f"{kind}/{market}", kind)
    return next((_ZONES[name] for name in names if name in _ZONES), None)


_PLACES = "lay it below the folders of its class and market, such as equity/usa, option/usa, forex/oanda"


def _told(opened: Opened, reading: Reading) -> _File:
    match = _NAME.fullmatch(opened.name)
    assert match is not None
    kind, lines = _class(opened), (delimited.head_text(opened) or "").splitlines()
    width = lines[0].count(",") + 1
    named = match["span"] or match["tick"] or next((p.lower() for p in opened.path.parts if p.lower() in _SPANS), None)
    by_archive = _WHAT.search(opened.path.name.lower())
    what = (match["what"] or (by_archive[1] if by_archive else "")).lower()
    dated = match["day"] is None or ":" in lines[0].split(",")[0]
    if named is not None:
        step = _SPANS[named.lower()]
    elif dated:
        stamps = [line.split(",")[0].strip() for line in lines[:-1] or lines]
        step = DAY_NS if all(stamp.endswith("00:00") for stamp in stamps) else _SPANS["hour"]
    else:
        step = 0 if width < 6 else _SPANS["minute"]
    names = _names(what, step == 0, width)
    if names is None:
        raise problem("DATA_LAYOUT", f"{opened.shown}, line 1: {width} cells are published of no {what or 'such'} file")
    if kind is None and not (reading.tz and any("." in line.partition(",")[2] for line in lines)):
        told = "nothing tells whether its prices are ten-thousandths, and of which zone its times are"
        raise problem("DATA_COLUMNS", f"{opened.shown}: {told}; {_PLACES}")
    scaled = kind in _SCALED
    zone = reading.tz or _zone(opened, str(kind), match["who"])
    if zone is None:
        raise problem("DATA_TIME", f"{opened.shown}: the zone of its times is not known; say tz=, or {_PLACES}")
    said = (
        f"times are of {zone}",
        f"prices are {'ten-thousandths' if scaled else 'as written'}, as for {kind or 'no class'}",
    )
    who = reading.symbol or _symbol(match)
    return _File(who, what, None if dated else match["day"], ("stamp", *names), step, scaled, zone, said)


def _names(what: str, tick: bool, width: int) -> tuple[str, ...] | None:
    """What the cells behind the time are; None where no file has so many."""
    if what == "openinterest":
        return ("open_interest",) if width == 2 else None
    if not tick:
        sides = tuple(f"{side}_{name}" for side in ("bid", "ask") for name in (*_BAR, "size"))
        of_width = {5: _BAR, 6: (*_BAR, "volume"), 11: sides, 9: tuple(n for n in sides if not n.endswith("size"))}
        return of_width.get(width)
    if what == "quote":
        first: tuple[str, ...] = ("bid", "ask") if width == 3 else ("bid", "bid_size", "ask", "ask_size")
        allowed = width == 3 or 5 <= width <= 8
    else:
        first, allowed = ("price", "size"), 3 <= width <= 6
    return (*first, *(f"more_{n}" for n in range(len(first) + 1, width))) if allowed else None


def _symbol(match: re.Match[str]) -> str:
    """The name of what is traded: of options the OCC symbol, of futures root, month and year: `ESZ13`."""
    who = match["who"].upper()
    if match["right"]:
        strike = int(match["strike"]) // 10
        return f"{who}{match['expiry'][2:]}{match['right'][0].upper()}{strike:08d}"
    if match["month"]:
        year, month = match["month"][2:4], int(match["month"][4:])
        return f"{who}{_MONTHS[month - 1]}{year}" if 1 <= month <= 12 else f"{who}_{match['month']}"
    return who


def _stamps(column: Any, day: str | None, records: Ints) -> Ints:
    """Times on the clock of the data's zone, nanoseconds."""
    found = []
    start = None if day is None else int(np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}", "ns").astype(np.int64))
    for row, cell in enumerate(column.to_pylist()):
        try:
            if start is None:
                text = f"{cell[:4]}-{cell[4:6]}-{cell[6:8]}T{cell[9:].strip() or '00:00'}"
                found.append(int(np.datetime64(text, "ns").astype(np.int64)))
                continue
            since = round(float(cell) * 1000) * 1000
            if not 0 <= since <= DAY_NS:
                raise ValueError(cell)
            found.append(start + since)
        except (ValueError, OverflowError):
            told = "is no number of milliseconds of a day" if day else "is no time such as 20131007 09:30"
            raise problem("DATA_TIME", f"record {records[row]}: {cell[:40]!r} {told}") from None
    return np.array(found, dtype=np.int64)


def _rows(arrays: dict[str, Any], records: Ints, file: _File) -> Rows:
    local = _stamps(arrays["stamp"], file.day, records)
    event = local_to_utc(local, file.zone, "time")
    # A day is as long as its zone makes it.
    closed = local_to_utc(local + DAY_NS, file.zone, "time") if file.step_ns == DAY_NS else event + file.step_ns

    def money(name: str) -> Any:
        said: list[str] = []
        return whole(arrays[name], 4, records, name) if file.scaled else decimals(arrays[name], name, records, said)

    base = {"ts_event": closed, "instrument": file.who, "record": records}
    if "open_interest" in arrays:
        numbers = decimals(arrays["open_interest"], "open interest", records, [])
        given = {"ts_event": event, "instrument": f"{file.who}.open_interest", "written": arrays["open_interest"]}
        return rows(
            "series", base | given | {"value": pc.cast(numbers, pa.float64())}, notes=(*file.said, UNKNOWN_VINTAGE)
        )
    if "bid_open" in arrays or "bid" in arrays:
        end = "" if "bid" in arrays else "_close"
        given = {side: _shown(money(f"{side}{end}")) for side in ("bid", "ask")}
        given |= {f"{side}_size": arrays.get(f"{side}_size") for side in ("bid", "ask")}
        notes = (*file.said, "quote bars: the quote at the close of each") if end else file.said
        return rows("quotes", base | given, label=event, notes=notes)
    if "price" in arrays:
        given = {"price": money("price"), "size": arrays["size"]}
        return rows("trades", base | given, label=event, notes=file.said)
    prices = {word: money(word) for word in _BAR}
    given = base | prices | {"volume": arrays.get("volume"), "span_ns": file.step_ns}
    return rows("bars", given, label=event, notes=file.said)


def _shown(prices: Any) -> Any:
    """Prices of quotes, of which zero says that none is shown."""
    return pc.if_else(pc.equal(prices, 0), pa.scalar(None, prices.type), prices)
