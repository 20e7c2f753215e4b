"""Owns cancels: of one order, and of an order whose time is over."""

import numpy as np

from engine.core.amendment_reports import reject_amendment, reject_waiting
from engine.core.command_checks import check_living
from engine.core.completion import end_if_filled, has_surplus
from engine.core.effects import report_order
from engine.core.order_end import end_order, report_end
from engine.core.order_table import find_order
from engine.core.rate_checks import check_venue_budget
from engine.core.rate_costs import age_of
from engine.core.replacement import drop_replacement
from engine.core.requests import send_cancel
from engine.core.state import header_of, orders_of
from engine.core.throttles import check_cancel_messages
from engine.core.timers import set_timer
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RefusalReason, ReplaceState, RequestKind

BUDGET_WAIT_NS = 10_000_000
_CANCEL_AGAIN_NS = 1_000_000_000


@kernel
def is_cancelable(order: np.void) -> bool:
    """Whether a cancel changes anything: one that only makes room for a replacement is not yet the order's end."""
    if order["replace_state"] == ReplaceState.CANCELING_FIRST:
        return True
    return order["pending_cancel_ns"] == 0 and order["end_wanted"] == EndReason.NONE


@kernel
def is_at_venue(order: np.void) -> bool:
    """Whether a leg of a living order may be at the venue: it is not between two attempts nor waiting for its time."""
    return order["retry_at_ns"] == 0 and order["release_at_ns"] == 0


@kernel
def check_cancel_budget(state: int, order: np.void) -> Verdict:
    """Whether the venue's budget has room for the request that a cancel takes, if it takes one."""
    if not is_at_venue(order) or order["replace_state"] == ReplaceState.CANCELING_FIRST:
        return passed()
    age_ns = age_of(state, order)
    return check_venue_budget(state, order["account_id"], order["instrument_id"], RequestKind.CANCEL, age_ns)


@kernel
def cancel_rest(state: int, order: np.void) -> None:
    """Cancels what is left of an order; one that is not at the venue ends at once. Precondition: is_cancelable()."""
    # What is to be cancelled is not tried again.
    order["retry_attempts"] = 0
    reject_waiting(state, order, RefusalReason.CANCEL_ALREADY_PENDING)
    if not is_at_venue(order):
        end_order(state, order, order["cancel_reason"])
        report_end(state, order)
    elif order["replace_state"] == ReplaceState.CANCELING_FIRST:
        # The cancel is on its way already; without the replacement behind it, it ends the order.
        version = order["replace_version"]
        if order["end_wanted"] != EndReason.NONE:
            # The end of its leg, whose last fills are missing, is now the end of the order.
            order["end_wanted"] = order["cancel_reason"]
        drop_replacement(state, order)
        report_order(state, order, ExecutionType.PENDING_CANCEL)
        # Only the replacement kept an original that is filled.
        end_if_filled(state, order)
        reject_amendment(state, order, version, RefusalReason.CANCEL_ALREADY_PENDING)
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
    if is_at_venue(order):
        verdict = check_cancel_messages(state, order)
        if verdict.reason != 0:
            return verdict
    verdict = check_cancel_budget(state, order)
    if verdict.reason != 0:
        return verdict
    cancel_rest(state, order)
    return passed()


@kernel
def on_time_over(state: int, order: np.void, end_reason: int) -> None:
    """The order's time is over: what is left of it is cancelled, and its end will say why."""
    order["execution_deadline_ns"] = 0
    if order["cancel_reason"] == EndReason.CANCELED:
        order["cancel_reason"] = end_reason
    order["retry_attempts"] = 0
    if not is_cancelable(order):
        return
    if check_cancel_budget(state, order).reason != 0:
        order["execution_deadline_ns"] = header_of(state)["now_ns"] + BUDGET_WAIT_NS
        return
    cancel_rest(state, order)


@kernel
def cancel_again_if_due(state: int, order: np.void) -> None:
    """Sees to it that an order that has to end is cancelled again when a cancel did not end it."""
    if order["end_reason"] != EndReason.NONE or order["end_wanted"] != EndReason.NONE:
        return
    if order["cancel_reason"] == EndReason.CANCELED and not has_surplus(order):
        return
    again_ns = header_of(state)["now_ns"] + _CANCEL_AGAIN_NS
    if order["execution_deadline_ns"] == 0 or order["execution_deadline_ns"] > again_ns:
        order["execution_deadline_ns"] = again_ns
    set_timer(state, find_order(state, order["order_id"]), order["execution_deadline_ns"])
