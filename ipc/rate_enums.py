"""Owns the enumerations of the venues' rate limits: what they count, how they forget, what becomes of who is over."""

from enum import IntEnum


class RateLimitType(IntEnum):
    """What a venue counts; ORDERS is per account, the others are per address."""

    REQUEST_WEIGHT = 1
    ORDERS = 2
    RAW_REQUESTS = 3
    CONNECTIONS = 4


class RateWindowKind(IntEnum):
    """How a venue forgets what it has counted."""

    CALENDAR = 0  # all at once, when its calendar enters the next window
    ROLLING = 1  # each request by itself, a window later
    DECAYING = 2  # at a steady rate: a counter that decays, credits that come back


class WhenExceeded(IntEnum):
    """What becomes of an order for which a rate limit has no room."""

    REFUSE = 0
    QUEUE = 1  # it waits; one for which there is no place to wait is refused
    SHED = 2  # it waits; one for which there is no place to wait takes that of the oldest
