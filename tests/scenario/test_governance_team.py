"""A whole team at work: promotion from paper to full, racing allocations, a rotated root, a lost device."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.governance import Desk
from hedgerow.governance.stream import STREAM

START = datetime(2030, 1, 1, tzinfo=UTC)
PEOPLE = {"ada": "researcher", "bea": "researcher", "rita": "risk", "rob": "risk", "max": "fund_manager"}
LIMITS = {"capital": "500000", "gross": "900000", "loss": "10000", "adv_share_bps": "50", "position": "100000"}


class Team:
    """A fund's folder, a clock that is an argument, and what its people type."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.now = folder, capsys, START
        for name in ("root", "root2", "oracle", *PEOPLE):
            self.says("keys", "new", name, timed=False)
        people = [word for name, role in PEOPLE.items() for word in ("--person", f"{name}={role}")]
        oracle = ("--service", f"oracle={self.file('oracle', '.pub.pem')},evidence")
        self.people = people
        self.says("roster", "new", *people, "--root", self.key("root"), *oracle, "--fund", "Hedge One", "--base", "USD")

    def file(self, name: str, ending: str) -> str:
        """A key file of somebody."""
        return str(self.folder / "keys" / f"{name}{ending}")

    def key(self, name: str) -> str:
        """A private key file."""
        return self.file(name, ".pem")

    def later(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)

    def words(self, words: tuple[str, ...], *, timed: bool) -> list[str]:
        """A command line with folder, time and form."""
        self.later(seconds=1)
        clock = ["--at", f"{self.now:%Y-%m-%dT%H:%M:%S}"] if timed else []
        return [*words, "--dir", str(self.folder), *clock, "--json"]

    def says(self, *words: str, timed: bool = True) -> dict[str, Any]:
        """The result of a command that succeeds."""
        assert run(self.words(words, timed=timed)) == 0, (words, self.capsys.readouterr().err)
        result: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return result

    def refuses(self, *words: str) -> str:
        """The code of a command that fails."""
        assert run(self.words(words, timed=True)) != 0, words
        code: str = json.loads(self.capsys.readouterr().err)["error"]["code"]
        return code

    def propose(self, who: str = "ada", **limits: str) -> tuple[str, ...]:
        """The words by which somebody proposes momentum at the lowest tier."""
        file = self.folder / "momentum.py"
        file.write_text("WINDOW = 20\n")
        granted = [word for name, value in (LIMITS | limits).items() for word in ("--limit", f"{name}={value}")]
        return ("propose", str(file), "--strategy", "momentum", "--key", self.key(who), "-u", "AAA,BBB", *granted)

    def sign(self, word: str = "momentum") -> dict[str, Any]:
        """Both officers approve."""
        self.says("approve", word, "--key", self.key("rita"))
        return self.says("approve", word, "--key", self.key("max"))

    def vouch(self) -> str:
        """The platform vouches for a pack of the strategy that runs; returns the pack's file."""
        from hedgerow.governance import vouch

        row = self.says("mandates")["proposals"][0]
        pack = self.folder / "pack.json"
        pack.write_text('{"kind":"evidence"}')
        digest = bytes(_core.sha256(pack.read_bytes())).hex()
        body = {"artifact": row["content"], "pack": digest, "trials": 3, "summary": {"sharpe": "1.2"}}
        vouch(self.folder, key_file=self.key("oracle"), body=body, now_ns=int(self.now.timestamp()) * 10**9)
        return str(pack)

    def mandates(self) -> list[tuple[str, str]]:
        """Every mandate with its tier and where it stands."""
        return [(m["tier"], m["status"]) for m in self.says("mandates")["mandates"]]


@pytest.fixture
def team(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Team:
    """A founded fund with five people and an evidence service."""
    return Team(tmp_path, capsys)


def test_a_strategy_climbs_from_paper_to_full_and_falls_at_a_word(team: Team) -> None:
    """Each step needs the people, the pack and the time below; each begins after its cool-down; risk acts at once."""
    team.says(*team.propose())
    assert team.sign()["outcome"] == "granted"
    assert team.mandates() == [("paper", "in force")]
    pack, live = team.vouch(), team.folder / "live.json"
    live.write_text("{}")
    climb = (
        "allocate",
        "momentum",
        "--tier",
        "canary",
        "--key",
        team.key("ada"),
        "--evidence",
        pack,
        "--live",
        str(live),
    )
    team.later(days=29)
    assert team.refuses(*climb) == "GOV-026"
    team.later(days=2)
    assert team.refuses(*climb[:-4]) == "GOV-026", "without a pack"
    assert team.refuses(*climb, "--limit", "capital=1000001") == "GOV-024"
    assert team.says(*climb)["outcome"] == "proposed"
    team.sign()
    assert team.mandates() == [("paper", "in force"), ("canary", "cooling down")]
    team.later(days=1)
    assert team.mandates() == [("paper", "superseded"), ("canary", "in force")]
    team.later(days=61)
    full = (*climb[:3], "full", *climb[4:], "--limit", "capital=5000000", "--limit", "gross=9000000")
    team.says(*full)
    shown = team.says("review", "momentum")
    assert {row["limit"]: (row["asked"], row["now"]) for row in shown["limits"]}["capital"] == (
        "5000000.00",
        "500000.00",
    )
    assert (shown["evidence"]["pack"]["summary"], shown["missing"]) == ({"sharpe": "1.2"}, ["risk", "fund_manager"])
    assert sorted(shown["could_sign"]) == ["max", "rita", "rob"]
    team.sign()
    team.later(days=4)
    assert team.mandates()[-1] == ("full", "in force")
    team.says("demote", "momentum", "--tier", "canary", "--key", team.key("rob"), "--reason", "losses")
    assert team.mandates()[-2:] == [("full", "revoked"), ("canary", "in force")]
    team.says("pause", "momentum", "--key", team.key("rita"))
    assert team.mandates()[-1] == ("canary", "paused")
    team.says("retire", "momentum", "--key", team.key("rita"))
    assert team.refuses(*team.propose()) == "GOV-014"
    assert _core.verify_log(str(team.folder), None, STREAM)["unsigned_tail_entries"] == 0


def test_of_two_racing_allocations_only_one_takes_effect(team: Team) -> None:
    """Both rest on the same mandate; when one is granted the other is closed and cannot be signed any more."""
    team.says(*team.propose())
    team.sign()
    change = ("allocate", "momentum", "--key", team.key("ada"), "--limit")
    first = team.says(*change, "capital=600000")["proposal"]
    second = team.says(*change, "capital=700000")["proposal"]
    team.says("approve", second, "--key", team.key("rita"))
    team.sign(first)
    assert team.refuses("approve", second, "--key", team.key("max")) == "GOV-014"
    in_force = team.says("mandates")["in_force"]
    assert [m["limits"]["capital"] for m in in_force] == ["600000.00"]


def test_the_policy_changes_only_under_the_old_policys_quorum(team: Team) -> None:
    """A new policy waits for those who must change it, and voids the votes given under the old one."""
    team.says(*team.propose())
    team.says("approve", "momentum", "--key", team.key("rita"))
    shown = team.says("policy", "show", timed=False)
    shown["tiers"][0]["sign"] = "all(risk 2, fund_manager 1)"
    file = team.folder / "policy.json"
    file.write_text(json.dumps(shown))
    assert team.says("policy", "propose", str(file), "--key", team.key("rob"))["missing"] == ["risk", "fund_manager"]
    assert team.refuses("approve", "policy", "--role", "risk", "--key", team.key("rob")) == "GOV-005"
    assert team.says("review", "policy")["policy"]["version"] == 2
    assert team.sign("policy")["outcome"] == "policy_set"
    assert team.says("review", "momentum")["missing"] == ["risk", "risk", "fund_manager"]
    for name in ("rita", "rob"):
        team.says("approve", "momentum", "--key", team.key(name))
    assert team.says("approve", "momentum", "--key", team.key("max"))["outcome"] == "granted"
    file.write_text(json.dumps({**shown, "surprise": 1}))
    assert team.refuses("policy", "propose", str(file), "--key", team.key("rob")) == "GOV-010"
    shown["tiers"][0]["sign"] = "compliance 1"
    file.write_text(json.dumps(shown))
    assert team.refuses("policy", "propose", str(file), "--key", team.key("rob")) == "GOV-023"


def test_the_root_rotates_under_the_old_and_the_new_root(team: Team) -> None:
    """Neither the old key nor the new one is enough alone; afterwards the old one signs nothing."""
    rotate = ("roster", "new", *team.people, "--new-root", team.file("root2", ".pub.pem"))
    assert team.refuses(*rotate, "--root", team.key("root")) == "GOV-007"
    assert team.refuses(*rotate, "--root", team.key("root2")) in ("GOV-003", "GOV-007")
    assert team.says(*rotate, "--root", team.key("root"), "--root", team.key("root2"))["version"] == 2
    assert team.refuses("roster", "new", *team.people, "--root", team.key("root")) in ("GOV-003", "GOV-007")
    assert team.says("roster", "new", *team.people, "--root", team.key("root2"))["version"] == 3
    assert [s["name"] for s in team.says("roster", "show")["services"]] == ["oracle", "sequencer"]


def test_a_lost_device_signs_nothing_from_the_place_of_its_revocation_on(team: Team) -> None:
    """Its vote on an open proposal falls, what it signs later is void, and what was granted before stands."""
    team.says(*team.propose())
    team.says("approve", "momentum", "--key", team.key("rita"))
    lost = team.file("rita", ".pub.pem")
    assert (
        team.says("revoke", "--public", lost, "--key", team.key("rob"), "--reason", "lost")["outcome"] == "key_revoked"
    )
    assert team.says("review", "momentum")["missing"] == ["risk", "fund_manager"]
    assert team.refuses("approve", "momentum", "--role", "risk", "--key", team.key("rita")) == "GOV-027"
    team.says("approve", "momentum", "--key", team.key("rob"))
    assert team.says("approve", "momentum", "--key", team.key("max"))["outcome"] == "granted"
    other = team.file("max", ".pub.pem")
    assert team.says("revoke", "--public", other, "--root", team.key("root"))["outcome"] == "key_revoked"
    assert team.mandates() == [("paper", "in force")]


def test_a_service_whose_time_is_over_vouches_for_nothing(team: Team) -> None:
    """The evidence service's key counts until its end only."""
    team.says(*team.propose())
    team.sign()
    until = ("--service", f"oracle={team.file('oracle', '.pub.pem')},evidence", "--service-until", "2030-02-01")
    team.says("roster", "new", *team.people, "--root", team.key("root"), *until)
    team.later(days=40)
    with pytest.raises(Exception, match="GOV-"):
        team.vouch()
    assert team.says("roster", "show")["expired_services"] == ["oracle"]


def test_credits_share_the_whole_and_no_author_decides(team: Team) -> None:
    """Shares add up to 10,000, and each credited author is an author whoever signed the proposal."""
    words = team.propose()
    assert team.refuses(*words, "--credit", "ada=6000", "--credit", "rita=3000") == "GOV-010"
    team.says(*words, "--credit", "ada=6000", "--credit", "rita=4000")
    assert team.refuses("approve", "momentum", "--role", "risk", "--key", team.key("rita")) == "GOV-005"
    assert team.says("review", "momentum")["could_sign"] == ["rob", "max"]
    assert Desk(team.folder).standing().state["proposals"][0]["authors"] == ["ada", "rita"]
