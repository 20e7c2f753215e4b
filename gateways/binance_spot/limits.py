"""Owns the venue's rate limits: types, windows and what each request weighs."""

from gateways.binance_spot.messages import RateLimit
from gateways.errors import VenueProtocolError
from gateways.rate_window import RateWindow
from gateways.venue import QueryWeights
from ipc.clock import NS_PER_S
from ipc.enums import RequestKind
from ipc.rate_enums import RateLimitType

LIMIT_TYPES: dict[str, int] = {member.name: int(member) for member in RateLimitType}

INTERVALS_NS: dict[str, int] = {
    "SECOND": NS_PER_S,
    "MINUTE": 60 * NS_PER_S,
    "HOUR": 3600 * NS_PER_S,
    "DAY": 86_400 * NS_PER_S,
}

WINDOW_NS_MAX = 366 * 86_400 * NS_PER_S
"""A window is a minute or a day at the venues; a longer one than a year would not fit a record."""

REQUEST_WEIGHTS: dict[RequestKind, int] = {
    RequestKind.NEW: 1,
    RequestKind.CANCEL: 1,
    RequestKind.AMEND: 4,
    RequestKind.CANCEL_REPLACE: 1,
}
"""What a request adds to REQUEST_WEIGHT at most; placing and cancelling with success costs nothing since 2026-04-02.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md
"""

QUERY_WEIGHTS = QueryWeights(status=4, order_trades=5, open_orders=6, account_trades=20, balances=20)
"""The same of what is asked about orders and trades."""

ORDER_COUNTS: dict[RequestKind, int] = {RequestKind.NEW: 1, RequestKind.CANCEL_REPLACE: 1}
"""What a request adds to ORDERS; a replacement counts even when it was not attempted."""

_EACH = dict.fromkeys(REQUEST_WEIGHTS, 1)

RATE_WINDOWS: tuple[RateWindow, ...] = (
    RateWindow(RateLimitType.ORDERS, 10 * NS_PER_S, 50, ORDER_COUNTS, counts_less=True),
    RateWindow(RateLimitType.ORDERS, 86_400 * NS_PER_S, 160_000, ORDER_COUNTS, counts_less=True),
    RateWindow(
        RateLimitType.REQUEST_WEIGHT,
        60 * NS_PER_S,
        6_000,
        REQUEST_WEIGHTS,
        reserve=600,
        query_share=4_400,
        is_by_address=True,
        counts_less=True,
    ),
    RateWindow(
        RateLimitType.RAW_REQUESTS,
        300 * NS_PER_S,
        300_000,
        _EACH,
        reserve=30_000,
        query_share=20_000,
        is_by_address=True,
    ),
)
"""The documentation's example limits; what the venue states in its replies takes their place.

Cancels do not count as orders, so only the windows that they count in keep a reserve. Of the weight, questions have
3,900 by their own budget, and what a connection asks when it opens, some 100 each time, has the rest of their share.
ORDERS counts unfilled orders: a fill lowers it for every interval, by more than one where the order rested, and after
a short delay.
https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#rate-limits
https://github.com/binance/binance-spot-api-docs/blob/master/faqs/order_count_decrement.md
"""

PROCESSING_TIMEOUT_NS = 10 * NS_PER_S
"""After which a request whose answer is missing (-1007) is not carried out any more.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#general-api-information
"""


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
    length_ns = interval_ns * limit.interval_num
    if length_ns > WINDOW_NS_MAX:
        raise VenueProtocolError(f"a rate limit's window of {limit.interval_num} {limit.interval}s")
    return length_ns
