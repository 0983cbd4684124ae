"""The filter of system calls, as the kernel's BPF: what is needed is allowed, what only an attacker needs kills.

A call that is neither is answered as if the kernel did not have it (`ENOSYS`), which programs and their libraries can
live with. A native strategy needs no file at all, so that opening one kills it; an interpreter needs files, and finds
only its own. Threads are refused, processes kill.

Promises: a program of another architecture, and the 32-bit calls of this one, kill; equal arguments give equal bytes.
Never: lets a call through because its name is unknown here.
"""

from __future__ import annotations

import platform
import struct
from typing import Literal

from hedgerow.core.errors import problem
from hedgerow.governance.jail.syscalls import NUMBERS

Kind = Literal["native", "interpreter"]


def _names(text: str) -> list[str]:
    return text.split()


_COMMON = _names(
    """
    read write readv writev close mmap munmap mremap mprotect madvise brk rt_sigaction rt_sigprocmask rt_sigreturn
    sigaltstack arch_prctl set_tid_address set_robust_list rseq futex getrandom prlimit64 clock_gettime clock_getres
    clock_nanosleep nanosleep gettimeofday time poll ppoll sched_yield getpid gettid getuid geteuid getgid getegid
    exit exit_group restart_syscall execve uname getrusage times
    """
)
_FILES = _names(
    """
    open openat stat lstat fstat newfstatat statx lseek pread64 getdents64 readlink readlinkat access faccessat
    faccessat2 getcwd dup dup2 dup3 fcntl sysinfo getppid sched_getaffinity
    """
)
_DEADLY = _names(
    """
    fork vfork ptrace process_vm_readv process_vm_writev unshare setns mount umount2 pivot_root chroot move_mount
    open_tree fsopen fsmount fsconfig bpf perf_event_open userfaultfd keyctl add_key request_key init_module
    finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff iopl ioperm socket socketpair
    connect bind listen accept accept4 sendto sendmsg io_uring_setup io_uring_enter open_by_handle_at pidfd_open
    pidfd_getfd pidfd_send_signal kill tkill rt_sigqueueinfo setuid setgid setresuid setresgid quotactl acct
    memfd_create execveat
    """
)
_DEADLY_FILES = _names(
    """
    open openat openat2 creat stat lstat newfstatat statx access faccessat faccessat2 getdents getdents64 mkdir
    mkdirat unlink unlinkat rename renameat2 link symlink chmod chown truncate
    """
)

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x00010000
_ENOSYS, _EAGAIN, _ENOTTY = 38, 11, 25

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16


def seccomp_program(kind: Kind, machine: str | None = None) -> bytes:
    """The filter as the kernel and bubblewrap take it: instructions of 8 bytes each.

    machine: as `platform.machine()` says it; None = this one. Raises JAIL_UNAVAILABLE for one that has no table here.

    >>> len(seccomp_program("native", "x86_64")) % 8
    0
    """
    machine = platform.machine() if machine is None else machine
    if machine not in _MACHINES:
        raise problem("JAIL_UNAVAILABLE", f"no table of system calls for {machine}; there are {', '.join(_MACHINES)}")
    column, audit = _MACHINES[machine]
    lines = [_line(_LOAD, _MACHINE_AT), _line(_EQUAL, audit, 1, 0), _line(_RETURN, _KILL), _line(_LOAD, _NUMBER_AT)]
    if machine == "x86_64":
        lines += [_line(_AT_LEAST, _X32_BIT, 0, 1), _line(_RETURN, _KILL)]
    for name, verdict in _verdicts(kind).items():
        number = NUMBERS[name][column]
        if number is not None:
            lines += [_line(_EQUAL, number, 0, 1), _line(_RETURN, verdict)]
    clone = NUMBERS["clone"][column]
    assert clone is not None
    # A thread is refused kindly; a process, or a namespace, is an attack. clone3's flags cannot be read: not there.
    lines += [
        _line(_EQUAL, clone, 0, 4),
        _line(_LOAD, _FIRST_ARGUMENT_AT),
        _line(_ANY_BIT, _CLONE_THREAD, 0, 1),
        _line(_RETURN, _ERRNO | _EAGAIN),
        _line(_RETURN, _KILL),
        _line(_RETURN, _ERRNO | _ENOSYS),
    ]
    return b"".join(lines)


def _verdicts(kind: Kind) -> dict[str, int]:
    allowed = _COMMON if kind == "native" else [*_COMMON, *_FILES]
    deadly = [*_DEADLY, *_DEADLY_FILES] if kind == "native" else _DEADLY
    return dict.fromkeys(allowed, _ALLOW) | dict.fromkeys(deadly, _KILL) | {"ioctl": _ERRNO | _ENOTTY}


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
