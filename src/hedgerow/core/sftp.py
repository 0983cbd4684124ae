"""SFTP version 3 over the `ssh` program: the few requests that replicas and feeds need, as bytes on a pipe.

The program brings host keys, agents, jump hosts and configuration; we speak the protocol of its `sftp` subsystem, so
that each answer is a status and not a line of text to be guessed at.

Promises: a request that the server refuses is `SftpRefused` with its status; a connection that ends, is silent too long
or does not keep to the protocol is `SftpBroken` with what `ssh` said. Never: asks for a password. Source:
draft-ietf-secsh-filexfer-02, OpenSSH's PROTOCOL (posix-rename, fsync).
"""

from __future__ import annotations

import select
import shutil
import stat
import struct
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from hedgerow.core.errors import problem

_INIT, _OPEN, _CLOSE, _READ, _WRITE, _OPENDIR, _READDIR, _MKDIR, _STAT, _RENAME, _EXTENDED = (
    1, 3, 4, 5, 6, 11, 12, 14, 17, 18, 200,
)  # fmt: skip
_VERSION, _STATUS, _HANDLE, _DATA, _NAME, _ATTRS = 2, 101, 102, 103, 104, 105
OK, EOF, NO_SUCH_FILE = 0, 1, 2
READ, WRITE, CREATE, TRUNCATE = 0x01, 0x02, 0x08, 0x10
_CHUNK_BYTES = 32_768
_IN_FLIGHT_MAX = 64
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 1, 2, 4, 8, 0x8000_0000
_REMOVE = 13


class SftpRefused(Exception):
    """The server said no: its status and its words."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(f"{says} (status {status})")
        self.status = status


class SftpBroken(OSError):
    """The connection is of no more use."""


@dataclass(frozen=True)
class Found:
    """A name on the other side: what it is, how many bytes, and when it changed last, in seconds since 1970."""

    name: str
    is_folder: bool
    is_file: bool
    bytes: int
    modified_s: int


def ssh_command(host: str, *, port: int | None = None, config: str | None = None) -> list[str]:
    """The words that open SFTP at a host, under the user's own keys and configuration; `CLI_MISSING` without `ssh`."""
    program = shutil.which("ssh")
    if program is None:
        raise problem("CLI_MISSING", "ssh, which carries SFTP: install an OpenSSH client")
    command = [program, "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15"]
    command += ["-p", str(port)] if port else []
    command += ["-F", config] if config else []
    # What follows -- is a host, even if it begins with a dash.
    return [*command, "-s", "--", host, "sftp"]


class Sftp:
    """One connection; `timeout_s` is how long the other side may be silent when it was asked."""

    def __init__(self, url: str, command: Sequence[str], *, timeout_s: float | None = None) -> None:
        self.url, self._timeout_s = url, timeout_s
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        self._number = 0
        self._extensions: set[bytes] = set()
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self._send(bytes([_INIT]) + struct.pack(">I", 3))
        kind, answer = self._packet()
        if kind != _VERSION or answer.u32() < 3:
            raise SftpBroken(f"{self.url} does not speak SFTP version 3")
        while answer.left:
            self._extensions.add(answer.text())
            answer.text()

    def close(self) -> None:
        """End the connection."""
        for pipe in (self._in, self._out, self._process.stderr):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        return b"".join(self.chunks(path))

    def chunks(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """A file's bytes from an offset on, with many requests under way, so that a far server is read as fast."""
        handle = self._handle(_OPEN, _text(path) + struct.pack(">II", READ, 0))
        waiting: deque[int] = deque()
        asked = offset
        try:
            while True:
                while len(waiting) < _IN_FLIGHT_MAX:
                    waiting.append(self._request(_READ, _text(handle) + struct.pack(">QI", asked, _CHUNK_BYTES)))
                    asked += _CHUNK_BYTES
                kind, answer = self._answer(waiting.popleft())
                if kind != _DATA:
                    if self._status(kind, answer) != EOF:
                        raise SftpRefused(NO_SUCH_FILE, "the file is gone")
                    return
                data = answer.text()
                offset += len(data)
                if len(data) < _CHUNK_BYTES:
                    self._forget(waiting)
                    asked = offset
                yield data
        finally:
            self._forget(waiting)
            self._checked(_CLOSE, _text(handle))

    def write(self, path: str, data: bytes) -> None:
        """Write a file in full, synced where the server can."""
        flags = WRITE | CREATE | TRUNCATE
        handle = self._handle(_OPEN, _text(path) + struct.pack(">II", flags, 0))
        waiting: list[int] = []
        for at in range(0, len(data), _CHUNK_BYTES):
            chunk = data[at : at + _CHUNK_BYTES]
            waiting.append(self._request(_WRITE, _text(handle) + struct.pack(">Q", at) + _text(chunk)))
            if len(waiting) >= _IN_FLIGHT_MAX:
                self._settle(waiting)
        self._settle(waiting)
        if b"fsync@openssh.com" in self._extensions:
            self._checked(_EXTENDED, _text("fsync@openssh.com") + _text(handle))
        self._checked(_CLOSE, _text(handle))

    def rename_new(self, old: str, new: str) -> None:
        """Give a file a name that nothing has yet."""
        self._checked(_RENAME, _text(old) + _text(new))

    def rename_over(self, old: str, new: str) -> None:
        """Give a file a name, in place of what has it, at once."""
        if b"posix-rename@openssh.com" not in self._extensions:
            raise SftpBroken(f"{self.url} cannot replace a file at once (posix-rename@openssh.com)")
        self._checked(_EXTENDED, _text("posix-rename@openssh.com") + _text(old) + _text(new))

    def remove(self, path: str) -> None:
        """Remove a file."""
        self._checked(_REMOVE, _text(path))

    def make_folder(self, path: str) -> None:
        """Make a folder below one that is there."""
        self._checked(_MKDIR, _text(path) + struct.pack(">I", 0))

    def exists(self, path: str) -> bool:
        """Whether a name is there."""
        return self.found(path) is not None

    def found(self, path: str) -> Found | None:
        """What is under a name, links followed; `None` where nothing is."""
        kind, answer = self._ask(_STAT, _text(path))
        if kind == _ATTRS:
            return _found(path, answer)
        if self._status(kind, answer) == NO_SUCH_FILE:
            return None
        raise SftpBroken(f"{self.url} answers a question about {path} with the end of a file")

    def folder(self, path: str) -> Iterator[Found]:
        """What is in a folder; a link is neither a file nor a folder."""
        handle = self._handle(_OPENDIR, _text(path))
        try:
            while True:
                kind, answer = self._ask(_READDIR, _text(handle))
                if kind != _NAME:
                    if self._status(kind, answer) == EOF:
                        return
                    continue
                for _ in range(answer.u32()):
                    name = answer.text().decode(errors="replace")
                    answer.text()
                    found = _found(name, answer)
                    if name not in (".", ".."):
                        yield found
        finally:
            self._checked(_CLOSE, _text(handle))

    @property
    def _in(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise self._ended()
        return self._process.stdin

    @property
    def _out(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise self._ended()
        return self._process.stdout

    def _handle(self, kind: int, body: bytes) -> bytes:
        answered, answer = self._ask(kind, body)
        if answered != _HANDLE:
            self._refuse(answered, answer)
        return answer.text()

    def _checked(self, kind: int, body: bytes) -> None:
        self._refuse(*self._ask(kind, body), ok=True)

    def _forget(self, waiting: deque[int]) -> None:
        """Take the answers that nobody wants any more."""
        while waiting:
            self._answer(waiting.popleft())

    def _settle(self, waiting: list[int]) -> None:
        for number in waiting:
            self._refuse(*self._answer(number), ok=True)
        waiting.clear()

    def _refuse(self, kind: int, answer: _Answer, *, ok: bool = False) -> None:
        status, says = answer.u32() if kind == _STATUS else -1, answer.text().decode() if kind == _STATUS else "?"
        if not (ok and status == OK):
            raise SftpRefused(status, says)

    def _status(self, kind: int, answer: _Answer) -> int:
        """The status of an answer that may say end of file or not there; any other is `SftpRefused`."""
        status, says = answer.u32() if kind == _STATUS else -1, answer.text().decode() if kind == _STATUS else "?"
        if status not in (EOF, NO_SUCH_FILE):
            raise SftpRefused(status, says)
        return status

    def _ask(self, kind: int, body: bytes) -> tuple[int, _Answer]:
        return self._answer(self._request(kind, body))

    def _request(self, kind: int, body: bytes) -> int:
        self._number += 1
        self._send(bytes([kind]) + struct.pack(">I", self._number) + body)
        return self._number

    def _answer(self, number: int) -> tuple[int, _Answer]:
        kind, answer = self._packet()
        if answer.u32() != number:
            raise SftpBroken(f"{self.url} answers another question than was asked")
        return kind, answer

    def _send(self, packet: bytes) -> None:
        data = memoryview(struct.pack(">I", len(packet)) + packet)
        try:
            while data:
                data = data[self._in.write(data) or 0 :]
        except (OSError, ValueError):
            raise self._ended() from None

    def _packet(self) -> tuple[int, _Answer]:
        (length,) = struct.unpack(">I", self._exactly(4))
        if not 1 <= length <= 1 << 20:
            raise SftpBroken(f"{self.url} answers with {length} bytes, which is no SFTP packet")
        packet = self._exactly(length)
        return packet[0], _Answer(packet[1:])

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            if self._timeout_s is not None and not select.select([self._out], [], [], self._timeout_s)[0]:
                raise SftpBroken(f"{self.url} is silent for more than {self._timeout_s:g} s")
            part = self._out.read(count - len(data))
            if not part:
                raise self._ended()
            data += part
        return bytes(data)

    def _ended(self) -> SftpBroken:
        said = b"" if self._process.stderr is None else self._process.stderr.read()
        lines = said.decode(errors="replace").strip().splitlines()
        return SftpBroken(f"{self.url}: the connection ended; ssh says: {lines[-1] if lines else 'nothing'}")


class _Answer:
    """The fields of an answer, taken one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> bool:
        return self._at < len(self._data)

    def u32(self) -> int:
        self._at += 4
        return int.from_bytes(self._data[self._at - 4 : self._at], "big")

    def text(self) -> bytes:
        length = self.u32()
        self._at += length
        return self._data[self._at - length : self._at]

    def attributes(self) -> tuple[int, int, int]:
        """Mode, size and time of change; what else stands there is passed over."""
        flags, size, mode, modified_s = self.u32(), 0, 0, 0
        if flags & _HAS_SIZE:
            size = self.u32() << 32 | self.u32()
        if flags & _HAS_OWNER:
            self._at += 8
        if flags & _HAS_MODE:
            mode = self.u32()
        if flags & _HAS_TIMES:
            self._at += 4
            modified_s = self.u32()
        if flags & _HAS_MORE:
            for _ in range(2 * self.u32()):
                self.text()
        return mode, size, modified_s


def _found(name: str, answer: _Answer) -> Found:
    mode, size, modified_s = answer.attributes()
    return Found(name, stat.S_ISDIR(mode), stat.S_ISREG(mode), size, modified_s)


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(data)) + data
