"""Outcomes in doubt: a lost connection, a lost answer, and what the venue's word makes of them."""

import pytest

from ipc.enums import (
    ConnectionState,
    EndReason,
    ExecutionType,
    OrderStatus,
    RefusalReason,
    RejectReason,
    RequestKind,
    VenueEvent,
)
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_S, REQUEST_EXPIRY_NS, World


def _reconnect(world: World) -> None:
    world.connection(ConnectionState.DOWN)
    world.now_ns += NS_PER_S
    world.connection(ConnectionState.LIVE)


def _status(world: World, order_id: int, **fields: int) -> Step:
    return world.venue(VenueEvent.STATUS, order_id, answers_request=RequestKind.STATUS, **fields)


def test_what_was_in_flight_when_the_connection_was_lost_is_unknown_without_a_word(world: World) -> None:
    order_id = world.place(accepted=False)
    acknowledged = world.place()
    _reconnect(world)
    assert world.amend(order_id, order_lots=5).refusals == [RefusalReason.ORDER_OUTCOME_UNKNOWN]
    assert world.fill(acknowledged, 1).told == [(ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED)]
    assert world.cancel(order_id).told == [(ExecutionType.PENDING_CANCEL, OrderStatus.UNKNOWN)]
    assert world.book()["open_buy_lots"] == 19, "what is unknown stays reserved in full"


def test_the_connection_of_another_account_puts_nothing_in_doubt(world: World) -> None:
    order_id = world.place(accepted=False)
    world.connection(ConnectionState.DOWN, account_id=1)
    assert world.cancel(order_id).told == [(ExecutionType.PENDING_CANCEL, OrderStatus.PENDING_CANCEL)]


def test_a_status_proves_that_the_order_was_accepted(world: World) -> None:
    order_id = world.place(accepted=False)
    _reconnect(world)
    step = _status(world, order_id, venue_order_id=44)
    assert step.told == [(ExecutionType.ORDER_STATUS, OrderStatus.NEW)]
    assert step.reports[0].venue_order_id == 44
    assert world.accept(order_id).effects == []


@pytest.mark.parametrize(
    ("name", "event", "status"),
    [
        ("it was cancelled", VenueEvent.CANCELED, OrderStatus.CANCELED),
        ("it expired", VenueEvent.EXPIRED, OrderStatus.EXPIRED),
        ("it was rejected", VenueEvent.REJECTED, OrderStatus.REJECTED),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_venues_word_on_the_end_settles_it(world: World, name: str, event: VenueEvent, status: OrderStatus) -> None:
    order_id = world.place(accepted=False)
    _reconnect(world)
    assert world.venue(event, order_id).told[0][1] == status, name
    assert world.book()["open_buy_lots"] == 0


def test_not_found_is_proof_only_when_said_again_after_the_request_has_expired(world: World) -> None:
    order_id = world.place(accepted=False)
    _reconnect(world)
    world.now_ns += REQUEST_EXPIRY_NS - NS_PER_S - 1
    for _ in range(3):
        assert world.venue(VenueEvent.NOT_FOUND, order_id).effects == [], "a copy may still arrive"
    world.now_ns += 1
    assert world.venue(VenueEvent.NOT_FOUND, order_id).effects == []
    assert world.book()["open_buy_lots"] == 10
    step = world.venue(VenueEvent.NOT_FOUND, order_id)
    assert step.told == [(ExecutionType.REJECTED, OrderStatus.REJECTED)]
    assert world.book()["open_buy_lots"] == 0


def test_a_status_between_two_not_founds_begins_the_proof_anew(world: World) -> None:
    order_id = world.place(accepted=False)
    world.now_ns += REQUEST_EXPIRY_NS
    world.venue(VenueEvent.NOT_FOUND, order_id)
    _status(world, order_id)
    (report,) = world.venue(VenueEvent.NOT_FOUND, order_id).reports
    assert report.order_status == OrderStatus.UNKNOWN, "an order once seen is in doubt, never not found"
    assert world.venue(VenueEvent.NOT_FOUND, order_id).effects == [], "and that is told once"


def test_a_later_leg_needs_its_own_two_not_founds(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    world.amend(order_id, price_ticks=9_000)
    world.order(order_id)["not_found_count"] = 1
    world.venue(VenueEvent.CANCELED, order_id)
    world.now_ns += REQUEST_EXPIRY_NS
    assert world.venue(VenueEvent.NOT_FOUND, order_id, leg=1).effects == []
    step = world.venue(VenueEvent.NOT_FOUND, order_id, leg=1)
    assert step.told == [
        (ExecutionType.REPLACE_REJECTED, OrderStatus.PARTIALLY_FILLED),
        (ExecutionType.CANCELED, OrderStatus.CANCELED),
    ]


def test_a_new_leg_never_found_after_its_old_leg_went_ends_the_order(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    _reconnect(world)
    assert world.venue(VenueEvent.CANCELED, order_id).effects == []
    world.now_ns += REQUEST_EXPIRY_NS
    assert world.venue(VenueEvent.NOT_FOUND, order_id, leg=1).effects == []
    step = world.venue(VenueEvent.NOT_FOUND, order_id, leg=1)
    assert step.happened == [ExecutionType.REPLACE_REJECTED, ExecutionType.CANCELED]


def test_a_lost_answer_makes_the_outcome_unknown_until_the_acknowledgement_comes_after_all(world: World) -> None:
    order_id = world.place(accepted=False)
    step = world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=RequestKind.NEW, venue_code=-1007)
    assert step.told == [(ExecutionType.UNKNOWN, OrderStatus.UNKNOWN)]
    assert step.reports[0].venue_code == -1007
    assert world.accept(order_id).told == [(ExecutionType.NEW, OrderStatus.NEW)]


def test_a_fill_proves_that_an_order_in_doubt_was_accepted(world: World) -> None:
    order_id = world.place(accepted=False)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=RequestKind.NEW)
    assert world.fill(order_id, 1).told == [(ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED)]


def test_a_lost_answer_to_what_was_answered_otherwise_puts_nothing_in_doubt(world: World) -> None:
    order_id = world.place()
    for kind in (RequestKind.NEW, RequestKind.CANCEL, RequestKind.AMEND, RequestKind.CANCEL_REPLACE):
        assert world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=kind).effects == []
    world.venue(VenueEvent.CANCELED, order_id)
    assert world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id).effects == []


def test_a_lost_answer_to_a_replacement_is_settled_by_asking_for_both_legs(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, leg=1, answers_request=RequestKind.CANCEL_REPLACE)
    assert world.venue(VenueEvent.CANCELED, order_id, answers_request=RequestKind.STATUS).effects == []
    assert world.order(order_id)["is_unknown"] == 1, "the new leg must still be asked for"
    step = world.venue(VenueEvent.STATUS, order_id, leg=1)
    assert step.told == [(ExecutionType.REPLACED, OrderStatus.NEW)]


def test_a_lost_answer_to_all_that_is_in_flight_is_a_lost_connection(world: World) -> None:
    order_id = world.place(accepted=False)
    assert world.venue(VenueEvent.OUTCOME_UNKNOWN, 0).effects == []
    assert world.amend(order_id, order_lots=5).refusals == [RefusalReason.ORDER_OUTCOME_UNKNOWN]
    assert world.counts() == {}


def test_a_cancel_lost_with_the_connection_is_settled_by_the_status(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    _reconnect(world)
    assert world.cancel(order_id).refusals == [RefusalReason.CANCEL_ALREADY_PENDING]
    assert _status(world, order_id).told == [(ExecutionType.ORDER_STATUS, OrderStatus.NEW)]
    assert world.cancel(order_id).asked == [RequestKind.CANCEL]


@pytest.mark.parametrize("change", [{"order_lots": 20}, {"order_lots": 7}], ids=["new leg", "in place"])
def test_a_leg_that_lives_says_nothing_of_a_replacement_that_may_still_be_on_its_way(
    world: World, change: dict[str, int]
) -> None:
    order_id = world.place()
    world.amend(order_id, **change)
    _reconnect(world)
    assert _status(world, order_id).told == []
    assert (world.order(order_id)["is_unknown"], world.order(order_id)["replace_lots"]) == (1, change["order_lots"])
    assert world.book()["open_buy_lots"] == max(10, change["order_lots"])


def test_a_wanted_cancel_does_not_wait_for_a_replacement_that_may_still_be_on_its_way(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=20)
    world.cancel(order_id)
    # It may have met the gap between the legs.
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    _reconnect(world)
    step = _status(world, order_id)
    assert (step.asked, step.requests[0].original_order_id) == ([RequestKind.CANCEL], order_id)
    assert step.told == [(ExecutionType.PENDING_CANCEL, OrderStatus.UNKNOWN)]
    assert world.order(order_id)["is_unknown"] == 1
    assert _status(world, order_id).effects == [], "it is out"


@pytest.mark.parametrize("met_leg", [0, 1])
def test_a_cancel_in_doubt_ends_the_order_on_whichever_leg_it_lives(world: World, met_leg: int) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=20)
    world.cancel(order_id)
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    _reconnect(world)
    _status(world, order_id)
    if met_leg == 1:
        world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
        world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=0)
        step = world.accept(order_id, leg=1, answers_request=RequestKind.STATUS)
        assert (step.asked, step.requests[0].order_id) == ([RequestKind.CANCEL], order_id | 1)
        world.venue(VenueEvent.CANCELED, order_id, leg=1, cumulative_lots=0)
    else:
        world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=0)
        assert world.order(order_id)["end_reason"] == EndReason.NONE, "the other leg may still come about"
        world.now_ns += REQUEST_EXPIRY_NS
        for _ in range(2):
            world.venue(VenueEvent.NOT_FOUND, order_id, leg=1)
    assert (world.order(order_id)["end_reason"], world.book()["open_buy_lots"]) == (EndReason.CANCELED, 0)


def test_a_replacement_that_comes_about_late_is_the_order_from_then_on(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=20)
    _reconnect(world)
    _status(world, order_id)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=0)
    world.fill(order_id, 20, leg=1)
    order = world.order(order_id)
    assert (order["end_reason"], order["order_lots"], order["cumulative_lots"]) == (EndReason.FILLED, 20, 20)
    assert world.counts() == {}


def test_a_replacement_lost_with_the_connection_is_dropped_by_the_old_legs_status_when_it_has_expired(
    world: World,
) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=20)
    _reconnect(world)
    world.now_ns += REQUEST_EXPIRY_NS
    assert _status(world, order_id).told == [
        (ExecutionType.ORDER_STATUS, OrderStatus.NEW),
        (ExecutionType.REPLACE_REJECTED, OrderStatus.NEW),
    ]
    assert world.book()["open_buy_lots"] == 10


def test_a_status_of_an_order_not_in_doubt_settles_nothing_that_was_asked_since(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=20)
    assert _status(world, order_id).told == [(ExecutionType.ORDER_STATUS, OrderStatus.PENDING_REPLACE)]
    assert world.accept(order_id, leg=1).told == [(ExecutionType.REPLACED, OrderStatus.NEW)]
    world.cancel(order_id)
    assert _status(world, order_id, leg=1).told == [(ExecutionType.ORDER_STATUS, OrderStatus.PENDING_CANCEL)]


def test_a_cancel_that_waited_for_the_acknowledgement_is_sent_after_a_status(world: World) -> None:
    order_id = world.place(accepted=False)
    world.cancel(order_id)
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    _reconnect(world)
    assert _status(world, order_id).asked == [RequestKind.CANCEL]


def test_news_of_an_ended_order_change_nothing(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 10)
    for event in VenueEvent:
        if event not in (VenueEvent.FILL, VenueEvent.TRADE_CANCELED, VenueEvent.TRADE_CORRECTED):
            assert world.venue(event, order_id).effects == [], event.name
    assert world.order(order_id)["end_reason"] == EndReason.FILLED


@pytest.mark.parametrize("filled_lots", [0, 4])
def test_a_status_tells_that_an_amendment_came_about_whose_answer_was_lost(world: World, filled_lots: int) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=4)
    _reconnect(world)
    if filled_lots:
        assert world.fill(order_id, filled_lots).told[0][0] == ExecutionType.TRADE
    step = _status(world, order_id, order_lots=4, cumulative_lots=filled_lots)
    is_filled = filled_lots == 4
    status = OrderStatus.FILLED if is_filled else OrderStatus.NEW
    assert step.told[0] == (ExecutionType.REPLACED, status)
    assert world.order(order_id)["order_lots"] == 4
    assert world.order(order_id)["end_reason"] == (EndReason.FILLED if is_filled else EndReason.NONE)
    assert world.book()["open_buy_lots"] == 4 - filled_lots
