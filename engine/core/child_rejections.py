"""Owns what a venue's rejection of a child means: its parent waits, and the router goes elsewhere for a while."""

import numpy as np

from engine.core.parent_holds import hold_longer
from engine.core.parent_reports import report_parent
from engine.core.parent_table import NO_PARENT, find_parent
from engine.core.route_memory import note_rejection
from engine.core.state import parents_of
from ipc.compiler import kernel
from ipc.enums import RejectReason
from ipc.parent_enums import ParentEvent


@kernel
def note_child_rejected(state: int, order: np.void, reject_reason: int) -> None:
    """Holds the parent back and keeps further children away from there; a book that has moved is nobody's fault."""
    if reject_reason != RejectReason.WOULD_TAKE_LIQUIDITY and reject_reason != RejectReason.NOT_SENT:
        note_rejection(state, order["account_id"], order["instrument_id"])
    slot = find_parent(state, order["parent_order_id"])
    if slot == NO_PARENT:
        return
    parent = parents_of(state)[slot]
    hold_longer(state, parent, reject_reason == RejectReason.WOULD_TAKE_LIQUIDITY)
    report = report_parent(state, parent, ParentEvent.CHILD_REJECTED)
    report["child_order_id"] = order["order_id"]
    report["reason"] = reject_reason
