"""Events of hftbacktest: a NumPy archive with one array, of fixed fields (version 2) or of six columns (version 1).

Flags say what an event is and who sees it when: `exch_ts` becomes `ts_event`, `local_ts` becomes `ts_init`. An event
that the venue and the receiver see in another order stands twice in a file, once for each; it is read once, as the
receiver saw it. Prices are floats in the source; they become the shortest decimals that they stand for. Pickled arrays
are never opened.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from hedgerow.core.errors import problem
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows, rows
from hedgerow.market.reading import Reading

_FIELDS = {"ev", "exch_ts", "local_ts", "px", "qty"}
_BUY, _SELL = 1 << 29, 1 << 28
_SEEN_BY_VENUE, _SEEN_BY_US = 1 << 31, 1 << 30
_EVENT = np.dtype([("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8")])
_UNSEEN = -1
"""The time, in version 1, of what one of the two does not see."""
_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BEST = 1, 2, 3, 4, 5
_ORDERS = {10: "add", 11: "cancel", 12: "modify", 13: "execute"}


def claims(opened: Opened) -> bool:
    """Whether it is an `.npy` array, or a member of an `.npz` archive."""
    return opened.head.startswith(b"\x93NUMPY")


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of an array of events: depth, trades, orders."""
    try:
        data = np.load(io.BytesIO(opened.whole()), allow_pickle=False)
    except (ValueError, OSError, EOFError, TypeError, SyntaxError) as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}: {error}") from None
    if data.dtype.names is None and data.ndim == 2 and data.shape[1] == 6:
        data = _of_columns(data)
    if data.dtype.names is None or not data.dtype.names or not set(data.dtype.names) >= _FIELDS:
        raise problem("DATA_LAYOUT", f"{opened.shown}: an array of {data.dtype}, not of events with {sorted(_FIELDS)}")
    if not data.size:
        raise problem("DATA_EMPTY", f"{opened.shown} holds no event")
    symbol = reading.symbol or opened.path.name.split(".")[0]
    flags = data["ev"].astype(np.int64)
    what = flags & 0xFF
    known = np.isin(what, (_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BEST, *_ORDERS))
    if not known.all():
        row = int(np.argmin(known))
        raise problem("DATA_LAYOUT", f"{opened.shown}, event {row}: flags {int(flags[row])} name no event")
    counted = data.size
    if (flags & (_SEEN_BY_VENUE | _SEEN_BY_US)).any():
        place_seen = np.flatnonzero(flags & _SEEN_BY_US)
    else:
        place_seen = np.arange(data.size)
    _refuse_disorder(data, place_seen, opened, reading)
    for kind, codes in (("depth", (_DEPTH, _CLEAR, _SNAPSHOT)), ("trades", (_TRADE,)), ("orders", tuple(_ORDERS))):
        place = place_seen[np.isin(what[place_seen], codes)]
        if place.size:
            part, told = data[place], _common(data[place], place, symbol)
            sides = _sides(flags[place], "buy", "sell") if kind == "trades" else _sides(flags[place], "bid", "ask")
            told |= {"side": sides, **_more(kind, part, what[place])}
            yield rows(kind, told, records=counted, label=_times(part, "local_ts"))
            counted = 0
    place = place_seen[what[place_seen] == _BEST]
    if place.size:
        yield _quotes(data[place], flags[place], place, symbol, counted)


def _refuse_disorder(data: Any, seen: Any, opened: Opened, reading: Reading) -> None:
    """DATA-004 where an event came before the one ahead of it, of whatever kind both are."""
    back = np.flatnonzero(np.diff(data["local_ts"][seen]) < 0)
    if back.size and not reading.sort:
        row, ahead = int(seen[back[0] + 1]), int(seen[back[0]])
        told = f"local_ts {int(data['local_ts'][row])} is before {int(data['local_ts'][ahead])} of event {ahead}"
        raise problem("DATA_UNSORTED", f"{opened.shown}, event {row}: {told}")


def _quotes(part: Any, flags: Any, place: Any, symbol: str, counted: int) -> Rows:
    """Best prices, which come a side at a time: the other side stands as it was told last."""
    told = _common(part, place, symbol)
    price, size = told.pop("price"), told.pop("size")
    for side, flag in (("bid", _BUY), ("ask", _SELL)):
        mine = (flags & flag) != 0
        last = np.maximum.accumulate(np.where(mine, np.arange(mine.size), -1))
        taken = pa.array(np.maximum(last, 0), mask=last < 0)
        told |= {side: price.take(taken), f"{side}_size": size.take(taken)}
    return rows("quotes", told, records=counted, label=_times(part, "local_ts"))


def _of_columns(data: Any) -> Any:
    """Events of version 1 (event, both times, side, price, quantity) in the fields of version 2."""
    kind, venue, own, side, price, quantity = np.asarray(data, dtype=np.float64).T
    times = np.concatenate([venue, own])
    if not np.isfinite(times).all() or not np.isfinite(kind).all() or (times < _UNSEEN).any():
        raise problem("DATA_TIME", "the first columns of events hold what is no code and no time")
    unit = next(
        ns for most, ns in ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3), (np.inf, 1)) if times.max(initial=0) < most
    )
    found = np.zeros(len(data), dtype=_EVENT)
    seen = np.where(venue != _UNSEEN, _SEEN_BY_VENUE, 0) | np.where(own != _UNSEEN, _SEEN_BY_US, 0)
    found["ev"] = kind.astype(np.int64) | seen | np.where(side > 0, _BUY, 0) | np.where(side < 0, _SELL, 0)
    found["exch_ts"] = np.where(venue != _UNSEEN, venue, own).astype(np.int64) * unit
    found["local_ts"] = own.astype(np.int64) * unit
    found["px"], found["qty"] = price, quantity
    return found


def _common(part: Any, place: Any, symbol: str) -> dict[str, Any]:
    prices, sizes = (pa.array(np.ascontiguousarray(part[name], dtype=np.float64)) for name in ("px", "qty"))
    told = {"ts_event": _times(part, "exch_ts"), "ts_init": _times(part, "local_ts")}
    return {**told, "instrument": symbol, "record": place, "price": prices, "size": sizes}


def _more(kind: str, part: Any, what: Any) -> dict[str, Any]:
    if kind == "depth":
        return {"snapshot": what == _SNAPSHOT}
    if kind == "trades":
        return {}
    return {
        "action": [_ORDERS[int(code)] for code in what],
        "order_id": [str(number) for number in part["order_id"].tolist()],
    }


def _sides(flags: Any, buy: str, sell: str) -> list[str | None]:
    return [buy if flag & _BUY else sell if flag & _SELL else None for flag in flags.tolist()]


def _times(part: Any, name: str) -> Any:
    return np.ascontiguousarray(part[name], dtype=np.int64)
