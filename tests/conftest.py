"""What all tests share: where reference material lies, how property tests choose their examples, when garbage goes.

Promises: without the reference material a test is skipped and says which part is missing; in continuous integration
(`CI` is set) every run tries the same examples; an engine that a test leaves in a circle ends in its own thread.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# A deadline would fail a slow machine, not a wrong program.
settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# An engine belongs to the thread that made it. Left to itself, garbage is collected by whichever thread allocates next.
gc.disable()
_ended = itertools.count(1)


def pytest_runtest_logfinish() -> None:
    """Collect what a test left, and now and then what several did."""
    gc.collect(2 if next(_ended) % 50 == 0 else 1)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Reference material beside the repository: `shared("reference/expected.json")`; skipped by name where absent."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / name
        if not path.exists():
            pytest.skip(f"reference material is not here: shared/{name}")
        return path

    return find
