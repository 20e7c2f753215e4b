"""Owns orders that wait for room in a rate limit: each strategy's on an account in a line, oldest first.

Only the first one tries to go; each ends when its time to wait is over. Where the line is full, the next order is
refused, or takes the place of the oldest, as configured.
"""

import numpy as np

from engine.core.effects import report_order
from engine.core.order_table import find_order
from engine.core.state import header_of, orders_of, terms_of
from engine.core.timers import set_timer
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import ExecutionType, RefusalReason
from ipc.rate_enums import WhenExceeded

_TRY_AGAIN_NS = 10_000_000


@kernel
def check_line(terms: np.void, verdict: Verdict) -> Verdict:
    """Whether an order may wait that a rate limit refuses, or that others of its strategy wait before."""
    if verdict.reason == 0:
        return verdict
    if terms["when_exceeded"] == WhenExceeded.REFUSE:
        return verdict
    if terms["when_exceeded"] == WhenExceeded.QUEUE and terms["queue_count"] >= terms["queue_orders"]:
        return refuse(RefusalReason.RATE_QUEUE_FULL, terms["queue_orders"], terms["queue_count"], 1)
    return passed()


@kernel
def check_turn(terms: np.void, verdict: Verdict) -> Verdict:
    """Whether an order for which there is room has nobody of its strategy before it."""
    if verdict.reason == 0 and terms["queue_count"] != 0:
        return refuse(RefusalReason.RATE_QUEUE_AHEAD, 0, terms["queue_count"], 1)
    return verdict


@kernel
def is_line_full(terms: np.void) -> bool:
    """Whether the oldest order that waits must give way before another can wait."""
    return terms["queue_count"] >= terms["queue_orders"]


@kernel
def join_line(state: int, order: np.void, verdict: Verdict) -> None:
    """Lets an order wait, and tells why. Precondition: the line is not full."""
    terms, now_ns = terms_of(state, order["strategy_id"], order["account_id"]), header_of(state)["now_ns"]
    link = find_order(state, order["order_id"]) + 1
    order["queued_until_ns"] = now_ns + terms["queue_ns"]
    order["queue_before"] = terms["queue_last"]
    order["queue_after"] = 0
    if terms["queue_last"] == 0:
        terms["queue_first"] = link
    else:
        orders_of(state)[terms["queue_last"] - 1]["queue_after"] = link
    terms["queue_last"] = link
    terms["queue_count"] += 1
    wait_on(state, order)
    report = report_order(state, order, ExecutionType.QUEUED)
    report["reason"] = verdict.reason
    report["limit"] = verdict.limit
    report["current"] = verdict.current
    report["requested"] = verdict.requested


@kernel
def leave_line(state: int, order: np.void) -> None:
    """Takes an order out of the line; the one behind the first tries next."""
    terms, orders = terms_of(state, order["strategy_id"], order["account_id"]), orders_of(state)
    before, after = order["queue_before"], order["queue_after"]
    order["queued_until_ns"] = 0
    terms["queue_count"] -= 1
    if after == 0:
        terms["queue_last"] = before
    else:
        orders[after - 1]["queue_before"] = before
    if before != 0:
        orders[before - 1]["queue_after"] = after
        return
    terms["queue_first"] = after
    if after != 0:
        orders[after - 1]["release_at_ns"] = header_of(state)["now_ns"]
        set_timer(state, after - 1, header_of(state)["now_ns"])


@kernel
def wait_on(state: int, order: np.void) -> None:
    """Lets an order come up again: the first of the line soon, the others when their time is over."""
    until_ns = order["queued_until_ns"]
    is_first = order["queue_before"] == 0
    order["release_at_ns"] = min(until_ns, header_of(state)["now_ns"] + _TRY_AGAIN_NS) if is_first else until_ns


@kernel
def check_wait(state: int, order: np.void) -> Verdict:
    """Whether an order may wait on."""
    now_ns, until_ns = header_of(state)["now_ns"], order["queued_until_ns"]
    if now_ns < until_ns:
        return passed()
    queue_ns = terms_of(state, order["strategy_id"], order["account_id"])["queue_ns"]
    return refuse(RefusalReason.RATE_QUEUE_EXPIRED, queue_ns, queue_ns + now_ns - until_ns, 0)
