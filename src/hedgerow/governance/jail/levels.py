"""How isolated a strategy's process is: layers that are measured, and the level that they make.

Promises: a level is what was reached and not what was asked for. Limits, filter, namespaces and capabilities are read
from the kernel about the running process. Two layers show nowhere, so they are tried before the strategy is there, and
nothing that is inherited across `execve` can shed them: the launcher must be refused by Landlock, and bubblewrap must
be refused another namespace, or it ends.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any

from hedgerow.core.errors import did_you_mean, problem


class Layer(IntFlag):
    """What isolation is made of."""

    LIMITS = 1
    SYSTEM_CALLS = 2
    NAMESPACES = 4
    NO_NEW_NAMESPACES = 8
    LANDLOCK = 16
    NO_CAPABILITIES = 32


class Isolation(IntEnum):
    """Levels from weak to strong.

    `NONE`; `LIMITS`: memory, processor time and files are limited; `FILTERED`: also a filter of system calls, and
    Landlock over files; `JAIL`: also namespaces of its own, none to be made within, and no capabilities.

    >>> Isolation.of("jail") > Isolation.FILTERED
    True
    """

    NONE = 0
    LIMITS = 1
    FILTERED = 2
    JAIL = 3

    @classmethod
    def of(cls, name: Any) -> Isolation:
        """The level of a name; an unknown one is `RUN_CONFIG`."""
        if isinstance(name, Isolation):
            return name
        if not isinstance(name, str) or name.upper() not in cls.__members__:
            known = [level.name.lower() for level in cls]
            hint = did_you_mean(str(name), known)
            raise problem("RUN_CONFIG", f"isolation={name!r}; there are {', '.join(known)}{hint}")
        return cls[name.upper()]


_JAIL = Layer.LIMITS | Layer.SYSTEM_CALLS | Layer.NAMESPACES | Layer.NO_NEW_NAMESPACES | Layer.NO_CAPABILITIES
_FILTERED = Layer.LIMITS | Layer.SYSTEM_CALLS | Layer.LANDLOCK
_NAMESPACES = ("user", "mnt", "net", "pid", "ipc", "uts", "cgroup")


def level_of(layers: Layer) -> Isolation:
    """The level that layers make.

    >>> level_of(Layer.LIMITS | Layer.SYSTEM_CALLS)
    <Isolation.LIMITS: 1>
    """
    for level, wanted in ((Isolation.JAIL, _JAIL), (Isolation.FILTERED, _FILTERED), (Isolation.LIMITS, Layer.LIMITS)):
        if wanted & layers == wanted:
            return level
    return Isolation.NONE


def are_limited(pid: int, limits: Mapping[str, int]) -> bool:
    """Whether the kernel holds a process to limits (by the names of `RLIMIT_...`), as ceilings that it cannot lift."""
    try:
        held = [(resource.prlimit(pid, getattr(resource, f"RLIMIT_{name}")), most) for name, most in limits.items()]
    except OSError:
        return False
    return all(0 <= now <= most and 0 <= ceiling <= most for (now, ceiling), most in held)


def measured_layers(pid: int) -> Layer:
    """What the kernel says about a process: filter, namespaces, capabilities. Nothing about one that is not there."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        apart = all(os.readlink(f"/proc/{pid}/ns/{ns}") != os.readlink(f"/proc/self/ns/{ns}") for ns in _NAMESPACES)
    except OSError:
        return Layer(0)
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    layers = Layer(0)
    if status.get("Seccomp", "0").strip() == "2" and status.get("NoNewPrivs", "0").strip() == "1":
        layers |= Layer.SYSTEM_CALLS
    if apart:
        layers |= Layer.NAMESPACES
    if all(int(status.get(f"Cap{which}", "1"), 16) == 0 for which in ("Inh", "Prm", "Eff", "Bnd", "Amb")):
        layers |= Layer.NO_CAPABILITIES
    return layers
