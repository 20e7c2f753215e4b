"""Owns what the venue's error codes mean for an order.

https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
"""

from gateways.verdict import Certainty, Concern, Verdict
from ipc.enums import RejectReason

_AMBIGUOUS = Verdict(Certainty.AMBIGUOUS, RejectReason.OTHER)


def _definite(reason: RejectReason, concern: Concern = Concern.REQUEST) -> Verdict:
    return Verdict(Certainty.DEFINITE, reason, concern)


BANNED_STATUS = 418
SERVER_ERROR_STATUS = 500
"""From here on the execution status is unknown, whatever the code: web-socket-api.md#status-codes."""

CODES: dict[int, Verdict] = {
    -1000: _AMBIGUOUS,  # unknown error while processing
    -1001: _AMBIGUOUS,  # internal error
    -1002: _definite(RejectReason.NOT_AUTHORISED, Concern.SESSION),
    -1003: _definite(RejectReason.RATE_LIMIT, Concern.RATE),
    -1006: _AMBIGUOUS,  # execution status unknown
    -1007: _AMBIGUOUS,  # execution status unknown
    -1008: _definite(RejectReason.VENUE_OVERLOADED),
    -1010: _definite(RejectReason.OTHER),
    -1013: _definite(RejectReason.OTHER),
    -1014: _definite(RejectReason.MALFORMED_REQUEST),
    -1015: _definite(RejectReason.RATE_LIMIT, Concern.RATE),
    -1016: _AMBIGUOUS,  # service shutting down
    -1020: _definite(RejectReason.MALFORMED_REQUEST),
    -1021: _definite(RejectReason.REQUEST_EXPIRED, Concern.CLOCK),
    -1022: _definite(RejectReason.NOT_AUTHORISED),
    -1034: _definite(RejectReason.RATE_LIMIT, Concern.RATE),
    -1035: _definite(RejectReason.NOT_AUTHORISED, Concern.SESSION),
    -1111: _definite(RejectReason.MALFORMED_REQUEST),
    -1121: _definite(RejectReason.UNKNOWN_SYMBOL),
    -1122: _definite(RejectReason.MARKET_CLOSED),
    -1220: _definite(RejectReason.MARKET_CLOSED),
    -2010: _definite(RejectReason.OTHER),
    -2011: _definite(RejectReason.UNKNOWN_ORDER),
    -2013: _definite(RejectReason.UNKNOWN_ORDER),
    -2014: _definite(RejectReason.NOT_AUTHORISED, Concern.SESSION),
    -2015: _definite(RejectReason.NOT_AUTHORISED, Concern.SESSION),
    -2016: _definite(RejectReason.MARKET_CLOSED),
    -2021: _definite(RejectReason.OTHER),
    -2022: _definite(RejectReason.OTHER),
    -2026: _definite(RejectReason.UNKNOWN_ORDER),
    -2035: _definite(RejectReason.OTHER),
    -2036: _definite(RejectReason.OTHER),
    -2038: _definite(RejectReason.AMEND_NOT_POSSIBLE),
    -2039: _definite(RejectReason.UNKNOWN_ORDER),
    -2042: _definite(RejectReason.OTHER, Concern.SESSION),
    -2043: _definite(RejectReason.OTHER),
}
"""Each code that an order session can meet; the 11xx codes not listed are malformed requests, others are ambiguous."""

_REQUEST_CODES = range(-1199, -1099)

_WITH_MESSAGE = frozenset((-1010, -1013, -2010, -2011, -2038))
"""The codes whose message, and only that, says why: errors.md#other-errors."""

FILTERS: dict[str, RejectReason] = {
    "PRICE_FILTER": RejectReason.PRICE_FILTER,
    "PERCENT_PRICE": RejectReason.PRICE_OUTSIDE_VENUE_BAND,
    "PERCENT_PRICE_BY_SIDE": RejectReason.PRICE_OUTSIDE_VENUE_BAND,
    "LOT_SIZE": RejectReason.LOT_SIZE,
    "MARKET_LOT_SIZE": RejectReason.LOT_SIZE,
    "MIN_NOTIONAL": RejectReason.NOTIONAL_FILTER,
    "NOTIONAL": RejectReason.NOTIONAL_FILTER,
    "MAX_NUM_ORDERS": RejectReason.TOO_MANY_ORDERS,
    "MAX_NUM_ALGO_ORDERS": RejectReason.TOO_MANY_ORDERS,
    "MAX_NUM_ICEBERG_ORDERS": RejectReason.TOO_MANY_ORDERS,
    "EXCHANGE_MAX_NUM_ORDERS": RejectReason.TOO_MANY_ORDERS,
    "EXCHANGE_MAX_NUM_ALGO_ORDERS": RejectReason.TOO_MANY_ORDERS,
    "EXCHANGE_MAX_NUM_ICEBERG_ORDERS": RejectReason.TOO_MANY_ORDERS,
    "MAX_NUM_ORDER_AMENDS": RejectReason.AMEND_NOT_POSSIBLE,
    "ICEBERG_PARTS": RejectReason.LOT_SIZE,
    "MAX_POSITION": RejectReason.OTHER,
}
"""errors.md#filter_failures"""
_FILTER_FAILURE = "Filter failure: "

MESSAGES: tuple[tuple[str, RejectReason], ...] = (
    ("Unknown order sent", RejectReason.UNKNOWN_ORDER),
    ("Cancel order is invalid", RejectReason.UNKNOWN_ORDER),
    ("Duplicate order sent", RejectReason.DUPLICATE_CLIENT_ORDER_ID),
    ("Market is closed", RejectReason.MARKET_CLOSED),
    ("Account has insufficient balance", RejectReason.INSUFFICIENT_BALANCE),
    ("Order would immediately match and take", RejectReason.WOULD_TAKE_LIQUIDITY),
    ("Price * QTY is zero or less", RejectReason.NOTIONAL_FILTER),
    ("Order was not canceled due to cancel restrictions", RejectReason.OTHER),
    ("Order amend", RejectReason.AMEND_NOT_POSSIBLE),
    ("Order cancel-replace is not supported", RejectReason.AMEND_NOT_POSSIBLE),
    ("The requested action would change no state", RejectReason.NO_CHANGE),
    ("Market orders are not supported", RejectReason.MALFORMED_REQUEST),
    ("Unsupported order combination", RejectReason.MALFORMED_REQUEST),
    ("This action is disabled on this account", RejectReason.NOT_AUTHORISED),
    ("This account may not place or cancel orders", RejectReason.NOT_AUTHORISED),
    ("This symbol is not permitted", RejectReason.NOT_AUTHORISED),
    ("This symbol is restricted", RejectReason.NOT_AUTHORISED),
    ("WebSocket API trading is not enabled", RejectReason.NOT_AUTHORISED),
)
"""How the messages begin, errors.md#other-errors; a message not listed leaves what its code says."""


def judge(*, status: int, code: int, message: str) -> Verdict:
    """What an error means; anything that this file does not know leaves the outcome open."""
    if status >= SERVER_ERROR_STATUS:
        return _AMBIGUOUS
    if status == BANNED_STATUS:
        return _definite(RejectReason.BANNED, Concern.RATE)
    verdict = CODES.get(code)
    if verdict is None:
        return _definite(RejectReason.MALFORMED_REQUEST) if code in _REQUEST_CODES else _AMBIGUOUS
    if code in _WITH_MESSAGE:
        return verdict._replace(reason=_reason_in(message, verdict.reason))
    return verdict


def _reason_in(message: str, otherwise: RejectReason) -> RejectReason:
    if message.startswith(_FILTER_FAILURE):
        return FILTERS.get(message[len(_FILTER_FAILURE) :].rstrip("."), RejectReason.OTHER)
    for beginning, reason in MESSAGES:
        if message.startswith(beginning):
            return reason
    return otherwise
