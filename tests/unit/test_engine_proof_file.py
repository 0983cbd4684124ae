"""Proof files: one record that proves itself offline, and every way in which it can fail to."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hedgerow import _core
from hedgerow.cli.main import app
from hedgerow.core.errors import LogError
from hedgerow.core.nouns import noun
from hedgerow.engine import proof_file
from hedgerow.governance import epochs
from hedgerow.governance.epochs import Epoch
from hedgerow.governance.identity import Identity

ORIGIN, SEED = "test.fund/journal", bytes(range(32))
BAR, ORDER = noun("Bar"), noun("Order")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published log: 300 orders with segments of three bars among them, and one order behind the checkpoint."""
    folder = tmp_path_factory.mktemp("log")
    with _core.JournalWriter(folder, ORIGIN, SEED) as writer:
        for record in range(1, 301):
            if record % 50 < 3:
                writer.append_row(BAR.kind, record, record.to_bytes(8, "little") + bytes(BAR.dtype.itemsize - 8))
            else:
                writer.append(ORDER.kind, record, record.to_bytes(ORDER.dtype.itemsize, "little"))
    writer = _core.JournalWriter.open(folder, ORIGIN, SEED)
    writer.append(ORDER.kind, 301, bytes(ORDER.dtype.itemsize))
    writer.close()
    return folder


def proved(log: Path, record: int, path: Path) -> dict[str, Any]:
    """The fields of a record's proof file, which is written to a path."""
    data = proof_file.prove(log, record)
    path.write_bytes(data)
    fields: dict[str, Any] = json.loads(data)
    return fields


@pytest.mark.parametrize("record", [1, 3, 50, 51, 149, 299, 300])
def test_a_record_is_proved_and_checked_with_the_file_alone(record: int, log: Path, tmp_path: Path) -> None:
    """Entry or row of a segment, first or last: the bytes come back as the log has them."""
    path = tmp_path / "proof.json"
    proved(log, record, path)
    checked = proof_file.check(path, key=_core.log_key(ORIGIN, SEED))
    assert (checked.kind, checked.id, checked.record) == _core.LogReader(log).record(record)
    assert (checked.origin, checked.key_given, checked.signers) == (ORIGIN, True, (ORIGIN,))
    assert checked.noun == ("Bar" if record % 50 < 3 else ORDER.name)
    assert checked.root == _core.verify_log(log)["root"] or checked.size < _core.verify_log(log)["entries"]


@pytest.mark.parametrize("record", [3, 51])
def test_no_byte_of_the_file_can_be_changed(record: int, log: Path, tmp_path: Path) -> None:
    """Every byte, one bit: a named error, never a proof and never another exception."""
    path = tmp_path / "proof.json"
    proved(log, record, path)
    data = path.read_bytes()
    missed = []
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 7
        path.write_bytes(bytes(changed))
        try:
            proof_file.check(path)
        except LogError:
            continue
        missed.append(place)
    assert missed == []


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sealed log of forty orders and a segment, and the identity of somebody who holds a grant for its epoch."""
    folder = tmp_path_factory.mktemp("sealed")
    epoch = Epoch("journal", 1, bytes(range(32)))
    with _core.JournalWriter(folder / "log", ORIGIN, SEED) as writer:
        writer.seal_with(epoch.word, epoch.key)
        for record in range(1, 41):
            writer.append(ORDER.kind, record, record.to_bytes(ORDER.dtype.itemsize, "little"))
        for record in range(41, 44):
            writer.append_row(BAR.kind, record, record.to_bytes(BAR.dtype.itemsize, "little"))
    identity = Identity.generate()
    (folder / "team.grant").write_bytes(epochs.grant([epoch], identity.recipient))
    return folder / "log", identity.save(folder / "member.age")


@pytest.mark.parametrize("record", [1, 20, 41, 43])
def test_a_sealed_record_is_shown_to_a_stranger_by_whoever_can_open_it(
    record: int, sealed: tuple[Path, Path], tmp_path: Path
) -> None:
    """The file alone opens it; without an identity only `sealed=True` proves it, and shows nothing."""
    log, identity = sealed
    noun_of = ORDER if record < 41 else BAR
    path = tmp_path / "shown.json"
    path.write_bytes(proof_file.prove(log, record, identity=identity))
    checked = proof_file.check(path, key=_core.log_key(ORIGIN, SEED))
    assert (checked.disclosed, checked.kind) == (True, noun_of.kind)
    assert checked.record == record.to_bytes(noun_of.dtype.itemsize, "little")
    with pytest.raises(LogError, match="LOG-022"):
        proof_file.prove(log, record)
    path.write_bytes(proof_file.prove(log, record, sealed=True))
    hidden = proof_file.check(path)
    assert (hidden.disclosed, hidden.kind, hidden.root) == (False, 35, checked.root)
    assert record.to_bytes(8, "little") + bytes(16) not in hidden.record


def test_a_disclosed_key_opens_its_entry_and_no_other(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """With every other entry it is refused, and a changed key or commitment opens nothing at all."""
    log, identity = sealed
    shown = json.loads(proof_file.prove(log, 7, identity=identity))
    path = tmp_path / "proof.json"
    for record in [n for n in range(1, 44) if n != 7]:
        other = json.loads(proof_file.prove(log, record, sealed=True))
        path.write_bytes(proof_file.written({**other, "disclosure": shown["disclosure"]}))
        with pytest.raises(LogError, match="LOG-024"):
            proof_file.check(path)
    for name in ("commitment", "key"):
        changed = {**shown["disclosure"], name: "00" * 32}
        path.write_bytes(proof_file.written({**shown, "disclosure": changed}))
        with pytest.raises(LogError, match="LOG-024"):
            proof_file.check(path)
    for disclosure in ({}, {"key": "00" * 32}, {**shown["disclosure"], "key": "AB" * 32}, "key", [1]):
        path.write_bytes(proof_file.written({**shown, "disclosure": disclosure}))
        with pytest.raises(LogError, match="LOG-033"):
            proof_file.check(path)


def test_no_byte_of_a_file_that_shows_can_be_changed(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """Neither the ciphertext nor the key nor what is shown."""
    path = tmp_path / "proof.json"
    data = proof_file.prove(sealed[0], 7, identity=sealed[1])
    missed = []
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 7]) + data[place + 1 :])
        try:
            proof_file.check(path)
        except LogError:
            continue
        missed.append(place)
    assert missed == []


def test_the_commands_show_what_was_disclosed(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """`audit prove` shows by default, `--sealed` does not; `audit check` prints the record's fields."""
    runner, path = CliRunner(), tmp_path / "proof.json"
    words = ["audit", "prove", "7", "--log", str(sealed[0]), "--out", str(path)]
    assert runner.invoke(app, [*words, "--identity", str(sealed[1])]).exit_code == 0
    shown = json.loads(runner.invoke(app, ["audit", "check", str(path), "--json"]).stdout)
    assert (shown["disclosed"], shown["says"]["id"]) == (True, 7)
    assert "it says" in runner.invoke(app, ["audit", "check", str(path)]).stdout
    assert runner.invoke(app, [*words, "--sealed"]).exit_code == 0
    assert "stays sealed" in runner.invoke(app, ["audit", "check", str(path)]).stdout


def swapped(name: str, value: object) -> Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]:
    """A change of one field."""
    return lambda file, _: {**file, name: value}


FORGERIES = {
    "another id": (lambda file, _: {**file, "id": file["id"] + 1}, "LOG-033"),
    "another record": (swapped("record", "00" * 64), "LOG-033"),
    "another kind": (swapped("kind", 7), "LOG-033"),
    "another entry": (lambda file, other: {**file, "entry": other["entry"]}, "LOG-003"),
    "another path": (lambda file, other: {**file, "proof": other["proof"]}, "LOG-003"),
    "another key": (swapped("key", _core.log_key(ORIGIN, bytes(32))), "LOG-004"),
    "no key": (swapped("key", "mine"), "LOG-004"),
    "a field more": (lambda file, _: {**file, "note": "trust me"}, "LOG-033"),
    "a field less": (lambda file, _: {k: v for k, v in file.items() if k != "blob"}, "LOG-033"),
    "a blob that no entry names": (swapped("blob", base64.b64encode(b"x").decode()), "LOG-033"),
    "an id that is no number": (swapped("id", "3"), "LOG-033"),
    "an id that is true": (swapped("id", True), "LOG-033"),
    "an entry that is no base64": (swapped("entry", "!"), "LOG-033"),
    "an index out of range": (lambda f, _: {**f, "proof": f["proof"].replace("index ", "index 9", 1)}, "LOG-003"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_part_is_named(forgery: str, log: Path, tmp_path: Path) -> None:
    """Whoever writes the file anew with a part of another proof is caught by that part's own error."""
    change, code = FORGERIES[forgery]
    file, other = proved(log, 10, tmp_path / "a"), proved(log, 200, tmp_path / "b")
    path = tmp_path / "forged.json"
    path.write_bytes(proof_file.written(change(file, other)))
    with pytest.raises(LogError) as caught:
        proof_file.check(path)
    assert caught.value.code == code, str(caught.value)


def test_a_log_that_another_key_signed_is_refused_when_the_key_is_given(log: Path, tmp_path: Path) -> None:
    """A whole other log with its own key checks by itself; not under the key that is known."""
    with _core.JournalWriter(tmp_path / "forged", ORIGIN, bytes(32)) as writer:
        writer.append(ORDER.kind, 1, bytes(ORDER.dtype.itemsize))
    path = tmp_path / "proof.json"
    proved(tmp_path / "forged", 1, path)
    assert not proof_file.check(path).key_given
    with pytest.raises(LogError, match="LOG-004"):
        proof_file.check(path, key=_core.log_key(ORIGIN, SEED))


def test_what_cannot_be_proved_has_a_name(log: Path, tmp_path: Path) -> None:
    """No such record, a record that is not signed yet, no log, not a proof, no file."""
    table = {302: "LOG-014", 301: "LOG-032"}
    for record, code in table.items():
        with pytest.raises(LogError, match=code):
            proof_file.prove(log, record)
    with pytest.raises(LogError, match="LOG-006"):
        proof_file.prove(tmp_path, 1)
    for data in (b"", b"[]", b"{", b'{"format": 1}', b"\xff", b"[" * 100_000):
        (tmp_path / "file").write_bytes(data)
        with pytest.raises(LogError, match="LOG-033"):
            proof_file.check(tmp_path / "file")
    with pytest.raises(LogError, match="LOG-011"):
        proof_file.check(tmp_path / "missing")


def test_a_missing_tile_is_named_and_a_replica_proves_as_well(log: Path, tmp_path: Path) -> None:
    """Without the write-ahead file the proof is the same; without a tile it cannot be made."""
    import shutil

    shutil.copytree(log, tmp_path / "replica")
    (tmp_path / "replica" / "journal" / "wal").unlink()
    assert proof_file.prove(tmp_path / "replica", 77) == proof_file.prove(log, 77)
    (tmp_path / "replica" / "journal" / "tile" / "0" / "000").unlink()
    with pytest.raises(LogError, match="LOG-030"):
        proof_file.prove(tmp_path / "replica", 77)


def test_consistency_is_proved_from_tiles(log: Path) -> None:
    """Any size to the published one; beyond it is unknown."""
    size = _core.verify_log(log)["checkpoint_size"]
    assert _core.consistency_proof(log, size, size) == []
    for old in (1, 100, 255, 256, size - 1):
        assert all(len(node) == 32 for node in _core.consistency_proof(log, old, size))
    with pytest.raises(_core.CoreProblem):
        _core.consistency_proof(log, size + 1, size)


def test_the_commands_write_and_check(log: Path, tmp_path: Path) -> None:
    """`prove` names the file, `check` says what is proved, a damaged file ends with 15."""
    path = tmp_path / "p.json"
    run = CliRunner().invoke
    assert run(app, ["audit", "prove", "10", "--log", str(log), "--out", str(path)]).exit_code == 0
    said = run(app, ["audit", "check", str(path), "--key", _core.log_key(ORIGIN, SEED)])
    assert said.exit_code == 0, said.output
    assert "proved: record 10 (Order) is in entry" in said.output
    as_json = json.loads(run(app, ["audit", "check", str(path), "--json"]).output)
    assert as_json["id"] == 10
    assert as_json["key_given"] is False
    path.write_bytes(path.read_bytes().replace(b"index ", b"index 1"))
    assert run(app, ["audit", "check", str(path)]).exit_code != 0
