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
