"""Owns the words and facts of the reference model: what is known of an order, its legs and its trades."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple


class Status(Enum):
    """FIX OrdStatus(39); UNKNOWN is what FIX has no word for."""

    PENDING_NEW = auto()
    NEW = auto()
    PARTIALLY_FILLED = auto()
    FILLED = auto()
    CANCELED = auto()
    EXPIRED = auto()
    REJECTED = auto()
    PENDING_CANCEL = auto()
    PENDING_REPLACE = auto()
    UNKNOWN = auto()
    DONE_FOR_DAY = auto()
    CALCULATED = auto()
    STOPPED = auto()
    SUSPENDED = auto()


# FIX 5.0 SP2, appendix D: of the statuses that apply at once, the one with the highest number is reported.
PRECEDENCE = {
    Status.UNKNOWN: 13,
    Status.PENDING_CANCEL: 12,
    Status.PENDING_REPLACE: 11,
    Status.DONE_FOR_DAY: 10,
    Status.CALCULATED: 9,
    Status.FILLED: 8,
    Status.STOPPED: 7,
    Status.SUSPENDED: 6,
    Status.CANCELED: 5,
    Status.EXPIRED: 5,
    Status.REJECTED: 5,
    Status.PARTIALLY_FILLED: 4,
    Status.NEW: 2,
    Status.PENDING_NEW: 1,
}


class Happened(Enum):
    """FIX ExecType(150), the two rejections that FIX reports in a message of their own, and what is ours."""

    PENDING_NEW = auto()
    NEW = auto()
    TRADE = auto()
    CANCELED = auto()
    REPLACED = auto()
    REJECTED = auto()
    EXPIRED = auto()
    PENDING_CANCEL = auto()
    PENDING_REPLACE = auto()
    CANCEL_REJECTED = auto()
    REPLACE_REJECTED = auto()
    REFUSED = auto()
    ORDER_STATUS = auto()
    UNKNOWN = auto()
    RELEASED = auto()
    TRIGGERED = auto()
    TRADE_CANCELED = auto()
    TRADE_CORRECTED = auto()
    RESTATED = auto()
    DONE_FOR_DAY = auto()
    CALCULATED = auto()
    STOPPED = auto()
    SUSPENDED = auto()


class End(Enum):
    """How an order ended."""

    FILLED = auto()
    CANCELED = auto()
    EXPIRED = auto()
    REJECTED = auto()
    EXECUTION_TIMEOUT = auto()


class Alarm(Enum):
    """What a person must hear of."""

    LATE_FILL = auto()
    OVERFILL = auto()
    TRADE_CANCELED = auto()
    TRADE_CORRECTED = auto()
    TRADE_DIFFERS = auto()
    REVIVED_ORDER = auto()


class Way(Enum):
    """How an amendment is carried out."""

    IN_PLACE = auto()  # the leg stays
    NEW_LEG = auto()  # one request ends the leg and begins another
    CANCEL_FIRST = auto()  # a leg that has traded is ended, what is left is sent as another


@dataclass
class Trade:
    """One entry of the ledger; a trade that was taken back keeps its id, so that it is not booked again."""

    leg: int
    lots: int
    price: int
    is_taken_back: bool = False


@dataclass
class Leg:
    """One order at the venue."""

    asked: int
    base: int  # filled by the legs before it


@dataclass
class Amendment:
    """A change under way."""

    way: Way
    lots: int
    price: int
    leg: int
    version: int
    leg_lots: int  # what the venue is asked for, whatever earlier legs trade since
    is_old_leg_gone: bool = False


class Wanted(NamedTuple):
    """A change that was asked for; 0 keeps what is."""

    lots: int
    price: int
    version: int
    condition: int  # the version that must be in force, 0 for any
