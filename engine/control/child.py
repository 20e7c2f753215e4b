"""Owns one supervised process: what it runs, whether it does, and how it ended."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.control.launch import launch
from engine.control.restarts import Restarts

OPERATOR_MISTAKE = 2


@dataclass(frozen=True)
class ChildPlan:
    """What is to run; a clean end that nobody asked us for ends everything, or counts as a death."""

    name: str
    arguments: tuple[str, ...]
    is_its_end_ours: bool = False
    ready_file: Path | None = None  # of its making; a process that was killed cannot take it away


@dataclass(frozen=True)
class Ending:
    """How a process ended: its status as Python tells it, negative for a signal."""

    status: int

    @property
    def exit_status(self) -> int:
        """As a shell says it."""
        return self.status if self.status >= 0 else 128 - self.status

    @property
    def reason(self) -> str:
        """In words."""
        if self.status < 0:
            return f"killed by {signal.Signals(-self.status).name}"
        return f"ended with status {self.status}"


class Child:
    """One process after the other, of the same plan."""

    def __init__(self, plan: ChildPlan, restarts_max: int) -> None:
        self.plan = plan
        self.restarts = Restarts(restarts_max)
        self.pid = 0
        self.started_ns = 0
        self.due_ns: int | None = None
        self._is_told_to_end = False

    @property
    def is_running(self) -> bool:
        """Whether its end was not seen yet."""
        return self.pid != 0

    def start(self, now_ns: int) -> None:
        """Starts it."""
        self.due_ns = None
        self.started_ns = now_ns
        self.pid = launch(self.plan.arguments)

    def tell_to_end(self) -> None:
        """Asks it, once, to end in an orderly way."""
        if not self._is_told_to_end:
            self._is_told_to_end = True
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once."""
        os.kill(self.pid, signal.SIGKILL)

    def ending(self) -> Ending | None:
        """How it ended, told once; None while it runs. Precondition: it was running."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.pid = 0
        if self.plan.ready_file is not None:
            with suppress(FileNotFoundError):
                self.plan.ready_file.unlink()
        return Ending(os.waitstatus_to_exitcode(status))
