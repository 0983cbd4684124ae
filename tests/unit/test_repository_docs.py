"""Documentation tells the truth: its Python examples run, and its generated pages are what the code prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for page in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if page.exists()
]
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WITH_EXAMPLES = [page for page in PAGES if EXAMPLE.search(page.read_text())]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=[str(page.relative_to(ROOT)) for page in WITH_EXAMPLES])
def test_the_python_examples_of_a_page_run_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page is one session in an empty folder; what it asserts holds."""
    monkeypatch.chdir(tmp_path)
    words: dict[str, object] = {"__name__": "__page__"}
    text = page.read_text()
    for example in EXAMPLE.finditer(text):
        # Blank lines before it give tracebacks the page's own line numbers.
        code = "\n" * text.count("\n", 0, example.start(1)) + example[1]
        exec(compile(code, str(page), "exec", dont_inherit=True), words)


def test_generated_pages_are_fresh() -> None:
    """Errors, records, glossary, command line and Python words are as the code says now."""
    words = [sys.executable, str(ROOT / "tools" / "print_docs.py"), "--check"]
    said = subprocess.run(words, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link names a file that exists."""
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken
