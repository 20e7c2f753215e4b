"""Amendments: in place, or by a new leg in one request."""

from types import SimpleNamespace

import numpy as np
import pytest

from ipc.enums import (
    EndReason,
    ExecutionType,
    OrderStatus,
    RefusalReason,
    RejectReason,
    RequestKind,
    VenueEvent,
)
from tests.engine.core.world import Step, World


def _working(world: World) -> int:
    return int(world.book()["open_buy_lots"])


def _replaced(world: World, order_id: int, leg: int = 1) -> Step:
    """The venue's answer to a replacement: on the old leg, naming the new one."""
    return world.venue(
        VenueEvent.REPLACED,
        order_id,
        leg=leg - 1,
        replacement_order_id=order_id | leg,
        venue_order_id=900 + leg,
        answers_request=RequestKind.CANCEL_REPLACE,
    )


def _wire(step: Step) -> SimpleNamespace:
    assert len(step.requests) == 1, f"asked for {step.asked}"
    return step.requests[0]


def test_less_quantity_at_the_same_price_is_amended_in_place(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 2)
    step = world.amend(order_id, order_lots=6)
    assert step.told == [(ExecutionType.PENDING_REPLACE, OrderStatus.PENDING_REPLACE)]
    request = _wire(step)
    assert (request.request_kind, request.order_id, request.order_lots) == (RequestKind.AMEND, order_id, 6)
    assert _working(world) == 8, "the old quantity may still trade"
    assert world.fill(order_id, 1).told == [(ExecutionType.TRADE, OrderStatus.PENDING_REPLACE)]
    done = world.venue(VenueEvent.REPLACED, order_id, order_lots=6)
    assert done.told == [(ExecutionType.REPLACED, OrderStatus.PARTIALLY_FILLED)]
    assert (done.reports[0].order_lots, done.reports[0].leaves_lots, _working(world)) == (6, 3, 3)
    repeated = world.venue(VenueEvent.REPLACED, order_id, order_lots=6, answers_request=RequestKind.AMEND)
    assert repeated.effects == []


def test_a_reduction_that_crosses_an_amendment_is_not_taken_for_it(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=6)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=9)
    assert (world.order(order_id)["order_lots"], _working(world)) == (9, 9)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=6, answers_request=RequestKind.AMEND)
    assert (world.order(order_id)["order_lots"], _working(world)) == (6, 6)


def test_an_order_of_which_the_venue_took_something_is_replaced_and_not_amended_in_place(world: World) -> None:
    """What self-trade prevention took stays part of the quantity that the venue would amend (Binance: `qty`)."""
    order_id = world.place()
    world.venue(VenueEvent.REPLACED, order_id, order_lots=8)
    request = _wire(world.amend(order_id, order_lots=6))
    assert (request.request_kind, request.order_lots) == (RequestKind.CANCEL_REPLACE, 6)
    world.venue(VenueEvent.REPLACED, order_id, replacement_order_id=order_id | 1, venue_order_id=901)
    request = _wire(world.amend(order_id, order_lots=5))
    assert (request.request_kind, request.order_lots) == (RequestKind.AMEND, 5), "the new leg is whole"


def test_a_reduction_that_overtakes_the_answer_to_an_amendment_stays(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=6)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=4)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=6, answers_request=RequestKind.AMEND)
    assert (world.order(order_id)["order_lots"], world.order(order_id)["leg_lots"], _working(world)) == (4, 4, 4)


def test_an_amendment_to_what_is_filled_already_by_then_ends_filled(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=4)
    world.fill(order_id, 4)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=4)
    assert (world.order(order_id)["end_reason"], _working(world)) == (EndReason.FILLED, 0)


def test_an_amendment_that_is_rejected_leaves_the_order_as_it_was(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=20)
    assert _working(world) == 20
    step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.OTHER, venue_code=-2022)
    assert step.told == [(ExecutionType.REPLACE_REJECTED, OrderStatus.NEW)]
    assert (step.reports[0].order_lots, step.reports[0].venue_code, _working(world)) == (10, -2022, 10)


def test_a_replace_reject_after_a_full_fill_leaves_the_order_filled(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=20)
    assert world.fill(order_id, 10).told == [(ExecutionType.TRADE, OrderStatus.PENDING_REPLACE)]
    assert _working(world) == 20, "the replacement may still come about"
    step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1)
    assert step.told == [(ExecutionType.REPLACE_REJECTED, OrderStatus.FILLED)]
    assert _working(world) == 0


def test_an_amendment_rejected_because_the_order_is_unknown_leaves_its_outcome_unknown(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.UNKNOWN_ORDER)
    assert step.told == [(ExecutionType.REPLACE_REJECTED, OrderStatus.UNKNOWN)]


def test_the_id_of_a_leg_that_was_refused_is_not_used_again(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1)
    world.amend(order_id, order_lots=5)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=5)
    assert _wire(world.amend(order_id, price_ticks=9_100)).order_id == order_id | 2


def test_a_rejection_of_an_earlier_replacement_is_passed_over(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    _replaced(world, order_id)
    world.amend(order_id, price_ticks=9_100)
    assert world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1).effects == []
    assert world.order(order_id)["pending_replace_ns"] != 0


# ---- a new leg in one request ----


def test_a_new_price_is_a_new_leg_in_one_request(world: World) -> None:
    order_id = world.place()
    request = _wire(world.amend(order_id, price_ticks=9_000, order_lots=12))
    assert (request.request_kind, request.order_id) == (RequestKind.CANCEL_REPLACE, order_id | 1)
    assert (request.original_order_id, request.price_ticks, request.order_lots) == (order_id, 9_000, 12)
    step = _replaced(world, order_id)
    assert step.told == [(ExecutionType.REPLACED, OrderStatus.NEW)]
    report = step.reports[0]
    assert (report.leg, report.price_ticks, report.order_lots, report.venue_order_id) == (1, 9_000, 12, 901)
    assert _working(world) == 12


@pytest.mark.parametrize("new_leg_first", [False, True], ids=["old leg canceled first", "new leg accepted first"])
def test_the_legs_may_be_told_in_either_order(world: World, new_leg_first: bool) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    if new_leg_first:
        assert world.accept(order_id, leg=1).told == [(ExecutionType.REPLACED, OrderStatus.NEW)]
        assert world.venue(VenueEvent.CANCELED, order_id).effects == []
    else:
        assert world.venue(VenueEvent.CANCELED, order_id).effects == []
        assert world.venue(VenueEvent.CANCELED, order_id).effects == [], "told twice it is no more than once"
        assert world.accept(order_id, leg=1).told == [(ExecutionType.REPLACED, OrderStatus.NEW)]
    assert _replaced(world, order_id).effects == []
    assert world.fill(order_id, 10, leg=1).told == [(ExecutionType.TRADE, OrderStatus.FILLED)]


def test_a_fill_of_the_new_leg_before_its_acknowledgement_stands_for_it(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    step = world.fill(order_id, 3, leg=1, venue_order_id=901)
    assert step.told == [
        (ExecutionType.REPLACED, OrderStatus.NEW),
        (ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED),
    ]
    assert world.accept(order_id, leg=1).effects == []
    assert world.venue(VenueEvent.CANCELED, order_id).effects == []
    world.venue(VenueEvent.CANCELED, order_id, leg=1, cumulative_lots=3)
    assert (world.order(order_id)["end_reason"], _working(world)) == (EndReason.CANCELED, 0)


def test_a_new_leg_that_ends_before_its_acknowledgement_ends_the_order(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    step = world.venue(VenueEvent.EXPIRED, order_id, leg=1, cumulative_lots=0)
    assert step.happened == [ExecutionType.REPLACED, ExecutionType.EXPIRED]
    assert _working(world) == 0


def test_a_new_leg_that_is_rejected_after_the_old_one_went_ends_the_order(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.venue(VenueEvent.CANCELED, order_id, replacement_order_id=order_id | 1)
    step = world.venue(VenueEvent.REJECTED, order_id, leg=1, reason=RejectReason.INSUFFICIENT_BALANCE)
    assert step.told == [
        (ExecutionType.REPLACE_REJECTED, OrderStatus.NEW),
        (ExecutionType.CANCELED, OrderStatus.CANCELED),
    ]
    assert _working(world) == 0


def test_a_fill_of_the_old_leg_during_a_replacement_is_booked_at_once(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    assert world.fill(order_id, 2).told == [(ExecutionType.TRADE, OrderStatus.PENDING_REPLACE)]
    step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.OTHER)
    assert step.told == [(ExecutionType.REPLACE_REJECTED, OrderStatus.PARTIALLY_FILLED)]
    assert _working(world) == 8


def test_a_late_fill_of_the_old_leg_is_not_counted_to_the_new_one(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    _replaced(world, order_id)
    world.fill(order_id, 2)
    world.fill(order_id, 1, leg=1)
    world.venue(VenueEvent.CANCELED, order_id, leg=1, cumulative_lots=2)
    assert _working(world) == 1, "the venue counted two lots on the new leg and sent one"


def test_a_cancel_that_met_the_old_leg_follows_the_new_one(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    assert _wire(world.cancel(order_id)).order_id == order_id
    _replaced(world, order_id)
    request = _wire(world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER))
    assert (request.request_kind, request.order_id) == (RequestKind.CANCEL, order_id | 1)
    step = world.venue(VenueEvent.CANCELED, order_id, leg=1)
    assert step.told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]


def test_a_cancel_rejected_before_the_replacement_is_told_waits_for_the_new_leg(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.cancel(order_id)
    assert world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER).effects == []
    step = _replaced(world, order_id)
    assert (step.asked, _wire(step).order_id) == ([RequestKind.CANCEL], order_id | 1)


def test_a_cancel_rejected_before_the_replacement_is_refused_is_sent_again(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.cancel(order_id)
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.OTHER)
    assert (step.asked, _wire(step).order_id) == ([RequestKind.CANCEL], order_id)


def test_a_cancel_that_beat_the_replacement_ends_the_order(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.cancel(order_id)
    world.venue(VenueEvent.CANCELED, order_id, answers_request=RequestKind.CANCEL)
    world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.UNKNOWN_ORDER)
    assert (world.order(order_id)["end_reason"], _working(world)) == (EndReason.CANCELED, 0)


def test_legs_follow_each_other_until_their_numbers_run_out(world: World) -> None:
    order_id = world.place()
    world.terms()["rate_limit_window_ns"] = 1
    for leg in range(1, 256):
        world.now_ns += 1
        assert world.amend(order_id, price_ticks=9_000 + leg).asked == [RequestKind.CANCEL_REPLACE]
        _replaced(world, order_id, leg)
    assert world.amend(order_id, price_ticks=8_000).refusals == [RefusalReason.LEGS_EXHAUSTED]
    assert np.count_nonzero(world.state.table("orders")["order_id"]) == 1
