"""Owns further attempts: the rest of a market order, and a leg that the venue refused for a passing reason.

Only after an outcome that is definite: an order whose outcome is unknown is asked about and never sent again.
"""

import numpy as np

from engine.core.effects import report_order
from engine.core.order_end import end_refused
from engine.core.order_limiter import charge_limiter
from engine.core.order_table import find_order
from engine.core.rate_checks import check_rate
from engine.core.replacement import reserve_working
from engine.core.requests import send_further_leg
from engine.core.risk import check_leaving, leaving_order
from engine.core.state import header_of
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, OrderType, RejectReason, RequestKind
from ipc.order_id import LEG_MAX


@kernel
def is_passing(reject_reason: int) -> bool:
    """Whether a rejection is for a reason that passes, and says that the venue has not taken the order."""
    return (
        reject_reason == RejectReason.RATE_LIMIT
        or reject_reason == RejectReason.VENUE_OVERLOADED
        or reject_reason == RejectReason.REQUEST_EXPIRED
        or reject_reason == RejectReason.NOT_SENT
    )


@kernel
def _has_time_and_attempts(state: int, order: np.void) -> bool:
    if order["retry_attempts"] <= 0 or order["last_leg"] >= LEG_MAX:
        return False
    deadline_ns = order["execution_deadline_ns"]
    return deadline_ns == 0 or header_of(state)["now_ns"] + order["retry_delay_ns"] < deadline_ns


@kernel
def may_try_rest(state: int, order: np.void, end_reason: int) -> bool:
    """Whether the rest of a market order is tried again after the venue's last word on its leg."""
    is_over = end_reason == EndReason.EXPIRED or end_reason == EndReason.SELF_TRADE_PREVENTED
    return is_over and order["order_type"] == OrderType.MARKET and _has_time_and_attempts(state, order)


@kernel
def may_try_rejected(state: int, order: np.void, reject_reason: int) -> bool:
    """Whether a leg that never came about is tried again."""
    if order["accepted"] != 0 or order["pending_new_ns"] == 0:
        return False
    if order["pending_cancel_ns"] != 0 or order["cancel_wanted"] != 0:
        return False
    return is_passing(reject_reason) and _has_time_and_attempts(state, order)


@kernel
def plan_attempt(state: int, order: np.void) -> None:
    """Lets the order wait for its next attempt."""
    order["is_unknown"] = 0
    order["pending_new_ns"] = 0
    order["retry_at_ns"] = header_of(state)["now_ns"] + order["retry_delay_ns"]
    set_timer(state, find_order(state, order["order_id"]), order["retry_at_ns"])


@kernel
def try_again(state: int, order: np.void) -> None:
    """Sends what is left as a new leg, if the rules still allow it."""
    order["retry_at_ns"] = 0
    order["retry_attempts"] -= 1
    verdict = check_leaving(state, leaving_order(order, is_continued=True))
    if verdict.reason == 0:
        strategy_id, account_id = order["strategy_id"], order["account_id"]
        verdict = check_rate(state, strategy_id, account_id, order["instrument_id"], RequestKind.NEW, 0)
    if verdict.reason != 0:
        end_refused(state, order, verdict)
        return
    order["last_leg"] += 1
    order["leg"] = order["last_leg"]
    order["leg_base_lots"] = order["cumulative_lots"]
    order["leg_lots"] = order["order_lots"] - order["cumulative_lots"]
    order["is_leg_reduced"] = 0
    reserve_working(state, order)
    charge_limiter(state, order["strategy_id"], order["account_id"])
    send_further_leg(state, order)
    report_order(state, order, ExecutionType.RETRIED)
