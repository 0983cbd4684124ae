"""What a sweep has done, in a folder: a line a row, appended as it comes, so that a broken sweep goes on where it was.

Promises: a torn last line is as if it had not been written; the rows of another sweep are never taken for ours.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.core.files import write_whole
from hedgerow.engine.sweep.variants import Row

SWEEP_FILE, ROWS_FILE = "sweep.json", "rows.jsonl"


class Kept:
    """The folder of a sweep, or none: then nothing is kept."""

    def __init__(self, folder: Path | None, sha256: str, count: int) -> None:
        self.rows: dict[int, Row] = {}
        self._path = None if folder is None else folder / ROWS_FILE
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            _claim(folder / SWEEP_FILE, sha256, count)
            self._read()

    def add(self, rows: list[Row]) -> None:
        """Keep rows; they are durable when this returns."""
        if self._path is not None:
            lines = b"".join(json.dumps(_plain(row), allow_nan=False).encode() + b"\n" for row in rows)
            with self._path.open("ab", buffering=0) as file:
                if file.write(lines) != len(lines):
                    raise problem(
                        "RUN_WORKER", f"{self._path}: the disk is full; the sweep goes on where it is run again"
                    )
                os.fdatasync(file.fileno())
        self.rows |= {row.number: row for row in rows}

    def _read(self) -> None:
        """Take in the whole lines, and cut off what was torn."""
        assert self._path is not None
        if not self._path.exists():
            return
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                row = _row(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise problem("RUN_CONFIG", f"{self._path} line {number}: {error}; delete the folder") from None
            self.rows[row.number] = row
        if len(whole) < len(content):
            os.truncate(self._path, len(whole))


def _claim(path: Path, sha256: str, count: int) -> None:
    """Write what the folder is for, or compare."""
    told = {"v": 1, "sweep": sha256, "variants": count}
    if not path.exists():
        if any(path.parent.iterdir()):
            raise problem("RUN_CONFIG", f"{path.parent} holds something else; give a new folder for the sweep")
        write_whole(path, json.dumps(told).encode() + b"\n")
        return
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise problem("RUN_CONFIG", f"{path}: {error}") from None
    if found != told:
        detail = "a sweep of other variants, data or settings; give another folder, or the same sweep"
        raise problem("RUN_CONFIG", f"{path.parent} keeps {detail}")


def _plain(row: Row) -> dict[str, Any]:
    return {
        "n": row.number,
        "figures": {name: None if value is None else float(value) for name, value in row.figures.items()},
        "outcome": row.outcome,
        "days": None if row.days is None else _text(row.days.astype("<i8")),
        "returns": None if row.returns is None else _text(row.returns.astype("<f8")),
        "error": row.error,
        "seconds": row.seconds,
    }


def _row(told: dict[str, Any]) -> Row:
    days, returns = (None if told[n] is None else base64.b64decode(told[n]) for n in ("days", "returns"))
    return Row(
        number=int(told["n"]),
        figures=told["figures"],
        outcome=told["outcome"],
        days=None if days is None else np.frombuffer(days, dtype="<i8"),
        returns=None if returns is None else np.frombuffer(returns, dtype="<f8"),
        error=told["error"],
        seconds=float(told["seconds"]),
    )


def _text(values: Any) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
