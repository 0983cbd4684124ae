"""A fund founded and run by the ordinary commands leaves its site as ciphertext only, without a flag."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hedgerow.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
import hedgerow as hr

class Buyer(hr.Strategy):
    def on_bar(self, bar):
        if self.position == 0:
            self.buy(100)
"""
WORDS = (b"zebrafish-momentum", b"ZEBRAFISH", b"fund_manager", b"researcher", b"Rita Okonkwo")


def says(*words: str) -> None:
    """A command that succeeds."""
    assert run(list(words)) == 0, words


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys, roster, proposal, two approvals, and a run under them whose journal goes into the fund's folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.chdir(folder)
    people = {"ada": "researcher", "Rita Okonkwo": "risk", "max": "fund_manager"}
    for name in ("root", *people):
        says("keys", "new", name)
    staff = [word for name, role in people.items() for word in ("--person", f"{name}={role}")]
    says("roster", "new", *staff, "--root", "keys/root.pem", "--fund", "Hedge One", "--base", "USD")
    Path("buyer.py").write_text(SOURCE)
    limits = {"capital": "1000000", "gross": "2500000", "net": "2500000", "position": "2500000", "sector": "2500000"}
    limits |= {"order_notional": "2500000", "order_lots": "1000000", "adv_share_bps": "1000000", "loss": "1000000"}
    limits |= {"drawdown": "1000000", "var": "1000000", "margin_bps": "1", "concentration_bps": "1000000"}
    limits |= {"collar_bps": "10000", "data_age_ns": "9000000000000000", "orders_per_second": "1000"}
    granted = [
        word for name, value in (limits | {"repeats_per_second": "1000"}).items() for word in ("-l", f"{name}={value}")
    ]
    says(
        "propose", "buyer.py", "--strategy", "zebrafish-momentum", "--key", "keys/ada.pem", "-u", "ZEBRAFISH", *granted
    )
    for name in ("rita-okonkwo", "max"):
        says("approve", "zebrafish-momentum", "--key", f"keys/{name}.pem")
    days = pd.bdate_range("2024-01-01", periods=30, name="date")
    closes = pd.DataFrame({"ZEBRAFISH": (50 + np.sin(np.arange(30))).round(2)}, index=days)
    closes.to_csv("prices.csv")
    mandated = ["--mandate", ".", "--name", "zebrafish-momentum", "--log", "."]
    says("backtest", "buyer.py:Buyer", "prices.csv", *mandated)
    return folder


def test_a_fund_of_the_ordinary_commands_is_replicated_as_ciphertext_and_rebuilt(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`replicate` takes both logs as they are; no name is in a replica, everybody proves it, the team reads it."""
    says("replicate", str(site), str(tmp_path / "replica"))
    files = [file for file in (tmp_path / "replica").rglob("*") if file.is_file()]
    assert {file.relative_to(tmp_path / "replica").parts[0] for file in files} == {"journal", "governance"}
    for file in files:
        assert not [word for word in WORDS if word in file.read_bytes()], file
    new = tmp_path / "new"
    says("restore", str(tmp_path / "replica"), str(new))
    for stream in ("journal", "governance"):
        words = [sys.executable, str(ROOT / "tools/fsck/fsck.py"), str(new / stream)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert run(["audit", "verify", str(new)]) == 15, "derived again by nobody without an identity"
    assert run(["mandates", "--dir", str(new)]) == 15
    shutil.copy(site / "keys" / "ada.age", new / "identity.age")
    capsys.readouterr()
    says("mandates", "--dir", str(new), "--json")
    assert [m["strategy"] for m in json.loads(capsys.readouterr().out)["in_force"]] == ["zebrafish-momentum"]
    says("audit", "verify", str(new), "--json")
    proof = json.loads(capsys.readouterr().out)
    assert (proof["effects"] > 0, proof["origin"]) == (True, "hedge-one/journal")


def test_a_signed_event_of_the_sealed_log_is_proved_and_shown_to_a_stranger(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The roster, with its people, in one file that needs nothing else; or only that it is there."""
    proof = str(tmp_path / "roster.json")
    says("audit", "prove", "3", "--stream", "governance", "--log", str(site), "--out", proof)
    capsys.readouterr()
    says("audit", "check", proof, "--json")
    checked = json.loads(capsys.readouterr().out)
    assert [p["name"] for p in checked["says"]["body"]["people"]] == ["ada", "Rita Okonkwo", "max"]
    says("audit", "prove", "3", "--stream", "governance", "--log", str(site), "--out", proof, "--sealed")
    assert b"Rita" not in Path(proof).read_bytes()
    says("audit", "check", proof)


def test_a_plain_journal_beside_a_sealed_governance_log_stays_at_home(site: Path, tmp_path: Path) -> None:
    """`--plain` writes one that everybody reads; it is refused until somebody says that it may leave."""
    mandated = ["--mandate", str(site), "--name", "zebrafish-momentum", "--log", str(tmp_path / "open")]
    says("backtest", str(site / "buyer.py") + ":Buyer", str(site / "prices.csv"), *mandated, "--plain")
    assert run(["replicate", str(tmp_path / "open"), str(tmp_path / "copy")]) == 15
    says("audit", "verify", str(tmp_path / "open"))
