"""Captures of packets: what websockets and requests carried, to the byte and the nanosecond."""

from __future__ import annotations

import gzip
import json
import runpy
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa

from hedgerow.market.formats.probing import head, probe
from hedgerow.market.reading import Reading

OTHERS = runpy.run_path(str(Path(__file__).with_name("test_market_more_venues.py")))
AT = 1_700_000_000_123_456_789
TRADE = {"e": "trade", "E": 1, "s": "BTCUSDT", "t": 9, "p": "1.50", "q": "2", "T": 1_700_000_000_120, "m": True}
ROOM = "GET /ws HTTP/1.1\r\nHost: venue\r\nUpgrade: websocket\r\nX-Cryptofeed-Address: wss://venue/ws\r\n\r\n"
WELCOME = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


class Wire:
    """A capture that is being written, a conversation on each port."""

    def __init__(self) -> None:
        self.bytes = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
        self.said: dict[tuple[int, bool], int] = {}

    def open(self, port: int, at: int = AT) -> Wire:
        """The three packets that open a conversation."""
        self.said[port, True] = self.said[port, False] = 1
        for sent, flags in ((True, 0x02), (False, 0x12), (True, 0x10)):
            self.packet(port, at, b"", sent=sent, flags=flags, sequence=0 if flags & 2 else 1)
        return self

    def say(self, port: int, at: int, payload: bytes, *, sent: bool = False, pieces: int = 1) -> Wire:
        """Bytes in one direction, in one packet or more."""
        step = -(-len(payload) // pieces)
        for start in range(0, len(payload), step):
            part = payload[start : start + step]
            self.packet(port, at, part, sent=sent, sequence=self.said[port, sent])
            self.said[port, sent] += len(part)
        return self

    def packet(self, port: int, at: int, payload: bytes, *, sent: bool, sequence: int, flags: int = 0x18) -> None:
        """One packet of Ethernet, IP and TCP."""
        ports = (port, 80) if sent else (80, port)
        ends = (b"\n\0\0\1", b"\n\0\0\2") if sent else (b"\n\0\0\2", b"\n\0\0\1")
        tcp = struct.pack("!HHIIBBHHH", *ports, sequence, 0, 5 << 4, flags, 65535, 0, 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, *ends)
        frame = bytes(12) + b"\x08\x00" + ip + tcp
        self.bytes += struct.pack("<IIII", at // 10**9, at % 10**9, len(frame), len(frame)) + frame


def frame(payload: bytes, kind: int = 1, mask: bytes = b"", *, last: bool = True) -> bytes:
    """A frame of a websocket."""
    size, bit = len(payload), 0x80 if mask else 0
    told = bytes([bit | size]) if size < 126 else bytes([bit | 126]) + struct.pack("!H", size)
    masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload)) if mask else payload
    return bytes([(0x80 if last else 0) | kind]) + told + mask + masked


def rows(folder: Path, wire: Wire, name: str = "BINANCE.pcap") -> list[dict[str, Any]]:
    """All rows of a capture that has no fault."""
    path = folder / name
    path.write_bytes(wire.bytes)
    assert probe(path, Reading()).error is None, probe(path, Reading()).error
    return [{"kind": part.kind, **row} for part in head(path, Reading(), 99) for row in part.table.to_pylist()]


def socket(port: int = 40000) -> Wire:
    """A capture with a websocket open."""
    wire = Wire().open(port).say(port, AT, ROOM.encode(), sent=True)
    return wire.say(port, AT, WELCOME.encode())


def test_a_socket_is_read_with_the_time_of_its_packets(tmp_path: Path) -> None:
    """What was sent is a message, what came is read, in one packet, in pieces or compressed."""
    trade = json.dumps(TRADE).encode()
    wire = socket().say(40000, AT + 1, frame(b'{"method":"SUBSCRIBE"}', mask=b"abcd"), sent=True)
    wire.say(40000, AT + 2, frame(trade)).say(40000, AT + 3, frame(trade), pieces=3)
    wire.say(40000, AT + 4, frame(trade[:20], last=False) + frame(trade[20:], 0))
    wire.say(40000, AT + 5, frame(gzip.compress(trade), 2) + frame(b"", 9) + frame(b"pong"))
    wire.say(40000, AT + 6, frame(b"\xff\x00", 2))
    found = rows(tmp_path, wire)
    trades = [row for row in found if row["kind"] == "trades"]
    assert [row["ts_init"].value for row in trades] == [AT + 2, AT + 3, AT + 4, AT + 5]
    assert {(row["instrument"], str(row["price"].normalize()), row["side"]) for row in trades} == {
        ("BTCUSDT", "1.5", "sell")
    }
    told = [(row["type"], row["content"]) for row in found if row["kind"] == "messages"]
    assert told == [("<->", "wss://venue/ws"), ("<-", '{"method":"SUBSCRIBE"}'), ("text", "pong"), ("binary", "/wA=")]


def test_a_reply_is_of_what_was_asked(tmp_path: Path) -> None:
    """A book by REST bears the name in its request, and conversations keep their own requests."""
    wire = Wire()
    for port, name in ((40001, "BTCUSDT"), (40002, "ETHUSDT")):
        asked = (
            f"GET /depth?symbol={name} HTTP/1.1\r\nHost: v\r\nX-Cryptofeed-Url: https://v/depth?symbol={name}\r\n\r\n"
        )
        wire.open(port).say(port, AT, asked.encode(), sent=True)
    for port, price in ((40002, "7"), (40001, "8")):
        body = json.dumps({"lastUpdateId": 5, "bids": [[price, "1"]], "asks": []})
        wire.say(port, AT + 9, f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode(), pieces=2)
    found = [(row["instrument"], str(row["price"].normalize()), row["ts_init"].value) for row in rows(tmp_path, wire)]
    assert found == [("ETHUSDT", "7", AT + 9), ("BTCUSDT", "8", AT + 9)]


def test_a_packet_twice_counts_once_and_a_missing_one_is_named(tmp_path: Path) -> None:
    """Segments that were sent again change nothing; a gap is damage."""
    trade = frame(json.dumps(TRADE).encode())
    wire = socket()
    before = wire.said[40000, False]
    wire.say(40000, AT + 2, trade)
    wire.packet(40000, AT + 3, trade, sent=False, sequence=before)
    assert len([row for row in rows(tmp_path, wire) if row["kind"] == "trades"]) == 1
    wire.packet(40000, AT + 4, trade, sent=False, sequence=wire.said[40000, False] + 5)
    path = tmp_path / "gap.pcap"
    path.write_bytes(wire.bytes)
    error = probe(path, Reading()).error
    assert error is not None
    assert error.code == "DATA-020"
    assert "a segment is missing" in error.detail


def test_a_capture_that_ends_within_a_message_is_damaged(tmp_path: Path) -> None:
    """What came before is read, and the rest is named, packed or not."""
    trade = frame(json.dumps(TRADE).encode())
    wire = socket().say(40000, AT + 2, trade).say(40000, AT + 3, trade[:9])
    path = tmp_path / "BINANCE.pcap.zst"
    with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as file:
        file.write(wire.bytes)
    found = probe(path, Reading())
    assert found.error is not None
    assert found.error.code == "DATA-020"
    assert "ends within a message" in found.error.detail


def test_ids_mean_what_their_own_connection_said(tmp_path: Path) -> None:
    """Channels of Bitfinex have numbers, which another connection gives to another pair."""
    wire = Wire()
    for port, pair in ((40001, "tBTCUSD"), (40002, "tETHUSD")):
        wire.open(port).say(port, AT, ROOM.encode(), sent=True).say(port, AT, WELCOME.encode())
        told = {"event": "subscribed", "channel": "trades", "chanId": 7, "symbol": pair, "pair": pair[1:]}
        wire.say(port, AT + 1, frame(json.dumps(told).encode()))
    for port in (40001, 40002):
        wire.say(port, AT + 2, frame(b'[7,"te",[5,1700000000000,-0.5,2000]]'))
    found = [row["instrument"] for row in rows(tmp_path, wire, "BITFINEX.pcap") if row["kind"] == "trades"]
    assert found == ["tBTCUSD", "tETHUSD"]


def test_what_is_encrypted_is_no_data(tmp_path: Path) -> None:
    """A capture without a word that can be read says so."""
    wire = Wire().open(40000).say(40000, AT, b"\x16\x03\x01\xff" * 9, sent=True)
    path = tmp_path / "tls.pcap"
    path.write_bytes(wire.bytes)
    error = probe(path, Reading()).error
    assert error is not None
    assert error.code == "DATA-019"
