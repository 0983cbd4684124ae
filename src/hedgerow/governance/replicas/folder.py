"""A replica in a folder: a second disk, a mounted share, a stick that is carried away.

Promises: a file is written in full beside its place, synced, and only then named; an existing one is never overwritten
unless it was said to be replaced. Never: follows a name out of its folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.files import sync
from hedgerow.governance.replicas.layout import wrong

UNFINISHED = ".unfinished"
"""Where files lie until they are whole."""


class FolderTarget:
    """A folder as a target."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = str(folder)
        self._made: set[Path] = set()

    def names(self, below: str) -> Mapping[str, int]:
        """Every file below a folder and its length."""
        top = self.folder / below
        found = (Path(at) / name for at, _, files in os.walk(top) for name in files)
        return {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in found}

    def read(self, name: str) -> bytes | None:
        """A file's bytes."""
        try:
            return (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._problem(name, error) from error

    def versions(self, name: str) -> list[bytes]:
        """The one version that a folder keeps."""
        data = self.read(name)
        return [] if data is None else [data]

    def put_once(self, name: str, data: bytes) -> None:
        """Write a file that never changes."""
        try:
            unfinished = self._unfinished(name, data)
            try:
                os.link(unfinished, self.folder / name)
            except FileExistsError:
                if self.read(name) != data:
                    raise wrong(name, f"{self.url} holds other bytes under this name") from None
            finally:
                unfinished.unlink()
        except OSError as error:
            raise self._problem(name, error) from error

    def settle(self) -> None:
        """One sync for all files, however many there are."""
        os.sync()

    def replace(self, name: str, data: bytes, seen: bytes | None) -> None:
        """Replace a file, if it still is what was seen."""
        if self.read(name) != seen:
            raise problem("LOG_FORK", f"{name} in {self.url} was changed by somebody else meanwhile")
        try:
            unfinished = self._unfinished(name, data)
            sync(unfinished)
            os.replace(unfinished, self.folder / name)
            sync((self.folder / name).parent)
        except OSError as error:
            raise self._problem(name, error) from error

    def close(self) -> None:
        """Nothing to let go."""

    def _unfinished(self, name: str, data: bytes) -> Path:
        place = self.folder / name
        unfinished = self.folder / UNFINISHED / place.name
        for folder in {place.parent, unfinished.parent} - self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        unfinished.write_bytes(data)
        return unfinished

    def _problem(self, name: str, error: OSError) -> HedgerowError:
        return problem("LOG_TARGET", f"{name} in {self.url}: {error.strerror or error}")
