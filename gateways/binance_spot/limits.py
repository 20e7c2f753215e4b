"""Owns the venue's rate limits: types, windows and what each request weighs."""

from gateways.binance_spot.messages import RateLimit
from gateways.errors import VenueProtocolError
from ipc.clock import NS_PER_S
from ipc.enums import RateLimitType, RequestKind

LIMIT_TYPES: dict[str, int] = {member.name: int(member) for member in RateLimitType}

INTERVALS_NS: dict[str, int] = {
    "SECOND": NS_PER_S,
    "MINUTE": 60 * NS_PER_S,
    "HOUR": 3600 * NS_PER_S,
    "DAY": 86_400 * NS_PER_S,
}

REQUEST_WEIGHTS: dict[RequestKind, int] = {
    RequestKind.NEW: 1,
    RequestKind.CANCEL: 1,
    RequestKind.AMEND: 4,
    RequestKind.CANCEL_REPLACE: 1,
    RequestKind.STATUS: 4,
}
"""What a request adds to REQUEST_WEIGHT; placing and cancelling with success costs nothing since 2026-04-02.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md
"""

ORDER_COUNTS: dict[RequestKind, int] = {
    RequestKind.NEW: 1,
    RequestKind.CANCEL: 0,
    RequestKind.AMEND: 0,
    RequestKind.CANCEL_REPLACE: 1,
    RequestKind.STATUS: 0,
}
"""What a request adds to ORDERS; a replacement counts even when it was not attempted."""


def limit_type(limit: RateLimit) -> int:
    """What is counted; VenueProtocolError for a type that the documentation does not name."""
    number = LIMIT_TYPES.get(limit.rate_limit_type)
    if number is None:
        raise VenueProtocolError(f"unknown rate limit {limit.rate_limit_type!r}")
    return number


def window_ns(limit: RateLimit) -> int:
    """How long the window is in which it is counted; windows are aligned to the venue's calendar."""
    interval_ns = INTERVALS_NS.get(limit.interval)
    if interval_ns is None:
        raise VenueProtocolError(f"unknown rate limit interval {limit.interval!r}")
    return interval_ns * limit.interval_num
