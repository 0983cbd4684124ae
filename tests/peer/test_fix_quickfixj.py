"""QuickFIX/J trades with our sessions over loopback, in both roles: orders, executions, cancels, cuts, gaps, resets."""

from __future__ import annotations

import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hedgerow.execution.fix import Acceptor, Dictionaries, FixSession, Initiator

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / ".venv" / "quickfixj"
PROGRAM = Path(__file__).parent / "quickfixj" / "Peer.java"
WAIT_S = 60

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (JARS / ".whole").exists(), reason="QuickFIX/J is not here: run tools/prepare_tests.sh"),
    pytest.mark.skipif(shutil.which("javac") is None, reason="no Java compiler"),
]


class QuickFixJ:
    """The Java program: commands in, what happened out."""

    def __init__(self, role: str, port: int, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        command = ["java", "-cp", f"{JARS}/*", str(PROGRAM), role, str(port), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._told: queue.Queue[str] = queue.Queue()
        self.told: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()
        self.until("ready")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(line.strip())

    def say(self, command: str) -> None:
        """Give a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")

    def until(self, line: str) -> None:
        """Wait until it tells this."""
        end = time.monotonic() + WAIT_S
        while line not in self.told:
            try:
                self.told.append(self._told.get(timeout=max(0.01, end - time.monotonic())))
            except queue.Empty:
                pytest.fail(f"waited for '{line}'; it told {self.told}")

    def close(self) -> None:
        """End the program."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Book:
    """Our application: remembers executions; fills orders and cancels where it is the venue."""

    def __init__(self, venue: bool) -> None:
        self.told: list[str] = []
        self._venue, self._executions = venue, 0

    def on_logon(self, session: FixSession) -> None:
        """Remember it."""
        self.told.append("logon")

    def on_logout(self, session: FixSession, why: str) -> None:
        """Remember it."""
        self.told.append("logout")

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Answer an order or a cancel, remember an execution."""
        fields = {tag: value for tag, value, _ in session.fields()}
        order = fields[11].decode()
        if session.msg_type == "8":
            self.told.append(f"execution {order} {fields[150].decode()}")
        elif self._venue and session.msg_type in ("D", "F"):
            self.told.append(f"{'order' if session.msg_type == 'D' else 'cancel'} {order}")
            states = ((b"0", b"0"), (b"F", b"2")) if session.msg_type == "D" else ((b"4", b"4"),)
            for kind, status in states:
                self._executions += 1
                report = [(37, b"V" + fields[11]), (17, b"X%d" % self._executions), (150, kind), (39, status)]
                report += [(11, fields[11]), (55, fields[55]), (54, fields[54]), (151, b"0"), (14, b"0"), (6, b"0")]
                session.send("8", report, now_ns)
        else:
            session.business_reject(3, now_ns)

    def until(self, line: str, times: int = 1) -> None:
        """Wait until this was told so often."""
        end = time.monotonic() + WAIT_S
        while self.told.count(line) < times and time.monotonic() < end:
            time.sleep(0.02)
        assert self.told.count(line) >= times, f"waited for {times} times '{line}'; told {self.told}"


@contextmanager
def running(run: Callable[[Callable[[], bool]], None]) -> Iterator[None]:
    """A loop in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop.is_set,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def ours(shared, store: Path, **settings: object) -> FixSession:
    """Our side of the session."""
    book = Dictionaries(shared("data/fix/dictionaries")).of("FIX.4.4")
    chosen: dict[str, object] = {"store": store, "heartbeat_s": 5, **settings}
    return FixSession("FIX.4.4", "HEDGEROW", "QFJ", book, now_ns=time.time_ns(), **chosen)  # type: ignore[arg-type]


def order(number: str, now_ns: int) -> list[tuple[int, bytes]]:
    """An order's fields."""
    stamp = time.strftime("%Y%m%d-%H:%M:%S", time.gmtime(now_ns / 1e9)).encode()
    return [(11, number.encode()), (55, b"ABC"), (54, b"1"), (60, stamp), (38, b"100"), (40, b"2"), (44, b"10.5")]


def test_we_trade_at_quickfixj(shared, tmp_path):
    """We are the initiator: orders, a cancel, a restart with its store, executions lost on the way, a reset."""
    port, store = free_port(), tmp_path / "ours.fix"
    peer = QuickFixJ("acceptor", port, tmp_path / "theirs")
    work: queue.Queue[Callable[[FixSession, int], object]] = queue.Queue()

    def send(session: FixSession, now_ns: int) -> None:
        if not work.empty():
            work.get()(session, now_ns)

    def start(session: FixSession, book: Book) -> Callable[[Callable[[], bool]], None]:
        initiator = Initiator("127.0.0.1", port, session, book, time.time_ns, pause_s=0.2)
        return lambda stop: initiator.run(stop, send)

    try:
        book = Book(venue=False)
        with running(start(ours(shared, store, initiator=True), book)):
            peer.until("logon")
            for number in ("a1", "a2", "a3"):
                work.put(lambda session, now_ns, number=number: session.send("D", order(number, now_ns), now_ns))
            book.until("execution a3 F")
            cancel = [(41, b"a3"), (11, b"c1"), (55, b"ABC"), (54, b"1"), (60, b"20261120-14:30:00")]
            work.put(lambda session, now_ns: session.send("F", cancel, now_ns))
            book.until("execution c1 4")
            expected = [f"execution a{n} {kind}" for n in (1, 2, 3) for kind in ("0", "F")] + ["execution c1 4"]
            assert [line for line in book.told if line.startswith("execution")] == expected
        peer.until("logout")

        # A second process with the store of the first goes on with its numbers; theirs is ahead, as if some were lost.
        peer.told.clear()
        peer.say("gap 40")
        book, again = Book(venue=False), ours(shared, store, initiator=True)
        before = again.numbers[:2]
        assert min(before) > 5
        with running(start(again, book)):
            peer.until("admin 2")
            work.put(lambda session, now_ns: session.send("D", order("b1", now_ns), now_ns))
            book.until("execution b1 F")
            assert again.numbers[1] > 40

        # A store that was lost: agreed beforehand, our Logon begins both counts at 1.
        peer.told.clear()
        book = Book(venue=False)
        fresh = ours(shared, tmp_path / "new.fix", initiator=True, reset_on_logon=True)
        with running(start(fresh, book)):
            work.put(lambda session, now_ns: session.send("D", order("r1", now_ns), now_ns))
            book.until("execution r1 F")
            assert (fresh.numbers[0], fresh.numbers[1]) == (3, 4)
    finally:
        peer.close()


def test_quickfixj_trades_with_us(shared, tmp_path):
    """We are the acceptor: orders, a cancel, an acceptor that goes down and comes back, a gap of theirs."""
    store = tmp_path / "ours.fix"
    port = free_port()
    names = ("FIX.4.4", "HEDGEROW", "QFJ")

    def venue(session: FixSession, book: Book) -> Callable[[Callable[[], bool]], None]:
        return Acceptor("127.0.0.1", port, {names: session}, lambda names: book, time.time_ns).serve

    book = Book(venue=True)
    with running(venue(ours(shared, store), book)):
        peer = QuickFixJ("initiator", port, tmp_path / "theirs")
        peer.until("logon")
        peer.say("order a1")
        peer.say("cancel c1 a1")
        for line in ("execution a1 0", "execution a1 F", "execution c1 4"):
            peer.until(line)
    try:
        # Gone without a Logout; what they send meanwhile is kept by them, and asked for by us.
        peer.until("logout")
        peer.told.clear()
        for number in ("b1", "b2", "b3"):
            peer.say(f"order {number}")
        book, session = Book(venue=True), ours(shared, store)
        with running(venue(session, book)):
            peer.until("execution b3 F")
            assert [line for line in book.told if line.startswith("order")] == ["order b1", "order b2", "order b3"]
            peer.say("gap 60")
            peer.say("order d1")
            peer.until("execution d1 F")
            assert session.numbers[1] == 61
            peer.say("logout")
            book.until("logout")
    finally:
        peer.close()
