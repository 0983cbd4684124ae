"""Acceptance definitions as files: what is sent, what is expected, in order.

Source: the format note beside the published definitions. Promises: every line is a step, a comment, or makes the
definition one that cannot be played here (`foreign`), said with its line; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hedgerow.core.errors import problem

_SLEEP = re.compile(rb"sleep\(([\d.]+)\)")
_STEP = re.compile(rb"([iIeER])(?:(\d+),)?(.*)", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One step: `connect`, `disconnect`, `send`, `expect`, `expect-connect`, `expect-disconnect`, `sleep`."""

    line: int
    verb: str
    connection: int
    text: bytes = b""
    seconds: float = 0.0


@dataclass(frozen=True)
class Definition:
    """A scenario: its file, its steps, and the first line that we do not know how to play, if there is one."""

    path: Path
    steps: tuple[Step, ...]
    foreign: str | None

    @property
    def connects_to_us(self) -> bool:
        """Whether the engine under test is the one that connects."""
        return any(step.verb == "expect-connect" for step in self.steps)


def read_definitions(folder: Path) -> Iterator[Definition]:
    """Every `*.def` below a folder, by path; raises `WireError` where there is none."""
    paths = sorted(folder.rglob("*.def")) if folder.is_dir() else [folder] if folder.suffix == ".def" else []
    if not paths or not all(path.is_file() for path in paths):
        raise problem("WIRE_CONFORMANCE", f"no definitions (*.def) below {folder}")
    return (read_definition(path) for path in paths)


def read_definition(path: Path) -> Definition:
    """Read one definition."""
    steps, foreign = [], None
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        step = _step(number, line)
        if step is None:
            foreign = foreign or f"line {number}: {line[:60].decode('latin-1')}"
        else:
            steps.append(step)
    return Definition(path, tuple(steps), foreign)


def _step(number: int, line: bytes) -> Step | None:
    if found := _SLEEP.fullmatch(line.strip()):
        return Step(number, "sleep", 1, seconds=float(found[1]))
    if not (found := _STEP.fullmatch(line)):
        return None
    letter, connection, rest = found[1], int(found[2] or b"1"), found[3]
    if letter in (b"I", b"R"):
        return Step(number, "send", connection, rest)
    if letter == b"E":
        return Step(number, "expect", connection, rest)
    words = {
        (b"i", b"CONNECT"): "connect",
        (b"i", b"DISCONNECT"): "disconnect",
        (b"e", b"CONNECT"): "expect-connect",
        (b"e", b"DISCONNECT"): "expect-disconnect",
    }
    verb = words.get((letter, rest.strip()))
    return None if verb is None else Step(number, verb, connection)
