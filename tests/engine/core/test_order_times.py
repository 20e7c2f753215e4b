"""Orders with times of their own: until a date, for the day, and sent later."""

import pytest

from ipc.enums import (
    ConnectionState,
    EndReason,
    ExecutionType,
    JournalState,
    OrderFlag,
    OrderStatus,
    RecordKind,
    RefusalReason,
    RejectReason,
    RequestKind,
    Side,
    TimeInForce,
    VenueAbility,
    VenueEvent,
)
from tests.engine.core.world import ABILITY, NS_PER_MS, NS_PER_S, UTC_OFFSET_NS, World

DAY_NS = 86_400 * NS_PER_S


def _utc(world: World, delay_ns: int) -> int:
    return world.now_ns + UTC_OFFSET_NS + delay_ns


def _until(world: World, delay_ns: int) -> int:
    return world.place(time_in_force=TimeInForce.GTD, expire_utc_ns=_utc(world, delay_ns))


# ---- until a date ----


def test_the_engine_itself_ends_an_order_whose_date_the_venue_does_not_know(world: World) -> None:
    step = world.new_order(time_in_force=TimeInForce.GTD, expire_utc_ns=_utc(world, 90 * NS_PER_S))
    request, order_id = step.requests[0], int(step.requests[0].order_id)
    assert (request.time_in_force, request.expire_utc_ns) == (TimeInForce.GTC, 0)
    world.accept(order_id)
    assert world.after(90 * NS_PER_S - 1).effects == []
    assert world.after(1).asked == [RequestKind.CANCEL]
    step = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=0)
    assert step.told == [(ExecutionType.EXPIRED, OrderStatus.EXPIRED)]
    assert step.reports[0].reason == EndReason.EXPIRED


def test_a_day_ends_with_the_day_of_utc(world: World) -> None:
    world.place(time_in_force=TimeInForce.DAY)
    utc_ns = _utc(world, 0)
    assert world.state.header["next_deadline_ns"] == world.now_ns + DAY_NS - utc_ns % DAY_NS


def test_a_venue_that_knows_the_date_sees_to_it(world: World) -> None:
    world.row("instruments", 0)["ability"] = ABILITY | int(VenueAbility.GOOD_TILL_DATE)
    expire_utc_ns = _utc(world, 90 * NS_PER_S)
    request = world.new_order(time_in_force=TimeInForce.GTD, expire_utc_ns=expire_utc_ns).requests[0]
    assert (request.time_in_force, request.expire_utc_ns) == (TimeInForce.GTD, expire_utc_ns)
    assert world.after(90 * NS_PER_S).effects == []


def test_a_cancel_for_the_date_that_fails_is_sent_again(world: World) -> None:
    order_id = _until(world, NS_PER_S)
    world.after(NS_PER_S)
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    assert world.after(NS_PER_S - 1).effects == []
    assert world.after(1).asked == [RequestKind.CANCEL]


def test_an_order_until_a_date_can_be_amended_and_keeps_its_date(world: World) -> None:
    order_id = _until(world, 90 * NS_PER_S)
    assert world.amend(order_id, price_ticks=9_000).requests[0].time_in_force == TimeInForce.GTC
    world.accept(order_id, leg=1)
    assert world.after(90 * NS_PER_S).asked == [RequestKind.CANCEL]


def test_an_order_filled_before_its_date_is_left_alone(world: World) -> None:
    order_id = _until(world, 2 * NS_PER_S)
    world.fill(order_id, 10)
    assert world.after(2 * NS_PER_S).effects == []


# ---- sent later ----


def _later(world: World, delay_ns: int = NS_PER_S, **fields: int) -> int:
    step = world.new_order(release_utc_ns=_utc(world, delay_ns), **fields)
    assert (step.asked, step.told) == ([], [(ExecutionType.PENDING_NEW, OrderStatus.PENDING_NEW)])
    return int(step.reports[0].order_id)


def test_an_order_waits_reserved_for_its_time(world: World) -> None:
    order_id = _later(world)
    assert world.book()["open_buy_lots"] == 10
    assert world.after(NS_PER_S - 1).effects == []
    step = world.after(1)
    assert (step.asked, step.told) == ([RequestKind.NEW], [(ExecutionType.RELEASED, OrderStatus.PENDING_NEW)])
    assert step.requests[0].order_id == order_id
    assert world.accept(order_id).told == [(ExecutionType.NEW, OrderStatus.NEW)]


def test_a_cancel_before_its_time_ends_it_at_once(world: World) -> None:
    order_id = _later(world)
    step = world.cancel(order_id)
    assert (step.asked, step.told) == ([], [(ExecutionType.CANCELED, OrderStatus.CANCELED)])
    assert world.after(2 * NS_PER_S).effects == []
    assert world.book()["open_buy_lots"] == 0


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        (RefusalReason.MAX_QUANTITY_EXCEEDED, {"max_order_lots": 9}),
        (RefusalReason.MAX_NOTIONAL_EXCEEDED, {"max_order_notional": 99_999}),
        (RefusalReason.POSITION_LIMIT_EXCEEDED, {"max_long_lots": 9}),
        (RefusalReason.NOT_PERMITTED, {"permitted": 0}),
    ],
    ids=lambda value: value.name if isinstance(value, RefusalReason) else "",
)
def test_an_order_is_checked_again_when_its_time_comes(
    world: World, reason: RefusalReason, fields: dict[str, int]
) -> None:
    order_id = _later(world)
    for name, value in fields.items():
        world.book()[name] = value
    step = world.after(NS_PER_S)
    assert (step.asked, step.told) == ([], [(ExecutionType.EXPIRED, OrderStatus.EXPIRED)])
    assert (step.reports[0].reason, step.reports[0].venue_code) == (EndReason.RETRY_REFUSED, reason)
    assert (world.order(order_id)["reserved_lots"], world.book()["open_buy_lots"]) == (0, 0)


def test_an_order_whose_venue_is_down_or_that_nobody_keeps_is_not_sent(world: World) -> None:
    _later(world)
    world.connection(ConnectionState.DOWN)
    assert world.after(NS_PER_S).reports[0].venue_code == RefusalReason.VENUE_NOT_READY
    world.connection(ConnectionState.LIVE)
    _later(world)
    world.feed(RecordKind.JOURNAL_STATE, state=JournalState.FAILED)
    assert world.after(NS_PER_S).reports[0].venue_code == RefusalReason.JOURNAL_NOT_KEEPING


def test_an_order_counts_against_the_rate_when_it_is_sent(world: World) -> None:
    world.terms()["rate_limit_orders"] = 1
    _later(world, price_ticks=9_001)
    _later(world, price_ticks=9_002)
    step = world.after(NS_PER_S)
    assert [report.venue_code for report in step.reports if report.venue_code] == [RefusalReason.RATE_LIMIT_EXCEEDED]
    assert step.asked == [RequestKind.NEW]


def test_an_order_that_no_longer_reduces_is_not_sent(world: World) -> None:
    world.fill(world.place(), 10)
    _later(world, side=Side.SELL, order_flags=int(OrderFlag.REDUCE_ONLY))
    world.fill(world.place(side=Side.SELL), 4)
    assert world.after(NS_PER_S).reports[0].venue_code == RefusalReason.REDUCE_ONLY_WOULD_INCREASE


def test_a_market_order_takes_the_touch_of_its_time(world: World) -> None:
    world.book_top(9_990, 10_000)
    step = world.market(release_utc_ns=_utc(world, NS_PER_S), max_slippage_bps=50)
    assert step.asked == []
    world.now_ns += NS_PER_S - 1
    world.book_top(9_900, 9_920)
    request = world.after(1).requests[0]
    assert request.price_ticks == 9_920 + 9_920 * 50 // 10_000


def test_a_market_order_without_a_touch_at_its_time_is_not_sent(world: World) -> None:
    world.book_top(9_990, 10_000)
    world.market(release_utc_ns=_utc(world, 6 * NS_PER_S))
    assert world.after(6 * NS_PER_S).reports[0].venue_code == RefusalReason.NO_REFERENCE_PRICE


def test_its_execution_time_runs_from_its_release(world: World) -> None:
    order_id = _later(world, execution_timeout_ms=100)
    world.after(NS_PER_S)
    world.accept(order_id)
    assert world.after(100 * NS_PER_MS - 1).effects == []
    assert world.after(1).asked == [RequestKind.CANCEL]


def test_an_amendment_before_its_time_waits_until_it_is_there(world: World) -> None:
    order_id = _later(world)
    assert world.amend(order_id, price_ticks=9_000).asked == []
    assert world.after(NS_PER_S).requests[0].price_ticks == 10_000
    assert world.accept(order_id).asked == [RequestKind.CANCEL_REPLACE]


def test_an_amendment_of_an_order_that_is_never_sent_is_rejected(world: World) -> None:
    order_id = _later(world)
    world.amend(order_id, price_ticks=9_000)
    world.book()["permitted"] = 0
    assert world.after(NS_PER_S).happened == [ExecutionType.EXPIRED, ExecutionType.REPLACE_REJECTED]


def test_words_on_an_order_that_was_never_sent_change_nothing(world: World) -> None:
    order_id = _later(world)
    for event in (VenueEvent.ACCEPTED, VenueEvent.STATUS, VenueEvent.NOT_FOUND, VenueEvent.CANCELED):
        assert world.venue(event, order_id).effects == [], event.name
    assert world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id).effects == []
