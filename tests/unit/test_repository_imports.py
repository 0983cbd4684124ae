"""What importing costs: the package and the command line's map load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pandas", "pyarrow", "lightgbm", "cvxpy", "clarabel", "scipy", "sklearn", "skfolio")


@pytest.mark.parametrize("module", ["hedgerow", "hedgerow.core.errors", "hedgerow.cli.main"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    """A fresh interpreter that imports it has none of the large libraries in memory."""
    program = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stdout.split() == []


def test_the_help_page_loads_nothing_heavy() -> None:
    """Printing the map needs not even NumPy."""
    program = (
        "import sys\nfrom hedgerow.cli.main import run\nrun(['--help'])\n"
        f"print(*[name for name in {(*HEAVY, 'numpy')} if name in sys.modules], file=sys.stderr)"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stderr.split() == []


@pytest.mark.parametrize(("answer", "goes"), [("True", True), ("False", False)])
def test_an_interpreter_that_was_told_to_do_without_its_lock_is_refused(answer: str, goes: bool) -> None:
    """The core has state that only the global lock guards, so it is not imported where there is none."""
    program = f"import sys; sys._is_gil_enabled = lambda: {answer}; import hedgerow._core"
    said = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (said.returncode == 0) == goes
    assert ("ImportError: hedgerow needs the interpreter's global lock" in said.stderr) != goes
