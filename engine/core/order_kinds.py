"""Owns what an order may ask for beyond a side, a price and a quantity, and whether that goes together."""

import numpy as np

from engine.core.state import accounts_of, header_of, instruments_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import OrderFlag, OrderType, RefusalReason, SelfTradePrevention, TimeInForce, VenueAbility

NS_PER_DAY = 86_400_000_000_000
_EXPIRY_MAX_NS = 3_650 * NS_PER_DAY
# numba knows no IntFlag.
POST_ONLY = int(OrderFlag.POST_ONLY)
REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)
FILL_FIRST = int(OrderFlag.FILL_FIRST)
PROMISES = FILL_FIRST | int(OrderFlag.PRICE_PROTECTED)
_STOP_ORDERS = int(VenueAbility.STOP_ORDERS)
_DISPLAY_QUANTITY = int(VenueAbility.DISPLAY_QUANTITY)
_SELF_TRADE_PREVENTION = int(VenueAbility.SELF_TRADE_PREVENTION)


@kernel
def is_stop(order_type: int) -> bool:
    """Whether an order waits for a stop price."""
    return order_type == OrderType.STOP or order_type == OrderType.STOP_LIMIT


@kernel
def may_rest(time_in_force: int) -> bool:
    """Whether an order stays with the venue until it is filled, cancelled or its time is over."""
    return time_in_force == TimeInForce.GTC or time_in_force == TimeInForce.DAY or time_in_force == TimeInForce.GTD


@kernel
def is_plain(command: np.void, order_type: int, time_in_force: int) -> bool:
    """Whether an order asks for nothing out of the ordinary, as most do."""
    return (
        command["stop_price_ticks"] == 0
        and command["expire_utc_ns"] == 0
        and command["display_lots"] == 0
        and command["quote_notional"] == 0
        and command["self_trade_prevention"] == 0
        and command["release_utc_ns"] == 0
        and time_in_force != TimeInForce.DAY
        and time_in_force != TimeInForce.GTD
        and not is_stop(order_type)
    )


@kernel
def check_kind(state: int, command: np.void, order_type: int, time_in_force: int) -> Verdict:
    """Whether everything out of the ordinary goes together, and the venue can do it. Precondition: ids are known."""
    verdict = _check_stop(state, command, order_type, time_in_force)
    if verdict.reason != 0:
        return verdict
    utc_ns = header_of(state)["now_ns"] + accounts_of(state)[command["account_id"]]["utc_offset_ns"]
    verdict = _check_times(command, order_type, time_in_force, utc_ns)
    if verdict.reason != 0:
        return verdict
    verdict = _check_quote(command, order_type)
    if verdict.reason != 0:
        return verdict
    verdict = _check_display(state, command, order_type, time_in_force)
    if verdict.reason != 0:
        return verdict
    return _check_self_trade_prevention(state, command)


@kernel
def check_stop_price(instrument: np.void, stop_price_ticks: int) -> Verdict:
    """Whether a stop price is one that the venue takes."""
    if stop_price_ticks < max(instrument["min_price_ticks"], 1):
        return refuse(RefusalReason.INVALID_STOP_PRICE, instrument["min_price_ticks"], 0, stop_price_ticks)
    if stop_price_ticks > instrument["max_price_ticks"]:
        return refuse(RefusalReason.INVALID_STOP_PRICE, instrument["max_price_ticks"], 0, stop_price_ticks)
    return passed()


@kernel
def _check_stop(state: int, command: np.void, order_type: int, time_in_force: int) -> Verdict:
    stop_price_ticks = command["stop_price_ticks"]
    if not is_stop(order_type):
        if stop_price_ticks != 0:
            return refuse(RefusalReason.INVALID_STOP_PRICE, 0, 0, stop_price_ticks)
        return passed()
    instrument = instruments_of(state)[command["instrument_id"]]
    if instrument["ability"] & _STOP_ORDERS == 0:
        return refuse(RefusalReason.NOT_SUPPORTED_BY_VENUE, instrument["ability"], 0, order_type)
    if order_type == OrderType.STOP and not may_rest(time_in_force):
        return refuse(RefusalReason.INVALID_TIME_IN_FORCE, TimeInForce.GTC, 0, time_in_force)
    return check_stop_price(instrument, stop_price_ticks)


@kernel
def _check_times(command: np.void, order_type: int, time_in_force: int, utc_ns: int) -> Verdict:
    """A GTD order's end lies ahead, nobody else names one; an order is released within a day and before its end."""
    expire_utc_ns, release_utc_ns = command["expire_utc_ns"], command["release_utc_ns"]
    if order_type == OrderType.MARKET and may_rest(time_in_force):
        return refuse(RefusalReason.INVALID_TIME_IN_FORCE, TimeInForce.IOC, 0, time_in_force)
    if time_in_force == TimeInForce.GTD:
        if expire_utc_ns <= utc_ns or expire_utc_ns > utc_ns + _EXPIRY_MAX_NS:
            return refuse(RefusalReason.INVALID_EXPIRY, utc_ns, 0, expire_utc_ns)
    elif expire_utc_ns != 0:
        return refuse(RefusalReason.INVALID_EXPIRY, 0, 0, expire_utc_ns)
    if release_utc_ns == 0:
        return passed()
    latest_utc_ns = utc_ns + NS_PER_DAY
    if may_rest(time_in_force) and time_in_force != TimeInForce.GTC:
        latest_utc_ns = min(latest_utc_ns, expiry_of(time_in_force, expire_utc_ns, utc_ns) - 1)
    if release_utc_ns <= utc_ns or release_utc_ns > latest_utc_ns:
        return refuse(RefusalReason.INVALID_RELEASE_TIME, latest_utc_ns, utc_ns, release_utc_ns)
    return passed()


@kernel
def expiry_of(time_in_force: int, expire_utc_ns: int, utc_ns: int) -> int:
    """When a DAY or GTD order ends: a day is that of UTC."""
    return utc_ns - utc_ns % NS_PER_DAY + NS_PER_DAY if time_in_force == TimeInForce.DAY else expire_utc_ns


@kernel
def _check_quote(command: np.void, order_type: int) -> Verdict:
    """Money stands for the lots of a market order that is sent at once: the price is known then alone."""
    quote_notional = command["quote_notional"]
    if quote_notional == 0:
        return passed()
    is_sent_later = command["release_utc_ns"] != 0
    if quote_notional < 0 or order_type != OrderType.MARKET or command["order_lots"] != 0 or is_sent_later:
        return refuse(RefusalReason.INVALID_QUANTITY, 0, command["order_lots"], quote_notional)
    return passed()


@kernel
def _check_display(state: int, command: np.void, order_type: int, time_in_force: int) -> Verdict:
    display_lots = command["display_lots"]
    if display_lots == 0:
        return passed()
    ability = instruments_of(state)[command["instrument_id"]]["ability"]
    if ability & _DISPLAY_QUANTITY == 0:
        return refuse(RefusalReason.NOT_SUPPORTED_BY_VENUE, ability, 0, display_lots)
    is_limit = order_type == OrderType.LIMIT or order_type == OrderType.STOP_LIMIT
    if display_lots < 0 or display_lots >= command["order_lots"] or not is_limit or not may_rest(time_in_force):
        return refuse(RefusalReason.INVALID_DISPLAY_QUANTITY, command["order_lots"] - 1, 0, display_lots)
    if command["order_flags"] & POST_ONLY != 0:
        return refuse(RefusalReason.INVALID_DISPLAY_QUANTITY, 0, command["order_flags"], display_lots)
    return passed()


@kernel
def _check_self_trade_prevention(state: int, command: np.void) -> Verdict:
    asked = command["self_trade_prevention"]
    if asked == SelfTradePrevention.DEFAULT:
        return passed()
    if asked < 0 or asked > SelfTradePrevention.DECREMENT:
        return refuse(RefusalReason.INVALID_SELF_TRADE_PREVENTION, SelfTradePrevention.DECREMENT, 0, asked)
    ability = instruments_of(state)[command["instrument_id"]]["ability"]
    if ability & _SELF_TRADE_PREVENTION == 0:
        return refuse(RefusalReason.NOT_SUPPORTED_BY_VENUE, ability, 0, asked)
    return passed()
