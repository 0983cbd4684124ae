"""Drafts: what several people must sign goes from folder to folder, and counts once enough have signed."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import GovernanceError
from hedgerow.governance import Desk, keys_new, roster_new, roster_show, show_draft, sign_draft, submit_draft
from hedgerow.governance.identity import Identity
from hedgerow.governance.rotation import epoch_new

NOW = 1_700_000_000_000_000_000
PEOPLE = {"rita": ["risk"], "fay": ["fund_manager"]}


class TwoRoots:
    """A site, and two root keys that never lie in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder, folder / "site"
        self.roots = [keys_new(folder / name, name) for name in ("olga", "otto", "nina")]
        for name in PEOPLE:
            keys_new(self.site, name)

    def key(self, number: int) -> str:
        """The private key file of one root."""
        return str(self.roots[number]["private_file"])

    def roster(self, number: int, draft: Path, **more: Any) -> dict[str, Any]:
        """One root key drafts a roster at the site."""
        return roster_new(
            self.site,
            people=PEOPLE,
            root_key_files=[self.key(number)],
            fund="Quince Fund",
            base_currency="USD",
            now_ns=NOW,
            draft=draft,
            **more,
        )

    def found(self) -> dict[str, Any]:
        """Olga drafts, Otto signs at home, the site submits."""
        draft = self.folder / "olga" / "founding.json"
        self.roster(0, draft, root_public=[root["public_file"] for root in self.roots[:2]])
        taken = Path(shutil.copy(draft, self.folder / "otto" / "founding.json"))
        sign_draft(taken, key_file=self.key(1))
        return submit_draft(self.site, [taken], now_ns=NOW)


@pytest.fixture
def two(tmp_path: Path) -> TwoRoots:
    """Two people who hold a root key each."""
    return TwoRoots(tmp_path)


def test_a_fund_is_founded_by_two_people_on_two_devices(two: TwoRoots) -> None:
    """With one signature it does not start, and nothing is written; with both it does, sealed."""
    draft = two.folder / "draft.json"
    told = two.roster(0, draft, root_public=[root["public_file"] for root in two.roots[:2]])
    assert (told["outcome"], len(told["events"])) == ("drafted", 4)
    with pytest.raises(GovernanceError, match=r"GOV-007 .*1 root signatures, 2 needed"):
        submit_draft(two.site, [draft], now_ns=NOW)
    assert not Desk(two.site).is_founded
    founded = two.found()
    assert (founded["outcome"], founded["version"]) == ("roster_set", 1)
    assert founded["epochs"] == ["governance 1", "journal 1"]


def test_a_later_roster_needs_the_old_root_and_the_new_one(two: TwoRoots) -> None:
    """Otto hands over to Nina: Olga and Otto sign for version 1, Olga and Nina for version 2; two are too few."""
    two.found()
    draft = two.folder / "roster.json"
    two.roster(0, draft, root_public=[two.roots[0]["public_file"], two.roots[2]["public_file"]])
    for number in (1, 2):
        with pytest.raises(GovernanceError, match="GOV-007"):
            submit_draft(two.site, [draft], now_ns=NOW)
        sign_draft(draft, key_file=two.key(number))
    assert submit_draft(two.site, [draft], now_ns=NOW)["version"] == 2
    kept = roster_show(two.site, now_ns=NOW)["root"]["keys"]
    assert kept == [two.roots[0]["public_key"], two.roots[2]["public_key"]]


def test_copies_signed_apart_are_joined(two: TwoRoots) -> None:
    """Each of two people signs a copy of their own; either alone is too little, both together are enough."""
    two.found()
    first = two.folder / "first.json"
    two.roster(0, first)
    second = Path(shutil.copy(first, two.folder / "second.json"))
    assert len(sign_draft(second, key_file=two.key(1))["events"][0]["signed_by"]) == 2
    sign_draft(second, key_file=two.key(1))
    assert len(show_draft(second)["events"][0]["signed_by"]) == 2, "signing twice changes nothing"
    stripped = json.loads(second.read_text())
    stripped["signatures"] = stripped["signatures"][1:]
    second.write_text(json.dumps(stripped))
    with pytest.raises(GovernanceError, match="GOV-007"):
        submit_draft(two.site, [second], now_ns=NOW)
    assert submit_draft(two.site, [first, second], now_ns=NOW)["version"] == 2


def test_what_is_not_a_copy_or_not_a_draft_is_refused_by_name(two: TwoRoots) -> None:
    """Another draft, a changed payload, and bytes that are no draft at all."""
    two.found()
    first, other = two.folder / "first.json", two.folder / "other.json"
    two.roster(0, first)
    two.roster(0, other, services=[])
    with pytest.raises(GovernanceError, match="copies of one event"):
        submit_draft(two.site, [first, other], now_ns=NOW)
    for bad in (b"", b"[]", b'{"events":[]}', b'{"payload":1}', b"PK\x03\x04"):
        other.write_bytes(bad)
        with pytest.raises(GovernanceError, match="GOV-001"):
            sign_draft(other, key_file=two.key(1))
        assert other.read_bytes() == bad
    with pytest.raises(GovernanceError, match="GOV-001"):
        show_draft(two.folder / "nowhere.json")
    said = json.loads(first.read_text())
    payload = base64.b64decode(said["payload"])
    said["payload"] = base64.b64encode(payload[:-9]).decode()
    first.write_text(json.dumps(said))
    with pytest.raises(GovernanceError, match="payload is not JSON"):
        sign_draft(first, key_file=two.key(1))
    said["payload"] = base64.b64encode(payload.replace(b'"fund_manager"', b'"risk"')).decode()
    first.write_text(json.dumps(said))
    sign_draft(first, key_file=two.key(1))
    with pytest.raises(GovernanceError, match="GOV-002"):
        submit_draft(two.site, [first], now_ns=NOW)
    assert roster_show(two.site, now_ns=NOW)["version"] == 1


def test_the_root_begins_an_epoch_together(two: TwoRoots) -> None:
    """Whatever the root quorum signs can be drafted."""
    two.found()
    draft = two.folder / "epoch.json"
    reader = [Identity.generate().recipient]
    epoch_new(
        two.site,
        compartment="compensation",
        root_key_files=[two.key(0)],
        recipients=reader,
        draft=draft,
        now_ns=NOW,
    )
    sign_draft(draft, key_file=two.key(1))
    assert submit_draft(two.site, [draft], now_ns=NOW)["outcome"] == "epoch_begun"


def test_the_commands_pass_a_draft_from_hand_to_hand(two: TwoRoots, capsys: pytest.CaptureFixture[str]) -> None:
    """`roster new --draft`, `sign` to look, `sign --key`, `submit`."""
    two.found()
    draft, site = str(two.folder / "draft.json"), str(two.site)
    people = [word for name, roles in PEOPLE.items() for word in ("--person", f"{name}={roles[0]}")]
    assert run(["roster", "new", *people, "--root", two.key(0), "--dir", site, "--draft", draft]) == 0
    assert run(["sign", draft]) == 0
    assert '"version": 2' in capsys.readouterr().out
    assert run(["submit", draft, "--dir", site]) == 16
    assert run(["sign", draft, "--key", two.key(1), "--json"]) == 0
    assert run(["submit", draft, "--dir", site]) == 0
    assert "roster_set" in capsys.readouterr().out
