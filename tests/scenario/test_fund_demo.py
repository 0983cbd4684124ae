"""The demonstration as a newcomer runs it: from the command line, twice, in processes that hash differently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hedgerow._core import verify_log
from hedgerow.core.errors import LogError, named_errors
from hedgerow.engine import proof_file
from hedgerow.engine.audit import tamper_drill, verify
from hedgerow.engine.evidence import Pack
from hedgerow.engine.jail_replay import replay_strategy
from hedgerow.engine.opaque import MODULE
from hedgerow.engine.why import Journal, why
from hedgerow.governance import timestamps
from hedgerow.governance.desk import Desk

pytest.importorskip("skfolio", reason="the demo's prices come with skfolio (extra `demo`)")


def run_demo(out: Path, hash_seed: str, *more: str) -> dict[str, Any]:
    """One `hedgerow demo --json`; returns its last line."""
    command = [sys.executable, "-c", "from hedgerow.cli.main import main; raise SystemExit(main())"]
    done = subprocess.run(
        [*command, "demo", "--out", str(out), "--json", *more],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two demonstrations with one seed, under two hash seeds."""
    folder = tmp_path_factory.mktemp("demo")
    return run_demo(folder / "one", "1"), run_demo(folder / "two", "2")


def test_fund_demo_equal_seeds_write_equal_journals_in_two_processes(demos: tuple[dict[str, Any], ...]) -> None:
    """The journal's bytes depend on data and seed, and on nothing else."""
    assert demos[0]["journal_sha256"] == demos[1]["journal_sha256"]
    assert demos[0]["state_hash"] == demos[1]["state_hash"]


def test_fund_demo_says_everything_it_promises(demos: tuple[dict[str, Any], ...]) -> None:
    """The JSON line holds log, report, time, memory, the denied orders, the largest loss and the proofs."""
    line = demos[0]
    assert Path(line["report"]).read_text("utf-8").startswith("<!doctype html>")
    assert (line["verified"], line["tamper_caught"]) == (True, True)
    assert line["unsigned_order"]["code"] == "RISK-004"
    assert line["denied_order"]["code"] == "RISK-014"
    assert line["seconds"] > 0
    assert line["peak_rss_mb"] > 0
    assert line["trials"] >= 1
    # The linter has one doubt, and the data themselves have it: a universe of survivors.
    assert line["suspicions"] == ["survivorship"]


def test_fund_demo_hands_out_what_outsiders_can_check(demos: tuple[dict[str, Any], ...]) -> None:
    """Governance log, witnesses' policy, the proof of one record and the replica all hold without us."""
    line = demos[0]
    with named_errors():
        assert verify_log(line["log"], stream="governance")["entries"] > 0
    assert verify(line["log"], policy=line["policy"]).standing is not None
    assert proof_file.check(line["record_proof"], policy=line["policy"]).id == line["largest_loss"]["id"]
    site = Path(line["log"]).parent
    rebuilt = site / "outside" / "auditor" / "log"
    ours = verify_log(line["log"])
    assert verify_log(str(rebuilt))["root"] == ours["root"] == line["restored_root"]
    assert ours["sealed"] > 0.99 * ours["entries"]
    assert not any(b"AAPL" in file.read_bytes() for file in Path(line["replica"]).rglob("*") if file.is_file())
    assert b"AAPL" not in (Path(line["log"]) / "journal" / "wal").read_bytes()
    # With the auditor's grant the sealed journal reads; without any identity it does not.
    assert verify(rebuilt, identity=site / "outside" / "auditor" / "identity.age").effects > 0
    with pytest.raises(LogError, match="LOG-022"):
        verify(rebuilt)


def test_fund_demo_runs_a_strategy_that_nobody_can_read(demos: tuple[dict[str, Any], ...]) -> None:
    """Sealed, shown by evidence of the fund's own, approved, run behind walls, and executed again by its auditor."""
    one, two = (line["opaque"] for line in demos)
    assert one["isolation"] == "jail" or one["without_jail"]
    for same in ("artifact", "evidence", "final_nav", "fills", "replay"):
        assert one[same] == two[same], same
    site, sealed = Path(demos[0]["log"]), Path(one["sealed"])
    assert MODULE.read_bytes() not in sealed.read_bytes()
    assert one["approver_refused"].startswith("JAIL-011")
    auditor = Path(demos[0]["replica"]).parent / "auditor" / "identity.age"
    journal = Journal(one["log"], identity=auditor)
    assert one["replay"]["orders"] == len(journal.of("Order")) > 0
    pack = Pack.load(site / "evidence" / f"{one['evidence']}.json")
    assert pack.content["run"]["isolation"] == one["isolation"]
    assert "isolation" in Path(one["evidence_page"]).read_text("utf-8")
    standing = Desk(site).standing().state
    (known,) = standing["evidence"]
    assert (known["pack"], known["service"]) == (one["evidence"], "runner")
    (mandate,) = [row for row in standing["mandates"] if row["strategy"] == "cross"]
    assert (mandate["tier"], mandate["artifact"]) == ("paper", pack.content["artifact"])
    assert bytes(journal.of("JailStart")[-1]["artifact"]).hex() == one["artifact"]
    with pytest.raises(LogError, match="LOG-022"):
        Journal(one["log"])
    again = replay_strategy(one["log"], sealed, identity=auditor, number=1, isolation=one["isolation"])
    assert again.to_json() == one["replay"]


def test_fund_demo_has_its_checkpoint_time_stamped_or_says_what_is_missing(demos: tuple[dict[str, Any], ...]) -> None:
    """The token verifies offline; without `openssl` or the extra the line names it."""
    line = demos[0]
    if line["time_stamp_certificates"] is None:
        assert "openssl" in line["time_stamp"] or "timestamps" in line["time_stamp"]
        return
    (stamped,) = timestamps.verify(line["log"], line["time_stamp_certificates"])
    assert stamped.says == line["time_stamp"]


def test_fund_demo_walks_from_the_largest_loss_to_the_people_who_signed(demos: tuple[dict[str, Any], ...]) -> None:
    """Posting, fill, order, verdict, slice, parent, what it was told, target, forecast, bar; mandate and its people."""
    chain = why(demos[0]["log"], demos[0]["largest_loss"]["id"])
    nouns = [cause.noun for cause in chain]
    worked = ["Slice", "ParentOrder", "AlgoSettings"]
    assert nouns[:10] == ["Posting", "Fill", "Order", "Verdict", *worked, "Target", "Forecast", "Bar"]
    assert sorted(nouns[10:]) == ["Approval", "Approval", "Mandate", "Proposal"]


def test_fund_demo_log_proves_and_a_changed_copy_does_not(demos: tuple[dict[str, Any], ...], tmp_path: Path) -> None:
    """One flipped bit anywhere in the journal is caught; the original still proves."""
    log = Path(demos[0]["log"])
    size = (log / "journal" / "wal").stat().st_size
    for place in (0, 20, size // 3, size - 5):
        assert tamper_drill(log, tmp_path / "copy", offset=place), f"byte {place} of {size}"
    assert verify(log).sha256 == demos[0]["journal_sha256"]


def test_fund_demo_refuses_a_folder_with_other_files(tmp_path: Path) -> None:
    """A folder that is not a demonstration's own is never emptied."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(AssertionError, match="CLI-002"):
        run_demo(tmp_path, "0")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_fund_demo_never_empties_a_folder_that_holds_another_log(tmp_path: Path) -> None:
    """A log is only a demonstration's own where its marker stands beside it."""
    wal = tmp_path / "log" / "journal" / "wal"
    wal.parent.mkdir(parents=True)
    wal.write_bytes(b"the books of a year")
    with pytest.raises(AssertionError, match="CLI-002"):
        run_demo(tmp_path, "0")
    assert wal.read_bytes() == b"the books of a year"


def test_fund_demo_says_in_the_report_what_own_bars_leave_unknown(tmp_path: Path) -> None:
    """Bars without volume are traded without a cap and without impact, and the report says so."""
    draw = np.random.default_rng(1)
    closes = 100 * np.exp(np.cumsum(draw.normal(0.0002, 0.01, (1_400, 4)), axis=0))
    days = pd.bdate_range("2015-01-01", periods=1_400, name="date")
    pd.DataFrame(closes.round(2), index=days, columns=["A", "B", "C", "D"]).to_csv(tmp_path / "own.csv")
    line = run_demo(tmp_path / "out", "0", "--data", str(tmp_path / "own.csv"))
    assert "no volume cap and no market impact" in Path(line["report"]).read_text("utf-8")
    assert line["verified"] is True
