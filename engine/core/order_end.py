"""Owns the end of an order: what it still reserves is given back, its place is queued for eviction."""

import numpy as np

from engine.core.effects import report_order
from engine.core.order_table import find_order, unlink_open
from engine.core.positions import release_down_to
from engine.core.risk import Verdict
from engine.core.state import header_of
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, ReplaceState


@kernel
def end_order(state: int, order: np.void, end_reason: int, missing_lots: int) -> None:
    """Ends a living order. Lots that the venue counted as filled but has not yet sent stay reserved."""
    assert order["end_reason"] == EndReason.NONE, "an order ends once"
    header = header_of(state)
    order["end_reason"] = end_reason
    order["ended_ns"] = header["now_ns"]
    order["is_unknown"] = 0
    order["pending_new_ns"] = 0
    order["pending_replace_ns"] = 0
    order["replace_state"] = ReplaceState.NONE
    if end_reason != EndReason.FILLED:
        order["pending_cancel_ns"] = 0
    release_down_to(state, order, missing_lots)
    slot = find_order(state, order["order_id"])
    unlink_open(state, slot)
    set_timer(state, slot, header["now_ns"] + header["order_retention_ns"])


@kernel
def end_refused(state: int, order: np.void, verdict: Verdict) -> None:
    """Ends an order whose next leg our own rules no longer allow, and says why."""
    end_order(state, order, EndReason.RETRY_REFUSED, 0)
    report = report_order(state, order, ExecutionType.EXPIRED)
    report["reason"] = EndReason.RETRY_REFUSED
    report["venue_code"] = verdict.reason
    report["limit"] = verdict.limit
    report["current"] = verdict.current
    report["requested"] = verdict.requested
