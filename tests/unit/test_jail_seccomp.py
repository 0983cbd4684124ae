"""The filter of system calls: numbers, verdicts, and what an evaluator written apart makes of the program."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from hedgerow.core.errors import JailError
from hedgerow.governance.jail.seccomp import seccomp_program
from hedgerow.governance.jail.syscalls import NUMBERS

HEADERS = (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h"))
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, ENOSYS, EAGAIN, ENOTTY = 0x7FFF0000, 0x80000000, 0x50026, 0x5000B, 0x50019


def verdict(program: bytes, machine: int, number: int, argument: int = 0) -> int:
    """What the kernel's machine makes of one call: load, three kinds of jump, return."""
    data = struct.pack("<IIQQ", number, machine, 0, argument)
    lines = list(struct.iter_unpack("=HBBI", program))
    at = held = 0
    for _ in range(len(lines) + 1):
        code, yes, no, value = lines[at]
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (held,) = struct.unpack_from("<I", data, value)
            at += 1
            continue
        jumps = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
        at += 1 + (yes if jumps else no)
    raise AssertionError("the program does not end")


@pytest.mark.parametrize("column", [0, 1])
def test_numbers_are_those_of_the_kernels_headers(column: int) -> None:
    """A wrong number would allow one call in the place of another."""
    if not HEADERS[column].exists():
        pytest.skip(f"no header {HEADERS[column]}")
    found = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[column].read_text()))
    if column == 1:
        found["newfstatat"] = found.get("fstatat", found.get("newfstatat", ""))
    for name, numbers in NUMBERS.items():
        if name in found:
            assert numbers[column] == int(found[name]), name
        else:
            assert numbers[column] is None or name == "newfstatat", name


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("kind", ["native", "interpreter"])
def test_what_is_needed_passes_and_what_attacks_kills(kind: str, machine: str) -> None:
    """Reading and writing pass; sockets, processes, namespaces and tracing kill; what is unknown is not there."""
    program, audit = seccomp_program(kind, machine), AUDIT[machine]  # type: ignore[arg-type]
    column = list(AUDIT).index(machine)

    def judged(name: str, argument: int = 0) -> int | None:
        number = NUMBERS[name][column]
        return None if number is None else verdict(program, audit, number, argument)

    for name in ("read", "write", "mmap", "exit_group", "execve", "futex", "clock_gettime"):
        assert judged(name) == ALLOW, name
    for name in (
        "fork",
        "vfork",
        "socket",
        "connect",
        "ptrace",
        "unshare",
        "setns",
        "mount",
        "bpf",
        "kill",
        "io_uring_setup",
    ):
        assert judged(name) in (KILL, None), name
    assert judged("openat") == (KILL if kind == "native" else ALLOW)
    assert judged("ioctl") == ENOTTY
    assert judged("clone3") == ENOSYS
    assert judged("clone", 0x00010000 | 0x100) == EAGAIN
    assert judged("clone", 0x10000000) == KILL
    assert judged("clone", 17) == KILL
    assert verdict(program, audit, 9_999) == ENOSYS


def test_other_machines_and_32_bit_calls_kill() -> None:
    """A call made in another convention has other numbers, and would pass for another."""
    program = seccomp_program("native", "x86_64")
    for audit in (0x40000003, AUDIT["aarch64"], 0):
        assert verdict(program, audit, NUMBERS["read"][0] or 0) == KILL
    assert verdict(program, AUDIT["x86_64"], 0x40000000 | (NUMBERS["write"][0] or 0)) == KILL


def test_no_number_has_two_verdicts_and_none_is_forgotten() -> None:
    """Every call of the table is spoken of by one filter at least, and the kernel takes the program's length."""
    for kind in ("native", "interpreter"):
        program = seccomp_program(kind, "x86_64")  # type: ignore[arg-type]
        assert len(program) // 8 < 4096
        named = [line[3] for line in struct.iter_unpack("=HBBI", program) if line[0] == 0x15][1:]
        assert len(named) == len(set(named))


def test_a_machine_without_a_table_is_refused_by_name() -> None:
    """No filter is better than a wrong one, and none is an error."""
    with pytest.raises(JailError, match=r"JAIL-001 .*riscv64"):
        seccomp_program("native", "riscv64")
