"""Commands about trials and evidence: what they print, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.models.trials import TrialLedger, Variant


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A fund's folder with three trials of two strategies."""
    book = TrialLedger(tmp_path / "trials.jsonl")
    for number, family in enumerate(["momentum", "momentum", "carry"]):
        variant = Variant(family, f"{number}" * 64, "c" * 64, "d" * 64, 0, 86_400 * 10**9)
        book.record(variant, {"sharpe": 0.1 * number, "per_year": 252.0, "periods": 300.0})
    return tmp_path


def test_trials_are_shown_by_family(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Number and best ratio of each strategy, and how far the ledger reaches."""
    assert run(["trials", "show", str(ledger), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["count"], shown["head"]["lines"]) == (3, 3)
    assert [(row["family"], row["trials"]) for row in shown["families"]] == [("momentum", 2), ("carry", 1)]
    assert shown["families"][0]["best_sharpe"] == pytest.approx(0.1 * 252**0.5)
    assert run(["trials", "show", str(ledger / "trials.jsonl")]) == 0
    assert "momentum  2       1.59         0.79" in capsys.readouterr().out


def test_one_family_is_shown_trial_by_trial(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its hashes, period and figures."""
    assert run(["trials", "show", str(ledger), "--family", "momentum", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [trial["artifact"][0] for trial in shown["trials"]] == ["0", "1"]
    assert run(["trials", "show", str(ledger), "--family", "momentum"]) == 0
    assert "1970-01-02  300      1.59" in capsys.readouterr().out


def test_a_folder_without_trials_says_how_they_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was tried yet, which is no error."""
    assert run(["trials", "show", str(tmp_path)]) == 0
    assert "--trials" in capsys.readouterr().out


def test_an_unknown_family_and_a_changed_ledger_are_named(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status of the area, and the code."""
    assert run(["trials", "show", str(ledger), "--family", "momentun", "--json"]) == 18
    assert "did you mean 'momentum'" in json.loads(capsys.readouterr().err)["error"]["detail"]
    file = ledger / "trials.jsonl"
    file.write_text(file.read_text().replace('"0.1"', '"0.3"'))
    assert run(["trials", "show", str(ledger), "--json"]) == 18
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "MODEL-008"
