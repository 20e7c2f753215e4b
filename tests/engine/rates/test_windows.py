"""Each kind of window by itself: until when a request counts, and what the venue's word changes."""

from fractions import Fraction

from engine.rate_rows import RateRows, rate_entries
from gateways.rate_window import RateWindow
from ipc.enums import RecordKind, RefusalReason, RequestKind, VenueEvent
from ipc.rate_enums import RateLimitType, RateWindowKind
from tests.engine.core.world import NS_PER_MS, NS_PER_S, REQUEST_EXPIRY_NS, START_NS, UTC_OFFSET_NS, World

WINDOW_NS, GUARD_NS = 10 * NS_PER_S, 100 * NS_PER_MS
FULL = [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]


def windowed(kind: RateWindowKind, limit: int = 1, *, counts_less: bool = False) -> World:
    """One order may go within the window, a second after it began."""
    window = RateWindow(
        RateLimitType.ORDERS,
        WINDOW_NS,
        limit,
        {RequestKind.NEW: 1},
        kind=kind,
        counts_less=counts_less,
    )
    world = World(rate_entries=rate_entries((window,), 2) + 1)
    RateRows(world.state).declare(0, (window,), share=Fraction(1), address_share=Fraction(1), guard_ns=GUARD_NS)
    world.now_ns = START_NS + NS_PER_S
    return world


def test_a_calendar_window_is_over_only_after_the_guard() -> None:
    world = windowed(RateWindowKind.CALENDAR)
    world.place()
    world.now_ns = START_NS + WINDOW_NS + GUARD_NS - 1
    assert world.new_order().refusals == FULL
    world.now_ns += 1
    assert world.new_order().refusals == []


def test_what_is_answered_near_an_edge_counts_on_both_sides() -> None:
    world = windowed(RateWindowKind.CALENDAR)
    world.now_ns = START_NS + WINDOW_NS - GUARD_NS
    world.place()
    world.now_ns = START_NS + WINDOW_NS + GUARD_NS
    assert world.new_order().refusals == FULL
    world.now_ns += WINDOW_NS
    assert world.new_order().refusals == []


def test_what_is_in_flight_over_an_edge_counts_in_both_windows() -> None:
    world = windowed(RateWindowKind.CALENDAR)
    order_id = world.place(accepted=False)
    world.now_ns = START_NS + WINDOW_NS + 2 * GUARD_NS
    assert world.new_order().refusals == FULL
    world.accept(order_id)
    assert world.new_order().refusals == FULL


def test_a_rolling_window_forgets_an_order_a_window_and_a_guard_after_its_answer() -> None:
    world = windowed(RateWindowKind.ROLLING)
    order_id = world.place(accepted=False)
    world.now_ns += NS_PER_S
    world.accept(order_id)
    world.now_ns += WINDOW_NS + GUARD_NS - 1
    assert world.new_order().refusals == FULL
    world.now_ns += 1
    assert world.new_order().refusals == []


def test_the_venues_count_after_fills_makes_room() -> None:
    world = windowed(RateWindowKind.CALENDAR, 2, counts_less=True)
    world.place()
    world.now_ns += NS_PER_S
    order_id = world.place(price_ticks=9_000, accepted=False)
    world.now_ns += 10 * NS_PER_MS
    world.accept(order_id)
    told = {"limit_type": RateLimitType.ORDERS, "window_ns": WINDOW_NS, "limit": 2}
    world.feed(RecordKind.RATE_LIMIT, **told, count=0)
    assert world.row("budgets", 0)["counted"] == 1, "what was answered just now may be missing in the count"
    assert world.new_order(price_ticks=9_001).refusals == []


def test_a_count_without_an_answer_of_ours_makes_no_room() -> None:
    world = windowed(RateWindowKind.CALENDAR, 1, counts_less=True)
    world.place()
    world.now_ns += NS_PER_S
    world.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, window_ns=WINDOW_NS, limit=1, count=0)
    assert world.new_order(price_ticks=9_001).refusals == FULL


def test_a_calendar_forgets_nothing_before_the_venues_time_is_known() -> None:
    world = windowed(RateWindowKind.CALENDAR)
    world.place()
    world.row("accounts", 0)["utc_offset_ns"] = 0
    world.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, window_ns=WINDOW_NS, limit=1, count=0)
    world.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=UTC_OFFSET_NS)
    assert world.new_order(price_ticks=9_001).refusals == FULL
    world.now_ns = START_NS + WINDOW_NS + GUARD_NS
    assert world.new_order(price_ticks=9_001).refusals == []


def test_what_may_come_late_counts_in_the_window_that_the_venue_is_found_in() -> None:
    world = windowed(RateWindowKind.CALENDAR)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, world.place(accepted=False), answers_request=RequestKind.NEW)
    world.row("accounts", 0)["utc_offset_ns"] = 0
    world.now_ns = START_NS + WINDOW_NS + REQUEST_EXPIRY_NS
    world.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, window_ns=WINDOW_NS, limit=1, count=0)
    world.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=UTC_OFFSET_NS)
    assert world.new_order(price_ticks=9_001).refusals == FULL
