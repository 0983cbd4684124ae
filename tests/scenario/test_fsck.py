"""The separate verifier proves what the real writer wrote, and names the first bad entry and file of every change."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow import _core
from hedgerow.governance import approve, keys_new, propose, roster_new
from hedgerow.governance import witness as witnesses

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "fsck" / "fsck.py"
SEED, ORIGIN = bytes([7]) * 32, "fsck.fund/journal"
NOW = 1_700_000_000_000_000_000


def loaded() -> ModuleType:
    """The program as a module, so that thousands of runs need no thousand processes."""
    spec = importlib.util.spec_from_file_location("hedgerow_fsck", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


FSCK = loaded()


def fsck(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Run it; gives its exit status and its answer."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = FSCK.main([str(folder), "--json", *map(str, words)])
        except SystemExit as stop:
            status = int(str(stop.code))
    return status, json.loads(out.getvalue() or "{}")


def write(folder: Path, entries: int, salt: int = 0, rows: int = 3) -> Path:
    """A log by the real writer: single entries, segments, several commits and checkpoints."""
    with _core.JournalWriter(folder, ORIGIN, SEED) as writer:
        for n in range(entries):
            if n % 5 == 4:
                for row in range(rows):
                    writer.append_row(1, writer.next_id, bytes([n % 256, row, salt]) * 4)
            else:
                writer.append(6, writer.next_id, bytes([n % 256, n // 256, salt]) * (1 + n % 3))
            if n % 7 == 6:
                writer.commit()
            if n in (2, 11, 200):
                writer.publish()
    return folder


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs that nobody changes: `small`, `large`, and `other`, another history of the small one's key."""
    folder = tmp_path_factory.mktemp("logs")
    write(folder / "small", 13)
    write(folder / "large", 700)
    write(folder / "other", 13, salt=1)
    return folder


@pytest.fixture
def copy(logs: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of the logs, to change."""

    def make(name: str) -> Path:
        return Path(shutil.copytree(logs / name, tmp_path / name))

    return make


def files_of(folder: Path) -> list[Path]:
    """Every file, the largest last."""
    return sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: (file.stat().st_size, file))


def test_it_shares_no_code_with_the_writer_and_needs_the_standard_library_only() -> None:
    """Every module that it imports is Python's own."""
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(PROGRAM.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("name", ["small", "large"])
def test_what_the_writer_wrote_is_proved_whole_as_one_log_and_without_its_write_ahead_file(
    logs: Path, copy: Callable[[str], Path], name: str
) -> None:
    """The same root and records as the writer's own verification tells, whichever way the folder is given."""
    own = _core.verify_log(str(logs / name))
    status, answer = fsck(logs / name)
    assert status == 0, answer
    (report,) = answer["logs"]
    assert (report["root"], report["entries"], report["records"]) == (own["root"], own["entries"], own["records"])
    assert fsck(logs / name / "journal", "--key", own["key"])[0] == 0
    assert fsck(logs / name, "--key", own["key"].replace("fsck", "fsqk"))[0] == 2
    words = [sys.executable, "-I", str(PROGRAM), str(logs / name)]
    plain = subprocess.run(words, capture_output=True, text=True)
    assert (plain.returncode, plain.stdout.splitlines()[-1], plain.stderr) == (0, "proved", "")
    replica = copy(name) / "journal"
    if not (replica / "tile").exists():
        return
    (replica / "wal").unlink()
    status, answer = fsck(replica)
    assert status == 0, answer
    assert (answer["logs"][0]["root"], answer["logs"][0]["records"]) == (own["root"], own["records"])


def test_every_changed_byte_of_every_file_is_found(copy: Callable[[str], Path]) -> None:
    """One bit of each byte, everywhere: write-ahead file, tiles, bundles, blobs, checkpoint, record, key."""
    log = copy("small")
    for file in files_of(log):
        good = file.read_bytes()
        for at in range(len(good)):
            file.write_bytes(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :])
            status, answer = fsck(log)
            assert status == 1, (file.name, at, answer)
        file.write_bytes(good)
    assert fsck(log)[0] == 0


def test_every_cut_of_every_file_and_its_loss_are_found(copy: Callable[[str], Path]) -> None:
    """A file that ends early, or is gone, is not proved."""
    log = copy("small")
    for file in files_of(log):
        good = file.read_bytes()
        for at in range(0, len(good), max(1, len(good) // 40)):
            file.write_bytes(good[:at])
            assert fsck(log)[0] == 1, (file.name, at)
        file.unlink()
        expected = (
            0 if file.name == "wal" and (log / "journal" / "tile").exists() else 1
        )  # what is left is a replica, whole in itself
        assert fsck(log)[0] == expected, file.name
        file.write_bytes(good)
    assert fsck(log)[0] == 0


@pytest.mark.parametrize("index", [0, 1, 255, 256, 400, 699])
def test_the_entry_that_was_changed_is_named_with_its_file(logs: Path, copy: Callable[[str], Path], index: int) -> None:
    """In the write-ahead file, in a bundle and in a tile: the entry's index and the changed file are told."""
    log = copy("large") / "journal"
    wal = log / "wal"
    good = wal.read_bytes()
    place = list(frames(good))[index]
    changed = bytearray(good)
    changed[place[0] + 16 + 20] ^= 1
    wal.write_bytes(changed)
    status, answer = fsck(log)
    assert (status, answer["index"], answer["file"]) == (1, index, "wal")
    wal.write_bytes(resealed(changed, place))
    status, answer = fsck(log)
    assert (status, answer["index"], answer["file"]) == (1, index, "wal"), "also with a checksum to match"
    wal.write_bytes(good)
    for row, at in (("entries", None), ("0", index % 256 * 32 + 5)):
        (tile,) = [file for file in log.glob(f"tile/{row}/*{index // 256:03}*") if file.is_file()] or [
            max(log.glob(f"tile/{row}/{index // 256:03}.p/*"), key=lambda file: int(file.name))
        ]
        kept = tile.read_bytes()
        if at is None:
            at = sum(2 + int.from_bytes(kept[i : i + 2], "big") for i in starts(kept, index % 256)) + 2 + 17
        tile.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
        status, answer = fsck(log)
        assert (status, answer["index"], answer["file"]) == (1, index, str(tile.relative_to(log)))
        wal.unlink()
        status, answer = fsck(log)
        assert (status, answer["index"]) == (1, index)
        assert answer["file"] == str(tile.relative_to(log)), "the signed root tells which of the two was changed"
        wal.write_bytes(good)
        tile.write_bytes(kept)


def frames(wal: bytes) -> Iterator[tuple[int, int]]:
    """Where each frame begins and ends."""
    at = 16
    while at < len(wal) and any(wal[at : at + 16]):
        if wal[at : at + 4] == b"CMIT":
            at += 16
            continue
        entry, blob = struct.unpack_from("<II", wal, at)
        end = at + 16 + (entry + blob + 7 & ~7)
        yield at, end
        at = end


def starts(bundle: bytes, count: int) -> Iterator[int]:
    """Where the first entries of a bundle begin."""
    at = 0
    for _ in range(count):
        yield at
        at += 2 + int.from_bytes(bundle[at : at + 2], "big")


def resealed(wal: bytes | bytearray, *places: tuple[int, int]) -> bytes:
    """The file with right checksums again in these frames: what a forger without the key would do."""
    data = bytearray(wal)
    for at, end in places:
        entry, blob = struct.unpack_from("<II", data, at)
        crc = FSCK.crc32c(bytes(data[at + 16 : end])) ^ 0xFFFFFFFF
        check = entry ^ (blob << 16 | blob >> 16) & 0xFFFFFFFF ^ crc ^ at & 0xFFFFFFFF ^ at >> 32
        struct.pack_into("<II", data, at + 8, crc, check)
    return bytes(data)


def test_frames_that_change_places_or_stand_twice_are_found_even_with_right_checksums(
    copy: Callable[[str], Path],
) -> None:
    """The numbers of the records, then the tree, tell."""
    log = copy("small") / "journal"
    wal = log / "wal"
    good = wal.read_bytes()
    (a, b), (b2, c) = list(frames(good))[:2]
    assert b == b2
    left, right = good[a:b], good[b:c]
    swapped = good[:a] + right + left + good[c:]
    places = [(a, a + len(right)), (a + len(right), c)]
    doubled = good[:b] + left + good[b:]
    for bad in (swapped, resealed(swapped, *places), doubled, resealed(doubled, (b, b + len(left)))):
        wal.write_bytes(bad)
        status, answer = fsck(log)
        assert (status, answer["file"]) == (1, "wal")
        assert answer["index"] in (0, 1)


def test_a_fork_a_rollback_and_files_of_another_log_are_found(logs: Path, copy: Callable[[str], Path]) -> None:
    """A second signed checkpoint must be of the same history; one file of another log is enough to fail."""
    log, other = copy("small") / "journal", logs / "other" / "journal"
    assert fsck(log, "--checkpoint", log / "checkpoint")[0] == 0
    status, answer = fsck(log, "--checkpoint", other / "checkpoint")
    assert (status, Path(answer["file"])) == (1, other / "checkpoint")
    large = logs / "large" / "journal" / "checkpoint"
    status, answer = fsck(log, "--checkpoint", large)
    assert (status, "13 entries" in answer["why"]) == (1, True), "a longer signed log existed: rolled back"
    shutil.copy(other / "checkpoint", log / "checkpoint.old")
    assert fsck(log)[0] == 1, "it lies beside the log"
    (log / "checkpoint.old").unlink()
    for file in files_of(other):
        target = log / file.relative_to(other)
        kept = target.read_bytes() if target.exists() else None
        if kept == file.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
        assert fsck(log)[0] == 1, file.name
        target.unlink() if kept is None else target.write_bytes(kept)
    assert fsck(log)[0] == 0


def test_missing_extra_and_renamed_blobs_and_tiles_are_found(copy: Callable[[str], Path]) -> None:
    """Each derived file is in its place, and nothing else is there."""
    log = copy("large") / "journal"
    derived = [file for file in files_of(log) if file.relative_to(log).parts[0] in ("tile", "blob")]
    assert len(derived) > 100
    for file in derived[:: len(derived) // 60]:
        moved = file.with_name(file.name[:-1] + ("0" if file.name[-1] != "0" else "1"))
        if not moved.exists():
            file.rename(moved)
            assert fsck(log)[0] == 1, f"{file} renamed"
            moved.rename(file)
        kept = file.read_bytes()
        file.unlink()
        assert fsck(log)[0] == 1, f"{file} missing"
        file.write_bytes(kept)
    for name in (
        "tile/0/009",
        "tile/entries/002.p/255",
        "tile/5/000.p/1",
        "tile/x/000",
        "blob/aa/" + "aa" * 32,
        "blob/x",
    ):
        (log / name).parent.mkdir(parents=True, exist_ok=True)
        (log / name).write_bytes(b"\0" * 32)
        assert fsck(log)[0] == 1, f"{name} extra"
        (log / name).unlink()
    assert fsck(log)[0] == 0


def test_the_witnesses_of_a_policy_are_demanded(copy: Callable[[str], Path], tmp_path: Path) -> None:
    """Cosignatures by the core's witnesses verify here, and a changed one does not."""
    log = copy("small")
    checkpoint = log / "journal" / "checkpoint"
    note, lines, keys = checkpoint.read_text(), [], []
    for n in range(3):
        folder = tmp_path / f"w{n}"
        keys.append(witnesses.new(folder, f"w{n}.example/fsck"))
        watching = witnesses.serve(folder, [_core.log_key(ORIGIN, SEED)], ("127.0.0.1", 0), report=lambda row: None)
        with watching:
            request = _core.LogTree(log).request(0, 13, note)
            lines.append(watching.witness.add_checkpoint(request, 1_700_000_000 + n)[2])
    policy = tmp_path / "policy"
    policy.write_text(witnesses.default_policy([], [(key, None) for key in keys]))
    assert fsck(log, "--policy", policy)[0] == 1
    checkpoint.write_text(note + "".join(lines))
    status, answer = fsck(log, "--policy", policy)
    assert (status, answer["logs"][0]["witnessed"]) == (0, "3 of 3")
    status, answer = fsck(log)
    assert (status, "3 signature lines" in answer["logs"][0]["notes"][0]) == (0, True), "told, not passed over"
    kept = log / "journal" / "witnessed"
    kept.write_text(note + "".join(lines))
    checkpoint.write_text(note)
    status, answer = fsck(log, "--policy", policy)
    assert (status, answer["logs"][0]["witnessed"]) == (0, "3 of 3 up to entry 13"), "the last one that was witnessed"
    for at in range(len(note.encode())):
        data = (note + "".join(lines)).encode()
        kept.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert fsck(log)[0] == 1, at
    kept.write_text(note + lines[0])
    assert fsck(log, "--policy", policy)[0] == 1, "neither has a quorum"
    kept.unlink()
    checkpoint.write_text(note + "".join(lines))
    whole = checkpoint.read_bytes()
    for at in range(len(note.encode()), len(whole)):
        checkpoint.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert fsck(log, "--policy", policy)[0] == 1, at
    for wrong in ("quorum X\n", "witness a\nquorum none\n", policy.read_text() + "quorum none\n", "quorum none"):
        (tmp_path / "wrong").write_text(wrong)
        assert fsck(log, "--policy", tmp_path / "wrong")[0] == 2, wrong


@pytest.mark.parametrize(("sealed", "readable"), [(False, 3), (True, 2)])
def test_signed_events_of_governance_are_checked_with_the_keys_of_genesis_and_roster(
    tmp_path: Path, sealed: bool, readable: int
) -> None:
    """A real fund proves, as far as it can be read without a key; a changed event, genesis or pending file does not."""
    site = tmp_path / "site"
    people = {"Ada": ["researcher"], "Rita": ["risk"], "Fay": ["fund_manager"]}
    keys = {name: keys_new(site, name)["private_file"] for name in ("root", *people)}
    if not sealed:
        # Nobody without an age identity can be given an epoch's key.
        for name in people:
            Path(keys[name]).with_suffix(".age").unlink()
    roster_new(site, people=people, root_key_files=[keys["root"]], fund="Quince", base_currency="USD", now_ns=NOW)
    proposal = propose(
        site,
        key_file=keys["Ada"],
        strategy="momentum",
        artifact="ab" * 32,
        tier="paper",
        limits={"capital": 1_000_000},
        universe=["AAA"],
        valid_until_ns=NOW + 10**17,
        now_ns=NOW + 10**9,
    )
    word = proposal["proposal"]
    approve(site, key_file=keys["Rita"], proposal=word, role="risk", now_ns=NOW + 2 * 10**9)
    status, answer = fsck(site)
    assert status == 0, answer
    assert answer["logs"][0]["events"] >= readable
    assert any("sealed entries" in note for note in answer["logs"][0]["notes"]) == sealed
    governance = site / "governance"
    for file in [file for file in files_of(governance) if file.suffix == ".json"]:
        good = file.read_bytes()
        for at in range(0, len(good), max(1, len(good) // 50)):
            file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            assert fsck(site)[0] == 1, (file.name, at)
        file.write_bytes(good)
    assert fsck(site)[0] == 0


def test_a_sealed_log_is_proved_without_its_key_and_every_damage_to_it_is_found(tmp_path: Path) -> None:
    """What is proved is the ciphertext; the note says that nobody read it."""
    import numpy as np
    import pandas as pd

    import hedgerow as hr
    from hedgerow.governance.epochs import Epoch

    step, log = np.arange(40), tmp_path / "log"
    frame = pd.DataFrame({"close": 100.0 + step}, index=pd.date_range("2020-01-01", periods=40, freq="B"))
    bars, epoch = hr.Bars.from_frame(frame, symbol="UP"), Epoch("journal", 1, bytes(range(32)))
    hr.backtest(bars, signals=step > 3, size=1, seed=7, log=log, epoch=epoch)
    status, answer = fsck(log)
    assert status == 0, answer
    assert "sealed entries" in answer["logs"][0]["notes"][0]
    wal = log / "journal" / "wal"
    good = wal.read_bytes()
    for at in range(0, len(good.rstrip(b"\0")), max(1, len(good) // 60)):
        wal.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert fsck(log)[0] == 1, at


@pytest.fixture(scope="module")
def playground(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that the property test changes and mends again."""
    return Path(shutil.copytree(logs / "small", tmp_path_factory.mktemp("playground") / "log"))


@settings(max_examples=150)
@given(data=st.data())
def test_random_damage_is_never_proved_and_never_crashes(playground: Path, data: st.DataObject) -> None:
    """Pieces overwritten, cut out, doubled or filled with zeros, in one or two files at once."""
    files = files_of(playground)
    kept = {file: file.read_bytes() for file in files}
    try:
        for _ in range(data.draw(st.integers(1, 2))):
            file = data.draw(st.sampled_from(files))
            now = file.read_bytes()
            start = data.draw(st.integers(0, len(now)))
            end = data.draw(st.integers(start, min(len(now), start + 64)))
            piece = data.draw(
                st.one_of(st.binary(max_size=40), st.just(now[start:end] * 2), st.just(bytes(end - start)))
            )
            file.write_bytes(now[:start] + piece + now[end:])
        changed = {file: now for file, now in kept.items() if file.read_bytes() != now}
        # Zeros behind the last commit are space that a writer made ready: they say nothing and change nothing.
        harmless = all(
            file.name == "wal" and file.read_bytes().rstrip(b"\0") == now.rstrip(b"\0") for file, now in changed.items()
        )
        assert fsck(playground)[0] == (0 if harmless else 1)
    finally:
        for file, now in kept.items():
            file.write_bytes(now)


def test_hostile_folders_end_quickly_with_a_status(copy: Callable[[str], Path], tmp_path: Path) -> None:
    """Pipes, links, a log of 2^62 entries, a frame of four gigabytes, nested JSON: 1, and no traceback."""
    log = copy("small") / "journal"
    kept = (log / "wal").read_bytes()
    (log / "wal").unlink()
    os.mkfifo(log / "wal")
    assert fsck(log)[0] == 1
    (log / "wal").unlink()
    (log / "wal").symlink_to("/dev/zero")
    assert fsck(log)[0] == 1
    (log / "wal").unlink()
    head = struct.pack("<III", 16, 0xFFFFFFF0, 0)
    check = 16 ^ 0xFFF0FFFF ^ 0 ^ 16
    (log / "wal").write_bytes(kept[:16] + head + struct.pack("<I", check))
    assert fsck(log)[1]["why"].startswith("a frame that does not fit")
    with (log / "wal").open("wb") as file:
        file.write(kept[:16])
        file.truncate(1 << 30)
    assert fsck(log)[0] == 1, "a gigabyte of nothing"
    for rubbish in (b"", b"\n\n", b"\xff" * 100, b"[" * 60_000, "\u2014 ".encode() * 1000):
        for name in ("checkpoint", "key.pub", "signed", "wal"):
            broken = tmp_path / "broken"
            shutil.rmtree(broken, ignore_errors=True)
            shutil.copytree(log, broken, ignore=shutil.ignore_patterns("wal"))
            (broken / "wal").write_bytes(kept)
            (broken / name).write_bytes(rubbish)
            assert fsck(broken)[0] == 1, (name, rubbish[:4])
    empty = tmp_path / "empty"
    empty.mkdir()
    assert fsck(empty)[0] == 1
    assert fsck(tmp_path / "nowhere")[0] == 2
    assert fsck(empty, "--unknown")[0] == 2


def test_its_own_cryptography_agrees_with_published_vectors() -> None:
    """Ed25519 of RFC 8032, section 7.1, and CRC-32C of RFC 3720, appendix B.4."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert FSCK.verified(public, b"\x72", signature)
    assert not FSCK.verified(public, b"\x73", signature)
    order = FSCK.ORDER.to_bytes(32, "little")
    twin = (int.from_bytes(signature[32:], "little") + int.from_bytes(order, "little")).to_bytes(32, "little")
    assert not FSCK.verified(public, b"\x72", signature[:32] + twin), "a second spelling of the same signature"
    assert not FSCK.verified(bytes([1]) + bytes(31), b"", bytes([1]) + bytes(63)), "a key of small order"
    for data, crc in ((bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)):
        assert FSCK.crc32c(data) ^ 0xFFFFFFFF == crc
