"""Files in a local folder: a mounted share, a stick, a drop box that something else fills.

Promises: a link is not followed; a file that changes while it is read is `FEED_CHANGED`. Never: moves or deletes what
it finds.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.transport import CHUNK_BYTES, Answer, Opened, Remote, World


def settings(table: Table) -> FolderTransport:
    """The keys of `kind = "folder"`."""
    return FolderTransport(table.text("path"), table.flag("recursive", True), table.span_s("quiet", "0s"))


@dataclass(frozen=True)
class FolderTransport:
    """A folder; files that changed less than `quiet_s` ago are left for the next time."""

    path: str
    recursive: bool
    quiet_s: float
    shape: Literal["files"] = "files"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The folder."""
        return self.path

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> FolderFiles:
        """Look at the folder."""
        if not Path(self.path).is_dir():
            raise problem("FEED_UNREACHABLE", f"{self.path} is no folder")
        return FolderFiles(self, world)


class FolderFiles:
    """The files of a folder."""

    def __init__(self, transport: FolderTransport, world: World) -> None:
        self._top, self._transport, self._world = Path(transport.path), transport, world

    def listed(self) -> Iterator[Remote]:
        """Every regular file that has been quiet long enough."""
        newest_ns = self._world.now_ns() - int(self._transport.quiet_s * 1e9)
        for at, folders, files in os.walk(self._top, onerror=_refused):
            if not self._transport.recursive:
                folders.clear()
            for name in files:
                path = Path(at) / name
                found = path.lstat()
                if stat.S_ISREG(found.st_mode) and (found.st_mtime_ns <= newest_ns or not self._transport.quiet_s):
                    yield Remote(path.relative_to(self._top).as_posix(), _version(found))

    def open(self, name: str, *, offset: int = 0, part: str | None = None, known: str | None = None) -> Opened | Answer:
        """A file's bytes."""
        try:
            handle = os.open(self._top / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return Answer.ABSENT
        found = os.fstat(handle)
        version = _version(found)
        if version == known:
            os.close(handle)
            return Answer.UNCHANGED
        begin = offset if part == version else 0
        return Opened(version, found.st_size, begin, _chunks(handle, name, version, begin))

    def close(self) -> None:
        """Nothing to let go."""


def _version(found: os.stat_result) -> str:
    return f"{found.st_size}-{found.st_mtime_ns}"


def _refused(error: OSError) -> None:
    raise error


def _chunks(handle: int, name: str, version: str, offset: int) -> Iterator[bytes]:
    with os.fdopen(handle, "rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
        if _version(os.fstat(handle)) != version:
            raise problem("FEED_CHANGED", f"{name} grew or changed while it was read")
