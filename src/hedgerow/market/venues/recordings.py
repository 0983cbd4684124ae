"""Recordings of venues' sessions: every message with the time it was received.

Understood are lines of `NANOSECONDS JSON`, of `SECONDS: JSON` and `URL -> SECONDS: JSON` (cryptofeed), and of JSON
alone. A line that is none of these, a message that is cut, and a file that ends early are refused with their line.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem

_LINE = re.compile(
    r"(?:(?P<ns>\d{16,19}) |(?:(?P<url>https?://\S+) -> )?(?P<s>\d{9,11}(?:\.\d+)?): )?(?P<body>[\[{].*)"
)
_MARKED = re.compile(rb"#(?:text|binary) ([A-Za-z0-9+/]+=*)")
_NOTE = re.compile(r"\d{16,19} (?:#note\b|[A-Za-z]+$)")
_SENT = re.compile(r"\w+://\S+ (?:<->|<-) ")
_SYMBOL = re.compile(r"[?&]symbol=([^&]+)")


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
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        try:
            for number, line in enumerate(lines, start=1):
                if line.strip() and not _SENT.match(line) and not _NOTE.match(line):
                    yield _received(line, number, path)
        except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
            raise problem("DATA_DAMAGED", f"{path.name}, after line {number}: {error}") from None


def unmarked(body: bytes) -> bytes:
    """A message as the venue sent it, where our own recorder had to write it in base64 (`#text`, `#binary`).

    >>> unmarked(b"#text e30K"), unmarked(b"#note later")
    (b'{}\\n', b'#note later')
    """
    marked = _MARKED.fullmatch(body)
    return body if marked is None else base64.b64decode(marked[1])


def _received(line: str, number: int, path: Path) -> Received:
    time, space, body = line.rstrip().partition(" ")
    if body.startswith("#"):
        line = f"{time}{space}{unmarked(body.encode()).decode(errors='replace').strip()}"
    found = _LINE.match(line)
    try:
        if found is None:
            raise ValueError("neither a time nor JSON")
        message = json.loads(found["body"])
    except ValueError as error:
        raise problem("DATA_DAMAGED", f"{path.name}, line {number}: {error}") from None
    ts_init = None
    if found["ns"]:
        ts_init = int(found["ns"])
    elif found["s"]:
        ts_init = int(Decimal(found["s"]) * 1_000_000_000)
    symbol = _SYMBOL.search(found["url"] or "")
    return Received(message, ts_init, number, symbol[1] if symbol else None)
