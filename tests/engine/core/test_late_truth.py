"""Words of a venue that come after all seemed settled: orders that live after all, legs that nobody waits for."""

import pytest

from ipc.enums import (
    AlarmCode,
    EndReason,
    ExecutionType,
    OrderStatus,
    RejectReason,
    RequestKind,
    VenueEvent,
)
from tests.engine.core.world import REQUEST_EXPIRY_NS, RETENTION_NS, World


def _denied(world: World, **fields: int) -> int:
    """An order that the venue said twice it does not have."""
    order_id = world.place(accepted=False, **fields)
    world.now_ns += REQUEST_EXPIRY_NS
    world.venue(VenueEvent.NOT_FOUND, order_id)
    world.venue(VenueEvent.NOT_FOUND, order_id)
    assert world.order(order_id)["end_reason"] == EndReason.REJECTED
    return order_id


@pytest.mark.parametrize("event", [VenueEvent.ACCEPTED, VenueEvent.STATUS], ids=lambda event: event.name)
def test_an_order_that_was_denied_and_lives_is_revived(world: World, event: VenueEvent) -> None:
    order_id = _denied(world)
    step = world.venue(event, order_id, venue_order_id=55)
    assert (step.alarms, step.reports[0].order_status) == ([AlarmCode.REVIVED_ORDER], OrderStatus.NEW)
    assert (world.book()["open_buy_lots"], world.state.header["open_order_count"]) == (10, 1)
    world.fill(order_id, 10)
    assert world.order(order_id)["end_reason"] == EndReason.FILLED


def test_a_fill_of_an_order_that_was_denied_revives_it_and_leaves_the_rest_in_doubt(world: World) -> None:
    order_id = _denied(world)
    step = world.fill(order_id, 4)
    assert step.told == [
        (ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED),
        (ExecutionType.UNKNOWN, OrderStatus.UNKNOWN),
    ]
    assert (step.alarms, world.book()["position_lots"]) == ([AlarmCode.REVIVED_ORDER], 4)
    assert world.book()["open_buy_lots"] == 6


def test_a_revived_order_whose_time_is_over_is_cancelled(world: World) -> None:
    order_id = world.place(accepted=False, execution_timeout_ms=1_000)
    world.after(REQUEST_EXPIRY_NS)
    world.venue(VenueEvent.NOT_FOUND, order_id)
    world.venue(VenueEvent.NOT_FOUND, order_id)
    assert world.accept(order_id).asked == [RequestKind.CANCEL]
    world.venue(VenueEvent.CANCELED, order_id)
    assert world.order(order_id)["end_reason"] == EndReason.EXECUTION_TIMEOUT


def test_a_revived_order_that_was_to_be_cancelled_is_cancelled(world: World) -> None:
    order_id = world.place(accepted=False)
    world.cancel(order_id)
    world.now_ns += REQUEST_EXPIRY_NS
    world.venue(VenueEvent.NOT_FOUND, order_id)
    world.venue(VenueEvent.NOT_FOUND, order_id)
    assert world.accept(order_id).asked == [RequestKind.CANCEL]


def test_a_request_that_could_not_be_sent_and_was_revives_its_order(world: World) -> None:
    order_id = world.place(accepted=False, retry_attempts=0)
    world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.NOT_SENT)
    assert world.accept(order_id).told == [(ExecutionType.NEW, OrderStatus.NEW)]


def test_a_rejection_by_the_venue_itself_holds(world: World) -> None:
    order_id = world.place(accepted=False)
    world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.INSUFFICIENT_BALANCE)
    assert world.accept(order_id).effects == []
    assert world.venue(VenueEvent.STATUS, order_id).effects == []
    step = world.fill(order_id, 4)
    assert (step.told, step.alarms) == ([(ExecutionType.TRADE, OrderStatus.REJECTED)], [AlarmCode.LATE_FILL])


def test_a_revived_order_is_no_longer_among_those_that_wait_to_be_forgotten(world: World) -> None:
    others = [world.place(price_ticks=9_000 + number) for number in range(2)]
    world.venue(VenueEvent.CANCELED, others[0])
    order_id = _denied(world)
    world.venue(VenueEvent.CANCELED, others[1])
    world.accept(order_id)
    world.after(RETENTION_NS)
    assert world.state.header["oldest_ended"] == world.state.header["newest_ended"] == -1
    assert world.cancel(order_id).asked == [RequestKind.CANCEL]


# ---- legs ----


def _dropped_replacement(world: World) -> int:
    """An order whose replacement the venue seemed not to have."""
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000, order_lots=12)
    world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.OTHER)
    return order_id


@pytest.mark.parametrize("event", [VenueEvent.ACCEPTED, VenueEvent.STATUS], ids=lambda event: event.name)
def test_a_dropped_replacement_that_lives_takes_over_after_all(world: World, event: VenueEvent) -> None:
    order_id = _dropped_replacement(world)
    step = world.venue(event, order_id, leg=1, venue_order_id=901)
    assert (step.told, step.alarms) == ([(ExecutionType.REPLACED, OrderStatus.NEW)], [AlarmCode.REVIVED_ORDER])
    assert (step.reports[0].leg, step.reports[0].price_ticks, step.reports[0].current) == (1, 9_000, 1)
    assert world.book()["open_buy_lots"] == 12


def test_a_fill_of_a_dropped_replacement_is_booked_and_makes_it_the_leg(world: World) -> None:
    order_id = _dropped_replacement(world)
    step = world.fill(order_id, 5, leg=1)
    assert step.happened == [ExecutionType.REPLACED, ExecutionType.TRADE]
    assert (world.book()["position_lots"], world.book()["open_buy_lots"]) == (5, 7)


def test_a_leg_that_a_later_amendment_has_left_behind_is_cancelled(world: World) -> None:
    order_id = _dropped_replacement(world)
    world.amend(order_id, price_ticks=9_100)
    step = world.accept(order_id, leg=1)
    assert (step.asked, step.requests[0].order_id) == ([RequestKind.CANCEL], order_id | 1)
    assert step.requests[0].original_order_id == order_id | 1
    assert step.alarm.order_id == order_id | 1


def test_a_leg_that_lives_after_its_orders_end_is_cancelled(world: World) -> None:
    order_id = _dropped_replacement(world)
    world.fill(order_id, 10)
    step = world.accept(order_id, leg=1)
    assert (step.asked, step.alarms) == ([RequestKind.CANCEL], [AlarmCode.REVIVED_ORDER])


def test_a_word_on_a_leg_that_was_replaced_is_older_and_passed_over(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.accept(order_id, leg=1)
    assert world.accept(order_id, leg=0).effects == []
    assert world.venue(VenueEvent.STATUS, order_id, leg=0).effects == []
