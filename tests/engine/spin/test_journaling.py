"""The loop's journal: every input is kept before it acts, and what cannot be kept does not act."""

from pathlib import Path

import numpy as np
import pytest

from engine.core.step import step
from engine.hot_loop import JournalFullError
from engine.journal.entry import SOURCE_BITS
from engine.spin.journaling import SILENCE_MAX_NS, await_durable
from ipc.clock import ManualClock, SystemClock
from ipc.compiler import JIT_DISABLED
from ipc.enums import ExecutionType, JournalState, RecordKind, RefusalReason, Side, VenueEvent
from ipc.memory import address_of
from ipc.records import BOOK_DEPTH, BOOK_TOP, MARKET_TRADES, SLOT_WORDS, VENUE_REPORT
from ipc.segment import SegmentWord
from tests.engine.core.world import EPOCH
from tests.engine.spin.journal_desk import CAPACITY, FIRST, JournalDesk
from tests.engine.spin.outbox import Outbox
from tests.engine.spin.spin_desk import RING_SLOTS

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="the loop exists only compiled")

KEPT_FREE = 64
PRESSED_PART = 4
PACE_NS = 50_000


@pytest.fixture
def desk(tmp_path: Path) -> JournalDesk:
    return JournalDesk(tmp_path)


def rows_of(kind: RecordKind, layout: np.dtype[np.void], count: int, **fields: int) -> np.ndarray:
    rows = np.zeros((count, SLOT_WORDS), np.int64)
    for row in rows:
        record = row[: layout.itemsize // 8].view(layout)[0]
        record["kind"] = kind
        for name, value in fields.items():
            record[name] = value
    return rows


def test_replaying_what_was_kept_gives_the_same_state(desk: JournalDesk) -> None:
    order_id = desk.publish(RecordKind.NEW_ORDER, execution_timeout_ms=1)
    desk.publish(RecordKind.CANCEL_ALL, 2, instrument_id=-1, account_id=-1)
    desk.turn()
    fill = rows_of(
        RecordKind.VENUE_REPORT, VENUE_REPORT, 1,
        order_id=order_id, event=VenueEvent.FILL, trade_id=5, last_lots=3, last_price_ticks=9_000, cumulative_lots=3,
    )  # fmt: skip
    desk.loop.use_senders([Outbox()] * 2)
    desk.loop.apply(fill, 1)
    while not any(entry[1] == RecordKind.TIMER for entry in desk.entries):
        desk.turn()
    replayed = desk.base_state
    for place, entry in enumerate(desk.entries):
        assert entry[0] == FIRST + place + 1
        assert entry[28] == replayed.header["trace"], "each entry proves what all before it led to"
        assert entry[30] >> SOURCE_BITS == EPOCH
        step(replayed.address, address_of(entry), int(entry[29]), int(entry[30]) & 0xFFFF)
    assert replayed.digest() == desk.world.state.digest()


def test_a_journal_that_falls_behind_says_so_until_it_has_caught_up(desk: JournalDesk) -> None:
    prices = rows_of(RecordKind.BOOK_TOP, BOOK_TOP, CAPACITY // 2 + 1, bid_ticks=5, ask_ticks=6)
    desk.loop.apply(prices, len(prices))
    desk.turn_until_known()
    assert desk.journal_state == JournalState.BEHIND
    kept = len(desk.entries)
    depth = rows_of(RecordKind.BOOK_DEPTH, BOOK_DEPTH, 10, side=Side.BUY)
    trades = rows_of(RecordKind.MARKET_TRADES, MARKET_TRADES, 10)
    for told in (prices, depth, trades):
        desk.loop.apply(told, 10)
    assert len(desk.entries) == kept, "market data that nobody may trade on is not kept"
    desk.journal.words[SegmentWord.RELEASED] += kept - CAPACITY // 3
    desk.turn_until_known()
    assert desk.journal_state == JournalState.BEHIND
    desk.drain()
    desk.turn_until_known()
    assert desk.journal_state == JournalState.KEEPING


def test_a_flood_waits_in_its_own_ring_before_the_journal_falls_behind(desk: JournalDesk) -> None:
    """While the journal is pressed each strategy has one command taken in an interval, and nobody is refused."""
    prices = rows_of(RecordKind.BOOK_TOP, BOOK_TOP, CAPACITY // PRESSED_PART + 1, bid_ticks=5, ask_ticks=6)
    desk.loop.apply(prices, len(prices))
    began_ns = SystemClock.monotonic_ns()
    for _ in range(RING_SLOTS - 1):
        desk.publish(RecordKind.CANCEL_ORDER, order_id=77)
    desk.publish(RecordKind.CANCEL_ORDER, 2, order_id=77)
    desk.turn()
    assert len(desk.told(2)) == 1, "whoever sends little waits for nobody"
    taken = len(desk.told())
    while taken < RING_SLOTS - 1:
        desk.turn()
        taken += len(desk.told())
        intervals = (SystemClock.monotonic_ns() - began_ns) // PACE_NS
        assert taken <= 1 + intervals, "the flood is taken at its pace"
    assert desk.journal_state == JournalState.KEEPING


def test_what_cannot_be_kept_is_not_applied(desk: JournalDesk) -> None:
    reports = rows_of(RecordKind.VENUE_REPORT, VENUE_REPORT, CAPACITY, order_id=77, event=VenueEvent.CANCELED)
    clock = ManualClock()
    desk.loop._clock = clock
    with pytest.raises(JournalFullError, match="has been full for 5 s"):
        desk.loop.apply(reports, len(reports))
    assert isinstance(desk.loop.failed, JournalFullError), "asyncio swallows what a callback raises"
    assert len(desk.entries) <= CAPACITY - KEPT_FREE
    count = int(desk.world.state.header["input_count"])
    desk.publish(RecordKind.NEW_ORDER)
    desk.turn_until_known()
    assert (int(desk.world.state.header["input_count"]), desk.told()) == (count, [])
    desk.drain()
    desk.turn_until_known()
    assert len(desk.told()) == 1


def test_in_power_mode_a_frame_waits_for_the_disk(tmp_path: Path) -> None:
    desk = JournalDesk(tmp_path, awaits_disk=True)
    desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    desk.drain()
    assert await_durable(desk.loop.address)


def test_in_power_mode_what_is_not_on_disk_does_not_leave_and_a_cancel_does(tmp_path: Path) -> None:
    desk = JournalDesk(tmp_path, awaits_disk=True)
    outbox = Outbox()
    desk.loop.use_senders([outbox] * 2)
    order_id = desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    desk.drain()
    desk.loop.send_frames()
    desk.turn()
    assert len(outbox.texts) == 1
    desk.publish(RecordKind.NEW_ORDER, retry_attempts=0)
    desk.publish(RecordKind.CANCEL_ORDER, order_id=order_id)
    desk.beat(JournalState.FAILED)
    for _ in range(4):
        desk.turn()
        desk.loop.send_frames()
    assert len(outbox.texts) == 2, "the cancel left, the new order did not"
    assert ExecutionType.REJECTED in [report["execution_type"] for report in desk.told()]


def test_without_a_sign_of_life_new_orders_are_refused_and_cancels_go_on(desk: JournalDesk) -> None:
    order_id = desk.publish(RecordKind.NEW_ORDER)
    desk.turn()
    desk.turn()
    desk.told()
    desk.journal.words[SegmentWord.JOURNAL_BEAT_NS] = SystemClock.monotonic_ns() - SILENCE_MAX_NS - 1
    desk.turn_until_known()
    assert desk.journal_state == JournalState.ABSENT
    desk.publish(RecordKind.NEW_ORDER)
    desk.publish(RecordKind.CANCEL_ORDER, order_id=order_id)
    desk.turn()
    desk.turn()
    first, second = desk.told()
    assert (first["execution_type"], first["reason"]) == (ExecutionType.REFUSED, RefusalReason.JOURNAL_NOT_KEEPING)
    assert second["execution_type"] == ExecutionType.PENDING_CANCEL
    desk.beat(JournalState.KEEPING)
    desk.turn_until_known()
    assert desk.journal_state == JournalState.KEEPING
