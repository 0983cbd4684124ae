"""The plan of a jail: the words for bubblewrap and what the launcher sets before, for each form of artifact.

Promises: all namespaces are unshared and none can be made within, no capability, no network, no environment, no files
but the artifact (for an interpreter: itself, its library, NumPy, read-only), a root that cannot be written to, death
with the parent. Never: a path of the artifact's author.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.governance.jail.interpreter import INSIDE, Interpreter, module_interpreter, numpy_interpreter
from hedgerow.governance.jail.limits import JailLimits
from hedgerow.governance.jail.seccomp import Kind

ARTIFACT = "/strategy"
_NOBODY = "65534"
_WALLS = [
    "--unshare-user",
    "--unshare-all",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    *("--cap-drop", "ALL"),
    *("--uid", _NOBODY, "--gid", _NOBODY),
    *("--hostname", "jail"),
    "--as-pid-1",
]
_QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
_COPY_MIB = 64


@dataclass(frozen=True)
class Descriptors:
    """What a process inherits besides its three streams: artifact and filter in memory, and where its start is told."""

    artifact: int
    filter: int
    report: int


def filter_kind(form: str) -> Kind:
    """Which filter of system calls a form runs under."""
    return "native" if form == "native" else "interpreter"


@cache
def why_no_jail() -> str:
    """Why bubblewrap cannot build the jail here; empty if it can. Tried once, with the walls of a real run."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap is not installed"
    true = os.path.realpath(shutil.which("true") or "/bin/true")
    words = [program, *_WALLS, "--ro-bind", "/", "/", "--", true]
    tried = subprocess.run(words, capture_output=True, text=True, check=False, env={})
    return "" if tried.returncode == 0 else f"bubblewrap: {tried.stderr.strip()[-300:]}"


def jail_plan(form: str, limits: JailLimits, held: Descriptors, artifact_bytes: int) -> dict[str, Any]:
    """What the launcher does for a jail by bubblewrap."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise problem("JAIL_UNAVAILABLE", "bubblewrap is not installed")
    words = [bwrap, *_WALLS, "--seccomp", str(held.filter), "--info-fd", str(held.report)]
    if form == "native":
        words += ["--perms", "0555", "--ro-bind-data", str(held.artifact), ARTIFACT]
        program = [ARTIFACT]
    else:
        guest = _interpreter(form)
        for name, target in guest.links:
            words += ["--symlink", target, name]
        for path in (guest.paths[0], *guest.hidden):
            words += ["--tmpfs", path] if path in guest.hidden else ["--ro-bind", path, path]
        for path in guest.paths[1:]:
            words += ["--ro-bind", path, path]
        for name, file in guest.aliases:
            words += ["--ro-bind", file, name]
        for name, value in _QUIET.items():
            words += ["--setenv", name, value]
        program = _program(form, guest, limits, held)
    # bubblewrap copies the artifact into the jail's own memory, so files may be as long as it until it has.
    numbers = _numbers(limits) | {"FSIZE": artifact_bytes + (_COPY_MIB << 20)}
    return {
        "limits": numbers,
        "paths": None,
        "folders": [],
        "report": held.report,
        "filter": None,
        "program": bwrap,
        "words": [*words, "--remount-ro", "/", "--chdir", "/", "--", *program],
        "environment": {},
    }


def filtered_plan(form: str, limits: JailLimits, held: Descriptors) -> dict[str, Any]:
    """What the launcher does without bubblewrap: limits, Landlock and the filter around the program itself."""
    if form == "native":
        program, paths, folders, environment = [f"/proc/self/fd/{held.artifact}"], [], [], {}
    else:
        guest = _interpreter(form)
        program, environment = _program(form, guest, limits, held), dict(_QUIET)
        paths, folders = list(guest.paths), list(guest.modules)
    return {
        "limits": _numbers(limits) | {"FSIZE": 0, "NPROC": 0},
        "paths": paths,
        "folders": folders,
        "report": held.report,
        "filter": held.filter,
        "program": program[0],
        "words": program,
        "environment": environment,
    }


def _numbers(limits: JailLimits) -> dict[str, int]:
    return {
        "AS": limits.memory_mib << 20,
        "CPU": limits.cpu_seconds,
        "CORE": 0,
        "NOFILE": 64,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
        "STACK": 8 << 20,
    }


def _interpreter(form: str) -> Interpreter:
    return numpy_interpreter() if form == "python" else module_interpreter()


def _program(form: str, guest: Interpreter, limits: JailLimits, held: Descriptors) -> list[str]:
    script = INSIDE / ("serve_package.py" if form == "python" else "serve_module.py")
    told = {
        "artifact": held.artifact,
        "modules": list(guest.modules),
        "roots": list(guest.paths),
        "fuel": limits.fuel,
        "memory_bytes": limits.module_mib << 20,
        "answer_bytes": limits.answer_bytes,
    }
    # -S: nothing of site-packages. -I would also keep the hash seed out; the environment is empty anyway.
    return [guest.program, "-S", "-s", "-B", "-X", "utf8", str(Path(script)), json.dumps(told)]
