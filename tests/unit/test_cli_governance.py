"""Commands of people: from keys to a mandate in force, and what is refused on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run

LIMITS = ["--limit", "capital=1000000", "--limit", "gross=1000000"]


class Fund:
    """A fund's folder and what people type in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def says(self, *words: str) -> dict[str, Any]:
        """The result of a command that succeeds."""
        assert run([*words, "--dir", str(self.folder), "--json"]) == 0, self.capsys.readouterr().err
        result: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return result

    def refuses(self, *words: str) -> tuple[int, str]:
        """The exit status and code of a command that fails."""
        status = run([*words, "--dir", str(self.folder), "--json"])
        code: str = json.loads(self.capsys.readouterr().err)["error"]["code"]
        return status, code

    def key(self, name: str) -> str:
        """Where a person's private key lies."""
        return str(self.folder / "keys" / f"{name}.pem")

    def propose(self) -> dict[str, Any]:
        """Ada proposes a strategy file."""
        strategy = self.folder / "momentum.py"
        strategy.write_text("WINDOW = 20\n")
        words = ["propose", str(strategy), "--strategy", "momentum", "--key", self.key("ada"), *LIMITS]
        return self.says(*words, "--universe", "AAPL,MSFT", "--until", "2100-01-01")


@pytest.fixture
def fund(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Fund:
    """A fund with an author, a risk officer and a manager."""
    fund = Fund(tmp_path, capsys)
    for name in ("root", "ada", "rita", "max"):
        fund.says("keys", "new", name)
    people = ["--person", "ada=researcher", "--person", "rita=risk", "--person", "max=fund_manager"]
    fund.says("roster", "new", *people, "--root", fund.key("root"), "--fund", "Hedge One", "--base", "USD")
    return fund


def test_two_signatures_in_two_roles_grant_a_mandate(fund: Fund) -> None:
    """The second approval completes the quorum, and the mandate is in force."""
    fund.propose()
    first = fund.says("approve", "momentum", "--role", "risk", "--key", fund.key("rita"))
    assert (first["outcome"], first["missing"]) == ("approved", ["fund_manager"])
    second = fund.says("approve", "momentum", "--role", "fund_manager", "--key", fund.key("max"))
    assert second["outcome"] == "granted"
    assert [mandate["strategy"] for mandate in fund.says("mandates")["mandates"]] == ["momentum"]


def test_the_table_of_mandates_says_what_is_in_force_and_what_is_lacking(fund: Fund) -> None:
    """A person sees at a glance who has to sign next."""
    assert run(["mandates", "--dir", str(fund.folder)]) == 0
    assert "no proposals" in fund.capsys.readouterr().out
    fund.propose()
    assert run(["mandates", "--dir", str(fund.folder)]) == 0
    shown = fund.capsys.readouterr().out
    assert "momentum" in shown
    assert "open" in shown


def test_a_revocation_takes_the_mandate_back(fund: Fund) -> None:
    """After it nothing is in force."""
    fund.propose()
    fund.says("approve", "momentum", "--role", "risk", "--key", fund.key("rita"))
    fund.says("approve", "momentum", "--role", "fund_manager", "--key", fund.key("max"))
    assert fund.says("revoke", "--strategy", "momentum", "--key", fund.key("rita"))["outcome"] == "revoked"
    assert fund.says("mandates")["mandates"] == []


def test_a_person_can_refuse(fund: Fund) -> None:
    """A signed rejection closes the proposal."""
    fund.propose()
    said = fund.says("approve", "momentum", "--role", "risk", "--key", fund.key("rita"), "--reject")
    assert said["outcome"] == "rejected"


def test_a_role_one_does_not_hold_is_refused(fund: Fund) -> None:
    """The core judges the signature, whatever the command line says."""
    fund.propose()
    assert fund.refuses("approve", "momentum", "--role", "risk", "--key", fund.key("max")) == (16, "GOV-004")


def test_a_revocation_names_exactly_one_thing(fund: Fund) -> None:
    """Neither and both are usage errors."""
    assert fund.refuses("revoke", "--key", fund.key("rita")) == (2, "CLI-001")


@pytest.mark.parametrize("limit", ["capital", "=1", "capital="])
def test_a_limit_that_is_not_name_and_value_is_a_usage_error(fund: Fund, limit: str) -> None:
    """The form is said, and nothing is signed."""
    words = [
        "propose",
        "0" * 64,
        "--strategy",
        "x",
        "--key",
        fund.key("ada"),
        "--universe",
        "KO",
        "--until",
        "2100-01-01",
    ]
    assert fund.refuses(*words, "--limit", limit) == (2, "CLI-001")
    assert fund.refuses(*words, "--limit", "capital=1", "--limit", "capital=2") == (2, "CLI-001")
    assert fund.says("mandates")["proposals"] == []


def test_a_quorum_is_a_whole_number(fund: Fund) -> None:
    """A count that is no number is refused before anything is signed."""
    words = ["roster", "new", "--person", "ada=researcher", "--root", fund.key("root")]
    assert fund.refuses(*words, "--quorum", "risk=two") == (2, "CLI-001")
