"""Commands about the installation and the vocabulary: doctor, errors, glossary, version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hedgerow import _core
from hedgerow.cli import examination
from hedgerow.cli.main import main, run
from hedgerow.core.errors import error_table


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was printed, as JSON objects."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_version_is_the_core_s(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is said once, in Cargo.toml, and `main` reads the command line."""
    monkeypatch.setattr("sys.argv", ["hedgerow", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"hedgerow {_core.__version__}\n"


def test_errors_lists_every_code_as_json_and_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of the table is hidden."""
    assert run(["errors", "--json"]) == 0
    assert [row["code"] for row in lines(capsys)] == [row.code for row in error_table()]
    assert run(["errors"]) == 0
    assert all(row.code in said for said in [capsys.readouterr().out] for row in error_table())


@pytest.mark.parametrize("word", ["RISK-014", "risk-14", "RISK_ORDER_NOTIONAL", "risk_order_notional"])
def test_a_code_is_found_by_number_or_name(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """However a person writes a code, it is explained."""
    assert run(["errors", word]) == 0
    assert capsys.readouterr().out.startswith("RISK-014 (RISK_ORDER_NOTIONAL), exit status 12\n")


def test_an_unknown_code_or_word_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """Both tables help with typing errors."""
    assert run(["errors", "RIKS"]) == 2
    assert "did you mean 'RISK'" in capsys.readouterr().err
    assert run(["glossary", "ordr"]) == 2
    assert "did you mean 'order'" in capsys.readouterr().err


def test_the_glossary_shows_a_noun_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """A record is explained field by field, for people and for programs."""
    assert run(["glossary", "order"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Order: ")
    assert "limit_ticks" in said
    assert run(["glossary", "Order", "--json"]) == 0
    (entry,) = lines(capsys)
    assert entry["bytes"] == 64


def test_the_glossary_holds_every_noun_and_no_word_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """One vocabulary: the nouns of the core are in it, and a term never repeats a noun."""
    assert run(["glossary", "--json"]) == 0
    words = [str(entry["word"]).lower() for entry in lines(capsys)]
    assert {noun["name"].lower() for noun in _core.noun_table()} <= set(words)
    assert len(words) == len(set(words))
    assert run(["glossary"]) == 0
    assert "denied" in capsys.readouterr().out


def test_the_doctor_finds_a_sound_installation_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every question is answered, nothing fails here, and nothing is left behind."""
    assert run(["doctor", "--dir", str(tmp_path), "--json"]) == 0
    rows = lines(capsys)
    assert [row["check"] for row in rows] == [
        "python",
        "versions",
        "core",
        "research",
        "demo",
        "jail",
        "disk",
        "space",
        "clock",
    ]
    assert "fail" not in [row["status"] for row in rows]
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_when_a_folder_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing folder fails the disk, with a remedy, and exit status 1."""
    assert run(["doctor", "--dir", str(tmp_path / "absent")]) == 1
    said = capsys.readouterr().out
    assert "fail  disk" in said
    assert "choose a folder" in said


def test_the_doctor_warns_of_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that is not there is a warning that names the command to install it."""
    monkeypatch.setattr(examination, "_installed", lambda name: name == "hedgerow")
    found = examination.extra_present("research")
    assert found.status == "warn"
    assert "lightgbm" in found.seen
    assert found.remedy == "pip install 'hedgerow[research]' if you need it"


def test_the_doctor_sees_that_the_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources without an installation fail the versions, and no extra can be told."""
    monkeypatch.setattr(examination, "_installed", lambda name: False)
    assert examination.versions_agree().status == "fail"
    assert examination.extra_present("demo").status == "warn"


def test_the_doctor_says_why_no_strategy_can_be_shut_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap everything else works, so that it is a warning."""
    monkeypatch.setattr("hedgerow.governance.jail.command.why_no_jail", lambda: "bubblewrap is not installed")
    found = examination.jail()
    assert (found.status, found.seen) == ("warn", "bubblewrap is not installed")
    assert "install bubblewrap" in found.remedy


def test_the_doctor_sees_versions_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of one release over the core of another is refused."""
    monkeypatch.setattr(examination.metadata, "version", lambda name: "0.0.0")
    assert examination.versions_agree().status == "fail"


def test_the_doctor_sees_a_damaged_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record with a gap in its layout is named."""
    gap = {
        "name": "Order",
        "kind": 6,
        "size": 16,
        "doc": "",
        "fields": [("id", "u64", 0, 8, ""), ("ts", "i32", 12, 4, "")],
    }
    monkeypatch.setattr(examination._core, "noun_table", lambda: [gap])
    found = examination.core_layouts()
    assert found.status == "fail"
    assert "Order" in found.seen


def test_the_doctor_warns_of_a_slow_or_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that syncs slowly, or has little room, still works but is not for a journal."""
    monkeypatch.setattr(examination, "SYNC_MS_SLOW", -1.0)
    monkeypatch.setattr(examination, "FREE_BYTES_MIN", 1 << 62)
    assert examination.disk_syncs(tmp_path).status == "warn"
    assert examination.disk_space(tmp_path).status == "warn"
    assert examination.disk_space(tmp_path / "absent").status == "fail"


def test_the_doctor_distrusts_a_clock_of_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose clock was never set must not sign."""
    monkeypatch.setattr(examination.time, "time_ns", lambda: 0)
    assert examination.clock().status == "fail"


def test_the_doctor_notices_a_clock_that_is_stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall clock that jumps against the steady clock is a warning."""
    ticks = iter([2_000_000_000_000_000_000, 2_000_000_001_000_000_000])
    monkeypatch.setattr(examination.time, "time_ns", lambda: next(ticks))
    assert examination.clock().status == "warn"
