"""Market orders: priced with protection, tried again within their time; and execution time-outs of all orders."""

import pytest

from ipc.enums import (
    ConnectionState,
    EndReason,
    ExecutionType,
    OrderFlag,
    OrderStatus,
    OrderType,
    RecordKind,
    RefusalReason,
    RejectReason,
    RequestKind,
    Side,
    TimeInForce,
    VenueEvent,
)
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import NS_PER_MS, NS_PER_S, UTC_OFFSET_NS, World

DELAY_NS = 50 * NS_PER_MS
FILL_FIRST, PROTECTED, REDUCE_ONLY = OrderFlag.FILL_FIRST, OrderFlag.PRICE_PROTECTED, OrderFlag.REDUCE_ONLY


def _placed_market(world: World, **fields: int) -> int:
    world.book_top()
    order_id = int(world.market(**fields).requests[0].order_id)
    world.accept(order_id)
    return order_id


@pytest.mark.parametrize(
    ("name", "fields", "price_ticks"),
    [
        ("buys up to the configured slippage above the ask", {}, 10_110),
        ("sells down to the configured slippage below the bid", {"side": Side.SELL}, 9_891),
        ("takes its own slippage", {"max_slippage_bps": 50}, 10_060),
        ("without slippage takes the touch", {"max_slippage_bps": 0}, 10_010),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_market_order_goes_out_as_a_limit_that_bounds_its_slippage(
    world: World, name: str, fields: dict[str, int], price_ticks: int
) -> None:
    world.book_top()
    request = world.market(**fields).requests[0]
    assert request.price_ticks == price_ticks, name
    assert (request.order_type, request.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)


@pytest.mark.parametrize("configured", [OrderType.MARKET, OrderType.LIMIT])
def test_an_order_that_names_no_type_and_has_a_price_is_a_limit_order(world: World, configured: OrderType) -> None:
    world.terms()["default_order_type"] = configured
    step = world.new_order(order_type=OrderType.DEFAULT, price_ticks=9_000)
    assert (step.requests[0].price_ticks, step.requests[0].time_in_force) == (9_000, TimeInForce.GTC)
    assert int(world.order(int(step.requests[0].order_id))["order_type"]) == OrderType.LIMIT
    step = world.target(order_type=OrderType.DEFAULT, price_ticks=9_001, target_lots=30)
    assert int(world.order(int(step.requests[0].order_id))["order_type"]) == OrderType.LIMIT


def test_an_order_that_names_no_type_and_has_no_price_is_as_configured(world: World) -> None:
    world.book_top()
    fields = {"order_type": OrderType.DEFAULT, "price_ticks": 0}
    assert world.new_order(**fields).refusals == [RefusalReason.INVALID_PRICE]
    world.terms()["default_order_type"] = OrderType.MARKET
    assert world.new_order(**fields).requests[0].price_ticks == 10_110


def test_a_protected_price_stays_within_the_venues_bounds(world: World) -> None:
    world.row("instruments", 0)["max_price_ticks"] = 10_050
    world.row("instruments", 0)["min_price_ticks"] = 9_950
    world.book_top()
    assert world.market().requests[0].price_ticks == 10_050
    assert world.market(side=Side.SELL, account_id=1).requests[0].price_ticks == 9_950


def test_what_a_market_order_left_over_is_tried_again_after_a_delay(world: World) -> None:
    order_id = _placed_market(world)
    world.fill(order_id, 4, 10_010)
    assert world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=4).effects == []
    assert world.state.header["next_deadline_ns"] == world.now_ns + DELAY_NS
    assert world.after(DELAY_NS - 1).effects == []
    step = world.after(1)
    assert step.told == [(ExecutionType.RETRIED, OrderStatus.PARTIALLY_FILLED)]
    request = step.requests[0]
    assert (request.request_kind, request.order_id, request.order_lots) == (RequestKind.NEW, order_id | 1, 6)
    assert (request.price_ticks, request.order_type) == (10_110, OrderType.LIMIT)
    world.fill(order_id, 6, 10_020, leg=1)
    assert world.order(order_id)["end_reason"] == EndReason.FILLED


def test_a_market_order_expires_when_its_attempts_are_used_up(world: World) -> None:
    order_id = _placed_market(world, retry_attempts=1)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    assert world.after(DELAY_NS).asked == [RequestKind.NEW]
    step = world.venue(VenueEvent.EXPIRED, order_id, leg=1, cumulative_lots=0)
    assert step.told == [(ExecutionType.EXPIRED, OrderStatus.EXPIRED)]


def test_a_leg_whose_end_is_told_twice_is_tried_again_once_and_on_time(world: World) -> None:
    order_id = _placed_market(world)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    world.now_ns += DELAY_NS // 2
    assert world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0).effects == []
    assert world.after(DELAY_NS // 2).asked == [RequestKind.NEW]
    assert world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0).effects == []


def test_nothing_is_tried_again_while_fills_are_missing(world: World) -> None:
    order_id = _placed_market(world)
    step = world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=4)
    assert step.told == [(ExecutionType.UNKNOWN, OrderStatus.UNKNOWN)]
    assert world.book()["open_buy_lots"] == 4
    assert world.after(NS_PER_S).requests == []
    world.fill(order_id, 4)
    assert world.after(50 * NS_PER_MS).requests[0].order_lots == 6


def test_a_limit_order_is_never_tried_again(world: World) -> None:
    order_id = world.place(retry_attempts=5)
    assert world.venue(VenueEvent.EXPIRED, order_id).happened == [ExecutionType.EXPIRED]


def test_a_late_fill_of_the_first_leg_does_not_acknowledge_the_second(world: World) -> None:
    order_id = _placed_market(world)
    world.venue(VenueEvent.EXPIRED, order_id)
    world.after(DELAY_NS)
    world.fill(order_id, 2)
    assert (world.order(order_id)["accepted"], world.order(order_id)["cumulative_lots"]) == (0, 2)
    world.connection(ConnectionState.DOWN)
    assert world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, leg=1).told == [
        (ExecutionType.UNKNOWN, OrderStatus.UNKNOWN)
    ]


def test_an_attempt_that_the_rules_no_longer_allow_ends_the_order_and_says_why(world: World) -> None:
    order_id = _placed_market(world)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    world.connection(ConnectionState.DOWN)
    step = world.after(DELAY_NS)
    assert (step.asked, step.told) == ([], [(ExecutionType.EXPIRED, OrderStatus.EXPIRED)])
    report = step.reports[0]
    assert (report.reason, report.venue_code) == (EndReason.RETRY_REFUSED, RefusalReason.VENUE_NOT_READY)
    assert (report.limit, report.current) == (ConnectionState.LIVE, ConnectionState.DOWN)
    assert world.book()["open_buy_lots"] == 0


def test_a_cancel_between_two_attempts_ends_the_order_at_once(world: World) -> None:
    order_id = _placed_market(world)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    step = world.cancel(order_id)
    assert (step.asked, step.told) == ([], [(ExecutionType.CANCELED, OrderStatus.CANCELED)])
    assert world.after(DELAY_NS).effects == []


def test_what_a_strategy_wanted_cancelled_is_not_tried_again(world: World) -> None:
    order_id = _placed_market(world)
    world.cancel(order_id)
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    assert world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0).happened == [ExecutionType.EXPIRED]


# ---- fill first ----


def _with_depth(world: World, *asks: tuple[int, int]) -> None:
    """A touch of 9,990 and 10,010, and what the book holds above."""
    world.book_top()
    levels = {}
    for place, (price_ticks, lots) in enumerate(asks):
        levels[f"price_ticks_{place}"], levels[f"lots_{place}"] = price_ticks, lots
    world.feed(RecordKind.BOOK_DEPTH, instrument_id=0, side=Side.SELL, venue_sequence=1, **levels)


def test_a_fill_first_order_goes_out_as_the_venues_own_and_says_so(world: World) -> None:
    _with_depth(world, (10_010, 4), (10_110, 6))
    request = world.market(order_flags=FILL_FIRST).requests[0]
    assert (request.order_type, request.order_flags) == (OrderType.MARKET, OrderFlag.NONE)
    order = world.order(int(request.order_id))
    assert (order["order_flags"], order["price_ticks"]) == (FILL_FIRST, 10_110)


def test_a_fill_first_order_is_refused_when_the_book_would_take_it_beyond_its_bound(world: World) -> None:
    _with_depth(world, (10_010, 4), (10_111, 6))
    refusal = world.market(order_flags=FILL_FIRST).reports[0]
    assert (refusal.reason, refusal.limit) == (RefusalReason.SLIPPAGE_EXCEEDED, 10_110)
    assert (refusal.current, refusal.requested) == (10_111, 10)
    assert world.market(order_flags=FILL_FIRST, order_lots=4).asked == [RequestKind.NEW]
    assert world.market(order_flags=FILL_FIRST, max_slippage_bps=101).asked == [RequestKind.NEW]


def test_a_fill_first_order_is_refused_when_the_book_holds_less(world: World) -> None:
    _with_depth(world, (10_010, 4))
    refusal = world.market(order_flags=FILL_FIRST).reports[0]
    assert (refusal.reason, refusal.limit, refusal.requested) == (RefusalReason.NO_DEPTH, 4, 10)


def test_the_best_price_alone_may_hold_a_fill_first_order(world: World) -> None:
    world.book_top(ask_lots=10)
    assert world.market(order_flags=FILL_FIRST).requests[0].order_type == OrderType.MARKET
    assert world.market(order_flags=FILL_FIRST, order_lots=11).refusals == [RefusalReason.NO_DEPTH]


def test_the_rest_of_a_fill_first_order_passes_the_same_check(world: World) -> None:
    _with_depth(world, (10_010, 10))
    order_id = int(world.market(order_flags=FILL_FIRST).requests[0].order_id)
    world.accept(order_id)
    world.fill(order_id, 4, 10_010)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=4)
    request = world.after(DELAY_NS).requests[0]
    assert (request.order_type, request.order_lots) == (OrderType.MARKET, 6)
    world.venue(VenueEvent.EXPIRED, order_id, leg=1, cumulative_lots=0)
    _with_depth(world, (10_010, 5))
    report = world.after(DELAY_NS).reports[0]
    assert (report.reason, report.venue_code) == (EndReason.RETRY_REFUSED, RefusalReason.NO_DEPTH)


def test_a_fill_first_order_that_is_sent_later_is_checked_when_it_is_sent(world: World) -> None:
    world.book_top()
    release_utc_ns = world.now_ns + UTC_OFFSET_NS + NS_PER_S
    for asks, requests, refusals in (((10_010, 9), 0, 1), ((10_010, 10), 1, 0)):
        step = world.market(order_flags=FILL_FIRST, release_utc_ns=release_utc_ns)
        assert (step.asked, step.refusals) == ([], [])
        world.now_ns += NS_PER_S - 1
        _with_depth(world, asks)
        step = world.after(1)
        assert len(step.requests) == requests
        assert [report.venue_code for report in step.reports].count(RefusalReason.NO_DEPTH) == refusals
        release_utc_ns += NS_PER_S


@pytest.mark.parametrize(
    ("name", "fields", "flags"),
    [
        ("fills first by configuration", {}, FILL_FIRST),
        ("is protected when it says so", {"order_flags": PROTECTED}, PROTECTED),
        ("is all or nothing at a limit", {"time_in_force": TimeInForce.FOK}, OrderFlag.NONE),
        ("keeps its other flags", {"order_flags": OrderFlag.REDUCE_ONLY, "side": Side.SELL}, FILL_FIRST | REDUCE_ONLY),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_market_order_that_does_not_say_which_promise_wins(
    world: World, name: str, fields: dict[str, int], flags: int
) -> None:
    world.terms()["is_fill_first"] = 1
    world.book()["position_lots"] = 10
    world.book_top(bid_lots=99, ask_lots=99)
    request = world.market(**fields).requests[0]
    assert int(world.order(int(request.order_id))["order_flags"]) == flags, name
    assert request.order_type == (OrderType.MARKET if flags & FILL_FIRST else OrderType.LIMIT), name
    assert request.order_flags == 0, name


def test_only_market_orders_make_one_of_the_two_promises(world: World) -> None:
    world.terms()["is_fill_first"] = 1
    for flag in (FILL_FIRST, PROTECTED):
        assert world.new_order(order_flags=flag).refusals == [RefusalReason.INVALID_FLAGS]
    world.book_top(ask_lots=99)
    assert world.market(order_flags=FILL_FIRST | PROTECTED).refusals == [RefusalReason.INVALID_FLAGS]
    step = world.market(order_flags=FILL_FIRST, time_in_force=TimeInForce.FOK)
    assert step.refusals == [RefusalReason.INVALID_TIME_IN_FORCE]
    assert world.new_order().requests[0].order_type == OrderType.LIMIT


def test_a_target_position_may_be_reached_by_filling_first(world: World) -> None:
    world.book_top(ask_lots=99)
    step = world.target(order_type=OrderType.MARKET, price_ticks=0, order_flags=FILL_FIRST)
    assert step.requests[0].order_type == OrderType.MARKET


# ---- execution time-outs ----


def test_an_order_whose_time_is_over_is_cancelled_and_says_so(world: World) -> None:
    order_id = world.place(execution_timeout_ms=1_000)
    assert world.state.header["next_deadline_ns"] == world.now_ns + NS_PER_S
    assert world.after(NS_PER_S - 1).effects == []
    step = world.after(1)
    assert (step.asked, step.happened) == ([RequestKind.CANCEL], [ExecutionType.PENDING_CANCEL])
    done = world.venue(VenueEvent.CANCELED, order_id)
    assert done.told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]
    assert done.reports[0].reason == EndReason.EXECUTION_TIMEOUT


def test_a_terms_timeout_holds_unless_the_order_has_its_own(world: World) -> None:
    world.terms()["execution_timeout_ns"] = NS_PER_S
    world.place()
    assert world.after(NS_PER_S).asked == [RequestKind.CANCEL]
    world.place(execution_timeout_ms=0)
    assert world.after(10 * NS_PER_S).asked == []


def test_no_attempt_begins_that_could_not_start_within_the_execution_time(world: World) -> None:
    order_id = _placed_market(world, execution_timeout_ms=50)
    assert world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0).happened == [ExecutionType.EXPIRED]


def test_time_that_ends_between_two_attempts_ends_the_order(world: World) -> None:
    order_id = _placed_market(world, execution_timeout_ms=60)
    world.now_ns += 5 * NS_PER_MS
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    step = world.after(60 * NS_PER_MS)
    assert (step.asked, step.happened) == ([], [ExecutionType.CANCELED])
    assert step.reports[0].reason == EndReason.EXECUTION_TIMEOUT


def test_a_timeouts_cancel_that_is_rejected_is_sent_again(world: World) -> None:
    order_id = world.place(execution_timeout_ms=1_000)
    world.after(NS_PER_S)
    world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.RATE_LIMIT)
    assert world.after(NS_PER_S - 1).effects == []
    assert world.after(1).asked == [RequestKind.CANCEL]


def test_a_timeouts_cancel_that_was_lost_is_sent_again(world: World) -> None:
    order_id = world.place(execution_timeout_ms=1_000)
    world.after(NS_PER_S)
    world.connection(ConnectionState.DOWN)
    world.connection(ConnectionState.LIVE)
    assert world.venue(VenueEvent.STATUS, order_id).told == [(ExecutionType.ORDER_STATUS, OrderStatus.NEW)]
    assert world.after(NS_PER_S).asked == [RequestKind.CANCEL]


def test_a_timeouts_cancel_waits_while_the_venue_takes_no_requests(world: World) -> None:
    budget = world.row("budgets", 0)
    budget["limit_type"], budget["limit"], budget["window_ns"] = RateLimitType.REQUEST_WEIGHT, 100, NS_PER_S
    budget["cancel_cost"] = 1
    order_id = world.place(execution_timeout_ms=1_000)
    budget["blocked_until_utc_ns"] = world.now_ns + UTC_OFFSET_NS + 2 * NS_PER_S
    assert world.after(NS_PER_S).effects == []
    assert world.after(NS_PER_S).asked == [RequestKind.CANCEL]
    assert world.venue(VenueEvent.CANCELED, order_id).reports[0].reason == EndReason.EXECUTION_TIMEOUT
