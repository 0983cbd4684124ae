"""Messages of a file, field by field, by name: what a person who looks at a FIX log wants to see.

Promises: every message that is there is shown, a faulty one with its fault; a file that ends within a message, or has
other bytes between messages, is said to. Never: a message is mended.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.execution.fix.dictionaries import APPL_VER_IDS, Dictionaries

_FILE_MAX = 1 << 30
_HEAD = 64


@dataclass(frozen=True)
class ShownField:
    """A field: its tag, name, value (latin-1), what the value is called, and how deep in repeating groups it stands."""

    tag: int
    name: str
    value: str
    meaning: str | None
    depth: int


@dataclass(frozen=True)
class ShownMessage:
    """A message: its place among the messages, version, type and name, its fields, and its fault where it has one."""

    index: int
    version: str
    msg_type: str
    name: str | None
    fields: tuple[ShownField, ...]
    fault: str | None


def read_messages(path: Path, dictionaries: Dictionaries) -> Iterator[ShownMessage]:
    """Read a file of FIX messages, whatever stands between them (line ends, a log's prefixes), gzip or not.

    The dictionary is the one of the message's BeginString; the body of a FIXT message is read with ApplVerID (1128),
    the Logon's DefaultApplVerID (1137), or the newest there is. Raises `WireError` where the file holds no message.
    """
    data = _bytes(path)
    frames, passed = _core.fix_frames(data)
    if not frames:
        raise problem("WIRE_GARBLED", f"{path}: {passed} bytes and no message among them")
    default = _newest(dictionaries)
    for index, raw in enumerate(frames):
        begin = _field(raw[:_HEAD], b"8=")
        book = dictionaries.of(begin)
        chosen = APPL_VER_IDS.get(_field(raw, b"\x011128=") or _field(raw, b"\x011137="))
        if begin.startswith("FIXT") and b"\x011137=" in raw and chosen is not None and dictionaries.has(chosen):
            default = dictionaries.of(chosen)
        body = default if begin.startswith("FIXT") else None
        if body is not None and chosen is not None and dictionaries.has(chosen):
            body = dictionaries.of(chosen)
        rows, fault = book.show(raw, body)
        fields = tuple(
            ShownField(tag, name, value.decode("latin-1"), label, depth) for tag, name, value, label, depth in rows
        )
        msg_type = next((field.value for field in fields if field.tag == 35), "")
        name = book.message_name(msg_type) or (body.message_name(msg_type) if body else None)
        yield ShownMessage(index, begin, msg_type, name, fields, fault)


def _newest(dictionaries: Dictionaries) -> _core.FixDictionary | None:
    newest = next((v for v in ("FIX.5.0SP2", "FIX.5.0SP1", "FIX.5.0") if dictionaries.has(v)), None)
    return dictionaries.of(newest) if newest else None


def _field(raw: bytes, mark: bytes) -> str:
    """The value behind a mark, or nothing."""
    at = raw.find(mark)
    return raw[at + len(mark) :].split(b"\x01", 1)[0].decode("latin-1") if at >= 0 else ""


def _bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else open(path, "rb") as file:
            data = file.read(_FILE_MAX + 1)
    except (OSError, EOFError) as error:
        raise problem("WIRE_GARBLED", f"{path}: {error}") from error
    if len(data) > _FILE_MAX:
        raise problem("WIRE_LENGTH", f"{path}: more than {_FILE_MAX} bytes; split it")
    return data
