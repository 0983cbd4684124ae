"""What would be refused about an artifact, found without running it.

Promises: everything wrong is told at once; what is only unwise is told apart from what is refused. The walls do not
rest on this: an artifact that gets past it meets them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, problem
from hedgerow.governance.artifacts.forms import Artifact, Form
from hedgerow.governance.artifacts.packing import unpack
from hedgerow.governance.jail.elf import read_elf
from hedgerow.governance.jail.limits import JailLimits

_WITHOUT = frozenset(
    {
        "asyncio",
        "concurrent",
        "ctypes",
        "ftplib",
        "http",
        "imaplib",
        "mmap",
        "multiprocessing",
        "poplib",
        "pty",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "telnetlib",
        "tempfile",
        "threading",
        "urllib",
        "webbrowser",
        "xmlrpc",
    }
)
"""Modules that are there, or not, and of no use in the jail."""
_GIVEN = frozenset({"hedgerow_strategy", "numpy"})


@dataclass(frozen=True)
class Fault:
    """Something about an artifact: what it is about, what was found, and whether it is refused for it."""

    about: str
    says: str
    is_refused: bool = True


def check(artifact: Artifact, limits: JailLimits | None = None) -> list[Fault]:
    """Everything that would be refused, and what is unwise.

    >>> [fault.about for fault in check(Artifact(Form.NATIVE, b"text"))]
    ['format']
    """
    limits = JailLimits() if limits is None else limits
    if artifact.form == Form.WASM:
        faults = _core.wasm_faults(artifact.plaintext, limits.module_mib << 20)
        return [Fault(about, says) for about, says in faults]
    return list(_native(artifact.plaintext) if artifact.form == Form.NATIVE else _package(artifact.plaintext))


def refuse(artifact: Artifact, limits: JailLimits) -> None:
    """Raise JAIL_REFUSED with everything for which the artifact is refused, if there is anything."""
    faults = [f"{fault.about}: {fault.says}" for fault in check(artifact, limits) if fault.is_refused]
    if faults:
        raise problem("JAIL_REFUSED", "; ".join(faults))


def _native(data: bytes) -> Iterator[Fault]:
    try:
        elf = read_elf(data)
    except ValueError as error:
        yield Fault("format", str(error))
        return
    if not elf.is_program:
        yield Fault("format", "an object or core file; link it into a program")
    if not elf.is_native:
        yield Fault("machine", "a program for another processor than this machine's")
    if elf.interpreter is not None:
        yield Fault("dynamic", "asks for a dynamic loader, and there is none; link it statically (-static)")
    if elf.needs_libraries:
        yield Fault("dynamic", "needs shared libraries, and there are none; link it statically (-static)")
    if elf.has_symbols:
        yield Fault("names", "a table of symbols tells its secrets; strip it (-s)")
    if elf.has_debug:
        yield Fault("names", "sections of a debugger tell its secrets; strip it (-s)")


def _package(data: bytes) -> Iterator[Fault]:
    try:
        files = unpack(data)
    except HedgerowError as error:
        yield Fault("format", error.detail)
        return
    if "strategy.py" not in files:
        yield Fault("entry", "no strategy.py, where the strategy is looked for")
    own = {name.split("/")[0].removesuffix(".py") for name in files}
    for name, content in sorted(files.items()):
        if name.endswith((".so", ".pyd", ".dll")):
            yield Fault("native code", f"{name} cannot be imported; use the native form")
        if name.endswith(".py"):
            yield from _source(name, content, own)


def _source(name: str, content: bytes, own: set[str]) -> Iterator[Fault]:
    try:
        tree = ast.parse(content, name)
    except (SyntaxError, ValueError, RecursionError) as error:
        yield Fault("syntax", f"{name}: {error}")
        return
    for module, line in sorted(_imports(tree)):
        root = module.partition(".")[0]
        if root in own or root in _GIVEN:
            continue
        if root in _WITHOUT:
            yield Fault(
                "imports", f"{name}:{line} imports {module}, which has no use without files, network and processes"
            )
        elif root not in sys.stdlib_module_names:
            yield Fault("imports", f"{name}:{line} imports {module}; there are the standard library and NumPy")
    if name == "strategy.py" and not any(isinstance(node, ast.ClassDef) for node in tree.body):
        yield Fault("entry", "strategy.py defines no class")


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno
