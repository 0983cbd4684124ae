"""Files over FTP, and FTP with explicit TLS (`ftps://`, RFC 4217), in passive mode.

Promises: as every transport; with `ftps` names, passwords and bytes are encrypted and the server's certificate is
checked; a file that changes while it is read is `FEED_CHANGED`. Never: follows a server's data address to another host,
speaks implicit TLS. Source: RFC 959, RFC 3659 (MLSD, SIZE, MDTM, REST).
"""

from __future__ import annotations

import ftplib
import posixpath
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.transport import CHUNK_BYTES, FOLDERS_DEEP_MAX, Answer, Opened, Remote, World


def settings(table: Table) -> FtpTransport:
    """The keys of `kind = "ftp"`."""
    url = table.text("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    wrong = parts.scheme not in ("ftp", "ftps") or not parts.hostname or parts.username is not None
    if url and (wrong or parts.query or parts.fragment):
        table.fault("url", f"{url!r} is not ftp://HOST:PORT/PATH or ftps://HOST:PORT/PATH; say user and password_env")
    user, password_env = table.text("user", "anonymous"), table.text("password_env", "")
    if password_env and parts.scheme == "ftp" and not table.flag("plain", False):
        table.fault("url", "ftp:// would send the password readable to everybody: use ftps://, or say plain = true")
    return FtpTransport(
        host=parts.hostname or "",
        port=port or 21,
        path=unquote(parts.path) or "/",
        tls=parts.scheme == "ftps",
        user=user,
        password_env=password_env,
        ca_file=table.text("ca_file", ""),
        recursive=table.flag("recursive", True),
        timeout_s=table.span_s("timeout", "30s", least_s=0.01),
    )


@dataclass(frozen=True)
class FtpTransport:
    """A folder of an FTP server."""

    host: str
    port: int
    path: str
    tls: bool
    user: str
    password_env: str
    ca_file: str
    recursive: bool
    timeout_s: float
    shape: Literal["files"] = "files"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The address."""
        return f"{'ftps' if self.tls else 'ftp'}://{self.host}:{self.port}{self.path}"

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> FtpFiles:
        """Get ready; the connection is made when something is asked."""
        return FtpFiles(self, world.secret(self.password_env) if self.password_env else "anonymous@")


class FtpFiles:
    """The files below a folder of a server; a connection that broke is made anew."""

    def __init__(self, transport: FtpTransport, password: str) -> None:
        self._transport, self._password = transport, password
        self._ftp: ftplib.FTP | None = None

    def listed(self) -> Iterator[Remote]:
        """Every file."""
        with self._connected("") as ftp:
            found = list(self._walk(ftp, "", 0))
        yield from found

    def open(self, name: str, *, offset: int = 0, part: str | None = None, known: str | None = None) -> Opened | Answer:
        """A file's bytes."""
        path = posixpath.join(self._transport.path, name)
        with self._connected(name) as ftp:
            try:
                version, size = _about(ftp, path)
            except ftplib.error_perm:
                return Answer.ABSENT
        if version is not None and version == known:
            return Answer.UNCHANGED
        begin = offset if version is not None and part == version else 0
        return Opened(version, size, begin, self._chunks(name, path, version, begin))

    def close(self) -> None:
        """End the connection."""
        if self._ftp is not None:
            self._ftp.close()
        self._ftp = None

    def _chunks(self, name: str, path: str, version: str | None, offset: int) -> Iterator[bytes]:
        with self._connected(name) as ftp:
            with ftp.transfercmd(f"RETR {path}", rest=offset or None) as data:
                while chunk := data.recv(CHUNK_BYTES):
                    yield chunk
                if isinstance(data, ssl.SSLSocket):
                    data.unwrap()
            ftp.voidresp()
            now, _ = _about(ftp, path)
        if now != version:
            raise problem("FEED_CHANGED", f"{name} grew or changed while it was read")

    def _walk(self, ftp: ftplib.FTP, below: str, depth: int) -> Iterator[Remote]:
        """Files of a folder and those in it, as MLSD tells; a link is neither."""
        if depth > FOLDERS_DEEP_MAX:
            raise problem("FEED_QUOTA", f"{below}: folders in folders, limit {FOLDERS_DEEP_MAX}")
        where = posixpath.join(self._transport.path, below)
        for given, facts in list(ftp.mlsd(where, ["type", "size", "modify"])):
            name = posixpath.join(below, given)
            kind = facts.get("type", "").lower()
            if kind == "file":
                yield Remote(name, _version(facts.get("size"), facts.get("modify")))
            elif kind == "dir" and self._transport.recursive and "/" not in given and given not in (".", ".."):
                yield from self._walk(ftp, name, depth + 1)

    @contextmanager
    def _connected(self, name: str) -> Iterator[ftplib.FTP]:
        """The connection; one on which something failed is not used again."""
        where = f"{name or self._transport.path} in {self._transport.origin}"
        try:
            if self._ftp is None:
                self._ftp = self._login()
            yield self._ftp
        except (ftplib.error_temp, EOFError) as error:
            self.close()
            raise problem("FEED_UNREACHABLE", f"{where}: {str(error) or 'the connection ended'}") from None
        except ftplib.error_perm as error:
            self.close()
            raise problem("FEED_REFUSED", f"{where}: {error}") from None
        except ftplib.Error as error:
            self.close()
            raise problem("FEED_PROTOCOL", f"{where}: {error}") from None
        except (OSError, HedgerowError, GeneratorExit):
            self.close()
            raise

    def _login(self) -> ftplib.FTP:
        told = self._transport
        ftp: ftplib.FTP = ftplib.FTP(timeout=told.timeout_s)
        if told.tls:
            context = ssl.create_default_context(cafile=told.ca_file or None)
            ftp = ftplib.FTP_TLS(context=context, timeout=told.timeout_s)
        try:
            ftp.connect(told.host, told.port)
            ftp.login(told.user, self._password)
            if isinstance(ftp, ftplib.FTP_TLS):
                ftp.prot_p()
        except BaseException:
            ftp.close()
            raise
        return ftp


def _about(ftp: ftplib.FTP, path: str) -> tuple[str | None, int | None]:
    """A file's version and size, as far as the server tells them; `error_perm` where it says that there is no file."""
    ftp.voidcmd("TYPE I")  # a list leaves the line in text mode
    try:
        size = ftp.size(path)
        modified = ftp.voidcmd(f"MDTM {path}").split()[1]
    except ftplib.error_perm as error:
        if str(error).startswith("550"):
            raise
        return None, None
    return _version(size, modified), size


def _version(size: object, modified: str | None) -> str | None:
    return None if size is None or modified is None else f"{size}-{modified.partition('.')[0]}"
