"""MoldUDP64: whatever happens to packets on their way, messages come out once, in order, or as a noted gap."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.market.feeds.mold import END, HEADER, MoldSession, packet
from hedgerow.market.feeds.transport import Note, Received

WAIT_NS = 100


def session(first: int = 1, **how: int) -> MoldSession:
    """A session that asks three times."""
    return MoldSession(first=first, wait_ns=WAIT_NS, **{"tries": 3, "held_max": 1000} | how)


def message(number: int) -> bytes:
    """The message of a number."""
    return b"message %d" % number


def block(first: int, count: int = 1) -> bytes:
    """A packet of messages."""
    return packet(b"DAY", first, [message(number) for number in range(first, first + count)])


def end(after: int) -> bytes:
    """The end of the session."""
    return HEADER.pack(b"DAY".ljust(10), after, END)


def came(events: list[Any]) -> list[bytes]:
    """The messages in a list of events."""
    return [text for event in events if isinstance(event, Received) for text in event.messages]


def notes(events: list[Any]) -> list[dict[str, Any]]:
    """The notes in a list of events."""
    return [dict(event.says) for event in events if isinstance(event, Note)]


def test_packets_in_order_are_messages_in_order() -> None:
    """Numbered, stamped, and ended."""
    mold = session(first=0)
    events = [*mold.take(block(7, 2), 1), *mold.take(block(9), 2), *mold.take(end(10), 3)]
    assert came(events) == [message(7), message(8), message(9)]
    assert [(event.ns, event.sequence) for event in events if isinstance(event, Received)] == [(1, 7), (2, 9)]
    assert mold.ended
    assert notes(events) == [{"ended": "DAY", "next": 10, "repeated": 0}]


def test_a_gap_is_asked_for_at_once_again_after_a_wait_and_then_noted() -> None:
    """Three times in vain; what waited behind it follows the note."""
    mold = session()
    assert came([*mold.take(block(1), 0), *mold.take(block(4), 0)]) == [message(1)]
    (asked,) = mold.requests(0)
    assert asked == HEADER.pack(b"DAY".ljust(10), 2, 2)
    assert list(mold.requests(WAIT_NS - 1)) == []
    assert list(mold.requests(WAIT_NS)) == list(mold.requests(2 * WAIT_NS)) == [asked]
    given_up = list(mold.requests(3 * WAIT_NS))
    assert notes(given_up) == [{"lost": 2, "from": 2, "why": "asked for 3 times in vain"}]
    assert given_up[0].gap
    assert came(given_up) == [message(4)]


def test_what_is_answered_in_parts_is_asked_for_from_where_it_ended() -> None:
    """An answer holds what fits into a packet; the rest is asked for at once."""
    mold = session()
    list(mold.take(block(6), 0))
    assert HEADER.unpack(next(iter(mold.requests(0))))[1:] == (1, 5)
    assert came(list(mold.take(block(1, 3), 1))) == [message(1), message(2), message(3)]
    assert HEADER.unpack(next(iter(mold.requests(1))))[1:] == (4, 2)
    assert came(list(mold.take(block(4, 2), 2))) == [message(4), message(5), message(6)]


@pytest.mark.parametrize("last", [HEADER.pack(b"DAY".ljust(10), 4, 0), end(4)])
def test_a_heartbeat_and_the_end_tell_of_what_was_lost_last(last: bytes) -> None:
    """Nothing came after it, and yet it is asked for."""
    mold = session()
    list(mold.take(block(1), 0))
    assert list(mold.take(last, 1)) == []
    assert HEADER.unpack(next(iter(mold.requests(1))))[1:] == (2, 2)
    assert not mold.ended


def test_what_is_no_packet_or_of_another_session_is_noted_and_changes_nothing() -> None:
    """Too short, cut within a message, or foreign."""
    mold = session()
    list(mold.take(block(1), 0))
    for data in (b"short", block(2)[:-1], block(2, 2)[:25]):
        (note,) = mold.take(data, 1)
        assert note == Note(1, {"malformed": len(data)}, gap=True)
    assert notes(list(mold.take(packet(b"OTHER", 2, [b"x"]), 2))) == [{"foreign": "OTHER"}]
    assert came(list(mold.take(block(2), 3))) == [message(2)]


def test_no_more_is_held_than_allowed() -> None:
    """The gap is given up before its time."""
    mold = session(held_max=3)
    events = [event for first in (2, 3, 4, 5) for event in mold.take(block(first), first)]
    assert notes(events) == [{"lost": 1, "from": 1, "why": "too many wait behind it"}]
    assert came(events) == [message(number) for number in (2, 3, 4, 5)]


@given(st.data())
def test_drops_repeats_and_disorder_lose_nothing_that_can_be_asked_for(data: st.DataObject) -> None:
    """Against a sender that answers requests, also in vain at times: each message once, in order, to the end."""
    last = data.draw(st.integers(1, 30))
    packets = []
    at = 1
    while at <= last:
        count = min(data.draw(st.integers(1, 4)), last + 1 - at)
        packets.append(block(at, count))
        at += count
    on_the_way = [one for one in packets for _ in range(data.draw(st.integers(0, 2)))]
    on_the_way = data.draw(st.permutations(on_the_way))
    mold = session(tries=1000)
    events: list[Any] = []
    for ns, one in enumerate([*on_the_way, end(last + 1)]):
        events += mold.take(one, ns)
    chance, ns = Random(data.draw(st.integers(0, 1000))), 1000
    while not mold.ended:
        ns += WAIT_NS
        for asked in list(mold.requests(ns)):
            _, first, count = HEADER.unpack(asked)
            answered = chance.randint(0, min(count, 3))
            events += mold.take(block(first, answered), ns) if answered else []
    assert came(events) == [message(number) for number in range(1, last + 1)]
    assert mold.ended
    assert not any(event.gap for event in events if isinstance(event, Note))
