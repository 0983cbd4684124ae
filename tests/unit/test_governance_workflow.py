"""What people do, end to end in a folder: no signature, no capital."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.core.errors import GovernanceError, HedgerowError
from hedgerow.governance import (
    Desk,
    Key,
    approve,
    events,
    keys_new,
    propose,
    receive,
    revoke,
    roster_new,
    sequence,
    status,
)
from hedgerow.governance.envelope import read_envelope, sign_event

NOW = 1_700_000_000_000_000_000
YEAR = 365 * 24 * 3600 * 1_000_000_000
PEOPLE = {"Ada": ["researcher", "risk"], "Rita": ["risk"], "Fay": ["fund_manager"], "Duo": ["risk", "fund_manager"]}


class Fund:
    """A fund in a folder, with a key file for each person."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.files = {
            n: Path(keys_new(folder, n, seed=n.encode().ljust(32))["private_file"]) for n in ["root", *PEOPLE]
        }

    def tick(self) -> int:
        """One second later."""
        self.now += 1_000_000_000
        return self.now

    def staff(self, people: dict[str, list[str]] = PEOPLE, **more: Any) -> dict[str, Any]:
        """Set the roster with the root key."""
        roots = [self.files["root"]]
        arguments = {"fund": "Quince Fund", "base_currency": "USD"} | more
        return roster_new(self.folder, people=people, root_key_files=roots, now_ns=self.tick(), **arguments)

    def propose(self, who: str = "Ada", **change: Any) -> dict[str, Any]:
        """Propose momentum for paper money, with what the test changes."""
        terms: dict[str, Any] = {
            "strategy": "momentum",
            "artifact": "ab" * 32,
            "tier": "paper",
            "limits": {"capital": 1_000_000, "gross": 2_000_000},
            "universe": ["AAA", "BBB"],
            "valid_until_ns": NOW + YEAR,
        }
        return propose(self.folder, key_file=self.files[who], now_ns=self.tick(), **(terms | change))

    def approve(self, who: str, role: str, proposal: str = "momentum", **more: Any) -> dict[str, Any]:
        """Approve, or what the test says."""
        return approve(self.folder, key_file=self.files[who], proposal=proposal, role=role, now_ns=self.tick(), **more)

    def status(self) -> dict[str, Any]:
        """How things stand now."""
        return status(self.folder, now_ns=self.now)


@pytest.fixture
def fund(tmp_path: Path) -> Fund:
    """A fund with its people."""
    fund = Fund(tmp_path / "fund")
    fund.staff()
    return fund


def test_a_proposal_becomes_a_mandate_when_two_roles_have_signed(fund: Fund) -> None:
    """The outcome names what is missing, then the mandate; status shows it, and all of it is JSON."""
    proposal = fund.propose(title="Momentum")["proposal"]
    assert fund.approve("Rita", "risk")["missing"] == ["fund_manager"]
    assert fund.status()["in_force"] == []
    granted = fund.approve("Fay", "fund_manager", proposal[:8])
    assert (granted["outcome"], granted["proposal"], granted["strategy"]) == ("granted", proposal, "momentum")
    assert granted["universe"] == ["AAA", "BBB"]
    assert len(bytes.fromhex(granted["mandate"])) == 320
    shown = fund.status()
    assert [m["proposal"] for m in shown["in_force"]] == [proposal]
    assert shown["in_force"][0]["limits"] == {"capital": "1000000.00", "gross": "2000000.00"}
    assert shown["in_force"][0]["valid_until_utc"] == "2024-11-13T22:13:20+00:00"
    assert json.loads(json.dumps(shown)) == shown
    fund.now = NOW + YEAR
    assert fund.status()["in_force"] == []


def test_the_kernels_authority_grants_from_the_folders_envelopes(fund: Fund) -> None:
    """Genesis and envelopes, handed over in order, grant the same mandate."""
    fund.propose()
    fund.approve("Rita", "risk")
    fund.approve("Fay", "fund_manager")
    genesis, envelopes = Desk(fund.folder).authority()
    authority = _core.Authority(genesis)
    outcomes = [authority.apply(envelope, i + 2, NOW)["outcome"] for i, envelope in enumerate(envelopes)]
    founding = ["roster_set", "policy_set", "epoch_begun", "epoch_begun"]
    assert outcomes == [*founding, "proposed", "approved", "granted"]


def test_nobody_approves_their_own_proposal(fund: Fund) -> None:
    """Ada is a risk officer, but she is the author."""
    fund.propose()
    with pytest.raises(GovernanceError, match=r"GOV-005 .*Ada"):
        fund.approve("Ada", "risk")


def test_one_human_is_no_quorum(fund: Fund) -> None:
    """Duo holds both roles and fills one seat."""
    fund.propose()
    fund.approve("Duo", "risk")
    assert fund.approve("Duo", "fund_manager")["missing"] == ["fund_manager"]
    assert fund.approve("Rita", "risk")["outcome"] == "granted"


def test_a_rejection_closes_a_proposal(fund: Fund) -> None:
    """After a no, a yes is refused and says who said no."""
    proposal = fund.propose()["proposal"]
    assert fund.approve("Rita", "risk", decision="reject")["outcome"] == "rejected"
    with pytest.raises(GovernanceError, match=r"GOV-014 .*Rita rejected it"):
        fund.approve("Fay", "fund_manager", proposal)


def test_risk_takes_capital_back(fund: Fund) -> None:
    """A revocation ends the mandate; a fund manager's is refused."""
    fund.propose()
    fund.approve("Rita", "risk")
    fund.approve("Fay", "fund_manager")
    with pytest.raises(GovernanceError, match=r"GOV-004 .*Fay"):
        revoke(fund.folder, key_file=fund.files["Fay"], strategy="momentum", now_ns=fund.tick())
    outcome = revoke(fund.folder, key_file=fund.files["Rita"], proposal="momentum", reason="loss", now_ns=fund.tick())
    assert outcome["outcome"] == "revoked"
    assert [len(bytes.fromhex(mandate)) for mandate in outcome["mandates"]] == [320]
    assert json.loads(json.dumps(outcome)) == outcome
    assert fund.status()["in_force"] == []


def test_a_refused_event_leaves_no_file(fund: Fund) -> None:
    """The folder is as before after every refusal."""
    fund.propose()
    before = sorted(p.name for p in fund.folder.rglob("*"))
    stranger = Key.generate("Eve").save(fund.folder.parent / "eve.pem")
    refused: list[tuple[str, Callable[[], Any]]] = [
        ("GOV-003", lambda: approve(fund.folder, key_file=stranger, proposal="momentum", role="risk", now_ns=fund.now)),
        ("GOV-004", lambda: fund.approve("Fay", "risk")),
        ("GOV-006", lambda: fund.approve("Rita", "risk", "momentun")),
        ("GOV-010", lambda: fund.propose(tier="papre")),
        ("GOV-010", lambda: fund.propose(universe=[])),
        ("GOV-014", lambda: fund.propose(valid_until_ns=NOW)),
        ("GOV-023", lambda: fund.staff({"Ada": ["risk"]})),
        ("GOV-001", lambda: receive(fund.folder, b"{", now_ns=fund.now)),
    ]
    for code, act in refused:
        with pytest.raises(GovernanceError, match=code):
            act()
    assert sorted(p.name for p in fund.folder.rglob("*")) == before


def test_an_unknown_proposal_is_answered_with_the_nearest_one(fund: Fund) -> None:
    """Did you mean momentum?"""
    fund.propose()
    with pytest.raises(GovernanceError, match="did you mean 'momentum'"):
        fund.approve("Rita", "risk", "momentun")


def test_a_word_that_means_two_proposals_is_refused_with_both(fund: Fund) -> None:
    """Two open proposals of one strategy must be named apart."""
    names = {fund.propose()["proposal"], fund.propose(artifact="cd" * 32)["proposal"]}
    with pytest.raises(GovernanceError, match="means 2 proposals") as caught:
        fund.approve("Rita", "risk")
    assert all(name in str(caught.value) for name in names)


def test_a_first_roster_that_is_refused_starts_no_fund(tmp_path: Path) -> None:
    """Neither genesis nor roster is written, and the next try works."""
    fund = Fund(tmp_path)
    with pytest.raises(GovernanceError, match=r"GOV-023 .*fund_manager"):
        fund.staff({"Rita": ["risk"]})
    with pytest.raises(GovernanceError, match="name and a base currency"):
        fund.staff(fund="")
    with pytest.raises(GovernanceError, match="GOV-016"):
        fund.status()
    assert fund.staff()["version"] == 1


def test_a_later_roster_follows_the_one_in_force(fund: Fund) -> None:
    """Version 2 needs the root key; a person's key is not enough."""
    raj = Key.generate("Raj").public_hex
    assert fund.staff({**PEOPLE, "Raj": ["risk"]}, public_keys={"Raj": [raj]})["version"] == 2
    with pytest.raises(GovernanceError, match=r"GOV-003 .*not a root key"):
        roster_new(fund.folder, people=PEOPLE, root_key_files=[fund.files["Fay"]], now_ns=fund.tick())


def test_a_fund_starts_once(fund: Fund) -> None:
    """A second genesis is refused."""
    with pytest.raises(HedgerowError, match="CLI-002"):
        Desk(fund.folder).found(Desk(fund.folder).genesis(), b"", now_ns=fund.now)


def test_an_event_signed_elsewhere_is_received(fund: Fund) -> None:
    """An approval made by another tool, in another spelling, counts when it is taken in."""
    proposal = fund.propose()["proposal"]
    key = Key.load(fund.files["Rita"], name="Rita")
    rules = fund.status()["policy"]["id"]
    context = events.Context([proposal], (1, 0), rules)
    envelope = events.approval(key=key, proposal=proposal, role="risk", context=context)
    spelt = json.dumps(json.loads(envelope), indent=1).encode()
    assert receive(fund.folder, spelt, now_ns=fund.tick())["outcome"] == "approved"
    with pytest.raises(GovernanceError, match="GOV-009"):
        receive(fund.folder, envelope, now_ns=fund.tick())


@pytest.mark.parametrize("change", [{"hlc": [1]}, {"hlc": [-1, 0]}, {"hlc": "now"}, {"parents": None}])
def test_an_event_without_a_clock_or_parents_is_named(fund: Fund, change: dict[str, Any]) -> None:
    """It cannot be put in order: copied among the pending files, it is shown with its reason and never counts."""
    event = {"hlc": [1, 0], "parents": [], "type": "approval"} | change
    envelope = sign_event(event, [Key.load(fund.files["Rita"])])
    name = read_envelope(envelope).id
    (fund.folder / "governance" / "pending" / f"{name}.json").write_bytes(envelope)
    assert "no clock or no parents" in fund.status()["pending"][0]["error"]
    assert "GOV-010" in sequence(fund.folder, now_ns=fund.tick()).to_json()["refused"][0]["error"]
    assert fund.status()["pending"] == []


def test_a_device_with_a_wild_clock_is_refused_by_name(fund: Fund) -> None:
    """An event from the far future does not count, and the next one carries our own time."""
    proposal = fund.propose()["proposal"]
    key = Key.load(fund.files["Duo"], name="Duo")
    context = events.Context([proposal], (2**53 - 1, 0), fund.status()["policy"]["id"])
    wild = events.approval(key=key, proposal=proposal, role="risk", context=context)
    with pytest.raises(GovernanceError, match=r"GOV-021 .*Duo's clock"):
        receive(fund.folder, wild, now_ns=fund.tick())
    fund.approve("Rita", "risk", proposal)
    assert Desk(fund.folder).standing().recorded[-1].event["hlc"] == [fund.now // 1_000_000, 0]


def test_clocks_of_one_folder_only_rise(fund: Fund) -> None:
    """A device whose clock is behind signs just after the latest event it has seen."""
    fund.propose()
    fund.now -= 60_000_000_000
    fund.approve("Rita", "risk")
    hlc = Desk(fund.folder).standing().recorded[-1].event["hlc"]
    assert hlc[0] > fund.now // 1_000_000
    assert hlc[1] == 1


def test_a_key_cannot_be_named_without_letters(tmp_path: Path) -> None:
    """A name that gives no file name is GOV-011."""
    with pytest.raises(GovernanceError, match="GOV-011"):
        keys_new(tmp_path, "---")
