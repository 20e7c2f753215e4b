"""Owns venues' rate limits as their documentation tells them; takes nothing from the engine or its gateways.

A limiter is asked with the venue's own time. The first request beyond a limit is an excess, and nothing forgives it.
"""

from collections import deque
from fractions import Fraction
from typing import Protocol

S = 1_000_000_000


class Limiter(Protocol):
    """One limit of a venue."""

    def take(self, utc_ns: int, cost: int) -> bool:
        """Counts a request; False when it is one too many."""


class CalendarLimiter:
    """Binance: counts since the last multiple of the interval since the epoch.

    https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
    """

    def __init__(self, interval_ns: int, limit: int) -> None:
        self._interval_ns = interval_ns
        self._limit = limit
        self._interval = -1
        self.count = 0

    def take(self, utc_ns: int, cost: int) -> bool:
        """Counts a request; False when it is one too many."""
        self._enter(utc_ns)
        self.count += cost
        return self.count <= self._limit

    def filled(self, utc_ns: int, orders: int) -> None:
        """Unfilled order count: the first fill of an order gives back one, and more where it rested."""
        self._enter(utc_ns)
        self.count = max(self.count - orders, 0)

    def _enter(self, utc_ns: int) -> None:
        if utc_ns // self._interval_ns != self._interval:
            self._interval = utc_ns // self._interval_ns
            self.count = 0


class RollingLimiter:
    """Bybit, OKX: so much within any stretch of time.

    https://bybit-exchange.github.io/docs/v5/rate-limit https://www.okx.com/docs-v5/en/#overview-rate-limits
    """

    def __init__(self, window_ns: int, limit: int) -> None:
        self._window_ns = window_ns
        self._limit = limit
        self._taken: deque[tuple[int, int]] = deque()

    def take(self, utc_ns: int, cost: int) -> bool:
        """Counts a request; False when it is one too many."""
        while self._taken and self._taken[0][0] <= utc_ns - self._window_ns:
            self._taken.popleft()
        self._taken.append((utc_ns, cost))
        return sum(taken for _, taken in self._taken) <= self._limit


class DecayingLimiter:
    """Kraken: a counter of each pair that decays; the same sum is Deribit's credits, seen from the other side.

    https://docs.kraken.com/api/docs/guides/spot-ratelimits https://docs.deribit.com/articles/rate-limits
    """

    def __init__(self, limit: int, per_s: Fraction) -> None:
        self._limit = limit
        self._per_s = per_s
        self._level = Fraction(0)
        self._utc_ns = 0

    def take(self, utc_ns: int, cost: int) -> bool:
        """Counts a request; False when it is one too many."""
        if utc_ns > self._utc_ns:
            self._level = max(self._level - self._per_s * (utc_ns - self._utc_ns) / S, Fraction(0))
            self._utc_ns = utc_ns
        self._level += cost
        return self._level <= self._limit


KRAKEN_CANCEL_COSTS = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))
"""Seconds since the order came or was amended, and what its cancel adds while it is younger."""


def kraken_cancel_cost(age_ns: int) -> int:
    """What a cancel adds to the pair's counter."""
    return next((cost for seconds, cost in KRAKEN_CANCEL_COSTS if age_ns < seconds * S), 0)
