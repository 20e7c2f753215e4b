"""Owns waiting for what becomes of parent orders, and how that is told."""

from collections.abc import Callable
from typing import Any

from ipc.client import Client
from ipc.clock import NS_PER_S, SystemClock
from ipc.enums import ExecutionType, OrderStatus, RefusalReason
from ipc.events import ExecutionReport
from ipc.order_id import to_text
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentState
from ipc.parent_events import ParentReport
from tools.answer import print_json

Answer = ParentReport | ExecutionReport

_LOOK_AGAIN_S = 1.0


def await_answer(
    client: Client,
    order_id: int,
    wait_s: float,
    *,
    is_enough: Callable[[ParentReport], bool] = lambda report: True,
    note: Callable[[ParentReport], None] | None = None,
) -> Answer | None:
    """The report of a parent that is enough, or what the engine says instead; the last one when the time is over.

    Whoever notes each report waits without an end once there was one.
    """
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + int(wait_s * NS_PER_S)
    last: ParentReport | None = None
    while (left_ns := deadline_ns - clock.monotonic_ns()) > 0 or (note is not None and last is not None):
        for event in client.wait(left_ns / NS_PER_S if left_ns > 0 else _LOOK_AGAIN_S):
            if isinstance(event, ParentReport) and event.order_id == order_id:
                if note is not None:
                    note(event)
                last = event
                if is_enough(event):
                    return event
            elif isinstance(event, ExecutionReport) and event.order_id == order_id and _is_answer(event):
                return event
    return last


def _is_answer(report: ExecutionReport) -> bool:
    return report.execution_type in (ExecutionType.REFUSED, ExecutionType.ORDER_STATUS)


def has_ended(report: ParentReport) -> bool:
    """Whether a parent trades no more."""
    return report.parent_state == ParentState.ENDED


def cancel_parents(client: Client, order_ids: set[int], wait_s: float) -> tuple[set[int], set[int]]:
    """Cancels what may be parents; returns those that have ended, and those that have not been seen to end."""
    for order_id in sorted(order_ids):
        client.cancel(order_id)
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + int(wait_s * NS_PER_S)
    ended: set[int] = set()
    living = set(order_ids)
    while living and (left_ns := deadline_ns - clock.monotonic_ns()) > 0:
        for event in client.wait(left_ns / NS_PER_S):
            if isinstance(event, ParentReport) and event.order_id in living and has_ended(event):
                ended.add(event.order_id)
                living.discard(event.order_id)
            elif isinstance(event, ExecutionReport) and event.execution_type == ExecutionType.REFUSED:
                living.discard(event.order_id)
    return ended, living


def tell_answer(order_id: int, answer: Answer | None, wait_s: float, *, as_json: bool) -> None:
    """Tells the last that was heard of a parent."""
    name = to_text(order_id)
    if as_json:
        print_json({"order_id": order_id, "client_order_id": name, **_row(answer)})
    elif answer is None:
        print(f"{name}: no answer within {wait_s:g} s; oms parents tells whether it lives")
    else:
        print(f"{name}: {answer}")


def _row(answer: Answer | None) -> dict[str, Any]:
    """What was last heard as a program wants it, with exact decimal text."""
    if answer is None:
        return {"parent_state": OrderStatus.UNKNOWN.name}
    if isinstance(answer, ExecutionReport):
        return {"parent_state": OrderStatus.REFUSED.name, "reason": RefusalReason(answer.reason).name}
    return {
        "algorithm": Algorithm(answer.algorithm).name,
        "event": ParentEvent(answer.parent_event).name,
        "parent_state": ParentState(answer.parent_state).name,
        "end_reason": ParentEnd(answer.end_reason).name,
        "reason": answer.stated_reason.name,
        "quantity": f"{answer.quantity:f}",
        "cumulative_quantity": f"{answer.cumulative_quantity:f}",
        "working_quantity": f"{answer.working_quantity:f}",
        "average_price": f"{answer.average_price:f}" if answer.average_price is not None else None,
        "expected_cost_bps": f"{answer.expected_cost_bps:f}",
        "realised_cost_bps": f"{answer.realised_cost_bps:f}",
        "children": answer.child_count,
    }
