"""What tests of the exchange share: its settings, its process, and a trader with the initiator of the house."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hedgerow.core.errors import WireError
from hedgerow.execution.fix import Dictionaries, FixSession, Initiator
from hedgerow.execution.venues import Server, read_log, read_settings

WAIT_S = 30
Message = dict[int, str]

VENUE = """[venue]
name = "VENUE"
folder = "venue"
dictionaries = "{dictionaries}"
"""
ABC = '[[instrument]]\nsymbol = "ABC"\nreference = "10.00"\n'
PARTICIPANT = '[[participant]]\nname = "{name}"\nprotocol = "{protocol}"\n'


def settings_file(folder: Path, dictionaries: Path, participants: dict[str, str], *, more: str = "") -> Path:
    """A settings file: participants by name, each with its protocol; `more` belongs to [venue]."""
    text = VENUE.format(dictionaries=dictionaries) + more + ABC
    text += "".join(PARTICIPANT.format(name=name, protocol=protocol) for name, protocol in participants.items())
    path = folder / "venue.toml"
    path.write_text(text)
    return path


def events(folder: Path) -> list[dict[str, Any]]:
    """What the exchange in a folder noted that happened to orders."""
    lines = read_log(folder / "venue" / "venue.jsonl")
    return [line["event"] for line in lines if line.get("event", {}).get("event") == "order"]


class VenueThread:
    """The exchange in a thread, whose clock can be put forward."""

    def __init__(self, folder: Path, settings: str, protocol: str) -> None:
        self.folder, self.ahead_ns, self._stop = folder, 0, threading.Event()
        (folder / "venue.toml").write_text(settings)
        self.server = Server(read_settings(folder / "venue.toml"), lambda: time.time_ns() + self.ahead_ns)
        self.port = self.server.ports[protocol]
        self._thread = threading.Thread(target=self.server.serve, args=(self._stop.is_set,))
        self._thread.start()

    def wait(self, what: str, count: int = 1) -> None:
        """Until something has happened to orders so many times."""
        end = time.monotonic() + 60
        while sum(event["what"] == what for event in events(self.folder)) < count:
            assert time.monotonic() < end, what
            time.sleep(0.02)

    def end(self) -> None:
        """In order."""
        self._stop.set()
        self._thread.join()


class ServedVenue:
    """`hedgerow venue serve` in a process of its own."""

    def __init__(self, settings: Path) -> None:
        words = [
            sys.executable,
            "-c",
            "from hedgerow.cli.main import main; raise SystemExit(main())",
            "venue",
            "serve",
            str(settings),
            "--json",
        ]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._process.communicate()[1]
        self.ports: dict[str, int] = json.loads(line)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def stop(self) -> int:
        """End it in order; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        told = self._process.communicate(timeout=WAIT_S)[1]
        assert not told, told
        return self._process.returncode


class Trader:
    """A participant: a thread that keeps the session; what came stands in `heard`."""

    def __init__(self, port: int, name: str, protocol: str, books: Dictionaries, *, store: Path | None = None) -> None:
        self.heard: list[Message] = []
        self.numbers = 0
        self._new: queue.Queue[Message] = queue.Queue()
        self._out: queue.Queue[tuple[str, list[tuple[int, bytes]]]] = queue.Queue()
        begin = "FIXT.1.1" if protocol.startswith("FIX.5") else protocol
        now_ns = time.time_ns()
        self.session = FixSession(
            begin,
            name,
            "VENUE",
            books.of(begin),
            application=books.of(protocol),
            now_ns=now_ns,
            initiator=True,
            store=store,
        )
        self._stop = threading.Event()
        self.failures: list[str] = []
        self.ends: list[str] = []
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True)
        self._thread.start()

    def _run(self, port: int) -> None:
        initiator = Initiator("127.0.0.1", port, self.session, self, time.time_ns, pause_s=0.1, pause_max_s=0.2)
        try:
            initiator.run(self._stop.is_set, self._work)
        except WireError as error:
            self.failures.append(str(error))

    def _work(self, session: FixSession, now_ns: int) -> None:
        while not self._out.empty():
            kind, fields = self._out.get()
            session.send(kind, fields, now_ns)

    def on_logon(self, session: FixSession) -> None:
        """Nothing to do."""

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Remember it."""
        message: Message = {}
        for tag, value, _ in session.fields():
            message.setdefault(tag, value.decode("latin-1"))
        self.heard.append(message)
        self._new.put(message)

    def on_logout(self, session: FixSession, why: str) -> None:
        """Remember why."""
        self.ends.append(why)

    def send(self, kind: str, *fields: tuple[int, Any]) -> None:
        """Send a message, in the next twentieth of a second."""
        stamp = time.strftime("%Y%m%d-%H:%M:%S", time.gmtime()).encode()
        raw = [(tag, str(value).encode()) for tag, value in fields]
        self._out.put((kind, [*raw, (60, stamp)] if kind in ("D", "F", "G", "q") else raw))

    def order(self, name: str, side: int, quantity: Any, price: Any = None, *more: tuple[int, Any]) -> None:
        """Send a new order of ABC: a limit order with a price, a market order without."""
        kind = [(40, 1)] if price is None else [(40, 2), (44, price)]
        if self.session_is_old:
            kind.append((21, 1))
        given = {tag for tag, _ in more}
        fields = [(11, name), (55, "ABC"), (54, side), (38, quantity), *kind]
        self.send("D", *[pair for pair in fields if pair[0] not in given], *more)

    session_is_old = False

    def until(self, **wanted: str) -> Message:
        """The next message that says this, such as `t150="F"`; those before it are passed over."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                message = self._new.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited for {wanted}; heard {self.heard}; {self.failures} {self.ends}") from None
            if all(message.get(int(tag[1:])) == value for tag, value in wanted.items()):
                return message

    def hears(self, tags: tuple[int, ...], **wanted: str) -> list[str]:
        """What the next message that says this has in these fields."""
        message = self.until(**wanted)
        return [message[tag] for tag in tags]

    def close(self) -> None:
        """Log out."""
        self._stop.set()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()


@contextmanager
def trading(
    folder: Path, dictionaries: Path, members: dict[str, str]
) -> Iterator[tuple[ServedVenue, dict[str, Trader]]]:
    """An exchange with participants by name and protocol, each logged on; at the end none has failed."""
    venue, books = ServedVenue(settings_file(folder, dictionaries, members)), Dictionaries(dictionaries)
    traders = {name: Trader(venue.ports["fix"], name, protocol, books) for name, protocol in members.items()}
    for name, protocol in members.items():
        traders[name].session_is_old = protocol == "FIX.4.2"
    yield venue, traders
    for trader in traders.values():
        trader.close()
        assert not trader.failures
    assert venue.stop() == 0
