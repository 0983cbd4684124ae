"""Commands on documentation pages are run, and print what the page says they print.

A page is one session in an empty folder: its `python` and `sh` blocks run in order. Every line of an `sh` block is one
`hedgerow` command; `# exit 16` after it is the exit status it must have, otherwise 0. A `text` block right behind an
`sh` block is what its commands print, with `...` for what differs from run to run.
"""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from hedgerow.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```\n(?:\n?```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
WITH_COMMANDS = [page for page in PAGES if "```sh\n" in page.read_text()]
SPELLING = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def said_by(commands: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the commands of a block; returns everything they print, errors included."""
    told = []
    for line in commands.replace("\\\n", " ").splitlines():
        command, _, status = line.partition("# exit ")
        words = shlex.split(command)
        if not words:
            continue
        assert words[0] == "hedgerow", f"only commands of ours can be run here: {line}"
        assert run(words[1:]) == int(status or 0), (line, *capsys.readouterr())
        told.extend(capsys.readouterr())
    return "".join(told)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=[str(page.relative_to(ROOT)) for page in WITH_COMMANDS])
def test_the_commands_of_a_page_run_in_order_and_print_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a reader types gives what a reader is shown."""
    monkeypatch.chdir(tmp_path)
    text, words = page.read_text(), {"__name__": "__page__"}
    for block in BLOCK.finditer(text):
        if block[1] == "python":
            code = "\n" * text.count("\n", 0, block.start(2)) + block[2]
            exec(compile(code, str(page), "exec", dont_inherit=True), words)
            continue
        got = said_by(block[2], capsys)
        if block[3] is not None:
            assert doctest.OutputChecker().check_output(block[3], got, SPELLING), f"shown\n{block[3]}printed\n{got}"
