"""MoldUDP64: messages of a session put in order out of packets that may be lost, repeated or late.

A pure state machine: packets and times in; messages, notes and requests for what is missing out.

Promises: messages come out once and in order of their numbers; what was asked for in vain, as often as allowed, is a
noted gap, and what waited behind it follows. Never: reads a clock, touches a socket, waits without bound. Source:
Nasdaq MoldUDP64 protocol specification 1.00 (downstream packet 20 bytes of header; request packet; heartbeat count 0;
end of session count 0xFFFF).
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator

from hedgerow.market.feeds.transport import Note, Received

HEADER = struct.Struct(">10sQH")
HEARTBEAT, END = 0, 0xFFFF
REQUEST_COUNT_MAX = 0xFFFE


def packet(session: bytes, sequence: int, messages: list[bytes]) -> bytes:
    """A downstream packet.

    >>> packet(b"S", 5, [b"ab"])
    b'S         \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x05\\x00\\x01\\x00\\x02ab'
    """
    blocks = b"".join(len(message).to_bytes(2, "big") + message for message in messages)
    return HEADER.pack(session.ljust(10), sequence, len(messages)) + blocks


class MoldSession:
    """One session. first: the number of the first message wanted; 0 begins with the first that comes."""

    def __init__(self, *, first: int, wait_ns: int, tries: int, held_max: int) -> None:
        self._next, self._wait_ns, self._tries_max, self._held_max = first, wait_ns, tries, held_max
        self.session: bytes | None = None
        self.ended = False
        self.repeated = 0
        self._held: dict[int, tuple[int, list[bytes]]] = {}
        # A heap of what is held: a packet behind a long gap costs no more than behind a short one.
        self._firsts: list[int] = []
        self._held_count = 0
        self._behind = 0
        self._end: int | None = None
        self._tries, self._asked_ns = 0, 0

    def take(self, data: bytes, ns: int) -> Iterator[Received | Note]:
        """A packet that came."""
        read = _read(data)
        if read is None:
            yield Note(ns, {"malformed": len(data)}, gap=True)
            return
        session, sequence, count, messages = read
        if self.session is None:
            self.session = session
            self._next = self._next or sequence
        if session != self.session:
            yield Note(ns, {"foreign": session.decode(errors="replace").strip()})
            return
        self._behind = max(self._behind, sequence + len(messages))
        if count == END:
            self._end = sequence
        elif messages:
            self._hold(sequence, messages, ns)
        yield from self._ready(ns)
        if self._held_count > self._held_max:
            yield from self._give_up(ns, "too many wait behind it")

    def requests(self, ns: int) -> Iterator[bytes | Received | Note]:
        """Requests to send now, as packets; or, where asking was in vain, the gap and what waited behind it."""
        if self.session is None or self.ended or self._behind <= self._next:
            return
        if self._tries and ns - self._asked_ns < self._wait_ns:
            return
        if self._tries >= self._tries_max:
            yield from self._give_up(ns, f"asked for {self._tries} times in vain")
            return
        self._tries += 1
        self._asked_ns = ns
        count = min(self._goes_on() - self._next, REQUEST_COUNT_MAX)
        yield HEADER.pack(self.session, self._next, count)

    def _hold(self, sequence: int, messages: list[bytes], ns: int) -> None:
        if sequence + len(messages) <= self._next:
            self.repeated += len(messages)
            return
        before = self._held.get(sequence)
        if before is not None and len(before[1]) >= len(messages):
            self.repeated += len(messages)
            return
        self._held_count += len(messages) - (0 if before is None else len(before[1]))
        if before is None:
            heapq.heappush(self._firsts, sequence)
        self._held[sequence] = (ns, messages)

    def _goes_on(self) -> int:
        """The number at which what is here goes on."""
        return self._firsts[0] if self._firsts else self._behind

    def _ready(self, ns: int) -> Iterator[Received | Note]:
        """What is next in order, as far as it is here."""
        while self._firsts and self._firsts[0] <= self._next:
            first = heapq.heappop(self._firsts)
            came_ns, messages = self._held.pop(first)
            self._held_count -= len(messages)
            new = messages[self._next - first :]
            self.repeated += len(messages) - len(new)
            if new:
                yield Received(came_ns, new, sequence=self._next)
                self._next += len(new)
                self._tries = 0
        if self._end is not None and self._next >= self._end and not self.ended:
            self.ended = True
            name = (self.session or b"").decode(errors="replace").strip()
            yield Note(ns, {"ended": name, "next": self._next, "repeated": self.repeated})

    def _give_up(self, ns: int, why: str) -> Iterator[Received | Note]:
        goes_on = self._goes_on()
        yield Note(ns, {"lost": goes_on - self._next, "from": self._next, "why": why}, gap=True)
        self._next, self._tries = goes_on, 0
        yield from self._ready(ns)


def _read(data: bytes) -> tuple[bytes, int, int, list[bytes]] | None:
    """Session, sequence, count and messages of a packet; `None` where it is none."""
    if len(data) < HEADER.size:
        return None
    session, sequence, count = HEADER.unpack_from(data)
    messages, at = [], HEADER.size
    for _ in range(0 if count == END else count):
        after = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or after > len(data):
            return None
        messages.append(data[at + 2 : after])
        at = after
    return session, sequence, count, messages
