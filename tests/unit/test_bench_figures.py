"""The figures of `make bench`: their lines, goals, pairing with floors, baseline, and the list of groups."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from bench import backtests, baseline, core  # noqa: E402 (the repository's folder is not installed)
from bench.figures import KEYS, Figure, Goal, table  # noqa: E402
from bench.j1.oracle import KNOWN  # noqa: E402
from bench.trip import figures as trip  # noqa: E402


def test_a_line_has_the_promised_keys_in_order_and_is_json() -> None:
    """Readers of the lines rely on names and order."""
    line = json.loads(Figure("gate", 30.0, "ns", "floor.gate", 7.5, Goal("<=", 5), "note").json())
    assert tuple(line) == KEYS
    assert KEYS[:8] == ("figure", "value", "unit", "against", "against_value", "ratio", "goal", "met")
    assert (line["ratio"], line["goal"], line["met"]) == (4.0, "<= 5x", True)


@pytest.mark.parametrize(
    ("goal", "value", "against", "met"),
    [
        (Goal("<=", 5), 50.0, 10.0, True),
        (Goal("<=", 5), 50.1, 10.0, False),
        (Goal(">=", 0.5), 4.9, 10.0, False),
        (Goal("<", 150, of="value", unit="ms"), 150.0, None, False),
        (Goal("==", 0, of="value"), 0.0, None, True),
        (Goal("==", 0, of="value"), None, None, None),
        (Goal(">=", 10), 50.0, None, None),
    ],
)
def test_a_goal_is_met_missed_or_not_judged(
    goal: Goal, value: float | None, against: float | None, met: bool | None
) -> None:
    """Without a value, or without the peer that a ratio needs, nothing is claimed."""
    assert Figure("x", value, "ns", None, against, goal).met is met


def test_a_wrong_result_misses_its_goal_even_without_a_number() -> None:
    """A speed with a wrong answer is not "not judged", it is a failure."""
    assert Figure("x", None, "bars/s", "peer", 1.0, Goal(">=", 10), wrong=True).met is False


def test_every_planned_measurement_becomes_a_figure_beside_its_floor() -> None:
    """What the program did not measure stays visible, without a value."""
    measured = [
        {
            "name": "state.next",
            "unit": "ns",
            "value": 3.0,
            "least": 2.9,
            "most": 3.1,
            "runs": 7,
            "n": 10,
            "note": "ours",
        },
        {
            "name": "floor.state",
            "unit": "ns",
            "value": 1.0,
            "least": 0.9,
            "most": 1.1,
            "runs": 7,
            "n": 10,
            "note": "it",
        },
    ]
    found = {figure.figure: figure for figure in core.pair(core.PLANS["state"], measured)}
    assert found["state.next"].ratio == 3.0
    assert found["state.next"].met is True
    assert found["state.apply"].value is None
    assert "not measured" in found["state.apply"].note


def test_a_count_that_could_not_be_taken_says_why_and_claims_nothing() -> None:
    """A system that forbids tracing gives no zero."""
    name = "kernel.bar.system_calls"
    measured = [{"name": name, "unit": "calls/step", "value": None, "runs": 0, "n": 0, "note": "not counted: refused"}]
    figure = next(f for f in core.pair(core.PLANS["counts"], measured) if f.figure == name)
    assert (figure.value, figure.met, figure.note) == (None, None, "not counted: refused")


def test_a_contender_with_a_wrong_result_gets_no_speed() -> None:
    """One cent off is wrong."""
    due = KNOWN[14_400]
    said = {
        "engine": "x",
        "n": 14_400,
        "bars_per_second": 1e9,
        "runs": 5,
        "cpu_least": 0.1,
        "cpu_most": 0.1,
        "peak_mb": 1.0,
        "fills": due.fills,
        "digest": due.digest,
        "equity_cents": due.equity_cents,
    }
    assert backtests.judged(said, due).per_second == 1e9
    wrong = backtests.judged({**said, "equity_cents": due.equity_cents + 1}, due)
    assert wrong.wrong
    assert wrong.per_second is None
    assert "wrong result" in wrong.note


def test_an_absent_peer_leaves_the_figure_unjudged() -> None:
    """A machine without peers still gets our own speeds."""
    ours = dict.fromkeys(backtests.COMPARED, backtests.Speed(2e6, "right"))
    peers = dict.fromkeys(("backtesting", "vectorbt", "nautilus2"), backtests.Speed(None, "is not installed"))
    for figure in backtests.pair(ours, peers):
        assert figure.value == 2e6
        assert figure.ratio is None
        assert figure.met is None
        assert "not installed" in figure.note


def test_drift_compares_ratios_and_counts_but_never_bare_times(tmp_path: Path) -> None:
    """A baseline from another machine says nothing about nanoseconds."""
    path = tmp_path / "baseline.json"
    then = [
        Figure("gate", 30.0, "ns", "floor", 10.0),
        Figure("kernel", 400.0, "instructions/step"),
        Figure("demo", 6.0, "s"),
    ]
    baseline.save(then, {"cpu": "one"}, path)
    now = [
        Figure("gate", 90.0, "ns", "floor", 20.0),
        Figure("kernel", 500.0, "instructions/step"),
        Figure("demo", 9.0, "s"),
    ]
    assert [figure.drift for figure in baseline.with_drift(now, path)] == [1.5, 1.25, None]
    baseline.save([Figure("demo", 9.0, "s", "peer", 3.0)], {"cpu": "two"}, path)
    assert set(baseline.load(path)["figures"]) == {"gate", "kernel", "demo"}


def test_the_table_shows_every_figure_and_marks_a_missed_goal() -> None:
    """People read the table; a miss must not hide."""
    shown = table(
        [Figure("fast", 1.0, "ns", "floor", 1.0, Goal("<=", 2)), Figure("slow", 9.0, "ns", "floor", 1.0, Goal("<=", 2))]
    )
    assert "yes" in shown.splitlines()[2]
    assert "NO" in shown.splitlines()[3]


def test_a_lost_order_leaves_no_speed_of_the_trip() -> None:
    """However fast the others came back."""
    rows = [{"p50": 100.0, "p99": 400.0, "max": 900.0}]
    floors = [{"tcp.p50": 20.0, "fdatasync.p50": 80.0, "tcp.p99": 60.0, "fdatasync.p99": 340.0}]
    whole = {one.figure: one for one in trip._figures(rows, rows, floors, lost=0, sent=9)}
    assert (whole["trip.acknowledged.p99"].ratio, whole["trip.acknowledged.p99"].met) == (1.0, True)
    short = {one.figure: one for one in trip._figures(rows, rows, floors, lost=1, sent=9)}
    assert (short["trip.acknowledged.p99"].value, short["trip.acknowledged.p99"].met) == (None, False)
    assert (short["trip.lost"].value, short["trip.lost"].met) == (1.0, False)


def test_run_lists_its_groups_and_names_an_unknown_one() -> None:
    """`--list` builds and measures nothing."""
    program = [sys.executable, str(ROOT / "bench" / "run.py")]
    listed = subprocess.run([*program, "--list"], capture_output=True, text=True, check=True).stdout
    groups = [*core.PLANS, "j1", "j4", "replay", "jail", "asof", "feeds", "trip", "newcomer"]
    assert [line.split()[0] for line in listed.splitlines()] == groups
    refused = subprocess.run([*program, "gait"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "no group 'gait'" in refused.stderr
