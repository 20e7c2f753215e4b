"""Owns sending, canceling and listing orders by hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ipc.client import Client
from ipc.clock import NS_PER_S, SystemClock
from ipc.enums import ENDED_STATUSES, ExecutionType, OrderStatus, Side
from ipc.errors import UnknownNameError
from ipc.events import ExecutionReport
from ipc.order_id import to_text
from ipc.order_terms import Moment, member
from ipc.parent_enums import ParentEvent
from ipc.parent_events import ParentReport
from tools.answer import print_json
from tools.command_error import CommandError
from tools.manual_client import Access, open_order_row, order_row, parse_order_id, table
from tools.parent_answers import await_answer, cancel_parents, tell_answer

ANSWERED = set(OrderStatus) - {OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN}
NOT_TAKEN = {OrderStatus.REJECTED, OrderStatus.REFUSED}
COLUMNS = (
    "client_order_id",
    "instrument",
    "side",
    "type",
    "quantity",
    "cumulative_quantity",
    "price",
    "stop",
    "version",
    "order_status",
    "ends_as",
    "waiting_ms",
)


@dataclass(frozen=True)
class Order:
    """An order as it was typed."""

    instrument: str
    side: str
    quantity: str | None
    price: str | None = None
    stop_price: str | None = None
    order_type: str | None = None
    time_in_force: str | None = None
    expire: Moment | None = None
    display_quantity: str | None = None
    quote_quantity: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    fill_first: bool | None = None
    self_trade_prevention: str | None = None
    release: Moment | None = None
    account: str | None = None
    max_slippage_bps: int | None = None
    execution_timeout_ms: int | None = None


@dataclass(frozen=True)
class Scope:
    """Which open orders are meant; what is not said is not asked for."""

    instrument: str | None = None
    account: str | None = None
    side: str | None = None


def parse_moment(text: str | None) -> Moment | None:
    """A moment as it was typed."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"time {text[:40]!r} is no time; allowed are one with its zone such as 2027-01-31T12:00:00Z, "
            "and nanoseconds since the Unix epoch"
        ) from None


def submit_order(order: Order, access: Access, *, wait_s: float, as_json: bool) -> bool:
    """Sends the order and tells the last that was heard of it; whether the venue took it."""
    with access.client() as client:
        try:
            order_id = client.submit(**vars(order))
        except ValueError as error:
            raise CommandError(str(error)) from error
        is_scheduled = order.release is not None
        reports = _await(client, {order_id}, lambda report: is_scheduled or report.order_status in ANSWERED, wait_s)
    report = reports.get(order_id)
    _tell(order_id, report, wait_s, as_json=as_json)
    return (
        report is not None
        and (is_scheduled or report.order_status in ANSWERED)
        and report.order_status not in NOT_TAKEN
    )


def tell_status(order: str, access: Access, *, wait_s: float, as_json: bool) -> bool:
    """Tells how an order stands or how it ended; whether the engine knows it."""
    order_id = parse_order_id(order)
    with access.client() as client:
        client.order_status(order_id)
        answer = await_answer(
            client, order_id, wait_s, is_enough=lambda report: report.parent_event == ParentEvent.STATUS
        )
    if isinstance(answer, ParentReport):
        tell_answer(order_id, answer, wait_s, as_json=as_json)
        return True
    _tell(order_id, answer, wait_s, as_json=as_json)
    return answer is not None and answer.execution_type == ExecutionType.ORDER_STATUS


def _tell(order_id: int, report: ExecutionReport | None, wait_s: float, *, as_json: bool) -> None:
    name = to_text(order_id)
    if as_json and report is None:
        print_json({"order_id": order_id, "client_order_id": name, "order_status": OrderStatus.UNKNOWN.name})
    elif as_json and report is not None:
        print_json({**order_row(report), "reason": report.stated_reason.name, "venue_code": report.venue_code})
    elif report is None:
        print(f"{name}: no answer within {wait_s:g} s; oms orders tells whether it is open")
    else:
        print(f"{name}: {report}")


def cancel_orders(orders: list[str], scope: Scope, access: Access, *, wait_s: float, as_json: bool) -> bool:
    """Cancels the orders, or every open one of a scope when none is named; whether all have ended."""
    order_ids = {parse_order_id(text) for text in orders}
    with access.client() as client:
        if orders:
            wanted = order_ids & {order.order_id for order in client.open_orders()}
            ended_parents, living_parents = cancel_parents(client, order_ids - wanted, wait_s)
            for order_id in sorted(wanted):
                client.cancel(order_id)
        else:
            order_ids = wanted = _open_in(client, scope)
            ended_parents, living_parents = set(), set()
            client.cancel_all(scope.instrument, account=scope.account, side=scope.side)
        reports = _await(client, wanted, _has_ended, wait_s)
    still_open = {order_id for order_id in wanted if not _is(_has_ended, reports.get(order_id))} | living_parents
    canceled = (wanted | ended_parents) - still_open
    answer = {
        "canceled": [to_text(order_id) for order_id in sorted(canceled)],
        "still_open": [to_text(order_id) for order_id in sorted(still_open)],
        "not_open": [to_text(order_id) for order_id in sorted(order_ids - canceled - still_open)],
    }
    if as_json:
        print_json(answer)
    else:
        print("\n".join(f"{name.replace('_', ' ')}: {', '.join(ids) or 'none'}" for name, ids in answer.items()))
    return not still_open


def _open_in(client: Client, scope: Scope) -> set[int]:
    """The open orders of a scope; CommandError when its side is none."""
    try:
        side = None if scope.side is None else member(Side, scope.side)
    except ValueError as error:
        raise CommandError(str(error)) from error
    accounts = client.accounts()
    if scope.account is not None and scope.account not in accounts:
        raise UnknownNameError(f"this strategy has no account {scope.account!r}; allowed are {', '.join(accounts)}")
    return {
        order.order_id
        for order in client.open_orders()
        if scope.instrument in (None, order.instrument.name)
        and (scope.account is None or order.account_id == accounts[scope.account].account_id)
        and side in (None, order.side)
    }


def list_orders(access: Access, *, as_json: bool) -> None:
    """Tells the open orders."""
    with access.client() as client:
        rows = [open_order_row(order) for order in client.open_orders()]
    if as_json:
        print_json({"strategy": access.strategy, "orders": rows})
    else:
        print(table(rows, COLUMNS) if rows else f"no open orders of {access.strategy}")


def _await(
    client: Client, order_ids: Iterable[int], is_enough: Callable[[ExecutionReport], bool], wait_s: float
) -> dict[int, ExecutionReport]:
    """The last report of each order, once all say enough or the time is over."""
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + int(wait_s * NS_PER_S)
    reports: dict[int, ExecutionReport] = {}
    while not all(_is(is_enough, reports.get(order_id)) for order_id in order_ids):
        left_ns = deadline_ns - clock.monotonic_ns()
        if left_ns <= 0:
            break
        for event in client.wait(left_ns / NS_PER_S):
            if isinstance(event, ExecutionReport) and event.order_id in order_ids:
                reports[event.order_id] = event
    return reports


def _has_ended(report: ExecutionReport) -> bool:
    return report.order_status in ENDED_STATUSES


def _is(is_enough: Callable[[ExecutionReport], bool], report: ExecutionReport | None) -> bool:
    return report is not None and is_enough(report)
