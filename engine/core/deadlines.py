"""Owns an order's deadlines: which comes up next, so that one timer for each slot is enough."""

import numpy as np

from engine.core.deadline_heap import NEVER_NS
from engine.core.state import terms_of
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import EndReason, ReplaceState


@kernel
def _sooner(due_ns: int, since_ns: int, wait_ns: int) -> int:
    """The sooner of a moment and the end of a wait, which may be none."""
    if since_ns == 0 or wait_ns == 0:
        return due_ns
    return min(due_ns, since_ns + wait_ns)


@kernel
def answer_due_ns(state: int, order: np.void) -> int:
    """When the first request that is in flight counts as unanswered, NEVER_NS when none does."""
    due_ns = NEVER_NS
    if order["is_unknown"] != 0:
        return due_ns
    terms = terms_of(state, order["strategy_id"], order["account_id"])
    acknowledgement_ns = terms["acknowledgement_timeout_ns"]
    due_ns = _sooner(due_ns, order["pending_new_ns"], acknowledgement_ns)
    due_ns = _sooner(due_ns, order["pending_cancel_ns"], terms["cancel_timeout_ns"])
    if order["replace_state"] != ReplaceState.CANCELING_FIRST:
        due_ns = _sooner(due_ns, order["pending_replace_ns"], acknowledgement_ns)
    return due_ns


@kernel
def expiry_due_ns(order: np.void) -> int:
    """When the engine itself ends the order, NEVER_NS when the venue does or its time is over already."""
    if order["expire_at_ns"] == 0 or order["cancel_reason"] != EndReason.CANCELED:
        return NEVER_NS
    return order["expire_at_ns"]


@kernel
def arm(state: int, slot: int, order: np.void) -> None:
    """Makes sure that a living order comes up when the first of its deadlines does."""
    due_ns = min(answer_due_ns(state, order), expiry_due_ns(order))
    for deadline_ns in (
        order["execution_deadline_ns"],
        order["retry_at_ns"],
        order["release_at_ns"],
        order["unresolved_at_ns"],
    ):
        if deadline_ns != 0:
            due_ns = min(due_ns, deadline_ns)
    if due_ns != NEVER_NS:
        set_timer(state, slot, due_ns)
