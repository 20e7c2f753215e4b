"""Owns the word of a venue that a cancel was not carried out."""

import numpy as np

from engine.core.amendment_reports import report_amendment
from engine.core.cancel import cancel_again_if_due
from engine.core.completion import end_if_filled
from engine.core.effects import report_order, tell_venue_word
from engine.core.replacement import drop_replacement, is_by_one_request
from engine.core.requests import send_cancel
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RejectReason, ReplaceState, RequestKind
from ipc.order_status import is_ended


@kernel
def on_cancel_rejected(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The venue did not cancel; why decides whether that is settled."""
    if order["pending_cancel_ns"] == 0 or order["end_wanted"] != EndReason.NONE:
        return
    if order["cancel_wanted"] != 0 and not is_ended(order):
        # It is out no more: it waits to be sent again.
        return
    if not is_ended(order) and report["reason"] == RejectReason.UNKNOWN_ORDER:
        if order["accepted"] == 0 or is_by_one_request(order):
            # The cancel may have met the old leg or none yet: it is sent again when the venue has acknowledged.
            order["cancel_wanted"] = 1
            return
        if leg != order["leg"]:
            # It met a leg that was being replaced.
            send_cancel(state, order)
            return
        # Filled, ended or never there: only the venue can tell, so it is asked.
        order["is_unknown"] = 1
    order["pending_cancel_ns"] = 0
    is_dropped = order["replace_state"] == ReplaceState.CANCELING_FIRST
    if is_dropped:
        drop_replacement(state, order)
        end_if_filled(state, order)
    else:
        tell_venue_word(report_order(state, order, ExecutionType.CANCEL_REJECTED), report)
    if is_dropped:
        version = order["replace_version"]
        own = report_amendment(state, order, ExecutionType.REPLACE_REJECTED, RequestKind.CANCEL, version)
        tell_venue_word(own, report)
    cancel_again_if_due(state, order)
