"""Recordings of venues' sessions: every message with the time it was received.

Understood are the layouts of `lines.py`. A line that is none of these, a message that is cut, and a file that ends
early are refused with their line.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.market.venues.lines import line_of

_SYMBOL = re.compile(r"[?&]symbol=([^&]+)")
_NOTED = re.compile(rb"#note\b.*|[A-Za-z]+", re.DOTALL)


@dataclass(frozen=True)
class Received:
    """A message as it came: decoded JSON, UTC nanoseconds of its receipt (None if not recorded), its line.

    symbol: of the request that it answers, where the recording says it.
    """

    message: Any
    ts_init: int | None
    line: int
    symbol: str | None = None


def recorded(path: str | Path) -> Iterator[Received]:
    """The messages of a recording (plain or gzip), in order; what was sent by us, notes and bare words are passed over.

    Raises DATA-020 with file and line for what cannot be read.
    """
    path = Path(path)
    number = 0
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        try:
            for number, text in enumerate(lines, start=1):
                if text.strip() and (received := _received(text.rstrip(b"\r\n"), number, path)) is not None:
                    yield received
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise problem("DATA_DAMAGED", f"{path.name}, after line {number}: {error}") from None


def _received(text: bytes, number: int, path: Path) -> Received | None:
    """A line's message; None where it has none that came."""
    line = line_of(text)
    if line is not None and (line.way in ("sent", "settings") or (line.way == "note" and _NOTED.fullmatch(line.body))):
        return None
    try:
        if line is None or line.way == "note":
            raise ValueError("neither a time nor JSON")
        message = json.loads(line.body)
    except ValueError as error:
        raise problem("DATA_DAMAGED", f"{path.name}, line {number}: {error}") from None
    symbol = _SYMBOL.search(line.url)
    return Received(message, line.ns, number, symbol[1] if symbol else None)
