"""The nouns' golden files: Python reads the bytes that Rust wrote, finds every value, and writes the same bytes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedgerow.core.nouns import money_int, nouns, records

FOLDER = Path(__file__).parent / "nouns"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
SCALARS = {"u8": "<B", "u16": "<H", "u32": "<I", "i32": "<i", "u64": "<Q", "i64": "<q", "f64": "<d"}
TEXTS = {"currency": 8, "text32": 32, "text64": 64}

Field = tuple[str, str, Any]


def golden(name: str) -> tuple[bytes, list[Field]]:
    """A noun's bytes, and its fields as (name, type, text)."""
    told = json.loads((FOLDER / f"{name}.json").read_text())
    assert told["noun"] == name
    return (FOLDER / f"{name}.bin").read_bytes(), [(field, kind, value) for field, kind, value in told["fields"]]


def cell(kind: str, value: Any) -> bytes:
    """The bytes that a field's text stands for, as the journal's documentation says, without NumPy."""
    if kind == "limits":
        return b"".join(cell(k, v) for _, k, v in value)
    if kind == "money":
        return int(value).to_bytes(16, "little", signed=True)
    if kind in SCALARS:
        return struct.pack(SCALARS[kind], float(value) if kind == "f64" else int(value))
    if kind in TEXTS:
        return str(value).encode().ljust(TEXTS[kind], b"\0")
    return bytes.fromhex(value)


def seen(kind: str, value: Any) -> Any:
    """A cell of a structured array as the golden file would tell it."""
    if kind == "money":
        return str(money_int(value))
    if kind in TEXTS:
        return bytes(value).decode()
    if kind == "f64":
        return repr(float(value))
    return str(int(value)) if kind in SCALARS else bytes(value).hex()


def told(kind: str, value: Any) -> Any:
    """A golden value as `seen` would give it."""
    if kind == "f64":
        return repr(float(value))
    return cell(kind, value).hex() if kind == "limits" else value


def test_every_noun_has_its_golden_file() -> None:
    """A noun without a golden file, or a file without a noun, would go unnoticed."""
    assert sorted(nouns()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_read_as_it_was_written(name: str) -> None:
    """Offsets, widths, signs and byte order of the dtype are those of the record."""
    data, fields = golden(name)
    row = records(name, data)[0]
    assert [(field, kind) for field, kind, *_ in nouns()[name].fields] == [(field, kind) for field, kind, _ in fields]
    for field, kind, value in fields:
        assert seen(kind, row[field]) == told(kind, value), f"{name}.{field}"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_values_are_written_as_the_same_bytes(name: str) -> None:
    """A record built field by field through the dtype, and one packed by hand, are the golden one."""
    data, fields = golden(name)
    rows = np.zeros(1, dtype=nouns()[name].dtype)
    for field, kind, value in fields:
        rows[field] = np.frombuffer(cell(kind, value), dtype=rows.dtype[field])[0]
    assert rows.tobytes() == data
    assert b"".join(cell(kind, value) for _, kind, value in fields) == data
