"""The README shows what is there: a real example, the real commands, and what the demonstration really prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hedgerow.cli.main import ORDER

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
STARTED = (ROOT / "docs" / "guide" / "getting-started.md").read_text()
EXAMPLE = ROOT / "examples" / "sma_cross_simple.py"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of a kind on a page."""
    return [block for word, block in BLOCK.findall(text) if word == kind]


def first_words(line: str) -> list[str]:
    """What a line of the demonstration begins with, whatever its figures: two words, or the record's noun."""
    words = re.findall(r"[A-Za-z][A-Za-z-]+", line)
    return words[:1] if re.match(r"\s*\d", line) else words[:2]


def test_the_readme_is_read_in_ten_minutes() -> None:
    """Two hundred lines are the most."""
    assert len(README.splitlines()) <= 200


def test_the_strategy_of_the_readme_is_the_example() -> None:
    """Word for word, below the example's own docstring; the example is run by a test of its own."""
    (shown,) = blocks(README, "python")
    assert EXAMPLE.read_text().endswith(shown)


def test_the_map_of_commands_is_complete() -> None:
    """Every command of the program stands on the map, and no other."""
    (listed,) = (block for block in blocks(README, "text") if block.startswith("hedgerow demo"))
    names = [name for line in listed.splitlines() for name in line.split()[1].split("|")]
    assert sorted(names) == sorted(ORDER)


def test_what_the_pages_show_of_the_demonstration_is_what_it_prints(tmp_path: Path) -> None:
    """Each line shown begins as a line of the real output does; figures may differ on another machine."""
    pytest.importorskip("skfolio", reason="the demo's prices come with skfolio (extra `demo`)")
    from hedgerow.cli.running import demo_text
    from hedgerow.engine.demo import run_demo

    printed = [first_words(line) for line in demo_text(run_demo(tmp_path / "demo")).splitlines()]
    shown = [block for page in (README, STARTED) for block in blocks(page, "text") if "buy and hold" in block]
    assert len(shown) == 2
    lines = [line for block in shown for line in block.splitlines() if line.strip()]
    assert [line for line in lines if first_words(line) not in printed] == []
