"""What guardian and operator ask reaches the core before the next command; a fenced engine's frames do not leave."""

from pathlib import Path

import numpy as np
import pytest

from ipc.clock import SystemClock
from ipc.compiler import JIT_DISABLED
from ipc.control_enums import FenceState
from ipc.control_segment import LEASE_EXPIRED, NO_LEASE_NEEDED, ControlSegment, Request, ScopeName
from ipc.enums import AlarmCode, RecordKind, RefusalReason, ScopeKind, TradingState
from ipc.memory import address_of
from ipc.records import CONTROL_REPORT, SET_TRADING_STATE, SLOT_WORDS
from ipc.segment import SegmentWord
from ipc.tables import name_words, words_name
from tests.engine.core.world import EPOCH, NS_PER_S
from tests.engine.spin.journal_desk import JournalDesk
from tests.engine.spin.outbox import Outbox
from tests.engine.spin.spin_desk import SpinDesk

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="the loop exists only compiled")

KINDS = (
    *((ScopeKind.ENGINE, 0), (ScopeKind.VENUE, 0), (ScopeKind.ACCOUNT, 0), (ScopeKind.ACCOUNT, 1)),
    *((ScopeKind.STRATEGY, row) for row in range(4)),
    *((ScopeKind.INSTRUMENT, row) for row in range(2)),
)
SCOPES = [ScopeName(kind, "" if kind is ScopeKind.ENGINE else str(row)) for kind, row in KINDS]
ENGINE, STRATEGY_1, STRATEGY_2 = SCOPES[0], SCOPES[5], SCOPES[6]
HALT = Request(TradingState.HALT)
TURNS_BETWEEN_LOOKS = 16


class ControlDesk(SpinDesk):
    """A loop that heeds a control segment; frames go into a list."""

    def __init__(self, folder: Path, *, stall_max_ns: int = 0) -> None:
        super().__init__(folder)
        self.control = ControlSegment.open(folder, SCOPES)
        self.control.begin_epoch(EPOCH)
        self.loop.use_control(self.control, epoch=EPOCH, stall_max_ns=stall_max_ns)
        self.outbox = Outbox()
        self.loop.use_senders([self.outbox] * 2)

    @property
    def sent(self) -> list[bytes]:
        return self.outbox.texts

    def turns(self) -> None:
        """As many turns as pass between two looks at the clock."""
        for _ in range(TURNS_BETWEEN_LOOKS):
            self.turn()

    def reasons(self, strategy: int = 1) -> list[int]:
        told = self.told(strategy)
        return [report["reason"] for report in told if report["kind"] == RecordKind.EXECUTION_REPORT]


@pytest.fixture
def desk(tmp_path: Path) -> ControlDesk:
    return ControlDesk(tmp_path)


def test_a_request_is_heard_before_the_command_that_comes_after_it(desk: ControlDesk) -> None:
    desk.turn()
    desk.control.raise_state(ENGINE, Request(TradingState.CANCEL_ONLY))
    desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    assert desk.reasons() == [RefusalReason.TRADING_STATE]


def test_it_is_heard_in_its_scope_alone_with_its_cause(desk: ControlDesk) -> None:
    desk.control.raise_state(STRATEGY_2, Request(TradingState.HALT, cause=AlarmCode.POSITION_DIFFERS))
    desk.publish(RecordKind.NEW_ORDER, 1)
    desk.publish(RecordKind.NEW_ORDER, 2)
    desk.turn()
    assert (desk.reasons(1), desk.reasons(2)) == ([0], [RefusalReason.TRADING_STATE])
    assert int(desk.world.row("scopes", 6)["state_cause"]) == AlarmCode.POSITION_DIFFERS


def test_lowering_a_request_lowers_nothing(desk: ControlDesk) -> None:
    desk.control.raise_state(ENGINE, HALT)
    desk.turn()
    desk.control.lower_state(ENGINE, Request(TradingState.ACTIVE))
    desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    assert desk.reasons() == [RefusalReason.TRADING_STATE]


def told_to_arm(desk: ControlDesk, scope: ScopeName, state: TradingState = TradingState.ACTIVE) -> tuple[int, int, int]:
    """Reason, before and after of what an operator is answered who arms a scope."""
    row = KINDS[SCOPES.index(scope)]
    command = np.zeros(1, SET_TRADING_STATE)
    values = {
        "kind": RecordKind.SET_TRADING_STATE,
        "sequence": 7,
        "expires_utc_ns": (1 << 63) - 1,
        "scope_kind": row[0],
        "subject_id": row[1],
        "trading_state": state,
        "is_rearming": 1,
        "operator_name_0": name_words("ann", 2)[0],
    }
    for name, value in values.items():
        command[name] = value
    slot = np.zeros(SLOT_WORDS, np.int64)
    slot[: command.dtype.itemsize // 8] = command.view(np.int64)
    answer = dict(zip(CONTROL_REPORT.names or (), desk.loop.carry_out(address_of(slot)), strict=True))
    assert (answer["kind"], answer["command_sequence"]) == (RecordKind.CONTROL_REPORT, 7)
    assert (answer["scope_kind"], answer["subject_id"]) == row
    assert words_name([answer["operator_name_0"], answer["operator_name_1"]]) == "ann"
    return answer["reason"], answer["before"], answer["after"]


def state_of(desk: ControlDesk, scope: ScopeName) -> int:
    return int(desk.world.row("scopes", SCOPES.index(scope))["trading_state"])


@pytest.mark.parametrize("scope", SCOPES[:6], ids=str)
def test_nobody_arms_a_scope_of_which_shared_memory_asks_for_more(desk: ControlDesk, scope: ScopeName) -> None:
    desk.control.raise_state(scope, HALT)
    desk.turn()
    refused = (RefusalReason.KILL_STANDS, TradingState.HALT, TradingState.ACTIVE)
    assert told_to_arm(desk, scope) == refused
    assert state_of(desk, scope) == TradingState.HALT
    desk.control.lower_state(scope, Request(TradingState.ACTIVE))
    # A KILL file is heeded once more before the command comes.
    desk.control.raise_state(scope, HALT)
    assert told_to_arm(desk, scope) == refused
    desk.control.lower_state(scope, Request(TradingState.ACTIVE))
    assert told_to_arm(desk, scope) == (0, TradingState.HALT, TradingState.ACTIVE)
    desk.control.raise_state(SCOPES[9], HALT)
    desk.turn()
    assert state_of(desk, scope) == TradingState.ACTIVE, "what is asked of another one changes nothing here"


def test_a_word_that_was_raised_and_not_told_of_is_heeded_when_somebody_arms(desk: ControlDesk) -> None:
    desk.control.raise_state(ENGINE, Request(TradingState.CANCEL_ONLY))
    desk.turn()
    desk.control.rows["trading_state"][0] = TradingState.HALT
    assert told_to_arm(desk, ENGINE)[0] == RefusalReason.KILL_STANDS


def test_a_scope_is_armed_as_far_as_shared_memory_lets_it(desk: ControlDesk) -> None:
    desk.control.raise_state(ENGINE, HALT)
    desk.turn()
    desk.control.lower_state(ENGINE, Request(TradingState.CANCEL_ONLY))
    assert told_to_arm(desk, ENGINE, TradingState.REDUCE_ONLY)[0] == RefusalReason.KILL_STANDS
    assert told_to_arm(desk, ENGINE, TradingState.CANCEL_ONLY)[0] == RefusalReason.NONE
    assert state_of(desk, ENGINE) == TradingState.CANCEL_ONLY


def test_what_was_asked_of_an_engine_that_was_not_there_holds_from_its_first_turn(tmp_path: Path) -> None:
    ControlSegment.open(tmp_path, SCOPES).raise_state(STRATEGY_1, HALT)
    desk = ControlDesk(tmp_path)
    desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    assert desk.reasons() == [RefusalReason.TRADING_STATE]


def test_the_loop_says_that_it_lives(desk: ControlDesk) -> None:
    before_ns = SystemClock.monotonic_ns()
    desk.turns()
    assert desk.control.engine_beat_ns >= before_ns


def test_a_halt_sends_the_venues_own_cancel_all(desk: ControlDesk) -> None:
    desk.control.raise_state(ScopeName(ScopeKind.ACCOUNT, "0"), HALT)
    while not desk.frames_used:
        desk.turn()
    desk.loop.send_frames()
    assert len(desk.sent) == 2
    assert all(b'"method":"openOrders.cancelAll"' in frame and b'"id":"x' in frame for frame in desk.sent)


# ---- fence and lease ----
def test_nothing_is_handed_out_after_the_fence_and_the_core_learns_that_it_was_not_sent(desk: ControlDesk) -> None:
    order_id = desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    assert desk.frames_used == 1
    desk.control.fence(EPOCH)
    desk.loop.send_frames()
    assert desk.sent == []
    assert desk.loop.unsent_count == 1
    assert int(desk.world.order(order_id)["pending_new_ns"]) == 0


def test_a_fence_of_an_earlier_epoch_is_not_about_this_engine(desk: ControlDesk) -> None:
    desk.control.fence(EPOCH - 1)
    desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    desk.loop.send_frames()
    assert len(desk.sent) == 1


@pytest.mark.parametrize("is_fenced", [False, True])
def test_without_a_lease_cancels_leave_unless_it_is_fenced(desk: ControlDesk, is_fenced: bool) -> None:
    order_id = desk.world.place()
    desk.control.lease_until_ns = LEASE_EXPIRED
    desk.publish(RecordKind.NEW_ORDER, 2)
    desk.turn()
    desk.publish_words(cancel_of(desk, order_id))
    desk.turn()
    if is_fenced:
        desk.control.fence(EPOCH)
    desk.loop.send_frames()
    assert [b"order.cancel" in frame for frame in desk.sent] == ([] if is_fenced else [True])


def cancel_of(desk: ControlDesk, order_id: int) -> np.ndarray:
    kinds = {"kind": RecordKind.CANCEL_ORDER, "sequence": 900, "order_id": order_id}
    names = ("commit", "kind", "sequence", "published_ns", "expires_utc_ns", "order_id")
    return np.array([{"expires_utc_ns": (1 << 62) - 1, **kinds}.get(name, 0) for name in names], np.int64)


def test_the_core_hears_of_lease_and_fence_by_inputs(desk: ControlDesk) -> None:
    header = desk.world.state.header
    for lease_ns, expected in (
        (LEASE_EXPIRED, FenceState.LEASE_EXPIRED),
        (SystemClock.monotonic_ns() + 3_600 * NS_PER_S, FenceState.OPEN),
        (NO_LEASE_NEEDED, FenceState.OPEN),
    ):
        desk.control.lease_until_ns = lease_ns
        desk.turns()
        assert header["fence_state"] == expected
    desk.control.fence(EPOCH)
    desk.turns()
    assert header["fence_state"] == FenceState.FENCED
    desk.control.segment.words[SegmentWord.FENCED_EPOCH] = 0
    desk.turns()
    assert header["fence_state"] == FenceState.FENCED


# ---- stalls, and the journal ----
@pytest.mark.parametrize(("allowed_ns", "alarms"), [(1, 1), (3_600 * NS_PER_S, 0), (0, 0)])
def test_a_stall_is_told_when_it_took_longer_than_it_may(tmp_path: Path, allowed_ns: int, alarms: int) -> None:
    desk = ControlDesk(tmp_path, stall_max_ns=allowed_ns)
    desk.world.row("breakers", 6)["threshold"] = allowed_ns
    for _ in range(3):
        desk.turns()
    assert int(desk.world.state.header["alarm_count"]) == alarms


def test_what_is_asked_is_kept_like_every_input(tmp_path: Path) -> None:
    desk = JournalDesk(tmp_path)
    control = ControlSegment.open(tmp_path, SCOPES)
    desk.loop.use_control(control, epoch=EPOCH, stall_max_ns=0)
    control.raise_state(ENGINE, Request(TradingState.REDUCE_ONLY))
    control.lease_until_ns = LEASE_EXPIRED
    desk.turn_until_known()
    kinds = [int(entry[1]) for entry in desk.entries]
    assert RecordKind.SET_TRADING_STATE in kinds
    assert RecordKind.FENCE in kinds


def test_a_request_that_finds_no_room_in_the_journal_is_heard_later(tmp_path: Path) -> None:
    desk = JournalDesk(tmp_path)
    control = ControlSegment.open(tmp_path, SCOPES)
    desk.loop.use_control(control, epoch=EPOCH, stall_max_ns=0)
    released = int(desk.journal.words[SegmentWord.RELEASED])
    desk.journal.words[SegmentWord.RELEASED] = released - 10_000
    control.raise_state(ENGINE, HALT)
    desk.turn()
    assert int(desk.world.row("scopes", 0)["trading_state"]) == TradingState.ACTIVE
    desk.journal.words[SegmentWord.RELEASED] = released
    desk.turn()
    assert int(desk.world.row("scopes", 0)["trading_state"]) == TradingState.HALT


# ---- everything at once ----
@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_asked_and_ordered_only_what_may_leaves(tmp_path: Path, seed: int) -> None:
    """After CANCEL_ONLY only cancels are handed out, after the fence nothing; no state falls without arming."""
    generator, desk = np.random.default_rng(seed), ControlDesk(tmp_path)
    scopes = desk.world.state.table("scopes")
    before, is_fenced, is_stopped = scopes["trading_state"].copy(), False, False
    for _ in range(120):
        step = int(generator.integers(12))
        if step < 8:
            side = 1 + int(generator.integers(2))
            desk.publish(RecordKind.NEW_ORDER, 1 + step % 2, side=side, price_ticks=9_000 + step)
        elif step == 8:
            desk.publish(RecordKind.CANCEL_ALL, 1, instrument_id=-1, account_id=-1)
        elif step == 9:
            scope = SCOPES[int(generator.choice([1, 2, 5, 6, 8]))]
            desk.control.raise_state(scope, Request(TradingState(int(generator.integers(1, 4)))))
        elif step == 10 and generator.integers(8) == 0:
            desk.control.fence(EPOCH)
            is_fenced = True
        else:
            desk.turns()
        desk.turn()
        count = len(desk.sent)
        desk.loop.send_frames()
        left = desk.sent[count:]
        assert not (is_fenced and left), "nothing leaves after the fence"
        assert not (is_stopped and any(b'"order.place"' in frame for frame in left)), "only cancels leave"
        # What was decided before is out by now; every order of the world lies in these scopes.
        is_stopped = max(int(scopes["trading_state"][row]) for row in (0, 1, 2, 8)) >= TradingState.CANCEL_ONLY
        assert (scopes["trading_state"] >= before).all(), "a state fell by itself"
        before = scopes["trading_state"].copy()
