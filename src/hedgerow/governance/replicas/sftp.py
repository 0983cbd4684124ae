"""A replica on another machine, over SFTP.

Promises: a file is written under `.unfinished/`, synced where the server can, and only then named; naming a new file
fails where the name is taken. Never: a password on a command line; keys and hosts are those of the user's OpenSSH.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hedgerow.core.errors import problem
from hedgerow.core.sftp import NO_SUCH_FILE, Sftp, SftpBroken, SftpRefused, ssh_command
from hedgerow.governance.replicas.folder import UNFINISHED
from hedgerow.governance.replicas.layout import wrong


class SftpTarget:
    """A folder on another machine as a target."""

    def __init__(self, host: str, folder: str, *, port: int | None = None, config: str | None = None) -> None:
        self.url = f"sftp://{host}{f':{port}' if port else ''}{folder}"
        self._folder = folder.rstrip("/") or "/"
        try:
            self._sftp = Sftp(self.url, ssh_command(host, port=port, config=config))
        except SftpBroken as broken:
            raise problem("LOG_TARGET", str(broken)) from None
        self._made: set[str] = set()

    def names(self, below: str) -> Mapping[str, int]:
        """Every file below a folder and its length."""
        with self._named_errors(below):
            return dict(self._walk(below))

    def read(self, name: str) -> bytes | None:
        """A file's bytes."""
        with self._named_errors(name):
            try:
                return self._sftp.read(self._place(name))
            except SftpRefused as refused:
                if refused.status == NO_SUCH_FILE:
                    return None
                raise

    def versions(self, name: str) -> list[bytes]:
        """The one version that a folder keeps."""
        data = self.read(name)
        return [] if data is None else [data]

    def put_once(self, name: str, data: bytes) -> None:
        """Write a file that never changes."""
        with self._named_errors(name):
            unfinished = self._unfinished(name, data)
            try:
                self._sftp.rename_new(unfinished, self._place(name))
            except SftpRefused:
                if self.read(name) is None:
                    raise
                self._sftp.remove(unfinished)
                if self.read(name) != data:
                    raise wrong(name, f"{self.url} holds other bytes under this name") from None

    def settle(self) -> None:
        """The server keeps what it took; SFTP has no sync that every server knows."""

    def replace(self, name: str, data: bytes, seen: bytes | None) -> None:
        """Replace a file, if it still is what was seen."""
        if self.read(name) != seen:
            raise problem("LOG_FORK", f"{name} in {self.url} was changed by somebody else meanwhile")
        with self._named_errors(name):
            self._sftp.rename_over(self._unfinished(name, data), self._place(name))

    def close(self) -> None:
        """End the connection."""
        self._sftp.close()

    def _place(self, name: str) -> str:
        return posixpath.join(self._folder, name)

    def _unfinished(self, name: str, data: bytes) -> str:
        place, unfinished = self._place(name), self._place(f"{UNFINISHED}/{posixpath.basename(name)}")
        self._make_folders(posixpath.dirname(place))
        self._make_folders(posixpath.dirname(unfinished))
        self._sftp.write(unfinished, data)
        return unfinished

    def _make_folders(self, folder: str) -> None:
        if folder in self._made or folder in ("", "/"):
            return
        self._make_folders(posixpath.dirname(folder))
        if not self._sftp.exists(folder):
            self._sftp.make_folder(folder)
        self._made.add(folder)

    def _walk(self, below: str) -> Iterator[tuple[str, int]]:
        try:
            rows = list(self._sftp.folder(self._place(below)))
        except SftpRefused as refused:
            if refused.status == NO_SUCH_FILE:
                return
            raise
        for row in rows:
            inner = posixpath.join(below, row.name)
            if row.is_folder:
                yield from self._walk(inner)
            else:
                yield inner, row.bytes

    @contextmanager
    def _named_errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except SftpRefused as refused:
            raise problem("LOG_TARGET", f"{name} in {self.url}: {refused}") from None
        except SftpBroken as broken:
            raise problem("LOG_TARGET", str(broken)) from None
