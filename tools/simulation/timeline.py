"""Owns virtual time: what is to happen, in the order in which it happens."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

START_NS = 1_000_000_000_000
"""Where every timeline begins; far enough from zero that no clock of a simulated host is negative."""
UTC_BASE_NS = 1_760_000_000_000_000_000
"""What to add to the timeline to get the UTC of the simulated host."""


class Timeline:
    """A queue of calls; what is due at the same moment happens in the order in which it was put in."""

    __slots__ = ("_calls", "_count", "now_ns")

    def __init__(self) -> None:
        self.now_ns = START_NS
        self._calls: list[tuple[int, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, due_ns: int, call: Callable[..., Any], *arguments: Any) -> None:
        """Lets a call happen at its time, or now if that has passed."""
        self._count += 1
        heappush(self._calls, (max(due_ns, self.now_ns), self._count, call, arguments))

    def after(self, delay_ns: int, call: Callable[..., Any], *arguments: Any) -> None:
        """Lets a call happen after a while."""
        self.at(self.now_ns + delay_ns, call, *arguments)

    def run_until(self, end_ns: int) -> None:
        """Lets everything happen that is due before the end, then moves the clock there."""
        calls = self._calls
        while calls and calls[0][0] < end_ns:
            self.now_ns, _, call, arguments = heappop(calls)
            call(*arguments)
        self.now_ns = end_ns

    # A simulated venue takes this for its clock.

    def utc_ns(self) -> int:
        """The UTC of the simulated host."""
        return self.now_ns + UTC_BASE_NS
