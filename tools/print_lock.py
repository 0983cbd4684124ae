"""Resolve every dependency in pyproject.toml anew, in an empty environment, and print requirements/lock.txt.

Promises: the lock names exact versions only, no addresses and no hashes of an index, so that any mirror serves.
Never: it installs nothing into the environment it runs in.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "lock.txt"
HEAD = """\
# Exact versions of everything that `make` installs. Printed by `make lock`; do not edit.
"""
# Peers for benchmarks are installed by hand where wanted: they pin old versions of what we use.
LEFT_OUT = {"bench"}


def requirements() -> list[str]:
    """The package's dependencies and its extras', without those that name the package itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [lines for extra, lines in project["optional-dependencies"].items() if extra not in LEFT_OUT]
    every = [*project["dependencies"], *(line for lines in extras for line in lines)]
    return sorted({line for line in every if not line.startswith("hedgerow[")})


def main() -> int:
    """Write the lock."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "pip"), "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-q", *requirements()], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    LOCK.parent.mkdir(exist_ok=True)
    LOCK.write_text(HEAD + frozen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
