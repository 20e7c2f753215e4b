"""The races of requests and their answers: crossings, lost answers, contradictions, several legs."""

import pytest

from ipc.enums import (
    AlarmCode,
    EndReason,
    ExecutionType,
    OrderStatus,
    RefusalReason,
    RejectReason,
    RequestKind,
    VenueEvent,
)
from tests.engine.core.world import REQUEST_EXPIRY_NS
from tests.engine.lifecycle.facts import Status
from tests.engine.lifecycle.twins import Twins

NEW, PARTIALLY_FILLED, FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, REJECTED, UNKNOWN = OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.UNKNOWN
PENDING_NEW, PENDING_CANCEL = OrderStatus.PENDING_NEW, OrderStatus.PENDING_CANCEL
PENDING_REPLACE = OrderStatus.PENDING_REPLACE


def _live() -> Twins:
    twins = Twins()
    twins.accept()
    return twins


def test_r08_the_first_of_two_replacements_in_flight_is_rejected() -> None:
    twins = _live()
    world = twins.world
    world.amend(twins.order_id, order_lots=8, version=1)
    world.amend(twins.order_id, order_lots=7, version=2, conditional_on_version=1)
    step = world.venue(VenueEvent.REPLACE_REJECTED, twins.order_id, answers_request=RequestKind.AMEND)
    assert step.happened == [ExecutionType.REPLACE_REJECTED, ExecutionType.REPLACE_REJECTED]
    assert step.requests == []
    twins.stands(NEW, cum=0, leaves=10, lots=10)


def test_r08_a_late_answer_to_one_replacement_does_not_answer_the_next() -> None:
    twins = _live()
    twins.amend(price=9_000)
    twins.amend(lots=5)
    twins.accept(leg=1)
    twins.asked(RequestKind.AMEND)
    world, answers = twins.world, RequestKind.CANCEL_REPLACE
    late = world.venue(
        VenueEvent.REPLACED, twins.order_id, replacement_order_id=twins.order_id | 1, answers_request=answers
    )
    assert late.happened == []
    twins.stands(PENDING_REPLACE, cum=0, leaves=10)


def test_r09_cancel_before_the_acknowledgement() -> None:
    twins = Twins()
    twins.cancel()
    twins.asked(RequestKind.CANCEL)
    twins.stands(PENDING_CANCEL, cum=0, leaves=10)
    twins.cancel_rejected(is_order_unknown=True)
    twins.told()
    twins.stands(PENDING_CANCEL, cum=0, leaves=10)
    twins.accept()
    twins.asked(RequestKind.CANCEL)
    twins.ended()
    twins.stands(CANCELED, cum=0, leaves=0)


def test_r09_any_word_on_the_order_proves_it_and_lets_the_cancel_follow() -> None:
    twins = Twins()
    twins.cancel()
    twins.cancel_rejected(is_order_unknown=True)
    twins.held(Status.SUSPENDED)
    twins.asked(RequestKind.CANCEL)


def test_r10_a_cancel_rejected_because_the_order_is_unknown_proves_nothing() -> None:
    twins = _live()
    twins.cancel()
    twins.cancel_rejected(is_order_unknown=True)
    assert twins.world.order(twins.order_id)["is_unknown"] == 1, "by which the gateway knows what to ask"
    twins.stands(UNKNOWN, cum=0, leaves=10)
    assert twins.world.book()["open_buy_lots"] == 10
    twins.fill(1, 10)
    twins.stands(FILLED, cum=10, leaves=0)


@pytest.mark.parametrize("proof", ["acknowledgement", "fill", "status"])
def test_r11_the_venue_shows_an_order_that_it_had_denied(proof: str) -> None:
    twins = Twins()
    twins.outcome_unknown()
    twins.passes(REQUEST_EXPIRY_NS)
    twins.not_found()
    twins.not_found()
    twins.stands(REJECTED, cum=0, leaves=0)
    {"acknowledgement": twins.accept, "fill": lambda: twins.fill(1, 4), "status": twins.lives}[proof]()
    assert AlarmCode.REVIVED_ORDER in twins.step.alarms
    cum = 4 if proof == "fill" else 0
    twins.stands(UNKNOWN if cum else NEW, cum=cum, leaves=10 - cum)
    assert twins.world.book()["open_buy_lots"] == 10 - cum
    twins.cancel()
    twins.ended(stated=cum)
    twins.stands(CANCELED, cum=cum, leaves=0)


def test_r12_a_lost_answer_is_neither_a_rejection_nor_a_reason_to_send_again() -> None:
    twins = Twins()
    twins.outcome_unknown()
    twins.told(ExecutionType.UNKNOWN)
    twins.stands(UNKNOWN, cum=0, leaves=10)
    assert twins.world.book()["open_buy_lots"] == 10, "full risk is held"
    twins.not_found()
    twins.not_found()
    twins.stands(UNKNOWN, cum=0, leaves=10)
    assert RequestKind.NEW not in twins.step.asked
    twins.lives()
    twins.stands(NEW, cum=0, leaves=10)


def test_r13_a_snapshot_that_shows_a_filled_order_as_new() -> None:
    twins = _live()
    twins.fill(1, 10)
    twins.lives(stated=0)
    twins.told()
    twins.stands(FILLED, cum=10, leaves=0)


def test_r14_a_snapshot_older_than_what_the_stream_has_told() -> None:
    twins = _live()
    twins.fill(1, 4)
    twins.fill(2, 3)
    twins.lives(stated=4)
    twins.stands(PARTIALLY_FILLED, cum=7, leaves=3)


def test_r19_a_replacement_that_fails_by_half_and_one_that_fails_as_a_whole() -> None:
    twins = _live()
    twins.amend(price=9_000)
    twins.ended(leg=0)
    twins.told()
    twins.rejected(leg=1)
    twins.told(ExecutionType.REPLACE_REJECTED, ExecutionType.CANCELED)
    twins.stands(CANCELED, cum=0, leaves=0)

    twins = _live()
    twins.amend(price=9_000)
    twins.replace_rejected()
    twins.told(ExecutionType.REPLACE_REJECTED)
    twins.stands(NEW, cum=0, leaves=10)


@pytest.mark.parametrize("first", ["old leg", "new leg", "fill of the new leg"])
def test_r20_the_legs_of_a_replacement_are_told_of_in_any_order(first: str) -> None:
    twins = _live()
    twins.amend(price=9_000)
    if first == "old leg":
        twins.ended(leg=0)
        twins.accept(leg=1)
    elif first == "new leg":
        twins.accept(leg=1)
        twins.ended(leg=0)
    else:
        twins.fill(1, 4, 9_000, leg=1)
        twins.told(ExecutionType.REPLACED, ExecutionType.TRADE)
        twins.accept(leg=1)
        twins.ended(leg=0)
    cum = 4 if first == "fill of the new leg" else 0
    twins.stands(PARTIALLY_FILLED if cum else NEW, cum=cum, leaves=10 - cum)


def test_r20_a_leg_that_shows_itself_while_the_order_waits_for_last_fills_is_cancelled() -> None:
    twins = _live()
    twins.amend(price=9_000)
    twins.replace_rejected()
    twins.ended(stated=4)
    twins.accept(leg=1)
    twins.asked(RequestKind.CANCEL)
    twins.stands(UNKNOWN, cum=0, leaves=4)


def test_r22_the_first_word_on_an_end_says_why() -> None:
    twins = Twins(execution_timeout_ms=1_000)
    twins.ended(stated=4)
    twins.passes(REQUEST_EXPIRY_NS)
    twins.ended()
    twins.fill(1, 4)
    assert twins.seen_by_core()["end"] == EndReason.CANCELED.name


def test_r22_an_end_that_nobody_asked_for_says_why() -> None:
    twins = _live()
    step = twins.world.venue(VenueEvent.EXPIRED, twins.order_id, reason=RejectReason.SELF_TRADE, cumulative_lots=0)
    assert step.told == [(ExecutionType.EXPIRED, OrderStatus.EXPIRED)]
    assert step.reports[0].reason == EndReason.SELF_TRADE_PREVENTED


def test_r32_everything_is_cancelled_while_an_order_is_still_on_its_way() -> None:
    twins = Twins()
    world, order_id = twins.world, twins.order_id
    assert [request.order_id for request in world.cancel_all().requests] == [order_id]
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    assert world.accept(order_id).asked == [RequestKind.CANCEL]
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=0, answers_request=RequestKind.CANCEL)
    twins.stands(CANCELED, cum=0, leaves=0)


@pytest.mark.parametrize("amendment_wins", [False, True], ids=["the cancel wins", "the amendment is told first"])
def test_r33_a_cancel_and_an_amendment_cross(amendment_wins: bool) -> None:
    twins = _live()
    twins.amend(lots=8)
    twins.cancel()
    twins.stands(PENDING_CANCEL, cum=0, leaves=10)
    if amendment_wins:
        twins.replaced()
        twins.told(ExecutionType.REPLACED)
        twins.stands(PENDING_CANCEL, cum=0, leaves=8, lots=8)
    twins.ended()
    twins.stands(CANCELED, cum=0, leaves=0)
    twins.replace_rejected()
    twins.told()

    twins = _live()
    twins.cancel()
    twins.amend(lots=8)
    assert twins.step.refusals == [RefusalReason.CANCEL_ALREADY_PENDING]


def test_r33_a_cancel_that_met_the_old_leg_follows_the_new_one() -> None:
    twins = _live()
    twins.amend(price=9_000)
    twins.cancel()
    twins.replaced()
    twins.cancel_rejected(leg=0)
    twins.asked(RequestKind.CANCEL)
    assert twins.step.requests[0].order_id == twins.order_id | 1
    twins.ended(stated=0)
    twins.stands(CANCELED, cum=0, leaves=0)
