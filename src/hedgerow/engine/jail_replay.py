"""Replay of an opaque strategy: the artifact executed again on its taped questions gives the same answers and orders.

Promises: three things are compared, and the first difference is `JAIL_REPLAY`: the artifact with the hash on the
record, every answer byte for byte with the tape, and every order in the log with what the answers lead to in the same
state of the books. Whoever holds the log, its tape and the artifact (or the identity that opens it) can do this;
nobody else can.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.core.nouns import noun
from hedgerow.engine.jailed import JailedStrategy, tape_path
from hedgerow.governance.jail import JailedProcess
from hedgerow.governance.unsealing import identity_files, keyring


@dataclass(frozen=True)
class Replayed:
    """What was proved about a strategy: questions asked again, answers with intents, orders they led to."""

    strategy: int
    artifact: str
    questions: int
    answers: int
    orders: int
    isolation: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return dict(self.__dict__)


def replay_strategy(
    log: str | Path,
    artifact: str | Path,
    *,
    identity: str | Path | None = None,
    log_identity: str | Path | None = None,
    number: int = 0,
    isolation: str = "jail",
) -> Replayed:
    """Execute a strategy's artifact again over its tape, and compare answers and orders with the log.

    identity: file of the age identity that opens a sealed artifact. log_identity: the one that opens a sealed log and
    its tape; default: that beside the log, or else `identity`. number: of the strategy in the log.
    Raises JAIL_REPLAY for the first difference, LOG_NOT_A_LOG where there is none, LOG_SEAL_EPOCH for a log that stays
    shut.
    """
    log = Path(log)
    strategy = JailedStrategy(artifact, identity=identity, isolation=isolation)
    content = strategy.opened_for_audit()
    files = identity_files(log, log_identity) or identity_files(log, identity)
    keys = keyring(log, "journal", files)
    start = _start(log, keys, number)
    ran = bytes(start["artifact"]).hex()
    if not strategy.is_named(ran) or bytes(start["plaintext"]) != strategy.plaintext_hash(content):
        raise problem("JAIL_REPLAY", f"the log's artifact is {ran[:16]}, the given one {strategy.digest[:16]}")
    tape = _tape(tape_path(log, number), keys)
    process = JailedProcess(content.form.title, content.plaintext, strategy.limits, strategy.least_isolation)
    try:
        questions = _again(process, tape, strategy.limits.start_ms / 1000)
    finally:
        process.close()
    with named_errors():
        answers, orders = _core.check_answers(log, tape, number, keys)
    return Replayed(number, ran, questions, answers, orders, process.isolation.name.lower())


def _tape(path: Path, keys: _core.Keyring) -> bytes:
    try:
        taped = path.read_bytes()
    except OSError as error:
        raise problem("JAIL_REPLAY", f"{path}: {error.strerror}") from None
    with named_errors():
        return bytes(_core.open_tape(taped, keys))


def _start(log: Path, keys: _core.Keyring, number: int) -> Any:
    with named_errors():
        reader = _core.LogReader(str(log), keys=keys)
        rows = np.frombuffer(reader.records(noun("JailStart").kind), dtype=noun("JailStart").dtype)
    rows = rows[rows["strategy"] == number]
    if not len(rows):
        raise problem("JAIL_REPLAY", f"strategy {number} of this log is not an opaque one")
    return rows[-1]


def _frames(tape: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Questions and answers; an empty answer stands for none."""
    at = 0
    while at < len(tape):
        pair = []
        for _ in range(2):
            size = int.from_bytes(tape[at : at + 4], "little") + 4
            if len(tape) < at + max(size, 4):
                raise problem("JAIL_REPLAY", f"the tape is cut at byte {at:,}")
            pair.append(tape[at : at + size])
            at += size
        yield pair[0], pair[1] if len(pair[1]) > 4 else b""


def _again(process: JailedProcess, tape: bytes, seconds: float) -> int:
    """Ask every question that was answered; the answers must be the same bytes."""
    into, out = process.pipes()
    asked = 0
    try:
        for question, answer in _frames(tape):
            if not answer:
                # What had no answer then says nothing about the artifact; what follows may differ, and is compared.
                continue
            told = _ask(into, out, question, len(answer), seconds)
            if told != answer:
                number = int.from_bytes(question[4:8], "little")
                raise problem("JAIL_REPLAY", f"question {number} is answered otherwise than on the tape")
            asked += 1
    finally:
        os.close(into)
        os.close(out)
    return asked


def _ask(into: int, out: int, question: bytes, size: int, seconds: float) -> bytes:
    told, until = b"", time.monotonic() + seconds
    try:
        rest = memoryview(question)
        while rest:
            rest = rest[os.write(into, rest) :]
        while len(told) < size:
            ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
            part = os.read(out, size - len(told)) if ready else b""
            if not part:
                break
            told += part
    except BrokenPipeError:
        return told
    return told
