"""Owns making a process stand still for a while, as a machine that is out of breath does."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.system.waiting import await_that


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


def processor_seconds(pid: int) -> float:
    """How long the process has had a processor."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
