"""The list of legs that may still live at a venue, which reconciliation asks about."""

import numpy as np

from engine.core.order_listing import OPEN_LEG, list_open_legs
from ipc.enums import ConnectionState, VenueEvent
from ipc.memory import address_of
from tests.engine.core.world import World


def _legs(world: World, account_id: int = 0, room: int = 8) -> list[dict[str, int]]:
    rows = np.zeros(room, OPEN_LEG)
    count = int(list_open_legs(world.state.address, account_id, address_of(rows), room))
    return [{name: int(row[name]) for name in row.dtype.names or ()} for row in rows[:count]]


def _ids(world: World, **options: int) -> list[int]:
    return sorted(leg["order_id"] for leg in _legs(world, **options))


def test_living_orders_of_one_account_are_listed(world: World) -> None:
    first, second = world.place(), world.place(strategy=2)
    world.place(account_id=1, accepted=False)
    ended = world.place()
    world.venue(VenueEvent.CANCELED, ended)
    assert _ids(world) == [first, second]


def test_a_leg_says_what_is_known_of_it(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 3)
    leg = _legs(world)[0]
    assert (leg["venue_order_id"], leg["cumulative_lots"], leg["is_unknown"]) == (900, 3, 0)
    world.cancel(order_id)
    world.connection(ConnectionState.DOWN)
    assert _legs(world)[0]["is_unknown"] == 1


def test_both_legs_of_a_replacement_are_listed_until_one_has_taken_over(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    assert _ids(world) == [order_id, order_id | 1]
    world.accept(order_id, leg=1)
    assert _ids(world) == [order_id | 1]


def test_an_amendment_in_place_and_a_leg_not_sent_yet_are_no_second_leg(world: World) -> None:
    in_place, first = world.place(), world.place(price_ticks=9_500)
    world.amend(in_place, order_lots=5)
    world.fill(first, 1)
    world.amend(first, price_ticks=9_000)
    assert _ids(world) == [in_place, first]


def test_an_order_between_two_attempts_has_no_leg_at_the_venue(world: World) -> None:
    world.book_top()
    order_id = int(world.market().requests[0].order_id)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    assert _ids(world) == []


def test_a_list_never_outgrows_its_room(world: World) -> None:
    for _ in range(5):
        world.place()
    assert len(_legs(world, room=3)) == 3


def test_a_leg_says_since_when_its_order_waits_for_an_answer(world: World) -> None:
    order_id = world.place(accepted=False)
    sent_ns = _legs(world)[0]["sent_ns"]
    assert _legs(world)[0]["waits_since_ns"] == sent_ns > 0
    world.accept(order_id)
    assert _legs(world)[0]["waits_since_ns"] == 0
    world.amend(order_id, price_ticks=9_000)
    waits = {leg["order_id"]: leg["waits_since_ns"] for leg in _legs(world)}
    assert waits[order_id] > 0
    assert waits[order_id | 1] == 0


def test_an_order_whose_answer_is_overdue_is_unknown_until_the_venue_knows_it(world: World) -> None:
    order_id = world.place(accepted=False)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id)
    assert _legs(world)[0]["is_unknown"] == 1
    world.venue(VenueEvent.STATUS, order_id)
    leg = _legs(world)[0]
    assert (leg["is_unknown"], leg["waits_since_ns"]) == (0, 0)
