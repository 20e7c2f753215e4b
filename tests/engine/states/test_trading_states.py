"""A trading state only rises by itself, stops what it must, and is lowered by a person alone."""

import itertools

import numpy as np
import pytest

from engine.core.trading_states import raise_trading_state
from ipc.control_enums import FenceState
from ipc.enums import (
    AlarmCode,
    EndReason,
    ExecutionType,
    OrderType,
    RecordKind,
    RefusalReason,
    RequestKind,
    ScopeKind,
    Side,
    TradingState,
    VenueEvent,
)
from tests.engine.core.refused_states import SCOPES, arm, set_state
from tests.engine.core.world import NS_PER_S, UTC_OFFSET_NS, World

ENGINE = (ScopeKind.ENGINE, 0)
STATES = tuple(TradingState)
RISING = [(a, b) for a, b in itertools.product(STATES, STATES) if a <= b]
FALLING = [(a, b) for a, b in itertools.product(STATES, STATES) if a > b]


def state_of(world: World, row: int = 0) -> TradingState:
    return TradingState(int(world.row("scopes", row)["trading_state"]))


@pytest.mark.parametrize(("before", "after"), RISING)
def test_anybody_may_make_a_scope_more_restrictive(world: World, before: TradingState, after: TradingState) -> None:
    set_state(world, *ENGINE, before)
    report = set_state(world, *ENGINE, after, sequence=7).control
    assert (report.reason, report.before, report.after, report.command_sequence) == (0, before, after, 7)
    assert state_of(world) == after


@pytest.mark.parametrize(("before", "after"), FALLING)
def test_only_arming_makes_it_less(world: World, before: TradingState, after: TradingState) -> None:
    set_state(world, *ENGINE, before)
    report = set_state(world, *ENGINE, after).control
    assert (report.reason, report.before, report.after) == (RefusalReason.REARMING_REQUIRED, before, after)
    assert state_of(world) == before
    assert arm(world, *ENGINE, after).control.reason == 0
    assert state_of(world) == after


def raised(world: World) -> list[tuple[int, int, int, int]]:
    """What the alarms that are not over are about: strategy, venue, account and instrument."""
    rows = world.state.table("alarms")
    rows = rows[(rows["alarm_id"] != 0) & (rows["cleared_utc_ns"] == 0)]
    return [tuple(map(int, row)) for row in rows[["strategy_id", "venue_id", "account_id", "instrument_id"]].tolist()]


def test_each_scope_has_an_alarm_of_its_own_until_it_is_armed(world: World) -> None:
    for scope in SCOPES.values():
        set_state(world, *scope, TradingState.CANCEL_ONLY)
    left = raised(world)
    assert len(set(left)) == len(left) == len(SCOPES)
    for scope in SCOPES.values():
        arm(world, *scope)
        left = left[1:]
        assert raised(world) == left


def test_an_alarm_of_a_venue_names_it(world: World) -> None:
    alarm = set_state(world, ScopeKind.VENUE, 0, TradingState.REDUCE_ONLY).alarm
    assert (alarm.venue_id, alarm.account_id, alarm.instrument_id) == (0, -1, -1)
    assert set_state(world, *ENGINE, TradingState.REDUCE_ONLY).alarm.venue_id == -1
    assert raised(world) == [(0, 0, -1, -1), (0, -1, -1, -1)]


@pytest.mark.parametrize("state", STATES[1:])
def test_the_core_itself_only_raises(world: World, state: TradingState) -> None:
    cause = AlarmCode.POSITION_DIFFERS
    assert raise_trading_state(world.state.address, 3, state, cause)
    assert not raise_trading_state(world.state.address, 3, state, cause)
    assert not raise_trading_state(world.state.address, 3, TradingState.ACTIVE, cause)
    assert (state_of(world, 3), int(world.row("scopes", 3)["state_cause"])) == (state, cause)


def test_an_arming_that_comes_late_is_refused_and_a_halt_that_comes_late_is_not(world: World) -> None:
    late = {"expires_utc_ns": world.now_ns + UTC_OFFSET_NS - 1}
    assert set_state(world, *ENGINE, TradingState.HALT, **late).control.reason == 0
    report = set_state(world, *ENGINE, TradingState.ACTIVE, is_rearming=1, **late).control
    assert report.reason == RefusalReason.COMMAND_EXPIRED
    assert state_of(world) == TradingState.HALT


@pytest.mark.parametrize(
    ("kind", "subject_id"),
    [
        (ScopeKind.ENGINE, 1),
        *((kind, subject) for kind in (ScopeKind.VENUE, ScopeKind.ACCOUNT, ScopeKind.STRATEGY) for subject in (-1, 9)),
        (ScopeKind.INSTRUMENT, 2),
        (ScopeKind.BOOK, 0),
        (0, 0),
        (1 << 40, 0),
    ],
)
def test_a_scope_that_is_not_there_is_told(world: World, kind: int, subject_id: int) -> None:
    before = world.masked_digest()
    report = set_state(world, kind, subject_id, TradingState.HALT).control  # type: ignore[arg-type]
    assert (report.reason, report.scope_kind, report.subject_id) == (RefusalReason.UNKNOWN_SCOPE, kind, subject_id)
    assert world.masked_digest() == before


@pytest.mark.parametrize("state", [-1, 4, 1 << 62])
def test_a_state_that_is_none_is_told(world: World, state: int) -> None:
    report = set_state(world, *ENGINE, state).control  # type: ignore[arg-type]
    assert (report.reason, report.after) == (RefusalReason.INVALID_TRADING_STATE, state)
    assert state_of(world) == TradingState.ACTIVE


def test_who_said_it_stands_in_the_answer(world: World) -> None:
    report = set_state(world, *ENGINE, TradingState.REDUCE_ONLY, operator_name_0=11, operator_name_1=12).control
    assert (report.operator_name_0, report.operator_name_1) == (11, 12)


def test_a_strategy_may_not_give_an_operators_command(world: World) -> None:
    for kind in (RecordKind.SET_TRADING_STATE, RecordKind.ACKNOWLEDGE_ALARM):
        assert world.feed(kind, source=1, order_id=5).refusals == [RefusalReason.UNKNOWN_RECORD_KIND]
    assert state_of(world) == TradingState.ACTIVE


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_a_refusal_names_the_scope_that_stops_it(world: World, scope: tuple[ScopeKind, int]) -> None:
    set_state(world, *scope, TradingState.REDUCE_ONLY)
    report = world.new_order().reports[0]
    assert (report.limit, report.current) == (TradingState.ACTIVE, TradingState.REDUCE_ONLY)
    assert (report.requested >> 32, report.requested & 0xFFFF_FFFF) == scope


def test_of_several_scopes_the_most_restrictive_holds(world: World) -> None:
    set_state(world, ScopeKind.VENUE, 0, TradingState.REDUCE_ONLY)
    set_state(world, ScopeKind.STRATEGY, 1, TradingState.CANCEL_ONLY)
    set_state(world, ScopeKind.INSTRUMENT, 0, TradingState.REDUCE_ONLY)
    report = world.new_order().reports[0]
    assert (report.current, report.requested >> 32) == (TradingState.CANCEL_ONLY, ScopeKind.STRATEGY)


@pytest.mark.parametrize(
    "other",
    [(ScopeKind.ACCOUNT, 1), (ScopeKind.STRATEGY, 2), (ScopeKind.INSTRUMENT, 1)],
    ids=lambda scope: scope[0].name,
)
def test_what_lies_in_another_scope_goes_on(world: World, other: tuple[ScopeKind, int]) -> None:
    set_state(world, *other, TradingState.CANCEL_ONLY)
    assert world.new_order().asked == [RequestKind.NEW]


def test_a_kill_is_an_alarm_until_somebody_arms(world: World) -> None:
    alarm = set_state(world, ScopeKind.ACCOUNT, 1, TradingState.CANCEL_ONLY).alarm
    assert (alarm.code, alarm.account_id, alarm.expected, alarm.found) == (AlarmCode.TRADING_STATE_RAISED, 1, 0, 2)
    assert int(world.row("alarms", 0)["cleared_utc_ns"]) == 0
    assert arm(world, ScopeKind.ACCOUNT, 1).alarms == []
    assert int(world.row("alarms", 0)["cleared_utc_ns"]) != 0


# ---- reduce only ----
def test_reducing_goes_on_up_to_what_is_held(world: World) -> None:
    world.fill(world.place(), 10)
    set_state(world, *ENGINE, TradingState.REDUCE_ONLY)
    assert world.new_order(side=Side.SELL, order_lots=6).asked == [RequestKind.NEW]
    assert world.new_order(side=Side.SELL, order_lots=5).refusals == [RefusalReason.TRADING_STATE]
    assert world.new_order(side=Side.SELL, order_lots=4).asked == [RequestKind.NEW]


def test_an_amendment_goes_through_where_the_order_still_reduces(world: World) -> None:
    world.fill(world.place(), 10)
    order_id = world.place(side=Side.SELL, order_lots=10)
    set_state(world, *ENGINE, TradingState.REDUCE_ONLY)
    assert world.amend(order_id, price_ticks=9_900).asked == [RequestKind.CANCEL_REPLACE]


# ---- what the engine itself would send ----
def test_no_further_attempt_leaves(world: World) -> None:
    world.book_top()
    order_id = int(world.market(retry_attempts=3).requests[0].order_id)
    world.accept(order_id)
    world.venue(VenueEvent.EXPIRED, order_id)
    set_state(world, *ENGINE, TradingState.CANCEL_ONLY)
    step = world.after(NS_PER_S)
    assert (step.asked, step.reports[0].reason) == ([], EndReason.RETRY_REFUSED)
    assert step.reports[0].venue_code == RefusalReason.TRADING_STATE


def test_no_order_is_released(world: World) -> None:
    world.new_order(release_utc_ns=world.now_ns + UTC_OFFSET_NS + NS_PER_S)
    set_state(world, *ENGINE, TradingState.CANCEL_ONLY)
    assert world.after(NS_PER_S).asked == []


def test_no_leg_follows_one_that_was_cancelled_to_make_room(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    assert world.amend(order_id, price_ticks=9_900).asked == [RequestKind.CANCEL]
    set_state(world, *ENGINE, TradingState.CANCEL_ONLY)
    assert world.venue(VenueEvent.CANCELED, order_id).asked == []
    assert int(world.order(order_id)["end_reason"]) != 0


def test_no_amendment_that_waited_is_sent(world: World) -> None:
    order_id = world.place(accepted=False)
    assert world.amend(order_id, price_ticks=9_900).happened == [ExecutionType.PENDING_REPLACE]
    set_state(world, *ENGINE, TradingState.CANCEL_ONLY)
    step = world.accept(order_id)
    assert (step.asked, step.reports[-1].venue_code) == ([], RefusalReason.TRADING_STATE)


@pytest.mark.parametrize("state", [TradingState.REDUCE_ONLY, TradingState.CANCEL_ONLY])
def test_cancels_always_leave(world: World, state: TradingState) -> None:
    first, _ = world.place(), world.place(price_ticks=9_000)
    set_state(world, *ENGINE, state)
    assert world.cancel(first).asked == [RequestKind.CANCEL]
    assert world.cancel_all().asked == [RequestKind.CANCEL]


# ---- fence and lease ----
def test_without_a_lease_only_cancels_leave_and_with_one_all_does_again(world: World) -> None:
    order_id = world.place()
    assert world.feed(RecordKind.FENCE, fence_state=FenceState.LEASE_EXPIRED).alarms == [AlarmCode.LEASE_EXPIRED]
    assert world.new_order(order_type=OrderType.LIMIT).refusals == [RefusalReason.LEASE_EXPIRED]
    assert world.amend(order_id, order_lots=5).refusals == [RefusalReason.LEASE_EXPIRED]
    assert world.cancel(order_id).asked == [RequestKind.CANCEL]
    world.feed(RecordKind.FENCE, fence_state=FenceState.OPEN)
    assert world.new_order().asked == [RequestKind.NEW]
    assert int(world.row("alarms", 0)["cleared_utc_ns"]) != 0


def test_a_fence_is_for_good_and_stops_cancels_too(world: World) -> None:
    order_id = world.place()
    assert world.feed(RecordKind.FENCE, fence_state=FenceState.FENCED).alarms == [AlarmCode.FENCED]
    for state in (FenceState.OPEN, FenceState.LEASE_EXPIRED):
        assert world.feed(RecordKind.FENCE, fence_state=state).effects == []
        assert world.new_order().refusals == [RefusalReason.ENGINE_FENCED]
        assert world.cancel(order_id).refusals == [RefusalReason.ENGINE_FENCED]
    assert world.status(order_id).happened == [ExecutionType.ORDER_STATUS]


def test_the_count_of_restrictions_agrees_with_the_rows(world: World) -> None:
    generator = np.random.default_rng(5)
    for _ in range(400):
        scope = list(SCOPES.values())[generator.integers(len(SCOPES))]
        state = TradingState(int(generator.integers(4)))
        (arm if generator.integers(2) else set_state)(world, *scope, state)
        scopes = world.state.table("scopes")
        assert int(world.state.header["restriction_count"]) == int((scopes["trading_state"] != 0).sum())
        assert int(world.state.header["halt_count"]) == int((scopes["halt_phase"] != 0).sum())
        assert ((scopes["trading_state"] == TradingState.HALT) == (scopes["halt_phase"] != 0)).all()
