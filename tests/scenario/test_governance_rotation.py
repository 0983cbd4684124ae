"""Epochs of a real team: begun by signed events, opened by devices of the roster, closed to who was removed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from hedgerow import backtest, verify
from hedgerow.cli.main import app, run
from hedgerow.core.errors import GovernanceError, LogError
from hedgerow.governance import rotation
from hedgerow.governance.identity import Identity
from hedgerow.governance.people import keys_new, roster_new

NOW_NS = 1_800_000_000_000_000_000
MINUTE_NS = 60_000_000_000
TEAM = {"Ada": ["researcher"], "Rita": ["risk"], "Fay": ["fund_manager"], "Leo": ["researcher"]}


def set_roster(folder: Path, people: list[str], now_ns: int) -> None:
    """The roster with these people, signed by the root."""
    roster_new(
        folder,
        people={name: TEAM[name] for name in people},
        root_key_files=[folder / "keys/root.pem"],
        now_ns=now_ns,
        fund="Quince",
        base_currency="USD",
    )


@pytest.fixture
def fund(tmp_path: Path) -> Path:
    """A fund of four people, founded with the first epochs of governance and journal."""
    for name in ("root", *TEAM):
        keys_new(tmp_path, name)
    set_roster(tmp_path, list(TEAM), NOW_NS)
    return tmp_path


def begin(folder: Path, compartment: str, now_ns: int, recipients: list[str] | None = None) -> dict[str, object]:
    """The next epoch, signed by the risk officer."""
    return rotation.epoch_new(
        folder, compartment=compartment, key_file=folder / "keys/rita.pem", now_ns=now_ns, recipients=recipients
    )


def opens(folder: Path, name: str) -> list[bool]:
    """Which epochs a person's device opens, in order."""
    return [row["opens"] for row in rotation.epochs_show(folder, identity=folder / f"keys/{name}.age")["epochs"]]


def test_a_person_who_left_the_roster_cannot_open_the_next_epoch(fund: Path) -> None:
    """Before: all four open it. After: the leaver opens the old epoch, the others both, and it cannot be undone."""
    assert [opens(fund, name) for name in ("ada", "rita", "fay", "leo")] == [[True, True]] * 4
    set_roster(fund, ["Ada", "Rita", "Fay"], NOW_NS + 2 * MINUTE_NS)
    begin(fund, "journal", NOW_NS + 3 * MINUTE_NS)
    assert opens(fund, "leo") == [True, True, False]
    assert opens(fund, "ada") == opens(fund, "rita") == opens(fund, "fay") == [True, True, True]
    leaver = Identity.load(fund / "keys/leo.age").recipient
    team = [Identity.load(fund / f"keys/{name}.age").recipient for name in ("ada", "rita", "fay")]
    with pytest.raises(GovernanceError, match="left the roster"):
        begin(fund, "journal", NOW_NS + 4 * MINUTE_NS, [*team, leaver])
    with pytest.raises(GovernanceError, match="left out"):
        begin(fund, "journal", NOW_NS + 4 * MINUTE_NS, team[:1])


def test_a_compartment_of_few_is_closed_to_the_others(fund: Path) -> None:
    """Compensation goes to the fund manager alone; the others see that it exists and do not open it."""
    begin(fund, "compensation", NOW_NS + 2 * MINUTE_NS, [Identity.load(fund / "keys/fay.age").recipient])
    assert (opens(fund, "fay"), opens(fund, "rita")) == ([True, True, True], [True, True, False])


@pytest.mark.parametrize("compartment", ["author-private", "compensation"])
def test_for_whom_a_compartment_of_few_is_must_be_said(
    fund: Path, compartment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `--to` nothing is begun: the whole team is no default for what few may read."""
    with pytest.raises(GovernanceError, match=f"an epoch of {compartment}") as refused:
        begin(fund, compartment, NOW_NS + 2 * MINUTE_NS)
    assert refused.value.row.name == "GOV_RECIPIENTS"
    words = ["epochs", "new", compartment, "--key", str(fund / "keys/rita.pem"), "--dir", str(fund)]
    assert run(words) == 16
    assert "--to" in capsys.readouterr().err
    assert opens(fund, "fay") == [True, True]
    fay = Identity.load(fund / "keys/fay.age").recipient
    assert run([*words, "--to", fay]) == 0
    assert (opens(fund, "fay"), opens(fund, "rita")) == ([True, True, True], [True, True, False])


def test_who_has_no_age_recipient_is_named_and_the_logs_are_sealed_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One person without an identity opens nothing, is named by each command that begins or keeps this, and reads once
    given one."""
    for name in ("root", *TEAM):
        keys_new(tmp_path, name)
    late = (tmp_path / "keys/leo.age").rename(tmp_path / "leo.age")
    staff = [word for name, roles in TEAM.items() for word in ("--person", f"{name}={roles[0]}")]
    words = ["roster", "new", *staff, "--root", str(tmp_path / "keys/root.pem"), "--dir", str(tmp_path)]
    assert run([*words, "--fund", "Quince", "--base", "USD"]) == 0
    told = capsys.readouterr()
    assert "governance 1" in told.out
    assert "Leo has no age recipient and cannot read what is sealed" in told.err
    assert rotation.is_sealed(tmp_path, "governance")
    assert opens(tmp_path, "ada") == [True, True]
    assert begin(tmp_path, "journal", NOW_NS + MINUTE_NS * 10**6)["cannot_read"] == ["Leo"]
    late.rename(tmp_path / "keys/leo.age")
    assert run(words) == 0
    assert "cannot read" not in capsys.readouterr().err
    begun = begin(tmp_path, "governance", NOW_NS + MINUTE_NS * 10**6)
    assert begun["cannot_read"] == []
    assert opens(tmp_path, "leo") == [False, False, False, True]


def test_an_auditor_reads_a_sealed_run_with_a_grant(fund: Path, tmp_path: Path) -> None:
    """The run is sealed in the epoch in force; with the granted file beside their identity the auditor proves it."""
    epoch = rotation.sealing_epoch(fund, compartment="journal", identity=fund / "keys/ada.age")
    days = pd.bdate_range("2024-01-01", periods=60)
    closes = pd.DataFrame({"ABC": (50 + 5 * np.sin(np.arange(60) / 9)).round(2)}, index=days)
    backtest(closes, signals=np.sin(np.arange(60) / 9) > 0, log=tmp_path / "log", epoch=epoch)
    auditor = Identity.generate()
    file = auditor.save(tmp_path / "audit/auditor.age")
    with pytest.raises(LogError, match="journal 1"):
        verify(tmp_path / "log", identity=file)
    words = ["epochs", "grant", auditor.recipient, "--identity", str(fund / "keys/rita.age"), "--dir", str(fund)]
    assert run([*words, "--out", str(file.parent / "2024.grant")]) == 0
    assert run([*words, "--out", str(file.parent / "2024.grant")]) == 2
    assert verify(tmp_path / "log", identity=file).records > 100


def test_the_commands_begin_and_show_epochs(fund: Path) -> None:
    """`epochs new` signs with a key file; `epochs show` says what an identity opens."""
    assert run(["epochs", "new", "governance", "--key", str(fund / "keys/rita.pem"), "--dir", str(fund)]) == 0
    shown = CliRunner().invoke(app, ["epochs", "show", "--dir", str(fund), "--identity", str(fund / "keys/ada.age")])
    assert [line.split()[:2] for line in shown.stdout.splitlines()[1:]] == [
        ["governance", "1"],
        ["journal", "1"],
        ["governance", "2"],
    ]
    assert shown.stdout.count("yes") == 3
    assert run(["epochs", "new", "journal", "--key", str(fund / "keys/ada.pem"), "--dir", str(fund)]) == 16
    assert run(["epochs", "new", "kitchen", "--key", str(fund / "keys/rita.pem"), "--dir", str(fund)]) != 0
