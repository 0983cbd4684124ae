"""IEX captures: classic pcap or pcapng of UDP packets that carry IEX-TP with TOPS or DEEP messages.

Promises exact prices (whole numbers of 10^-4), times to the nanosecond as sent, the capture's own clock as `ts_init`,
and that a break in a session's message numbers is counted in the notes. Trading status and operational
halts are rows of kind `phases`, what an auction would give `imbalances`; other messages without a price are `messages`.

Source: IEX Transport Specification 1.25, TOPS 1.5 to 1.6 and DEEP 1.0 specifications.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from hedgerow.core.errors import problem
from hedgerow.market.formats.gathering import Gathered, Phases
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.reading import Reading

_PCAP = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000), b"\x4d\x3c\xb2\xa1": ("<", 1),
         b"\xa1\xb2\x3c\x4d": (">", 1)}  # fmt: skip
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_IEX = struct.Struct("<BBHIIHHqqq")
_PROTOCOLS = {0x8002: "TOPS", 0x8003: "TOPS", 0x8004: "DEEP"}
_QUOTE = struct.Struct("<BBq8sIqqI")
_TRADE = struct.Struct("<BBq8sIqq")
_LEVEL = struct.Struct("<BBq8sIq")
_HEAD = struct.Struct("<BBq8s")
_STATUS = {0x48: "halted", 0x4F: "opening_call", 0x50: "opening_call", 0x54: "continuous"}
"""Trading status: halted; orders are accepted (after a halt, in a pause); trading."""
_HALTS = {0x4F: True, 0x4E: False}
"""Operational halts: IEX alone has stopped a security, or has not."""
_AUCTION = struct.Struct("<BBq8sIqqIBBIq")
_AUCTIONS = {0x4F: "opening", 0x43: "closing"}
_SIDES = {0x42: "buy", 0x53: "sell"}
_CROSS = 0x08
"""Set in the flags of a trade that an auction made."""
_SHORT = struct.Struct("<BBq")
_PACKET_MAX = 1 << 18


def claims(opened: Opened) -> bool:
    """Whether it is a capture of packets."""
    return opened.head[:4] in _PCAP or opened.head.startswith(_PCAPNG)


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The messages of a capture."""
    gathered = Gathered()
    feeds, expected, gaps, packets = 0, {}, 0, 0  # type: int, dict[int, int], int, int
    with opened.stream() as stream:
        for captured, packet in packets_of(stream, opened):
            packets += 1
            body = _udp(packet)
            if body is None or len(body) < _IEX.size:
                continue
            _, _, protocol, _, session, length, count, _, sequence, sent = _IEX.unpack_from(body)
            if protocol not in _PROTOCOLS or length + _IEX.size > len(body):
                continue
            feeds += 1
            gaps += session in expected and sequence > expected[session] and count > 0
            expected[session] = max(expected.get(session, 0), sequence + count)
            gathered.known_ns = captured
            gathered.seen(sent)
            _messages(body[_IEX.size : _IEX.size + length], count, gathered, opened)
            if gathered.is_full:
                yield from gathered.flush()
    if not feeds:
        raise problem("DATA_NOT_A_DATASET", f"{opened.shown} is a capture of {packets} packets, none of IEX's feeds")
    note = (f"{gaps} breaks in the numbers of messages",) if gaps else ()
    for part in gathered.flush():
        yield Rows(part.kind, part.table, part.records, part.first_ns, part.last_ns, (*part.notes, *note))


def packets_of(stream: io.BufferedReader, opened: Opened) -> Iterator[tuple[int, bytes]]:
    """(capture time in ns, packet) of either kind of capture."""
    start = stream.read(4)
    if start == _PCAPNG:
        yield from _blocks(stream, opened)
        return
    order, unit = _PCAP[start]
    stream.read(20)
    number = 0
    while head := stream.read(16):
        if len(head) < 16:
            raise problem("DATA_DAMAGED", f"{opened.shown}: packet {number} is cut off")
        seconds, fraction, length, _ = struct.unpack(order + "IIII", head)
        packet = stream.read(length) if length <= _PACKET_MAX else b""
        if len(packet) < length:
            raise problem("DATA_DAMAGED", f"{opened.shown}: packet {number} of {length} bytes is cut off")
        number += 1
        yield seconds * 10**9 + fraction * unit, packet


def _blocks(stream: io.BufferedReader, opened: Opened) -> Iterator[tuple[int, bytes]]:
    """Packets of a pcapng file: enhanced packet blocks, times in microseconds unless an interface says otherwise."""
    order, kind, units = "<", 0x0A0D0D0A, [1000]
    while True:
        head = stream.read(4)
        if kind == 0x0A0D0D0A:
            magic = stream.read(4)
            order = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">"
            length = struct.unpack(order + "I", head)[0]
            body = stream.read(length - 12)
        else:
            length = struct.unpack(order + "I", head)[0] if len(head) == 4 else 0
            if not 12 <= length <= _PACKET_MAX:
                raise problem("DATA_DAMAGED", f"{opened.shown}: a block of {length} bytes")
            body = stream.read(length - 8)
        if kind == 1:
            units.append(1000)
        if kind == 6 and len(body) >= 20:
            _, high, low, size = struct.unpack_from(order + "IIII", body)
            yield ((high << 32) | low) * 1000, body[20 : 20 + size]
        following = stream.read(4)
        if len(following) < 4:
            return
        kind = struct.unpack(order + "I", following)[0]


def _udp(packet: bytes) -> bytes | None:
    """What a UDP packet over Ethernet and IPv4 carries; None for any other."""
    place = 14
    kind = packet[12:14]
    while kind == b"\x81\x00":
        kind, place = packet[place + 2 : place + 4], place + 4
    if kind != b"\x08\x00" or len(packet) < place + 28 or packet[place + 9] != 17:
        return None
    return packet[place + (packet[place] & 15) * 4 + 8 :]


def _messages(body: bytes, count: int, gathered: Gathered, opened: Opened) -> None:
    place = 0
    for _ in range(count):
        size = int.from_bytes(body[place : place + 2], "little")
        message = body[place + 2 : place + 2 + size]
        if not size or len(message) < size:
            raise problem("DATA_LAYOUT", f"{opened.shown}, message {gathered.records + 1}: {size} bytes")
        gathered.record += 1
        try:
            _say(message, gathered)
        except struct.error:
            raise problem("DATA_LAYOUT", f"{opened.shown}, message {gathered.record}: {size} bytes") from None
        gathered.counted(None)
        place += size + 2


def _say(message: bytes, gathered: Gathered) -> None:
    kind = message[0]
    if kind == 0x51:  # Q
        _, _, at, symbol, bid_size, bid, ask, ask_size = _QUOTE.unpack_from(message)
        given = {"bid": _money(bid) if bid else None, "ask": _money(ask) if ask else None}
        sizes = {"bid_size": bid_size if bid else None, "ask_size": ask_size if ask else None}
        gathered.add("quotes", at, _name(symbol), **given, **sizes)
    elif kind in (0x54, 0x42):  # T, and B that breaks one
        _, flags, at, symbol, size, price, number = _TRADE.unpack_from(message)
        given = {"price": _money(price), "size": size, "trade_id": str(number)}
        if kind == 0x54:
            gathered.add("trades", at, _name(symbol), how="auction" if flags & _CROSS else None, **given)
        else:
            gathered.add("messages", at, _name(symbol), type="trade break", content=str(number))
    elif kind in (0x38, 0x35):  # 8 buy, 5 sell
        _, _, at, symbol, size, price = _LEVEL.unpack_from(message)
        sides = ([(_money(price), size)], []) if kind == 0x38 else ([], [(_money(price), size)])
        gathered.book(at, _name(symbol), *sides, sequence=gathered.record)
    elif kind == 0x48 and message[1] in _STATUS:  # H
        _, status, at, symbol = _HEAD.unpack_from(message)
        reason = message[_HEAD.size :].decode("ascii", "replace").strip()
        phases = gathered.places.setdefault(symbol, Phases())
        phases.action, phases.reason = _STATUS[status], reason or None
        gathered.add("phases", at, _name(symbol), phase=phases.phase, reason=phases.told)
    elif kind == 0x4F and message[1] in _HALTS:  # O
        _, status, at, symbol = _HEAD.unpack_from(message)
        phases = gathered.places.setdefault(symbol, Phases())
        if phases.is_halted_here != _HALTS[status]:
            phases.is_halted_here = _HALTS[status]
            gathered.add("phases", at, _name(symbol), phase=phases.phase, reason=phases.told)
        else:
            gathered.add("messages", at, _name(symbol), type=chr(kind), content=message.hex())
    elif kind == 0x41:  # A
        _, auction, at, symbol, paired, reference, near, left, side, _, _, far = _AUCTION.unpack_from(message)
        given = {"auction": _AUCTIONS.get(auction, "auction"), "side": _SIDES.get(side)}
        prices = {"reference_price": reference, "near_price": near, "far_price": far}
        given |= {name: _money(price) if price else None for name, price in prices.items()}
        gathered.add("imbalances", at, _name(symbol), paired=paired, imbalance=left, **given)
    elif kind == 0x53 or len(message) < _HEAD.size:
        _, _, at = _SHORT.unpack_from(message)
        gathered.add("messages", at, "", type=chr(kind), content=message.hex())
    else:
        _, _, at, symbol = _HEAD.unpack_from(message)
        gathered.add("messages", at, _name(symbol), type=chr(kind), content=message.hex())


def _money(value: int) -> str:
    return f"{value}e-4"


def _name(symbol: bytes) -> str:
    return symbol.decode("ascii", "replace").rstrip()
