"""Owns passes over many orders of a strategy: cancel-all and the status of all, as many steps as it takes.

A pass goes along the strategy's open orders with a cursor; one that ends in the meantime moves the cursor on.
A strategy has one pass at a time, and a cancel-all takes the place of a pass that only tells. The end of one that
tells is told too, with how many orders it told of.
"""

import numpy as np

from engine.core.cancel import BUDGET_WAIT_NS, cancel_rest, check_cancel_budget, is_cancelable
from engine.core.command_checks import order_sequence_of
from engine.core.effects import report_order, report_status_end, room_for_effects
from engine.core.order_table import NOWHERE, find_order, find_tombstone
from engine.core.parents import cancel_parents, tell_parent
from engine.core.state import header_of, orders_of, strategies_of
from engine.core.tombstone_reports import report_tombstone
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import ExecutionType, RefusalReason, RequestKind, Side
from ipc.records import ALL_ACCOUNTS, ALL_INSTRUMENTS

_EFFECTS_OF_ONE_ORDER = 4
_ORDERS_PER_STEP = 32


@kernel
def _check_scope(state: int, scope: np.void) -> Verdict:
    header = header_of(state)
    instrument_id, account_id = scope["instrument_id"], scope["account_id"]
    if instrument_id < ALL_INSTRUMENTS or instrument_id >= header["instruments_count"]:
        return refuse(RefusalReason.UNKNOWN_INSTRUMENT, header["instruments_count"] - 1, 0, instrument_id)
    if account_id < ALL_ACCOUNTS or account_id >= header["accounts_count"]:
        return refuse(RefusalReason.UNKNOWN_ACCOUNT, header["accounts_count"] - 1, 0, account_id)
    if scope["side"] < 0 or scope["side"] > Side.SELL:
        return refuse(RefusalReason.INVALID_SIDE, Side.SELL, 0, scope["side"])
    return passed()


@kernel
def on_cancel_all(state: int, strategy_id: int, scope: np.void) -> Verdict:
    """Cancels a strategy's open orders in a scope."""
    verdict = _check_scope(state, scope)
    if verdict.reason != 0:
        return verdict
    strategy = strategies_of(state)[strategy_id]
    if strategy["mass_request"] == RequestKind.CANCEL:
        return refuse(RefusalReason.CANCEL_ALREADY_PENDING, 1, 1, 1)
    if strategy["mass_request"] != 0:
        report_status_end(state, strategy_id, strategy["mass_told"], RefusalReason.CANCEL_ALREADY_PENDING)
    cancel_parents(state, strategy_id, scope)
    _begin(state, strategy_id, scope, RequestKind.CANCEL)
    return passed()


@kernel
def on_status_request(state: int, strategy_id: int, scope: np.void) -> Verdict:
    """Tells how one order stands, living, ended or forgotten; or how all open ones in a scope do."""
    if order_sequence_of(scope["order_id"]) != 0:
        return _tell_one(state, scope["order_id"])
    verdict = _check_scope(state, scope)
    if verdict.reason != 0:
        return verdict
    under_way = strategies_of(state)[strategy_id]["mass_request"]
    if under_way != 0:
        return refuse(RefusalReason.STATUS_ALREADY_PENDING, 1, under_way, 1)
    _begin(state, strategy_id, scope, RequestKind.STATUS)
    return passed()


@kernel
def _tell_one(state: int, order_id: int) -> Verdict:
    slot = find_order(state, order_id)
    if slot != NOWHERE:
        order = orders_of(state)[slot]
        report_order(state, order, ExecutionType.ORDER_STATUS)["reason"] = order["end_reason"]
        return passed()
    if tell_parent(state, order_id):
        return passed()
    place = find_tombstone(state, order_id)
    if place == NOWHERE:
        return refuse(RefusalReason.UNKNOWN_ORDER, 0, 0, order_id)
    report_tombstone(state, place, ExecutionType.ORDER_STATUS)
    return passed()


@kernel
def _begin(state: int, strategy_id: int, scope: np.void, request_kind: int) -> None:
    header = header_of(state)
    strategy = strategies_of(state)[strategy_id]
    if strategy["mass_request"] == 0:
        header["mass_count"] += 1
    strategy["mass_request"] = request_kind
    strategy["mass_instrument"] = scope["instrument_id"]
    strategy["mass_account"] = scope["account_id"]
    strategy["mass_side"] = scope["side"]
    strategy["mass_cursor"] = strategy["first_open"]
    strategy["mass_told"] = 0
    passed_by = _continue_one(state, strategy, _ORDERS_PER_STEP)
    # What is left goes on at once, unless the budget is what is missing.
    is_waiting = passed_by == 0 and header["mass_count"] == 1
    header["mass_resume_ns"] = header["now_ns"] + BUDGET_WAIT_NS if is_waiting else header["now_ns"]


@kernel
def continue_passes(state: int) -> None:
    """Does the next few orders of every pass under way; each step begins with another strategy's."""
    header, strategies = header_of(state), strategies_of(state)
    first = header["mass_turn"]
    header["mass_turn"] = first + 1 if first + 1 < len(strategies) else 0
    left = _ORDERS_PER_STEP
    for place in range(len(strategies)):
        strategy = strategies[(first + place) % len(strategies)]
        if strategy["mass_request"] != 0 and left > 0:
            left -= _continue_one(state, strategy, left)
    # A step that got no further found every budget used up.
    is_waiting = left == _ORDERS_PER_STEP
    header["mass_resume_ns"] = header["now_ns"] + BUDGET_WAIT_NS if is_waiting else header["now_ns"]


@kernel
def _is_in_scope(strategy: np.void, order: np.void) -> bool:
    instrument_id, account_id, side = strategy["mass_instrument"], strategy["mass_account"], strategy["mass_side"]
    return (
        (instrument_id == ALL_INSTRUMENTS or order["instrument_id"] == instrument_id)
        and (account_id == ALL_ACCOUNTS or order["account_id"] == account_id)
        and (side == 0 or order["side"] == side)
    )


@kernel
def _continue_one(state: int, strategy: np.void, orders_max: int) -> int:
    """Goes on with one strategy's pass; returns how many orders it looked at and left behind."""
    header, orders = header_of(state), orders_of(state)
    slot = strategy["mass_cursor"]
    is_cancel = strategy["mass_request"] == RequestKind.CANCEL
    passed_by = 0
    while slot >= 0 and passed_by < orders_max and room_for_effects(state) >= _EFFECTS_OF_ONE_ORDER:
        order = orders[slot]
        following = order["next_open"]
        if _is_in_scope(strategy, order):
            if not is_cancel:
                report_order(state, order, ExecutionType.ORDER_STATUS)
                strategy["mass_told"] += 1
            elif is_cancelable(order):
                if check_cancel_budget(state, order).reason != 0:
                    break
                cancel_rest(state, order)
        slot = following
        passed_by += 1
    strategy["mass_cursor"] = slot
    if slot < 0 and room_for_effects(state) > 0:
        if not is_cancel:
            report_status_end(state, strategy["strategy_id"], strategy["mass_told"], RefusalReason.NONE)
        strategy["mass_request"] = 0
        header["mass_count"] -= 1
    return passed_by
