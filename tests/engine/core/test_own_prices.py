"""An order that the venue gives another price is met at that price by none of ours."""

import pytest

from engine.core.state import holding_of
from ipc.enums import RefusalReason, RequestKind, Side, VenueEvent
from tests.engine.core.world import World


@pytest.fixture
def world() -> World:
    return World()


def _walked(world: World) -> None:
    """Has the list of own prices walked, so that what stands beside it is exact."""
    world.place(side=Side.BUY, price_ticks=9_900)
    holding_of(world.state.address, 0, 0)["lowest_sell_ticks"] = 10_100


def test_the_venue_restates_a_price(world: World) -> None:
    order_id = world.place(side=Side.SELL, price_ticks=10_100)
    _walked(world)
    world.venue(VenueEvent.RESTATED, order_id, price_ticks=10_020)
    assert world.new_order(price_ticks=10_050).refusals == [RefusalReason.SELF_MATCH]


def test_a_replacement_that_was_given_up_shows_itself(world: World) -> None:
    order_id = world.place(side=Side.SELL, price_ticks=10_100)
    world.amend(order_id, price_ticks=10_020)
    world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, answers_request=RequestKind.CANCEL_REPLACE)
    _walked(world)
    world.accept(order_id, leg=1)
    assert world.new_order(price_ticks=10_050).refusals == [RefusalReason.SELF_MATCH]
