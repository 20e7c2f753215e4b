"""Owns time: the clock port for Python code and the monotonic read for kernels."""

import time
from typing import Protocol

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """What a component needs to know of time; tests pass a clock that they move by hand."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC, comparable between processes of one host."""

    def utc_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""


class WaitingClock(Clock, Protocol):
    """A clock that can also give the processor away for a while."""

    def sleep_ns(self, duration_ns: int) -> None:
        """Returns after about that long."""


class SystemClock:
    """The host's clocks."""

    monotonic_ns = staticmethod(time.monotonic_ns)
    utc_ns = staticmethod(time.time_ns)

    @staticmethod
    def sleep_ns(duration_ns: int) -> None:
        """Lets other processes run for that long."""
        time.sleep(duration_ns / NS_PER_S)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, monotonic_ns: int = NS_PER_S, utc_ns: int = 1_750_000_000 * NS_PER_S) -> None:
        self._monotonic_ns = monotonic_ns
        self._utc_ns = utc_ns

    def monotonic_ns(self) -> int:
        """The moment that the last `advance` left."""
        return self._monotonic_ns

    def utc_ns(self) -> int:
        """The same moment as wall time."""
        return self._utc_ns

    def advance(self, duration_ns: int) -> None:
        """Moves both clocks on together."""
        assert duration_ns >= 0, "a clock never goes back"
        self._monotonic_ns += duration_ns
        self._utc_ns += duration_ns

    def set_utc(self, change_ns: int) -> None:
        """Sets the wall clock alone, forwards or back."""
        self._utc_ns += change_ns

    def sleep_ns(self, duration_ns: int) -> None:
        """Sleeping is moving on."""
        self.advance(duration_ns)
