"""Logs of FIX messages: one a line or back to back, their fields parted by SOH or, as people print them, by a bar.

Each message is a row of kind `messages` with its type, sender's time and fields; market data (snapshots and
incremental refreshes) also become quotes' levels, trades and index values. Checksums are counted, not
believed: logs are often anonymised. Acceptance definitions, in which a letter stands before each message, are read too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from hedgerow.core.errors import DataError, problem
from hedgerow.market.formats.gathering import Gathered, iso
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.reading import Reading

_START = re.compile(rb"8=FIXT?\.\d")
_COMMAND = re.compile(rb"(?:[ieIER]\d*,?(?:CONNECT|DISCONNECT|SET_SESSION)|#|sleep|$)")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d:\d\d:\d\d(?:\.\d+)?)")
_BLOCK = 1 << 20


def claims(opened: Opened) -> bool:
    """Whether a message of FIX stands near its beginning."""
    head = opened.head[:4096]
    if _START.search(head[:512]):
        return True
    lines = [line for line in opened.head.splitlines()[:40] if line.strip()]
    return opened.name.lower().endswith(".def") and any(_COMMAND.match(line) for line in lines)


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The messages of a log."""
    gathered = Gathered()
    gathered.instrument = reading.symbol or opened.stem
    wrong = 0
    scripted = opened.name.lower().endswith(".def")
    for number, message in enumerate(_scripted(opened) if scripted else _messages(opened), 1):
        gathered.record = number
        wrong += _say(message, gathered)
        if gathered.is_full:
            yield from gathered.flush()
    if not number_of(gathered):
        raise problem("DATA_EMPTY", f"{opened.shown} holds no message")
    for part in gathered.flush():
        notes = (f"{wrong} messages have a wrong checksum",) if wrong and not scripted else ()
        yield Rows(part.kind, part.table, part.records, part.first_ns, part.last_ns, (*part.notes, *notes))


def number_of(gathered: Gathered) -> int:
    """The number of the last message."""
    return gathered.record


def fields_of(message: bytes) -> list[tuple[str, str]]:
    """(tag, value) of a message in order; what is no field is left out.

    >>> fields_of(b"8=FIX.4.2|35=D|55=F|")[1:]
    [('35', 'D'), ('55', 'F')]
    """
    mark = b"\x01" if b"\x01" in message else b"|"
    pairs = (part.partition(b"=") for part in message.split(mark) if b"=" in part)
    return [(tag.decode(errors="replace"), value.decode(errors="replace")) for tag, _, value in pairs]


def _messages(opened: Opened) -> Iterator[bytes]:
    rest = b""
    with opened.stream() as stream:
        while block := stream.read(_BLOCK):
            rest += block
            starts = [match.start() for match in _START.finditer(rest)]
            for start, end in itertools.pairwise(starts):
                yield rest[start:end].rstrip(b"\r\n")
            rest = rest[starts[-1] :] if starts else rest[-16:]
            if len(rest) > 64 * _BLOCK:
                raise problem("DATA_LAYOUT", f"{opened.shown}: a message of more than {len(rest):,} bytes")
    if _START.match(rest):
        if not re.search(rb"[\x01|]10=", rest) and len(rest) > 4096:
            raise problem("DATA_DAMAGED", f"{opened.shown}: its last message is cut off")
        yield rest.rstrip(b"\r\n")


def _scripted(opened: Opened) -> Iterator[bytes]:
    """The messages of an acceptance definition, sent and expected, and its commands."""
    for _, line in opened.lines():
        if line.strip() and not line.startswith(b"#"):
            match = _START.search(line)
            yield line[match.start() :] if match else line


def _say(message: bytes, gathered: Gathered) -> bool:
    """Add a message; returns whether its checksum is wrong."""
    fields = fields_of(message)
    told = dict(reversed(fields))
    at = _time(told.get("52") or told.get("60"))
    gathered.known_ns = at
    gathered.counted(at)
    text = message.decode(errors="replace").replace("\x01", "|")
    gathered.add("messages", at, told.get("55"), type=told.get("35", "command"), content=text)
    if told.get("35") in ("W", "X"):
        _market(fields, told, gathered)
    return not _sound(message, told)


def _sound(message: bytes, told: dict[str, str]) -> bool:
    mark = b"\x01" if b"\x01" in message else b"|"
    body, found, end = message.rpartition(mark + b"10=")
    if not found:
        return False
    digits = end.strip(mark + b"\r\n")
    total = (sum(body) + mark[0]) % 256 if mark == b"\x01" else sum(body.replace(b"|", b"\x01") + b"\x01") % 256
    return digits.isdigit() and int(digits) == total


def _market(fields: list[tuple[str, str]], told: dict[str, str], gathered: Gathered) -> None:
    """Entries of market data: bids and offers, trades, index values; each entry begins with its type or action."""
    entries: list[dict[str, str]] = []
    first = "279" if told["35"] == "X" and any(tag == "279" for tag, _ in fields) else "269"
    for tag, value in fields:
        if tag == first:
            entries.append({"55": told.get("55", "")})
        if entries:
            entries[-1].setdefault(tag, value) if tag != "55" else entries[-1].update({"55": value})
    who = ""
    for entry in entries:
        who = entry["55"] or entry.get("48") or who or gathered.instrument
        kind, price, at = entry.get("269"), entry.get("270"), _entry_time(entry, gathered.known_ns)
        try:
            float(price or "")
        except ValueError:
            continue
        size = "0" if entry.get("279") == "2" else entry.get("271")
        if kind in ("0", "1"):
            sides = ([(price, size)], []) if kind == "0" else ([], [(price, size)])
            gathered.book(at, who, *sides, snapshot=told["35"] == "W")
        elif kind == "2":
            gathered.add("trades", at, who, price=price, size=size)
        elif kind == "3":
            gathered.add("series", at, f"{who}.index", value=price, written=price)


def _entry_time(entry: dict[str, str], otherwise: int | None) -> int | None:
    day, clock = entry.get("272"), entry.get("273")
    found = _time(f"{day}-{clock}") if day and clock else None
    return otherwise if found is None else found


def _time(text: Any) -> int | None:
    match = _TIME.fullmatch(str(text)) if text else None
    try:
        return None if match is None else iso(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}Z")
    except DataError:  # templates and tests write times that are none
        return None
