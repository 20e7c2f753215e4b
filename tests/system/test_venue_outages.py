"""The venue goes away, comes back, or says that it will: what the engine does meanwhile and afterwards."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ipc.clock import NS_PER_S
from ipc.enums import ConnectionState, ExecutionType, OrderStatus, RefusalReason, RejectReason, Side, TimeInForce
from tests.system.engine_site import FAR_TICKS, ORDER_LOTS, EngineSite, rest, sockets_of
from tests.system.installation import INSTRUMENT, installed
from tests.system.standstill import standing_still
from tests.system.trading_desk import TradingDesk, status_of
from tests.system.venue_orders import lines_of
from tests.system.waiting import CLOCK, await_that
from tests.torture.tracing import can_look_into_others
from tools.child_process import ChildProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Floor:
    """A site whose engine runs, with a desk."""

    def __init__(self, site: EngineSite, engine: ChildProcess, desk: TradingDesk) -> None:
        self.site = site
        self.venue = site.venue
        self.engine = engine
        self.desk = desk

    def state(self) -> ConnectionState:
        """How far the account's order connection is."""
        return self.desk.client.accounts()["main"].connection_state

    def open_statuses(self, order_id: int) -> set[OrderStatus]:
        """How an order stands, as the engine lists it; empty when it has ended."""
        rows = self.desk.client.open_orders()
        return {OrderStatus(order.order_status) for order in rows if order.order_id == order_id}

    def kill_venue(self) -> None:
        """The venue is gone without a word."""
        assert self.venue.process is not None
        os.kill(self.venue.process.pid, signal.SIGKILL)
        self.venue.stop()


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One engine through all of it."""
    with installed(tmp_path_factory.mktemp("outages")) as installation, ExitStack() as cleanup:
        site = EngineSite(installation)
        engine = cleanup.enter_context(site.engine())
        client = cleanup.enter_context(site.connect())
        yield Floor(site, engine, site.desk(client))


@pytest.mark.skipif(not can_look_into_others(), reason="needs the right to look into the engine's process")
def test_a_rotation_before_the_venues_shutdown_leaves_no_gap_between_orders(floor: Floor) -> None:
    desk = floor.desk
    before = sockets_of(floor.site.engine_pid)
    sent: list[int] = []

    def trade_for(seconds: float) -> None:
        until_ns = CLOCK.monotonic_ns() + int(seconds * NS_PER_S)
        while CLOCK.monotonic_ns() < until_ns:
            terms = {"price_ticks": FAR_TICKS + len(sent), "order_lots": ORDER_LOTS}
            sent.append(desk.submit(side=Side.BUY, time_in_force=TimeInForce.IOC, **terms))
            CLOCK.sleep_ns(NS_PER_S // 200)
            desk.hear()

    trade_for(0.3)
    floor.venue.control("announce-shutdown")
    trade_for(1.2)
    ends = [desk.await_end(order_id) for order_id in sent]
    assert len(sent) > 50
    # Immediate or cancel, far from the market: each reached the venue and expired there.
    assert {status_of(end) for end in ends} == {OrderStatus.EXPIRED}
    assert {report.execution_type for report in desk.reports} & {ExecutionType.UNKNOWN, ExecutionType.REFUSED} == set()
    await_that(lambda: len(sockets_of(floor.site.engine_pid) - before) >= 2, "new connections in the place of the old")
    assert floor.state() is ConnectionState.LIVE


def test_an_order_whose_answer_got_lost_is_found_at_the_venue(floor: Floor) -> None:
    desk = floor.desk
    for fault in ("drop_event&match=executionReport", "drop_after&match=order.place"):
        floor.venue.control(f"fault?action={fault}")
    order_id = rest(desk)
    told = await_that(lambda: floor.open_statuses(order_id), "the order")
    assert told <= {OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN}
    await_that(lambda: floor.open_statuses(order_id) == {OrderStatus.NEW}, "the order's being found")
    assert [line["event"] for line in lines_of(floor.venue, order_id)] == ["accepted"]
    desk.cancel_everything()
    assert status_of(desk.await_end(order_id)) is OrderStatus.CANCELED


def test_orders_are_refused_while_the_venue_is_away_and_what_was_in_flight_is_settled(floor: Floor) -> None:
    desk = floor.desk
    assert floor.venue.process is not None
    with standing_still(floor.venue.process.pid):
        in_flight = rest(desk, 2)
        assert status_of(desk.await_report(in_flight)) is OrderStatus.PENDING_NEW
        floor.kill_venue()
    await_that(lambda: floor.open_statuses(in_flight) == {OrderStatus.UNKNOWN}, "the doubt about the order")
    refused = desk.await_report(rest(desk, 3))
    assert refused.stated_reason is RefusalReason.VENUE_NOT_READY
    assert (refused.limit, refused.current < refused.limit) == (ConnectionState.LIVE, True)

    floor.venue.start()
    # The venue that came back does not know it; that counts only when nothing can be on its way any more.
    ended = desk.await_end(in_flight)
    assert (status_of(ended), ended.stated_reason) == (OrderStatus.REJECTED, RejectReason.UNKNOWN_ORDER)
    await_that(lambda: floor.state() is ConnectionState.LIVE, "trading again")
    desk.await_resting(rest(desk, 4))
    desk.cancel_everything()
    assert desk.client.position(INSTRUMENT).open_buy_lots == 0


def test_an_order_that_the_venue_took_and_has_forgotten_stays_in_doubt(floor: Floor) -> None:
    desk = floor.desk
    taken = rest(desk, 5)
    desk.await_resting(taken)
    floor.kill_venue()
    floor.venue.start()
    await_that(lambda: floor.open_statuses(taken) == {OrderStatus.UNKNOWN}, "the doubt about the order")
    assert desk.client.position(INSTRUMENT).open_buy_lots > 0


def test_every_change_of_the_connection_is_told(floor: Floor) -> None:
    desk = floor.desk
    desk.hear()
    before = len(desk.states)

    def states() -> list[ConnectionState]:
        desk.hear()
        return [ConnectionState(event.connection_state) for event in desk.states[before:]]

    floor.venue.control("drop-connections")
    await_that(lambda: ConnectionState.LIVE in states(), "trading again")
    assert states() == [
        ConnectionState.DOWN,
        ConnectionState.CONNECTING,
        ConnectionState.RECONCILING,
        ConnectionState.LIVE,
    ]
