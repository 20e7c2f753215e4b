"""The platform's limiter against brute force, and the mirror of a venue's windows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.order_limiter import charge_limiter, limiter_has_room
from ipc.compiler import JIT_DISABLED
from ipc.enums import RecordKind, RefusalReason, RequestKind, VenueEvent
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import NS_PER_S, REQUEST_EXPIRY_NS, START_NS, UTC_OFFSET_NS, World

WINDOW_NS = 10 * NS_PER_S


@settings(max_examples=150 if JIT_DISABLED else 400, deadline=None)
@given(st.integers(1, 5), st.integers(1, 30), st.lists(st.integers(0, 12), max_size=60))
def test_no_window_of_any_place_holds_more_orders_than_the_limit(limit: int, window: int, pauses: list[int]) -> None:
    world = World()
    terms, header = world.terms(), world.state.header
    terms["rate_limit_orders"], terms["rate_limit_window_ns"] = limit, window
    header["now_ns"] = START_NS
    sent: list[int] = []
    for pause in pauses:
        header["now_ns"] += pause
        now = int(header["now_ns"])
        has_room = sum(now - window < moment for moment in sent) < limit
        assert bool(limiter_has_room(world.state.address, 1, 0)) == has_room
        if has_room:
            charge_limiter(world.state.address, 1, 0)
            sent.append(now)


def test_each_strategy_and_account_has_a_limit_of_its_own(world: World) -> None:
    world.state.table("terms")["rate_limit_orders"] = 1
    world.place()
    assert world.new_order().refusals == [RefusalReason.RATE_LIMIT_EXCEEDED]
    assert world.new_order(account_id=1).refusals == []
    assert world.new_order(strategy=2).refusals == []


# ---- the venue's windows ----


@pytest.fixture
def budget_world(world: World) -> World:
    """Account 0 has a window of 100 orders in ten seconds, of which 20 are kept for cancels."""
    budget = world.row("budgets", 0)
    budget["limit_type"], budget["window_ns"], budget["limit"], budget["reserve"] = (
        RateLimitType.ORDERS,
        WINDOW_NS,
        100,
        20,
    )
    for field, cost in (("new_cost", 4), ("cancel_cost", 1), ("amend_cost", 2), ("cancel_replace_cost", 5)):
        budget[field] = cost
    return world


def _spent(world: World) -> tuple[int, int]:
    budget = world.row("budgets", 0)
    return int(budget["counted"]), int(budget["in_flight"])


def test_each_kind_of_request_costs_its_own_until_it_is_answered(budget_world: World) -> None:
    world = budget_world
    order_id = world.place(accepted=False)
    assert _spent(world) == (0, 4)
    world.accept(order_id)
    assert _spent(world) == (4, 0)
    world.amend(order_id, order_lots=5)
    assert _spent(world) == (4, 2)
    world.venue(VenueEvent.REPLACED, order_id, order_lots=5, answers_request=RequestKind.AMEND)
    world.amend(order_id, price_ticks=9_000)
    assert _spent(world) == (6, 5)
    world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=1, answers_request=RequestKind.CANCEL_REPLACE)
    world.cancel(order_id)
    assert _spent(world) == (11, 1)
    world.venue(VenueEvent.CANCELED, order_id, answers_request=RequestKind.CANCEL)
    world.venue(VenueEvent.CANCELED, order_id)
    assert _spent(world) == (12, 0)


def test_what_a_strategy_hears_from_the_stream_answers_no_request(budget_world: World) -> None:
    order_id = budget_world.place(accepted=False)
    budget_world.accept(order_id, answers_request=0)
    assert _spent(budget_world) == (0, 4)


def _unanswered(world: World) -> int:
    return int(world.row("budgets", 0)["unanswered"])


@pytest.mark.parametrize("names_order", [True, False])
def test_what_the_venue_counts_does_not_hold_what_it_may_still_take(budget_world: World, names_order: bool) -> None:
    world = budget_world
    world.now_ns += NS_PER_S
    order_id = world.place(accepted=False)
    if names_order:
        world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=RequestKind.NEW)
    else:
        world.venue(VenueEvent.OUTCOME_UNKNOWN, 0)
    world.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, window_ns=WINDOW_NS, limit=100, count=77)
    assert (_spent(world), _unanswered(world), world.row("budgets", 0)["reported"]) == ((0, 0), 4, 77)
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]


def test_what_the_venue_can_no_longer_take_counts_until_the_venue_says_otherwise(budget_world: World) -> None:
    world = budget_world
    world.venue(VenueEvent.OUTCOME_UNKNOWN, world.place(accepted=False), answers_request=RequestKind.NEW)
    world.now_ns += REQUEST_EXPIRY_NS - 1
    world.new_order(price_ticks=9_000)
    assert (_spent(world), _unanswered(world)) == ((0, 4), 4)
    world.now_ns += 1
    world.new_order(price_ticks=9_001)
    assert (_spent(world), _unanswered(world)) == ((4, 8), 0)


def test_an_unanswered_request_may_count_in_the_next_window(budget_world: World) -> None:
    world = budget_world
    world.now_ns += WINDOW_NS - 1
    world.venue(VenueEvent.OUTCOME_UNKNOWN, world.place(accepted=False), answers_request=RequestKind.NEW)
    world.now_ns += 2
    world.new_order(price_ticks=9_000)
    assert (_spent(world), _unanswered(world)) == ((0, 4), 4)


def test_a_window_ends_by_the_calendar_of_the_venue(budget_world: World) -> None:
    world = budget_world
    begin_ns = world.now_ns + UTC_OFFSET_NS
    assert begin_ns % WINDOW_NS == 0
    world.now_ns += WINDOW_NS - 1
    world.row("budgets", 0)["counted"] = 90
    world.row("budgets", 0)["window_end_utc_ns"] = begin_ns + WINDOW_NS
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    world.now_ns += 1
    assert world.new_order().refusals == []
    assert _spent(world) == (0, 4)


def test_what_was_counted_by_a_wrong_clock_counts_until_the_right_ones_window_is_over(budget_world: World) -> None:
    world = budget_world
    right_ns = UTC_OFFSET_NS
    world.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=right_ns + 10_000_000 * NS_PER_S)
    world.place()
    world.row("budgets", 0)["counted"] = 100
    world.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=right_ns)
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    world.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=right_ns - NS_PER_S)
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    world.now_ns += WINDOW_NS + NS_PER_S
    assert world.new_order().refusals == []


def test_the_venues_own_limit_and_others_use_of_it_hold_beside_ours(budget_world: World) -> None:
    world = budget_world
    world.now_ns += NS_PER_S
    world.place()
    fields = {"limit_type": RateLimitType.ORDERS, "window_ns": WINDOW_NS}
    world.feed(RecordKind.RATE_LIMIT, **fields, limit=50, count=30)
    assert (_spent(world), world.row("budgets", 0)["limit"]) == ((4, 0), 50)
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    assert world.new_order(account_id=1).refusals == [], "the other account has its own"
    world.feed(RecordKind.RATE_LIMIT, **{**fields, "window_ns": 2 * WINDOW_NS}, limit=1, count=1)
    world.feed(RecordKind.RATE_LIMIT, **{**fields, "limit_type": RateLimitType.REQUEST_WEIGHT}, limit=1, count=1)
    assert world.row("budgets", 0)["limit"] == 50
    world.feed(RecordKind.RATE_LIMIT, **fields, limit=50, count=20)
    assert world.new_order().refusals == []


def test_cancels_may_use_what_is_kept_from_new_orders(budget_world: World) -> None:
    world = budget_world
    order_id = world.place()
    world.row("budgets", 0)["counted"] = 80
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    assert world.cancel(order_id).refusals == []


def test_a_ban_stops_everything_until_it_ends_whatever_window_it_names(budget_world: World) -> None:
    world = budget_world
    order_id = world.place()
    until_ns = world.now_ns + UTC_OFFSET_NS + NS_PER_S
    world.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, blocked_until_utc_ns=until_ns, limit=-1)
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    assert world.cancel(order_id).refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    world.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, blocked_until_utc_ns=until_ns - 9, limit=-1)
    world.now_ns += NS_PER_S - 1
    assert world.cancel(order_id).refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    world.now_ns += 1
    assert world.cancel(order_id).refusals == []


def test_a_ban_that_is_told_before_the_venues_time_is_heeded(budget_world: World) -> None:
    world = budget_world
    world.row("accounts", 0)["utc_offset_ns"] = 0
    until_ns = world.now_ns + UTC_OFFSET_NS + NS_PER_S
    world.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, blocked_until_utc_ns=until_ns, limit=-1)
    world.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=UTC_OFFSET_NS)
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    world.now_ns += NS_PER_S
    assert world.new_order().refusals == []
