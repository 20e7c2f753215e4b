"""Owns how long to wait before the next attempt to connect."""

import random

from ipc.clock import NS_PER_MS, NS_PER_S

FIRST_DELAY_NS = 100 * NS_PER_MS
LAST_DELAY_NS = 30 * NS_PER_S


class Backoff:
    """Delays that double up to a bound, each shortened by up to a half so that many clients do not return together."""

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator
        self._delay_ns = FIRST_DELAY_NS

    def next_delay_ns(self) -> int:
        """The delay after one more failure."""
        delay_ns = self._delay_ns
        self._delay_ns = min(delay_ns * 2, LAST_DELAY_NS)
        return delay_ns - self._generator.randrange(delay_ns // 2)

    def reset(self) -> None:
        """Begins again with the shortest delay: the last connection was good."""
        self._delay_ns = FIRST_DELAY_NS

    def raise_to_last(self) -> None:
        """Goes on with the longest delay: coming back soon would only annoy the venue."""
        self._delay_ns = LAST_DELAY_NS
