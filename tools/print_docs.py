"""Print the reference pages from the program itself; with --check, say which of them are stale.

Promises: the error table, the records, the glossary, the command line and the list of public Python words are written
once, in the code. Never: it touches a page that a person wrote.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
NOTE = "<!-- Printed by `make docs` from the code; do not edit. -->\n\n"

# Help is laid out for the width of a page, without colour, whatever terminal prints it.
os.environ |= {
    "COLUMNS": "100",
    "TERMINAL_WIDTH": "100",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "_TYPER_FORCE_DISABLE_TERMINAL": "1",
}


def cell(text: str) -> str:
    """Text that may stand in a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def errors_page() -> str:
    """Every code, what happened, what to do, and the exit statuses."""
    from hedgerow.core.errors import error_table

    lines = [
        "# Errors\n",
        "Every error has a code that never changes its meaning, says the value seen and what to do next. A command",
        "that fails ends with the exit status of the code's area; with `--json` the error is a JSON object on stderr.",
        "`hedgerow errors CODE` prints the same.\n",
        "Besides these: 0 done, 1 a check failed or a defect of ours, 130 interrupted.\n",
    ]
    area = ""
    for row in error_table():
        if row.area != area:
            area = row.area
            lines += [f"\n## {area}\n", f"Exit status {row.exit_status}.\n", "| code | what happened | what to do |"]
            lines += ["|---|---|---|"]
        lines.append(f"| {row.code} | {cell(row.says)} | {cell(row.remedy)} |")
    return "\n".join(lines) + "\n"


def nouns_page() -> str:
    """Every record with its layout."""
    from hedgerow.cli.words import entries

    lines = [
        "# Records\n",
        "The nouns of the journal as fixed-layout, little-endian records without padding, in order of their number.",
        "Money is a 128-bit integer of 0.000000001 currency units; times are UTC nanoseconds; prices are ticks,",
        "quantities lots.\n",
    ]
    for entry in sorted((entry for entry in entries() if entry.fields), key=lambda entry: entry.kind):
        lines += [f"\n## {entry.word}\n", f"{cell(entry.meaning)}\n", f"Record {entry.kind}, {entry.size} bytes.\n"]
        lines += ["| field | type | offset | meaning |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {offset} | {cell(doc)} |" for name, kind, offset, _, doc in entry.fields]
    return "\n".join(lines) + "\n"


def protocol_page() -> str:
    """The protocol of opaque strategies: frames, rows, exports."""
    from hedgerow import _core

    text = (DOCS / "reference" / "strategy-protocol.head.txt").read_text()
    lines = [text]
    for row in _core.jail_rows():
        lines += [
            f"\n### {row['name']}\n",
            f"{row['says']} {row['bytes']} bytes.\n",
            "| offset | field | type | meaning |",
        ]
        lines.append("|---|---|---|---|")
        offset = 0
        for name, kind, size, says in row["fields"]:
            lines.append(f"| {offset} | {name} | {cell(kind)} | {cell(says)} |")
            offset += size
    return "\n".join(lines) + "\n"


def glossary_page() -> str:
    """Every word and what it means here."""
    from hedgerow.cli.words import entries

    lines = [
        "# Glossary\n",
        "One vocabulary for all languages and screens; `hedgerow glossary WORD` prints the same.\n",
    ]
    lines += ["| word | meaning |", "|---|---|"]
    for entry in entries():
        word = f"[{entry.word}](reference/nouns.md#{entry.word.lower()})" if entry.fields else entry.word
        lines.append(f"| {word} | {cell(entry.meaning)} |")
    return "\n".join(lines) + "\n"


def cli_page() -> str:
    """The help of every command."""
    from typer.main import get_command

    from hedgerow.cli.main import app

    lines = ["# Command line\n", "The help of every command, as `--help` prints it.\n"]
    for words, _ in commands(get_command(app), ("hedgerow",)):
        lines += [f"\n## {' '.join(words)}\n", "```text", help_text(words[1:]), "```"]
    return "\n".join(lines) + "\n"


def commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A command and all below it, with the words that call it."""
    yield words, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*words, name))


def help_text(words: tuple[str, ...]) -> str:
    """What `--help` prints, without colours and trailing blanks."""
    from typer.testing import CliRunner

    from hedgerow.cli.main import app

    text = CliRunner().invoke(app, [*words, "--help"], prog_name="hedgerow").output
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).strip("\n")


def operators_page() -> str:
    """Every operator: what it takes, its parameters, what it computes."""
    from hedgerow import _core

    lines = [
        "# Operators\n",
        "One observation at a time, or a column at once, with the same bits: `hr.indicator(NAME, ...)`, a",
        "`feature(NAME, ...)`, a strategy's `self.indicator(NAME, ...)`, and for most a function of that name.\n",
        "| operator | takes | parameters | is |",
        "|---|---|---|---|",
    ]
    for name, doc, inputs, params in _core.operator_table():
        asked = [one if default is None else f"{one}={default:g}" for one, _, _, _, default, _ in params]
        lines.append(f"| `{name}` | {', '.join(inputs)} | {', '.join(asked)} | {cell(doc)} |")
    return "\n".join(lines) + "\n"


def python_page() -> str:
    """The public words of every package: name and first sentence."""
    lines = ["# Python\n", "The public words of each package, read from its `__all__`; `help(word)` says the rest.\n"]
    for path in sorted((ROOT / "src" / "hedgerow").rglob("__init__.py")):
        package = ".".join(path.parent.relative_to(ROOT / "src").parts)
        if package == "hedgerow.cli":
            continue
        words = public_words(package)
        doc = ast.get_docstring(ast.parse(path.read_text())) or ""
        lines += [f"\n## {package}\n", doc.split("\n\n")[0] + "\n"]
        if words:
            lines += ["| word | is |", "|---|---|", *(f"| `{word}` | {cell(says)} |" for word, says in words)]
    return "\n".join(lines) + "\n"


def public_words(package: str) -> list[tuple[str, str]]:
    """The names in a package's `__all__` with the first sentence of each."""
    module = __import__(package, fromlist=["__all__"])
    names = [name for name in getattr(module, "__all__", []) if not name.startswith("_")]
    return [(name, first_sentence(getattr(module, name))) for name in sorted(names, key=str.lower)]


def first_sentence(thing: object) -> str:
    """What a class, function or module says of itself first; nothing for a plain value."""
    if not (callable(thing) or hasattr(thing, "__path__")):
        return ""
    return (getattr(thing, "__doc__", None) or "").strip().split("\n\n")[0]


PAGES: dict[str, Callable[[], str]] = {
    "reference/strategy-protocol.md": protocol_page,
    "reference/errors.md": errors_page,
    "reference/nouns.md": nouns_page,
    "reference/cli.md": cli_page,
    "reference/operators.md": operators_page,
    "reference/python.md": python_page,
    "glossary.md": glossary_page,
}


def main(words: list[str]) -> int:
    """Print all pages, or with --check compare them; the exit status counts the stale ones."""
    stale = []
    for name, page in PAGES.items():
        path, text = DOCS / name, NOTE + page()
        if "--check" not in words:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
            print(f"docs/{name} is stale; run `make docs` and commit it")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
