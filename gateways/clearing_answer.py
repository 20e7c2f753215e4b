"""Owns what a guardian hears from a venue that it asked to cancel everything and to tell what is left."""

from enum import Enum
from typing import NamedTuple

from gateways.verdict import Verdict


class ClearingQuestion(Enum):
    """What an answer answers."""

    CANCEL_ALL = 1
    OPEN_ORDERS = 2
    CANCEL = 3
    UNNAMED = 4
    """An error without a request id: it may be about any of them."""


class ClearingAnswer(NamedTuple):
    """One answer; `verdict` is set when the venue refused."""

    question: ClearingQuestion
    symbol: str = ""
    venue_order_ids: tuple[int, ...] = ()
    """The open orders, if they were asked for."""
    ended_count: int = 0
    """How many orders were cancelled."""
    verdict: Verdict | None = None
    blocked_until_ns: int = 0
    """CLOCK_MONOTONIC until when the venue takes nothing more, 0 when it does not say."""


class ClearingWeights(NamedTuple):
    """What the questions add to what a venue grants, at most."""

    cancel_all: int
    open_orders: int
    cancel: int
