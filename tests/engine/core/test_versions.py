"""Amendments that queue: one is under way, one waits, each has a version, and one may hang on another."""

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
from tests.engine.core.step_effects import Step
from tests.engine.core.world import World


def _amended(step: Step) -> list[tuple[ExecutionType, int, int, int]]:
    """What was told of amendments: by which request, the version in force, the one asked for."""
    kinds = (ExecutionType.PENDING_REPLACE, ExecutionType.REPLACED, ExecutionType.REPLACE_REJECTED)
    return [
        (ExecutionType(r.execution_type), r.limit, r.current, r.requested)
        for r in step.reports
        if r.execution_type in kinds
    ]


def _replaced(world: World, order_id: int, leg: int) -> Step:
    return world.accept(order_id, leg=leg)


def test_versions_are_counted_where_none_is_named(world: World) -> None:
    order_id = world.place()
    step = world.amend(order_id, price_ticks=9_000)
    assert _amended(step) == [(ExecutionType.PENDING_REPLACE, RequestKind.CANCEL_REPLACE, 0, 1)]
    assert _amended(_replaced(world, order_id, 1)) == [(ExecutionType.REPLACED, RequestKind.CANCEL_REPLACE, 1, 1)]
    assert _amended(world.amend(order_id, order_lots=5)) == [(ExecutionType.PENDING_REPLACE, RequestKind.AMEND, 1, 2)]


def test_an_amendment_waits_for_the_one_before_and_then_goes(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    step = world.amend(order_id, price_ticks=9_100, version=7)
    assert (step.asked, step.told) == ([], [(ExecutionType.PENDING_REPLACE, OrderStatus.PENDING_REPLACE)])
    step = _replaced(world, order_id, 1)
    assert _amended(step) == [
        (ExecutionType.REPLACED, RequestKind.CANCEL_REPLACE, 1, 1),
        (ExecutionType.PENDING_REPLACE, RequestKind.CANCEL_REPLACE, 1, 7),
    ]
    assert (step.requests[0].order_id, step.requests[0].price_ticks) == (order_id | 2, 9_100)
    assert _replaced(world, order_id, 2).reports[0].current == 7


def test_an_answer_that_its_event_overtook_does_not_confirm_the_next_amendment(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, order_lots=8)
    world.amend(order_id, order_lots=5)
    assert world.venue(VenueEvent.REPLACED, order_id, order_lots=8).asked == [RequestKind.AMEND]
    answer = {"answers_request": RequestKind.AMEND}
    assert world.venue(VenueEvent.REPLACED, order_id, order_lots=8, **answer).reports == []
    step = world.venue(VenueEvent.REPLACED, order_id, order_lots=5, **answer)
    assert _amended(step) == [(ExecutionType.REPLACED, RequestKind.AMEND, 2, 2)]
    assert step.reports[0].order_lots == 5


def test_an_amendment_before_the_acknowledgement_waits_for_it(world: World) -> None:
    order_id = world.place(accepted=False)
    assert world.amend(order_id, order_lots=5).told == [(ExecutionType.PENDING_REPLACE, OrderStatus.PENDING_REPLACE)]
    step = world.accept(order_id)
    assert (step.happened, step.asked) == ([ExecutionType.NEW, ExecutionType.PENDING_REPLACE], [RequestKind.AMEND])


def test_a_fill_that_stands_for_the_acknowledgement_lets_the_amendment_go(world: World) -> None:
    order_id = world.place(accepted=False)
    world.amend(order_id, order_lots=5)
    assert world.fill(order_id, 1).asked == [RequestKind.AMEND]


def test_the_latest_amendment_takes_the_place_of_the_one_that_waits(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, price_ticks=9_100)
    step = world.amend(order_id, price_ticks=9_200)
    assert _amended(step) == [
        (ExecutionType.REPLACE_REJECTED, 0, 0, 2),
        (ExecutionType.PENDING_REPLACE, 0, 0, 3),
    ]
    assert (step.reports[0].reason, step.reports[0].venue_code) == (
        RejectReason.NOT_SENT,
        RefusalReason.REPLACE_ALREADY_PENDING,
    )
    assert _replaced(world, order_id, 1).requests[0].price_ticks == 9_200


def test_what_an_amendment_leaves_alone_is_what_the_one_before_made_of_it(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, order_lots=20)
    request = _replaced(world, order_id, 1).requests[0]
    assert (request.price_ticks, request.order_lots) == (9_000, 20)


def test_an_amendment_goes_also_when_the_one_before_was_rejected(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, order_lots=20)
    step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.OTHER)
    assert (step.requests[0].price_ticks, step.requests[0].order_lots) == (10_000, 20)


@pytest.mark.parametrize(("comes_about", "asked"), [(True, [RequestKind.CANCEL_REPLACE]), (False, [])])
def test_an_amendment_may_hang_on_the_one_before(world: World, comes_about: bool, asked: list[RequestKind]) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000, version=1)
    world.amend(order_id, price_ticks=9_100, version=2, conditional_on_version=1)
    if comes_about:
        step = _replaced(world, order_id, 1)
    else:
        step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.OTHER)
        assert _amended(step)[1] == (ExecutionType.REPLACE_REJECTED, 0, 0, 2)
        assert step.reports[1].venue_code == RefusalReason.VERSION_CONFLICT
    assert step.asked == asked


def test_an_amendment_may_hang_on_the_version_in_force(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000, version=3)
    _replaced(world, order_id, 1)
    assert world.amend(order_id, price_ticks=9_100, conditional_on_version=3).asked == [RequestKind.CANCEL_REPLACE]


def test_a_version_that_was_rejected_is_used_up(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, price_ticks=9_100, version=5, conditional_on_version=1)
    world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, reason=RejectReason.OTHER)
    assert world.amend(order_id, price_ticks=9_200, version=5).refusals == [RefusalReason.VERSION_CONFLICT]
    assert world.amend(order_id, price_ticks=9_200).reports[0].requested == 6


def test_the_rules_are_asked_again_when_the_turn_comes(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, order_lots=20)
    world.book()["max_order_lots"] = 15
    step = _replaced(world, order_id, 1)
    assert (step.asked, step.happened) == ([], [ExecutionType.REPLACED, ExecutionType.REPLACE_REJECTED])
    assert step.reports[1].venue_code == RefusalReason.MAX_QUANTITY_EXCEEDED


def test_a_cancel_drops_what_waits(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, price_ticks=9_100)
    step = world.cancel(order_id)
    assert step.happened == [ExecutionType.REPLACE_REJECTED, ExecutionType.PENDING_CANCEL]
    assert step.reports[0].venue_code == RefusalReason.CANCEL_ALREADY_PENDING
    assert _replaced(world, order_id, 1).asked == []


def test_the_end_drops_what_waits(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, price_ticks=9_100)
    assert world.fill(order_id, 10).happened == [ExecutionType.TRADE]
    step = world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1)
    assert step.happened == [ExecutionType.REPLACE_REJECTED, ExecutionType.REPLACE_REJECTED]
    assert step.reports[1].venue_code == RefusalReason.ORDER_ALREADY_ENDED
    assert world.order(order_id)["end_reason"] == EndReason.FILLED


def test_an_amendment_waits_for_a_leg_that_is_cancelled_first(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    world.amend(order_id, price_ticks=9_000)
    assert world.amend(order_id, price_ticks=9_100).asked == []
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    step = world.accept(order_id, leg=1)
    assert (step.happened, step.asked) == (
        [ExecutionType.REPLACED, ExecutionType.PENDING_REPLACE],
        [RequestKind.CANCEL_REPLACE],
    )


def test_an_amendment_waits_while_the_order_is_in_doubt(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.amend(order_id, price_ticks=9_100)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, leg=1, answers_request=RequestKind.CANCEL_REPLACE)
    assert world.order(order_id)["wanted_version"] == 2
    assert world.venue(VenueEvent.STATUS, order_id, leg=1).asked == [RequestKind.CANCEL_REPLACE]
