"""Owns the fourth part of the table of refusals: trading states, breakers and the fence."""

from collections.abc import Callable

import numpy as np

from ipc.control_enums import Breaker, BreakerAction, FenceState
from ipc.enums import AlarmCode, RecordKind, RefusalReason, ScopeKind, Side, TradingState
from tests.engine.core.provocation import Act, Provocation, Row
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_S, START_NS, World

R = RefusalReason
PRICES_OLD_NS = 2 * NS_PER_S
# One scope of each kind in which the world's orders lie, as the commands name them.
SCOPES = {
    "the engine": (ScopeKind.ENGINE, 0),
    "the venue": (ScopeKind.VENUE, 0),
    "the account": (ScopeKind.ACCOUNT, 0),
    "the strategy": (ScopeKind.STRATEGY, 1),
    "the instrument": (ScopeKind.INSTRUMENT, 0),
}


def set_state(world: World, kind: ScopeKind, subject_id: int, state: TradingState, **fields: int) -> Step:
    """An operator's command."""
    named = {"scope_kind": kind, "subject_id": subject_id, "trading_state": state}
    return world.feed(RecordKind.SET_TRADING_STATE, **{"sequence": 1, **named, **fields})


def arm(world: World, kind: ScopeKind, subject_id: int, state: TradingState = TradingState.ACTIVE) -> Step:
    """A person lowers a state."""
    return set_state(world, kind, subject_id, state, is_rearming=1, expires_utc_ns=np.iinfo(np.int64).max)


def breaker(world: World, kind: Breaker, action: BreakerAction, threshold: int, window_ns: int = NS_PER_S) -> None:
    """Sets what one breaker watches for, and lets the core look every quarter of a second."""
    row = world.row("breakers", kind)
    row["action"], row["threshold"], row["window_ns"] = action, threshold, window_ns
    world.state.header["watch_interval_ns"] = NS_PER_S // 4


def let_go(world: World) -> None:
    """Takes every state back, and stands in for the next run, which no fence is about."""
    for kind, subject_id in SCOPES.values():
        arm(world, kind, subject_id)
    header = world.state.header
    header["restriction_count"] -= header["fence_state"] != FenceState.OPEN
    header["fence_state"] = FenceState.OPEN


def fence(state: FenceState) -> Callable[[World], object]:
    return lambda world: world.feed(RecordKind.FENCE, fence_state=state)


def after(arrange: Callable[[World], object], act: Act) -> Provocation:
    def provoke(world: World) -> Act:
        arrange(world)
        return act

    return provoke


def on_open(arrange: Callable[[World], object], act: Callable[[World, int], Step]) -> Provocation:
    def provoke(world: World) -> Act:
        order_id = world.place()
        arrange(world)
        return lambda world: act(world, order_id)

    return provoke


def in_state(kind: ScopeKind, subject_id: int, state: TradingState) -> Provocation:
    return after(lambda world: set_state(world, kind, subject_id, state), World.new_order)


def reducing_in(state: TradingState) -> Provocation:
    def provoke(world: World) -> Act:
        world.fill(world.place(), 10)
        set_state(world, ScopeKind.ENGINE, 0, state)
        return lambda world: world.new_order(side=Side.SELL)

    return provoke


def with_stale_prices(world: World) -> None:
    breaker(world, Breaker.PRICES_STALE, BreakerAction.REFUSE, PRICES_OLD_NS)
    world.book_top()
    world.after(PRICES_OLD_NS + 1)


def scope_word(kind: ScopeKind, subject_id: int) -> int:
    return int(kind) << 32 | subject_id


ROWS = (
    *(
        Row(f"a new order while {name} is at {state.name}", R.TRADING_STATE, in_state(*scope, state), limit=0)
        for name, scope in SCOPES.items()
        for state in (TradingState.REDUCE_ONLY, TradingState.CANCEL_ONLY, TradingState.HALT)
    ),
    *(
        Row(
            f"an order that reduces at {state.name}",
            R.TRADING_STATE,
            reducing_in(state),
            limit=TradingState.REDUCE_ONLY,
        )
        for state in (TradingState.CANCEL_ONLY, TradingState.HALT)
    ),
    Row(
        "an amendment while only cancels are allowed",
        R.TRADING_STATE,
        on_open(
            lambda world: set_state(world, ScopeKind.STRATEGY, 1, TradingState.CANCEL_ONLY),
            lambda world, order_id: world.amend(order_id, order_lots=5),
        ),
    ),
    Row(
        "another price of an order that increases",
        R.TRADING_STATE,
        on_open(
            lambda world: set_state(world, ScopeKind.INSTRUMENT, 0, TradingState.REDUCE_ONLY),
            lambda world, order_id: world.amend(order_id, price_ticks=9_000),
        ),
        limit=TradingState.ACTIVE,
    ),
    Row("a new order of a fenced engine", R.ENGINE_FENCED, after(fence(FenceState.FENCED), World.new_order), limit=1),
    Row(
        "a cancel of a fenced engine",
        R.ENGINE_FENCED,
        on_open(fence(FenceState.FENCED), lambda world, order_id: world.cancel(order_id)),
        limit=1,
    ),
    Row("a cancel-all of a fenced engine", R.ENGINE_FENCED, after(fence(FenceState.FENCED), World.cancel_all), limit=1),
    Row(
        "a new order while nobody watches",
        R.LEASE_EXPIRED,
        after(fence(FenceState.LEASE_EXPIRED), World.new_order),
        limit=0,
    ),
    Row("a new order on stale prices", R.BREAKER_OPEN, after(with_stale_prices, World.new_order), limit=PRICES_OLD_NS),
)
assert START_NS > PRICES_OLD_NS
assert AlarmCode.REJECT_RATE + Breaker.PRICES_STALE == AlarmCode.PRICES_STALE
