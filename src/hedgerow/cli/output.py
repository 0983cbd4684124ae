"""How a command speaks: text for people, one JSON object per line for programs.

Promises: results go to stdout and nothing else does; progress and errors go to stderr; with `--json` both streams
carry JSON only; the exit status of a failure is the one that the error table gives its area. Never: it decides
nothing and reads nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from hedgerow.core.errors import HedgerowError

Json = Annotated[bool, typer.Option("--json", help="Print JSON: one object per line.")]

EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Output:
    """Where a command's words go, and in which of the two forms.

    >>> Output(json=True).emit({"bars": 2})
    {"bars": 2}
    >>> Output(json=False).emit({"bars": 2}, "2 bars")
    2 bars
    """

    json: bool

    def emit(self, result: Mapping[str, Any], text: str | Callable[[], str] | None = None) -> None:
        """Print one result: the object with `--json`, otherwise `text` (or `name  value` lines when there is none)."""
        if self.json:
            print(json_line(result), flush=True)
        elif text is None:
            print(table([(key, plain(value)) for key, value in result.items()]), flush=True)
        else:
            print(text if isinstance(text, str) else text(), flush=True)

    def note(self, text: str) -> None:
        """Tell a person on stderr what is going on; programs are not told."""
        if not self.json:
            print(text, file=sys.stderr, flush=True)

    def alert(self, told: dict[str, Any], text: str) -> None:
        """Tell a person or a program on stderr what cannot wait for the end."""
        print(json_line(told) if self.json else f"\r{text}\033[K" if sys.stderr.isatty() else text, file=sys.stderr)
        sys.stderr.flush()

    def fail(self, error: HedgerowError) -> int:
        """Print a named error to stderr and return the exit status of its area."""
        if self.json:
            print(json_line({"error": error_object(error)}), file=sys.stderr, flush=True)
        else:
            print(f"error: {error}", file=sys.stderr, flush=True)
        return error.row.exit_status


def error_object(error: HedgerowError) -> dict[str, str]:
    """An error as a program reads it.

    >>> from hedgerow.core.errors import problem
    >>> error_object(problem("DATA_EMPTY", "prices.csv"))["code"]
    'DATA-009'
    """
    return {"code": error.code, "message": error.row.says, "detail": error.detail, "remedy": error.remedy}


def json_line(value: Mapping[str, Any]) -> str:
    """One line of JSON: bytes become hexadecimal, other objects text, and a number that is not finite becomes null.

    >>> json_line({"sharpe": float("nan"), "rows": 3})
    '{"sharpe": null, "rows": 3}'
    """
    return json.dumps(_jsonable(value), ensure_ascii=False, default=str, allow_nan=False)


def _jsonable(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return value


def plain(value: Any) -> str:
    """A value as a person reads it: thousands separated, lists joined.

    >>> plain(1250000), plain(["AAPL", "MSFT"]), plain(None)
    ('1,250,000', 'AAPL, MSFT', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def table(rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """Rows in aligned columns, under `heads` when they are given.

    >>> print(table([("AAPL", "8,312")], heads=("symbol", "bars")))
    symbol  bars
    AAPL    8,312
    """
    lines = [tuple(heads)] * bool(heads) + [tuple(row) for row in rows]
    if not lines:
        return ""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
