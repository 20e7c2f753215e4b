"""Orders out of the ordinary: stop, display quantity, self-trade prevention, money instead of lots, reduce-only."""

import pytest

from ipc.enums import (
    EndReason,
    ExecutionType,
    OrderFlag,
    OrderStatus,
    OrderType,
    RefusalReason,
    RequestKind,
    SelfTradePrevention,
    Side,
    TimeInForce,
    VenueAbility,
    VenueEvent,
)
from tests.engine.core.world import ABILITY, World

STOP = {"order_type": OrderType.STOP, "price_ticks": 0, "stop_price_ticks": 10_000}
STOP_LIMIT = {"order_type": OrderType.STOP_LIMIT, "stop_price_ticks": 10_050, "price_ticks": 10_100}
REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)


# ---- stop orders ----


@pytest.mark.parametrize(("side", "worst"), [(Side.BUY, 10_100), (Side.SELL, 9_900)])
def test_a_stop_order_is_reckoned_at_its_stop_price_and_the_allowed_slippage(
    world: World, side: Side, worst: int
) -> None:
    request = world.new_order(side=side, **STOP).requests[0]
    assert (request.order_type, request.stop_price_ticks, request.price_ticks) == (OrderType.STOP, 10_000, worst)
    world.book()["max_order_notional"] = 10 * worst - 1
    step = world.new_order(side=side, **STOP)
    assert step.refusals == [RefusalReason.MAX_NOTIONAL_EXCEEDED]


def test_a_stop_order_that_says_nothing_else_rests(world: World) -> None:
    world.terms()["default_time_in_force"] = TimeInForce.IOC
    step = world.new_order(**STOP, time_in_force=TimeInForce.DEFAULT)
    assert step.requests[0].time_in_force == TimeInForce.GTC


def test_a_stop_limit_order_goes_out_with_both_prices_and_tells_when_it_is_triggered(world: World) -> None:
    step = world.new_order(**STOP_LIMIT)
    request, order_id = step.requests[0], int(step.requests[0].order_id)
    assert (request.order_type, request.stop_price_ticks, request.price_ticks) == (OrderType.STOP_LIMIT, 10_050, 10_100)
    step = world.venue(VenueEvent.TRIGGERED, order_id)
    assert step.told == [(ExecutionType.TRIGGERED, OrderStatus.NEW)]
    assert world.venue(VenueEvent.TRIGGERED, order_id).effects == []
    world.fill(order_id, 10)
    assert world.order(order_id)["end_reason"] == EndReason.FILLED


def test_a_limit_order_is_never_triggered(world: World) -> None:
    assert world.venue(VenueEvent.TRIGGERED, world.place()).effects == []


def test_the_stop_price_of_a_stop_order_moves_with_its_worst_price(world: World) -> None:
    order_id = world.place(**STOP)
    step = world.amend(order_id, stop_price_ticks=10_500)
    request = step.requests[0]
    assert (step.asked, request.order_type) == ([RequestKind.CANCEL_REPLACE], OrderType.STOP)
    assert (request.stop_price_ticks, request.price_ticks) == (10_500, 10_605)
    world.accept(order_id, leg=1)
    assert world.order(order_id)["stop_price_ticks"] == 10_500


def test_what_was_triggered_is_a_limit_order_from_then_on(world: World) -> None:
    order_id = world.place(**STOP_LIMIT)
    world.venue(VenueEvent.TRIGGERED, order_id)
    request = world.amend(order_id, price_ticks=10_200).requests[0]
    assert (request.order_type, request.stop_price_ticks, request.price_ticks) == (OrderType.LIMIT, 0, 10_200)


# ---- display quantity, self-trade prevention ----


def test_display_and_self_trade_prevention_go_to_the_venue(world: World) -> None:
    order_id = world.place(display_lots=3, self_trade_prevention=SelfTradePrevention.EXPIRE_MAKER)
    request = world.amend(order_id, price_ticks=9_000).requests[0]
    assert (request.display_lots, request.self_trade_prevention) == (3, SelfTradePrevention.EXPIRE_MAKER)


def test_a_leg_no_larger_than_the_display_shows_all_of_it(world: World) -> None:
    order_id = world.place(display_lots=3)
    assert world.amend(order_id, price_ticks=9_000, order_lots=3).requests[0].display_lots == 0


# ---- money instead of lots ----


@pytest.mark.parametrize(("side", "lots"), [(Side.BUY, 98), (Side.SELL, 101)])
def test_money_becomes_lots_at_the_worst_price(world: World, side: Side, lots: int) -> None:
    world.book_top(9_990, 10_010)
    request = world.market(side=side, order_lots=0, quote_notional=1_000_000).requests[0]
    assert request.order_lots == lots
    assert request.order_lots * request.price_ticks <= 1_000_000


# ---- reduce-only ----


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_an_order_that_only_reduces_passes_up_to_what_is_held(world: World, side: Side) -> None:
    opposite = Side.SELL if side == Side.BUY else Side.BUY
    world.fill(world.place(side=opposite), 10)
    request = world.new_order(side=side, order_flags=REDUCE_ONLY).requests[0]
    assert (request.order_lots, request.order_flags) == (10, 0), "a venue that does not know it is not told"


def test_a_venue_that_knows_reduce_only_is_told(world: World) -> None:
    world.row("instruments", 0)["ability"] = ABILITY | int(VenueAbility.REDUCE_ONLY)
    world.fill(world.place(), 10)
    request = world.new_order(side=Side.SELL, order_flags=REDUCE_ONLY).requests[0]
    assert request.order_flags == REDUCE_ONLY


def test_a_further_attempt_must_still_reduce(world: World) -> None:
    world.book_top()
    world.fill(world.place(), 10)
    order_id = int(world.market(side=Side.SELL, order_flags=REDUCE_ONLY).requests[0].order_id)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    world.fill(world.place(side=Side.SELL), 4)
    step = world.after(50_000_000)
    assert (step.asked, step.reports[0].venue_code) == ([], RefusalReason.REDUCE_ONLY_WOULD_INCREASE)
    assert world.order(order_id)["end_reason"] == EndReason.RETRY_REFUSED
