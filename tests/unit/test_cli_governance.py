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
    assert [mandate["strategy"] for mandate in fund.says("mandates")["in_force"]] == ["momentum"]


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
    assert fund.says("mandates")["in_force"] == []


def test_a_person_can_refuse(fund: Fund) -> None:
    """A signed rejection closes the proposal."""
    fund.propose()
    said = fund.says("reject", "momentum", "--role", "risk", "--key", fund.key("rita"))
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


def test_the_role_is_the_one_that_is_lacking(fund: Fund) -> None:
    """Who holds one fitting role need not say it; who holds none is told what they are."""
    fund.propose()
    assert fund.says("approve", "momentum", "--key", fund.key("rita"))["missing"] == ["fund_manager"]
    assert fund.says("approve", "momentum", "--key", fund.key("max"))["outcome"] == "granted"


def test_a_review_shows_everything_but_the_code(fund: Fund) -> None:
    """Figures, people and hashes as text; nothing of the file's contents."""
    fund.propose()
    assert run(["review", "momentum", "--dir", str(fund.folder)]) == 0
    page = fund.capsys.readouterr().out
    for said in ("Limits", "the tier allows", "Liquidity", "still lacks", "risk, fund_manager", "could sign"):
        assert said in page
    assert "WINDOW" not in page
    assert fund.says("review", "momentum")["tier"] == "paper"


def test_policies_are_read_aloud(fund: Fund, tmp_path: Path) -> None:
    """The policy in force, the default and a file print the same sentences; a wrong file is a named error."""
    assert run(["policy", "show", "--dir", str(fund.folder)]) == 0
    in_force = fund.capsys.readouterr().out
    assert "1 canary (live): capital 1,000,000" in in_force
    assert "signed by all(risk 1, fund_manager 1)" in in_force
    file = tmp_path / "policy.toml"
    file.write_text('[[tiers]]\nname = "paper"\nkind = "paper"\ncapital = 5000.5\nsign = "risk 1"\n')
    assert run(["policy", "show", str(file)]) == 0
    assert "capital 5,000.50" in fund.capsys.readouterr().out
    for bad in ("capitol = 1", "[[tiers", "tiers = 3"):
        file.write_text(bad)
        assert run(["policy", "show", str(file)]) == 16
    assert "GOV-010" in fund.capsys.readouterr().err


def test_a_key_file_shows_its_public_half(fund: Fund) -> None:
    """Private or public, the same key is told, and never the secret."""
    shown = [json.loads(said) for said in (said_by(fund, "ada.pem"), said_by(fund, "ada.pub.pem"))]
    assert shown[0]["public_key"] == shown[1]["public_key"]
    assert (shown[0]["kind"], shown[1]["kind"]) == ("private", "public")


def said_by(fund: Fund, name: str) -> str:
    """What `keys show` prints of a key file."""
    assert run(["keys", "show", str(fund.folder / "keys" / name), "--json"]) == 0
    return fund.capsys.readouterr().out


def test_the_roster_is_shown_with_devices_and_services(fund: Fund) -> None:
    """People and the sequencer, as a table and as data."""
    assert [s["name"] for s in fund.says("roster", "show")["services"]] == ["sequencer"]
    assert run(["roster", "show", "--dir", str(fund.folder)]) == 0
    assert "fund_manager" in fund.capsys.readouterr().out


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "a\\b", ".."])
def test_a_name_that_leads_out_of_the_folder_is_refused(fund: Fund, name: str) -> None:
    """Of a key, a strategy or a person: GOV-029, and nothing is written."""
    before = sorted(fund.folder.rglob("*"))
    assert fund.refuses("keys", "new", name) == (16, "GOV-029")
    words = ["propose", "0" * 64, "--strategy", name, "--key", fund.key("ada"), "-u", "KO", "--limit", "capital=1"]
    assert fund.refuses(*words) == (16, "GOV-029")
    people = ["--person", f"{name}=risk", "--person", "max=fund_manager"]
    assert fund.refuses("roster", "new", *people, "--root", fund.key("root")) == (16, "GOV-029")
    assert sorted(fund.folder.rglob("*")) == before


def test_evidence_that_nobody_vouched_for_is_named(fund: Fund) -> None:
    """The pack's hash stands in the message, and so does what is known; a file that is not there is named too."""
    pack = fund.folder / "pack.json"
    pack.write_text("{}")
    words = ["propose", "0" * 64, "--strategy", "x", "--key", fund.key("ada"), "-u", "KO", "--limit", "capital=1"]
    assert fund.refuses(*words, "--evidence", str(pack)) == (16, "GOV-026")
    assert fund.refuses(*words, "--evidence", str(fund.folder / "none.json")) == (16, "GOV-026")
    assert fund.says("mandates")["proposals"] == []


def test_sequencing_tells_what_is_refused_and_fails(fund: Fund) -> None:
    """A file that is no event is named and removed; the command's status is the refusal's."""
    (fund.folder / "governance" / "pending" / f"{'0' * 64}.json").write_text("{}")
    assert run(["sequence", "--dir", str(fund.folder)]) == 16
    assert "GOV-001" in fund.capsys.readouterr().out
    assert fund.says("sequence")["refused"] == []
