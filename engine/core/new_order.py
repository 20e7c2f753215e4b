"""Owns new orders: from a command to a checked, reserved order and the request to its venue."""

import numpy as np

from engine.core.command_checks import check_new_id, order_sequence_of
from engine.core.effects import report_order, request_venue
from engine.core.order_table import has_room, link_open, take_slot
from engine.core.positions import reserve
from engine.core.rate_budget import charge_budget, charge_limiter
from engine.core.risk import Verdict, check_new_order, note_repetition, passed, refuse
from engine.core.state import book_of, header_of, instruments_of, orders_of, strategies_of, terms_of
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import (
    ExecutionType,
    OrderFlag,
    OrderType,
    RefusalReason,
    RequestKind,
    Side,
    TimeInForce,
)
from ipc.records import AS_CONFIGURED

NS_PER_MS = 1_000_000
BPS = 10_000
_OVERRIDE_MS_MAX = 86_400_000
_RETRIES_MAX = 100
# numba knows no IntFlag.
_POST_ONLY = int(OrderFlag.POST_ONLY)


@kernel
def resolve_order_type(terms: np.void, order_type: int) -> int:
    """The order type asked for, or the configured one."""
    return terms["default_order_type"] if order_type == OrderType.DEFAULT else order_type


@kernel
def resolve_time_in_force(terms: np.void, order_type: int, time_in_force: int) -> int:
    """The time in force asked for, or the configured one; a market order never rests."""
    resolved = terms["default_time_in_force"] if time_in_force == TimeInForce.DEFAULT else time_in_force
    if order_type == OrderType.MARKET and resolved == TimeInForce.GTC:
        return TimeInForce.IOC
    return resolved


@kernel
def check_fields(state: int, command: np.void, order_type: int, time_in_force: int) -> Verdict:
    """Whether every field of a new order has one of its values, and the values go together."""
    header = header_of(state)
    if command["instrument_id"] < 0 or command["instrument_id"] >= header["instruments_count"]:
        return refuse(RefusalReason.UNKNOWN_INSTRUMENT, header["instruments_count"] - 1, 0, command["instrument_id"])
    if command["side"] != Side.BUY and command["side"] != Side.SELL:
        return refuse(RefusalReason.INVALID_SIDE, Side.SELL, 0, command["side"])
    if order_type != OrderType.MARKET and order_type != OrderType.LIMIT:
        return refuse(RefusalReason.INVALID_ORDER_TYPE, OrderType.LIMIT, 0, order_type)
    if time_in_force != TimeInForce.GTC and time_in_force != TimeInForce.IOC and time_in_force != TimeInForce.FOK:
        return refuse(RefusalReason.INVALID_TIME_IN_FORCE, TimeInForce.FOK, 0, time_in_force)
    flags = command["order_flags"]
    if flags & ~_POST_ONLY != 0:
        return refuse(RefusalReason.INVALID_FLAGS, _POST_ONLY, 0, flags)
    # This refuses it on a market order too, which is never good till cancelled.
    if flags == _POST_ONLY and time_in_force != TimeInForce.GTC:
        return refuse(RefusalReason.INVALID_FLAGS, 0, 0, flags)
    if order_type == OrderType.MARKET and command["price_ticks"] != 0:
        return refuse(RefusalReason.INVALID_PRICE, 0, 0, command["price_ticks"])
    return check_overrides(command)


@kernel
def check_overrides(command: np.void) -> Verdict:
    """Whether the order's own terms lie within bounds, or are left as configured."""
    if command["max_slippage_bps"] < AS_CONFIGURED or command["max_slippage_bps"] >= BPS:
        return refuse(RefusalReason.INVALID_OVERRIDE, BPS - 1, 0, command["max_slippage_bps"])
    if command["retry_attempts"] < AS_CONFIGURED or command["retry_attempts"] > _RETRIES_MAX:
        return refuse(RefusalReason.INVALID_OVERRIDE, _RETRIES_MAX, 0, command["retry_attempts"])
    if command["execution_timeout_ms"] < AS_CONFIGURED or command["execution_timeout_ms"] > _OVERRIDE_MS_MAX:
        return refuse(RefusalReason.INVALID_OVERRIDE, _OVERRIDE_MS_MAX, 0, command["execution_timeout_ms"])
    if command["retry_delay_ms"] < AS_CONFIGURED or command["retry_delay_ms"] > _OVERRIDE_MS_MAX:
        return refuse(RefusalReason.INVALID_OVERRIDE, _OVERRIDE_MS_MAX, 0, command["retry_delay_ms"])
    return passed()


@kernel
def protected_price(state: int, instrument: np.void, side: int, slippage_bps: int) -> int:
    """The worst price of a market order: the touch and the allowed slippage; 0 without a fresh touch."""
    header = header_of(state)
    if header["now_ns"] - instrument["book_received_ns"] > header["book_age_max_ns"]:
        return 0
    if side == Side.BUY:
        touch = instrument["ask_ticks"]
        return 0 if touch <= 0 else min(touch + touch * slippage_bps // BPS, instrument["max_price_ticks"])
    touch = instrument["bid_ticks"]
    return 0 if touch <= 0 else max(touch - touch * slippage_bps // BPS, instrument["min_price_ticks"])


@kernel
def on_new_order(state: int, strategy_id: int, command: np.void) -> Verdict:
    """Places an order, or says why not and leaves everything as it was."""
    header = header_of(state)
    verdict = check_new_id(state, strategy_id, command["order_id"])
    if verdict.reason != 0:
        return verdict
    account_id = command["account_id"]
    if account_id < 0 or account_id >= header["accounts_count"]:
        return refuse(RefusalReason.UNKNOWN_ACCOUNT, header["accounts_count"] - 1, 0, account_id)
    terms = terms_of(state, strategy_id, account_id)
    order_type = resolve_order_type(terms, command["order_type"])
    time_in_force = resolve_time_in_force(terms, order_type, command["time_in_force"])
    verdict = check_fields(state, command, order_type, time_in_force)
    if verdict.reason != 0:
        return verdict
    slippage_bps = terms["max_slippage_bps"] if command["max_slippage_bps"] < 0 else command["max_slippage_bps"]
    is_market = order_type == OrderType.MARKET
    price_ticks = command["price_ticks"]
    if is_market:
        instrument = instruments_of(state)[command["instrument_id"]]
        price_ticks = protected_price(state, instrument, command["side"], slippage_bps)
        if price_ticks == 0:
            age_ns = header["now_ns"] - instrument["book_received_ns"]
            return refuse(RefusalReason.NO_REFERENCE_PRICE, header["book_age_max_ns"], age_ns, 0)
    verdict = check_new_order(
        state,
        strategy_id,
        account_id,
        command["instrument_id"],
        command["side"],
        price_ticks,
        command["order_lots"],
        is_market,
    )
    if verdict.reason != 0:
        return verdict
    if not has_room(state):
        return refuse(RefusalReason.ORDER_TABLE_FULL, header["orders_count"], header["open_order_count"], 1)
    _accept(state, strategy_id, command, terms, order_type, time_in_force, price_ticks)
    return passed()


@kernel
def _accept(
    state: int,
    strategy_id: int,
    command: np.void,
    terms: np.void,
    order_type: int,
    time_in_force: int,
    price_ticks: int,
) -> None:
    header = header_of(state)
    now_ns = header["now_ns"]
    slot = take_slot(state, command["order_id"])
    order = orders_of(state)[slot]
    order["strategy_id"] = strategy_id
    order["account_id"] = command["account_id"]
    order["instrument_id"] = command["instrument_id"]
    order["side"] = command["side"]
    order["order_type"] = order_type
    order["time_in_force"] = time_in_force
    order["order_flags"] = command["order_flags"]
    order["price_ticks"] = price_ticks
    order["order_lots"] = command["order_lots"]
    order["leg_lots"] = command["order_lots"]
    order["client_tag"] = command["client_tag"]
    order["published_ns"] = command["published_ns"]
    retries, delay_ms = command["retry_attempts"], command["retry_delay_ms"]
    order["retry_attempts"] = terms["retry_attempts"] if retries < 0 else retries
    order["retry_delay_ns"] = terms["retry_delay_ns"] if delay_ms < 0 else delay_ms * NS_PER_MS
    timeout_ms = command["execution_timeout_ms"]
    timeout_ns = terms["execution_timeout_ns"] if timeout_ms < 0 else timeout_ms * NS_PER_MS
    if timeout_ns > 0:
        order["execution_deadline_ns"] = now_ns + timeout_ns
        set_timer(state, slot, now_ns + timeout_ns)
    link_open(state, slot)
    reserve(state, order, order["order_lots"])
    book = book_of(state, strategy_id, command["instrument_id"])
    note_repetition(state, book, order["side"], price_ticks, order["order_lots"])
    strategies_of(state)[strategy_id]["last_order_sequence"] = order_sequence_of(command["order_id"])
    charge_limiter(state, strategy_id, order["account_id"])
    send_leg(state, order, RequestKind.NEW)
    report_order(state, order, ExecutionType.PENDING_NEW)


@kernel
def send_leg(state: int, order: np.void, request_kind: int) -> None:
    """Sends the order's current leg to the venue as a new order, or as the replacement of the leg before."""
    now_ns = header_of(state)["now_ns"]
    charge_budget(state, order["account_id"], request_kind)
    order["sent_ns"] = now_ns
    order["pending_new_ns"] = now_ns
    order["not_found_count"] = 0
    request = request_venue(state, order, request_kind, order["leg"], order["price_ticks"], order["leg_lots"])
    if order["order_type"] == OrderType.MARKET:
        # A market order goes out as the limit that keeps its slippage within bounds.
        request["order_type"] = OrderType.LIMIT
