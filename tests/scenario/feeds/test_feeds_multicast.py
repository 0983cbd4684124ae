"""MoldUDP64 over real multicast on loopback: drops, repeats, disorder, a request server, and what nobody can give."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hedgerow.market.feeds.mold import END, HEADER, packet

Make = Callable[..., Any]
GROUP = "239.77.1.9"


class Sender:
    """Sends a session's packets to a group, and answers requests for what is missing."""

    def __init__(self, messages: list[bytes], *, answers: bool = True) -> None:
        self.messages, self.answers, self.asked = messages, answers, list[tuple[int, int]]()
        self._out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        self._in = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._in.bind(("127.0.0.1", 0))
        self._in.settimeout(0.02)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.request = f"127.0.0.1:{self._in.getsockname()[1]}"
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def packet(self, first: int, count: int) -> bytes:
        """Messages from a number on."""
        return packet(b"SESSION1", first, self.messages[first - 1 : first - 1 + count])

    def send(self, data: bytes) -> None:
        """Send to the group."""
        self._out.sendto(data, (GROUP, self.port))

    def end(self) -> None:
        """Say that the session is over."""
        self.send(HEADER.pack(b"SESSION1".ljust(10), len(self.messages) + 1, END))

    def _serve(self) -> None:
        while not self._ends.is_set():
            try:
                data, who = self._in.recvfrom(100)
            except TimeoutError:
                continue
            _, first, count = HEADER.unpack(data)
            self.asked.append((first, count))
            if self.answers:
                self._in.sendto(self.packet(first, min(count, 20)), who)

    def stop(self) -> None:
        """Close."""
        self._ends.set()
        self._thread.join()
        self._out.close()
        self._in.close()


@pytest.fixture
def sending() -> Iterator[Callable[..., Sender]]:
    """Make senders that are stopped at the end."""
    made: list[Sender] = []

    def make(messages: list[bytes], **how: bool) -> Sender:
        made.append(Sender(messages, **how))
        return made[-1]

    yield make
    for sender in made:
        sender.stop()


def recorded(feed: Make, sender: Sender, say: Callable[[], None], more: str = "", seconds: float = 8.0) -> Any:
    """A recording of what is said once the group is joined; it ends with the session."""
    here = feed(
        f'kind = "moldudp64"\ngroup = "{GROUP}"\nport = {sender.port}\ninterface = "127.0.0.1"\nfirst = 1\n'
        f'request = "{sender.request}"\nwait = "30ms"\n{more}'
    )

    def later() -> None:
        time.sleep(0.3)
        say()

    talking = threading.Thread(target=later)
    talking.start()
    here.record(seconds)
    talking.join()
    return here


def frames(data: bytes) -> list[bytes]:
    """The messages of a file of frames."""
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def files(here: Any) -> tuple[list[bytes], str]:
    """The recorded messages, and what stands beside them."""
    data, times = (next(data for name, data in here.files().items() if name.endswith(end)) for end in (".bin", ".txt"))
    return frames(data), times.decode()


def test_what_is_dropped_repeated_and_disordered_is_recorded_once_and_in_order(
    feed: Make, sending: Callable[..., Sender]
) -> None:
    """A fifth of the packets is lost and asked for again; the session's end ends the run."""
    chance = random.Random(5)
    messages = [b"%d %d" % (number, chance.getrandbits(64)) for number in range(400)]
    sender = sending(messages)

    def say() -> None:
        packets = [sender.packet(first, 4) for first in range(1, 400, 4)]
        for at in range(0, len(packets), 5):
            five = [one for one in packets[at : at + 5] for _ in range(chance.choice([0, 1, 1, 1, 2]))]
            chance.shuffle(five)
            for one in five:
                sender.send(one)
        sender.end()

    here = recorded(feed, sender, say)
    found, times = files(here)
    assert found == [*messages, b""]
    assert sender.asked
    assert sum(int(line.split()[2]) for line in times.splitlines() if "#" not in line) == 400
    assert '"ended": "SESSION1"' in times
    assert [line["gaps"] for line in here.lines()] == [0, 0]
    assert here.amiss() == []


def test_what_nobody_can_give_is_a_gap_that_status_tells(feed: Make, sending: Callable[..., Sender]) -> None:
    """The request server is silent: after its tries the gap is noted, and what came after it is kept."""
    messages = [b"message %d" % number for number in range(1, 11)]
    sender = sending(messages, answers=False)

    def say() -> None:
        sender.send(sender.packet(1, 3))
        sender.send(sender.packet(6, 5))
        sender.end()

    here = recorded(feed, sender, say, "tries = 3")
    found, times = files(here)
    assert found == [*messages[:3], *messages[5:], b""]
    assert '#note {"lost": 2, "from": 4, "why": "asked for 3 times in vain"}' in times
    assert sender.asked == [(4, 2)] * 3
    assert [what for what, _ in here.amiss()] == ["gaps"]


def test_a_group_that_falls_silent_is_joined_again(feed: Make, sending: Callable[..., Sender]) -> None:
    """The silence is a gap in the recording; what comes then is recorded."""
    messages = [b"a", b"b"]
    sender = sending(messages)

    def say() -> None:
        sender.send(sender.packet(1, 2))
        time.sleep(0.6)
        sender.send(sender.packet(1, 2))
        sender.end()

    here = recorded(feed, sender, say, 'silence_max = "400ms"', seconds=4)
    found, times = files(here)
    assert found[:2] == messages
    assert "is silent, limit silence_max 0.4 s" in times
    assert times.count("joined") >= 2
