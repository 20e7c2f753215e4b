"""Owns the kinds of orders that the strategies of a simulation send, and how often."""

from collections.abc import Callable
from random import Random

from ipc.clock import NS_PER_MS
from ipc.enums import OrderFlag, OrderType, SelfTradePrevention, TimeInForce

MIDDLE_TICKS = 6_500_000
"""Around which everybody trades."""

PREVENTIONS = tuple(
    mode for mode in SelfTradePrevention if mode not in (SelfTradePrevention.DEFAULT, SelfTradePrevention.NONE)
)
"""With one of these an order may leave although it would meet one's own: the venue then keeps the two apart."""

Terms = dict[str, int]
Kind = Callable[[Random, int, int, int], Terms]
"""Of a generator, 1 or -1 for the side, the lots and the UTC: what differs from a plain limit order."""


def _market(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"order_type": OrderType.MARKET, "time_in_force": TimeInForce.IOC, "price_ticks": 0}


def _amount_of_money(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return _market(generator, towards, lots, utc_ns) | {"order_lots": 0, "quote_notional": lots * MIDDLE_TICKS}


def _immediate(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {
        "time_in_force": generator.choice((TimeInForce.IOC, TimeInForce.FOK)),
        "price_ticks": MIDDLE_TICKS + towards * generator.randrange(500, 1_500),
    }


def _post_only(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"order_flags": OrderFlag.POST_ONLY}


def _reduce_only(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"order_flags": OrderFlag.REDUCE_ONLY}


def _stop_limit(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"order_type": OrderType.STOP_LIMIT, "stop_price_ticks": MIDDLE_TICKS + towards * 300}


def _stop(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"order_type": OrderType.STOP, "stop_price_ticks": MIDDLE_TICKS + towards * 300, "price_ticks": 0}


def _iceberg(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"display_lots": max(lots // 4, 1)}


def _till_date(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"time_in_force": TimeInForce.GTD, "expire_utc_ns": utc_ns + generator.randrange(300, 5_000) * NS_PER_MS}


def _day(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"time_in_force": TimeInForce.DAY}


def _scheduled(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"release_utc_ns": utc_ns + generator.randrange(50, 2_000) * NS_PER_MS}


def _self_trade(generator: Random, towards: int, lots: int, utc_ns: int) -> Terms:
    return {"self_trade_prevention": generator.choice(tuple(SelfTradePrevention))}


KINDS: tuple[tuple[float, Kind], ...] = (
    (0.10, _market),
    (0.03, _amount_of_money),
    (0.12, _immediate),
    (0.08, _post_only),
    (0.04, _reduce_only),
    (0.06, _stop_limit),
    (0.03, _stop),
    (0.03, _iceberg),
    (0.04, _till_date),
    (0.02, _day),
    (0.05, _scheduled),
    (0.05, _self_trade),
)
"""What is left over of the whole are plain limit orders."""
