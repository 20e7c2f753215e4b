"""Owns what is told of amendments: by which request, which version is in force, which was asked for."""

import numpy as np

from engine.core.effects import report_order
from ipc.compiler import kernel
from ipc.enums import ExecutionType, RejectReason, ReplaceState, RequestKind


@kernel
def carried_out_by(order: np.void) -> int:
    """The request that carries the pending amendment out."""
    if order["replace_state"] == ReplaceState.CANCELING_FIRST:
        return RequestKind.CANCEL + 0
    return RequestKind.AMEND + 0 if order["replace_leg"] == order["leg"] else RequestKind.CANCEL_REPLACE + 0


@kernel
def report_amendment(state: int, order: np.void, execution_type: int, request_kind: int, version: int) -> np.void:
    """Reports what became of a version of an order; returns the report."""
    own = report_order(state, order, execution_type)
    own["limit"] = request_kind
    own["current"] = order["version"]
    own["requested"] = version
    return own


@kernel
def reject_amendment(state: int, order: np.void, version: int, refusal: int) -> np.void:
    """Tells that an amendment that was accepted will never be sent, and by which of our rules."""
    own = report_amendment(state, order, ExecutionType.REPLACE_REJECTED, 0, version)
    own["reason"] = RejectReason.NOT_SENT
    own["venue_code"] = refusal
    return own


@kernel
def reject_waiting(state: int, order: np.void, refusal: int) -> None:
    """Drops the amendment that waits, if one does, and says why."""
    version = order["wanted_version"]
    if version == 0:
        return
    order["wanted_version"] = 0
    # Its number is used up.
    order["replace_version"] = max(order["replace_version"], version)
    reject_amendment(state, order, version, refusal)
