"""Files over SFTP, under the user's own OpenSSH keys and configuration.

Promises: as every transport; a link is not followed; a file that changes while it is read is `FEED_CHANGED`. Never: a
password, not even from the environment.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.core.sftp import NO_SUCH_FILE, Found, Sftp, SftpRefused, ssh_command
from hedgerow.market.feeds.transport import FOLDERS_DEEP_MAX, Answer, Opened, Remote, World


def settings(table: Table) -> SftpTransport:
    """The keys of `kind = "sftp"`."""
    url = table.text("url")
    try:
        parts = urlsplit(url)
        host, port, password = parts.hostname, parts.port, parts.password
    except ValueError:
        parts, host, port, password = urlsplit(""), None, None, None
    if url and (parts.scheme != "sftp" or not host or password is not None or parts.query or parts.fragment):
        table.fault("url", f"{url!r} is not sftp://USER@HOST:PORT/PATH; keys are those of OpenSSH")
    return SftpTransport(
        host=f"{parts.username}@{host}" if parts.username else host or "",
        port=port,
        path=unquote(parts.path) or "/",
        config=table.text("config", ""),
        recursive=table.flag("recursive", True),
        timeout_s=table.span_s("timeout", "60s", least_s=0.01),
    )


@dataclass(frozen=True)
class SftpTransport:
    """A folder on another machine."""

    host: str
    port: int | None
    path: str
    config: str
    recursive: bool
    timeout_s: float
    shape: Literal["files"] = "files"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The address."""
        return f"sftp://{self.host}{f':{self.port}' if self.port else ''}{self.path}"

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> SftpFiles:
        """Get ready; the connection is made when something is asked."""
        return SftpFiles(self)


class SftpFiles:
    """The files below a folder on another machine; a connection that broke is made anew."""

    def __init__(self, transport: SftpTransport) -> None:
        self._transport = transport
        self._sftp: Sftp | None = None

    def listed(self) -> Iterator[Remote]:
        """Every regular file."""
        with self._connected("") as sftp:
            found = list(self._walk(sftp, "", 0))
        yield from found

    def open(self, name: str, *, offset: int = 0, part: str | None = None, known: str | None = None) -> Opened | Answer:
        """A file's bytes."""
        path = posixpath.join(self._transport.path, name)
        with self._connected(name) as sftp:
            found = sftp.found(path)
        if found is None:
            return Answer.ABSENT
        version = _version(found)
        if version == known:
            return Answer.UNCHANGED
        begin = offset if part == version else 0
        return Opened(version, found.bytes, begin, self._chunks(name, path, version, begin))

    def close(self) -> None:
        """End the connection."""
        if self._sftp is not None:
            self._sftp.close()
        self._sftp = None

    def _chunks(self, name: str, path: str, version: str, offset: int) -> Iterator[bytes]:
        with self._connected(name) as sftp:
            yield from sftp.chunks(path, offset)
            found = sftp.found(path)
        if found is None or _version(found) != version:
            raise problem("FEED_CHANGED", f"{name} grew or changed while it was read")

    def _walk(self, sftp: Sftp, below: str, depth: int) -> Iterator[Remote]:
        for row in list(sftp.folder(posixpath.join(self._transport.path, below))):
            name = posixpath.join(below, row.name)
            if row.is_file:
                yield Remote(name, _version(row))
            elif row.is_folder and self._transport.recursive and "/" not in row.name:
                if depth >= FOLDERS_DEEP_MAX:
                    raise problem("FEED_QUOTA", f"{name}: folders in folders, limit {FOLDERS_DEEP_MAX}")
                yield from self._walk(sftp, name, depth + 1)

    @contextmanager
    def _connected(self, name: str) -> Iterator[Sftp]:
        """The connection; one on which something failed is not used again."""
        told = self._transport
        if self._sftp is None:
            command = ssh_command(told.host, port=told.port, config=told.config or None)
            self._sftp = Sftp(told.origin, command, timeout_s=told.timeout_s)
        try:
            yield self._sftp
        except SftpRefused as refused:
            code = "FEED_CHANGED" if refused.status == NO_SUCH_FILE and name else "FEED_REFUSED"
            raise problem(code, f"{name or told.path} in {told.origin}: {refused}") from None
        except BaseException:
            self.close()
            raise


def _version(found: Found) -> str:
    return f"{found.bytes}-{found.modified_s}"
