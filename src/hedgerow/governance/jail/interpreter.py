"""Which files an interpreter needs inside the jail: itself, its standard library, NumPy, and the libraries they load.

Promises: the list is measured, by starting this interpreter once and asking which files it mapped; packages that lie
beside the standard library are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hedgerow.core.errors import problem
from hedgerow.governance.jail.elf import read_elf

INSIDE = Path(__file__).parent / "inside"
"""The programs that run inside the jail."""

_PROBE = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
with open("/proc/self/maps") as maps:
    mapped = {line.split(None, 5)[5].strip() for line in maps if "/" in line}
print(json.dumps(sorted(mapped)))
"""
# What a strategy may well import and what has libraries of its own.
_USUAL = ["math", "cmath", "array", "decimal", "datetime", "json", "random", "statistics", "zipfile", "zlib", "struct"]


@dataclass(frozen=True)
class Interpreter:
    """An interpreter and what it reads.

    paths: folders and files, the standard library first. hidden: folders within it that stay empty. aliases: other
    names of those files that the loader asks for, as (name, file). links: links at the root, as (name, target).
    """

    program: str
    paths: tuple[str, ...]
    hidden: tuple[str, ...]
    modules: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]


@cache
def numpy_interpreter() -> Interpreter:
    """This interpreter with NumPy, for strategies in Python."""
    import numpy

    package = Path(numpy.__file__).parent
    beside = [package, package.parent / "numpy.libs"]
    return _interpreter((str(package.parent),), ("numpy",), [str(p) for p in beside if p.exists()])


@cache
def module_interpreter() -> Interpreter:
    """This interpreter with Hedgerow's core, which hosts modules of WebAssembly."""
    from hedgerow import _core

    core = Path(_core.__file__)
    return _interpreter((str(core.parent),), ("_core",), [str(core)])


def _interpreter(modules: tuple[str, ...], imports: tuple[str, ...], own: list[str]) -> Interpreter:
    program = os.path.realpath(sys.executable)
    library = os.path.realpath(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    words = [program, "-I", "-S", "-c", _PROBE, json.dumps(list(modules)), json.dumps([*_USUAL, *imports])]
    asked = subprocess.run(words, capture_output=True, text=True, env={}, check=False)
    if asked.returncode != 0:
        raise problem("JAIL_UNAVAILABLE", f"{program} does not start by itself: {asked.stderr.strip()[-300:]}")
    kept = [library, *own, str(INSIDE)]
    mapped = json.loads(asked.stdout)
    loose = [path for path in mapped if not any(path == k or path.startswith(k + os.sep) for k in kept)]
    hidden = [str(p) for name in ("site-packages", "dist-packages") if (p := Path(library) / name).is_dir()]
    # A package may lie within a folder that is hidden; it is shown again after it.
    paths = (library, *sorted({program, *loose}), *own, str(INSIDE))
    aliases = tuple(sorted({alias for path in [*loose, _loader(program)] for alias in _aliases(path)}))
    links = tuple((f"/{e.name}", os.readlink(e.path)) for e in os.scandir("/") if e.is_symlink() and "lib" in e.name)
    return Interpreter(program, tuple(dict.fromkeys(paths)), tuple(hidden), modules, aliases, links)


def _loader(program: str) -> str:
    """The dynamic loader that a program asks for."""
    with open(program, "rb") as file:
        return read_elf(file.read()).interpreter or program


def _aliases(path: str) -> Iterator[tuple[str, str]]:
    """Names beside a library, or of the loader, that lead to it: its soname is often a link."""
    folder, name = os.path.split(path)
    real, place = os.path.realpath(path), os.path.realpath(folder)
    for other in Path(folder).glob(name.split(".so")[0] + "*"):
        if os.path.realpath(other) == real and str(other) != real:
            yield os.path.join(place, other.name), real
