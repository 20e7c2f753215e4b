"""Owns what a strategy may say of an order, turned into words of a record: names, times, overrides, exact numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import TypeVar

from ipc.clock import NS_PER_US
from ipc.enums import OrderFlag, OrderType, TimeInForce
from ipc.instrument import Instrument
from ipc.records import AS_CONFIGURED

Number = Decimal | str | int
# A moment as nanoseconds since the Unix epoch, or as a datetime that says its time zone.
Moment = datetime | int
Member = TypeVar("Member", bound=IntEnum)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def member(enumeration: type[Member], value: Member | str) -> Member:
    """A member by itself or by its name in any case; ValueError lists the names."""
    if isinstance(value, str):
        found = enumeration.__members__.get(value.upper())
        if found is not None:
            return found
    elif isinstance(value, enumeration):
        return value
    allowed = ", ".join(enumeration.__members__)
    raise ValueError(f"{enumeration.__name__} is {value!r}, allowed are {allowed}")


def order_type_of(
    order_type: OrderType | str | None,
    *,
    price: Number | None,
    stop_price: Number | None = None,
    quote_quantity: Number | None = None,
) -> OrderType:
    """The order's type, or the one that follows from what else was said: no number is ever silently ignored."""
    if order_type is not None:
        return member(OrderType, order_type)
    if stop_price is not None:
        return OrderType.STOP if price is None else OrderType.STOP_LIMIT
    if price is not None:
        return OrderType.LIMIT
    return OrderType.DEFAULT if quote_quantity is None else OrderType.MARKET


def time_in_force_of(time_in_force: TimeInForce | str | None, expire: Moment | None) -> TimeInForce:
    """How long an order lives; one that says when it expires is GTD."""
    if time_in_force is not None:
        return member(TimeInForce, time_in_force)
    return TimeInForce.DEFAULT if expire is None else TimeInForce.GTD


def flags_of(*, post_only: bool, reduce_only: bool, fill_first: bool | None = None) -> int:
    """The instructions on an order; which promise of a market order wins may be left to the configuration."""
    flags = (OrderFlag.POST_ONLY if post_only else 0) | (OrderFlag.REDUCE_ONLY if reduce_only else 0)
    if fill_first is None:
        return flags
    return flags | (OrderFlag.FILL_FIRST if fill_first else OrderFlag.PRICE_PROTECTED)


def configured(value: int | None) -> int:
    """An override, or as the configuration says."""
    return AS_CONFIGURED if value is None else value


def price_ticks_or_0(instrument: Instrument, price: Number | None) -> int:
    """A price in ticks; 0 when there is none."""
    return 0 if price is None else instrument.price_ticks(price)


def lots_or_0(instrument: Instrument, quantity: Number | None) -> int:
    """A quantity in lots; 0 when there is none."""
    return 0 if quantity is None else instrument.lots(quantity)


def amount_of(instrument: Instrument, quantity: Number | None, quote_quantity: Number | None) -> tuple[int, int]:
    """What is to be traded: lots, or price ticks x lots, the other one 0."""
    if (quantity is None) == (quote_quantity is None):
        raise ValueError(f"order in {instrument.name} needs either quantity or quote_quantity, and not both")
    if quote_quantity is None:
        return lots_or_0(instrument, quantity), 0
    return 0, instrument.notional_within(quote_quantity)


def display_lots_of(instrument: Instrument, display_quantity: Number | None) -> int:
    """How much of an order the book shows; 0 stands for all of it and cannot be meant."""
    if display_quantity is None:
        return 0
    lots = instrument.lots(display_quantity)
    if lots <= 0:
        raise ValueError(f"display_quantity in {instrument.name} is {display_quantity}, allowed is more than 0")
    return lots


def utc_ns_or_0(moment: Moment | None, what: str) -> int:
    """A moment in nanoseconds since the Unix epoch; 0 when there is none."""
    if moment is None:
        return 0
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"{what} is {moment!r}, allowed is a datetime with a time zone, such as datetime.now(UTC)")
        return (moment - _EPOCH) // timedelta(microseconds=1) * NS_PER_US
    if isinstance(moment, bool) or not isinstance(moment, int):
        raise TypeError(
            f"{what} is of type {type(moment).__name__}, allowed are a datetime and nanoseconds since the Unix epoch"
        )
    return moment
