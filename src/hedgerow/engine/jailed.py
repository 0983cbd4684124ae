"""An opaque strategy as a strategy of the engine: its process, its questions, its answers, and what is found about it.

Promises: what it wants passes the gate like any order; a fault of its is no order and a Finding, and the run goes on;
the level of isolation is on the record before it is asked anything; what is refused leaves a Finding and a named
error. Never: reads the artifact twice, or writes its plaintext.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from hedgerow import _core
from hedgerow.core.errors import CodeRow, HedgerowError, did_you_mean, error_table, named_errors, problem
from hedgerow.engine.isolation import Demand
from hedgerow.engine.opening import RunStanding
from hedgerow.engine.strategy import Strategy, changed
from hedgerow.governance.artifact import manifest_hash, with_config
from hedgerow.governance.artifacts.check import refuse
from hedgerow.governance.artifacts.forms import Artifact, is_sealed, read_artifact
from hedgerow.governance.artifacts.sealing import Sealed, open_sealed, read_sealed
from hedgerow.governance.identity import Identity
from hedgerow.governance.jail import Isolation, JailedProcess, JailLimits

BATCH_MAX = 1_000
"""Most times of bars in one question."""

TAPES = "tapes"
"""Folder of a log in which every question and every answer of its opaque strategies lies, sealed as its journal is."""


def tape_path(log: Path, number: int) -> Path:
    """Where the questions and answers of a strategy lie, beside the journal that holds their hashes."""
    return log / TAPES / f"{number}.frames"


@dataclasses.dataclass(frozen=True)
class JailConfig:
    """How an opaque strategy is run.

    batch: times of bars that one question holds; intents act after the last. isolation: the weakest level allowed;
    the tier of a mandate may demand a stronger one. A setting that is not as by default is part of the artifact's
    hash, so that people sign it: it is proposed as `manifest(path, {"batch": 5, "isolation": "filtered"})`.
    """

    batch: int = 1
    isolation: str = "jail"

    def __post_init__(self) -> None:
        given: Any = self.batch
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= self.batch <= BATCH_MAX:
            raise problem("RUN_CONFIG", f"batch={self.batch!r}; use a whole number from 1 to {BATCH_MAX}")
        Isolation.of(self.isolation)


def read_jail_config(config: JailConfig | None, settings: dict[str, Any]) -> JailConfig:
    """The settings of an opaque strategy; a parameter that it has not is named."""
    known = [field.name for field in dataclasses.fields(JailConfig)]
    for name in settings:
        if name not in known:
            hint = did_you_mean(name, known)
            raise problem("RUN_CONFIG", f"{name!r}: an opaque strategy has its parameters within{hint}")
    if config is not None and settings:
        raise problem("RUN_CONFIG", "an opaque strategy takes one JailConfig or settings")
    return JailConfig(**settings) if config is None else config


class JailedStrategy(Strategy):
    """A strategy that nobody here can read: a module of WebAssembly, a native program, a package, or one of them
    sealed.

    `JailedStrategy(path, batch=1, isolation="jail")`; a sealed one takes the file of the `identity` that opens it, and
    is opened only once the run's authority is known. `faults` lists what was found about it, in words.
    """

    Config: ClassVar[type[Any]] = JailConfig

    def __init__(
        self,
        path: str | Path,
        *,
        identity: str | Path | None = None,
        limits: JailLimits | None = None,
        config: JailConfig | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(read_jail_config(config, settings))
        self.path = Path(path)
        self._content: Artifact | Sealed
        if is_sealed(self.path):
            self._content = read_sealed(self.path)
            if limits is not None:
                raise problem("RUN_CONFIG", "a sealed artifact brings its limits; they are part of what was approved")
            if identity is None:
                raise problem("JAIL_SEALED", f"{self.path} is sealed; give the identity that opens it")
            self._identity = Identity.load(identity)
            self.limits = self._content.limits
        else:
            self._content = read_artifact(self.path)
            self.limits = JailLimits() if limits is None else limits
        self.manifest = with_config(self._content.manifest, changed(self.config))
        self._digest = manifest_hash(self.manifest)
        self.tape: Path | None = None
        self._approved = bytes(32)
        self._demand = Demand()
        self.faults: list[str] = []
        self.isolation: Isolation | None = None
        self._process: JailedProcess | None = None
        self._link: Any = None

    @property
    def digest(self) -> str:
        """The hash that is proposed and approved."""
        return self._digest

    def is_named(self, digest: str) -> bool:
        """Whether a hash on the record is of this artifact, under whatever settings it ran."""
        levels = [level.name.lower() for level in Isolation]
        settings = (JailConfig(batch, level) for batch in range(1, BATCH_MAX + 1) for level in levels)
        content = self._content.manifest
        return any(manifest_hash(with_config(content, changed(config))) == digest for config in settings)

    @property
    def title(self) -> str:
        """The file's name without its endings."""
        return self.path.name.removesuffix(".age").partition(".")[0]

    def on_start(self) -> None:
        """Open, check, start behind walls, record, and tell the instruments."""
        self._bars: list[Any] = []
        self._steps: list[int] = []
        self._fills: list[Any] = []
        self._times, self._step_ts = 0, -1
        self.faults = []
        least, by = self._demand.with_settings(self.least_isolation)
        try:
            artifact = self._opened()
            refuse(artifact, self.limits)
            self._process = JailedProcess(artifact.form.title, artifact.plaintext, self.limits, least, by)
        except HedgerowError as error:
            self._leave(error)
            raise
        self.isolation = self._process.isolation
        with named_errors():
            self._link = self._join(*self._process.pipes())
            self._link.started(
                artifact=bytes.fromhex(self.digest),
                plaintext=self.plaintext_hash(artifact),
                form=int(artifact.form),
                isolation=int(self._process.isolation),
                layers=int(self._process.layers),
                memory_bytes=(self.limits.module_mib if artifact.form == 1 else self.limits.memory_mib) << 20,
                cpu_seconds=self.limits.cpu_seconds,
                fuel=self.limits.fuel if artifact.form == 1 else 0,
            )
            self._heard(self._link.start(self.limits.start_ms * 1_000_000))
        # After the bars of each time, whatever the bars' span.
        self.set_timer(1)

    def on_bar(self, bar: Any) -> None:
        """Keep a bar for the next question."""
        if bar.ts != self._step_ts:
            self._step_ts, self._times = bar.ts, self._times + 1
        self._bars.append(bar)
        self._steps.append(self._times - 1)

    def on_fill(self, fill: Any) -> None:
        """Keep a fill for the next question."""
        self._fills.append(fill)

    def on_timer(self, now: int) -> None:
        """All bars of a time are known: ask, if the batch is full."""
        if self._times >= self.config.batch:
            self._ask()

    def on_stop(self) -> None:
        """Ask for the last time, seal the tape, end the process."""
        try:
            self._ask()
            with named_errors():
                self._heard(self._link.stop())
        finally:
            self._end()

    @contextmanager
    def running(self, log: Path | None, standing: RunStanding, demand: Demand) -> Iterator[None]:
        """Tape the run beside its journal, and leave no process behind, however it ends."""
        self.tape = None if log is None else tape_path(log, standing.number)
        content = bytes.fromhex(self.digest)
        self._approved, self._demand = standing.artifacts.get(content, content), demand
        try:
            yield
        finally:
            self._end()

    def _end(self) -> None:
        self._link = None
        if self._process is not None:
            self._process.close()
            self._process = None

    def _opened(self) -> Artifact:
        # Nothing is decrypted before the kernel has seen the signatures for this very artifact.
        if isinstance(self._content, Sealed) and not _core.has_mandate(self, self._approved):
            raise problem("GOV_ARTIFACT", f"no mandate in force names the manifest {self.digest[:16]} of {self.path}")
        return self.opened_for_audit()

    def opened_for_audit(self) -> Artifact:
        """The artifact, opened without a run: whoever holds its identity may execute it again."""
        if isinstance(self._content, Artifact):
            return self._content
        return open_sealed(self._content, self._identity)

    @property
    def least_isolation(self) -> Isolation:
        """The weakest level that its settings allow."""
        return Isolation.of(self.config.isolation)

    def plaintext_hash(self, artifact: Artifact) -> bytes:
        """What the record calls the hash of the bytes that run."""
        if isinstance(self._content, Sealed):
            return bytes.fromhex(self._content.manifest["plaintext"])
        return hashlib.sha256(artifact.plaintext).digest()

    def _join(self, questions: int, answers: int) -> Any:
        if self.tape is not None:
            self.tape.parent.mkdir(parents=True, exist_ok=True)
        return _core.JailLink(
            self,
            questions,
            answers,
            deadline_ns=self.limits.deadline_ms * 1_000_000,
            answer_bytes=self.limits.answer_bytes,
            late_max=self.limits.late_max,
            tape=None if self.tape is None else str(self.tape),
        )

    def _ask(self) -> None:
        bars, steps, fills = self._bars, self._steps, self._fills
        self._bars, self._steps, self._fills, self._times = [], [], [], 0
        with named_errors():
            if fills and not self._link.is_closed:
                self._heard(self._link.fills(fills))
            if bars and not self._link.is_closed:
                self._heard(self._link.bars(bars, steps))

    def _heard(self, found: list[tuple[int, str]]) -> None:
        for number, detail in found:
            self._keep(next(row for row in error_table() if row.number == number), detail)

    def _keep(self, row: CodeRow, detail: str) -> None:
        """Keep in words what was found; where the process has ended, find out whether the filter ended it."""
        said = f"{row.code} {row.says}: {detail}"
        if row.name == "JAIL_GONE" and self._process is not None:
            ending = self._process.ending()
            said += f"; {ending.says}"
            if ending.is_forbidden:
                forbidden = problem("JAIL_FORBIDDEN", "a system call that it has no use for")
                self._link.found(forbidden.row.number, 0, 0)
                self.faults.append(str(forbidden))
        self.faults.append(said)
        if self._link.is_closed and self._process is not None:
            self._process.close()

    def _leave(self, error: HedgerowError) -> None:
        """Record why the strategy is not run."""
        ours, theirs = _pipe_ends()
        with named_errors():
            self._link = self._join(ours, theirs)
            self._link.found(error.row.number, 0, 0)
        self._end()


def _pipe_ends() -> tuple[int, int]:
    """Two descriptors that lead nowhere: a link that only records."""
    first, second = os.pipe()
    return second, first
