"""Killed anywhere while approving and trading: what was acknowledged is there, and no capital is above its tier."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

NURSERY = Path(__file__).parent / "crashing" / "nursery.py"
KILLS = 200


@pytest.mark.slow
def test_a_process_killed_at_two_hundred_random_points_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """Both logs verify and replay after every kill, and every order that passed cites a mandate within its tier."""
    words = [sys.executable, str(NURSERY), str(tmp_path), str(KILLS), "7"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
    counts = json.loads(done.stdout)
    assert counts["kills"] == KILLS
    # The kills came at all stages: some before the last signature, some among the orders.
    assert counts["run"] + counts["order"] > KILLS / 10
    assert counts["event"] < 3 * KILLS
