"""The governance log sealed: the team reads it with its identities, nobody else does, and it is proved without any."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.core.errors import GovernanceError, HedgerowError, LogError
from hedgerow.governance import Desk, approve, keys_new, propose, review, roster_new, status
from hedgerow.governance.identity import Identity
from hedgerow.governance.rotation import epoch_new, is_sealed
from hedgerow.governance.stream import STREAM

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
YEAR = 365 * 24 * 3600 * SECOND
PEOPLE = {"ada": ["researcher"], "rita": ["risk"], "fay": ["fund_manager"], "leo": ["risk"]}


class Fund:
    """A fund founded by the ordinary functions; its people have their keys in folders of their own."""

    def __init__(self, folder: Path, *, sealed: bool = True, entropy: bytes | None = None) -> None:
        self.site, self.homes, self.now = folder / "site", folder / "homes", NOW
        made = {n: keys_new(self.homes / n, n, seed=n.encode().ljust(32)) for n in ("root", "sequencer", *PEOPLE)}
        self.made = made
        if entropy is not None:
            shutil.copytree(self.homes / "sequencer" / "keys", self.site / "keys")
        self.recipients = {name: made[name]["recipient"] for name in PEOPLE}
        self.founded = self.staff(PEOPLE, recipients=self.recipients if sealed else {}, entropy=entropy)

    def tick(self) -> int:
        """A second later."""
        self.now += SECOND
        return self.now

    def staff(self, people: dict[str, list[str]], **more: Any) -> dict[str, Any]:
        """Set the roster."""
        public = {name: [self.made[name]["public_file"]] for name in people}
        root = [self.made["root"]["private_file"]]
        arguments = {"fund": "Quince Fund", "base_currency": "USD", "public_keys": public} | more
        return roster_new(self.site, people=people, root_key_files=root, now_ns=self.tick(), **arguments)

    def key(self, name: str) -> str:
        """Somebody's private key file."""
        return str(self.made[name]["private_file"])

    def propose(self, folder: Any = None) -> dict[str, Any]:
        """Ada asks for capital."""
        return propose(
            folder or self.site,
            key_file=self.key("ada"),
            strategy="momentum",
            artifact="ab" * 32,
            limits={"capital": 1_000_000},
            universe=["ZEBRAFISH"],
            now_ns=self.tick(),
        )

    def as_seen_by(self, name: str, folder: Path) -> Desk:
        """A copy of the log at somebody's home, read with their identity alone."""
        shutil.copytree(self.site / STREAM, folder / STREAM)
        return Desk(folder, identity=self.made[name]["identity_file"])


@pytest.fixture
def fund(tmp_path: Path) -> Fund:
    """A fund whose people all have age recipients."""
    return Fund(tmp_path)


def kinds(site: Path) -> list[int]:
    """The kinds of the log's entries, as anybody sees them."""
    return [kind for kind, _, _ in _core.LogReader(str(site), stream=STREAM)]


def test_the_log_is_sealed_from_its_first_entry_on_but_for_what_opens_it(fund: Fund) -> None:
    """Genesis and the two epochs are plain; roster, policy and what follows are not, and no name is in the files."""
    assert fund.founded["epochs"] == ["governance 1", "journal 1"]
    fund.propose()
    assert kinds(fund.site) == [33, 35, 35, 35, 32, 32, 35, 35]
    words = (b"momentum", b"ZEBRAFISH", b"fund_manager", b"researcher")
    for file in (path for path in (fund.site / STREAM).rglob("*") if path.is_file()):
        assert not [word for word in words if word in file.read_bytes()], file
    assert _core.verify_log(str(fund.site), None, STREAM)["sealed"] == 5, "proved without a key"


def test_whoever_has_no_identity_is_told_so(fund: Fund, tmp_path: Path) -> None:
    """Reading and acting name the epoch that is wanted; a plain folder of keys is not guessed at."""
    stranger = Identity.generate().save(tmp_path / "stranger.age")
    shutil.copytree(fund.site / STREAM, tmp_path / "copy" / STREAM)
    for desk in (tmp_path / "copy", Desk(tmp_path / "copy", identity=stranger)):
        for act in (lambda d: status(d, now_ns=fund.now), lambda d: fund.propose(d)):
            with pytest.raises(LogError, match=r"LOG-022 .*governance 1"):
                act(desk)


def test_each_person_signs_with_their_own_identity(fund: Fund, tmp_path: Path) -> None:
    """A copy of the log, a key and the age identity beside it are enough to read, to review and to sign."""
    fund.propose()
    rita = fund.as_seen_by("rita", tmp_path / "rita")
    assert review(rita, "momentum", now_ns=fund.now)["universe"] == ["ZEBRAFISH"]
    told = approve(rita, key_file=fund.key("rita"), proposal="momentum", now_ns=fund.tick())
    assert (told["outcome"], told["brings"]) == ("pending", "approved")


def test_who_left_reads_what_was_and_nothing_after(fund: Fund, tmp_path: Path) -> None:
    """Leo leaves, the next epoch goes to the others and to the sequencer, and Leo's copy ends at a closed door."""
    assert fund.as_seen_by("leo", tmp_path / "before").standing().state["roster"]["version"] == 1
    stays = {name: roles for name, roles in PEOPLE.items() if name != "leo"}
    fund.staff(stays, recipients={name: fund.recipients[name] for name in stays})
    epoch_new(fund.site, compartment=STREAM, key_file=fund.key("rita"), now_ns=fund.tick())
    fund.propose()
    assert fund.as_seen_by("rita", tmp_path / "rita").standing().state["proposals"]
    with pytest.raises(LogError, match="governance 2"):
        fund.as_seen_by("leo", tmp_path / "after").standing()


def test_an_epoch_that_the_sequencer_could_not_open_is_refused(fund: Fund) -> None:
    """It would be the log's last; the log goes on in the epoch before."""
    only: dict[str, Any] = {"recipients": list(fund.recipients.values()), "now_ns": fund.tick()}
    with pytest.raises(GovernanceError, match=r"GOV-028 .*sequencer"):
        epoch_new(fund.site, compartment=STREAM, key_file=fund.key("rita"), **only)
    assert fund.propose()["outcome"] == "proposed"


def test_a_log_that_began_plain_is_sealed_from_its_first_epoch_on(tmp_path: Path) -> None:
    """Where nobody could read a sealed log it stays plain, until there is somebody and an epoch is begun."""
    fund = Fund(tmp_path, sealed=False)
    assert fund.founded["epochs"] == []
    assert not is_sealed(fund.site, STREAM)
    fund.staff(PEOPLE, recipients=fund.recipients)
    epoch_new(fund.site, compartment=STREAM, key_file=fund.key("rita"), now_ns=fund.tick())
    fund.propose()
    assert kinds(fund.site)[-4:] == [35, 32, 35, 35]
    assert kinds(fund.site)[1:3] == [24, 32], "what was plain stays plain"
    assert status(fund.site, now_ns=fund.now)["proposals"][0]["strategy"] == "momentum"


def test_equal_keys_and_entropy_found_equal_funds(tmp_path: Path) -> None:
    """Nothing is drawn at random that was not asked for."""
    logs = [Fund(tmp_path / name, entropy=b"e" * 32).site / STREAM / "wal" for name in ("one", "two")]
    assert logs[0].read_bytes() == logs[1].read_bytes()
    assert Fund(tmp_path / "three").site.joinpath(STREAM, "wal").read_bytes() != logs[0].read_bytes()


def test_an_act_reads_the_log_once(fund: Fund, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At home, and at the site where it is sequenced too."""
    fund.propose()
    home = fund.as_seen_by("rita", tmp_path / "rita")
    read = _core.LogReader
    reads: list[str] = []

    def counted(*arguments: Any, **more: Any) -> Any:
        reads.append(arguments[0])
        return read(*arguments, **more)

    monkeypatch.setattr(_core, "LogReader", counted)
    approve(home, key_file=fund.key("rita"), proposal="momentum", now_ns=fund.tick())
    approve(fund.site, key_file=fund.key("rita"), proposal="momentum", now_ns=fund.tick())
    status(fund.site, now_ns=fund.now)
    assert reads == [str(home.folder), str(fund.site), str(fund.site)]


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_changed_byte_of_a_sealed_log_is_found_by_its_readers(fund: Fund, place: float) -> None:
    """Ciphertext is no cover for tampering."""
    fund.propose()
    wal = fund.site / STREAM / "wal"
    data = bytearray(wal.read_bytes())
    data[int(len(bytes(data).rstrip(b"\0")) * place)] ^= 1
    wal.write_bytes(bytes(data))
    with pytest.raises(HedgerowError):
        status(fund.site, now_ns=fund.now)
