"""What a strategy's process may use. Every field has its reason; the numbers stand in the manifest and on the record.

Promises: a limit out of range is a named error before anything starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from hedgerow.core.errors import did_you_mean, problem

FRAME_BYTES_MAX = 256 * 1024
"""No frame of the protocol is longer, in either direction."""

_RANGES = {
    "memory_mib": (16, 65_536),
    "module_mib": (1, 4_095),
    "cpu_seconds": (1, 31_536_000),
    "deadline_ms": (1, 600_000),
    "start_ms": (10, 600_000),
    "answer_bytes": (64, FRAME_BYTES_MAX),
    "fuel": (1_000, 10**15),
    "late_max": (0, 1_000),
}


@dataclass(frozen=True)
class JailLimits:
    """Limits of one strategy.

    memory_mib: address space of the process. module_mib: memory of a WebAssembly module. cpu_seconds: processor time of
    the whole run, the last resort against a loop. deadline_ms: how long one answer may take; start_ms: the first, with
    an interpreter's start in it. answer_bytes: longest answer. fuel: steps of a module per call. late_max: how many
    answers in a row may be late before the strategy is asked no more.

    >>> JailLimits(deadline_ms=50).to_json()["deadline_ms"]
    50
    """

    memory_mib: int = 1024
    module_mib: int = 64
    cpu_seconds: int = 3_600
    deadline_ms: int = 2_000
    start_ms: int = 20_000
    answer_bytes: int = 64 * 1024
    fuel: int = 100_000_000
    late_max: int = 3

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise problem("RUN_CONFIG", f"{name}={value!r}; use a whole number from {least} to {most}")

    def to_json(self) -> dict[str, int]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> JailLimits:
        """From plain values; an unknown name is `RUN_CONFIG`."""
        known = [f.name for f in fields(cls)]
        for name in values:
            if name not in known:
                raise problem("RUN_CONFIG", f"no limit {name!r}{did_you_mean(name, known)}")
        return cls(**values)
