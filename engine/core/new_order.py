"""Owns new orders: from a command to a checked, reserved order and the request to its venue."""

import numpy as np

from engine.core.command_checks import check_new_id, order_sequence_of
from engine.core.deadlines import arm
from engine.core.effects import report_order
from engine.core.fill_first import check_promise, resolve_promise
from engine.core.order_kinds import POST_ONLY, PROMISES, REDUCE_ONLY, check_kind, expiry_of, is_plain, is_stop, may_rest
from engine.core.order_limiter import charge_limiter
from engine.core.order_table import has_room, link_open, take_slot
from engine.core.rate_checks import check_rate
from engine.core.rate_queue import check_line, check_turn
from engine.core.rate_waiting import let_wait
from engine.core.repetition import note_repetition
from engine.core.requests import send_leg
from engine.core.reservations import reserve
from engine.core.risk import Leaving, check_leaving
from engine.core.state import accounts_of, book_of, header_of, instruments_of, orders_of, strategies_of, terms_of
from engine.core.throttles import count_execution
from engine.core.verdict import Verdict, passed, refuse
from engine.core.worst_price import BPS, protected_price, slipped
from ipc.compiler import kernel
from ipc.enums import ExecutionType, OrderType, RefusalReason, RequestKind, Side, TimeInForce, VenueAbility
from ipc.records import AS_CONFIGURED

NS_PER_MS = 1_000_000
_OVERRIDE_MS_MAX = 86_400_000
_RETRIES_MAX = 100
# numba knows no IntFlag.
_GOOD_TILL_DATE = int(VenueAbility.GOOD_TILL_DATE)


@kernel
def resolve_order_type(terms: np.void, order_type: int, price_ticks: int) -> int:
    """The order type asked for; of an order that names none, what its price says, or the configured one."""
    if order_type != OrderType.DEFAULT:
        return order_type
    return OrderType.LIMIT + 0 if price_ticks != 0 else terms["default_order_type"]


@kernel
def resolve_time_in_force(terms: np.void, order_type: int, time_in_force: int) -> int:
    """The time in force asked for, or the configured one; a market order never rests, one that waits always does."""
    if time_in_force == TimeInForce.DEFAULT:
        if is_stop(order_type):
            return TimeInForce.GTC + 0
        time_in_force = terms["default_time_in_force"]
    if order_type == OrderType.MARKET and time_in_force == TimeInForce.GTC:
        return TimeInForce.IOC + 0
    return time_in_force


@kernel
def check_fields(state: int, command: np.void, order_type: int, time_in_force: int) -> Verdict:
    """Whether every field of a new order has one of its values, and the values go together."""
    header = header_of(state)
    if command["instrument_id"] < 0 or command["instrument_id"] >= header["instruments_count"]:
        return refuse(RefusalReason.UNKNOWN_INSTRUMENT, header["instruments_count"] - 1, 0, command["instrument_id"])
    if command["side"] != Side.BUY and command["side"] != Side.SELL:
        return refuse(RefusalReason.INVALID_SIDE, Side.SELL, 0, command["side"])
    if order_type < OrderType.MARKET or order_type > OrderType.STOP_LIMIT:
        return refuse(RefusalReason.INVALID_ORDER_TYPE, OrderType.STOP_LIMIT, 0, order_type)
    if time_in_force != TimeInForce.IOC and time_in_force != TimeInForce.FOK and not may_rest(time_in_force):
        return refuse(RefusalReason.INVALID_TIME_IN_FORCE, TimeInForce.GTD, 0, time_in_force)
    flags = command["order_flags"]
    if flags & ~(POST_ONLY | REDUCE_ONLY | PROMISES) != 0:
        return refuse(RefusalReason.INVALID_FLAGS, POST_ONLY | REDUCE_ONLY | PROMISES, 0, flags)
    # This refuses it on a market order too, which never rests.
    if flags & POST_ONLY != 0 and (order_type != OrderType.LIMIT or not may_rest(time_in_force)):
        return refuse(RefusalReason.INVALID_FLAGS, 0, 0, flags)
    has_limit = order_type == OrderType.LIMIT or order_type == OrderType.STOP_LIMIT
    if not has_limit and command["price_ticks"] != 0:
        return refuse(RefusalReason.INVALID_PRICE, 0, 0, command["price_ticks"])
    verdict = check_promise(order_type, time_in_force, flags)
    if verdict.reason != 0:
        return verdict
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
def _price_of(state: int, command: np.void, order_type: int, slippage_bps: int) -> int:
    """The worst price at which an order may trade; 0 when nothing says which."""
    instrument = instruments_of(state)[command["instrument_id"]]
    if order_type == OrderType.MARKET:
        return protected_price(state, instrument, command["side"], slippage_bps)
    return slipped(instrument, command["side"], command["stop_price_ticks"], slippage_bps)


@kernel
def on_new_order(state: int, strategy_id: int, command: np.void) -> Verdict:
    """Places a client's order, or says why not and leaves everything as it was."""
    verdict = check_new_id(state, strategy_id, command["order_id"])
    if verdict.reason != 0:
        return verdict
    return place_order(state, strategy_id, command, 0)


@kernel
def place_order(state: int, strategy_id: int, command: np.void, parent_order_id: int) -> Verdict:
    """Places an order whose id is known to be new, or says why not and leaves everything as it was."""
    header = header_of(state)
    account_id = command["account_id"]
    if account_id < 0 or account_id >= header["accounts_count"]:
        return refuse(RefusalReason.UNKNOWN_ACCOUNT, header["accounts_count"] - 1, 0, account_id)
    terms = terms_of(state, strategy_id, account_id)
    order_type = resolve_order_type(terms, command["order_type"], command["price_ticks"])
    time_in_force = resolve_time_in_force(terms, order_type, command["time_in_force"])
    verdict = check_fields(state, command, order_type, time_in_force)
    if verdict.reason != 0:
        return verdict
    plain = is_plain(command, order_type, time_in_force)
    if not plain:
        verdict = check_kind(state, command, order_type, time_in_force)
        if verdict.reason != 0:
            return verdict
    slippage_bps = terms["max_slippage_bps"] if command["max_slippage_bps"] < 0 else command["max_slippage_bps"]
    price_ticks = command["price_ticks"]
    if order_type == OrderType.MARKET or order_type == OrderType.STOP:
        price_ticks = _price_of(state, command, order_type, slippage_bps)
        if price_ticks == 0:
            age_ns = header["now_ns"] - instruments_of(state)[command["instrument_id"]]["book_received_ns"]
            return refuse(RefusalReason.NO_REFERENCE_PRICE, header["book_age_max_ns"], age_ns, 0)
    order_lots = command["order_lots"]
    if command["quote_notional"] != 0:
        # At the worst price, so that no more is spent than was said.
        order_lots = command["quote_notional"] // price_ticks
    is_child = parent_order_id != 0
    flags = resolve_promise(terms, order_type, time_in_force, command["order_flags"])
    verdict = _check_risk(state, strategy_id, command, order_type, flags, price_ticks, order_lots, is_child)
    if verdict.reason != 0:
        return verdict
    if not has_room(state):
        return refuse(RefusalReason.ORDER_TABLE_FULL, header["orders_count"], header["open_order_count"], 1)
    waits = passed()
    if command["release_utc_ns"] == 0:
        waits = check_rate(state, strategy_id, account_id, command["instrument_id"], RequestKind.NEW, 0)
        waits = check_turn(terms, waits)
        # A child does not wait in line: its parent sends another one, at the price of then, if it still wants to.
        verdict = waits if is_child else check_line(terms, waits)
        if verdict.reason != 0:
            return verdict
    slot = _accept(state, strategy_id, command, terms, order_type, time_in_force, price_ticks, order_lots, plain)
    order = orders_of(state)[slot]
    order["order_flags"] = flags
    order["parent_order_id"] = parent_order_id
    if parent_order_id == 0:
        strategies_of(state)[strategy_id]["last_order_sequence"] = order_sequence_of(command["order_id"])
    _open(state, slot, order, waits)
    return passed()


@kernel
def _check_risk(
    state: int,
    strategy_id: int,
    command: np.void,
    order_type: int,
    order_flags: int,
    price_ticks: int,
    order_lots: int,
    is_child: bool,
) -> Verdict:
    return check_leaving(
        state,
        Leaving(
            strategy_id,
            command["account_id"],
            command["instrument_id"],
            command["side"],
            price_ticks,
            price_ticks,
            order_lots,
            order_lots,
            order_flags,
            command["stop_price_ticks"],
            command["self_trade_prevention"],
            RequestKind.NEW + 0,
            0,
            0,
            0,
            order_type == OrderType.MARKET or order_type == OrderType.STOP,
            True,
            command["release_utc_ns"] != 0,
            False,
            True,
            is_child,
        ),
    )


@kernel
def _accept(
    state: int,
    strategy_id: int,
    command: np.void,
    terms: np.void,
    order_type: int,
    time_in_force: int,
    price_ticks: int,
    order_lots: int,
    plain: bool,
) -> int:
    """Fills the row of a new order; returns its slot."""
    now_ns = header_of(state)["now_ns"]
    slot = take_slot(state, command["order_id"])
    order = orders_of(state)[slot]
    order["strategy_id"] = strategy_id
    order["account_id"] = command["account_id"]
    order["instrument_id"] = command["instrument_id"]
    order["side"] = command["side"]
    order["order_type"] = order_type
    order["time_in_force"] = time_in_force
    order["price_ticks"] = price_ticks
    order["order_lots"] = order_lots
    order["leg_lots"] = order_lots
    order["client_tag"] = command["client_tag"]
    order["published_ns"] = command["published_ns"]
    retries, delay_ms = command["retry_attempts"], command["retry_delay_ms"]
    order["retry_attempts"] = terms["retry_attempts"] if retries < 0 else retries
    order["retry_delay_ns"] = terms["retry_delay_ns"] if delay_ms < 0 else delay_ms * NS_PER_MS
    slippage_bps = command["max_slippage_bps"]
    order["max_slippage_bps"] = terms["max_slippage_bps"] if slippage_bps < 0 else slippage_bps
    if not plain:
        _note_kind(state, order, command)
    timeout_ms = command["execution_timeout_ms"]
    timeout_ns = terms["execution_timeout_ns"] if timeout_ms < 0 else timeout_ms * NS_PER_MS
    if timeout_ns > 0:
        order["execution_deadline_ns"] = max(now_ns, order["release_at_ns"]) + timeout_ns
    return slot


@kernel
def _open(state: int, slot: int, order: np.void, waits: Verdict) -> None:
    """Reserves for a new order and sends it, or lets it wait."""
    link_open(state, slot)
    reserve(state, order, order["order_lots"])
    count_execution(state, order)
    strategy_id = order["strategy_id"]
    if order["parent_order_id"] == 0:
        book = book_of(state, strategy_id, order["instrument_id"])
        note_repetition(state, book, order["side"], order["price_ticks"], order["order_lots"])
    if order["release_at_ns"] == 0 and waits.reason == 0:
        charge_limiter(state, strategy_id, order["account_id"])
        send_leg(state, order)
    report_order(state, order, ExecutionType.PENDING_NEW)
    if waits.reason != 0:
        let_wait(state, order, waits)
    arm(state, slot, order)


@kernel
def _note_kind(state: int, order: np.void, command: np.void) -> None:
    """Takes over what an order asks for out of the ordinary; times of the venue become times of this host."""
    now_ns = header_of(state)["now_ns"]
    utc_ns = now_ns + accounts_of(state)[order["account_id"]]["utc_offset_ns"]
    order["stop_price_ticks"] = command["stop_price_ticks"]
    order["display_lots"] = command["display_lots"]
    order["self_trade_prevention"] = command["self_trade_prevention"]
    if command["release_utc_ns"] != 0:
        order["release_at_ns"] = now_ns + command["release_utc_ns"] - utc_ns
    time_in_force = order["time_in_force"]
    if time_in_force == TimeInForce.DAY or time_in_force == TimeInForce.GTD:
        order["expire_utc_ns"] = expiry_of(time_in_force, command["expire_utc_ns"], utc_ns)
        if instruments_of(state)[order["instrument_id"]]["ability"] & _GOOD_TILL_DATE == 0:
            order["expire_at_ns"] = now_ns + order["expire_utc_ns"] - utc_ns
