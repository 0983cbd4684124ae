"""Build the wheel and say whether it is what users get: one file for every Python, typed, licensed, and it imports.

Never: it installs into the environment it runs in, or leaves anything behind.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTENTS = (
    "hedgerow/__init__.py",
    "hedgerow/py.typed",
    "hedgerow/_core.pyi",
    "hedgerow/_core.abi3.so",
    "hedgerow/engine/assets/cross.wasm",
)


def built(folder: Path) -> Path:
    """The wheel of these sources; the compiled core is reused."""
    words = ["maturin", "build", "-q", "--release", "--locked", "--compatibility", "linux", "-o", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def faults(wheel: Path) -> list[str]:
    """What is wrong with its name or contents."""
    found = [] if "-cp311-abi3-" in wheel.name else [f"{wheel.name} is not for every Python from 3.11"]
    names = zipfile.ZipFile(wheel).namelist()
    found += [f"{name} is missing" for name in CONTENTS if name not in names]
    if not any(name.endswith("/LICENSE") for name in names):
        found.append("LICENSE is missing")
    found += [f"{name} does not belong into it" for name in names if not name.startswith("hedgerow")]
    return found


def imported(wheel: Path, folder: Path) -> str:
    """The version that an environment with nothing else in it says."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True)
    program = "import hedgerow; print(hedgerow.__version__)"
    said = subprocess.run([python, "-c", program], cwd=folder, check=True, capture_output=True, text=True)
    return said.stdout.strip()


def main() -> int:
    """Print every fault; the exit status says whether there were any."""
    with tempfile.TemporaryDirectory() as name:
        wheel = built(Path(name))
        found = faults(wheel)
        version = imported(wheel, Path(name) / "empty")
        if f"-{version}-" not in wheel.name:
            found.append(f"{wheel.name} holds version {version}")
        for line in found:
            print(line)
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
