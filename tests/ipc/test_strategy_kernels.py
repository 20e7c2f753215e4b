"""A compiled strategy trades with the same functions as everybody else."""

from collections.abc import Iterator

import numpy as np
import pytest

from ipc.client import Client, connect
from ipc.compiler import kernel
from ipc.enums import ExecutionType, RecordKind, Side
from ipc.events import Lagged
from ipc.memory import address_of, view
from ipc.order_id import CLIENT_SEQUENCE_MAX, unpack
from ipc.parent_enums import Algorithm, ParentControl
from ipc.records import EXECUTION_REPORT, NEW_PARENT, SCHEDULE, SLOT_BYTES
from ipc.session import SessionWord, Unsent
from ipc.strategy_kernels import (
    best_bid_ask,
    drain_reports,
    poll_report,
    position_lots,
    publish_amend,
    publish_cancel,
    publish_new_order,
    publish_parent,
    publish_parent_control,
    publish_schedule,
    release_report,
    take_lost_count,
)
from tests.ipc.fake_engine import COMMANDS_CAPACITY, ENGINE, REPORTS_CAPACITY, STRATEGIES, FakeEngine

MAKER = STRATEGIES["maker"]
BUY = int(Side.BUY)


@pytest.fixture
def client(engine: FakeEngine) -> Iterator[Client]:
    """A client over shared memory."""
    with connect(f"shm://{ENGINE}", strategy="maker") as client:
        yield client


@kernel
def join_the_bid(session: int, instrument_id: int, limit_lots: int) -> int:
    """A strategy: buys one lot at the best bid while its position allows it."""
    bid_ticks, bid_lots, _, _, _ = best_bid_ask(session, instrument_id)
    if bid_lots == 0 or position_lots(session, instrument_id) >= limit_lots:
        return 0
    return publish_new_order(session, instrument_id, 0, BUY, bid_ticks, 1, client_tag=5)


@kernel
def cancel_what_was_accepted(session: int) -> int:
    """Another: cancels each order of which it hears."""
    count = 0
    while True:
        address = poll_report(session)
        if address == 0:
            return count
        order_id = view(address, 1, EXECUTION_REPORT)[0]["order_id"]
        release_report(session)
        publish_cancel(session, order_id)
        count += 1


def test_a_compiled_strategy_reads_book_and_position_and_orders(engine: FakeEngine, client: Client) -> None:
    session = client.session_address
    assert join_the_bid(session, 1, 10) == 0
    row = engine.state.table("instruments")[1]
    row["bid_ticks"], row["bid_lots"], row["ask_ticks"], row["ask_lots"] = 500, 3, 501, 4
    row["book_received_ns"] = 77
    assert best_bid_ask(session, 1) == (500, 3, 501, 4, 77)
    order_id = join_the_bid(session, 1, 10)
    assert unpack(order_id).sequence == 1
    [(strategy_id, order)] = engine.take_commands()
    assert strategy_id == MAKER
    assert (order["order_id"], order["price_ticks"], order["order_lots"]) == (order_id, 500, 1)
    assert (order["side"], order["order_type"], order["client_tag"], order["retry_attempts"]) == (1, 2, 5, -1)
    engine.state.table("books").reshape(-1, 3)[MAKER][1]["position_lots"] = 10
    assert position_lots(session, 1) == 10
    assert join_the_bid(session, 1, 10) == 0


def test_a_compiled_strategy_takes_reports_and_answers(engine: FakeEngine, client: Client) -> None:
    for number in (1, 2, 3):
        engine.report(MAKER, order_id=number << 8, execution_type=ExecutionType.NEW)
    assert cancel_what_was_accepted(client.session_address) == 3
    cancels = [command for _, command in engine.take_commands()]
    assert [command["order_id"] >> 8 for command in cancels] == [1, 2, 3]
    assert {command["kind"] for command in cancels} == {RecordKind.CANCEL_ORDER}
    assert client.events() == []


def test_python_and_compiled_code_count_on_together(engine: FakeEngine, client: Client) -> None:
    session = client.session_address
    first = publish_new_order(session, 0, 0, BUY, 1, 1)
    second = client.submit("BTC/USDT.BINANCE", "buy", 1, price=1)
    publish_amend(session, first, 5, 0)
    third = publish_new_order(session, 0, 0, BUY, 1, 1)
    assert [unpack(order_id).sequence for order_id in (first, second, third)] == [1, 2, 3]
    assert [command["sequence"] for _, command in engine.take_commands()] == [1, 2, 3, 4]


@kernel
def buy_by_schedule(session: int, parent: int, schedule: int) -> int:
    """A third: lets a parent buy by a schedule, and pauses it."""
    view(parent, 1, NEW_PARENT)[0]["side"] = BUY
    order_id = publish_parent(session, parent)
    publish_schedule(session, order_id, schedule)
    publish_parent_control(session, order_id, ParentControl.PAUSE)
    return order_id


def test_a_compiled_strategy_sends_a_parent_and_its_schedule(engine: FakeEngine, client: Client) -> None:
    parent, schedule = np.zeros(1, NEW_PARENT), np.zeros(1, SCHEDULE)
    parent["algorithm"], parent["order_lots"], parent["benchmark"] = Algorithm.VWAP, 5, 1
    # What precedes the terms is not the strategy's to say.
    parent["order_id"] = parent["sequence"] = schedule["kind"] = 77
    schedule["slice_count"], schedule["lots_0"], schedule["lots_19"] = 20, 2, 3
    order_id = buy_by_schedule(client.session_address, address_of(parent), address_of(schedule))
    assert unpack(order_id).sequence == 1
    sent, slices, control = [command for _, command in engine.take_commands()]
    kinds = [RecordKind.NEW_PARENT, RecordKind.SCHEDULE, RecordKind.CONTROL_PARENT]
    assert [command["kind"] for command in (sent, slices, control)] == kinds
    assert [(command["order_id"], command["sequence"]) for command in (sent, slices, control)] == [
        (order_id, 1),
        (order_id, 2),
        (order_id, 3),
    ]
    assert [sent[name] for name in ("side", "algorithm", "order_lots", "benchmark")] == [BUY, Algorithm.VWAP, 5, 1]
    assert [slices[name] for name in ("slice_count", "lots_0", "lots_18", "lots_19")] == [20, 2, 0, 3]
    assert control["control"] == ParentControl.PAUSE
    assert unpack(client.submit("BTC/USDT.BINANCE", "buy", 1)).sequence == 2


def test_what_does_not_exist_reads_as_nothing(client: Client) -> None:
    session = client.session_address
    for instrument_id in (-1, 3, 1 << 40):
        assert position_lots(session, instrument_id) == 0
        assert best_bid_ask(session, instrument_id) == (0, 0, 0, 0, 0)


def test_a_full_ring_a_new_engine_and_used_up_ids_are_told_apart(engine: FakeEngine, client: Client) -> None:
    session = client.session_address
    for _ in range(COMMANDS_CAPACITY):
        assert publish_cancel(session, 256) > 0
    assert publish_new_order(session, 0, 0, BUY, 1, 1) == Unsent.RING_FULL
    assert publish_cancel(session, 256) == Unsent.RING_FULL
    engine.take_commands()
    words = np.frombuffer(view_of_session(session), np.int64)
    words[SessionWord.LAST_ORDER_SEQUENCE] = CLIENT_SEQUENCE_MAX
    assert publish_new_order(session, 0, 0, BUY, 1, 1) == Unsent.ORDER_IDS_EXHAUSTED
    assert publish_cancel(session, 256) == COMMANDS_CAPACITY + 1
    engine.commands[MAKER].retire()
    assert publish_new_order(session, 0, 0, BUY, 1, 1) == Unsent.ENGINE_RESTARTED
    assert publish_cancel(session, 256) == Unsent.ENGINE_RESTARTED


def view_of_session(session: int) -> memoryview:
    """The session's words, writable."""
    import ctypes  # noqa: PLC0415  only here

    return memoryview((ctypes.c_int64 * len(SessionWord)).from_address(session)).cast("B")


def test_a_closed_session_touches_nothing(engine: FakeEngine) -> None:
    with connect(f"shm://{ENGINE}", strategy="maker") as client:
        session = client.session_address
        engine.report(MAKER, client_tag=1)
    assert publish_new_order(session, 0, 0, BUY, 1, 1) == Unsent.ENGINE_RESTARTED
    assert poll_report(session) == 0
    assert position_lots(session, 0) == 0
    assert best_bid_ask(session, 0) == (0, 0, 0, 0, 0)


def test_losses_are_told_to_compiled_strategies_too(engine: FakeEngine, client: Client) -> None:
    session = client.session_address
    assert take_lost_count(session) == 0
    for _ in range(REPORTS_CAPACITY + 2):
        engine.report(MAKER)
    assert take_lost_count(session) == 2
    assert take_lost_count(session) == 0


def test_a_loss_is_told_once_and_behind_what_was_there_when_it_was_seen(engine: FakeEngine, client: Client) -> None:
    for _ in range(REPORTS_CAPACITY + 2):
        engine.report(MAKER)
    first = client.events(3)
    assert not any(isinstance(event, Lagged) for event in first)
    # Reports that come after the loss was seen stay behind it.
    engine.report(MAKER, client_tag=99)
    rest = client.events()
    kinds = [type(event).__name__ for event in rest]
    assert kinds == ["ExecutionReport"] * (REPORTS_CAPACITY - 3) + ["Lagged"]
    assert [type(event).__name__ for event in client.events()] == ["ExecutionReport"]


def test_a_reader_of_a_state_whose_writer_died_gives_up(engine: FakeEngine, client: Client) -> None:
    engine.state.table("instruments")[0]["bid_lots"] = 5
    engine.state.header["version"] = 1
    assert best_bid_ask(client.session_address, 0) == (0, 0, 0, 0, 0)


def test_draining_takes_no_more_than_there_is_room_for(engine: FakeEngine, client: Client) -> None:
    for _ in range(3):
        engine.report(MAKER)
    target = np.zeros(2 * SLOT_BYTES // 8, np.int64)
    assert drain_reports(client.session_address, address_of(target), 0) == 0
    assert drain_reports(client.session_address, address_of(target), 2) == 2
    assert drain_reports(client.session_address, address_of(target), 2) == 1
