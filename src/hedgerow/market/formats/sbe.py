"""Simple Binary Encoding: messages decoded by the schema that lies beside them.

A message's header names its template, schema and version; the schema is looked for among the XML files of its folder.
Promises that fields keep their values (decimals as text, absent ones left out), that groups and variable data are read
in order, and that a message without its schema is refused by name. Each message is a row of kind `messages`.

Source: FIX Simple Binary Encoding 1.0 and 2.0, binary message schema and rules.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from hedgerow.core.errors import problem
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Gathering, Rows
from hedgerow.market.reading import Reading

_PRIMITIVE = {"char": "c", "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I",
              "int64": "q", "uint64": "Q", "float": "f", "double": "d"}  # fmt: skip
_NULL = {"uint8": 255, "uint16": 65535, "uint32": 2**32 - 1, "uint64": 2**64 - 1, "int8": -128, "int16": -(2**15),
         "int32": -(2**31), "int64": -(2**63)}  # fmt: skip
_XML_MAX = 8 << 20


def claims(opened: Opened) -> bool:
    """Whether its name says that it is SBE, or its first bytes are a header that a schema beside it knows."""
    return opened.name.lower().endswith(".sbe")


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The messages of a file."""
    data = opened.whole()
    if len(data) < 8:
        raise problem("DATA_DAMAGED", f"{opened.shown}: {len(data)} bytes are less than a header")
    block, template, number, version = struct.unpack_from("<HHHH", data)
    schema = _schema_of(opened.path.parent, number, template, version)
    if schema is None:
        told = f"template {template} of schema {number}, version {version}"
        raise problem("DATA_NO_SCHEMA", f"{opened.shown}: {told}; no XML file in {opened.path.parent.name} has it")
    kept, place, record = Gathering("messages"), 0, 0
    while place < len(data):
        try:
            block, template, _, version = struct.unpack_from(schema.order + "HHHH", data, place)
            message = schema.messages[template]
            cursor = _Cursor(data, place + 8, schema.order)
            found = _fields(message, cursor, block, version, schema)
        except (struct.error, KeyError, IndexError, RecursionError) as error:
            raise problem("DATA_LAYOUT", f"{opened.shown}, message {record}, byte {place}: {error}") from None
        content = json.dumps(found, ensure_ascii=False)
        kept.add(record=record, instrument=reading.symbol or "", type=message.get("name"), content=content)
        place, record = cursor.place, record + 1
    yield kept.rows()


@dataclass
class _Schema:
    order: str
    types: dict[str, Any] = field(default_factory=dict)
    messages: dict[int, Any] = field(default_factory=dict)


@dataclass
class _Cursor:
    data: bytes
    place: int
    order: str

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(self.order + form, self.data, self.place)
        self.place += struct.calcsize(self.order + form)
        return found

    def bytes(self, size: int) -> bytes:
        if self.place + size > len(self.data):
            raise IndexError(f"{size} bytes of variable data, {len(self.data) - self.place} are there")
        found = self.data[self.place : self.place + size]
        self.place += size
        return found


def _schema_of(folder: Path, number: int, template: int, version: int) -> _Schema | None:
    """The schema of this number in a folder, the newest of those that the version reaches, or else the oldest."""
    found = []
    for file in sorted(folder.glob("*.xml")):
        root = _tree(file)
        if root is not None and root.tag.endswith("messageSchema") and root.get("id") == str(number):
            schema = _parsed(root, file.parent)
            if template in schema.messages:
                found.append((int(root.get("version", 0)), schema))
    reached = [entry for entry in found if entry[0] <= version]
    chosen = (
        max(reached, key=lambda entry: entry[0]) if reached else min(found, key=lambda entry: entry[0], default=None)
    )
    return None if chosen is None else chosen[1]


def _tree(file: Path) -> Any:
    """An XML file without entities, or None."""
    text = file.read_bytes() if file.stat().st_size < _XML_MAX else b""
    if not text or b"<!ENTITY" in text:
        return None
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None


def _parsed(root: Any, folder: Path) -> _Schema:
    schema = _Schema(">" if root.get("byteOrder") == "bigEndian" else "<")
    for part in root.iter():
        tag = _tag(part)
        if tag == "include" and part.get("href"):
            included = (
                _tree(folder / Path(part.get("href")).name) if (folder / Path(part.get("href")).name).exists() else None
            )
            for kind in included if included is not None else ():
                schema.types[kind.get("name")] = kind
        elif tag == "types":
            for kind in part:
                if kind.get("name"):
                    schema.types[kind.get("name")] = kind
        elif tag == "message":
            schema.messages[int(part.get("id"))] = part
    return schema


def _tag(part: Any) -> str:
    return str(part.tag).rsplit("}", 1)[-1]


def _fields(message: Any, cursor: _Cursor, block: int, version: int, schema: _Schema) -> dict[str, Any]:
    """Fields of a block, then its groups and variable data, in the order of the schema."""
    found: dict[str, Any] = {}
    start = cursor.place
    for part in message:
        if _tag(part) == "field":
            if int(part.get("sinceVersion", 0)) > version:
                continue
            if part.get("offset"):
                cursor.place = start + int(part.get("offset"))
            value = _value(part.get("type"), cursor, schema, part)
            if value is not None:
                found[part.get("name")] = value
    cursor.place = start + block
    for part in message:
        tag = _tag(part)
        if tag in ("group", "data") and int(part.get("sinceVersion", 0)) <= version:
            found[part.get("name")] = (_group if tag == "group" else _data)(part, cursor, version, schema)
    return found


def _group(part: Any, cursor: _Cursor, version: int, schema: _Schema) -> list[dict[str, Any]]:
    size = _value(part.get("dimensionType", "groupSizeEncoding"), cursor, schema, part)
    block, count = size["blockLength"], size["numInGroup"]
    if count * max(block, 1) > len(cursor.data):
        raise IndexError(f"{count} entries in group {part.get('name')}")
    return [_fields(part, cursor, block, version, schema) for _ in range(count)]


def _data(part: Any, cursor: _Cursor, version: int, schema: _Schema) -> str:
    kind = schema.types[part.get("type")]
    length = next(member for member in kind if member.get("name") == "length")
    (size,) = cursor.take(_PRIMITIVE[_primitive(length, schema)])
    raw = cursor.bytes(size)
    return raw.decode("utf-8", "replace")


def _primitive(kind: Any, schema: _Schema) -> str:
    name = kind.get("primitiveType") or kind.get("encodingType") or kind.get("type")
    return str(name) if name in _PRIMITIVE else _primitive(schema.types[name], schema)


def _value(name: str, cursor: _Cursor, schema: _Schema, part: Any) -> Any:
    """The value of a type at the cursor; None where it is absent."""
    if name in _PRIMITIVE:
        return _plain(cursor, name, 1, part)
    kind = schema.types[name]
    tag = _tag(kind)
    if tag == "composite":
        return _composite(kind, cursor, schema)
    if tag == "enum":
        if part.get("presence") == "constant":
            return part.get("valueRef", "").rsplit(".", 1)[-1]
        value = _plain(cursor, _primitive(kind, schema), 1, kind)
        names = {(c.text or "").strip(): c.get("name") for c in kind}
        return names.get(str(value), value)
    if tag == "set":
        bits = _plain(cursor, _primitive(kind, schema), 1, {"presence": "required"}) or 0
        return [choice.get("name") for choice in kind if bits >> int((choice.text or "0").strip()) & 1]
    if kind.get("presence") == "constant":
        return (kind.text or "").strip()
    return _plain(cursor, kind.get("primitiveType"), int(kind.get("length", 1)), kind)


def _composite(kind: Any, cursor: _Cursor, schema: _Schema) -> dict[str, Any]:
    found, start = {}, cursor.place
    for member in kind:
        tag = _tag(member)
        if member.get("offset"):
            cursor.place = start + int(member.get("offset"))
        if tag == "ref":
            value = _value(member.get("type"), cursor, schema, member)
        elif tag == "type" and member.get("presence") == "constant":
            value = (member.text or "").strip()
        elif tag == "type":
            value = _plain(cursor, member.get("primitiveType"), int(member.get("length", 1)), member)
        else:
            inner = _Schema(schema.order, {**schema.types, member.get("name"): member}, schema.messages)
            value = _value(member.get("name"), cursor, inner, member)
        if value is not None:
            found[member.get("name")] = value
    return found


def _plain(cursor: _Cursor, name: str, length: int, told: Any) -> Any:
    if told.get("presence") == "constant":
        return None
    if name == "char":
        raw = cursor.bytes(length)
        return (
            raw.split(b"\0", 1)[0].decode("latin-1")
            if length > 1
            else (raw.decode("latin-1") if raw != b"\0" else None)
        )
    values = cursor.take(_PRIMITIVE[name] * length)
    if length > 1:
        return list(values)
    value = values[0]
    null = int(told.get("nullValue")) if told.get("nullValue") else _NULL.get(name)
    return None if value == null or value != value else value
