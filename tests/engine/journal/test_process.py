"""The journal process keeps what an engine hands over, follows it, and gives the folder free when it has gone."""

import signal
from pathlib import Path

import numpy as np
import pytest
import zmq
from numpy.typing import NDArray

from engine.journal.entry import CHECK_WORD, TRACE_WORD
from engine.journal.errors import JournalError, JournalWriteError
from engine.journal.event_server import EVENTS_MAX
from engine.journal.replica import Replica
from engine.journal.ring import keep_left
from ipc.address import EVENTS_SOCKET, engine_folder
from ipc.enums import ExecutionType, JournalState, RecordKind, RefusalReason
from ipc.frame import decode, encode
from ipc.records import EXECUTION_REPORT
from ipc.schema import SCHEMA_DIGEST
from ipc.segment import SegmentWord
from ipc.tables import name_words
from tests.engine.journal.journaled_world import JournaledWorld
from tests.engine.journal.process_desk import NAME, ProcessDesk
from tests.engine.journal.slots import all_entries

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments and journals of this test alone."""
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path / "r"))
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path / "s"))


def words_of(entries: np.ndarray) -> np.ndarray:
    """Everything but the check sums."""
    return entries[:, :-1]


def ask(strategy: str, from_sequence: int, *, digest: int = SCHEMA_DIGEST) -> list[tuple[int, ...]]:
    """One question to the event server, as a client puts it."""
    context = zmq.Context()
    try:
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(f"ipc://{engine_folder(NAME) / EVENTS_SOCKET}")
        hello = encode(RecordKind.HELLO, 0, 0, digest, *name_words(strategy, 2))
        socket.send(hello + encode(RecordKind.SNAPSHOT_REQUEST, 77, 0, RecordKind.EXECUTION_REPORT, from_sequence))
        assert socket.poll(30_000), "the server answers"
        return decode(socket.recv())
    finally:
        context.destroy(linger=0)


def test_a_run_is_kept_followed_and_handed_on(tmp_path: Path) -> None:
    world = JournaledWorld().trade(2_500)
    desk = ProcessDesk(tmp_path, world, snapshot_every=1_000)
    desk.start()
    desk.await_state(JournalState.KEEPING)
    desk.hand_over(world.entries())
    desk.await_durable(world.next_sequence)
    told = np.concatenate(Replica(world.base).apply(world.entries()))
    own = told[(told[:, 0] == 1) & (told[:, 2] > 0)]
    for first in (1, len(own) - 5):
        *events, end = ask("alpha", first)
        assert [event[1:] for event in events] == [
            tuple(row[1 : len(event)]) for row, event in zip(own[own[:, 2] >= first], events, strict=False)
        ]
        assert len(events) == min(EVENTS_MAX, len(own) - first + 1)
        assert (end[1], end[2], end[4:]) == (RecordKind.SNAPSHOT_END, 77, (RecordKind.EXECUTION_REPORT, len(events)))
    names = EXECUTION_REPORT.names or ()
    for refused, reason in ((ask("nobody", 1), RefusalReason.UNKNOWN_CLIENT), (ask("alpha", 1, digest=1), 44)):
        (refusal,) = refused
        assert refusal[names.index("execution_type")] == ExecutionType.REFUSED
        assert refusal[names.index("reason")] == reason
    desk.retire()
    log = desk.end(signal.SIGTERM)
    assert "replay_differs" not in log
    assert (words_of(all_entries(desk.store)) == words_of(world.entries())).all()
    newest = desk.store.latest_snapshot()
    assert newest is not None
    assert (newest.sequence, newest.digest) == (world.next_sequence, world.state.digest())
    assert newest.is_closing
    assert not (engine_folder(NAME) / "journal").exists(), "a ring that is done with is removed"


POINTS = ["journal-entries-written", "journal-entries-synced", "run-snapshot-slice", "run-snapshot-renamed"]


@pytest.mark.parametrize("point", POINTS)
def test_a_journal_process_that_is_killed_leaves_what_the_next_one_goes_on_with(tmp_path: Path, point: str) -> None:
    world = JournaledWorld().trade(1_500)
    desk = ProcessDesk(tmp_path, world, snapshot_every=1_000)
    entries = world.entries()
    desk.start(point)
    desk.await_state(JournalState.KEEPING)
    desk.hand_over(entries)
    desk.ended(status=-signal.SIGKILL)
    desk.start()
    desk.await_state(JournalState.KEEPING)
    desk.await_durable(len(entries))
    desk.retire()
    log = desk.end(signal.SIGTERM)
    assert "replay_differs" not in log
    assert (words_of(all_entries(desk.store)) == words_of(entries)).all()
    newest = desk.store.latest_snapshot()
    assert newest is not None
    assert (newest.sequence, newest.digest) == (world.next_sequence, world.state.digest()), log


def test_a_dead_engines_ring_is_drained_and_the_next_engine_served(tmp_path: Path) -> None:
    first = JournaledWorld().trade(300)
    desk = ProcessDesk(tmp_path, first)
    desk.start()
    desk.await_state(JournalState.KEEPING)
    desk.hand_over(first.entries())
    desk.engine_dies()
    desk.await_durable(first.next_sequence)
    desk.await_folder()
    second = JournaledWorld(first_sequence=first.next_sequence)
    second.base = second.snapshot(epoch=first.base.epoch + 1)
    second.trade(200, seed=3)
    desk.begin_run(second)
    desk.await_state(JournalState.KEEPING)
    desk.hand_over(second.entries())
    desk.await_durable(second.next_sequence)
    desk.retire()
    desk.end(signal.SIGTERM)
    expected = np.concatenate((first.entries(), second.entries()))
    assert (words_of(all_entries(desk.store)) == words_of(expected)).all()
    newest = desk.store.latest_snapshot()
    assert newest is not None
    assert (newest.epoch, newest.digest) == (second.base.epoch, second.state.digest())


def test_what_nobody_wrote_down_is_still_in_the_ring(tmp_path: Path) -> None:
    world = JournaledWorld().trade(200)
    desk = ProcessDesk(tmp_path, world)
    desk.store.open_for_append(epoch=world.base.epoch)
    assert keep_left(engine_folder(NAME), 0, desk.store.append) == 0
    desk.hand_over(world.entries())
    desk.engine_dies()
    assert keep_left(engine_folder(NAME), 0, desk.store.append) == len(world.entries())
    desk.store.close()
    assert (words_of(all_entries(desk.store)) == words_of(world.entries())).all()
    assert desk.ring.words[SegmentWord.RELEASED] == world.next_sequence


def test_what_could_not_be_written_down_stays_in_the_ring(tmp_path: Path) -> None:
    world = JournaledWorld().trade(200)
    desk = ProcessDesk(tmp_path, world)
    desk.hand_over(world.entries())
    desk.engine_dies()

    def die(entries: NDArray[np.int64]) -> None:
        raise JournalWriteError(tmp_path, OSError(f"no room for {len(entries)} entries"))

    with pytest.raises(JournalWriteError):
        keep_left(engine_folder(NAME), 0, die)
    kept: list[NDArray[np.int64]] = []
    half = len(world.entries()) // 2
    assert keep_left(engine_folder(NAME), half, kept.append) == len(world.entries()) - half
    expected = words_of(world.entries())[half:, TRACE_WORD:CHECK_WORD]
    assert (words_of(kept[0])[:, TRACE_WORD:CHECK_WORD] == expected).all()


def test_a_ring_of_another_version_is_not_passed_over_and_one_of_an_earlier_boot_is(tmp_path: Path) -> None:
    world = JournaledWorld().trade(20)
    desk = ProcessDesk(tmp_path, world)
    desk.hand_over(world.entries())
    desk.engine_dies()
    kept: list[NDArray[np.int64]] = []
    desk.ring.words[SegmentWord.SCHEMA_DIGEST] += 1
    with pytest.raises(JournalError, match="start the version that left it"):
        keep_left(engine_folder(NAME), 0, kept.append)
    desk.ring.words[SegmentWord.BOOT_ID] += 1
    assert keep_left(engine_folder(NAME), 0, kept.append) is None
    assert kept == []
