"""Whatever is written comes back; whatever is changed is noticed; every entry can be proved by hashes alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow import _core
from hedgerow.core.errors import LogError, named_errors

ORIGIN, SEED = "test.fund/journal", b"s" * 32

Step = tuple[str, int, bytes]
entries = st.tuples(st.just("entry"), st.integers(36, 60), st.binary(max_size=300))
rows = st.tuples(st.just("row"), st.integers(1, 2), st.binary(min_size=8, max_size=9))
commits = st.tuples(st.just("commit"), st.just(0), st.just(b""))
steps = st.lists(st.one_of(entries, rows, rows, commits), max_size=30)


def write(folder: Path, script: list[Step]) -> list[tuple[int, int, bytes]]:
    """Runs a script of appends and commits into a log; returns the records."""
    records = []
    with _core.JournalWriter(folder, ORIGIN, SEED) as log:
        for what, kind, data in script:
            if what == "commit":
                log.commit()
                continue
            (log.append if what == "entry" else log.append_row)(kind, log.next_id, data)
            records.append((kind, len(records) + 1, data))
    return records


@given(script=steps)
@settings(max_examples=25)
def test_every_script_of_appends_comes_back_and_verifies(script: list[Step]) -> None:
    """Records in order, whatever the mixture of entries, rows and commits."""
    with TemporaryDirectory() as folder:
        records = write(Path(folder), script)
        assert list(_core.LogReader(folder)) == records
        assert _core.verify_log(folder)["records"] == len(records)


@given(
    script=steps,
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
    name=st.sampled_from(("wal", "checkpoint", "key.pub")),
)
@settings(max_examples=60)
def test_any_flipped_bit_in_any_file_is_a_named_error(script: list[Step], place: float, bit: int, name: str) -> None:
    """No byte of the log's three files can be changed unnoticed."""
    with TemporaryDirectory() as folder:
        write(Path(folder), script)
        path = Path(folder) / "journal" / name
        data = bytearray(path.read_bytes())
        data[int(place * len(data))] ^= 1 << bit
        path.write_bytes(bytes(data))
        with pytest.raises(LogError), named_errors():
            _core.verify_log(folder)


@given(script=steps, share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=25)
def test_any_cut_of_a_signed_log_is_a_named_error(script: list[Step], share: float) -> None:
    """Not one byte can be cut off the end, though a log of nothing may lose its header and is still nothing."""
    with TemporaryDirectory() as folder:
        records = write(Path(folder), script)
        path = Path(folder) / "journal" / "wal"
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(LogError) as caught, named_errors():
            _core.verify_log(folder)
        assert caught.value.code == ("LOG-005" if records else "LOG-001")


def root_from(index: int, size: int, entry: bytes, siblings: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    node, last = hashlib.sha256(b"\0" + entry).digest(), size - 1
    for sibling in siblings:
        assert last > 0
        if index % 2 or index == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while index and index % 2 == 0:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    assert last == 0
    return node


@given(script=steps.filter(lambda script: any(what != "commit" for what, _, _ in script)))
@settings(max_examples=25)
def test_every_record_is_proved_to_be_under_the_signed_root(script: list[Step]) -> None:
    """The proof that the core gives is checked here with nothing but SHA-256."""
    with TemporaryDirectory() as folder:
        records = write(Path(folder), script)
        root = _core.verify_log(folder)["root"]
        log = _core.LogReader(folder)
        for _, record_id, _ in records:
            assert root_from(*log.inclusion(record_id)).hex() == root
