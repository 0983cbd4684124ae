"""The evidence pack as bytes: canonical JSON (RFC 8785) without floats, named by its own SHA-256.

Promises: equal content gives equal bytes; a pack is written whole or not at all; a file that is not exactly what its
name says is RUN_EVIDENCE. Never: a float (figures are decimal text of nine digits), a clock, a path of one machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.files import write_whole
from hedgerow.core.nouns import money_decimal
from hedgerow.governance.envelope import canonical

FOLDER = "evidence"
VERSION = 1
KINDS = ("evidence", "live")
SIGNIFICANT = 9
BYTES_MAX = 16 * 1024 * 1024


def decimal(value: float) -> str:
    """A figure as plain decimal text of nine significant digits, the same on every machine.

    >>> decimal(0.1 + 0.2), decimal(-0.0), decimal(1.5e-7), decimal(123456789012.0)
    ('0.3', '0', '0.00000015', '123456789000')
    """
    number = float(value)
    if not math.isfinite(number):
        raise problem("RUN_NUMBER", f"{number} in an evidence pack; leave the figure out and say why")
    text = f"{Decimal(f'{number:.{SIGNIFICANT - 1}e}'):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def money(nano: int) -> str:
    """An exact amount as decimal text.

    >>> money(1_250_000_000), money(7 * 10**9)
    ('1.25', '7')
    """
    return f"{money_decimal(nano):f}"


@dataclass(frozen=True)
class Pack:
    """An evidence pack: what was found, ready to be hashed, signed and read."""

    content: Mapping[str, Any]

    @cached_property
    def data(self) -> bytes:
        """The canonical bytes."""
        return canonical(self.content)

    @property
    def sha256(self) -> str:
        """The pack's name: SHA-256 of its bytes, hexadecimal."""
        return sha256(self.data).hexdigest()

    def save(self, folder: str | Path) -> Path:
        """Write `evidence/SHA256.json` in a fund's folder; a pack that is there already stays as it is."""
        path = Path(folder) / FOLDER / f"{self.sha256}.json"
        if not (path.exists() and path.read_bytes() == self.data):
            write_whole(path, self.data)
        return path

    @classmethod
    def read(cls, data: bytes, name: str = "the pack") -> Pack:
        """A pack from its bytes; RUN_EVIDENCE unless they are canonical and of a kind and version we know."""
        if len(data) > BYTES_MAX:
            raise problem("RUN_EVIDENCE", f"{name}: {len(data):,} bytes, at most {BYTES_MAX:,}")
        try:
            content = json.loads(data)
            spelt = canonical(content) if isinstance(content, dict) else b""
        except (ValueError, RecursionError, HedgerowError) as error:
            raise problem("RUN_EVIDENCE", f"{name}: {error}") from None
        if spelt != data:
            raise problem("RUN_EVIDENCE", f"{name}: not canonical JSON; it was changed or re-spelt")
        if content.get("v") != VERSION or content.get("kind") not in KINDS:
            raise problem("RUN_EVIDENCE", f"{name}: version {content.get('v')!r}, kind {content.get('kind')!r}")
        return cls(content)

    @classmethod
    def load(cls, path: str | Path) -> Pack:
        """A pack from its file; RUN_EVIDENCE if it is not the pack that the file's name says."""
        place = Path(path)
        try:
            data = place.read_bytes()
        except OSError as error:
            raise problem("RUN_EVIDENCE", f"{place}: {error.strerror}") from None
        found = sha256(data).hexdigest()
        if len(place.stem) == 64 and place.stem != found:
            raise problem("RUN_EVIDENCE", f"{place.name} holds the pack {found[:16]}; it was changed or renamed")
        return cls.read(data, place.name)


class LeftOut:
    """The figures that the sample does not carry, each with its reason."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []

    def add(self, figure: str, reason: str) -> None:
        """Leave a figure out, by name."""
        self.rows.append({"figure": figure, "reason": reason})
