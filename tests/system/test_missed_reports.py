"""A strategy that was too slow, and one whose engine was killed, end with everything that it was told, once."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from ipc.client import Client
from ipc.enums import ENDED_STATUSES, ExecutionType, Side, TimeInForce
from ipc.errors import RingFullError
from ipc.events import Event, ExecutionReport, Lagged
from ipc.segment import Segment, SegmentKind
from ipc.tables import STATE_HEADER
from ipc.tables import STRATEGY as STRATEGY_ROW
from tests.system.engine_site import ENGINE, FAR_TICKS, ORDER_LOTS, STRATEGY, EngineSite
from tests.system.installation import INSTRUMENT, installed
from tests.system.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
RING_CAPACITY, ORDERS, STRATEGY_ID = 64, 1_000, 1
LIFE = [ExecutionType.PENDING_NEW, ExecutionType.NEW, ExecutionType.EXPIRED]


class SmallRingSite(EngineSite):
    """An engine whose rings hold very little."""

    def table(self) -> dict[str, Any]:
        """As elsewhere, but for the rings."""
        return {**super().table(), "ipc": {"ring_capacity": RING_CAPACITY}}

    def patient_client(self) -> Client:
        """A client whose commands may wait for a busy machine."""
        return self.installation.connect(ENGINE, STRATEGY, timeout_s=20, time_to_live_ms=60_000)

    def report_sequence(self) -> int:
        """How much the engine has told the strategy."""
        segment = Segment.attach(self.folder / "state", SegmentKind.STATE, writable=False)
        try:
            header = segment.content[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]
            first = int(header["strategies_offset"]) + STRATEGY_ID * STRATEGY_ROW.itemsize
            return int(segment.content[first : first + STRATEGY_ROW.itemsize].view(STRATEGY_ROW)[0]["report_sequence"])
        finally:
            segment.close()


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallRingSite]:
    """A venue, and an engine whenever a test starts one."""
    with installed(tmp_path_factory.mktemp("missed")) as installation:
        yield SmallRingSite(installation)


def trade_blindly(client: Client, orders: int) -> list[int]:
    """Sends orders that the venue takes and expires at once, and hears of none."""

    def submit(number: int) -> int:
        terms = {"price_ticks": FAR_TICKS + number % 1_000, "order_lots": ORDER_LOTS, "time_in_force": TimeInForce.IOC}
        try:
            return client.submit_ticks(instrument_id=0, account_id=0, side=Side.BUY, **terms)
        except RingFullError:
            return 0

    return [await_that(partial(submit, number), "room for an order") for number in range(orders)]


def heard_out(client: Client) -> list[Event]:
    """Everything that there is to hear, asking for what is missing."""
    heard: list[Event] = []
    while events := client.events():
        heard += events
        if isinstance(events[-1], Lagged):
            heard += client.replay()
    return [event for event in heard if not isinstance(event, Lagged)]


def sequences(events: list[Event]) -> list[int]:
    """The numbers of what was told."""
    return [event.sequence for event in events if not isinstance(event, Lagged)]


def test_a_strategy_that_was_too_slow_ends_with_every_report(site: SmallRingSite) -> None:
    with site.engine(), site.patient_client() as client:
        sent = trade_blindly(client, ORDERS)
        heard: list[Event] = []
        ends: dict[int, ExecutionReport] = {}

        def have_all_ended() -> bool:
            for event in heard_out(client):
                heard.append(event)
                if isinstance(event, ExecutionReport) and event.order_status in ENDED_STATUSES:
                    ends[event.order_id] = event
            return len(ends) == len(sent)

        await_that(have_all_ended, "the end of every order")
        lives: dict[int, list[ExecutionType]] = {order_id: [] for order_id in sent}
        for event in heard:
            if isinstance(event, ExecutionReport):
                lives[event.order_id].append(ExecutionType(event.execution_type))
        assert len(heard) > 10 * RING_CAPACITY
        assert sequences(heard) == list(range(sequences(heard)[0], site.report_sequence() + 1))
        assert [life for life in lives.values() if life != LIFE] == []


def test_what_a_killed_engine_told_last_is_heard_from_the_next_one(site: SmallRingSite) -> None:
    with site.engine(), site.patient_client() as client:
        client.submit(INSTRUMENT, "buy", "0.001", price="60000")
        first = await_that(client.events, "the first reports")
        trade_blindly(client, 2 * RING_CAPACITY)
        enough = sequences(first)[-1] + 2 * RING_CAPACITY
        before = await_that(lambda: max(site.report_sequence() - enough, 0), "many reports") + enough
        killed = site.engine_pid
        os.kill(killed, signal.SIGKILL)
        site.await_ready_again(killed)
        client.reconnect()
        client.cancel_all()
        heard = sequences(first)

        def has_heard_all() -> bool:
            heard.extend(sequences(heard_out(client)))
            return not client.open_orders() and heard[-1] == site.report_sequence()

        await_that(has_heard_all, "every report")
        assert heard == list(range(heard[0], heard[-1] + 1))
        assert heard[-1] >= before
