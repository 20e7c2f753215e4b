"""Owns doubt: what the venue counts beyond the fills that came, and requests whose outcome nobody knows."""

import numpy as np

from engine.core.deadline_heap import NEVER_NS
from engine.core.effects import alarm_of_order, report_order, tell_venue_word
from engine.core.replacement import drop_replacement, reserve_working
from engine.core.state import accounts_of, header_of
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import AlarmCode, EndReason, ExecutionType, ReplaceState, RequestKind, VenueHold
from ipc.order_status import is_ended, outcome_unknown

# Beyond the time in which a request may still be carried out: from then on the venue's word is final.
UNRESOLVED_AFTER_NS = 30_000_000_000


@kernel
def learn_stated(order: np.void, report: np.void) -> None:
    """Notes what the venue counts as filled. Precondition: the report speaks of the current leg."""
    if report["cumulative_lots"] >= 0:
        order["stated_lots"] = max(order["stated_lots"], order["leg_base_lots"] + report["cumulative_lots"])


@kernel
def missing_lots(order: np.void) -> int:
    """What the venue counts as filled beyond the fills that came."""
    return max(order["stated_lots"] - order["cumulative_lots"], 0)


@kernel
def is_no_cancel_out(order: np.void) -> bool:
    """Whether no answer to a cancel is awaited; one that waits to be sent again is not out."""
    return order["pending_cancel_ns"] == 0 or order["cancel_wanted"] != 0


@kernel
def settle_doubt(order: np.void) -> None:
    """Ends the doubt about an order, unless fills are missing: then the gateway goes on asking."""
    order["is_unknown"] = 1 if missing_lots(order) > 0 else 0


@kernel
def settle_if_complete(order: np.void) -> None:
    """Ends a doubt that was about missing fills alone, when the last of them has come."""
    is_waiting = order["pending_new_ns"] != 0 or not is_no_cancel_out(order) or order["pending_replace_ns"] != 0
    if not is_waiting and missing_lots(order) == 0:
        order["is_unknown"] = 0


@kernel
def hold_open(state: int, order: np.void, end_reason: int, report: np.void) -> None:
    """Keeps an order that has ended at the venue open until every fill that the venue counts has come."""
    order["end_wanted"] = end_reason
    order["is_unknown"] = 1
    order["venue_hold"] = VenueHold.NONE
    if order["replace_state"] == ReplaceState.CANCELING_FIRST:
        reserve_working(state, order)
    else:
        order["pending_cancel_ns"] = 0
        order["cancel_wanted"] = 0
        drop_replacement(state, order)
    tell_venue_word(report_order(state, order, ExecutionType.UNKNOWN), report)


@kernel
def doubt(state: int, order: np.void) -> np.void:
    """Makes the outcome of an order's requests unknown, for the gateway to ask; returns the report."""
    order["is_unknown"] = 1
    return report_order(state, order, ExecutionType.UNKNOWN)


@kernel
def watch_doubt(state: int, slot: int, order: np.void) -> None:
    """Times a doubt, for a person to hear of one that lasts. To be called when an order's doubt may have changed."""
    header = header_of(state)
    if order["is_unknown"] == 0:
        order["unknown_since_ns"] = 0
        order["unresolved_at_ns"] = 0
        return
    if order["unknown_since_ns"] == 0:
        order["unknown_since_ns"] = header["now_ns"]
    if order["unresolved_at_ns"] == 0:
        order["unresolved_at_ns"] = header["now_ns"] + header["request_expiry_ns"] + UNRESOLVED_AFTER_NS
        set_timer(state, slot, order["unresolved_at_ns"])


@kernel
def tell_unresolved(state: int, order: np.void) -> None:
    """Tells, once in a doubt, that the venue has had time enough to settle it."""
    order["unresolved_at_ns"] = NEVER_NS
    alarm = alarm_of_order(state, order, AlarmCode.OUTCOME_UNRESOLVED)
    alarm["expected"] = order["order_lots"]
    alarm["found"] = order["cumulative_lots"]


@kernel
def is_in_doubt(state: int, order: np.void) -> bool:
    """Whether an order's outcome is unknown, also by the loss of its connection."""
    return outcome_unknown(order, accounts_of(state)[order["account_id"]]["last_down_ns"])


@kernel
def on_outcome_unknown(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The answer to a request got lost; what has been answered in another way since is not in doubt."""
    if is_ended(order) or order["end_wanted"] != EndReason.NONE:
        return
    answers = report["answers_request"]
    if answers == RequestKind.NEW and (order["pending_new_ns"] == 0 or leg != order["leg"]):
        return
    if answers == RequestKind.CANCEL and order["pending_cancel_ns"] == 0:
        return
    if (answers == RequestKind.AMEND or answers == RequestKind.CANCEL_REPLACE) and order["pending_replace_ns"] == 0:
        return
    if order["release_at_ns"] != 0 or order["retry_at_ns"] != 0:
        # Nothing of it is at the venue.
        return
    tell_venue_word(doubt(state, order), report)
