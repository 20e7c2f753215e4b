"""An end whose fills are not all here: the order stays open, in doubt and reserved, until the last of them has come."""

from ipc.enums import EndReason, ExecutionType, OrderStatus, RefusalReason, RequestKind, VenueEvent
from tests.engine.core.world import RETENTION_NS, World

UNKNOWN = (ExecutionType.UNKNOWN, OrderStatus.UNKNOWN)


def _working(world: World) -> int:
    return int(world.book()["open_buy_lots"])


def test_a_cancel_that_counts_more_than_has_come_ends_nothing_yet(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    step = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    assert (step.told, step.reports[0].leaves_lots, _working(world)) == ([UNKNOWN], 4, 4)
    assert world.fill(order_id, 1).told == [(ExecutionType.TRADE, OrderStatus.UNKNOWN)]
    step = world.fill(order_id, 3)
    assert step.told == [(ExecutionType.TRADE, OrderStatus.CANCELED), (ExecutionType.CANCELED, OrderStatus.CANCELED)]
    assert (step.reports[1].reason, step.reports[1].cumulative_lots, _working(world)) == (EndReason.CANCELED, 4, 0)
    assert world.counts() == {}


def test_what_never_comes_stays_reserved_and_in_doubt(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=3)
    for _ in range(3):
        world.after(RETENTION_NS)
    assert world.status(order_id).told == [(ExecutionType.ORDER_STATUS, OrderStatus.UNKNOWN)]
    assert _working(world) == 3
    assert world.cancel(order_id).refusals == [RefusalReason.CANCEL_ALREADY_PENDING]


def test_the_end_told_again_with_a_larger_count_waits_for_more(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=2)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=5)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=3)
    world.fill(order_id, 2)
    assert _working(world) == 3
    assert world.fill(order_id, 3).happened == [ExecutionType.TRADE, ExecutionType.CANCELED]


def test_an_end_that_counts_all_as_filled_is_a_fill(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=10)
    assert world.fill(order_id, 10).told == [(ExecutionType.TRADE, OrderStatus.FILLED)]


def test_a_filled_order_of_which_the_venue_counts_more_waits_for_that(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.STATUS, order_id, cumulative_lots=12)
    assert world.fill(order_id, 10).told == [(ExecutionType.TRADE, OrderStatus.UNKNOWN)]
    assert _working(world) == 2
    assert world.fill(order_id, 2).told == [(ExecutionType.TRADE, OrderStatus.FILLED)]


def test_a_status_that_counts_more_leaves_the_order_in_doubt_until_its_fills_are_here(world: World) -> None:
    order_id = world.place()
    assert world.venue(VenueEvent.STATUS, order_id, cumulative_lots=4).told == [UNKNOWN]
    assert _working(world) == 10
    assert world.fill(order_id, 4).told == [(ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED)]


def test_a_status_that_counts_less_than_has_come_is_older_and_passed_over(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    world.fill(order_id, 4)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=RequestKind.CANCEL)
    assert world.venue(VenueEvent.STATUS, order_id, cumulative_lots=2).effects == []
    assert world.order(order_id)["is_unknown"] == 1


def test_a_count_after_the_end_opens_the_order_again(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.CANCELED, order_id)
    assert world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=3).told == [UNKNOWN]
    assert _working(world) == 3
    step = world.fill(order_id, 3)
    assert (step.happened, step.alarms) == ([ExecutionType.TRADE, ExecutionType.CANCELED], [])


def test_a_replacement_whose_old_leg_counts_more_waits_for_those_fills(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=2)
    assert world.accept(order_id, leg=1).told == [(ExecutionType.REPLACED, OrderStatus.UNKNOWN)]
    step = world.fill(order_id, 2)
    assert step.told == [(ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED)]
    assert _working(world) == 10, "the new leg asked for ten"


def test_a_new_leg_that_asked_for_too_much_is_cancelled_when_the_order_is_filled(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.fill(order_id, 3)
    world.accept(order_id, leg=1)
    assert (_working(world), world.status(order_id).reports[0].leaves_lots) == (10, 7)
    step = world.fill(order_id, 7, leg=1)
    assert (step.asked, step.reports[-1].order_status) == ([RequestKind.CANCEL], OrderStatus.PENDING_CANCEL)
    step = world.venue(VenueEvent.CANCELED, order_id, leg=1, cumulative_lots=7)
    assert (step.reports[0].order_status, step.reports[0].reason) == (OrderStatus.FILLED, EndReason.FILLED)
