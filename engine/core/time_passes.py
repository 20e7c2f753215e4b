"""Owns what happens when time passes: execution time-outs, retries, retention, the rest of a pass."""

import numpy as np

from engine.core.cancel import on_execution_timeout
from engine.core.effects import report_order, room_for_effects
from engine.core.mass_pass import continue_passes
from engine.core.new_order import send_leg
from engine.core.order_end import end_refused
from engine.core.order_table import evict_oldest
from engine.core.rate_budget import charge_limiter
from engine.core.risk import check_permission, check_rate
from engine.core.state import header_of, orders_of
from engine.core.timers import NEVER_NS, earliest_ns, set_timer, take_due
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RequestKind

_TIMERS_PER_STEP = 32
# A timer and an order of a pass ask for one request each, and one step's requests have a bound.
_TIMERS_BESIDE_PASS = 8
_EFFECTS_OF_ONE_TIMER = 4


@kernel
def on_timer(state: int) -> None:
    """Does what is due, a bounded part of it in one step."""
    header = header_of(state)
    now_ns = header["now_ns"]
    handled = 0
    while handled < _TIMERS_PER_STEP and room_for_effects(state) >= _EFFECTS_OF_ONE_TIMER:
        slot = take_due(state, now_ns)
        if slot < 0:
            break
        _on_due(state, slot)
        handled += 1
    if handled > _TIMERS_BESIDE_PASS:
        return
    if header["mass_count"] > 0 and header["mass_resume_ns"] <= now_ns:
        continue_passes(state)


@kernel
def _on_due(state: int, slot: int) -> None:
    header, order = header_of(state), orders_of(state)[slot]
    now_ns = header["now_ns"]
    if order["order_id"] == 0:
        return
    if order["end_reason"] != EndReason.NONE:
        _evict_expired(state)
        if order["order_id"] != 0 and order["end_reason"] != EndReason.NONE and order["timer_position"] < 0:
            set_timer(state, slot, max(order["ended_ns"] + header["order_retention_ns"], now_ns + 1))
        return
    if order["execution_deadline_ns"] != 0 and order["execution_deadline_ns"] <= now_ns:
        on_execution_timeout(state, order)
    elif order["retry_at_ns"] != 0 and order["retry_at_ns"] <= now_ns:
        _retry(state, order)
    _rearm(state, slot, order)


@kernel
def _rearm(state: int, slot: int, order: np.void) -> None:
    if order["end_reason"] != EndReason.NONE:
        return
    if order["retry_at_ns"] != 0:
        set_timer(state, slot, order["retry_at_ns"])
    if order["execution_deadline_ns"] != 0:
        set_timer(state, slot, order["execution_deadline_ns"])


@kernel
def _retry(state: int, order: np.void) -> None:
    """Sends what is left of a market order as a new leg, if the rules still allow it."""
    order["retry_at_ns"] = 0
    order["retry_attempts"] -= 1
    verdict = check_permission(state, order["strategy_id"], order["account_id"], order["instrument_id"])
    if verdict.reason == 0:
        verdict = check_rate(state, order["strategy_id"], order["account_id"], RequestKind.NEW)
    if verdict.reason != 0:
        end_refused(state, order, verdict)
        return
    order["last_leg"] += 1
    order["leg"] = order["last_leg"]
    order["leg_base_lots"] = order["cumulative_lots"]
    order["leg_lots"] = order["order_lots"] - order["cumulative_lots"]
    order["accepted"] = 0
    charge_limiter(state, order["strategy_id"], order["account_id"])
    send_leg(state, order, RequestKind.NEW)
    report_order(state, order, ExecutionType.RETRIED)


@kernel
def _evict_expired(state: int) -> None:
    """Frees the slots of orders whose retention is over, oldest first, a few at a time."""
    header, orders = header_of(state), orders_of(state)
    for _ in range(_TIMERS_PER_STEP):
        oldest = header["oldest_ended"]
        if oldest < 0 or orders[oldest]["ended_ns"] + header["order_retention_ns"] > header["now_ns"]:
            return
        evict_oldest(state)


@kernel
def next_deadline_ns(state: int) -> int:
    """When the core next wants a TIMER record; NEVER_NS when nothing waits."""
    header = header_of(state)
    deadline_ns = earliest_ns(state)
    if header["mass_count"] > 0:
        deadline_ns = min(deadline_ns, header["mass_resume_ns"])
    return min(deadline_ns, NEVER_NS)
