"""Taking up an earlier run: what was written down and what only lies in the ring lead to the state it had."""

from pathlib import Path

import numpy as np
import pytest

from engine.event_log import EventLog, LogLevel
from engine.journal.errors import JournalBusyError
from engine.journal.store import JournalStore
from engine.recovery.earlier_run import EarlierRun, take_up
from ipc.clock import ManualClock
from ipc.compiler import JIT_DISABLED
from ipc.enums import RecordKind
from ipc.segment import SegmentWord
from tests.engine.core.world import EPOCH
from tests.engine.spin.journal_desk import JournalDesk
from tests.engine.spin.outbox import Outbox

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="the loop exists only compiled")

SEGMENT_BYTES = 1 << 20


class Site:
    """A run that kept its inputs in a ring, and the folder where a journal process may have written them down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk = JournalDesk(folder / "run", first_sequence=0)
        self.clock = ManualClock()
        store = self.open_store()
        store.recover()
        base = self.desk.base_state
        store.write_snapshot(base.memory.tobytes(), 0, base.digest(), epoch=EPOCH, is_base=True)
        store.close()

    def open_store(self) -> JournalStore:
        return JournalStore(self.folder / "journal", instance=3, segment_bytes=SEGMENT_BYTES)

    def trade(self, count: int) -> None:
        self.desk.loop.use_senders([Outbox()] * 2)
        for _ in range(count):
            self.desk.publish(RecordKind.NEW_ORDER)
            self.desk.turn()
            self.desk.loop.send_frames()

    def write_down(self) -> None:
        store = self.open_store()
        store.open_for_append(epoch=EPOCH)
        store.append(np.ascontiguousarray(self.desk.entries))
        store.close()
        self.desk.drain()

    def write_snapshot(self, store: JournalStore, *, is_closing: bool) -> None:
        state, sequence = self.desk.world.state, store.next_sequence
        writing = store.start_snapshot(
            state.memory.tobytes(), sequence, state.digest(), epoch=EPOCH, is_closing=is_closing
        )
        while writing.advance():
            continue

    def take_up(self, store: JournalStore) -> EarlierRun:
        return take_up(store, self.folder / "run", clock=self.clock, log=EventLog(2, LogLevel.ERROR, self.clock))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "run").mkdir(mode=0o700)
    return Site(tmp_path)


def test_without_a_journal_there_was_nothing(tmp_path: Path) -> None:
    store = JournalStore(tmp_path / "journal", segment_bytes=SEGMENT_BYTES)
    clock = ManualClock()
    (tmp_path / "run").mkdir(mode=0o700)
    earlier = take_up(store, tmp_path / "run", clock=clock, log=EventLog(2, LogLevel.ERROR, clock))
    assert (earlier.state, earlier.epoch, earlier.next_sequence) == (None, 0, 0)


@pytest.mark.parametrize(("written", "left"), [(5, 0), (0, 5), (5, 5)])
def test_what_was_written_down_and_what_lies_in_the_ring_give_the_state_it_had(
    site: Site, written: int, left: int
) -> None:
    site.trade(written)
    if written:
        site.write_down()
    site.trade(left)
    earlier = site.take_up(site.open_store())
    assert earlier.state is not None
    assert earlier.state.digest() == site.desk.world.state.digest()
    assert earlier.epoch == EPOCH
    assert earlier.next_sequence == int(site.desk.journal.words[SegmentWord.NEXT])


def test_taking_up_twice_gives_the_same_again(site: Site) -> None:
    site.trade(3)
    first = site.open_store()
    once = site.take_up(first)
    first.close()
    again = site.take_up(site.open_store())
    assert (once.state, again.state) != (None, None)
    assert again.next_sequence == once.next_sequence
    assert once.state is not None
    assert again.state is not None
    assert again.state.digest() == once.state.digest()


def test_without_a_ring_the_end_may_be_lacking_unless_the_run_ended_in_order(site: Site) -> None:
    site.trade(3)
    site.write_down()
    (site.folder / "run" / "journal").unlink()
    store = site.open_store()
    assert site.take_up(store).may_lack_end
    site.write_snapshot(store, is_closing=False)
    assert site.take_up(store).may_lack_end, "a snapshot that stands at the end by chance"
    site.write_snapshot(store, is_closing=True)
    assert not site.take_up(store).may_lack_end


def test_a_journal_that_another_process_goes_on_writing_is_not_taken(site: Site) -> None:
    busy = site.open_store()
    busy.recover()
    with pytest.raises(JournalBusyError, match="written by another process"):
        site.take_up(site.open_store())
    busy.close()
