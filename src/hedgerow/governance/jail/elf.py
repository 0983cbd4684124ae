"""Reads as much of an ELF file as is needed to say whether it is a static program of this machine.

Promises: any bytes are an answer or a `ValueError`, never another exception. Never: runs it.
"""

from __future__ import annotations

import platform
import struct
from dataclasses import dataclass

_MACHINES = {"x86_64": 62, "aarch64": 183}
_EXECUTABLE, _SHARED = 2, 3
_DYNAMIC, _INTERPRETER = 2, 3
_NEEDED = 1
_SYMBOLS = 2
_PROGRAMS_MAX, _SECTIONS_MAX = 512, 8192


@dataclass(frozen=True)
class Elf:
    """What was read: machine and kind as the format numbers them, and what static programs do not have."""

    machine: int
    kind: int
    interpreter: str | None
    needs_libraries: bool
    has_symbols: bool
    has_debug: bool

    @property
    def is_native(self) -> bool:
        """Whether this machine runs it."""
        return self.machine == _MACHINES.get(platform.machine())

    @property
    def is_program(self) -> bool:
        """Whether it is a program, position-independent or not, and no object or library to be linked."""
        return self.kind in (_EXECUTABLE, _SHARED)


def read_elf(data: bytes) -> Elf:
    """Read a 64-bit little-endian ELF file; anything else is a `ValueError` that says what it is not."""
    if data[:4] != b"\x7fELF":
        raise ValueError("not an ELF file")
    if data[4:7] != b"\x02\x01\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    try:
        kind, machine = struct.unpack_from("<HH", data, 16)
        programs_at, sections_at = struct.unpack_from("<QQ", data, 32)
        _, program_bytes, programs, section_bytes, sections, names = struct.unpack_from("<6H", data, 52)
        segments = [_segment(data, programs_at + n * program_bytes) for n in range(min(programs, _PROGRAMS_MAX))]
        needed = any(_needs(data, at, size) for kind_, at, size in segments if kind_ == _DYNAMIC)
        kinds, titles = _sections(data, sections_at, section_bytes, min(sections, _SECTIONS_MAX), names)
    except (struct.error, OverflowError):
        raise ValueError("a table of the ELF file lies outside it") from None
    return Elf(
        machine=machine,
        kind=kind,
        interpreter=next((_text(data, at, size) for kind_, at, size in segments if kind_ == _INTERPRETER), None),
        needs_libraries=needed,
        has_symbols=_SYMBOLS in kinds,
        has_debug=any(title.startswith(b".debug") for title in titles),
    )


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    kind, _, offset = struct.unpack_from("<IIQ", data, at)
    (size,) = struct.unpack_from("<Q", data, at + 32)
    return kind, offset, size


def _text(data: bytes, at: int, size: int) -> str:
    return data[at : at + min(size, 4096)].rstrip(b"\0").decode(errors="replace")


def _needs(data: bytes, at: int, size: int) -> bool:
    return any(struct.unpack_from("<Q", data, at + n)[0] == _NEEDED for n in range(0, min(size, 65_536) - 15, 16))


def _sections(data: bytes, at: int, size: int, count: int, names: int) -> tuple[set[int], list[bytes]]:
    heads = [struct.unpack_from("<II16xQQ", data, at + n * size) for n in range(count)]
    if not 0 < names < count:
        return {head[1] for head in heads}, []
    start, length = heads[names][2], heads[names][3]
    table = data[start : start + length]
    return {head[1] for head in heads}, [table[head[0] : table.find(b"\0", head[0])] for head in heads]
