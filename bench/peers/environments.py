"""Where the peers live: one virtual environment each, under `PEERS_ROOT` or `bench/.peers`.

Promises: nothing of a peer enters our own environment; a peer that is not there is said to be absent, never an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Peer:
    """A peer: its environment's folder, what to install, the module to import, the first Python it runs on."""

    name: str
    title: str
    packages: tuple[str, ...]
    module: str
    python: tuple[int, int] = (3, 11)

    @property
    def interpreter(self) -> Path:
        """The Python of its environment, there or not."""
        return root() / self.name / "bin" / "python"

    @property
    def is_here(self) -> bool:
        """Whether it is installed."""
        if not self.interpreter.exists():
            return False
        probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({self.module.split('.')[0]!r}) is None)"
        return subprocess.run([self.interpreter, "-c", probe], capture_output=True, check=False).returncode == 0

    def script(self, job: str) -> Path:
        """Its version of a job."""
        return HERE / f"{job}_{self.name.rstrip('0123456789')}.py"


PEERS = {
    peer.name: peer
    for peer in (
        Peer("backtesting", "backtesting.py", ("backtesting",), "backtesting"),
        Peer("vectorbt", "vectorbt", ("vectorbt",), "vectorbt"),
        Peer(
            "nautilus2",
            "nautilus_trader 2",
            ("--pre", "nautilus_trader>=2.0rc0", "numpy"),
            "nautilus_trader.backtest",
            (3, 13),
        ),
    )
}


def root() -> Path:
    """The folder of all environments."""
    return Path(os.environ.get("PEERS_ROOT", HERE.parent / ".peers"))


def install(say: Callable[[str], None]) -> None:
    """Install every peer that is not here; one that cannot be installed is named and left out."""
    for peer in PEERS.values():
        if peer.is_here:
            say(f"{peer.title}: is here")
            continue
        python = interpreter_for(peer.python)
        if python is None:
            say(f"{peer.title}: needs Python {'.'.join(map(str, peer.python))} or newer, which was not found; left out")
            continue
        say(f"{peer.title}: installing (minutes)")
        folder = root() / peer.name
        made = subprocess.run([python, "-m", "venv", "--clear", folder], capture_output=True, text=True, check=False)
        words = [
            str(peer.interpreter),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *peer.packages,
        ]
        if made.returncode == 0:
            made = subprocess.run(words, capture_output=True, text=True, check=False)
        say(f"{peer.title}: " + ("installed" if made.returncode == 0 else f"left out: {made.stderr.strip()[-300:]}"))


def interpreter_for(least: tuple[int, int]) -> str | None:
    """A Python at least so new: `PEERS_PYTHON`, this one, or one found by name."""
    wanted = [os.environ.get("PEERS_PYTHON"), sys.executable, *(f"python3.{minor}" for minor in range(least[1], 20))]
    for candidate in filter(None, wanted):
        found = shutil.which(candidate)
        if found is None:
            continue
        probe = f"import sys; sys.exit(sys.version_info < {least})"
        if subprocess.run([found, "-c", probe], capture_output=True, check=False).returncode == 0:
            return found
    return None
