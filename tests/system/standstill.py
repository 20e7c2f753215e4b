"""Owns a process's share of the processor: what it used, and taking it away for a while."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.system.waiting import await_that, let_pass


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """The process does nothing within the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        await_that(lambda: state_of(pid) == "T", f"process {pid} standing still")
        yield
    finally:
        # It may have been killed meanwhile.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def state_of(pid: int) -> str:
    """The letter of proc(5) for what the process does, empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


class ProcessorTime(NamedTuple):
    """How long a process has had a processor, in seconds: with its own code, and with the kernel's."""

    user: float
    system: float

    @classmethod
    def of(cls, pid: int) -> "ProcessorTime":
        """So far."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        per_second = os.sysconf("SC_CLK_TCK")
        return cls(int(fields[11]) / per_second, int(fields[12]) / per_second)

    def since(self, before: "ProcessorTime") -> "ProcessorTime":
        """What came on top of an earlier one."""
        return ProcessorTime(self.user - before.user, self.system - before.system)

    @property
    def whole(self) -> float:
        """Both together."""
        return self.user + self.system


def times_of_one_second(*pids: int) -> list[ProcessorTime]:
    """What each process used within the same second."""
    before = [ProcessorTime.of(pid) for pid in pids]
    let_pass(1_000)
    return [ProcessorTime.of(pid).since(earlier) for pid, earlier in zip(pids, before, strict=True)]
