"""Owns the rate limits of Binance Spot: calendar-aligned windows, unfilled order counts and bans.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#rate-limits
https://github.com/binance/binance-spot-api-docs/blob/master/faqs/order_count_decrement.md
"""

from typing import Any

from gateways.simulator.binance_spot.errors import ApiError
from gateways.simulator.config import LimitsConfig
from ipc.clock import NS_PER_MS, NS_PER_S, Clock

INTERVAL_S = {"SECOND": 1, "MINUTE": 60, "DAY": 86_400}
BAN_S_MAX = 3 * 86_400


class CalendarWindow:
    """A count that starts again at zero when the calendar enters the next interval."""

    def __init__(self, kind: str, interval: str, interval_count: int, limit: int) -> None:
        self.kind = kind
        self.interval = interval
        self.interval_count = interval_count
        self.limit = limit
        self._interval_ns = INTERVAL_S[interval] * interval_count * NS_PER_S
        self._window = -1
        self._count = 0
        self._json = (
            f'{{"rateLimitType":"{kind}","interval":"{interval}","intervalNum":{interval_count},'
            f'"limit":{limit},"count":%d}}'
        ).encode()

    def count(self, utc_ns: int) -> int:
        """What this interval has used so far."""
        window = utc_ns // self._interval_ns
        if window != self._window:
            self._window = window
            self._count = 0
        return self._count

    def add(self, utc_ns: int, amount: int) -> None:
        """Uses some of the interval, or gives some back; the count never falls below zero."""
        self._count = max(0, self.count(utc_ns) + amount)

    def retry_after_ms(self, utc_ns: int) -> int:
        """When the next interval starts, in milliseconds since the epoch."""
        return (utc_ns // self._interval_ns + 1) * self._interval_ns // NS_PER_MS

    def json(self, utc_ns: int) -> bytes:
        """The entry of a reply's `rateLimits`."""
        return self._json % self.count(utc_ns)

    def describe(self) -> dict[str, Any]:
        """The entry of `exchangeInfo`."""
        return {
            "rateLimitType": self.kind,
            "interval": self.interval,
            "intervalNum": self.interval_count,
            "limit": self.limit,
        }


class OrderCount:
    """How many unfilled orders an account has placed, in both intervals."""

    def __init__(self, limits: LimitsConfig) -> None:
        self.windows = (
            CalendarWindow("ORDERS", "SECOND", 10, limits.orders_10s),
            CalendarWindow("ORDERS", "DAY", 1, limits.orders_1d),
        )
        self._maker_fill_credit = limits.maker_fill_credit

    def exceeded(self, utc_ns: int) -> ApiError | None:
        """The error of an order that is one too many."""
        for window in self.windows:
            if window.count(utc_ns) >= window.limit:
                return ApiError(
                    -1015,
                    f"Too many new orders; current limit is {window.limit} orders per "
                    f"{window.interval_count} {window.interval}.",
                    status=429,
                    data=_retry_data(utc_ns, window.retry_after_ms(utc_ns)),
                )
        return None

    def placed(self, utc_ns: int) -> None:
        """Counts one order."""
        for window in self.windows:
            window.add(utc_ns, 1)

    def withdrawn(self, utc_ns: int) -> None:
        """Takes back an order that the engine refused."""
        for window in self.windows:
            window.add(utc_ns, -1)

    def first_fill(self, utc_ns: int, *, is_maker: bool) -> None:
        """An order that trades stops counting, and one that rested first gives back more."""
        for window in self.windows:
            window.add(utc_ns, -self._maker_fill_credit if is_maker else -1)

    def json(self, utc_ns: int) -> bytes:
        """Both entries of a reply's `rateLimits`."""
        first, second = self.windows
        return first.json(utc_ns) + b"," + second.json(utc_ns)

    def rows(self, utc_ns: int) -> list[dict[str, Any]]:
        """Both entries of `account.rateLimits.orders`."""
        return [{**window.describe(), "count": window.count(utc_ns)} for window in self.windows]


class RequestWeight:
    """The weight that all clients, taken as one address, have used; and the ban that follows abuse."""

    def __init__(self, limits: LimitsConfig, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self.weight = CalendarWindow("REQUEST_WEIGHT", "MINUTE", 1, limits.request_weight_1m)
        self.raw_requests = CalendarWindow("RAW_REQUESTS", "MINUTE", 5, limits.raw_requests_5m)
        self.connections = CalendarWindow("CONNECTIONS", "MINUTE", 5, limits.connections_5m)
        self._violation_count = 0
        self._ban_count = 0
        self._banned_until_ns = 0

    def admit(self, utc_ns: int, weight: int) -> ApiError | None:
        """Counts a request; the error when it must not be processed."""
        self.raw_requests.add(utc_ns, 1)
        if utc_ns < self._banned_until_ns:
            return self.banned(utc_ns)
        for window, amount in ((self.weight, weight), (self.raw_requests, 0)):
            if window.count(utc_ns) + amount > window.limit:
                self._violate(utc_ns)
                return self.banned(utc_ns) or self._too_many(window, utc_ns)
        return None

    def connect(self, utc_ns: int) -> ApiError | None:
        """Counts an attempt to connect; the error when it must be refused."""
        self.connections.add(utc_ns, 1)
        if self.connections.count(utc_ns) > self.connections.limit:
            return ApiError(
                -1034,
                f"Too many connection attempts from IP; current limit is {self.connections.limit} per '5 MINUTE'.",
                status=429,
                data=_retry_data(utc_ns, self.connections.retry_after_ms(utc_ns)),
            )
        return self.banned(utc_ns)

    def charge(self, utc_ns: int, weight: int) -> None:
        """Adds the weight of a processed request."""
        self.weight.add(utc_ns, weight)

    def banned(self, utc_ns: int) -> ApiError | None:
        """The error of a banned address, while it is banned."""
        if utc_ns >= self._banned_until_ns:
            return None
        until_ms = self._banned_until_ns // NS_PER_MS
        return ApiError(
            -1003,
            f"Way too much request weight used; IP banned until {until_ms}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            status=418,
            data=_retry_data(utc_ns, until_ms),
        )

    def ban(self, until_ns: int) -> None:
        """Bans the address."""
        self._banned_until_ns = until_ns

    def describe(self) -> list[dict[str, Any]]:
        """The address's limits as `exchangeInfo` lists them."""
        return [window.describe() for window in (self.weight, self.raw_requests, self.connections)]

    def _violate(self, utc_ns: int) -> None:
        """A request after the limit; too many of them are a ban that doubles each time."""
        self._violation_count += 1
        if self._violation_count >= self._limits.violations_before_ban:
            self._violation_count = 0
            ban_s = min(self._limits.ban_s << self._ban_count, BAN_S_MAX)
            self._ban_count += 1
            self._banned_until_ns = utc_ns + ban_s * NS_PER_S

    @staticmethod
    def _too_many(window: CalendarWindow, utc_ns: int) -> ApiError:
        what = "request weight" if window.kind == "REQUEST_WEIGHT" else "requests"
        return ApiError(
            -1003,
            f"Too much request weight used; current limit is {window.limit} {what} per "
            f"{window.interval_count} {window.interval}. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
            status=429,
            data=_retry_data(utc_ns, window.retry_after_ms(utc_ns)),
        )


def _retry_data(utc_ns: int, retry_after_ms: int) -> dict[str, Any]:
    return {"serverTime": utc_ns // NS_PER_MS, "retryAfter": retry_after_ms}
