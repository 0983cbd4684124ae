"""The trial ledger: every configuration that was ever tried on data is counted, because the best of many looks
skilled.

Promises: append-only; the same configuration on the same data is one trial however often it runs; the count feeds the
deflated Sharpe ratio (Bailey and Lopez de Prado, The Deflated Sharpe Ratio, 2014). Never forgets, never re-orders,
never stamps a time (a trial's identity is what was tried, not when).
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from hedgerow.core.errors import problem
from hedgerow.models.digests import digest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Trial:
    """One configuration tried once: identities are hexadecimal SHA-256."""

    id: str
    config_digest: str
    data_digest: str
    metric_name: str
    metric: float


class TrialLedger:
    """Counts trials in memory, or in a file of JSON lines when a path is given (owner of that file).

    Raises MODEL_TRIALS when the file has a line it did not write.

    >>> ledger = TrialLedger()
    >>> for _ in range(3):
    ...     trial = ledger.record(config_digest=bytes(32), data_digest=bytes(32), metric_name="rank_ic", metric=0.02)
    >>> ledger.count
    1
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._trials: dict[str, Trial] = {}
        if path is not None and path.exists():
            for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
                trial = _parsed(line, f"{path.name} line {number}")
                self._trials[trial.id] = trial

    @property
    def count(self) -> int:
        """How many different (configuration, data) pairs were tried: the N of the deflated Sharpe ratio."""
        return len(self._trials)

    @property
    def config_count(self) -> int:
        """How many different configurations were tried, whatever the data."""
        return len({trial.config_digest for trial in self._trials.values()})

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial in the order it was first recorded."""
        return tuple(self._trials.values())

    def metrics(self, metric_name: str) -> tuple[float, ...]:
        """The figures of one metric over all trials, whose variance the deflated Sharpe ratio needs."""
        return tuple(trial.metric for trial in self._trials.values() if trial.metric_name == metric_name)

    def record(self, *, config_digest: bytes, data_digest: bytes, metric_name: str, metric: float) -> Trial:
        """Count a trial and return it; one that was counted before is returned as it stands, and not counted again."""
        identity = _identity(config_digest.hex(), data_digest.hex())
        if identity in self._trials:
            return self._trials[identity]
        trial = Trial(identity, config_digest.hex(), data_digest.hex(), metric_name, float(metric))
        if self._path is not None:
            self._append(trial)
        self._trials[identity] = trial
        return trial

    def _append(self, trial: Trial) -> None:
        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(trial), sort_keys=True, separators=(",", ":")) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _identity(config_digest: str, data_digest: str) -> str:
    return digest([config_digest, data_digest]).hex()


def _parsed(line: str, where: str) -> Trial:
    try:
        trial = Trial(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise problem("MODEL_TRIALS", f"{where}: {error}") from None
    if trial.id != _identity(trial.config_digest, trial.data_digest):
        raise problem("MODEL_TRIALS", f"{where}: id {trial.id[:12]} is not the digest of its configuration and data")
    return trial
