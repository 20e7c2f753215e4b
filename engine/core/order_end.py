"""Owns the end of an order: what it still reserves is given back, its place is queued for eviction."""

import numpy as np

from engine.core.effects import report_order
from engine.core.order_table import find_order, unlink_open
from engine.core.rate_queue import leave_line
from engine.core.reservations import release_down_to
from engine.core.state import header_of
from engine.core.timers import set_timer
from engine.core.verdict import Verdict
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, OrderStatus, ReplaceState, VenueHold
from ipc.order_status import ended_status


@kernel
def end_order(state: int, order: np.void, end_reason: int) -> None:
    """Ends a living order, all of whose fills have come as far as is known."""
    assert order["end_reason"] == EndReason.NONE, "an order ends once"
    header = header_of(state)
    order["end_reason"] = end_reason
    order["ended_ns"] = header["now_ns"]
    order["is_unknown"] = 0
    order["unknown_since_ns"] = 0
    order["unresolved_at_ns"] = 0
    order["end_wanted"] = EndReason.NONE
    order["venue_hold"] = VenueHold.NONE
    order["pending_new_ns"] = 0
    order["pending_replace_ns"] = 0
    order["replace_state"] = ReplaceState.NONE
    order["not_found_count"] = 0
    order["retry_at_ns"] = 0
    order["release_at_ns"] = 0
    if end_reason != EndReason.FILLED and order["pending_cancel_ns"] != 0:
        # Remembered for the case that the end turns out to be false.
        order["pending_cancel_ns"] = 0
        order["cancel_wanted"] = 1
    release_down_to(state, order, 0)
    if order["queued_until_ns"] != 0:
        leave_line(state, order)
    slot = find_order(state, order["order_id"])
    unlink_open(state, slot)
    set_timer(state, slot, header["now_ns"] + header["order_retention_ns"])


@kernel
def report_end(state: int, order: np.void) -> np.void:
    """Reports the end that an order has come to; returns the report."""
    return report_end_by_leg(state, order, order["end_reason"])


@kernel
def report_end_by_leg(state: int, order: np.void, leg_end_reason: int) -> np.void:
    """Reports the end of an order of which the venue told how its leg ended; returns the report.

    The order may be filled, when only a replacement kept it open, and yet what happened is that its leg expired.
    """
    is_expired = ended_status(leg_end_reason) == OrderStatus.EXPIRED
    report = report_order(state, order, ExecutionType.EXPIRED if is_expired else ExecutionType.CANCELED)
    report["reason"] = order["end_reason"]
    return report


@kernel
def end_refused(state: int, order: np.void, verdict: Verdict) -> None:
    """Ends an order whose next leg our own rules no longer allow, and says why."""
    end_order(state, order, EndReason.RETRY_REFUSED)
    report = report_end(state, order)
    report["venue_code"] = verdict.reason
    report["limit"] = verdict.limit
    report["current"] = verdict.current
    report["requested"] = verdict.requested
