"""Owns waiting: for a condition, with a deadline."""

from collections.abc import Callable
from typing import TypeVar

from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock

T = TypeVar("T")
CLOCK = SystemClock()
PATIENCE_S = 40.0
_POLL_NS = 2 * NS_PER_MS


def await_that(look: Callable[[], T], what: str, *, timeout_s: float = PATIENCE_S) -> T:
    """The first true thing that `look` returns; AssertionError with the last one after the time-out."""
    deadline_ns = CLOCK.monotonic_ns() + int(timeout_s * NS_PER_S)
    while not (found := look()):
        assert CLOCK.monotonic_ns() < deadline_ns, f"{what} did not come about in {timeout_s:g} s; last seen: {found!r}"
        CLOCK.sleep_ns(_POLL_NS)
    return found


def let_pass(duration_ms: int) -> None:
    """Returns when so much time is over, for what is about time itself."""
    until_ns = CLOCK.monotonic_ns() + duration_ms * NS_PER_MS
    await_that(lambda: CLOCK.monotonic_ns() >= until_ns, "the time")
