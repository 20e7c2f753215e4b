"""What stops trading outlives the run that began it, and so does what nobody has looked at."""

import numpy as np
import pytest

from engine.core.state import Capacities, State
from engine.recovery.carry_states import carry_states
from ipc.control_enums import FenceState, HaltPhase
from ipc.enums import AlarmCode, JournalState, RecordKind, ScopeKind, TradingState
from tests.engine.core.refused_states import SCOPES, set_state
from tests.engine.core.world import NS_PER_S, QUOTE, World

SAME = np.array([0, 1])
SWAPPED = np.array([1, 0])
ROTATED = np.array([1, 2, 0])  # assets


def next_run(world: World, accounts: np.ndarray = SAME, instruments: np.ndarray = SAME, shift_ns: int = 0) -> State:
    """The block of the run after this one."""
    capacities = Capacities(instruments=2, accounts=2, strategies=4, assets=3, orders=16, tombstones=16, trades=16)
    state = State.create(capacities)
    state.header["now_ns"] = world.now_ns
    numbers = {"account_id": accounts, "instrument_id": instruments, "asset_id": ROTATED}
    carry_states(world.state, state, numbers, shift_ns)
    return state


def restricted(state: State) -> dict[tuple[int, int], int]:
    rows = state.table("scopes")
    return {
        (int(row["scope_kind"]), int(row["subject_id"])): int(row["trading_state"])
        for row in rows[rows["trading_state"] != 0]
    }


def codes(state: State) -> list[int]:
    rows = state.table("alarms")
    return [int(row["code"]) for row in rows[rows["alarm_id"] != 0]]


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize("trading_state", list(TradingState)[1:])
def test_a_state_goes_on(world: World, scope: tuple[ScopeKind, int], trading_state: TradingState) -> None:
    set_state(world, *scope, trading_state)
    state = next_run(world)
    assert restricted(state) == {scope: trading_state}
    assert int(state.header["restriction_count"]) == 1
    assert int(state.header["halt_count"]) == (trading_state == TradingState.HALT)
    assert codes(state) == [AlarmCode.TRADING_STATE_RAISED]


def test_it_follows_the_names(world: World) -> None:
    set_state(world, ScopeKind.ACCOUNT, 0, TradingState.REDUCE_ONLY)
    set_state(world, ScopeKind.INSTRUMENT, 1, TradingState.CANCEL_ONLY)
    state = next_run(world, SWAPPED, SWAPPED)
    assert restricted(state) == {(ScopeKind.ACCOUNT, 1): 1, (ScopeKind.INSTRUMENT, 0): 2}
    alarms = state.table("alarms")[:2]
    assert alarms["account_id"].tolist() == [1, -1]
    assert alarms["instrument_id"].tolist() == [-1, 0]
    assert alarms["asset_id"].tolist() == [-1, -1]


def test_an_alarm_about_a_venue_goes_on_as_that(world: World) -> None:
    set_state(world, ScopeKind.VENUE, 0, TradingState.REDUCE_ONLY)
    state = next_run(world)
    assert int(state.table("alarms")["venue_id"][0]) == 0
    gone = next_run(world, instruments=np.array([-1, -1]))
    assert codes(gone) == []


def test_an_alarm_about_an_asset_follows_its_name(world: World) -> None:
    world.feed(RecordKind.BALANCE_CHANGE, account_id=0, asset_id=QUOTE, delta_units=5)
    assert int(next_run(world).table("alarms")["asset_id"][0]) == ROTATED[QUOTE]


def test_what_is_gone_is_left_out(world: World) -> None:
    set_state(world, ScopeKind.ACCOUNT, 0, TradingState.HALT)
    state = next_run(world, accounts=np.array([-1, 0]))
    assert (restricted(state), codes(state), int(state.header["halt_count"])) == ({}, [], 0)


def test_a_halt_cancels_again_from_the_beginning(world: World) -> None:
    set_state(world, ScopeKind.ENGINE, 0, TradingState.HALT)
    world.after(NS_PER_S)
    state = next_run(world, shift_ns=NS_PER_S)
    row = state.table("scopes")[0]
    assert row["halt_phase"] == HaltPhase.ALL_AT_ONCE
    assert row["state_since_ns"] == world.now_ns


def test_a_fence_ends_with_its_epoch_and_conditions_with_their_run(world: World) -> None:
    world.feed(RecordKind.FENCE, fence_state=FenceState.FENCED)
    world.feed(RecordKind.JOURNAL_STATE, state=JournalState.FAILED)
    state = next_run(world)
    assert (int(state.header["fence_state"]), int(state.header["restriction_count"])) == (0, 0)
    alarms = state.table("alarms")[:2]
    assert alarms["code"].tolist() == [AlarmCode.FENCED, AlarmCode.JOURNAL_NOT_KEEPING]
    assert (alarms["cleared_utc_ns"] != 0).tolist() == [False, True]


def test_numbers_of_alarms_are_never_used_again(world: World) -> None:
    world.feed(RecordKind.BALANCE_CHANGE, account_id=0, asset_id=QUOTE, delta_units=5)
    world.feed(RecordKind.ACKNOWLEDGE_ALARM, alarm_id=1)
    state = next_run(world)
    assert (codes(state), int(state.header["last_alarm_id"])) == ([], 1)
