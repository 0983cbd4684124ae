"""NASDAQ ITCH 5.0 files: each message with its length before it, as the venue publishes its days.

The obvious reader, one message at a time; the fast one is `hedgerow-wire`. Orders, executions and cancellations become
rows of kind `orders`, prints `trades`, trading actions and the market's own halts `phases`, what an auction would give
`imbalances`, the rest `messages`. A cross in which nothing met is no trade. The day is not in the messages:
it is told by the date in the file's name (`S010220`, `01302019`, `2019-01-30`), in New York; without one times count
from midnight of 1970.

Source: Nasdaq TotalView-ITCH 5.0 specification.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.market.formats.gathering import Gathered, Phases
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.reading import Reading
from hedgerow.market.times import local_to_utc

_SIZES = {"S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36,
          "F": 40, "E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20,
          "O": 48}  # fmt: skip
_ADD = struct.Struct(">QcI8sI")
_EXECUTE = struct.Struct(">QIQ")
_REPLACE = struct.Struct(">QQII")
_TRADE = struct.Struct(">QcI8sIQ")
_CROSS = struct.Struct(">Q8sIQ")
_IMBALANCE = struct.Struct(">QQc8sIIIc")
_SIDES = {b"B": "buy", b"S": "sell"}
_CROSSES = {b"O": "opening", b"C": "closing"}
_PHASES = {b"H": "halted", b"P": "halted", b"Q": "opening_call", b"T": "continuous"}
_MARKET = "market of the feed"
_DATES = ((r"S(\d\d)(\d\d)(\d\d)", "mdy"), (r"(\d\d)(\d\d)(20\d\d)", "mdy"), (r"(20\d\d)-?(\d\d)-?(\d\d)", "ymd"))


def claims(opened: Opened) -> bool:
    """Whether its first messages have the lengths that the specification gives their types."""
    head, place, seen = opened.head, 0, 0
    while place + 3 <= len(head) and seen < 20:
        size = int.from_bytes(head[place : place + 2], "big")
        if place and not size:  # the end of a session
            place += 2
            continue
        if _SIZES.get(chr(head[place + 2])) != size:
            return seen > 0 and "itch" in opened.name.lower()  # whose reader names what is wrong
        place, seen = place + 2 + size, seen + 1
    return seen > 0 and head[2:3] in (b"S", b"R")


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The messages of a day."""
    gathered = Gathered()
    gathered.places[_MARKET] = _market(opened.name)
    day = _day(opened.name)
    midnight = int(local_to_utc(np.array([day or 0]), "America/New_York" if day is not None else "UTC", "day")[0])
    notes = () if day is not None else ("the file's name tells no day: times count from midnight of 1970",)
    with opened.stream() as stream:
        while head := stream.read(2):
            size = int.from_bytes(head, "big")
            if len(head) == 2 and not size:  # the end of a session
                continue
            message = stream.read(size)
            if len(head) < 2 or len(message) < size:
                yield from gathered.flush()
                raise problem("DATA_DAMAGED", f"{opened.shown}: message {gathered.record + 1} is cut off")
            gathered.record += 1
            kind = chr(message[0]) if message else ""
            if _SIZES.get(kind) != size:
                yield from gathered.flush()
                told = f"message {gathered.record}: type {kind!r} of {size} bytes"
                raise problem("DATA_LAYOUT", f"{opened.shown}, {told}")
            at = midnight + int.from_bytes(message[5:11], "big")
            gathered.counted(at)
            _say(kind, message, at, gathered)
            if gathered.is_full:
                yield from gathered.flush()
    for part in gathered.flush():
        yield Rows(part.kind, part.table, part.records, part.first_ns, part.last_ns, (*part.notes, *notes))


def _say(kind: str, message: bytes, at: int, gathered: Gathered) -> None:
    locate = int.from_bytes(message[1:3], "big")
    who = gathered.places.get(locate, str(locate))
    number = gathered.record
    if kind in "AF":
        reference, side, shares, stock, price = _ADD.unpack_from(message, 11)
        who = gathered.places[locate] = stock.decode("ascii", "replace").rstrip()
        given = {"order_id": str(reference), "side": "bid" if side == b"B" else "ask", "size": shares}
        gathered.add("orders", at, who, action="add", price=f"{price}e-4", sequence=number, **given)
    elif kind in "EC":
        reference, shares, _ = _EXECUTE.unpack_from(message, 11)
        price = f"{int.from_bytes(message[32:36], 'big')}e-4" if kind == "C" else None
        given = {"order_id": str(reference), "size": shares, "price": price}
        gathered.add("orders", at, who, action="execute", sequence=number, **given)
    elif kind == "X":
        reference, shares = struct.unpack_from(">QI", message, 11)
        gathered.add("orders", at, who, action="reduce", order_id=str(reference), size=shares, sequence=number)
    elif kind == "D":
        reference = str(int.from_bytes(message[11:19], "big"))
        gathered.add("orders", at, who, action="cancel", order_id=reference, sequence=number)
    elif kind == "U":
        old, new, shares, price = _REPLACE.unpack_from(message, 11)
        gathered.add("orders", at, who, action="cancel", order_id=str(old), sequence=number)
        given = {"order_id": str(new), "size": shares, "price": f"{price}e-4"}
        gathered.add("orders", at, who, action="replace", sequence=number, **given)
    elif kind == "P":
        # Its side is always written as B: it is not told.
        _, _, shares, stock, price, match = _TRADE.unpack_from(message, 11)
        given = {"size": shares, "price": f"{price}e-4", "how": "hidden"}
        gathered.add("trades", at, stock.decode("ascii", "replace").rstrip(), trade_id=str(match), **given)
    elif kind == "Q" and message[11:19] != bytes(8):
        shares, stock, price, match = _CROSS.unpack_from(message, 11)
        cross = _CROSSES.get(message[39:40], "auction")
        given = {"size": shares, "price": f"{price}e-4", "trade_id": str(match), "how": cross}
        gathered.add("trades", at, stock.decode("ascii", "replace").rstrip(), **given)
    elif kind == "H" and message[19:20] in _PHASES:
        stock, reason = (message[span].decode("ascii", "replace").rstrip() for span in (slice(11, 19), slice(21, 25)))
        phases = gathered.places.setdefault(stock, Phases())
        phases.action, phases.reason = _PHASES[message[19:20]], reason or None
        gathered.add("phases", at, stock, phase=phases.phase, reason=phases.told)
    elif kind == "h" and message[19:21] in (b"QH", b"QT", b"BH", b"BT", b"XH", b"XT"):
        stock = message[11:19].decode("ascii", "replace").rstrip()
        phases = gathered.places.setdefault(stock, Phases())
        is_halted = message[20:21] == b"H"
        if message[19:20] == gathered.places.get(_MARKET) and phases.is_halted_here != is_halted:
            phases.is_halted_here = is_halted
            gathered.add("phases", at, stock, phase=phases.phase, reason=phases.told)
        else:
            gathered.add("messages", at, stock, type=kind, content=message.hex())
    elif kind == "I":
        paired, left, side, stock, far, near, reference, cross = _IMBALANCE.unpack_from(message, 11)
        given = {
            "paired": paired,
            "imbalance": left,
            "side": _SIDES.get(side),
            "auction": _CROSSES.get(cross, "auction"),
        }
        prices = {"reference_price": reference, "near_price": near, "far_price": far}
        given |= {name: f"{price}e-4" if price else None for name, price in prices.items()}
        gathered.add("imbalances", at, stock.decode("ascii", "replace").rstrip(), **given)
    else:
        if kind == "R":
            who = gathered.places[locate] = message[11:19].decode("ascii", "replace").rstrip()
        gathered.add("messages", at, who, type=kind, content=message.hex())


def _market(name: str) -> bytes:
    """Whose feed a file is, as operational halts name markets: BX's and PSX's are named so, any other is Nasdaq's."""
    found = re.search(r"(?<![a-z])(bx|psx)(?![a-z])", name.lower())
    return b"Q" if found is None else b"B" if found[1] == "bx" else b"X"


def _day(name: str) -> int | None:
    for pattern, order in _DATES:
        if match := re.search(pattern, name):
            parts = match.groups() if order == "ymd" else (match[3], match[1], match[2])
            year = parts[0] if len(parts[0]) == 4 else f"20{parts[0]}"
            try:
                return int(np.datetime64(f"{year}-{parts[1]}-{parts[2]}", "ns").astype(np.int64))
            except ValueError:
                continue
    return None
