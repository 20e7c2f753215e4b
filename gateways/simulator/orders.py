"""Owns the venue-neutral vocabulary of orders, fills and executions."""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import Any

import msgspec

from gateways.simulator.accounts import Account
from gateways.simulator.instruments import Instrument


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    SELL = "SELL"


class OrderKind(Enum):
    """Whether an order has a worst price."""

    LIMIT = auto()
    MARKET = auto()


class TimeInForce(StrEnum):
    """How long an order may wait."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    """FIX OrdStatus."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class EndReason(Enum):
    """Why the venue ended an order that nobody canceled."""

    NONE = auto()
    UNFILLED_IMMEDIATE_OR_CANCEL = auto()
    UNFILLED_FILL_OR_KILL = auto()
    INSUFFICIENT_LIQUIDITY = auto()
    SELF_TRADE = auto()
    TRIGGERED_ORDER_REJECTED = auto()


class SelfTradePrevention(StrEnum):
    """Which of two orders of one account gives way; with DECREMENT both lose what they would have traded."""

    NONE = "NONE"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"


class RejectReason(Enum):
    """Why the matching engine refused a request; nothing has changed then."""

    INSUFFICIENT_BALANCE = auto()
    DUPLICATE_CLIENT_ORDER_ID = auto()
    MARKET_CLOSED = auto()
    WOULD_TAKE = auto()
    WOULD_TRIGGER = auto()
    NO_LIQUIDITY = auto()
    UNKNOWN_ORDER = auto()
    QUANTITY_NOT_REDUCED = auto()
    QUANTITY_UNCHANGED = auto()


class Order(msgspec.Struct, eq=False, kw_only=True):
    """An order from its request to its end; the exchange owns every field below `wire`."""

    account: Account
    instrument: Instrument
    client_order_id: str
    side: Side
    kind: OrderKind
    time_in_force: TimeInForce = TimeInForce.GTC
    order_lots: int = 0
    price_ticks: int = 0
    quote_order_units: int = 0
    post_only: bool = False
    stop_ticks: int = 0
    stop_rises: bool = False
    display_lots: int = 0
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.NONE
    wire: Any = None  # What the protocol face wants to remember; the core never reads it.

    order_id: int = 0
    status: OrderStatus = OrderStatus.NEW
    end_reason: EndReason = EndReason.NONE
    is_open: bool = False
    cumulative_lots: int = 0
    cumulative_quote_units: int = 0
    visible_lots: int = 0
    locked_units: int = 0
    prevented_lots: int = 0
    prevented_match_id: int = -1
    amendment_count: int = 0
    created_ns: int = 0
    updated_ns: int = 0
    working_ns: int = 0
    fills: list[Fill] = []

    @property
    def leaves_lots(self) -> int:
        """What may still trade."""
        return self.order_lots - self.cumulative_lots - self.prevented_lots


class Fill(msgspec.Struct, eq=False):
    """One account's side of a trade."""

    order: Order
    trade_id: int
    price_ticks: int
    lots: int
    quote_units: int
    is_maker: bool
    fee_units: int = 0
    fee_asset: str = ""
    utc_ns: int = 0


class ExecutionType(StrEnum):
    """FIX ExecType, as far as a venue reports it."""

    NEW = "NEW"
    TRADE = "TRADE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"
    TRADE_PREVENTION = "TRADE_PREVENTION"


class Prevention(msgspec.Struct, eq=False):
    """A trade of an account with itself that did not happen."""

    match_id: int
    counterpart: Order
    expired_lots: int
    match_lots: int
    price_ticks: int


class Execution(msgspec.Struct, eq=False):
    """One thing that happened to an order; the order already shows its consequence."""

    execution_type: ExecutionType
    order: Order
    fill: Fill | None = None
    client_order_id: str = ""  # The id of the request that caused it, when that is not the order's own.
    prevention: Prevention | None = None
    execution_id: int = 0
    utc_ns: int = 0
