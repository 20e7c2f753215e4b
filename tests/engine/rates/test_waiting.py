"""Orders for which a rate limit has no room: refused, waiting until their time is over, or in place of the oldest."""

import pytest

from ipc.enums import EndReason, ExecutionType, RefusalReason, RequestKind, VenueEvent
from ipc.rate_enums import WhenExceeded
from tests.engine.core.world import NS_PER_MS, NS_PER_S, World

QUEUED, RELEASED = ExecutionType.QUEUED, ExecutionType.RELEASED


def waiting_world(when_exceeded: WhenExceeded, *, queue_orders: int = 2) -> World:
    """One order in a second goes; what is more waits for half a second at most."""
    world = World()
    terms = world.terms()
    terms["rate_limit_orders"], terms["rate_limit_window_ns"] = 1, NS_PER_S
    terms["when_exceeded"], terms["queue_ns"], terms["queue_orders"] = when_exceeded, NS_PER_S // 2, queue_orders
    return world


def _places(world: World, price_ticks: int) -> int:
    return int(world.new_order(price_ticks=price_ticks).reports[0].order_id)


def test_an_order_waits_and_is_told_why() -> None:
    world = waiting_world(WhenExceeded.QUEUE)
    world.place()
    step = world.new_order(price_ticks=9_001)
    assert (step.asked, step.refusals) == ([], [])
    assert [report.execution_type for report in step.reports] == [ExecutionType.PENDING_NEW, QUEUED]
    assert (step.reports[1].reason, step.reports[1].limit) == (RefusalReason.RATE_LIMIT_EXCEEDED, 1)
    assert world.book()["open_buy_lots"] == 20, "what waits is reserved"


def test_what_waits_goes_in_order_as_soon_as_there_is_room() -> None:
    world = waiting_world(WhenExceeded.QUEUE)
    world.place()
    world.now_ns += 600 * NS_PER_MS
    first, second = _places(world, 9_001), _places(world, 9_002)
    step = world.after(400 * NS_PER_MS)
    assert [request.order_id for request in step.requests] == [first]
    assert [report.execution_type for report in step.reports] == [RELEASED]
    assert world.after(10 * NS_PER_MS).requests == []
    assert world.order(second)["queued_until_ns"] != 0


def test_nobody_goes_before_those_who_wait() -> None:
    world = waiting_world(WhenExceeded.QUEUE)
    world.place()
    world.now_ns += 900 * NS_PER_MS
    first = _places(world, 9_001)
    world.now_ns += 100 * NS_PER_MS
    step = world.new_order(price_ticks=9_002)
    assert (step.asked, step.reports[1].reason) == ([], RefusalReason.RATE_QUEUE_AHEAD)
    assert [request.order_id for request in world.timer().requests] == [first]


def test_an_order_whose_time_to_wait_is_over_ends_with_the_reason() -> None:
    world = waiting_world(WhenExceeded.QUEUE)
    world.place()
    first, second = _places(world, 9_001), _places(world, 9_002)
    reports = world.after(NS_PER_S // 2).reports
    assert [report.order_id for report in reports] == [first, second]
    assert {report.reason for report in reports} == {EndReason.RETRY_REFUSED}
    assert {report.venue_code for report in reports} == {RefusalReason.RATE_QUEUE_EXPIRED}
    assert [report.limit for report in reports] == [NS_PER_S // 2] * 2
    assert (world.terms()["queue_count"], world.book()["open_buy_lots"]) == (0, 10)


@pytest.mark.parametrize("canceled", [0, 1, 2])
def test_an_order_that_waits_can_be_canceled_wherever_it_stands(canceled: int) -> None:
    world = waiting_world(WhenExceeded.QUEUE, queue_orders=3)
    world.place()
    world.now_ns += 600 * NS_PER_MS
    ids = [_places(world, 9_001 + place) for place in range(3)]
    world.terms()["rate_limit_window_ns"] = 1 << 40
    assert world.cancel(ids[canceled]).told[0][0] is ExecutionType.CANCELED
    world.terms()["rate_limit_window_ns"] = 1
    sent = []
    for _ in range(4):
        sent += [request.order_id for request in world.after(10 * NS_PER_MS).requests]
    assert sent == [order_id for order_id in ids if order_id != ids[canceled]]


def test_shedding_ends_the_oldest_for_the_newest() -> None:
    world = waiting_world(WhenExceeded.SHED)
    world.place()
    world.now_ns += 600 * NS_PER_MS
    oldest, kept = _places(world, 9_001), _places(world, 9_002)
    step = world.new_order(price_ticks=9_003)
    shed = next(report for report in step.reports if report.order_id == oldest)
    assert (shed.venue_code, shed.limit) == (RefusalReason.RATE_QUEUE_SHED, 2)
    assert step.reports[-1].execution_type == QUEUED
    assert [request.order_id for request in world.after(400 * NS_PER_MS).requests] == [kept]


def test_a_scheduled_order_waits_like_any_other_when_its_time_finds_no_room() -> None:
    world = waiting_world(WhenExceeded.QUEUE)
    release_utc_ns = world.now_ns + int(world.row("accounts", 0)["utc_offset_ns"]) + 100 * NS_PER_MS
    order_id = int(world.new_order(release_utc_ns=release_utc_ns).reports[0].order_id)
    world.place(price_ticks=9_001)
    step = world.after(100 * NS_PER_MS)
    assert [(report.order_id, report.execution_type) for report in step.reports] == [(order_id, QUEUED)]


def test_each_strategy_has_a_line_of_its_own() -> None:
    world = waiting_world(WhenExceeded.QUEUE)
    world.place()
    world.new_order(price_ticks=9_001)
    assert world.new_order(strategy=2).asked == [RequestKind.NEW]


def test_what_waits_is_checked_again_before_it_goes() -> None:
    world = waiting_world(WhenExceeded.QUEUE)
    world.place()
    world.now_ns += 600 * NS_PER_MS
    order_id = _places(world, 9_001)
    world.book()["max_long_lots"] = 15
    step = world.after(400 * NS_PER_MS)
    assert (step.requests, step.reports[0].order_id) == ([], order_id)
    assert step.reports[0].venue_code == RefusalReason.POSITION_LIMIT_EXCEEDED
    assert world.venue(VenueEvent.ACCEPTED, order_id).requests == []
