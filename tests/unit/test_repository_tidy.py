"""The repository's own rules: tidy.py passes here and finds what it should in a folder that breaks them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tidy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, looking at an empty repository."""
    spec = importlib.util.spec_from_file_location("tidy", ROOT / "tools" / "tidy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the rules look at what git tracks")
def test_this_repository_is_tidy() -> None:
    """No leftovers, no giants, no path of one machine, and every test has its sentence."""
    said = subprocess.run([sys.executable, str(ROOT / "tools" / "tidy.py")], capture_output=True, text=True)
    assert said.stdout == ""


def test_a_long_function_is_found_in_python_and_in_rust(tidy: ModuleType, tmp_path: Path) -> None:
    """Seventy lines are a screen; the seventy-first is one too many."""
    (tmp_path / "a.py").write_text("def long():\n" + "    x = 1\n" * 70)
    (tmp_path / "b.rs").write_text("pub fn long() {\n" + "    x();\n" * 69 + "}\n")
    assert [line.split(",")[0] for line in tidy.findings({})] == ["a.py:long: 71 lines", "b.rs:long: 71 lines"]


def test_an_exception_may_only_shrink(tidy: ModuleType, tmp_path: Path) -> None:
    """Its number must be the present one, and goes when it is no longer needed."""
    (tmp_path / "a.py").write_text("def long():\n" + "    x = 1\n" * 74)
    assert list(tidy.findings({"a.py:long": 75})) == []
    assert "lower" in next(tidy.findings({"a.py:long": 80}))
    assert "at most 72" in next(tidy.findings({"a.py:long": 72}))
    assert "is gone" in list(tidy.findings({"a.py:long": 75, "a.py:other": 90}))[-1]


def test_leftovers_and_paths_of_one_machine_are_found(tidy: ModuleType, tmp_path: Path) -> None:
    """Work left undone needs a reason, and no file may know where it was written."""
    (tmp_path / "a.md").write_text(
        "# TO" + "DO later\nsee /ho" + "me/ada/notes\n# TO" + "DO(the venue has no sandbox yet)\n"
    )
    assert [line.split(" ")[0] for line in tidy.findings({})] == ["a.md:1:", "a.md:2:"]


def test_a_test_without_a_sentence_is_found(tidy: ModuleType, tmp_path: Path) -> None:
    """Every test says what it proves."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text("def test_it():\n    assert True\n")
    assert "test_it has no sentence" in next(tidy.findings({}))


def test_a_large_file_is_found(tidy: ModuleType, tmp_path: Path) -> None:
    """Data belong into dependencies, not into the repository."""
    (tmp_path / "a.bin").write_bytes(b"\xff" * (tidy.FILE_BYTES_MAX + 1))
    assert "262,145 bytes" in next(tidy.findings({}))
