"""Owns what the core knows of the host's wall clock: told at the start, and again whenever somebody has set it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.core.step import HOST_CLOCK
from gateways.record_writer import RecordWriter, new_rows
from ipc.clock import NS_PER_MS, Clock

# The monotonic clock is slewed with the wall clock, so the two part only when that is set.
_MOVED_NS = NS_PER_MS


class Core(Protocol):
    """Who takes records as inputs."""

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Feeds the core so many records."""


class HostClock:
    """Compares the two clocks of the host, when asked to, with what it last told the core."""

    def __init__(self, clock: Clock, core: Core) -> None:
        self._clock = clock
        self._core = core
        self._rows = new_rows(capacity=1)
        self._writer = RecordWriter(HOST_CLOCK)
        self._told_offset_ns = 0

    def tell(self) -> None:
        """Tells the core what to add to its monotonic clock to get UTC."""
        self._tell(self._measure()[0])

    def tell_if_moved(self) -> None:
        """Tells it again when that is another number now, beyond what was lost between two readings."""
        offset_ns, doubt_ns = self._measure()
        if abs(offset_ns - self._told_offset_ns) > _MOVED_NS + doubt_ns:
            self._tell(offset_ns)

    def _measure(self) -> tuple[int, int]:
        """UTC less monotonic time, and by how much that may be wrong."""
        before_ns = self._clock.monotonic_ns()
        utc_ns = self._clock.utc_ns()
        taken_ns = self._clock.monotonic_ns() - before_ns
        return utc_ns - before_ns - taken_ns // 2, taken_ns

    def _tell(self, offset_ns: int) -> None:
        self._told_offset_ns = offset_ns
        self._writer.start(self._rows, self._clock.monotonic_ns())
        self._writer.clock_offset(offset_ns, 0)
        self._core.apply(self._rows, self._writer.count)
