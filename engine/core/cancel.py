"""Owns cancels: of one order, of all of a strategy's, and of an order whose time is over."""

import numpy as np

from engine.core.command_checks import check_living
from engine.core.effects import report_order, request_venue, room_for_effects
from engine.core.order_end import end_order
from engine.core.order_table import find_order
from engine.core.rate_budget import charge_budget
from engine.core.replacement import drop_replacement
from engine.core.risk import Verdict, check_venue_budget, passed, refuse
from engine.core.state import header_of, orders_of, strategies_of
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RefusalReason, ReplaceState, RequestKind
from ipc.records import ALL_INSTRUMENTS

_EFFECTS_OF_ONE_CANCEL = 4
_ORDERS_PER_STEP = 32
_BUDGET_WAIT_NS = 10_000_000
_CANCEL_AGAIN_NS = 1_000_000_000


@kernel
def send_cancel(state: int, order: np.void) -> None:
    """Asks the venue to cancel the order's current leg."""
    order["pending_cancel_ns"] = header_of(state)["now_ns"]
    order["cancel_wanted"] = 0
    charge_budget(state, order["account_id"], RequestKind.CANCEL)
    request_venue(state, order, RequestKind.CANCEL, order["leg"], order["price_ticks"], order["leg_lots"])
    report_order(state, order, ExecutionType.PENDING_CANCEL)


@kernel
def is_cancelable(order: np.void) -> bool:
    """Whether a cancel changes anything: one that only makes room for a replacement is not yet the order's end."""
    return order["pending_cancel_ns"] == 0 or order["replace_state"] == ReplaceState.CANCELING_FIRST


@kernel
def check_cancel_budget(state: int, order: np.void) -> Verdict:
    """Whether the venue's budget has room for the request that a cancel takes, if it takes one."""
    if order["retry_at_ns"] != 0 or order["replace_state"] == ReplaceState.CANCELING_FIRST:
        return passed()
    return check_venue_budget(state, order["account_id"], RequestKind.CANCEL)


@kernel
def cancel_rest(state: int, order: np.void) -> None:
    """Cancels what is left of an order; one between two legs ends at once. Precondition: is_cancelable()."""
    # What is to be cancelled is not tried again.
    order["retry_attempts"] = 0
    if order["retry_at_ns"] != 0:
        order["retry_at_ns"] = 0
        end_order(state, order, order["cancel_reason"], 0)
        report_order(state, order, ExecutionType.CANCELED)["reason"] = order["cancel_reason"]
    elif order["replace_state"] == ReplaceState.CANCELING_FIRST:
        # The cancel is on its way already; without the replacement behind it, it ends the order.
        drop_replacement(state, order)
        report_order(state, order, ExecutionType.PENDING_CANCEL)
    else:
        send_cancel(state, order)


@kernel
def on_cancel_order(state: int, command: np.void) -> Verdict:
    """Cancels one order, or says why not."""
    verdict = check_living(state, command["order_id"])
    if verdict.reason != 0:
        return verdict
    order = orders_of(state)[find_order(state, command["order_id"])]
    if not is_cancelable(order):
        return refuse(RefusalReason.CANCEL_ALREADY_PENDING, 0, order["pending_cancel_ns"], header_of(state)["now_ns"])
    verdict = check_cancel_budget(state, order)
    if verdict.reason != 0:
        return verdict
    cancel_rest(state, order)
    return passed()


@kernel
def on_cancel_all(state: int, strategy_id: int, command: np.void) -> Verdict:
    """Cancels a strategy's open orders in one instrument or in all; as many steps as it takes."""
    header = header_of(state)
    instrument_id = command["instrument_id"]
    if instrument_id < ALL_INSTRUMENTS or instrument_id >= header["instruments_count"]:
        return refuse(RefusalReason.UNKNOWN_INSTRUMENT, header["instruments_count"] - 1, 0, instrument_id)
    strategy = strategies_of(state)[strategy_id]
    if strategy["cancel_all_pending"] != 0:
        return refuse(RefusalReason.CANCEL_ALREADY_PENDING, 1, 1, 1)
    strategy["cancel_all_pending"] = 1
    strategy["cancel_all_instrument"] = instrument_id
    strategy["cancel_all_cursor"] = strategy["first_open"]
    header["cancel_all_count"] += 1
    passed_by = _continue_one(state, strategy, _ORDERS_PER_STEP)
    # What is left goes on at once, unless the budget is what is missing.
    is_waiting = passed_by == 0 and header["cancel_all_count"] == 1
    header["cancel_all_resume_ns"] = header["now_ns"] + _BUDGET_WAIT_NS if is_waiting else header["now_ns"]
    return passed()


@kernel
def continue_cancel_alls(state: int) -> None:
    """Cancels the next few orders of every cancel-all under way; each step begins with another strategy's."""
    header, strategies = header_of(state), strategies_of(state)
    first = header["cancel_all_turn"]
    header["cancel_all_turn"] = first + 1 if first + 1 < len(strategies) else 0
    left = _ORDERS_PER_STEP
    sent = 0
    for place in range(len(strategies)):
        strategy = strategies[(first + place) % len(strategies)]
        if strategy["cancel_all_pending"] != 0 and left > 0:
            canceled = _continue_one(state, strategy, left)
            left -= canceled
            sent += canceled
    # A step that could cancel nothing found every budget used up.
    header["cancel_all_resume_ns"] = header["now_ns"] if sent > 0 else header["now_ns"] + _BUDGET_WAIT_NS


@kernel
def _continue_one(state: int, strategy: np.void, orders_max: int) -> int:
    """Goes on with one strategy's cancel-all; returns how many orders it looked at and left behind."""
    header, orders = header_of(state), orders_of(state)
    slot = strategy["cancel_all_cursor"]
    instrument_id = strategy["cancel_all_instrument"]
    passed_by = 0
    while slot >= 0 and passed_by < orders_max and room_for_effects(state) >= _EFFECTS_OF_ONE_CANCEL:
        order = orders[slot]
        following = order["next_open"]
        is_wanted = instrument_id == ALL_INSTRUMENTS or order["instrument_id"] == instrument_id
        if is_wanted and is_cancelable(order):
            if check_cancel_budget(state, order).reason != 0:
                break
            cancel_rest(state, order)
        slot = following
        passed_by += 1
    strategy["cancel_all_cursor"] = slot
    if slot < 0:
        strategy["cancel_all_pending"] = 0
        header["cancel_all_count"] -= 1
    return passed_by


@kernel
def on_execution_timeout(state: int, order: np.void) -> None:
    """The order's time is over: what is left of it is cancelled, and its end will say why."""
    order["execution_deadline_ns"] = 0
    order["cancel_reason"] = EndReason.EXECUTION_TIMEOUT
    order["retry_attempts"] = 0
    if not is_cancelable(order):
        return
    if check_cancel_budget(state, order).reason != 0:
        order["execution_deadline_ns"] = header_of(state)["now_ns"] + _BUDGET_WAIT_NS
        return
    cancel_rest(state, order)


@kernel
def cancel_again_if_over(state: int, order: np.void) -> None:
    """Sees to it that an order whose time is over is cancelled again when a cancel did not end it."""
    if order["cancel_reason"] == EndReason.EXECUTION_TIMEOUT and order["end_reason"] == EndReason.NONE:
        order["execution_deadline_ns"] = header_of(state)["now_ns"] + _CANCEL_AGAIN_NS
        set_timer(state, find_order(state, order["order_id"]), order["execution_deadline_ns"])
