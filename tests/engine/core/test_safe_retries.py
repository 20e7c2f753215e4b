"""Rejections for a passing reason: tried again as a new leg, but never after an outcome that nobody knows."""

import pytest

from ipc.enums import EndReason, ExecutionType, OrderStatus, RejectReason, RequestKind, VenueEvent
from tests.engine.core.world import NS_PER_MS, World

DELAY_NS = 50 * NS_PER_MS
PASSING = (
    RejectReason.RATE_LIMIT,
    RejectReason.VENUE_OVERLOADED,
    RejectReason.REQUEST_EXPIRED,
    RejectReason.NOT_SENT,
)


@pytest.mark.parametrize("reason", PASSING, ids=lambda reason: reason.name)
def test_a_rejection_that_passes_is_tried_again_after_the_delay(world: World, reason: RejectReason) -> None:
    order_id = world.place(accepted=False)
    assert world.venue(VenueEvent.REJECTED, order_id, reason=reason).effects == []
    assert world.book()["open_buy_lots"] == 10
    assert world.after(DELAY_NS - 1).effects == []
    step = world.after(1)
    assert (step.asked, step.told) == ([RequestKind.NEW], [(ExecutionType.RETRIED, OrderStatus.PENDING_NEW)])
    assert (step.requests[0].order_id, step.requests[0].order_lots) == (order_id | 1, 10)
    assert world.accept(order_id, leg=1).told == [(ExecutionType.NEW, OrderStatus.NEW)]


@pytest.mark.parametrize("reason", sorted(set(RejectReason) - set(PASSING)), ids=lambda reason: reason.name)
def test_any_other_rejection_is_the_end(world: World, reason: RejectReason) -> None:
    order_id = world.place(accepted=False)
    assert world.venue(VenueEvent.REJECTED, order_id, reason=reason).happened == [ExecutionType.REJECTED]


def test_attempts_are_used_up(world: World) -> None:
    order_id = world.place(accepted=False, retry_attempts=1)
    world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    world.after(DELAY_NS)
    step = world.venue(VenueEvent.REJECTED, order_id, leg=1, reason=RejectReason.RATE_LIMIT)
    assert step.told == [(ExecutionType.REJECTED, OrderStatus.REJECTED)]


def test_an_order_that_is_to_be_cancelled_is_not_tried_again(world: World) -> None:
    order_id = world.place(accepted=False)
    world.cancel(order_id)
    step = world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    assert step.told == [(ExecutionType.REJECTED, OrderStatus.REJECTED)]


def test_an_order_between_two_attempts_is_cancelled_without_the_venue(world: World) -> None:
    order_id = world.place(accepted=False)
    world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    step = world.cancel(order_id)
    assert (step.asked, step.told) == ([], [(ExecutionType.CANCELED, OrderStatus.CANCELED)])


def test_no_attempt_is_planned_beyond_the_orders_time(world: World) -> None:
    order_id = world.place(accepted=False, execution_timeout_ms=40)
    step = world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    assert step.happened == [ExecutionType.REJECTED]


def test_an_outcome_that_nobody_knows_is_asked_about_and_never_sent_again(world: World) -> None:
    order_id = world.place(accepted=False)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=RequestKind.NEW)
    assert world.after(1_000 * DELAY_NS).requests == []
    assert world.status(order_id).reports[0].order_status == OrderStatus.UNKNOWN


def test_a_leg_that_was_rejected_and_filled_is_in_doubt_and_not_sent_again(world: World) -> None:
    order_id = world.place(accepted=False)
    world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    assert world.fill(order_id, 4).told == [(ExecutionType.TRADE, OrderStatus.UNKNOWN)]
    assert world.after(DELAY_NS).requests == []
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    assert world.order(order_id)["end_reason"] == EndReason.CANCELED
