"""The kill switch on real processes and sockets: what is open is cancelled and verified, nothing new leaves."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ipc.control_segment import ControlSegment
from ipc.enums import ExecutionType, OrderStatus, RefusalReason, ScopeKind, Side, TradingState
from ipc.operator import Operator
from tests.system.installation import (
    INSTRUMENT,
    Installation,
    VenueProcess,
    account_row,
    engine_section,
    installed,
    strategy_row,
    venue_row,
)
from tests.system.terminal import Terminal
from tests.system.trading_desk import TradingDesk, desk_of
from tests.system.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ENGINE, ORDERS = "stopped", 1_000
TERMS = {"execution": {"execution_timeout_ms": 0}, "rate_limit": {"rate_limit_orders": 100_000}}


class Switch(Terminal):
    """An engine with two strategies, and a terminal."""

    def __init__(self, installation: Installation, venue: VenueProcess, table: dict[str, Any]) -> None:
        self.installation = installation
        self.venue = venue
        self.table = table
        self.process = installation.start_engine(table)

    def events(self) -> Counter[str]:
        """What the venue did with orders, counted."""
        return Counter(line["event"] for line in self.venue.log() if "event" in line)

    @property
    def operator(self) -> Operator:
        """Another way in."""
        return Operator(f"ipc://{self.installation.runtime / ENGINE / 'clients'}", "ann")


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    """One installation for all tests; each leaves it armed."""
    with installed(tmp_path_factory.mktemp("kill")) as installation:
        venue = installation.start_venue("main", flow={"enabled": False})
        table = {
            "engine": {**engine_section(ENGINE), "order_capacity": 4096},
            "risk": {"book_age_max_ms": 600_000, "duplicate_orders_max": 10_000},
            **TERMS,
            "venue": [venue_row(venue)],
            "account": [account_row("main")],
            "strategy": [strategy_row(1, "one", "main"), strategy_row(2, "two", "main")],
        }
        yield Switch(installation, venue, table)


@pytest.fixture
def one(switch: Switch) -> Iterator[TradingDesk]:
    with desk_of(switch.installation, ENGINE, "one", INSTRUMENT) as desk:
        yield desk


@pytest.fixture
def two(switch: Switch) -> Iterator[TradingDesk]:
    with desk_of(switch.installation, ENGINE, "two", INSTRUMENT) as desk:
        yield desk


def fill_book(desk: TradingDesk, count: int) -> list[int]:
    """So many resting orders."""
    order_ids = []
    for place in range(count):
        order_ids.append(desk.submit(side=Side.BUY, price_ticks=5_000_000 + place, order_lots=100))
        if place % 50 == 49:
            desk.await_resting(order_ids[-1])
    desk.await_resting(order_ids[-1])
    return order_ids


def is_refused(desk: TradingDesk) -> bool:
    order_id = desk.submit(side=Side.BUY, price_ticks=5_000_000, order_lots=100)
    report = desk.await_report(order_id, ExecutionType.NEW, ExecutionType.REFUSED)
    if report.execution_type == ExecutionType.NEW:
        desk.cancel_everything()
        return False
    assert report.reason == RefusalReason.TRADING_STATE, str(report)
    return True


def test_a_thousand_orders_are_cancelled_and_verified(switch: Switch, one: TradingDesk) -> None:
    order_ids = fill_book(one, ORDERS)
    before = switch.events()
    answer = switch.oms("kill", "--wait", "60")
    sys.stdout.write(f"kill of {ORDERS} orders: {answer}\n")
    assert (answer["scope"], answer["outcome"]) == ("engine", "verified")
    assert {one.await_end(order_id).order_status for order_id in order_ids} == {OrderStatus.CANCELED}
    assert switch.events()["canceled"] - before["canceled"] == ORDERS
    assert one.client.open_orders() == []
    assert is_refused(one)
    alarms = [row["code"] for row in switch.oms("alarms", status=1)["alarms"]]
    assert {"TRADING_STATE_RAISED", "KILL_VERIFIED"} <= set(alarms)
    assert switch.oms("arm")["before"] == "HALT"
    assert not is_refused(one)


def test_a_strategy_alone_is_stopped_and_others_go_on(switch: Switch, one: TradingDesk, two: TradingDesk) -> None:
    mine = one.submit(side=Side.BUY, price_ticks=5_000_000, order_lots=100)
    other = two.submit(side=Side.BUY, price_ticks=5_000_001, order_lots=100)
    one.await_resting(mine)
    two.await_resting(other)
    assert switch.oms("kill", "--scope", "strategy:one")["outcome"] == "verified"
    assert one.await_end(mine).order_status == OrderStatus.CANCELED
    assert [order.order_id for order in two.client.open_orders()] == [other]
    assert is_refused(one)
    two.cancel_everything()
    switch.oms("arm", "--scope", "strategy:one")
    assert not is_refused(one)


@pytest.mark.parametrize("state", ["cancel_only", "reduce_only"])
def test_less_than_a_halt_leaves_what_is_open(switch: Switch, one: TradingDesk, state: str) -> None:
    order_id = one.submit(side=Side.BUY, price_ticks=5_000_000, order_lots=100)
    one.await_resting(order_id)
    assert switch.oms("kill", "--state", state, "--scope", "account:main")["outcome"] == "done"
    assert is_refused(one)
    assert [order.order_id for order in one.client.open_orders()] == [order_id]
    one.cancel_everything()
    switch.oms("arm", "--scope", "account:main")


def test_an_operator_over_zeromq_stops_it_and_only_arming_lets_it_go_on(switch: Switch, one: TradingDesk) -> None:
    with switch.operator as operator:
        assert operator.set_trading_state(ScopeKind.ENGINE, 0, TradingState.HALT).reason == RefusalReason.NONE
        assert is_refused(one)
        answer = operator.set_trading_state(ScopeKind.ENGINE, 0, TradingState.ACTIVE)
        assert answer.reason == RefusalReason.REARMING_REQUIRED
        assert is_refused(one)
        assert operator.acknowledge_alarm(1 << 40).reason == RefusalReason.UNKNOWN_ALARM
        armed = operator.set_trading_state(ScopeKind.ENGINE, 0, TradingState.ACTIVE, is_rearming=True)
        assert (armed.before, armed.after) == (TradingState.HALT, TradingState.ACTIVE)
    assert not is_refused(one)


def test_alarms_are_acknowledged_by_number(switch: Switch) -> None:
    numbers = [str(row["id"]) for row in switch.oms("alarms", status=1)["alarms"]]
    assert switch.oms("alarms", "ack", *numbers) == {"acknowledged": [int(number) for number in numbers]}
    assert switch.oms("alarms")["alarms"] == []
    scopes = switch.oms("limits")["scopes"]
    assert {row["trading_state"] for row in scopes} == {"ACTIVE"}
    assert "instrument:BTC/USDT.BINANCE" in [row["scope"] for row in scopes]


def test_a_halt_outlives_the_engine_that_was_killed(switch: Switch) -> None:
    with desk_of(switch.installation, ENGINE, "one", INSTRUMENT) as desk:
        desk.await_resting(desk.submit(side=Side.BUY, price_ticks=5_000_000, order_lots=100))
    assert switch.oms("kill")["outcome"] == "verified"
    pid = switch.installation.engine_pid(ENGINE)
    os.kill(pid, signal.SIGKILL)
    await_that(lambda: _pid_of(switch.installation) not in (None, pid), "the next engine")
    await_that(lambda: switch.installation.ready_file(ENGINE).exists(), "its readiness", timeout_s=120)
    with desk_of(switch.installation, ENGINE, "one", INSTRUMENT) as desk:
        assert is_refused(desk)
        switch.oms("arm")
        assert not is_refused(desk)


def test_what_is_asked_while_no_engine_runs_holds_for_the_next(switch: Switch) -> None:
    switch.process.stop()
    assert switch.oms("kill", "--scope", "instrument:BTC/USDT.BINANCE", status=1)["outcome"] == "waits"
    folder = switch.installation.runtime / ENGINE
    assert ControlSegment.attach(folder).engine_epoch > 0
    switch.process = switch.installation.start_engine(switch.table)
    with desk_of(switch.installation, ENGINE, "one", INSTRUMENT) as desk:
        assert is_refused(desk)
        switch.oms("arm", "--scope", "instrument:BTC/USDT.BINANCE")
        assert not is_refused(desk)


def test_an_engine_that_hangs_has_the_word_and_heeds_it_when_it_comes_back(switch: Switch) -> None:
    with ExitStack() as resumed:
        desk = resumed.enter_context(desk_of(switch.installation, ENGINE, "one", INSTRUMENT))
        pid = switch.installation.engine_pid(ENGINE)
        os.kill(pid, signal.SIGSTOP)
        resumed.callback(os.kill, pid, signal.SIGCONT)
        assert switch.oms("kill", "--wait", "1", status=1)["outcome"] == "asked"
        order_id = desk.submit(side=Side.BUY, price_ticks=5_000_000, order_lots=100)
        os.kill(pid, signal.SIGCONT)
        report = desk.await_report(order_id, ExecutionType.NEW, ExecutionType.REFUSED)
        assert report.reason in (RefusalReason.TRADING_STATE, RefusalReason.COMMAND_EXPIRED)
        switch.oms("arm")


def _pid_of(installation: Installation) -> int | None:
    try:
        return installation.engine_pid(ENGINE)
    except Exception:
        return None
