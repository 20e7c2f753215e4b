"""Amendments of a partially filled order: its leg is cancelled first, the new one is sent for what is left."""

from ipc.enums import (
    ConnectionState,
    EndReason,
    ExecutionType,
    OrderStatus,
    RefusalReason,
    RejectReason,
    RequestKind,
    VenueAbility,
    VenueEvent,
)
from tests.engine.core.world import NS_PER_S, World


def _working(world: World) -> int:
    return int(world.book()["open_buy_lots"])


def _canceling_first(world: World, **fields: int) -> int:
    order_id = world.place(**fields)
    world.fill(order_id, 4)
    step = world.amend(order_id, price_ticks=9_000, order_lots=12)
    assert step.asked == [RequestKind.CANCEL]
    return order_id


def test_a_partially_filled_order_is_cancelled_first_and_sent_for_what_is_left(world: World) -> None:
    order_id = _canceling_first(world)
    world.fill(order_id, 1)
    request = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=5).requests[0]
    assert (request.request_kind, request.order_id) == (RequestKind.NEW, order_id | 1)
    assert (request.price_ticks, request.order_lots) == (9_000, 7)
    assert world.accept(order_id, leg=1).told == [(ExecutionType.REPLACED, OrderStatus.PARTIALLY_FILLED)]
    assert _working(world) == 7
    world.fill(order_id, 7, 9_000, leg=1)
    assert world.order(order_id)["end_reason"] == EndReason.FILLED


def test_a_leg_whose_last_fills_are_missing_is_replaced_when_they_have_come(world: World) -> None:
    order_id = _canceling_first(world)
    step = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=6)
    assert (step.asked, step.told) == ([], [(ExecutionType.UNKNOWN, OrderStatus.UNKNOWN)])
    assert _working(world) == 8, "two lots that the venue counted, and what the new leg would ask for"
    step = world.fill(order_id, 2)
    assert step.happened == [ExecutionType.PENDING_REPLACE, ExecutionType.TRADE]
    assert (step.requests[0].request_kind, step.requests[0].order_lots) == (RequestKind.NEW, 6)


def test_an_order_that_filled_past_the_new_quantity_is_amended_to_what_it_filled(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    world.row("instruments", 0)["ability"] = int(VenueAbility.CANCEL_REPLACE)
    world.amend(order_id, order_lots=5)
    world.fill(order_id, 2)
    step = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=6)
    assert (step.asked, step.told) == ([], [(ExecutionType.REPLACED, OrderStatus.FILLED)])
    assert (step.reports[0].order_lots, _working(world)) == (6, 0)


def test_a_cancel_that_is_rejected_drops_the_replacement_behind_it(world: World) -> None:
    order_id = _canceling_first(world)
    step = world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    assert step.told == [(ExecutionType.REPLACE_REJECTED, OrderStatus.PARTIALLY_FILLED)]
    assert (step.reports[0].order_lots, _working(world)) == (10, 6)


def test_a_cancel_takes_the_replacement_behind_the_first_cancel_away(world: World) -> None:
    order_id = _canceling_first(world)
    step = world.cancel(order_id)
    assert (step.asked, step.happened) == ([], [ExecutionType.PENDING_CANCEL, ExecutionType.REPLACE_REJECTED])
    assert step.reports[1].venue_code == RefusalReason.CANCEL_ALREADY_PENDING
    assert world.cancel(order_id).refusals == [RefusalReason.CANCEL_ALREADY_PENDING]
    assert world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4).asked == []
    assert (world.order(order_id)["end_reason"], _working(world)) == (EndReason.CANCELED, 0)


def test_a_cancel_of_a_filled_order_that_waits_for_its_replacement_ends_it(world: World) -> None:
    order_id = _canceling_first(world)
    assert world.fill(order_id, 6).told == [(ExecutionType.TRADE, OrderStatus.PENDING_REPLACE)]
    step = world.cancel(order_id)
    assert step.happened == [ExecutionType.PENDING_CANCEL, ExecutionType.REPLACE_REJECTED]
    assert (world.order(order_id)["end_reason"], _working(world)) == (EndReason.FILLED, 0)
    step = world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    assert (step.asked, step.told) == ([], [(ExecutionType.CANCEL_REJECTED, OrderStatus.FILLED)])


def test_a_cancel_all_takes_the_replacement_behind_the_first_cancel_away(world: World) -> None:
    order_id = _canceling_first(world)
    world.cancel_all()
    assert world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4).asked == []


def test_an_execution_timeout_takes_the_replacement_behind_the_first_cancel_away(world: World) -> None:
    order_id = _canceling_first(world, execution_timeout_ms=1_000)
    world.after(NS_PER_S)
    step = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    assert (step.asked, step.reports[0].reason) == ([], EndReason.EXECUTION_TIMEOUT)


def test_a_reduction_of_the_old_leg_does_not_take_a_leg_that_was_never_sent(world: World) -> None:
    order_id = _canceling_first(world)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=9)
    assert (world.order(order_id)["leg"], world.order(order_id)["order_lots"]) == (0, 9)
    assert world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4).asked == [RequestKind.NEW]


def test_a_new_leg_that_the_rules_no_longer_allow_is_not_sent(world: World) -> None:
    order_id = _canceling_first(world)
    world.connection(ConnectionState.RECONCILING)
    step = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    assert (step.asked, step.happened) == ([], [ExecutionType.EXPIRED])
    report = step.reports[0]
    assert (report.reason, report.venue_code) == (EndReason.RETRY_REFUSED, RefusalReason.VENUE_NOT_READY)
    assert _working(world) == 0
