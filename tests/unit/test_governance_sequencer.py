"""The sequencer: only what the log has taken in counts, in the log's order, and nothing is lost or doubled."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.core.errors import GovernanceError, HedgerowError, LogError
from hedgerow.governance import Desk, Key, approve, events, keys_new, propose, receive, roster_new, sequence, status
from hedgerow.governance.envelope import canonical, read_envelope, seal, sign_event
from hedgerow.governance.stream import STREAM
from hedgerow.governance.unsealing import open_log

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
YEAR = 365 * 24 * 3600 * SECOND
PEOPLE = {"Ada": ["researcher"], "Rita": ["risk"], "Fay": ["fund_manager"]}


class Team:
    """A sequencer's folder, and for each person a folder of their own with a copy of `governance/`."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self.now = NOW
        made = {name: keys_new(folder / name, name) for name in ("root", *PEOPLE)}
        self.keys = {name: key["private_file"] for name, key in made.items()}
        public = {name: [folder / name / "keys" / f"{name.lower()}.pub.pem"] for name in PEOPLE}
        roster_new(
            self.site,
            people=PEOPLE,
            public_keys=public,
            recipients={name: made[name]["recipient"] for name in PEOPLE},
            root_key_files=[self.keys["root"]],
            fund="Quince Fund",
            base_currency="USD",
            now_ns=self.tick(),
        )
        self.homes = {name: folder / name for name in PEOPLE}
        self.spread()

    def tick(self) -> int:
        """A second later."""
        self.now += SECOND
        return self.now

    def spread(self) -> None:
        """Give everybody the log as it stands."""
        for home in self.homes.values():
            shutil.copytree(self.site / STREAM, home / STREAM, dirs_exist_ok=True)

    def propose(self, **change: Any) -> dict[str, Any]:
        """Ada signs at home."""
        terms: dict[str, Any] = {
            "strategy": "momentum",
            "artifact": "ab" * 32,
            "tier": "paper",
            "limits": {"capital": 1_000_000},
            "universe": ["AAA"],
            "valid_until_ns": NOW + YEAR,
        }
        return propose(self.homes["Ada"], key_file=self.keys["Ada"], now_ns=self.tick(), **(terms | change))

    def approve(self, who: str, role: str, proposal: str, **more: Any) -> dict[str, Any]:
        """Somebody signs at home."""
        home, key = self.homes[who], self.keys[who]
        return approve(home, key_file=key, proposal=proposal, role=role, now_ns=self.tick(), **more)

    def send(self, source: Path, target: Path) -> None:
        """Copy what waits in one folder into another."""
        shutil.copytree(source / STREAM / "pending", target / STREAM / "pending", dirs_exist_ok=True)

    def sequence(self) -> dict[str, Any]:
        """Take in what waits at the site."""
        return sequence(self.site, now_ns=self.tick()).to_json()

    def proves(self) -> dict[str, Any]:
        """The site's log verifies; what it holds."""
        report: dict[str, Any] = _core.verify_log(str(self.site), None, STREAM)
        assert report["unsigned_tail_entries"] == 0
        return report


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A founded fund, its people apart."""
    return Team(tmp_path)


def test_what_is_signed_apart_is_pending_until_it_is_sequenced(team: Team) -> None:
    """A proposal and two approvals travel as files; only the sequencer makes them count, in the order of causes."""
    proposal = team.propose()
    assert (proposal["outcome"], proposal["brings"]) == ("pending", "proposed")
    for who in ("Rita", "Fay"):
        team.send(team.homes["Ada"], team.homes[who])
    assert team.approve("Rita", "risk", "momentum")["missing"] == ["fund_manager"]
    team.approve("Fay", "fund_manager", "momentum")
    assert status(team.homes["Fay"], now_ns=team.now)["proposals"] == []
    assert [row["type"] for row in status(team.homes["Fay"], now_ns=team.now)["pending"]] == ["proposal", "approval"]
    for who in PEOPLE:
        team.send(team.homes[who], team.site)
    report = team.sequence()
    assert [row["outcome"] for row in report["sequenced"]] == ["proposed", "approved", "granted"]
    assert (report["refused"], report["waiting"]) == ([], [])
    assert list((team.site / STREAM / "pending").iterdir()) == []
    assert len(status(team.site, now_ns=team.now)["in_force"]) == 1
    proved = team.proves()
    assert (proved["entries"], proved["root"], proved["origin"]) == (report["size"], report["root"], report["origin"])
    assert report["origin"] == "quince-fund/governance"


def test_any_order_of_arrival_gives_the_same_sequence(team: Team, tmp_path: Path) -> None:
    """However the files of one set arrive, the log's events are the same."""
    team.propose()
    for who, role in (("Rita", "risk"), ("Fay", "fund_manager")):
        team.send(team.homes["Ada"], team.homes[who])
        team.approve(who, role, "momentum")
    seen = set()
    for number, order in enumerate(itertools.permutations(PEOPLE)):
        site = tmp_path / f"site-{number}"
        shutil.copytree(team.site, site)
        for who in order:
            team.send(team.homes[who], site)
        seen.add(sequence(site, now_ns=team.now).head)
    assert len(seen) == 1


def test_files_that_come_one_by_one_wait_for_what_they_rest_on(team: Team) -> None:
    """An approval that arrives before its proposal is neither counted nor lost."""
    team.propose()
    team.send(team.homes["Ada"], team.homes["Rita"])
    event = team.approve("Rita", "risk", "momentum")["event"]
    (team.site / STREAM / "pending").mkdir(exist_ok=True)
    shutil.copy(team.homes["Rita"] / STREAM / "pending" / f"{event}.json", team.site / STREAM / "pending")
    report = team.sequence()
    assert report["sequenced"] == []
    assert "GOV-015" in report["waiting"][0]["error"]
    team.send(team.homes["Ada"], team.site)
    assert [row["outcome"] for row in team.sequence()["sequenced"]] == ["proposed", "approved"]


def test_a_refused_event_is_named_and_nothing_of_it_is_stored(team: Team) -> None:
    """Two decisions in conflict, signed apart: the log's order decides, and the loser leaves no entry."""
    proposal = team.propose()["proposal"]
    for who in ("Rita", "Fay"):
        team.send(team.homes["Ada"], team.homes[who])
    team.approve("Rita", "risk", proposal, decision="reject")
    team.approve("Fay", "fund_manager", proposal)
    for who in PEOPLE:
        team.send(team.homes[who], team.site)
    before = team.proves()["entries"]
    report = team.sequence()
    assert [row["outcome"] for row in report["sequenced"]] == ["proposed", "rejected"]
    assert "GOV-014" in report["refused"][0]["error"]
    assert team.proves()["entries"] == before + 3, "the sequencing's record and two events"
    assert list((team.site / STREAM / "pending").iterdir()) == []


def test_a_replayed_event_is_not_taken_in_twice(team: Team) -> None:
    """The same file, copied again after it was sequenced, changes nothing."""
    team.propose()
    team.send(team.homes["Ada"], team.site)
    first = team.sequence()
    team.send(team.homes["Ada"], team.site)
    again = team.sequence()
    assert (again["sequenced"], again["root"]) == ([], first["root"])
    file = next((team.homes["Ada"] / STREAM / "pending").glob("*.json"))
    with pytest.raises(GovernanceError, match="GOV-009"):
        receive(team.site, file.read_bytes(), now_ns=team.now)


def test_only_the_sequencer_extends_the_log(team: Team) -> None:
    """A person's key is refused, and a folder without the sequencer's key only collects."""
    team.propose()
    with pytest.raises(GovernanceError, match="GOV-019"):
        sequence(team.homes["Ada"], key_file=team.keys["Ada"], now_ns=team.now)
    with pytest.raises(GovernanceError, match="GOV-011"):
        sequence(team.homes["Ada"], now_ns=team.now)
    assert len(list((team.homes["Ada"] / STREAM / "pending").iterdir())) == 1


def test_the_clock_of_the_log_never_goes_back(team: Team) -> None:
    """A sequencer whose clock was set back goes on at the time of the last sequencing."""
    team.propose()
    team.send(team.homes["Ada"], team.site)
    sequence(team.site, now_ns=NOW - YEAR)
    stream = Desk(team.site).stream()
    assert stream is not None
    times = [s.ts for s in stream.since(0)]
    assert times == sorted(times)


def bad_files(team: Team) -> dict[str, tuple[bytes, str]]:
    """What must never enter: for each, the file's bytes and the code that names it."""
    rita = Key.load(team.keys["Rita"], name="Rita")
    proposal = team.propose()["proposal"]
    team.send(team.homes["Ada"], team.site)
    team.sequence()
    head = Desk(team.site).stream()
    assert head is not None

    context = events.Context([proposal], (1, 0), Desk(team.site).standing().state["policy"]["id"])

    def signed(key: Key = rita, **change: Any) -> bytes:
        plain = events.approval(key=rita, proposal=proposal, role="risk", context=context)
        return sign_event(read_envelope(plain).event | change, [key])

    eve = Key.from_seed(b"e" * 32, name="Eve")
    good = signed()
    float_payload = canonical(json.loads('{"a":1}')).replace(b"1", b"1.5")
    return {
        "unknown key": (signed(eve, device=eve.keyid), "GOV-003"),
        "not canonical": (seal(b'{"b":1, "a":2}', [rita]), "GOV-010"),
        "float": (seal(float_payload, [rita]), "GOV-010"),
        "truncated envelope": (good[:-20], "GOV-001"),
        "not JSON": (b"PK\x03\x04", "GOV-001"),
        "unknown field": (signed(surprise=1), "GOV-010"),
        "oversized": (json.dumps({"payload": "A" * 70_000}).encode(), "GOV-001"),
        "path trick": (signed(actor="../../etc/passwd"), "GOV-029"),
        "another log": (signed(seen={"origin": "other/governance", "size": 1, "root": "00" * 32}), "GOV-018"),
        "rewritten log": (signed(seen={"origin": head.origin, "size": 1, "root": "00" * 32}), "GOV-018"),
        "longer log": (signed(seen={"origin": head.origin, "size": 99, "root": "00" * 32}), "GOV-018"),
    }


def test_every_bad_input_is_named_and_the_log_still_verifies(team: Team) -> None:
    """Received or copied into the folder, it is refused by its code, and neither a file nor an entry is left."""
    cases = bad_files(team)
    before = team.proves()
    pending = team.site / STREAM / "pending"
    for name, (data, code) in cases.items():
        with pytest.raises(HedgerowError, match=code):
            receive(team.site, data, now_ns=team.tick())
        assert list(pending.iterdir()) == [], name
        (pending / ("ab" * 32 + ".json")).write_bytes(data)
        refused = team.sequence()["refused"]
        assert len(refused) == 1, name
        assert list(pending.iterdir()) == [], name
        assert team.proves() == before, name


def test_a_link_among_the_pending_files_is_not_followed(team: Team) -> None:
    """What it points to is another's file."""
    team.propose()
    target = next((team.homes["Ada"] / STREAM / "pending").glob("*.json"))
    (team.site / STREAM / "pending" / target.name).symlink_to(target)
    assert "GOV-029" in team.sequence()["refused"][0]["error"]
    assert target.exists()


@pytest.mark.parametrize("part", ["wal", "checkpoint", "key.pub", "genesis.json"])
def test_a_changed_byte_of_the_log_is_found_before_anything_counts(team: Team, part: str) -> None:
    """Reading, signing and sequencing stop with a named error."""
    file = team.site / STREAM / part
    data = bytearray(file.read_bytes())
    data[len(bytes(data).rstrip(b"\0")) // 2] ^= 1
    file.write_bytes(bytes(data))
    for act in (lambda: status(team.site, now_ns=team.now), lambda: team.sequence()):
        with pytest.raises(HedgerowError):
            act()


def test_a_log_rolled_back_behind_its_signers_back_is_found(team: Team) -> None:
    """Somebody who saw the longer log signs; the shorter one is not what they saw."""
    kept = team.site.parent / "kept"
    shutil.copytree(team.site, kept)
    team.propose()
    team.send(team.homes["Ada"], team.site)
    team.sequence()
    shutil.copy(team.site / STREAM / "checkpoint", kept / STREAM / "checkpoint")
    with pytest.raises(LogError, match="LOG-005"):
        status(kept, now_ns=team.now)


def test_a_log_that_another_key_wrote_is_not_the_funds(team: Team, tmp_path: Path) -> None:
    """Somebody orders the signed events anew under a key of their own: the first roster names another."""
    forged = tmp_path / "forged"
    (forged / STREAM).mkdir(parents=True)
    (forged / STREAM / "genesis.json").write_bytes(Desk(team.site).genesis())
    eve = b"e" * 32
    with _core.JournalWriter(str(forged), Desk(team.site).origin(), eve, stream=STREAM) as writer:
        for kind, record, data in open_log(team.site, STREAM, Desk(team.site).identities):
            writer.append(kind, record, data)
    with pytest.raises(LogError, match=r"LOG-004 .*no sequencer"):
        status(forged, now_ns=team.now)


def test_people_who_act_at_the_same_moment_all_get_their_turn(team: Team) -> None:
    """Six proposals signed at once in one folder: each is sequenced once, and each signer is told."""
    key = team.keys["Ada"]

    def act(number: int) -> dict[str, Any]:
        return propose(
            team.site,
            key_file=key,
            strategy=f"strategy-{number}",
            artifact=f"{number:064x}",
            limits={"capital": 1},
            universe=["AAA"],
            valid_until_ns=NOW + YEAR,
            now_ns=team.now,
        )

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(act, range(6)))
    assert {row["outcome"] for row in outcomes} == {"proposed"}
    assert len(status(team.site, now_ns=team.now)["proposals"]) == 6
    team.proves()


def test_what_has_its_turn_while_somebody_reads_is_passed_over(team: Team) -> None:
    """A file that is listed and gone when it is opened is neither an error nor refused."""
    desk, stop = Desk(team.site), Event()
    desk.pending_folder.mkdir(exist_ok=True)
    file = desk.pending_folder / "0.json"

    def come_and_go() -> None:
        while not stop.is_set():
            file.write_bytes(b"{}")
            file.unlink()

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(come_and_go)
        try:
            seen = [waiting.error for _ in range(1_000) for waiting in desk.waiting()]
        finally:
            stop.set()
        going.result()
    assert "GOV_PATH" not in {error.row.name for error in seen if error}


KILLED = """
import os, signal, sys
from hedgerow.governance import sequence
from hedgerow.governance import sequencer
from pathlib import Path
from threading import Event

point, folder, now = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
steps = 0

def trace(frame, event, arg):
    global steps
    if "hedgerow/governance" not in frame.f_code.co_filename:
        return None
    steps += 1
    if steps == point:
        os.kill(os.getpid(), signal.SIGKILL)
    return trace

sys.settrace(trace)
sequence(folder, now_ns=now)
sys.settrace(None)
print(steps)
"""


def test_a_sequencer_killed_anywhere_loses_nothing_and_doubles_nothing(team: Team, tmp_path: Path) -> None:
    """Killed at points spread over the whole act, it goes on where it was: each event in the log exactly once."""
    team.propose()
    for who, role in (("Rita", "risk"), ("Fay", "fund_manager")):
        team.send(team.homes["Ada"], team.homes[who])
        team.approve(who, role, "momentum")
    for who in PEOPLE:
        team.send(team.homes[who], team.site)
    waiting = sorted(p.stem for p in (team.site / STREAM / "pending").iterdir())

    def run(point: int, site: Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", KILLED, str(point), str(site), str(team.now)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    whole = tmp_path / "whole"
    shutil.copytree(team.site, whole)
    steps = int(run(0, whole).stdout)
    ended = {"before": 0, "after": 0}
    points = [*range(1, steps, max(1, steps // 8)), *range(steps - 40, steps, 5)]
    for number, point in enumerate(points):
        site = tmp_path / f"killed-{number}"
        shutil.copytree(team.site, site)
        assert run(point, site).returncode == -9
        left = {p.stem for p in (site / STREAM / "pending").iterdir()}
        logged = {r.id for r in Desk(site).standing().recorded}
        assert left | logged >= set(waiting), "nothing is lost"
        ended["after" if set(waiting) <= logged else "before"] += 1
        sequence(site, now_ns=team.now)
        recorded = [r.id for r in Desk(site).standing().recorded]
        assert sorted(recorded[4:]) == waiting, "nothing is doubled, behind roster, policy and two epochs"
        assert list((site / STREAM / "pending").iterdir()) == []
        assert _core.verify_log(str(site), None, STREAM)["unsigned_tail_entries"] == 0
        assert len(status(site, now_ns=team.now)["in_force"]) == 1
    assert ended["before"] > 0
    assert ended["after"] > 0, "some kills came after the commit"
