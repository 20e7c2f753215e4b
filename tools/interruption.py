"""Owns Ctrl-C in commands that start processes: it is noted at once and acted upon where that is safe.

An exception that may arise between any two instructions can lose a process that was just started or a
folder that was just made. So the signals only leave a mark; every wait looks at it, and the clean-up,
which is bounded in time, cannot be interrupted at all.
"""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from tools.command_error import CommandError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_NS = 20 * NS_PER_MS


class StopRequestedError(Exception):
    """The user or the system asked us to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.status = 128 + number


class Interruption:
    """`with Interruption() as interruption:` holds the signals back until `check` or a wait."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._number = 0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._number = number

    def check(self) -> None:
        """Raises StopRequestedError when a signal came."""
        if self._number:
            raise StopRequestedError(self._number)

    def wait_until(self, is_done: Callable[[], bool], *, timeout_s: float, what: str) -> None:
        """Returns once it is done; CommandError after the time-out."""
        deadline_ns = self._clock.monotonic_ns() + int(timeout_s * NS_PER_S)
        while not is_done():
            self.check()
            if self._clock.monotonic_ns() > deadline_ns:
                raise CommandError(f"{what} took more than {timeout_s:g} s")
            self._clock.sleep_ns(POLL_NS)
        self.check()
