"""What the linters do not see: sizes, leftovers, and tests without a sentence.

Promises: a rule's exceptions stand in tools/tidy.toml with their present size, and may only shrink. Never: it repairs
nothing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_BYTES_MAX = 256 * 1024
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

# Written so that the rules do not find themselves.
LEFTOVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\([^)]{8,}\))")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:ho" r"me|ro" r"ot|Us" r"ers|wo" r"rk|m" r"nt)/\w")
RUST_FUNCTION = re.compile(r"^( *)(?:pub(?:\([a-z]+\))? )?(?:const )?(?:unsafe )?(?:extern \"C\" )?fn (\w+)")
SOURCES = {".py", ".rs"}
PRINTED = {"Cargo.lock", "requirements/lock.txt", "src/hedgerow/_core.pyi"}


def tracked() -> list[str]:
    """Every file that is, or is about to be, part of the repository."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in listed if name and (ROOT / name).is_file())


def text_of(name: str) -> str | None:
    """The file's text, or nothing when it is not text."""
    try:
        return (ROOT / name).read_text()
    except UnicodeDecodeError:
        return None


def leftovers(name: str, text: str) -> Iterator[str]:
    """Work left undone without a reason, and paths that exist on one machine only."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := LEFTOVER.search(line):
            yield f"{name}:{number}: {found[0]} without a reason; finish it, or write {found[0]}(the reason)"
        if found := MACHINE_PATH.search(line):
            yield f"{name}:{number}: {found[0]}... is a path of one machine; make it relative or an argument"


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    """Every function with its number of lines."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def rust_functions(text: str) -> Iterator[tuple[str, int]]:
    """Every function with its number of lines; rustfmt puts the closing brace under the first word."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        if (found := RUST_FUNCTION.match(line)) and not line.rstrip().endswith(("}", ";")):
            end = next((n for n in range(start, len(lines)) if lines[n] in (found[1] + "}", found[1] + ";")), start)
            yield found[2], end - start + 1


def silent_tests(name: str, text: str) -> Iterator[str]:
    """Tests that do not say in a sentence what they prove."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node):
            yield f"{name}:{node.lineno}: {node.name} has no sentence; say in its docstring what it proves"


def sizes(name: str, text: str) -> Iterator[tuple[str, int, int]]:
    """What has a size in this file: (what, lines, most lines)."""
    if Path(name).suffix in SOURCES:
        yield name, text.count("\n"), FILE_LINES_MAX
        functions = python_functions if name.endswith(".py") else rust_functions
        for function, lines in functions(text):
            yield f"{name}:{function}", lines, FUNCTION_LINES_MAX


def findings(allowed: dict[str, int]) -> Iterator[str]:
    """Everything that is not tidy, as one line each."""
    grown = set()
    for name in tracked():
        size = (ROOT / name).stat().st_size
        if size > FILE_BYTES_MAX:
            yield f"{name}: {size:,} bytes, at most {FILE_BYTES_MAX:,}; generate it, or fetch it by a dependency"
        text = text_of(name)
        if text is None or name in PRINTED:
            continue
        yield from leftovers(name, text)
        if re.fullmatch(r"tests/.*test_\w+\.py", name):
            yield from silent_tests(name, text)
        for what, lines, most in sizes(name, text):
            grown.add(what)
            if lines > allowed.get(what, most):
                yield f"{what}: {lines} lines, at most {allowed.get(what, most)}; split it"
            elif what in allowed and lines < allowed[what]:
                new = f"now {lines}" if lines > most else "now within the rule"
                yield f"{what}: {new}; lower or remove its line in tools/tidy.toml"
    yield from (f"{what}: is gone; remove its line in tools/tidy.toml" for what in sorted(set(allowed) - grown))


def main() -> int:
    """Print every finding; the exit status says whether there were any."""
    allowed = tomllib.loads((ROOT / "tools" / "tidy.toml").read_text())["lines"]
    found = list(findings(allowed))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
