"""A trade that nobody remembers any more is never booked again, whatever is told of it."""

import pytest

from ipc.enums import AlarmCode, EndReason, ExecutionType, OrderStatus, Side, VenueEvent
from tests.engine.core.world import RETENTION_NS, World

ROOM = 4


@pytest.fixture
def world() -> World:
    return World(trades=ROOM)


def _forget(world: World, *, account_id: int = 0, instrument_id: int = 0) -> None:
    """Fills the room for trades with others of one account and instrument."""
    other = world.place(strategy=3, price_ticks=9_000, account_id=account_id, instrument_id=instrument_id)
    for _ in range(ROOM):
        world.fill(other, 1, account_id=account_id, instrument_id=instrument_id)


def _forgotten(world: World) -> int:
    return int(world.state.header["forgotten_trade_count"])


def test_a_trade_that_was_booked_and_forgotten_is_not_booked_again(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 4, trade_id=1)
    _forget(world)
    step = world.fill(order_id, 4, trade_id=1)
    assert (step.reports, step.alarms) == ([], [AlarmCode.FORGOTTEN_TRADE])
    assert (step.alarm.order_id, step.alarm.trade_id, step.alarm.expected) == (order_id, 1, 4)
    assert (world.book()["position_lots"], world.order(order_id)["cumulative_lots"], _forgotten(world)) == (4, 4, 1)


def test_a_person_is_told_once_for_each_order(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 4, trade_id=1)
    world.fill(order_id, 4, trade_id=2)
    _forget(world)
    assert world.fill(order_id, 4, trade_id=1).alarms == [AlarmCode.FORGOTTEN_TRADE]
    assert [world.fill(order_id, 4, trade_id=trade_id).alarms for trade_id in (1, 2)] == [[], []]
    assert _forgotten(world) == 3


def test_an_order_that_counted_the_forgotten_trade_ends_when_the_lost_one_has_come(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 4, trade_id=1)
    _forget(world)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=7)
    world.fill(order_id, 4, trade_id=1)
    assert world.fill(order_id, 3).happened == [ExecutionType.TRADE, ExecutionType.CANCELED]
    assert (world.order(order_id)["end_reason"], world.book()["position_lots"]) == (EndReason.CANCELED, 7)


def test_an_order_that_never_counted_the_trade_stays_in_doubt_with_all_that_it_reserves(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(world.place(strategy=3, price_ticks=9_000), 1, trade_id=50)
    _forget(world)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    step = world.fill(order_id, 4, trade_id=49)
    assert (step.reports, step.alarms) == ([], [AlarmCode.FORGOTTEN_TRADE])
    world.after(RETENTION_NS)
    assert world.status(order_id).told == [(ExecutionType.ORDER_STATUS, OrderStatus.UNKNOWN)]
    assert (world.book()["position_lots"], world.book()["open_buy_lots"]) == (0, 4)


def test_only_what_is_older_than_a_forgotten_trade_is_left_out(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 1, trade_id=5)
    _forget(world)
    assert world.fill(order_id, 1, trade_id=5).reports == []
    assert world.fill(order_id, 1, trade_id=6).happened == [ExecutionType.TRADE]


@pytest.mark.parametrize("where", [{"account_id": 1, "instrument_id": 0}, {"account_id": 0, "instrument_id": 1}])
def test_each_account_and_instrument_forgets_by_itself(world: World, where: dict[str, int]) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 4, trade_id=1_000)
    _forget(world)
    elsewhere = world.place(side=Side.SELL, price_ticks=11_000, **where)
    assert world.fill(elsewhere, 4, trade_id=999, **where).happened == [ExecutionType.TRADE]


def test_a_forgotten_trade_is_left_out_though_its_order_is_forgotten_too() -> None:
    world = World(trades=ROOM, orders=4)
    order_id = world.place(order_lots=4)
    world.fill(order_id, 4, trade_id=1)
    world.after(RETENTION_NS)
    _forget(world)
    step = world.fill(order_id, 4, trade_id=1)
    assert (step.reports, step.alarms, world.book()["position_lots"]) == ([], [AlarmCode.FORGOTTEN_TRADE], 4)


def test_a_correction_of_a_forgotten_trade_books_nothing(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 4, trade_id=1)
    _forget(world)
    step = world.venue(VenueEvent.TRADE_CORRECTED, order_id, trade_id=1, last_lots=3, last_price_ticks=10_000)
    assert step.alarms == [AlarmCode.FORGOTTEN_TRADE, AlarmCode.TRADE_CORRECTED]
    assert world.book()["position_lots"] == 4
