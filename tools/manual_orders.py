"""Owns sending, canceling and listing orders by hand."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from ipc.client import Client
from ipc.clock import NS_PER_S, SystemClock
from ipc.enums import ENDED_STATUSES, OrderStatus
from ipc.events import ExecutionReport
from ipc.order_id import to_text
from tools.answer import print_json
from tools.command_error import CommandError
from tools.manual_client import Access, order_row, parse_order_id, table

ANSWERED = set(OrderStatus) - {OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN}
NOT_TAKEN = {OrderStatus.REJECTED, OrderStatus.REFUSED}
COLUMNS = ("client_order_id", "instrument", "side", "quantity", "cumulative_quantity", "price", "order_status")


@dataclass(frozen=True)
class Order:
    """An order as it was typed."""

    instrument: str
    side: str
    quantity: str
    price: str | None = None
    order_type: str | None = None
    time_in_force: str | None = None
    post_only: bool = False
    account: str | None = None
    max_slippage_bps: int | None = None
    execution_timeout_ms: int | None = None


def submit_order(order: Order, access: Access, *, wait_s: float, as_json: bool) -> bool:
    """Sends the order and tells the last that was heard of it; whether the venue took it."""
    with access.client() as client:
        try:
            order_id = client.submit(**vars(order))
        except ValueError as error:
            raise CommandError(str(error)) from error
        reports = _await(client, {order_id}, ANSWERED, wait_s)
    report = reports.get(order_id)
    if report is None:
        row: dict[str, Any] = {
            "order_id": order_id,
            "client_order_id": to_text(order_id),
            "order_status": OrderStatus.UNKNOWN.name,
        }
    else:
        row = {**order_row(report), "reason": report.stated_reason.name, "venue_code": report.venue_code}
    if as_json:
        print_json(row)
    elif report is None:
        print(f"{row['client_order_id']}: no answer within {wait_s:g} s; oms orders tells whether it is open")
    else:
        print(f"{row['client_order_id']}: {report}")
    return report is not None and report.order_status in ANSWERED - NOT_TAKEN


def cancel_orders(orders: list[str], access: Access, *, wait_s: float, as_json: bool) -> bool:
    """Cancels the orders, or every open one when none is named; whether all have ended."""
    order_ids = {parse_order_id(text) for text in orders}
    with access.client() as client:
        open_orders = {report.order_id for report in client.open_orders()}
        if orders:
            for order_id in sorted(order_ids & open_orders):
                client.cancel(order_id)
        else:
            order_ids = open_orders
            client.cancel_all()
        wanted = order_ids & open_orders
        reports = _await(client, wanted, ENDED_STATUSES, wait_s)
    still_open = sorted(order_id for order_id in wanted if not _is_in(reports.get(order_id), ENDED_STATUSES))
    not_open = sorted(order_ids - open_orders)
    answer = {
        "canceled": [to_text(order_id) for order_id in sorted(wanted - set(still_open))],
        "still_open": [to_text(order_id) for order_id in still_open],
        "not_open": [to_text(order_id) for order_id in not_open],
    }
    if as_json:
        print_json(answer)
    else:
        print("\n".join(f"{name.replace('_', ' ')}: {', '.join(ids) or 'none'}" for name, ids in answer.items()))
    return not still_open


def list_orders(access: Access, *, as_json: bool) -> None:
    """Tells the open orders."""
    with access.client() as client:
        rows = [order_row(report) for report in client.open_orders()]
    if as_json:
        print_json({"strategy": access.strategy, "orders": rows})
    else:
        print(table(rows, COLUMNS) if rows else f"no open orders of {access.strategy}")


def _await(
    client: Client, order_ids: set[int], statuses: AbstractSet[OrderStatus], wait_s: float
) -> dict[int, ExecutionReport]:
    """The last report of each order, once all have one of the statuses or the time is over."""
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + int(wait_s * NS_PER_S)
    reports: dict[int, ExecutionReport] = {}
    while not all(_is_in(reports.get(order_id), statuses) for order_id in order_ids):
        left_ns = deadline_ns - clock.monotonic_ns()
        if left_ns <= 0:
            break
        for event in client.wait(left_ns / NS_PER_S):
            if isinstance(event, ExecutionReport) and event.order_id in order_ids:
                reports[event.order_id] = event
    return reports


def _is_in(report: ExecutionReport | None, statuses: AbstractSet[OrderStatus]) -> bool:
    return report is not None and report.order_status in statuses
