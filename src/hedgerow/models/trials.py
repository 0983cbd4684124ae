"""The trial ledger: every variant that was ever run on data is counted, because the best of many looks skilled.

A file of JSON lines, each naming the SHA-256 of the line before it, with a small `.head` file beside it that says how
far it reached. What was tried is written before the run, what came of it after: a run that was broken off counts too.

Promises: append-only, durable when a call returns, safe for several processes at once; an edited, removed, reordered or
cut line is found (MODEL_TRIALS names it); a line torn by a crash was never acknowledged and is taken away; a variant
counts once however often it runs, unless it gives other figures. Never forgets, never re-orders, never stamps a time (a
trial is what was tried, not when).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.files import write_whole

START = "0" * 64
"""What the first line names as the one before it."""

FILE_NAME = "trials.jsonl"
"""The ledger's name in a fund's folder."""

_HEAD_BYTES = 128


@dataclass(frozen=True)
class Variant:
    """What is tried: a strategy's name, and the hashes (64 hexadecimal digits) of its artifact, configuration and data.

    from_ns, to_ns: the period of the data, UTC nanoseconds.
    """

    family: str
    artifact: str
    config: str
    data: str
    from_ns: int
    to_ns: int

    @cached_property
    def id(self) -> str:
        """The variant's name: SHA-256 of its fields."""
        return hashlib.sha256(_spell(self._words())).hexdigest()

    def _words(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in _FIELDS}


_FIELDS = tuple(field.name for field in fields(Variant))


@dataclass(frozen=True)
class Trial:
    """A variant and what came of it: figures by name, or `None` while none are known."""

    variant: Variant
    outcome: Mapping[str, float] | None


@dataclass(frozen=True)
class Head:
    """How far a ledger reached: its lines, and the SHA-256 of the last one."""

    lines: int
    sha256: str


@dataclass(frozen=True)
class Family:
    """Every trial of one strategy, those of the same artifact under another name included."""

    name: str
    trials: tuple[Trial, ...]

    @property
    def count(self) -> int:
        """How many were tried: the N of the deflated Sharpe ratio."""
        return len(self.trials)

    @property
    def sharpes(self) -> tuple[float, ...]:
        """The yearly Sharpe ratios of the trials that have one."""
        told = (trial.outcome for trial in self.trials if trial.outcome is not None)
        return tuple(o["sharpe"] * math.sqrt(o["per_year"]) for o in told if "sharpe" in o)

    def variance(self, *, per_year: float, periods: int) -> float:
        """Variance of the trials' Sharpe ratios, per period: the V of the deflated Sharpe ratio.

        Never below 1 / (periods - 1), which the ratios of worthless strategies have by chance: many copies of one
        variant would make the best of all look like skill.

        >>> Family("none", ()).variance(per_year=252, periods=101)
        0.01
        """
        floor, seen = 1 / max(periods - 1, 1), self.sharpes
        if len(seen) < 2:
            return floor
        mean = math.fsum(seen) / len(seen)
        return max(floor, math.fsum((s - mean) ** 2 for s in seen) / (len(seen) - 1) / per_year)


class TrialLedger:
    """Counts trials in memory, or durably in a file when a path is given.

    Raises MODEL_TRIALS when the file was changed, cut back, or is not a ledger.

    >>> ledger = TrialLedger()
    >>> variant = Variant("momentum", "a" * 64, "c" * 64, "d" * 64, 0, 1)
    >>> for _ in range(3):
    ...     trial = ledger.record(variant, {"sharpe": 0.05, "per_year": 252})
    >>> ledger.count, ledger.family("momentum").count
    (1, 1)
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._tried: dict[str, list[Trial]] = {}
        self._read: dict[tuple[str, ...], Variant] = {}
        self._lines: list[bytes] = []
        self._hashes = [START]
        self._read_bytes = 0
        self.refresh()

    @property
    def path(self) -> Path | None:
        """The file, if there is one."""
        return self._path

    @property
    def head(self) -> Head:
        """How far the ledger reaches."""
        return Head(len(self._hashes) - 1, self._hashes[-1])

    @property
    def count(self) -> int:
        """How many trials there are, of all families."""
        return sum(map(len, self._tried.values()))

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial, by variant in the order it was first tried."""
        return tuple(self._trials())

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the strategies, in order of their first trial."""
        return tuple(dict.fromkeys(trials[0].variant.family for trials in self._tried.values()))

    def family(self, name: str) -> Family:
        """All trials of a strategy; MODEL_TRIALS with suggestions if nothing was tried under this name."""
        if name not in self.families:
            known = ", ".join(self.families) or "none"
            raise problem("MODEL_TRIALS", f"no trial of {name!r}; tried: {known}{did_you_mean(name, self.families)}")
        artifacts = {trial.variant.artifact for trial in self._trials() if trial.variant.family == name}
        return Family(name, tuple(trial for trial in self._trials() if trial.variant.artifact in artifacts))

    def begin(self, *variants: Variant) -> None:
        """Count variants before they run."""
        with self._writing() as file:
            new = {variant.id: variant for variant in variants if variant.id not in self._tried}
            self._append(file, [(variant, None) for variant in new.values()])

    def record(self, variant: Variant, outcome: Mapping[str, float]) -> Trial:
        """Count a variant with its figures, each finite; one that was counted with the same figures stands as it is."""
        return self.record_all([(variant, outcome)])[0]

    def record_all(self, told: Iterable[tuple[Variant, Mapping[str, float]]]) -> list[Trial]:
        """`record` for several at once: all of them, or none where one cannot be counted."""
        trials = [Trial(variant, _figures(variant, outcome)) for variant, outcome in told]
        with self._writing() as file:
            known = self._tried
            new = [t for t in trials if all(k.outcome != t.outcome for k in known.get(t.variant.id, ()))]
            self._append(file, list({(t.variant.id, repr(t.outcome)): (t.variant, t.outcome) for t in new}.values()))
        return trials

    def refuse_unless_reached(self, head: Head) -> None:
        """MODEL_TRIALS if the ledger never was at `head`, so that it was cut or made anew."""
        if not 0 <= head.lines < len(self._hashes) or self._hashes[head.lines] != head.sha256:
            seen = f"{self._name} has {self.head.lines} lines"
            raise problem("MODEL_TRIALS", f"{seen} and never reached line {head.lines} with hash {head.sha256[:12]}")

    def as_of(self, head: Head) -> TrialLedger:
        """The ledger as it was when it reached `head`; MODEL_TRIALS if it never did, so that it was cut or replaced."""
        self.refuse_unless_reached(head)
        earlier = TrialLedger()
        for line in self._lines[: head.lines]:
            earlier._take(line)
        return earlier

    def refresh(self) -> None:
        """Read what other processes have added since."""
        if self._path is None:
            return
        with _readable(self._path):
            if not self._path.exists():
                self._compare(_read_head(_head_file(self._path)))
                return
            with self._path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                self._read_on(file)

    @property
    def _name(self) -> str:
        return "the ledger" if self._path is None else self._path.name

    def _trials(self) -> Iterator[Trial]:
        return chain.from_iterable(self._tried.values())

    @contextmanager
    def _writing(self) -> Iterator[FileIO | None]:
        """The file, locked, read to its end, and without a torn last line."""
        if self._path is None:
            yield None
            return
        with _readable(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._read_on(file)
                if file.seek(0, os.SEEK_END) > self._read_bytes:
                    file.truncate(self._read_bytes)
                yield file

    def _read_on(self, file: BinaryIO | FileIO) -> None:
        """Take in the whole lines behind what was read, under a lock; a last line without its end is torn and waits."""
        size = file.seek(0, os.SEEK_END)
        if size < self._read_bytes:
            raise problem("MODEL_TRIALS", f"{self._name} shrank from {self._read_bytes} to {size} bytes")
        file.seek(self._read_bytes)
        text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.split(b"\n")[:-1]:
            self._take(line)
        self._read_bytes += len(whole)
        if self._path is not None:
            self._compare(_read_head(_head_file(self._path)))

    def _compare(self, marked: Head | None) -> None:
        """The head file never says more than the ledger holds, and is missing only beside a first line."""
        lines = len(self._hashes) - 1
        if marked is None:
            if lines > 1:
                raise problem("MODEL_TRIALS", f"{self._name} has {lines} lines and no {self._name}.head beside it")
        elif marked.lines > lines:
            raise problem("MODEL_TRIALS", f"{self._name} was cut: it reached line {marked.lines}, and has {lines}")
        elif self._hashes[marked.lines] != marked.sha256:
            raise problem("MODEL_TRIALS", f"{self._name} line {marked.lines}: not the line that was written")

    def _take(self, line: bytes) -> None:
        """Check a line against the one before it and take it in."""
        number = len(self._hashes)
        try:
            row = json.loads(line)
            told = row["variant"]
            outcome = None if row["outcome"] is None else {k: float(v) for k, v in row["outcome"].items()}
            seen = self._read.get(tuple(told.values()))
            variant = seen or Variant(**{**told, "from_ns": int(told["from_ns"]), "to_ns": int(told["to_ns"])})
            # What was written is what these words are written as; that says whether it follows, too.
            is_written = line == _line(number, self._hashes[-1], variant, outcome)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise problem("MODEL_TRIALS", f"{self._name} line {number}: {error}") from None
        if not is_written:
            raise problem("MODEL_TRIALS", f"{self._name} line {number}: changed, or does not follow the line before it")
        self._read[tuple(told.values())] = variant
        self._enter(line, hashlib.sha256(line).hexdigest(), variant, outcome)

    def _enter(self, line: bytes, sha256: str, variant: Variant, outcome: Mapping[str, float] | None) -> None:
        """Take in a line that follows the one before it."""
        self._lines.append(line)
        self._hashes.append(sha256)
        known = self._tried.setdefault(variant.id, [])
        if outcome is not None and known and known[0].outcome is None:
            known.clear()
        if outcome is not None or not known:
            known.append(Trial(variant, outcome))

    def _append(self, file: FileIO | None, told: Sequence[tuple[Variant, Mapping[str, float] | None]]) -> None:
        """Write lines that follow one another, durably and in one go, and take them in."""
        if not told:
            return
        lines: list[tuple[bytes, str]] = []
        number, before = len(self._hashes), self._hashes[-1]
        for variant, outcome in told:
            line = _line(number + len(lines), before, variant, outcome)
            before = hashlib.sha256(line).hexdigest()
            lines.append((line, before))
        if file is not None and self._path is not None:
            whole = b"".join(line + b"\n" for line, _ in lines)
            if file.write(whole) != len(whole):
                file.truncate(self._read_bytes)
                raise problem("MODEL_TRIALS", f"{self._name}: the disk is full; nothing was counted")
            os.fdatasync(file.fileno())
            self._read_bytes += len(whole)
        for (line, sha256), (variant, outcome) in zip(lines, told, strict=True):
            self._enter(line, sha256, variant, None if outcome is None else dict(sorted(outcome.items())))
        if self._path is not None:
            _write_head(_head_file(self._path), self.head)


def ledger_file(place: Path | str) -> Path:
    """The ledger of a fund's folder, or the file itself.

    >>> ledger_file("trials.jsonl").name
    'trials.jsonl'
    """
    path = Path(place)
    return path / FILE_NAME if path.is_dir() else path


def _figures(variant: Variant, outcome: Mapping[str, float]) -> dict[str, float]:
    figures = {name: float(value) for name, value in outcome.items()}
    for name, value in figures.items():
        if not math.isfinite(value):
            raise problem("MODEL_TRIALS", f"{variant.family}: {name} is {value}; leave out what is not a number")
    return figures


def _line(number: int, before: str, variant: Variant, outcome: Mapping[str, float] | None) -> bytes:
    figures = None if outcome is None else {name: repr(value) for name, value in outcome.items()}
    return _spell({"n": number, "before": before, "variant": variant._words(), "outcome": figures})


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def _spell(value: object) -> bytes:
    return _encode(value).encode("ascii")


def _head_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.head")


def _read_head(path: Path) -> Head | None:
    try:
        words = json.loads(path.read_bytes())
        return Head(int(words["lines"]), str(words["sha256"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise problem("MODEL_TRIALS", f"{path.name}: {error}") from None


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Name the file that the system would not let us use."""
    try:
        yield
    except OSError as error:
        raise problem("MODEL_TRIALS", f"{path}: {error.strerror}") from None


def _write_head(path: Path, head: Head) -> None:
    """Write the head file, always as long and within one sector, so that a crash leaves the old one or the new one.

    Only its first writing waits for the disk: the ledger's lines are durable before it, and an older head holds too.
    """
    text = _spell(asdict(head)).ljust(_HEAD_BYTES)
    if not path.exists():
        write_whole(path, text)
        return
    with path.open("r+b", buffering=0) as file:
        file.write(text)
