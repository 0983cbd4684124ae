"""How many rows a delivered file seems to have: enough to notice that today's has half of yesterday's.

Promises: reads the whole file once, in bounded memory, and no more of a compressed one than a limit; what cannot be
read is said. Never: decides what a row means, which is the readers' work.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO

EXPANDED_BYTES_MAX = 20 << 30
_LINES = (".csv", ".jsonl", ".ndjson", ".txt", ".psv", ".tsv")


def count_rows(path: Path, name: str) -> tuple[int | None, str | None]:
    """Rows of a file by the ending of its name, and what is wrong with it; `None` where there is nothing to say."""
    ending = name.lower()
    try:
        if ending.endswith(".parquet"):
            import pyarrow.parquet as pq

            return int(pq.ParquetFile(path).metadata.num_rows), None
        if ending.removesuffix(".gz").endswith(_LINES):
            with gzip.open(path) if ending.endswith(".gz") else path.open("rb") as file:
                return _lines(file), None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        return None, f"its rows cannot be counted: {error}"
    return None, None


def _lines(file: IO[bytes] | gzip.GzipFile) -> int:
    """Lines, a last one without its end included."""
    count, last, read = 0, b"\n", 0
    while chunk := file.read(1 << 20):
        count += chunk.count(b"\n")
        last, read = chunk[-1:], read + len(chunk)
        if read > EXPANDED_BYTES_MAX:
            raise ValueError(f"it expands beyond {EXPANDED_BYTES_MAX:,} bytes")
    return count + (last != b"\n")
