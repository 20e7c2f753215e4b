"""Owns stopping another process's thread at an exact instruction or system call, by ptrace(2).

A watchpoint of the processor stops the thread directly behind the instruction that wrote a word, a system call
directly before or behind the kernel's work. So compiled code and the way to a socket are killed at places that no
line of the product has to know of, and that cost it nothing.
"""

import ctypes
import os
import platform
import signal
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from ipc.clock import NS_PER_S
from tests.system.waiting import CLOCK

# <linux/ptrace.h>, <sys/user.h> of x86-64
_PTRACE_CONT, _PTRACE_SYSCALL, _PTRACE_PEEKUSER, _PTRACE_POKEUSER = 7, 24, 3, 6
_PTRACE_DETACH, _PTRACE_SEIZE, _PTRACE_INTERRUPT = 17, 0x4206, 0x4207
_PTRACE_O_TRACESYSGOOD = 1
_SYSCALL_STOP = signal.SIGTRAP | 0x80
_EVENT_SHIFT = 16
_WALL = 0x40000000
_ORIG_RAX = 15 * 8
_DEBUG_REGISTERS = 848
_DR0, _DR6, _DR7 = (_DEBUG_REGISTERS + 8 * number for number in (0, 6, 7))
_WRITES_OF_8_BYTES_AT_DR0 = 1 | 0b1001 << 16
_CAP_SYS_PTRACE = 19  # <linux/capability.h>
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.restype = ctypes.c_long
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_STOP_TIMEOUT_S = 5.0
# A thread that we do not know of may swallow the signal that tells of a stop, so it is looked for.
_LOOK_NS = 50_000


class Syscall(IntEnum):
    """Numbers on x86-64."""

    SENDTO = 44


def can_look_into_others() -> bool:
    """Whether we may look into processes that let nobody of their own user do so, as those that hold keys."""
    capabilities = next(line for line in Path("/proc/self/status").read_text().splitlines() if "CapEff" in line)
    return bool(int(capabilities.split()[1], 16) & 1 << _CAP_SYS_PTRACE)


def can_trace() -> bool:
    """Whether this machine's registers are those that are spoken of here, and we may set them."""
    return platform.machine() == "x86_64" and can_look_into_others()


class TraceeGoneError(Exception):
    """The thread ended before it came to the place."""


class Tracee:
    """The first thread of a process, stopped whenever we say so; all of it from one thread of ours."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ptrace(_PTRACE_SEIZE, 0, _PTRACE_O_TRACESYSGOOD)
        self._ptrace(_PTRACE_INTERRUPT, 0, 0)
        self._await_stop(_STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(TraceeGoneError):
            self._ptrace(_PTRACE_DETACH, 0, 0)

    def run_to_write(self, address: int, timeout_s: float) -> bool:
        """Lets it run until it has written the word at an address of its own; False when it did not in time."""
        self._ptrace(_PTRACE_POKEUSER, _DR0, address)
        self._ptrace(_PTRACE_POKEUSER, _DR7, _WRITES_OF_8_BYTES_AT_DR0)
        self._ptrace(_PTRACE_POKEUSER, _DR6, 0)
        try:
            return self._run(_PTRACE_CONT, signal.SIGTRAP, timeout_s)
        finally:
            with suppress(TraceeGoneError):
                self._ptrace(_PTRACE_POKEUSER, _DR7, 0)

    def run_to_call(self, number: Syscall, timeout_s: float) -> bool:
        """Lets it run until it has asked the kernel for something that the kernel has not begun; False: not in time."""
        deadline_ns = CLOCK.monotonic_ns() + int(timeout_s * NS_PER_S)
        while self._run(_PTRACE_SYSCALL, _SYSCALL_STOP, (deadline_ns - CLOCK.monotonic_ns()) / NS_PER_S):
            if self._ptrace(_PTRACE_PEEKUSER, _ORIG_RAX, 0) == number:
                return True
            if not self.finish_call():
                break
        return False

    def finish_call(self) -> bool:
        """Lets the kernel do what it was asked for. Precondition: run_to_call said yes."""
        return self._run(_PTRACE_SYSCALL, _SYSCALL_STOP, _STOP_TIMEOUT_S)

    def kill(self) -> None:
        """Ends it where it stands; what the kernel was asked for and has not begun is not done."""
        os.kill(self.pid, signal.SIGKILL)
        self.await_end()

    def await_end(self) -> None:
        """Returns when it has ended, whoever killed it; its parent hears of that only now."""
        with suppress(TraceeGoneError):
            while True:
                self._await_stop(10.0)

    def _run(self, how: int, wanted: int, timeout_s: float) -> bool:
        """Goes on until the wanted stop; signals that come in between are handed on."""
        deadline_ns = CLOCK.monotonic_ns() + int(timeout_s * NS_PER_S)
        passed_on = 0
        while True:
            self._ptrace(how, 0, passed_on)
            status = self._await_stop((deadline_ns - CLOCK.monotonic_ns()) / NS_PER_S)
            if status < 0:
                return False
            stopped_by = os.WSTOPSIG(status)
            if stopped_by == wanted and status >> _EVENT_SHIFT == 0:
                return True
            passed_on = 0 if status >> _EVENT_SHIFT or stopped_by & 0x7F == signal.SIGTRAP else stopped_by

    def _await_stop(self, timeout_s: float) -> int:
        """The status of its next stop; -1 when it ran on for so long, and is stopped now."""
        deadline_ns = CLOCK.monotonic_ns() + int(timeout_s * NS_PER_S)
        is_late = False
        while True:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG | _WALL)
            except ChildProcessError:
                raise TraceeGoneError(f"process {self.pid} is gone") from None
            if pid:
                if not os.WIFSTOPPED(status):
                    raise TraceeGoneError(f"process {self.pid} has ended")
                return -1 if is_late else status
            left_ns = deadline_ns - CLOCK.monotonic_ns()
            if left_ns <= 0 and not is_late:
                is_late = True
                self._ptrace(_PTRACE_INTERRUPT, 0, 0)
            CLOCK.sleep_ns(_LOOK_NS)

    def _ptrace(self, request: int, address: int, data: int) -> int:
        ctypes.set_errno(0)
        result: int = _LIBC.ptrace(request, self.pid, address, data)
        number = ctypes.get_errno()
        if result == -1 and number:
            raise TraceeGoneError(f"process {self.pid}: {os.strerror(number)}")
        return result


def address_in(pid: int, path: Path) -> int:
    """Where a process has mapped a file."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, _, offset, _, _, *name = line.split(maxsplit=5)
        # The first page of it may have been replaced by a copy.
        if name and name[0].removesuffix(" (deleted)") == str(path):
            return int(span.partition("-")[0], 16) - int(offset, 16)
    raise TraceeGoneError(f"process {pid} has not mapped {path}")
