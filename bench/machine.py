"""The machine of a run: figures mean nothing without it.

Promises: what it says is read at the time of asking. Never: a name of the machine or of its owner.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any


def machine(scheduling: str) -> dict[str, Any]:
    """Processor, number of processors, load, scheduling policy of the timed programs, versions."""
    return {
        "cpu": _processor(),
        "cpus": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()}",
        "scheduling": scheduling,
        "rustc": _first_words(["rustc", "--version"], 2),
        "python": platform.python_version(),
    }


def real_time(wanted: str) -> list[str]:
    """The words that start a program under a real-time policy, empty where that is not wanted or not allowed.

    Under such a policy other programs do not interrupt a timed loop. `wanted` is auto, fifo or other.
    """
    words = ["chrt", "-f", "1"]
    if wanted == "other" or shutil.which("chrt") is None:
        return []
    allowed = subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    return words if allowed else []


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _first_words(command: list[str], index: int) -> str:
    if shutil.which(command[0]) is None:
        return "none"
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return said[index - 1] if len(said) >= index else "none"
