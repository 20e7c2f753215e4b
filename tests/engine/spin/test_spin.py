"""The duty cycle: rings in, frames and reports out, nothing lost when there is no room."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.spin.spin import APPLIED_BITS, APPLIED_MASK, FRAMES_OF_ONE_STEP, FRAMES_READY, TIME_UP, apply_records
from engine.wire import FRAME_COUNT
from ipc.clock import SystemClock
from ipc.compiler import JIT_DISABLED
from ipc.enums import ExecutionType, RecordKind, RefusalReason, VenueEvent
from ipc.last_command import last_in_ring
from ipc.memory import address_of
from ipc.order_id import to_text
from ipc.records import SLOT_WORDS, VENUE_REPORT
from ipc.ring import lost_count
from ipc.segment import Segment, SegmentKind, SegmentWord
from tests.engine.spin.outbox import Outbox
from tests.engine.spin.spin_desk import RING_SLOTS, SpinDesk

TURNS_BETWEEN_POLLS = 16
PACE_NS = 50_000
BURST_NS = 4_096 * PACE_NS

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="the loop exists only compiled")


@pytest.fixture
def desk(tmp_path: Path) -> SpinDesk:
    """A loop with nothing to do yet."""
    return SpinDesk(tmp_path)


def _sent(desk: SpinDesk) -> list[bytes]:
    """The frames that leave for account 0 when Python takes over."""
    outbox = Outbox()
    desk.loop.use_senders([outbox] * 2)
    desk.loop.send_frames()
    return outbox.texts


def _reports(event: VenueEvent, order_ids: list[int]) -> np.ndarray:
    rows = np.zeros((len(order_ids), SLOT_WORDS), np.int64)
    for row, order_id in zip(rows, order_ids, strict=True):
        report = row[: VENUE_REPORT.itemsize // 8].view(VENUE_REPORT)[0]
        report["kind"], report["order_id"], report["event"] = RecordKind.VENUE_REPORT, order_id, event
        report["cumulative_lots"] = report["order_lots"] = report["price_ticks"] = -1
    return rows


def test_a_loop_without_work_returns_when_time_is_up(desk: SpinDesk) -> None:
    assert desk.turn() == TIME_UP


def test_a_command_becomes_a_frame_and_a_report_in_one_turn(desk: SpinDesk) -> None:
    order_id = desk.publish(RecordKind.NEW_ORDER)
    assert desk.turn() == FRAMES_READY
    assert [report["execution_type"] for report in desk.told()] == [ExecutionType.PENDING_NEW]
    frame = json.loads(_sent(desk)[0])
    assert (frame["method"], frame["params"]["newClientOrderId"]) == ("order.place", to_text(order_id))
    assert desk.turn() == TIME_UP
    assert desk.frames_used == 0, "frames that were handed over are free again"


@pytest.mark.parametrize("nonsense", [-1, 0, 1 << 40, (1 << 63) - 1, -(1 << 63)])
def test_a_header_overwritten_by_one_strategy_harms_nobody_else(desk: SpinDesk, nonsense: int) -> None:
    for own in (desk.commands[1], desk.reports[1]):
        hostile = Segment.attach(own.path, SegmentKind(int(own.words[SegmentWord.KIND])), writable=True)
        hostile.words[:] = nonsense
        hostile.close()
    for _ in range(20):
        desk.turn()
        _sent(desk)
    last_in_ring(desk.commands[1].address)
    desk.publish(RecordKind.NEW_ORDER, 2)
    desk.turn()
    assert [report["execution_type"] for report in desk.told(2)] == [ExecutionType.PENDING_NEW]
    assert len(_sent(desk)) == 1


def test_reports_are_numbered_for_each_strategy(desk: SpinDesk) -> None:
    for strategy in (1, 2, 1):
        desk.publish(RecordKind.NEW_ORDER, strategy)
        desk.turn()
        desk.turn()
    assert [report["sequence"] for report in desk.told(1)] == [1, 2]
    assert [report["sequence"] for report in desk.told(2)] == [1]


def test_a_flood_waits_in_its_own_ring(desk: SpinDesk) -> None:
    began_ns = SystemClock.monotonic_ns()
    desk.loop._lanes[1]["due_ns"] = began_ns + BURST_NS
    for _ in range(RING_SLOTS):
        desk.publish(RecordKind.CANCEL_ORDER, order_id=77)
    desk.publish(RecordKind.CANCEL_ORDER, 2, order_id=77)
    desk.turn()
    assert len(desk.told(2)) == 1, "whoever sends little waits for nobody"
    taken = len(desk.told())
    while taken < RING_SLOTS:
        desk.turn()
        taken += len(desk.told())
        assert taken <= 1 + (SystemClock.monotonic_ns() - began_ns) // PACE_NS


def test_a_burst_after_a_pause_is_taken_at_once(desk: SpinDesk) -> None:
    for _ in range(RING_SLOTS):
        desk.publish(RecordKind.CANCEL_ORDER, order_id=77)
    for _ in range(RING_SLOTS // TURNS_BETWEEN_POLLS + 1):
        desk.turn()
    assert len(desk.told()) == RING_SLOTS


def test_no_strategy_waits_for_anothers_backlog(desk: SpinDesk) -> None:
    for _ in range(5):
        desk.publish(RecordKind.NEW_ORDER, 1)
    desk.publish(RecordKind.NEW_ORDER, 2)
    desk.turn()
    assert (len(desk.told(1)), len(desk.told(2))) == (1, 1)


@pytest.mark.parametrize("kind", [-(1 << 63), -1, 0, 10, 32, 96, 97, 10_000, (1 << 63) - 1])
def test_a_record_of_no_command_is_refused_whatever_its_kind(desk: SpinDesk, kind: int) -> None:
    desk.publish_words(np.array([0, kind, 1, 0, 0, 77], np.int64))
    assert desk.turn() == TIME_UP
    report = desk.told()[0]
    assert (report["reason"], report["order_id"]) == (RefusalReason.UNKNOWN_RECORD_KIND, 77)
    assert report["requested"] == kind


def test_commands_stay_in_their_ring_while_no_frame_is_free(desk: SpinDesk) -> None:
    desk.publish(RecordKind.NEW_ORDER)
    desk.loop.ports[0]["frame_count"] = FRAMES_OF_ONE_STEP - 1
    assert desk.turn() == TIME_UP
    desk.loop.ports[0]["frame_count"] = FRAME_COUNT
    assert desk.turn() == FRAMES_READY


def test_records_wait_for_free_frames_and_none_is_skipped(desk: SpinDesk) -> None:
    placed = []
    for _ in range(100):
        placed.append(desk.publish(RecordKind.NEW_ORDER))
        desk.turn()
    desk.turn()
    desk.told()
    for order_id in placed:
        desk.publish(RecordKind.CANCEL_ORDER, order_id=order_id)
        desk.turn()
    desk.turn()
    rows = _reports(VenueEvent.CANCEL_REJECTED, placed)
    for row in rows:
        row[: VENUE_REPORT.itemsize // 8].view(VENUE_REPORT)[0]["reason"] = 5
    desk.loop.apply(rows, len(rows))
    rows = _reports(VenueEvent.ACCEPTED, placed)
    result = int(apply_records(desk.loop.address, address_of(rows), len(rows), 0))
    applied, waiting = result & APPLIED_MASK, result >> APPLIED_BITS
    assert applied == waiting == FRAME_COUNT - FRAMES_OF_ONE_STEP + 1
    assert len(_sent(desk)) == waiting
    assert int(apply_records(desk.loop.address, address_of(rows), len(rows), applied)) & APPLIED_MASK == 100 - applied


def test_a_strategy_that_does_not_read_loses_reports_and_is_told_how_many(desk: SpinDesk) -> None:
    for _ in range(RING_SLOTS + 5):
        desk.publish(RecordKind.CANCEL_ORDER)
        desk.turn()
    assert int(lost_count(desk.reports[1].address)) == 5
    told = desk.told()
    assert [report["sequence"] for report in told] == list(range(1, RING_SLOTS + 1))
    desk.publish(RecordKind.CANCEL_ORDER)
    desk.turn()
    assert [report["sequence"] for report in desk.told()] == [RING_SLOTS + 6], "the gap shows"


def test_a_frame_that_could_not_leave_is_an_order_that_was_rejected(desk: SpinDesk) -> None:
    desk.publish(RecordKind.NEW_ORDER, retry_attempts=0)
    desk.turn()
    desk.loop.use_senders([Outbox(is_open=False)] * 2)
    desk.loop.send_frames()
    assert [report["execution_type"] for report in desk.told()] == [ExecutionType.PENDING_NEW, ExecutionType.REJECTED]
    assert desk.loop.unsent_count == 1


def test_a_timer_fires_when_it_is_due_and_not_before(desk: SpinDesk) -> None:
    desk.publish(RecordKind.NEW_ORDER, execution_timeout_ms=86_400_000)
    desk.turn()
    inputs = int(desk.world.state.header["input_count"])
    assert desk.turn() == TIME_UP
    assert int(desk.world.state.header["input_count"]) == inputs
    desk.world.state.header["next_deadline_ns"] = SystemClock.monotonic_ns()
    desk.turn()
    assert int(desk.world.state.header["input_count"]) == inputs + 1
    assert int(desk.world.state.header["next_deadline_ns"]) > SystemClock.monotonic_ns(), "it was asked too early"
