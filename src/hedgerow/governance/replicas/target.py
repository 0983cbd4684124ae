"""Where replicas go: one small protocol, and the three places that keep it.

Promises of every target: a file put once is never changed by us, and is there whole or not at all; a file replaced is
the old one or the new one. Never: decides what may be stored (`replicate` does), believes what it reads back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from hedgerow.core.errors import did_you_mean, problem

_SCHEMES = ("file", "sftp", "s3")


class Target(Protocol):
    """A place for replicas; names are paths below it with `/`."""

    url: str

    def names(self, below: str) -> Mapping[str, int]:
        """Every file below a folder: its name and its length in bytes."""

    def read(self, name: str) -> bytes | None:
        """A file's bytes as they were first put, or `None` if it is not there."""

    def versions(self, name: str) -> list[bytes]:
        """Every version of a file that the target still has, newest first; only the last one, if it keeps no others."""

    def put_once(self, name: str, data: bytes) -> None:
        """Store a file that never changes; if another one is there already, `LOG_REPLICA`."""

    def settle(self) -> None:
        """Make everything that was put once survive a crash of the target."""

    def replace(self, name: str, data: bytes, seen: bytes | None) -> None:
        """Replace a file that was `seen` before (`None` = was not there)."""

    def close(self) -> None:
        """Let the connection go."""


def open_target(url: str, *, now_ns: int) -> Target:
    """Open a target by its address: a folder, `sftp://user@host:port/path` or `s3://bucket/path`.

    `?config=FILE` after an SFTP address names an OpenSSH configuration; `?retain_days=N` after an S3 address locks each
    object for so long (COMPLIANCE) from `now_ns`, UTC nanoseconds. An address of no known kind is `CLI_USAGE`.
    """
    parts = urlsplit(url)
    if "://" not in url or parts.scheme == "file":
        from hedgerow.governance.replicas.folder import FolderTarget

        return FolderTarget(Path(unquote(parts.path) if "://" in url else url))
    options = dict(parse_qsl(parts.query))
    if parts.scheme == "sftp" and parts.hostname:
        from hedgerow.governance.replicas.sftp import SftpTarget

        host = f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname
        return SftpTarget(host, unquote(parts.path), port=parts.port, config=options.get("config"))
    if parts.scheme == "s3" and parts.hostname:
        from hedgerow.governance.replicas.s3 import S3Target

        days = options.get("retain_days", "0")
        if not days.isdecimal():
            raise problem("CLI_USAGE", f"retain_days={days!r} in {url} is not a whole number of days")
        return S3Target(parts.netloc, parts.path.strip("/"), retain_days=int(days), now_ns=now_ns)
    raise problem("CLI_USAGE", f"{url!r} is no target{did_you_mean(parts.scheme, _SCHEMES)}")
