"""Max-min between strategies: each that asks gets its share, and what others leave may be taken."""

from fractions import Fraction

from engine.rate_rows import RateRows
from gateways.rate_window import RateWindow
from ipc.enums import RefusalReason, RequestKind
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import NS_PER_S, START_NS, World

WINDOW_NS = 10 * NS_PER_S


def shared_world(limit: int = 30) -> World:
    """A window of the venue for three strategies."""
    world = World(orders=256)
    window = RateWindow(RateLimitType.ORDERS, WINDOW_NS, limit, {RequestKind.NEW: 1})
    RateRows(world.state).declare(0, (window,), share=Fraction(1), address_share=Fraction(1), guard_ns=1)
    world.state.table("terms")["rate_limit_window_ns"] = 1
    world.state.header["duplicate_window_ns"] = 0
    world.now_ns = START_NS + WINDOW_NS + 1
    return world


def flood(world: World, strategy: int, wanted: int) -> int:
    """How many of so many orders may go at once."""
    return sum(bool(_step(world, strategy)) for _ in range(wanted))


def _step(world: World, strategy: int) -> bool:
    world.now_ns += 1
    step = world.new_order(strategy=strategy, order_lots=1)
    for request in step.requests:
        world.now_ns += 1
        world.accept(request.order_id)
    return step.asked == [RequestKind.NEW]


def test_a_strategy_alone_may_take_all() -> None:
    assert flood(shared_world(), 1, 40) == 30


def test_whoever_floods_leaves_the_others_their_share() -> None:
    world = shared_world()
    assert [flood(world, strategy, 1) for strategy in (1, 2, 3)] == [1, 1, 1]
    assert flood(world, 1, 40) == 9, "a third of the window, for the rest is set aside"
    assert [flood(world, strategy, 40) for strategy in (2, 3)] == [9, 9]


def test_the_refusal_says_the_share() -> None:
    world = shared_world()
    for strategy in (1, 2):
        flood(world, strategy, 1)
    flood(world, 1, 14)
    report = world.new_order(strategy=1).reports[0]
    assert (report.reason, report.limit, report.current) == (RefusalReason.RATE_SHARE_EXCEEDED, 15, 15)


def test_what_nobody_else_asked_for_is_not_lost() -> None:
    world = shared_world()
    for strategy in (1, 2):
        flood(world, strategy, 1)
    assert flood(world, 1, 40) == 14
    world.now_ns += WINDOW_NS // 2
    assert 6 <= flood(world, 1, 40) <= 8, "half of what was set aside, at half the window"
    assert flood(world, 2, 40) >= 6, "the other half is still its own"


def test_who_has_not_asked_lately_has_nothing_set_aside() -> None:
    world = shared_world()
    for strategy in (1, 2):
        flood(world, strategy, 1)
    world.now_ns += WINDOW_NS + NS_PER_S
    assert flood(world, 1, 40) == 30


def test_shares_begin_anew_with_the_window() -> None:
    world = shared_world()
    for _ in range(2):
        for strategy in (1, 2):
            flood(world, strategy, 1)
        assert [flood(world, strategy, 40) for strategy in (1, 2)] == [14, 14]
        world.now_ns += WINDOW_NS
