"""Puts a process under limits and rules that it cannot shed, then becomes it. Runs by itself, in an empty environment.

Usage: `python -I -S launch.py PLAN`, where PLAN is JSON (see `command.py`). Written before the strategy is there, so
that nothing of it is trusted; it imports nothing of Hedgerow. Exit status 125: a rule could not be set.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, NoReturn

_NO_NEW_PRIVS, _PDEATHSIG, _SECCOMP, _FILTER, _KILL = 38, 1, 22, 2, 9
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_FILES_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_EXECUTE, _READ_FILE, _READ_DIR = 1, 4, 8
_NET, _SCOPES = 3, 3

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        _give_up(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _give_up(why: str) -> NoReturn:
    sys.stderr.write(f"{why}\n")
    sys.stderr.flush()
    os._exit(125)


def landlock_version() -> int:
    """Version of Landlock that this kernel has; 0 where there is none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_FLAG))))


def landlock(paths: list[str] | None, folders: list[str]) -> bool:
    """No TCP, no signals and no abstract sockets beyond oneself; with `paths` also no file but those, for reading.

    Returns whether what is forbidden now was tried and refused.

    folders: whose names may be listed, so that modules are found, though not read.
    Without `paths` the rules leave mounts alone, so that bubblewrap can still do its work under them.
    """
    version = landlock_version()
    files = 0 if paths is None else _FILES_BY_ABI[min(max(version, 1), 5)]
    if version == 0 or (paths is None and version < 4):
        return False
    handled = struct.pack("=QQQ", files, _NET if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _checked(
        _libc.syscall(_CREATE_RULESET, handled[:size], ctypes.c_size_t(size), ctypes.c_uint(0)), "Landlock"
    )
    for path in [*(paths or ()), *(folders if paths else ())]:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rights = _EXECUTE | _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
        rights = _READ_DIR if path in folders else rights
        rule = struct.pack("=Qi", rights, place)
        _checked(_libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, ctypes.c_uint(0)), f"Landlock: {path}")
        os.close(place)
    _checked(_libc.syscall(_RESTRICT_SELF, rules, ctypes.c_uint(0)), "Landlock")
    os.close(rules)
    return _is_refused(lambda: os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY)) if files else _take_port())


def _take_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))


def _is_refused(attempt: Callable[[], None]) -> bool:
    """Whether the kernel forbids something: a rule that was set is believed once it is seen to hold."""
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _filter_calls(program: bytes) -> None:
    held = ctypes.create_string_buffer(program, len(program))
    told = struct.pack("@HxxxxxxP", len(program) // 8, ctypes.addressof(held))
    _checked(_libc.prctl(_SECCOMP, _FILTER, told, 0, 0), "seccomp")


def main(plan: dict[str, Any]) -> NoReturn:
    """Set the limits and rules of the plan, report, and become its program."""
    _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _checked(_libc.prctl(_PDEATHSIG, _KILL, 0, 0, 0), "die with parent")
    for name, most in plan["limits"].items():
        which = getattr(resource, f"RLIMIT_{name}")
        ceiling = resource.getrlimit(which)[1]
        least = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(which, (least, least))
    is_locked = landlock(plan["paths"], plan["folders"])
    os.write(plan["report"], json.dumps({"landlock": is_locked}).encode() + b"\n")
    words, environment = plan["words"], plan["environment"]
    if plan["filter"] is not None:
        os.close(plan["report"])
        os.setsid()
        os.chdir("/")
        with os.fdopen(plan["filter"], "rb") as file:
            program = file.read()
        _filter_calls(program)
    os.execve(plan["program"], words, environment)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
