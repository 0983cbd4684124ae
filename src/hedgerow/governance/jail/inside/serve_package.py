"""Inside the jail: runs a strategy that is a package of Python, out of memory, and watches what it tries.

Promises: its modules come from the artifact alone; what it prints goes nowhere; an exception is an answer that says
so; a file, socket or process that it tries to get is refused, and its next answer says that it tried. That last is for
the record, not for safety: the walls hold without it. Never: writes a file.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import types
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import hedgerow_strategy as hs

SAYS_BYTES = 512
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.fork",
    "os.exec",
    "os.posix_spawn",
    "os.system",
    "os.spawn",
    "os.kill",
    "ctypes.",
)
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.chown",
    "shutil.",
)
_LOOKS = ("open", "os.listdir", "os.scandir", "os.walk")


class Package(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the artifact's modules out of memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def _place(self, name: str) -> str | None:
        stem = name.replace(".", "/")
        return next((place for place in (f"{stem}.py", f"{stem}/__init__.py") if place in self._files), None)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's place in the artifact, if it has one."""
        place = self._place(fullname)
        if place is None:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=place.endswith("/__init__.py"))

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the module's code."""
        place = self._place(module.__name__)
        assert place is not None
        exec(compile(self._files[place], place, "exec", dont_inherit=True), module.__dict__)


def watch(roots: list[str], listed: list[str], tell: Callable[[str], None]) -> None:
    """Refuse and tell of everything that reaches for files, sockets or processes, from now on.

    roots: whose files may be read. listed: folders in which modules are looked for.
    """
    places = tuple(root.rstrip("/") for root in roots)

    def is_own(path: Any) -> bool:
        try:
            name = os.fspath(path)
        except TypeError:
            return isinstance(path, int)
        name = os.fsdecode(name)
        return name in listed or any(name == place or name.startswith(place + "/") for place in places)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        is_look = event in _LOOKS
        if is_look and arguments and is_own(arguments[0]):
            return
        if is_look or event.startswith(_FORBIDDEN) or event.startswith(_CHANGES):
            shown = f"{event} {arguments[0]!r}" if arguments else event
            tell(shown[:200])
            raise PermissionError(f"the jail forbids {event}")

    sys.addaudithook(hook)


def load(files: dict[str, bytes]) -> hs.Strategy:
    """The one strategy of the package's `strategy.py`."""
    sys.meta_path.insert(0, Package(files))
    module = importlib.import_module("strategy")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, hs.Strategy) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"strategy.py holds {len(found)} classes derived from Strategy; one is wanted")
    return found[0]()


def serve(make: Callable[[], hs.Strategy], tried: list[str], questions: io.FileIO, answers: int) -> None:
    """Answer questions until they end."""
    strategy: hs.Strategy | None = None
    while len(head := _exactly(questions, 4)) == 4:
        question = head + _exactly(questions, int.from_bytes(head, "little"))
        sequence = int.from_bytes(question[4:8], "little")
        try:
            strategy = make() if strategy is None else strategy
            told = hs.answer(strategy, question)
        except Exception as error:
            told = hs.frame(sequence, hs.FAILED, 0, _says(f"{type(error).__name__}: {error}"))
        if tried:
            told = hs.frame(sequence, hs.FORBIDDEN, 0, _says("; ".join(tried)))
        rest = memoryview(told)
        while rest:
            rest = rest[os.write(answers, rest) :]


def _says(text: str) -> bytes:
    return text.encode()[:SAYS_BYTES]


def _exactly(stream: io.FileIO, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = stream.read(count - len(parts))
        if not part:
            break
        parts += part
    return parts


def main() -> None:
    """Take the artifact and both pipes, hide them from what runs, and serve."""
    told = json.loads(sys.argv[1])
    sys.argv = ["strategy"]
    with os.fdopen(told["artifact"], "rb") as file, zipfile.ZipFile(io.BytesIO(file.read())) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    questions, answers = io.FileIO(os.dup(0), "rb"), os.dup(1)
    os.dup2(2, 0)
    os.dup2(2, 1)
    sys.path.extend(told["modules"])
    if any(b"numpy" in text for text in files.values()):
        # It looks for the C library when it is loaded, which would pass for an attempt.
        importlib.import_module("numpy")
    tried: list[str] = []
    watch(told["roots"], told["modules"], tried.append)
    serve(lambda: load(files), tried, questions, answers)


if __name__ == "__main__":
    main()
