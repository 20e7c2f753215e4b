"""What keeps a living order from trading for a while: told, in FIX's precedence, until the venue restates it."""

import pytest

from ipc.enums import ExecutionType, OrderStatus, VenueEvent
from tests.engine.core.world import World

HOLDS = [
    (VenueEvent.DONE_FOR_DAY, ExecutionType.DONE_FOR_DAY, OrderStatus.DONE_FOR_DAY),
    (VenueEvent.CALCULATED, ExecutionType.CALCULATED, OrderStatus.CALCULATED),
    (VenueEvent.STOPPED, ExecutionType.STOPPED, OrderStatus.STOPPED),
    (VenueEvent.SUSPENDED, ExecutionType.SUSPENDED, OrderStatus.SUSPENDED),
]


@pytest.mark.parametrize(("event", "happened", "status"), HOLDS, ids=[row[0].name for row in HOLDS])
def test_a_held_order_says_so_until_it_is_restated(
    world: World, event: VenueEvent, happened: ExecutionType, status: OrderStatus
) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    assert world.venue(event, order_id).told == [(happened, status)]
    assert world.venue(event, order_id).effects == []
    assert world.book()["open_buy_lots"] == 6, "it may trade again"
    assert world.cancel(order_id).told == [(ExecutionType.PENDING_CANCEL, OrderStatus.PENDING_CANCEL)]
    step = world.venue(VenueEvent.RESTATED, order_id)
    assert step.told == [(ExecutionType.RESTATED, OrderStatus.PENDING_CANCEL)]
    assert world.venue(VenueEvent.CANCELED, order_id).told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]


@pytest.mark.parametrize(("event", "happened", "status"), HOLDS, ids=[row[0].name for row in HOLDS])
def test_a_hold_proves_that_the_venue_has_the_order(
    world: World, event: VenueEvent, happened: ExecutionType, status: OrderStatus
) -> None:
    order_id = world.place(accepted=False)
    assert world.venue(event, order_id, venue_order_id=77).reports[0].venue_order_id == 77
    assert world.accept(order_id).effects == []
    assert world.fill(order_id, 10).told == [(ExecutionType.TRADE, OrderStatus.FILLED)]
    assert world.venue(event, order_id).effects == []


def test_a_restatement_changes_quantity_and_price(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    world.venue(VenueEvent.DONE_FOR_DAY, order_id)
    step = world.venue(VenueEvent.RESTATED, order_id, order_lots=12, price_ticks=9_900)
    assert step.told == [(ExecutionType.RESTATED, OrderStatus.PARTIALLY_FILLED)]
    report = step.reports[0]
    assert (report.order_lots, report.price_ticks, report.leaves_lots) == (12, 9_900, 8)
    assert world.book()["open_buy_lots"] == 8


def test_a_restatement_to_what_is_filled_fills_the_order(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    world.venue(VenueEvent.RESTATED, order_id, order_lots=4)
    assert world.status(order_id).reports[0].order_status == OrderStatus.FILLED


def test_a_status_of_a_living_order_ends_a_hold(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.SUSPENDED, order_id)
    assert world.venue(VenueEvent.STATUS, order_id).told == [(ExecutionType.ORDER_STATUS, OrderStatus.NEW)]
