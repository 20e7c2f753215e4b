"""Cancels that cross something: the acknowledgement, a rejection, the budget, other orders of a cancel-all."""

import pytest

from ipc.enums import ConnectionState, ExecutionType, OrderStatus, RefusalReason, RejectReason, RequestKind, VenueEvent
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import NS_PER_MS, NS_PER_S, RETENTION_NS, UTC_OFFSET_NS, World


def test_a_cancel_that_overtook_its_order_is_sent_again_after_the_acknowledgement(world: World) -> None:
    order_id = world.place(accepted=False)
    assert world.cancel(order_id).told == [(ExecutionType.PENDING_CANCEL, OrderStatus.PENDING_CANCEL)]
    assert world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER).effects == []
    step = world.accept(order_id)
    assert step.happened == [ExecutionType.NEW, ExecutionType.PENDING_CANCEL]
    assert step.asked == [RequestKind.CANCEL]


def test_a_cancel_that_overtook_its_order_is_sent_again_after_a_fill_that_did_too(world: World) -> None:
    order_id = world.place(accepted=False)
    world.cancel(order_id)
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    step = world.fill(order_id, 4)
    assert (step.happened, step.asked) == (
        [ExecutionType.TRADE, ExecutionType.PENDING_CANCEL],
        [RequestKind.CANCEL],
    )
    assert world.accept(order_id).effects == []


def test_an_order_is_timed_from_its_own_signal_and_not_from_its_cancels(world: World) -> None:
    order_id = world.place(accepted=False, published_ns=5)
    world.cancel(order_id, published_ns=7)
    assert world.order(order_id)["published_ns"] == 5


def test_a_cancel_confirmed_before_the_acknowledgement_ends_the_order(world: World) -> None:
    order_id = world.place(accepted=False)
    world.cancel(order_id)
    assert world.venue(VenueEvent.CANCELED, order_id).told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]
    assert world.accept(order_id).effects == []


def test_a_cancel_rejected_as_unknown_leaves_the_outcome_to_the_venues_word(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    step = world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    assert step.told == [(ExecutionType.CANCEL_REJECTED, OrderStatus.UNKNOWN)]
    assert world.fill(order_id, 3).told == [(ExecutionType.TRADE, OrderStatus.UNKNOWN)], "a part proves no life"
    assert world.venue(VenueEvent.CANCELED, order_id).told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]


def test_a_cancel_rejected_for_another_reason_leaves_the_order_as_it_was(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    step = world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.RATE_LIMIT, venue_code=-1003)
    assert step.told == [(ExecutionType.CANCEL_REJECTED, OrderStatus.NEW)]
    assert (step.reports[0].reason, step.reports[0].venue_code) == (RejectReason.RATE_LIMIT, -1003)
    assert world.cancel(order_id).asked == [RequestKind.CANCEL]


def test_a_cancel_rejection_that_nobody_waits_for_is_passed_over(world: World) -> None:
    order_id = world.place()
    assert world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER).effects == []


# ---- cancel-all ----


@pytest.fixture
def wide(world: World) -> World:
    """A world that lets a strategy have a hundred open orders at once."""
    wide = World(orders=128)
    wide.state.table("terms")["rate_limit_window_ns"] = 1
    wide.state.header["duplicate_orders_max"] = 1_000
    return wide


def _place_many(world: World, count: int, **fields: int) -> list[int]:
    placed = []
    for _ in range(count):
        world.now_ns += 1
        placed.append(world.place(**fields))
    return placed


def test_a_cancel_all_takes_as_many_steps_as_it_needs(wide: World) -> None:
    orders = _place_many(wide, 70)
    others = _place_many(wide, 3, strategy=2)
    asked = [request.order_id for request in wide.cancel_all().requests]
    assert len(asked) == 32
    while wide.state.header["next_deadline_ns"] <= wide.now_ns:
        asked += [request.order_id for request in wide.timer().requests]
    assert sorted(asked) == orders
    assert wide.state.header["mass_count"] == 0
    assert all(wide.order(order_id)["pending_cancel_ns"] == 0 for order_id in others)


def test_a_cancel_all_of_one_instrument_leaves_the_others(world: World) -> None:
    here, there = world.place(instrument_id=0), world.place(instrument_id=1)
    assert [request.order_id for request in world.cancel_all(instrument_id=1).requests] == [there]
    assert world.order(here)["pending_cancel_ns"] == 0


def test_a_cancel_all_without_open_orders_is_done_at_once(world: World) -> None:
    assert world.cancel_all().effects == []
    assert world.cancel_all().effects == []


def test_a_cancel_all_passes_over_what_ends_meanwhile_and_what_comes_later(wide: World) -> None:
    orders = _place_many(wide, 40)
    asked = {request.order_id for request in wide.cancel_all().requests}
    waiting = [order_id for order_id in orders if order_id not in asked]
    later = _place_many(wide, 2)
    at_cursor = int(wide.row("orders", int(wide.row("strategies", 1)["mass_cursor"]))["order_id"])
    wide.fill(at_cursor, 10)
    wide.fill(waiting[0], 10)
    asked = {request.order_id for request in wide.timer().requests}
    assert asked == set(waiting) - {at_cursor, waiting[0]}
    assert all(wide.order(order_id)["pending_cancel_ns"] == 0 for order_id in later)


def test_a_cancel_all_never_reaches_the_order_that_took_over_a_slot(wide: World) -> None:
    wide.state.header["order_retention_ns"] = 0
    orders = _place_many(wide, 33)
    wide.cancel_all()
    wide.fill(orders[0], 10)
    wide.timer()
    other = _place_many(wide, 1, strategy=2)[0]
    assert wide.timer().requests == []
    assert wide.order(other)["pending_cancel_ns"] == 0


def test_a_cancel_all_waits_for_the_venues_budget(world: World) -> None:
    budget = world.row("budgets", 0)
    budget["limit_type"], budget["limit"], budget["window_ns"] = RateLimitType.REQUEST_WEIGHT, 1_000, NS_PER_S
    budget["cancel_cost"] = 1
    order_id = world.place()
    budget["blocked_until_utc_ns"] = world.now_ns + UTC_OFFSET_NS + 5 * NS_PER_MS
    assert world.cancel_all().requests == []
    assert world.state.header["next_deadline_ns"] > world.now_ns
    assert world.cancel_all().refusals == [RefusalReason.CANCEL_ALREADY_PENDING]
    assert [request.order_id for request in world.after(10 * NS_PER_MS).requests] == [order_id]


def test_a_cancel_all_that_waits_keeps_no_other_strategy_from_its_own(wide: World) -> None:
    mine = _place_many(wide, 40)
    theirs = _place_many(wide, 3, strategy=2)
    asked = [request.order_id for request in wide.cancel_all().requests]
    assert sorted(request.order_id for request in wide.cancel_all(strategy=2).requests) == theirs
    while wide.state.header["next_deadline_ns"] <= wide.now_ns:
        asked += [request.order_id for request in wide.timer().requests]
    assert sorted(asked) == mine


def test_one_step_never_asks_for_more_frames_than_the_loop_keeps_free(wide: World) -> None:
    _place_many(wide, 60, execution_timeout_ms=1_000)
    _place_many(wide, 33, strategy=2)
    wide.cancel_all(strategy=2)
    wide.now_ns += 2 * NS_PER_S
    most = 0
    while wide.state.header["next_deadline_ns"] <= wide.now_ns:
        most = max(most, len(wide.timer().requests))
    assert 0 < most <= 40


def test_news_of_a_connection_reach_the_strategies_that_trade_on_it(world: World) -> None:
    world.terms(2, 0)["permitted"] = 0
    step = world.connection(ConnectionState.DOWN)
    assert [(note.strategy, note.account_id, note.state) for note in step.venue_states] == [
        (0, 0, ConnectionState.DOWN),
        (1, 0, ConnectionState.DOWN),
        (3, 0, ConnectionState.DOWN),
    ]


def test_an_ended_order_is_forgotten_even_when_its_cancel_was_never_answered(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    world.fill(order_id, 10)
    world.after(RETENTION_NS)
    assert world.cancel(order_id).refusals == [RefusalReason.UNKNOWN_ORDER]
