"""The journal from Python: written, read, verified, refused; and read again by a twin that shares no code with it."""

from __future__ import annotations

import base64
import hashlib
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from hedgerow import _core
from hedgerow.core.errors import LogError, named_errors
from hedgerow.core.nouns import noun

ORIGIN, SEED = "test.fund/journal", bytes(range(32))


def small_log(folder: Path, *, bars: int = 5) -> None:
    """A genesis, a segment of bars, two entries; signed and closed."""
    bar = noun("Bar")
    with _core.JournalWriter(folder, ORIGIN, SEED) as log:
        log.append(33, 1, b'{"name":"test"}')
        for n in range(bars):
            row = np.zeros((), dtype=bar.dtype)
            row["id"], row["close_ticks"] = 2 + n, 100 + n
            log.append_row(bar.kind, 2 + n, row.tobytes())
        log.append(32, 2 + bars, b"signed")
        log.append(32, 3 + bars, b"signed, longer")


def error_of(folder: Path, key: str | None = None) -> LogError:
    """The named error that verification of a folder gives."""
    with pytest.raises(LogError) as caught, named_errors():
        _core.verify_log(folder, key)
    return caught.value


def test_what_was_written_comes_back_in_order_by_id_and_as_columns(tmp_path: Path) -> None:
    """Iteration, access by id, all rows of a noun at once, and entries that differ in length."""
    small_log(tmp_path)
    log = _core.LogReader(tmp_path)
    assert len(log) == 8
    assert [record_id for _, record_id, _ in log] == list(range(1, 9))
    assert log.record(1) == (33, 1, b'{"name":"test"}')
    bars = np.frombuffer(log.records(noun("Bar").kind), dtype=noun("Bar").dtype)
    assert bars["close_ticks"].tolist() == [100, 101, 102, 103, 104]
    assert log.entries(32) == [(7, b"signed"), (8, b"signed, longer")]
    assert log.records(77) == b""
    assert log.record(4)[2] == bars[2].tobytes()


def test_the_report_of_an_untouched_log_counts_what_it_holds(tmp_path: Path) -> None:
    """Every field, the file's hash as any tool computes it beside it, and the key given or lying beside the log."""
    small_log(tmp_path)
    wal = (tmp_path / "journal" / "wal").read_bytes()
    key = _core.log_key(ORIGIN, SEED)
    report = _core.verify_log(tmp_path, key)
    assert report == _core.verify_log(str(tmp_path))
    assert report.pop("root") == twin_root(twin_entries(wal)).hex()
    assert report == {
        "origin": ORIGIN,
        "key": key,
        "entries": 4,
        "records": 8,
        "sealed": 0,
        "segments": 1,
        "first_id": 1,
        "last_id": 8,
        "size_bytes": len(wal),
        "ready_bytes": 0,
        "checkpoint_size": 4,
        "unsigned_tail_entries": 0,
        "published_files": 3,
        "is_replica": False,
    }
    assert _core.wal_sha256(tmp_path) == hashlib.sha256(wal).hexdigest()


def twin_entries(wal: bytes) -> list[bytes]:
    """The entries of a write-ahead file, read from the description of its format alone."""
    assert wal[:12] == b"HEDGELOG" + struct.pack("<I", 1)
    entries, at = [], 16
    while at < len(wal):
        entry_bytes, blob_bytes = struct.unpack_from("<II", wal, at)
        at += 16
        if entry_bytes == int.from_bytes(b"CMIT", "little"):
            continue
        entry = wal[at : at + entry_bytes]
        if struct.unpack_from("<H", entry)[0] == 34:
            blob = wal[at + entry_bytes : at + entry_bytes + blob_bytes]
            assert entry[24:] == hashlib.sha256(blob).digest()
        entries.append(entry)
        at += -(-(entry_bytes + blob_bytes) // 8) * 8
    return entries


def twin_root(entries: list[bytes]) -> bytes:
    """The Merkle root as RFC 6962 defines it."""
    if len(entries) < 2:
        return hashlib.sha256(b"\0" + entries[0] if entries else b"").digest()
    half = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + twin_root(entries[:half]) + twin_root(entries[half:])).digest()


def test_the_checkpoint_is_a_signed_note_that_the_specification_alone_suffices_to_check(tmp_path: Path) -> None:
    """Origin, size, root and signature line as C2SP writes them; key id and key line recomputed."""
    small_log(tmp_path)
    note = (tmp_path / "journal" / "checkpoint").read_text()
    body, _, signatures = note.partition("\n\n")
    origin, size, root = body.split("\n")
    assert (origin, size) == (ORIGIN, "4")
    assert base64.b64decode(root) == twin_root(twin_entries((tmp_path / "journal" / "wal").read_bytes()))
    public = _core.ed25519_public(SEED)
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    name, signature = signatures.removeprefix("\u2014 ").rstrip("\n").split(" ")
    assert name == ORIGIN
    assert base64.b64decode(signature)[:4] == key_id
    assert _core.ed25519_verify(public, (body + "\n").encode(), base64.b64decode(signature)[4:])
    line = "+".join((ORIGIN, key_id.hex(), base64.b64encode(b"\x01" + public).decode()))
    assert (tmp_path / "journal" / "key.pub").read_text() == line + "\n"
    assert _core.log_key(ORIGIN, SEED) == line


def test_equal_records_give_byte_identical_journals(tmp_path: Path) -> None:
    """No clock and no randomness gets into the files."""
    for name in ("one", "two"):
        small_log(tmp_path / name)
    for name in ("wal", "checkpoint", "key.pub"):
        one, two = ((tmp_path / which / "journal" / name).read_bytes() for which in ("one", "two"))
        assert one == two, name


def test_a_changed_row_is_caught_and_the_error_says_where(tmp_path: Path) -> None:
    """One flipped bit: the entry, the record and the byte of the frame are named, with what to do."""
    small_log(tmp_path)
    wal = tmp_path / "journal" / "wal"
    data = bytearray(wal.read_bytes())
    data[300] ^= 1
    wal.write_bytes(bytes(data))
    error = error_of(tmp_path)
    assert error.code == "LOG-002"
    assert "entry 1, record 2, byte" in error.detail
    assert "replica" in error.remedy


def test_a_cut_log_a_missing_checkpoint_and_a_foreign_key_have_names(tmp_path: Path) -> None:
    """Each lie of the files gives its own code."""
    assert error_of(tmp_path).code == "LOG-006"
    small_log(tmp_path)
    assert error_of(tmp_path, _core.log_key(ORIGIN, bytes(32))).code == "LOG-004"
    assert error_of(tmp_path, "no key at all").code == "LOG-004"
    folder = tmp_path / "journal"
    wal, note = (folder / "wal").read_bytes(), (folder / "checkpoint").read_bytes()
    (folder / "wal").write_bytes(wal[:-40])
    assert error_of(tmp_path).code == "LOG-005"
    (folder / "wal").write_bytes(wal)
    (folder / "checkpoint").unlink()
    assert error_of(tmp_path).code == "LOG-012"
    (folder / "checkpoint").write_bytes(note.replace(b"\n4\n", b"\n3\n"))
    assert error_of(tmp_path).code == "LOG-004"


def test_a_log_is_continued_where_it_ended_and_a_torn_commit_is_removed(tmp_path: Path) -> None:
    """The acknowledged records stay, the half-written ones go, and the ids go on."""
    small_log(tmp_path)
    wal = tmp_path / "journal" / "wal"
    whole = wal.read_bytes()
    with _core.JournalWriter.open(tmp_path, ORIGIN, SEED) as log:
        assert (log.next_id, log.torn_bytes) == (9, 0)
        log.append(32, 9, b"added")
    longer = wal.read_bytes()
    assert longer.startswith(whole)
    for name in ("checkpoint", "signed"):
        (tmp_path / "journal" / name).unlink()
    shutil.rmtree(tmp_path / "journal" / "tile")
    wal.write_bytes(longer[:-5])
    with _core.JournalWriter.open(tmp_path, ORIGIN, SEED) as log:
        assert (log.next_id, log.torn_bytes) == (9, len(longer) - 5 - len(whole))
    assert wal.read_bytes() == whole
    assert _core.verify_log(tmp_path)["records"] == 8


def test_what_was_not_committed_is_not_there_and_a_reader_sees_only_commits(tmp_path: Path) -> None:
    """A reader beside the writer sees whole commits; an exception in the block leaves the rest unwritten."""

    def interrupted() -> None:
        with _core.JournalWriter(tmp_path, ORIGIN, SEED) as log:
            log.append(32, 1, b"kept")
            assert len(_core.LogReader(tmp_path)) == 0
            assert log.commit() == 1
            log.append(32, 2, b"lost")
            assert len(_core.LogReader(tmp_path)) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert [data for _, _, data in _core.LogReader(tmp_path)] == [b"kept"]


def test_refusals_have_names_and_change_nothing(tmp_path: Path) -> None:
    """A gap, an entry too long, a second writer, a second log, a closed writer, wrong seeds, no such id."""

    def code(call: object, *args: object) -> str:
        with pytest.raises(Exception, match="-") as caught, named_errors():
            call(*args)  # type: ignore[operator]
        return str(getattr(caught.value, "code", ""))

    log = _core.JournalWriter(tmp_path, ORIGIN, SEED)
    assert code(log.append, 32, 2, b"") == "LOG-013"
    assert code(log.append, 32, 1, bytes(65_520)) == "LOG-010"
    assert code(log.append, 34, 1, b"") == "LOG-015"
    assert code(log.append_row, 1, 1, b"") == "LOG-010"
    assert code(_core.JournalWriter.open, tmp_path, ORIGIN, SEED) == "LOG-016"
    log.append(32, 1, bytes(65_519))
    assert log.publish()[0] == 1
    log.close()
    log.close()
    assert code(log.append, 32, 2, b"") == "LOG-011"
    assert code(_core.JournalWriter, tmp_path, ORIGIN, SEED) == "LOG-007"
    assert code(_core.JournalWriter.open, tmp_path, ORIGIN, bytes(32)) == "LOG-004"
    assert code(_core.JournalWriter, tmp_path / "other", ORIGIN, b"short") == "GOV-011"
    assert code(_core.JournalWriter, tmp_path / "other", "two words", SEED) == "LOG-004"
    assert code(_core.LogReader(tmp_path).record, 2) == "LOG-014"
    assert code(_core.LogReader, tmp_path / "nowhere") == "LOG-006"
