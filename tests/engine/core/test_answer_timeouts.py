"""Requests that stay unanswered: the order is UNKNOWN after its time-out, and the gateway asks the venue."""

import numpy as np
import pytest

from ipc.enums import EndReason, ExecutionType, OrderStatus, RequestKind, VenueEvent
from tests.engine.core.world import NS_PER_MS, NS_PER_S, World

UNKNOWN = [(ExecutionType.UNKNOWN, OrderStatus.UNKNOWN)]


@pytest.fixture
def timed(world: World) -> World:
    """A world in which the venue has two seconds for an order and one for a cancel."""
    world.terms()["acknowledgement_timeout_ns"] = 2 * NS_PER_S
    world.terms()["cancel_timeout_ns"] = NS_PER_S
    return world


def test_an_order_that_is_not_acknowledged_in_time_is_unknown(timed: World) -> None:
    order_id = timed.place(accepted=False)
    assert timed.state.header["next_deadline_ns"] == timed.now_ns + 2 * NS_PER_S
    assert timed.after(2 * NS_PER_S - 1).effects == []
    assert timed.after(1).told == UNKNOWN
    assert timed.after(10 * NS_PER_S).effects == [], "it is told once"
    assert timed.accept(order_id).told == [(ExecutionType.NEW, OrderStatus.NEW)]


def test_a_cancel_that_is_not_answered_in_time_is_unknown(timed: World) -> None:
    order_id = timed.place()
    timed.after(5 * NS_PER_S)
    timed.cancel(order_id)
    assert timed.after(NS_PER_S).told == UNKNOWN
    step = timed.venue(VenueEvent.CANCELED, order_id)
    assert step.told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]


@pytest.mark.parametrize("lots", [5, 20], ids=["in place", "by a new leg"])
def test_an_amendment_that_is_not_answered_in_time_is_unknown(timed: World, lots: int) -> None:
    order_id = timed.place()
    timed.amend(order_id, order_lots=lots)
    assert timed.after(2 * NS_PER_S).told == UNKNOWN


def test_the_cancel_before_a_replacement_has_a_cancels_time(timed: World) -> None:
    order_id = timed.place()
    timed.fill(order_id, 4)
    timed.amend(order_id, price_ticks=9_000)
    assert timed.after(NS_PER_S).told == UNKNOWN


def test_what_was_answered_in_time_is_not_told(timed: World) -> None:
    timed.place()
    assert timed.after(5 * NS_PER_S).effects == []


def test_a_further_leg_has_its_own_time(timed: World) -> None:
    timed.book_top()
    order_id = int(timed.market().requests[0].order_id)
    timed.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    assert timed.after(50 * NS_PER_MS).asked == [RequestKind.NEW]
    assert timed.after(2 * NS_PER_S).told == UNKNOWN


def test_without_a_time_out_the_order_waits(world: World) -> None:
    world.place(accepted=False)
    assert world.state.header["next_deadline_ns"] == np.iinfo(np.int64).max


def test_an_order_in_doubt_is_still_cancelled_when_its_time_is_over(timed: World) -> None:
    order_id = timed.place(accepted=False, execution_timeout_ms=3_000)
    timed.after(2 * NS_PER_S)
    assert timed.after(NS_PER_S).asked == [RequestKind.CANCEL]
    timed.venue(VenueEvent.CANCELED, order_id)
    assert timed.order(order_id)["end_reason"] == EndReason.EXECUTION_TIMEOUT


def test_a_time_out_that_meets_a_lost_connection_tells_nothing_new(timed: World) -> None:
    order_id = timed.place(accepted=False)
    timed.venue(VenueEvent.OUTCOME_UNKNOWN, 0)
    assert timed.after(2 * NS_PER_S).effects == []
    assert timed.order(order_id)["is_unknown"] == 1
