"""Commands about the installation and the vocabulary: `doctor`, `errors`, `glossary`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hedgerow.cli.output import Json, Output, table
from hedgerow.core.errors import CodeRow, did_you_mean, error_table, problem


def doctor(
    directory: Annotated[Path, typer.Option("--dir", help="Folder whose disk is tested.")] = Path(),
    json: Json = False,
) -> None:
    """Examine this installation: each line is ok, warn or fail, with what to do."""
    from hedgerow.cli import examination

    output = Output(json)
    results = examination.examine(directory)
    for result in results:
        output.emit(result.row(), result.line())
    if any(result.status == "fail" for result in results):
        raise typer.Exit(1)


def errors(
    code: Annotated[str | None, typer.Argument(help="A code such as RISK-014, or an area such as RISK.")] = None,
    json: Json = False,
) -> None:
    """Explain an error code, or list them all: what happened, what to do, and the exit status."""
    output = Output(json)
    rows = matching_codes(code)
    if output.json:
        for row in rows:
            output.emit(_code_object(row))
    elif len(rows) == 1:
        output.emit({}, "{0.code} ({0.name}), exit status {0.exit_status}\n  {0.says}\n  {0.remedy}".format(rows[0]))
    else:
        cells = [(row.code, str(row.exit_status), row.says, row.remedy) for row in rows]
        output.emit({}, table(cells, heads=("code", "exit", "what happened", "what to do")))


def matching_codes(wanted: str | None) -> list[CodeRow]:
    """The rows of the error table for a code, a constant's name or an area; all of them for nothing.

    >>> [row.code for row in matching_codes("risk-14")]
    ['RISK-014']
    """
    rows = list(error_table())
    if wanted is None:
        return rows
    word = wanted.upper().replace("_", "-")
    area, _, number = word.partition("-")
    code = f"{area}-{int(number):03d}" if number.isdigit() else word
    found = [row for row in rows if code in (row.code, row.area, row.name.replace("_", "-"))]
    if not found:
        known = [row.code for row in rows] + sorted({row.area for row in rows}) + [row.name for row in rows]
        raise problem("CLI_USAGE", f"no error code {wanted!r}{did_you_mean(wanted.upper(), known)}")
    return found


def _code_object(row: CodeRow) -> dict[str, str | int]:
    return {
        "code": row.code,
        "name": row.name,
        "message": row.says,
        "remedy": row.remedy,
        "area": row.area,
        "exit_status": row.exit_status,
    }


def glossary(
    word: Annotated[str | None, typer.Argument(help="A noun such as Order, or a term such as lot.")] = None,
    json: Json = False,
) -> None:
    """Say what a word means here, and the fields of its record; without a word, list them all."""
    from hedgerow.cli import words

    output = Output(json)
    if word is not None:
        entry = words.entry(word)
        output.emit(entry.row(), entry.page)
    elif output.json:
        for entry in words.entries():
            output.emit(entry.row())
    else:
        output.emit({}, table([(entry.word, entry.meaning) for entry in words.entries()], heads=("word", "meaning")))
