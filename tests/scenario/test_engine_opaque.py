"""The demonstration's strategy that nobody can read, where the jail cannot be had: told by name, and on the record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hedgerow import Bars
from hedgerow.core.errors import JailError
from hedgerow.engine.fund import FundPlan
from hedgerow.engine.opaque import run_opaque
from hedgerow.engine.team import Team
from hedgerow.engine.why import Journal
from hedgerow.governance.jail import Isolation

WHY = "bubblewrap is not installed"


@pytest.fixture
def bars() -> Bars:
    """Six hundred days of one instrument that goes up and down."""
    step = np.arange(600)
    close = (100 + 10 * np.sin(step / 25)).round(2)
    return Bars.from_arrays(np.datetime64("2020-01-01") + step, close=close, volume=np.full(600, 1e7), symbol="ABC")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A founded fund and its auditor."""
    return Team(tmp_path / "fund", fund="One", currency="USD", seed=7, now_ns=0, auditor=tmp_path / "auditor")


@pytest.fixture(autouse=True)
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without it."""
    for place in ("hedgerow.governance.jail.process", "hedgerow.engine.opaque"):
        monkeypatch.setattr(f"{place}.why_no_jail", lambda: WHY)


def test_without_bubblewrap_the_level_that_was_reached_is_told_and_recorded(
    bars: Bars, team: Team, tmp_path: Path
) -> None:
    """It runs behind what there is: pack, log and what is told name the same level, and why."""
    done = run_opaque(bars, FundPlan(trade_from="2021-01-01"), team, tmp_path / "opaque", lambda _: None)
    assert done.without_jail == WHY
    start = Journal(str(done.result.info.log), identity=team.auditor_file).of("JailStart")[-1]
    level = Isolation(int(start["isolation"])).name.lower()
    assert level in ("filtered", "limits")
    assert done.pack.content["run"]["isolation"] == done.replayed.isolation == level
    assert len(done.result.fills) > 0


def test_where_nothing_can_be_shut_in_it_is_left_out_by_name(
    bars: Bars, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another system than Linux has none of the walls: a named error, nothing was run and nothing approved."""
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(JailError, match=r"JAIL-001 .*Linux"):
        run_opaque(bars, FundPlan(trade_from="2021-01-01"), team, tmp_path / "opaque", lambda _: None)
    assert not (tmp_path / "opaque" / "log").exists()
