"""What the venue says of a leg after the first one, or of one that it made smaller, is not taken for another's."""

from ipc.enums import EndReason, ExecutionType, RequestKind, VenueEvent
from tests.engine.core.world import World


def test_a_further_leg_has_no_number_of_the_venue_until_the_venue_names_it(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    assert world.order(order_id)["venue_order_id"] != 0
    world.amend(order_id, price_ticks=9_000, order_lots=12)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    assert world.order(order_id)["leg"] == 1
    assert world.order(order_id)["venue_order_id"] == 0
    world.venue(VenueEvent.ACCEPTED, order_id, leg=1, venue_order_id=77)
    assert world.order(order_id)["venue_order_id"] == 77


def test_a_status_of_fewer_lots_tells_of_an_amendment_whose_answer_got_lost(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.accept(order_id)
    assert world.amend(order_id, order_lots=6).asked == [RequestKind.AMEND]
    world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id)
    step = world.venue(VenueEvent.STATUS, order_id, cumulative_lots=0, order_lots=6)
    assert ExecutionType.REPLACED in step.happened
    assert ExecutionType.REPLACE_REJECTED not in step.happened
    assert world.order(order_id)["order_lots"] == 6


def test_a_status_of_fewer_lots_that_are_all_filled_ends_the_order(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.accept(order_id)
    world.fill(order_id, 6)
    world.venue(VenueEvent.STATUS, order_id, cumulative_lots=6, order_lots=6)
    assert world.order(order_id)["end_reason"] == EndReason.FILLED
