"""Each key of [breakers] decides when its breaker opens and what it does then."""

import pytest

from engine.breaker_rows import set_breakers
from engine.configuration.shape import BreakersConfig
from ipc.clock import NS_PER_MS
from ipc.enums import RecordKind, RefusalReason, RejectReason, VenueEvent
from tests.engine.core.world import UTC_OFFSET_NS, World

LOOK_MS = 10
OFF = {
    "rejects_max": 0,
    "unknown_orders_max": 0,
    "unknown_age_ms": 0,
    "prices_stale_ms": 0,
    "prices_crossed_ms": 0,
    "clock_offset_ms": 0,
    "loop_stall_ms": 0,
    "position_differs_ms": 0,
    "watch_interval_ms": LOOK_MS,
}
ACTIONS = pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("alarm", RefusalReason.NONE),
        ("refuse", RefusalReason.BREAKER_OPEN),
        ("reduce_only", RefusalReason.TRADING_STATE),
        ("cancel_only", RefusalReason.TRADING_STATE),
        ("halt", RefusalReason.TRADING_STATE),
    ],
)


def world_with(**keys: int | str) -> World:
    """A world that watches only what the keys say."""
    world = World()
    set_breakers(world.state, BreakersConfig(**{**OFF, **keys}))  # type: ignore[arg-type]
    return world


def wait(world: World, ms: int) -> None:
    world.after(ms * NS_PER_MS)


def reason_now(world: World) -> RefusalReason:
    return next(iter(world.new_order(price_ticks=8_000).refusals), RefusalReason.NONE)


def reject(world: World) -> None:
    order_id = world.place(accepted=False, price_ticks=5_000 + world.now_ns // NS_PER_MS % 1_000)
    world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.OTHER)
    world.now_ns += NS_PER_MS


def lose(world: World, count: int) -> None:
    for place in range(count):
        world.venue(VenueEvent.OUTCOME_UNKNOWN, world.place(price_ticks=6_000 + place))


@ACTIONS
def test_rejects_max_and_rejects_action(action: str, reason: RefusalReason) -> None:
    world = world_with(rejects_max=2, rejects_action=action)
    reject(world)
    reject(world)
    assert reason_now(world) == RefusalReason.NONE
    reject(world)
    assert reason_now(world) == reason


@pytest.mark.parametrize(("window_ms", "reason"), [(2, RefusalReason.NONE), (60_000, RefusalReason.BREAKER_OPEN)])
def test_rejects_window_ms(window_ms: int, reason: RefusalReason) -> None:
    world = world_with(rejects_max=3, rejects_window_ms=window_ms, rejects_action="refuse")
    for _ in range(4):
        reject(world)
    assert reason_now(world) == reason


@ACTIONS
def test_unknown_orders_max_and_unknown_orders_action(action: str, reason: RefusalReason) -> None:
    world = world_with(unknown_orders_max=1, unknown_orders_action=action)
    lose(world, 1)
    wait(world, LOOK_MS)
    assert reason_now(world) == RefusalReason.NONE
    lose(world, 1)
    wait(world, LOOK_MS)
    assert reason_now(world) == reason


@ACTIONS
def test_unknown_age_ms_and_unknown_age_action(action: str, reason: RefusalReason) -> None:
    world = world_with(unknown_age_ms=100, unknown_age_action=action)
    lose(world, 1)
    wait(world, 100)
    assert reason_now(world) == RefusalReason.NONE
    wait(world, LOOK_MS)
    assert reason_now(world) == reason


@ACTIONS
def test_prices_stale_ms_and_prices_stale_action(action: str, reason: RefusalReason) -> None:
    world = world_with(prices_stale_ms=100, prices_stale_action=action)
    world.book_top()
    wait(world, 100)
    assert reason_now(world) == RefusalReason.NONE
    wait(world, LOOK_MS)
    assert reason_now(world) == reason


@ACTIONS
def test_prices_crossed_ms_and_prices_crossed_action(action: str, reason: RefusalReason) -> None:
    world = world_with(prices_crossed_ms=100, prices_crossed_action=action)
    world.book_top(10_010, 10_000)
    wait(world, 100)
    assert reason_now(world) == RefusalReason.NONE
    wait(world, LOOK_MS)
    assert reason_now(world) == reason


@ACTIONS
def test_clock_offset_ms_and_clock_offset_action(action: str, reason: RefusalReason) -> None:
    world = world_with(clock_offset_ms=100, clock_offset_action=action)
    for offset_ms, expected in ((100, RefusalReason.NONE), (101, reason)):
        offset_ns = UTC_OFFSET_NS + offset_ms * NS_PER_MS
        world.feed(RecordKind.CLOCK_OFFSET, account_id=0, utc_offset_ns=offset_ns)
        wait(world, LOOK_MS)
        assert reason_now(world) == expected


@ACTIONS
def test_loop_stall_ms_and_loop_stall_action(action: str, reason: RefusalReason) -> None:
    world = world_with(loop_stall_ms=100, loop_stall_action=action)
    world.feed(RecordKind.LOOP_STALL, stalled_ns=100 * NS_PER_MS)
    assert reason_now(world) == RefusalReason.NONE
    world.feed(RecordKind.LOOP_STALL, stalled_ns=100 * NS_PER_MS + 1)
    assert reason_now(world) == reason


@ACTIONS
def test_position_differs_ms_and_position_differs_action(action: str, reason: RefusalReason) -> None:
    world = world_with(position_differs_ms=100, position_differs_action=action)
    # The first two words make the base certain; the third differs from it, the next two say so for how long.
    for after_ms, free_units, expected in (
        (0, 1_000, RefusalReason.NONE),
        (101, 1_000, RefusalReason.NONE),
        (0, 999, RefusalReason.NONE),
        (100, 999, RefusalReason.NONE),
        (1, 999, reason),
    ):
        wait(world, after_ms)
        utc_ns = world.now_ns + UTC_OFFSET_NS
        world.feed(RecordKind.BALANCE, account_id=0, asset_id=0, free_units=free_units, venue_utc_ns=utc_ns)
        assert reason_now(world) == expected


def test_watch_interval_ms() -> None:
    world = world_with(watch_interval_ms=70)
    world.timer()
    assert world.state.header["next_deadline_ns"] == world.now_ns + 70 * NS_PER_MS
