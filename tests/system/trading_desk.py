"""Owns one strategy's client in a test: it remembers every report and waits for the ones that matter."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ipc.client import Client
from ipc.enums import ENDED_STATUSES, ExecutionType, OrderStatus, OrderType, Side
from ipc.events import ExecutionReport, VenueState
from tests.system.installation import Installation
from tests.system.waiting import await_that


class TradingDesk:
    """A client and what it was told, in order."""

    def __init__(self, client: Client, instrument: str) -> None:
        self.client = client
        self.instrument = client.instruments()[instrument]
        self.reports: list[ExecutionReport] = []
        self.states: list[VenueState] = []

    def hear(self) -> None:
        """Takes what is there."""
        for event in self.client.events():
            if isinstance(event, ExecutionReport):
                self.reports.append(event)
            elif isinstance(event, VenueState):
                self.states.append(event)

    def reports_of(self, order_id: int) -> list[ExecutionReport]:
        """What was told of one order so far."""
        self.hear()
        return [report for report in self.reports if report.order_id == order_id]

    def await_report(self, order_id: int, *kinds: ExecutionType) -> ExecutionReport:
        """The first report of one of these kinds; without a kind the first at all."""

        def look() -> ExecutionReport | None:
            reports = self.reports_of(order_id)
            return next((report for report in reports if not kinds or report.execution_type in kinds), None)

        return await_that(look, f"a report {kinds} on order {order_id}")

    def await_end(self, order_id: int) -> ExecutionReport:
        """The report that ended the order."""

        def look() -> ExecutionReport | None:
            return next((report for report in self.reports_of(order_id) if report.order_status in ENDED_STATUSES), None)

        return await_that(look, f"the end of order {order_id}")

    def await_resting(self, order_id: int) -> ExecutionReport:
        """The report by which the venue took the order."""
        report = self.await_report(order_id, ExecutionType.NEW, ExecutionType.REFUSED, ExecutionType.REJECTED)
        assert report.execution_type == ExecutionType.NEW, str(report)
        return report

    def cancel_everything(self) -> None:
        """Cancels what is open and waits until nothing is."""
        self.client.cancel_all()
        await_that(lambda: not self.client.open_orders(), "the end of every order")
        self.hear()

    def submit(self, *, side: Side, price_ticks: int, order_lots: int, **terms: Any) -> int:
        """An order in this desk's instrument; price 0 is none, and without a type it is a limit order."""
        known = self.instrument
        terms = {"order_type": OrderType.LIMIT, **terms}
        price = known.price(price_ticks) if price_ticks else None
        return self.client.submit(known, side, known.quantity(order_lots), price=price, **terms)


def status_of(report: ExecutionReport) -> OrderStatus:
    """The status as a member, which shows its name when a test fails."""
    return OrderStatus(report.order_status)


@contextmanager
def desk_of(installation: Installation, engine: str, strategy: str, instrument: str) -> Iterator[TradingDesk]:
    """The desk of a strategy, which is free again afterwards."""
    with installation.connect(engine, strategy) as client:
        yield TradingDesk(client, instrument)
