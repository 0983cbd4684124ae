"""Plays acceptance definitions against our engine, each against one of its own, over TCP on loopback.

Promises: definitions do not see one another; their verdicts come in the order of the files, however many are played at
once. Never: a definition is left out without being counted.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hedgerow import _core
from hedgerow.execution.fix.acceptance.definitions import Definition, read_definitions
from hedgerow.execution.fix.acceptance.driving import Counterparty
from hedgerow.execution.fix.acceptance.engine import Echo, echo_acceptor
from hedgerow.execution.fix.connections import Clock, Connection
from hedgerow.execution.fix.dictionaries import Dictionaries

LOOPBACK = "127.0.0.1"
_TURN_S = 0.02


@dataclass(frozen=True)
class Verdict:
    """What became of a definition: `passed`, `failed` or `foreign` (it has lines that we do not know), and why."""

    path: Path
    outcome: str
    why: str | None


def run_definitions(
    folder: Path, dictionaries: Dictionaries, clock: Clock, *, at_once: int = 16, wait_s: float = 30.0
) -> Iterator[Verdict]:
    """Play every definition below a folder; a step waits `wait_s` seconds at most."""
    definitions = list(read_definitions(folder))
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        yield from pool.map(partial(_run, dictionaries=dictionaries, clock=clock, wait_s=wait_s), definitions)


def _run(definition: Definition, dictionaries: Dictionaries, clock: Clock, wait_s: float) -> Verdict:
    if definition.foreign is not None:
        return Verdict(definition.path, "foreign", definition.foreign)
    play = _as_acceptor if not definition.connects_to_us else _as_initiator
    why = play(definition, dictionaries, clock, wait_s)
    return Verdict(definition.path, "failed" if why else "passed", why)


def _as_acceptor(definition: Definition, dictionaries: Dictionaries, clock: Clock, wait_s: float) -> str | None:
    engine, stop = echo_acceptor(LOOPBACK, 0, dictionaries, clock), threading.Event()
    thread = threading.Thread(target=engine.serve, args=(stop.is_set,), daemon=True)
    port = engine.port
    thread.start()
    try:
        connect = partial(socket.create_connection, (LOOPBACK, port), wait_s)
        return Counterparty(connect, connect, wait_s).play(definition)
    finally:
        stop.set()
        thread.join()


def _as_initiator(definition: Definition, dictionaries: Dictionaries, clock: Clock, wait_s: float) -> str | None:
    first = next(step.text for step in definition.steps if step.verb == "expect")
    identity = _core.fix_identity(first)
    if identity is None:
        return "the first message expected has no CompIDs"
    begin, us, them, _ = identity
    session = _core.FixSession(begin, us, them, dictionaries.of(begin), now_ns=clock(), initiator=True)
    stop = threading.Event()
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(wait_s)
        port = int(listener.getsockname()[1])
        thread = threading.Thread(target=_initiate, args=(port, session, clock, stop), daemon=True)
        thread.start()
        try:
            return Counterparty(lambda: listener.accept()[0], lambda: listener.accept()[0], wait_s).play(definition)
        finally:
            stop.set()
            thread.join()


def _initiate(port: int, session: _core.FixSession, clock: Clock, stop: threading.Event) -> None:
    connection = Connection(socket.create_connection((LOOPBACK, port)), session, Echo(), clock())
    while not (connection.ended or stop.wait(_TURN_S)):
        connection.read(clock())
        connection.tick(clock())
    connection.close()
