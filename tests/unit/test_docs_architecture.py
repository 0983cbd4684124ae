"""What the documentation says of the code is there: files, tests, functions, rules and codes by their names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hedgerow.core.errors import error_table

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
WRITTEN = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")] + [
    page for page in sorted((ROOT / "docs").rglob("*.md")) if "Printed by `make docs`" not in page.read_text()
]
PLACE = re.compile(r"`((?:crates|src|tests|tools|docs|examples|bench)/[\w./-]+)`")
RULES = "crates/hedgerow-risk/src/rules/mod.rs"
ROW = re.compile(r"^\|[^|]*\| (RISK-\d{3}) \|[^|]*\| (yes|no) \|$", re.MULTILINE)


def source(folder: str, ending: str) -> str:
    """All source text of a kind below a folder."""
    return "\n".join(file.read_text() for file in sorted((ROOT / folder).rglob(f"*{ending}")))


@pytest.mark.parametrize("page", WRITTEN, ids=[str(page.relative_to(ROOT)) for page in WRITTEN])
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """A reader who follows a path arrives."""
    assert [place for place in PLACE.findall(page.read_text()) if not (ROOT / place).exists()] == []


def test_every_test_that_holds_an_invariant_exists() -> None:
    """Names of tests in the section on invariants are names of functions."""
    section = ARCHITECTURE.partition("## Invariants")[2].partition("\n## ")[0]
    tests = {name for name in re.findall(r"`([a-z0-9_]+)`", section) if name.count("_") >= 4}
    functions = set(re.findall(r"\b(?:fn|def) (\w+)", source("crates", ".rs") + source("tests", ".py")))
    assert len(tests) >= 25
    assert tests - functions == set()


def test_the_way_of_an_order_names_functions_that_exist() -> None:
    """Each step of the walk through the code is still where it says."""
    section = ARCHITECTURE.partition("## The way of one order")[2].partition("\n## ")[0]
    names = {name for name in re.findall(r"`(?:\w+::)?(\w+)`", section) if "." not in name}
    known = set(re.findall(r"\b(?:fn|struct|enum|class|def) (\w+)", source("crates", ".rs") + source("src", ".py")))
    records = set(re.findall(r"^    (\w+) = \d+, \d+ bytes", source("crates/hedgerow-core", ".rs"), re.MULTILINE))
    assert names - known - records - {"on_quote", "on_trade", "on_book"} == set()


def test_the_table_of_rules_is_the_gates_own() -> None:
    """The guide lists every rule in the order in which it speaks, and says rightly which are waived."""
    codes = {row.name: row.code for row in error_table()}
    rules = (ROOT / RULES).read_text()
    order, waivable = (
        [codes[name] for name in re.findall(r"code::(RISK_\w+)", rules.partition(start)[2].partition(";\n\n")[0])]
        for start in ("pub const ORDER", "pub const WAIVABLE")
    )
    told = ROW.findall((ROOT / "docs" / "guide" / "limits.md").read_text())
    assert [code for code, _ in told] == order
    assert {code for code, waived in told if waived == "yes"} == set(waivable)


def test_every_code_that_a_page_names_exists() -> None:
    """A code on a page is a code of the table."""
    known, areas = {row.code for row in error_table()}, "|".join(sorted({row.area for row in error_table()}))
    named = {code for page in WRITTEN for code in re.findall(rf"\b(?:{areas})-\d{{3}}\b", page.read_text())}
    assert named - known == set()
