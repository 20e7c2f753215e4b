"""Owns what a frame tells the session rather than the core."""

from enum import Enum
from typing import NamedTuple

from gateways.verdict import Verdict


class NoticeKind(Enum):
    """What happened to the session."""

    ANSWER = 1
    """The reply to a request of the session itself."""
    STATUS_ANSWER = 2
    """The reply to a status query; the records beside it are the order's status."""
    TRADES_ANSWER = 3
    """The reply to a query of one order's trades; the records beside it are its fills."""
    OPEN_ORDERS_ANSWER = 4
    """The reply to a query of one symbol's open orders; the records beside it are their status."""
    IDENTITY_ANSWER = 5
    """The reply to a query of an order by the venue's number; the first record beside it says whose it is."""
    ACCOUNT_TRADES_ANSWER = 6
    """The reply to a query of one symbol's trades; the records beside it are fills of whatever orders, without those
    that came before in another way."""
    SHUTDOWN = 7
    """The venue is about to close the connection."""
    STREAM_ENDED = 8
    """No more events of the account will come on this connection."""
    SESSION_REVOKED = 9
    """The key is no longer good on this connection."""
    UNCORRELATED_ERROR = 10
    """An error without a request id: no request in flight can count on its reply."""
    CLOCK_DOUBT = 11
    """The venue took a time stamp for too old or too new."""


class Notice(NamedTuple):
    """One such thing; `verdict` is set when the venue refused, and then `result` is its message."""

    kind: NoticeKind
    request_id: str = ""
    order_id: int = 0
    instrument_id: int = -1
    venue_order_id: int = 0
    trade_count: int = 0
    last_trade_id: int = 0
    result: bytes = b"null"
    verdict: Verdict | None = None
