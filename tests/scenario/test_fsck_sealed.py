"""The separate verifier and sealed entries: in the leaf where they fit it, behind it where they do not."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import struct
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "fsck" / "fsck.py"
FSCK = runpy.run_path(str(PROGRAM), run_name="hedgerow_fsck_sealed")


def fsck(folder: Path) -> tuple[int, dict[str, Any]]:
    """Run it; gives its exit status and its answer."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = FSCK["main"]([str(folder), "--json"])
    return status, json.loads(out.getvalue())


def test_a_seal_too_long_for_its_entry_is_proved_as_a_blob_and_every_damage_to_it_is_found(tmp_path: Path) -> None:
    """Entry, blob and write-ahead file, flipped, cut or lost; with the write-ahead file and without it."""
    with _core.JournalWriter(tmp_path, "fsck.fund/journal", bytes(32)) as writer:
        writer.seal_with(1, bytes(32))
        writer.append(6, 1, b"short")
        writer.append(6, 2, b"long" * 5_000)
    log = tmp_path / "journal"
    (blob,) = log.glob("blob/*/*")
    assert fsck(log)[0] == 0
    good = blob.read_bytes()
    for bad in (good[:-1], good + b"\0", good[:999] + bytes([good[999] ^ 1]) + good[1000:]):
        blob.write_bytes(bad)
        status, answer = fsck(log)
        assert (status, answer["index"], answer["file"]) == (1, 1, str(blob.relative_to(log)))
    blob.unlink()
    assert fsck(log)[0] == 1
    blob.write_bytes(good)
    wal = (log / "wal").read_bytes()
    for at in range(16, len(wal.rstrip(b"\0")), 61):
        (log / "wal").write_bytes(wal[:at] + bytes([wal[at] ^ 1]) + wal[at + 1 :])
        assert fsck(log)[0] == 1, at
    (log / "wal").unlink()
    assert fsck(log)[0] == 0
    blob.write_bytes(good[1:])
    assert fsck(log)[0] == 1


def sealed_entry(behind: int, rest: int, *, count: int = 1, flags: int = 0) -> bytes:
    """A sealed entry that says so many bytes behind it, with so many bytes in it."""
    return struct.pack("<HHIQII", 35, flags, count, 1, 1, behind) + bytes(rest)


def test_a_sealed_entry_has_one_shape_for_each_length() -> None:
    """In the entry up to 16,384 bytes, behind it from there on; anything else is a fault."""
    for entry, digest, length in (
        (sealed_entry(0, 68), None, 0),
        (sealed_entry(0, 16_360), None, 0),
        (sealed_entry(16_361, 32), bytes(32), 16_361),
    ):
        assert FSCK["check_shape"](0, entry, 1, "wal") == (35, 1, digest, length)
    wrong = [sealed_entry(0, 67), sealed_entry(0, 16_361), sealed_entry(16_360, 32), sealed_entry(16_361, 33)]
    wrong += [sealed_entry(0, 68, count=0), sealed_entry(0, 68, flags=1), sealed_entry(0, 0)[:20]]
    for entry in wrong:
        with pytest.raises(FSCK["Fault"]):
            FSCK["check_shape"](0, entry, 1, "wal")
