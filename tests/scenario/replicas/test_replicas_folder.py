"""Replicas in folders: made, cut off, tampered with, rolled back, forked, and a site rebuilt from them."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hedgerow import _core
from hedgerow.cli.main import app, run
from hedgerow.core.errors import HedgerowError, LogError
from hedgerow.governance import epochs
from hedgerow.governance.replicas import prove_site, replicate, restore
from hedgerow.governance.replicas.folder import FolderTarget
from hedgerow.governance.replicas.replicate import Copied

FSCK = Path(__file__).resolve().parents[3] / "tools" / "fsck" / "fsck.py"


def copy(site: Path, *targets: FolderTarget, **options: Any) -> list[Copied]:
    """Replicate a site, proved anew."""
    return replicate(prove_site(site), targets, **options)


def publics(sites: Any, site: Path) -> dict[str, bytes]:
    """The files of a site that a replica holds."""
    return {name: data for name, data in sites.files(site).items() if name.rpartition("/")[2] not in ("wal", "signed")}


def test_a_replica_holds_the_published_files_and_nothing_else(sites: Any, tmp_path: Path) -> None:
    """Tiles, bundles, blobs, key line and checkpoint; no write-ahead file, key, identity or stray file."""
    site = sites.write(tmp_path / "site", 600)
    for name in ("identity.age", "keys/rita.pem", "journal/notes.txt", "journal/pending/1.json", "journal/tile/x.tmp"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text("secret")
    (row,) = copy(site, FolderTarget(tmp_path / "replica"))
    assert row.error is None
    assert row.sizes == {"journal": 600}
    held = sites.files(tmp_path / "replica")
    given = publics(sites, site)
    assert b"secret" not in b"".join(held.values())
    assert {name: given[name] for name in held} == held
    assert not any(b"ZEBRA" in data for data in held.values())
    assert {"journal/checkpoint", "journal/key.pub", "journal/tile/0/000", "journal/tile/1/000.p/2"} < held.keys()


def test_many_targets_are_served_and_one_that_fails_stops_no_other(sites: Any, tmp_path: Path) -> None:
    """The second target is cut off; the first and the third have everything, and the row says what went wrong."""
    site = sites.write(tmp_path / "site", 30)
    targets = [FolderTarget(tmp_path / "a"), sites.Fragile(tmp_path / "b", puts=3), FolderTarget(tmp_path / "c")]
    first, second, third = copy(site, *targets)
    assert (first.error, third.error) == (None, None)
    assert second.error is not None
    assert "the line was cut" in str(second.to_json()["error"])
    assert sites.files(tmp_path / "a") == sites.files(tmp_path / "c")
    assert not (tmp_path / "b/journal/checkpoint").exists()


def test_a_transfer_cut_off_at_any_file_goes_on_and_sends_nothing_twice(sites: Any, tmp_path: Path) -> None:
    """Whichever file was torn: no checkpoint until all is there, and the second try sends exactly the rest."""
    site = sites.write(tmp_path / "site", 25)
    whole = sites.Fragile(tmp_path / "whole")
    copy(site, whole)
    expected, total = sites.files(tmp_path / "whole"), len(whole.put_names)
    assert whole.put_names[-1] == "journal/checkpoint"
    for cut in range(total):
        replica = tmp_path / f"cut{cut}"
        (row,) = copy(site, sites.Fragile(replica, puts=cut))
        assert row.error is not None, cut
        assert not (replica / "journal/checkpoint").exists()
        again = sites.Fragile(replica)
        (row,) = copy(site, again)
        assert row.error is None, cut
        assert (row.files_sent, row.files_there) == (total - cut, cut)
        assert sites.files(replica) == expected
        shutil.rmtree(replica)


def test_a_grown_log_sends_only_what_is_new_and_keeps_what_was_there(sites: Any, tmp_path: Path) -> None:
    """The second transfer puts no file again, and the checkpoint moves on."""
    site = sites.write(tmp_path / "site", 300)
    copy(site, FolderTarget(tmp_path / "replica"))
    before = sites.files(tmp_path / "replica")
    sites.write(site, 700)
    target = sites.Fragile(tmp_path / "replica")
    (row,) = copy(site, target)
    assert row.sizes == {"journal": 700}
    assert not set(target.put_names) & (before.keys() - {"journal/checkpoint"})
    after = sites.files(tmp_path / "replica")
    assert all(after[name] == data for name, data in before.items() if name != "journal/checkpoint")
    (row,) = copy(site, sites.Fragile(tmp_path / "replica"), read_back=True)
    assert (row.error, row.files_sent) == (None, 0)


def test_the_last_witnessed_checkpoint_goes_with_the_copy_and_comes_back_with_it(sites: Any, tmp_path: Path) -> None:
    """It follows newer checkpoints, never goes back, and one that is not of this log is neither taken nor restored."""
    site = sites.write(tmp_path / "site", 30)
    kept, target = site / "journal" / "witnessed", FolderTarget(tmp_path / "replica")
    first = (site / "journal" / "checkpoint").read_bytes()
    kept.write_bytes(first)
    sites.write(site, 300)
    (row,) = copy(site, target)
    assert (row.error, target.read("journal/witnessed")) == (None, first)
    assert restore(target, tmp_path / "back")[0].entries == 300
    assert (tmp_path / "back/journal/witnessed").read_bytes() == first
    assert _core.verify_log(tmp_path / "back")["entries"] == 300
    later = (site / "journal" / "checkpoint").read_bytes()
    kept.write_bytes(later)
    assert copy(site, target)[0].error is None
    kept.write_bytes(first)
    (row,) = copy(site, target)
    assert (row.error, row.files_sent, target.read("journal/witnessed")) == (None, 0, later)
    forked = sites.write(tmp_path / "fork", 20, salt=1) / "journal" / "checkpoint"
    kept.write_bytes(forked.read_bytes())
    with pytest.raises(LogError, match="witnessed: its 20 entries"):
        prove_site(site)
    with pytest.raises(_core.CoreProblem, match="root of 20 entries"):
        _core.verify_log(site)
    (tmp_path / "replica/journal/witnessed").write_bytes(forked.read_bytes())
    with pytest.raises(LogError, match="witnessed: its 20 entries"):
        restore(target, tmp_path / "none")
    assert not (tmp_path / "none/journal/wal").exists()


def test_a_rolled_back_site_is_refused_and_overwrites_nothing(sites: Any, tmp_path: Path) -> None:
    """A site put back to an older state may not replace a longer copy."""
    site = sites.write(tmp_path / "site", 40)
    shutil.copytree(site, tmp_path / "old")
    sites.write(site, 90)
    copy(site, FolderTarget(tmp_path / "replica"))
    before = sites.files(tmp_path / "replica")
    (row,) = copy(tmp_path / "old", FolderTarget(tmp_path / "replica"))
    assert row.error is not None
    assert row.error.row.name == "LOG_ROLLBACK"
    assert sites.files(tmp_path / "replica") == before


@pytest.mark.parametrize("size", [40, 90])
def test_a_forked_site_is_refused_and_overwrites_nothing(sites: Any, tmp_path: Path, size: int) -> None:
    """A log with another history of the same or a greater length, signed with the same key, is a fork."""
    copy(sites.write(tmp_path / "site", 40), FolderTarget(tmp_path / "replica"))
    before = sites.files(tmp_path / "replica")
    forked = sites.write(tmp_path / "forked", size, salt=1)
    (row,) = copy(forked, FolderTarget(tmp_path / "replica"))
    assert row.error is not None
    assert row.error.row.name == "LOG_FORK"
    assert sites.files(tmp_path / "replica") == before


def test_the_replica_of_another_log_is_not_written_to(sites: Any, tmp_path: Path) -> None:
    """Another key line beside the copy is another log."""
    site = sites.write(tmp_path / "site", 20)
    (tmp_path / "replica/journal").mkdir(parents=True)
    (tmp_path / "replica/journal/key.pub").write_text(_core.log_key("other.fund/journal", bytes(32)) + "\n")
    (row,) = copy(site, FolderTarget(tmp_path / "replica"))
    assert row.error is not None
    assert "another log" in str(row.error)
    assert sites.files(tmp_path / "replica").keys() == {"journal/key.pub"}


def test_a_readable_log_leaves_the_site_only_if_that_is_said(sites: Any, tmp_path: Path) -> None:
    """A plain log is LOG_PLAIN before anything is sent, and is copied with --plain."""
    site = sites.write(tmp_path / "site", 30, sealed=False)
    with pytest.raises(LogError, match="29 of 30 entries"):
        prove_site(site)
    assert run(["replicate", str(site), str(tmp_path / "replica")]) == 15
    assert not (tmp_path / "replica").exists()
    assert run(["replicate", str(site), str(tmp_path / "replica"), "--plain"]) == 0


def every_kind(site: Path) -> list[str]:
    """One file of each kind that a published log has."""
    folder = site / "journal"
    blob = next(path for path in folder.glob("blob/*/*"))
    names = ["checkpoint", "key.pub", "tile/0/000", "tile/1/000.p/1", "tile/0/001.p/44", "tile/entries/000"]
    return [*names, "tile/entries/001.p/44", blob.relative_to(folder).as_posix()]


@pytest.mark.parametrize("kind", range(8))
@pytest.mark.parametrize("harm", ["flip", "cut", "lose"])
def test_a_site_damaged_in_any_file_is_not_copied(sites: Any, tmp_path: Path, kind: int, harm: str) -> None:
    """Each kind of file, flipped, cut or lost, is named before anything is stored."""
    site = sites.write(tmp_path / "site", 300)
    damage(site / "journal" / every_kind(site)[kind], harm)
    try:
        error = copy(site, FolderTarget(tmp_path / "replica"))[0].error
    except HedgerowError as refused:
        error = refused
    assert error is not None
    assert not (tmp_path / "replica/journal/checkpoint").exists()


@pytest.mark.parametrize("kind", range(8))
@pytest.mark.parametrize("harm", ["flip", "cut", "lose"])
def test_a_replica_tampered_with_in_any_file_is_named_and_gives_no_log(
    sites: Any, tmp_path: Path, kind: int, harm: str
) -> None:
    """Each kind of file, flipped, cut or lost, ends the restore with an error and without a write-ahead file."""
    site = sites.write(tmp_path / "site", 300)
    copy(site, FolderTarget(tmp_path / "replica"))
    damage(tmp_path / "replica/journal" / every_kind(site)[kind], harm)
    with pytest.raises(HedgerowError):
        restore(FolderTarget(tmp_path / "replica"), tmp_path / "new")
    assert not (tmp_path / "new/journal/wal").exists()
    assert run(["restore", str(tmp_path / "replica"), str(tmp_path / "new")]) == 15


def damage(path: Path, harm: str) -> None:
    """Flip a bit in the middle, cut the last byte, or lose the file."""
    data = bytearray(path.read_bytes())
    if harm == "flip":
        data[len(data) // 2] ^= 1
    if harm == "lose":
        path.unlink()
    else:
        path.write_bytes(data[:-1] if harm == "cut" else data)


def test_a_replica_with_two_truths_of_one_file_is_found_when_it_is_read_back(sites: Any, tmp_path: Path) -> None:
    """A flipped bit in a copy is not seen by length; --read-back compares bytes, and nothing is overwritten."""
    site = sites.write(tmp_path / "site", 300)
    copy(site, FolderTarget(tmp_path / "replica"))
    damage(tmp_path / "replica/journal/tile/entries/000", "flip")
    before = sites.files(tmp_path / "replica")
    assert copy(site, FolderTarget(tmp_path / "replica"))[0].error is None
    assert run(["replicate", str(site), str(tmp_path / "replica"), "--read-back"]) == 15
    assert sites.files(tmp_path / "replica") == before


def test_a_restored_site_has_the_signed_root_and_its_writer_goes_on(sites: Any, tmp_path: Path) -> None:
    """The log verifies, reads the same with the key, and the next checkpoint extends the replica's."""
    site = sites.write(tmp_path / "site", 700)
    copy(site, FolderTarget(tmp_path / "replica"))
    (log,) = restore(FolderTarget(tmp_path / "replica"), tmp_path / "new")
    ours, theirs = _core.verify_log(tmp_path / "new"), _core.verify_log(site)
    for name in ("origin", "entries", "records", "sealed", "root", "checkpoint_size"):
        assert ours[name] == theirs[name]
    assert log.root == ours["root"]
    keys = epochs.keyring([sites.EPOCH])
    assert list(_core.LogReader(tmp_path / "new", keys=keys)) == list(_core.LogReader(site, keys=keys))
    restored = publics(sites, tmp_path / "new")
    assert restored == {name: data for name, data in publics(sites, site).items() if name in restored}
    sites.write(tmp_path / "new", 720)
    (row,) = copy(tmp_path / "new", FolderTarget(tmp_path / "replica"))
    assert (row.error, row.sizes) == (None, {"journal": 720})
    with pytest.raises(LogError, match="LOG-"):
        restore(FolderTarget(tmp_path / "replica"), tmp_path / "new")


def test_the_separate_verifier_proves_what_was_copied_and_what_was_restored(sites: Any, tmp_path: Path) -> None:
    """The core proves as it copies; a program that shares no code with it finds the same root in both folders."""
    copy(sites.write(tmp_path / "site", 300), FolderTarget(tmp_path / "replica"))
    (log,) = restore(FolderTarget(tmp_path / "replica"), tmp_path / "new")
    for folder in ("replica", "new"):
        words = [sys.executable, "-I", str(FSCK), str(tmp_path / folder), "--json"]
        shown = subprocess.run(words, capture_output=True, text=True, check=True)
        (report,) = json.loads(shown.stdout)["logs"]
        assert (report["root"], report["entries"]) == (log.root, 300)


def test_a_restore_cut_off_at_any_read_goes_on_and_fetches_no_proved_bundle_again(sites: Any, tmp_path: Path) -> None:
    """Until the end there is no log; the second try ends with the same log as an uninterrupted one."""
    site = sites.write(tmp_path / "site", 25)
    whole = sites.Fragile(tmp_path / "replica")
    copy(site, whole)
    whole = sites.Fragile(tmp_path / "replica")
    restore(whole, tmp_path / "whole")
    expected = sites.files(tmp_path / "whole")
    for cut in range(len(whole.read_names)):
        new = tmp_path / f"new{cut}"
        with pytest.raises(LogError, match="the line was cut"):
            restore(sites.Fragile(tmp_path / "replica", reads=cut), new)
        assert not (new / "journal/wal").exists()
        kept = {f"journal/{name}" for name in sites.files(new / "journal") if name.startswith(("blob/", "tile/entr"))}
        again = sites.Fragile(tmp_path / "replica")
        restore(again, new)
        assert not kept & set(again.read_names), cut
        assert sites.files(new) == expected
        shutil.rmtree(new)


def test_what_an_interrupted_restore_left_is_not_believed(sites: Any, tmp_path: Path) -> None:
    """A damaged leftover is fetched again."""
    site = sites.write(tmp_path / "site", 300)
    copy(site, FolderTarget(tmp_path / "replica"))
    with pytest.raises(LogError):
        restore(sites.Fragile(tmp_path / "replica", reads=9), tmp_path / "new")
    damage(tmp_path / "new/journal/tile/entries/000", "flip")
    restore(FolderTarget(tmp_path / "replica"), tmp_path / "new")
    assert _core.verify_log(tmp_path / "new")["entries"] == 300


def test_a_stamp_over_another_checkpoint_is_refused_and_the_right_one_is_carried(sites: Any, tmp_path: Path) -> None:
    """A token that does not hold the checkpoint's digest is no time-stamp of it, here and there."""
    site = sites.write(tmp_path / "site", 30)
    note = (site / "journal/checkpoint").read_bytes()
    stamps = site / "journal/timestamps"
    stamps.mkdir()
    body = note[: note.index(b"\n\n") + 1]
    (stamps / "30.tsr").write_bytes(b"DER" + hashlib.sha256(body).digest() + b"signature")
    copy(site, FolderTarget(tmp_path / "replica"))
    restore(FolderTarget(tmp_path / "replica"), tmp_path / "new")
    assert (tmp_path / "new/journal/timestamps/30.tsr").read_bytes() == (stamps / "30.tsr").read_bytes()
    (tmp_path / "replica/journal/timestamps/30.tsr").write_bytes(b"DER" + bytes(32))
    with pytest.raises(LogError, match="another checkpoint"):
        restore(FolderTarget(tmp_path / "replica"), tmp_path / "other")
    (stamps / "31.tsr").write_bytes(b"DER")
    with pytest.raises(LogError, match="timestamps/31"):
        copy(site, FolderTarget(tmp_path / "replica"))


def test_a_key_from_elsewhere_is_the_one_that_is_believed(sites: Any, tmp_path: Path) -> None:
    """A replica that another key signed, key line and all, is refused by whoever knows the right line."""
    site = sites.write(tmp_path / "site", 20)
    copy(site, FolderTarget(tmp_path / "replica"))
    right = (site / "journal/key.pub").read_text().strip()
    other = _core.log_key(sites.ORIGIN, bytes(32))
    restore(FolderTarget(tmp_path / "replica"), tmp_path / "one", keys={"journal": right})
    with pytest.raises(LogError):
        restore(FolderTarget(tmp_path / "replica"), tmp_path / "two", keys={"journal": other})
    status = run(["restore", str(tmp_path / "replica"), str(tmp_path / "two"), "--key", f"journal={other}"])
    assert status == 15


def test_the_commands_tell_each_target_as_text_and_as_json(sites: Any, tmp_path: Path) -> None:
    """One line or one object a target; a target that refuses makes the exit status 15."""
    site = sites.write(tmp_path / "site", 30)
    (tmp_path / "file").write_text("not a folder")
    words = ["replicate", str(site), str(tmp_path / "a"), str(tmp_path / "file"), str(tmp_path / "b")]
    shown = CliRunner().invoke(app, [*words, "--json"])
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [row["error"] is None for row in rows] == [True, False, True]
    assert isinstance(shown.exception, LogError)
    assert "1 of 3 targets" in str(shown.exception)
    text = CliRunner().invoke(app, [*words[:3]]).stdout
    assert "journal 30 entries" in text
    back = CliRunner().invoke(app, ["restore", str(tmp_path / "a"), str(tmp_path / "new"), "--json"])
    assert json.loads(back.stdout)["logs"][0]["entries"] == 30
    size = (tmp_path / "new/journal/checkpoint").read_text().splitlines()
    assert (size[1], len(base64.b64decode(size[2]))) == ("30", 32)
    assert run(["replicate", str(site), "ftp://somewhere/else"]) == 2
    assert run(["restore", str(tmp_path / "nothing"), str(tmp_path / "other")]) == 15
