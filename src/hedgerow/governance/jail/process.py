"""One strategy's process: started behind its walls, its isolation measured, ended without fail.

Promises: the bytes of the artifact go from memory into memory and never to a disk; as many walls are built as there are
here, whatever is demanded; the level on the record is what the kernel says about the running process, or what was
refused to its launcher and to bubblewrap when they tried; a level below the one that is demanded is `JAIL_UNAVAILABLE`
and nothing is asked. Never: leaves a process behind.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.governance.jail.command import Descriptors, filter_kind, filtered_plan, jail_plan, why_no_jail
from hedgerow.governance.jail.levels import Isolation, Layer, are_limited, level_of, measured_layers
from hedgerow.governance.jail.limits import JailLimits
from hedgerow.governance.jail.seccomp import seccomp_program

_LAUNCHER = Path(__file__).parent / "launch.py"
_BEGIN_SECONDS = 20.0
_END_SECONDS = 5.0
_KILLED = 128
"""bubblewrap tells of a signal by an exit status of this and its number."""


@dataclass(frozen=True)
class Ending:
    """How a process ended: in words, and whether the filter of system calls killed it."""

    says: str
    is_forbidden: bool


class JailedProcess:
    """A running strategy: two pipes to it, and what is known about its walls."""

    def __init__(
        self, form: str, artifact: bytes, limits: JailLimits, least: Isolation = Isolation.JAIL, by: str = ""
    ) -> None:
        """Start it: `form` is `wasm`, `native` or `python`, `artifact` the bytes, `least` the weakest level allowed.

        `by` says for an error who demands that.
        """
        if sys.platform != "linux":
            raise problem("JAIL_UNAVAILABLE", f"its walls are those of Linux, this is {sys.platform}")
        why, demanded = why_no_jail(), f"demanded is {least.name.lower()}" + (f": {by}" if by else "")
        if why and least == Isolation.JAIL:
            raise problem("JAIL_UNAVAILABLE", f"{why}; {demanded}")
        self._process, self._ending = _Started(form, artifact, limits, is_jailed=not why), None
        try:
            self.layers = self._process.layers()
            self.isolation = level_of(self.layers)
            if self.isolation < least:
                says = f"reached {self.isolation.name.lower()}, {demanded}"
                raise problem("JAIL_UNAVAILABLE", f"{says} ({why})" if why else says)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Its number, outside."""
        return self._process.inner

    def pipes(self) -> tuple[int, int]:
        """Descriptors to write questions to and read answers from, given up to the caller."""
        return self._process.pipes()

    def close(self) -> Ending:
        """End it, if it has not ended by itself, and say how it ended."""
        self._process.end()
        return self._process.ending()

    def ending(self, seconds: float = 1.0) -> Ending:
        """How it ended by itself; waits a little, since a closed pipe is seen before its end."""
        with suppress(subprocess.TimeoutExpired):
            self._process.child.wait(seconds)
        return self._process.ending()


class _Started:
    """The child, and the report of its launcher."""

    def __init__(self, form: str, artifact: bytes, limits: JailLimits, *, is_jailed: bool) -> None:
        self._is_jailed = is_jailed
        self._streams: list[int] = []
        held = Descriptors(
            _in_memory("strategy", artifact), _in_memory("filter", seccomp_program(filter_kind(form))), -1
        )
        heard, told = os.pipe()
        held = Descriptors(held.artifact, held.filter, told)
        try:
            plan = jail_plan(form, limits, held, len(artifact)) if is_jailed else filtered_plan(form, limits, held)
            self._limits = plan["limits"] | {"NPROC": 0, "FSIZE": 0}
            self.child = _spawn(plan, held)
        except BaseException:
            os.close(heard)
            raise
        finally:
            for descriptor in (held.artifact, held.filter, told):
                os.close(descriptor)
        try:
            self._report = _report(heard, self.child, wanted=2 if is_jailed else 1)
            self.inner = int(self._report.get("child-pid", self.child.pid))
        except BaseException:
            self.end()
            raise
        finally:
            os.close(heard)

    def layers(self) -> Layer:
        """What the kernel says once the program runs, and what its launchers tried in vain before it did."""
        layers = Layer.LANDLOCK if self._report["landlock"] else Layer(0)
        until = time.monotonic() + _BEGIN_SECONDS
        while not (found := measured_layers(self.inner)) & Layer.SYSTEM_CALLS:
            if self.child.poll() is not None or time.monotonic() > until:
                break
            time.sleep(0.001)
        if self._is_jailed and found & Layer.NAMESPACES:
            # bubblewrap says yes to --disable-userns only once it has tried to make another and failed.
            found |= Layer.NO_NEW_NAMESPACES
        with suppress(OSError):
            # What bubblewrap needed for its own work is taken away behind it.
            resource.prlimit(self.inner, resource.RLIMIT_NPROC, (0, 0))
            resource.prlimit(self.inner, resource.RLIMIT_FSIZE, (0, 0))
        if are_limited(self.inner, self._limits):
            layers |= Layer.LIMITS
        return layers | found

    def pipes(self) -> tuple[int, int]:
        """Copies of both ends; the originals are closed."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        given = os.dup(self.child.stdin.fileno()), os.dup(self.child.stdout.fileno())
        self.child.stdin.close()
        self.child.stdout.close()
        return given

    def end(self) -> None:
        """Kill it and wait."""
        for stream in (self.child.stdin, self.child.stdout):
            if stream is not None and not stream.closed:
                stream.close()
        if self.child.poll() is None:
            inner = getattr(self, "inner", None)
            if inner is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(inner, signal.SIGKILL)
                # bubblewrap ends once it has seen the end of what it holds, so that nothing is left unburied.
                with suppress(subprocess.TimeoutExpired):
                    self.child.wait(_END_SECONDS)
            self.child.kill()
        self.child.wait(_END_SECONDS)

    def ending(self) -> Ending:
        status = self.child.poll()
        if status is None:
            return Ending("it still runs", False)
        number = -status if status < 0 else status - _KILLED if status > _KILLED else 0
        if number:
            with suppress(ValueError):
                name = signal.Signals(number).name
                return Ending(f"ended by {name}", name == "SIGSYS")
        return Ending(f"ended with status {status}", False)


def _in_memory(name: str, content: bytes) -> int:
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _spawn(plan: dict[str, Any], held: Descriptors) -> subprocess.Popen[bytes]:
    words = [os.path.realpath(sys.executable), "-I", "-S", str(_LAUNCHER), json.dumps(plan)]
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=(held.artifact, held.filter, held.report),
            env={},
        )
    except OSError as error:
        raise problem("JAIL_UNAVAILABLE", f"{words[0]}: {error.strerror}") from None


def _report(heard: int, child: subprocess.Popen[bytes], wanted: int) -> dict[str, Any]:
    """What launcher and bubblewrap say: one JSON object each."""
    text, until = b"", time.monotonic() + _BEGIN_SECONDS
    while True:
        ready, _, _ = select.select([heard], [], [], max(0.0, until - time.monotonic()))
        got = os.read(heard, 4096) if ready else b""
        text += got
        objects = _objects(text.decode())
        if len(objects) >= wanted:
            return {key: value for part in objects for key, value in part.items()}
        if not got:
            raise _not_started(child)


def _objects(text: str) -> list[dict[str, Any]]:
    decoder, found = json.JSONDecoder(), []
    text = text.lstrip()
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            break
        found.append(value)
        text = text[end:].lstrip()
    return found


def _not_started(child: subprocess.Popen[bytes]) -> HedgerowError:
    child.kill()
    return problem("JAIL_UNAVAILABLE", f"the launcher ended with status {child.wait()} before the strategy began")
