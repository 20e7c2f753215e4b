"""Owns what a parent does with its children: sends one, changes its price, cancels it, and what a refusal leads to."""

import numpy as np

from engine.core.cancel import cancel_rest, check_cancel_budget, is_cancelable
from engine.core.effects import room_for_effects
from engine.core.new_order import place_order
from engine.core.parent_holds import hold_longer, is_of_the_moment
from engine.core.parent_reports import report_parent, tell_refusal
from engine.core.state import effect_address, header_of, orders_of, strategies_of
from engine.core.verdict import Verdict, refuse
from engine.core.versions import on_amend_order
from ipc.compiler import kernel
from ipc.enums import OrderFlag, OrderType, RecordKind, RefusalReason, TimeInForce, TradingState
from ipc.memory import view
from ipc.order_id import EPOCH_SHIFT, INSTANCE_SHIFT, SEQUENCE_MAX, SEQUENCE_SHIFT, STRATEGY_SHIFT
from ipc.parent_enums import ParentEnd, ParentEvent, ParentFlag
from ipc.parent_tables import CHILDREN_MAX
from ipc.records import AMEND_ORDER, NEW_ORDER

_REQUESTS_OF_ONE_STEP = 40
# What asking leaves, and the place where commands are written.
_EFFECTS_OF_ONE = 5
# What takes is over with the venue's answer. One whose end got lost is cancelled then, and so asked for.
_ANSWER_MS = 5_000
_NEVER_UTC_NS = (1 << 63) - 1
# numba knows no IntFlag.
_POST_ONLY = int(OrderFlag.POST_ONLY)
_REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)
_PARENT_REDUCES = int(ParentFlag.REDUCE_ONLY)


@kernel
def can_have_child(parent: np.void) -> bool:
    """Whether one more child may live."""
    return parent["living_count"] < CHILDREN_MAX


@kernel
def has_room_to_ask(state: int) -> bool:
    """Whether this step has room to ask for one more cancel or change.

    A venue that takes trades back lets more children live again than a parent ever sends at a time.
    """
    return header_of(state)["request_count"] < _REQUESTS_OF_ONE_STEP and room_for_effects(state) > _EFFECTS_OF_ONE


@kernel
def send_child(
    state: int,
    parent: np.void,
    account_id: int,
    instrument_id: int,
    lots: int,
    price_ticks: int,
    time_in_force: int,
    is_post_only: bool,
) -> int:
    """Sends a child as a limit order; returns its id, or 0 when it was refused, which the parent then has noted."""
    strategy = strategies_of(state)[parent["strategy_id"]]
    if strategy["last_child_sequence"] >= SEQUENCE_MAX:
        # A venue that knows an order under the last id has used up all of them.
        note_refusal(state, parent, refuse(RefusalReason.LEGS_EXHAUSTED, SEQUENCE_MAX, SEQUENCE_MAX, 1))
        return 0
    order_id = _next_child_id(state, parent["strategy_id"])
    command = _scratch_order(state)
    command["order_id"] = order_id
    command["instrument_id"] = instrument_id
    command["account_id"] = account_id
    command["side"] = parent["side"]
    command["time_in_force"] = time_in_force
    command["execution_timeout_ms"] = 0 if time_in_force == TimeInForce.GTC else _ANSWER_MS
    flags = _POST_ONLY if is_post_only else 0
    if parent["parent_flags"] & _PARENT_REDUCES != 0:
        flags |= _REDUCE_ONLY
    command["order_flags"] = flags
    command["price_ticks"] = price_ticks
    command["order_lots"] = lots
    command["client_tag"] = parent["client_tag"]
    verdict = place_order(state, parent["strategy_id"], command, parent["order_id"])
    if verdict.reason != 0:
        note_refusal(state, parent, verdict)
        return 0
    parent["child_count"] += 1
    parent["told_reason"] = 0
    report = report_parent(state, parent, ParentEvent.CHILD_SENT)
    report["child_order_id"] = order_id
    return order_id


@kernel
def _next_child_id(state: int, strategy_id: int) -> int:
    header, strategy = header_of(state), strategies_of(state)[strategy_id]
    strategy["last_child_sequence"] += 1
    return (
        header["instance"] << INSTANCE_SHIFT
        | header["epoch"] << EPOCH_SHIFT
        | strategy_id << STRATEGY_SHIFT
        | strategy["last_child_sequence"] << SEQUENCE_SHIFT
    )


@kernel
def _scratch_order(state: int) -> np.void:
    """Room for a command: the last effect's place, which a step that lets parents work never reaches."""
    header = header_of(state)
    order = view(effect_address(state, header["effects_count"] - 1), 1, NEW_ORDER)[0]
    order["kind"] = RecordKind.NEW_ORDER
    order["sequence"] = 0
    order["published_ns"] = header["now_ns"]
    order["expires_utc_ns"] = _NEVER_UTC_NS
    order["order_type"] = OrderType.LIMIT
    order["max_slippage_bps"] = 0
    order["retry_attempts"] = 0
    order["retry_delay_ms"] = 0
    order["stop_price_ticks"] = 0
    order["expire_utc_ns"] = 0
    order["display_lots"] = 0
    order["quote_notional"] = 0
    order["self_trade_prevention"] = 0
    order["release_utc_ns"] = 0
    return order


@kernel
def reprice_child(state: int, order: np.void, price_ticks: int) -> Verdict:
    """Asks for another price of a resting child."""
    header = header_of(state)
    command = view(effect_address(state, header["effects_count"] - 1), 1, AMEND_ORDER)[0]
    command["kind"] = RecordKind.AMEND_ORDER
    command["sequence"] = 0
    command["published_ns"] = header["now_ns"]
    command["expires_utc_ns"] = _NEVER_UTC_NS
    command["order_id"] = order["order_id"]
    command["price_ticks"] = price_ticks
    command["order_lots"] = 0
    command["stop_price_ticks"] = 0
    command["version"] = 0
    command["conditional_on_version"] = 0
    return on_amend_order(state, command)


@kernel
def cancel_child(state: int, order: np.void) -> bool:
    """Cancels a child; False when there is no room for that now, by a rate limit or in this step."""
    if not is_cancelable(order):
        return True
    if not has_room_to_ask(state) or check_cancel_budget(state, order).reason != 0:
        return False
    cancel_rest(state, order)
    return True


@kernel
def cancel_children(state: int, parent: np.void) -> bool:
    """Cancels every living child; False when there is no room for some of them now."""
    orders = orders_of(state)
    slot, are_all = parent["first_child"], True
    while slot >= 0:
        following = orders[slot]["next_child"]
        are_all = cancel_child(state, orders[slot]) and are_all
        slot = following
    return are_all


@kernel
def note_refusal(state: int, parent: np.void, verdict: Verdict) -> None:
    """Holds a parent back for a while after a refusal, and tells why when it is another reason than the last one told.

    Whoever is halted is over.
    """
    hold_longer(state, parent, is_of_the_moment(verdict.reason))
    parent["reason"] = verdict.reason
    if verdict.reason == RefusalReason.TRADING_STATE and verdict.current == TradingState.HALT:
        parent["end_reason"] = ParentEnd.REFUSED
    if parent["told_reason"] != verdict.reason:
        parent["told_reason"] = verdict.reason
        report = report_parent(state, parent, ParentEvent.CHILD_REFUSED)
        tell_refusal(report, verdict.reason, verdict.limit, verdict.current, verdict.requested)


@kernel
def hold_back(state: int, parent: np.void, reason: int, limit: int, current: int, requested: int) -> None:
    """Tells once why a parent does not trade that would; this is no refusal of anything sent."""
    if parent["told_reason"] != reason:
        parent["told_reason"] = reason
        tell_refusal(report_parent(state, parent, ParentEvent.HELD_BACK), reason, limit, current, requested)
