"""Serving a ring: a disk that fails is told and outlived, a core that differs is told and not believed."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.config import load_config
from engine.event_log import EventLog, LogLevel
from engine.journal.disk import Disk, DiskFile
from engine.journal.entry import NOW_WORD, SOURCE_WORD, TRACE_WORD
from engine.journal.errors import JournalError, JournalWriteError
from engine.journal.events import EventReader
from engine.journal.ring import JournalRing
from engine.journal.segment_file import segment_names
from engine.journal.service import RETRY_NS, JournalService
from engine.journal.store import JournalStore
from engine.spin.journal_ring import append
from ipc.clock import NS_PER_S, ManualClock
from ipc.enums import JournalState
from ipc.memory import address_of
from ipc.ring import create_ring
from ipc.segment import SegmentKind, SegmentWord
from tests.engine.configuration_file import set_key, sound_table, write_table
from tests.engine.journal.journaled_world import JournaledWorld
from tests.engine.journal.slots import all_entries

SEGMENT_BYTES = 200 * 256
_TURNS_MAX = 2_000


class FailingFile(DiskFile):
    """A file whose disk may say no."""

    def __init__(self, disk: "FailingDisk", path: Path, descriptor: int) -> None:
        super().__init__(path, descriptor)
        self._disk = disk

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Unless it fails now."""
        self._disk.check("write", self.path.name)
        super().write(offset, data)

    def sync(self) -> None:
        """Unless it fails now."""
        self._disk.check("sync", self.path.name)
        super().sync()


class FailingDisk(Disk):
    """A real disk; while `fault` is set, the operations that it names fail."""

    fault: tuple[str, str, int] | None = None

    def check(self, operation: str, name: str) -> None:
        """Fails if it is to."""
        if self.fault is not None and self.fault[0] == operation and name.startswith(self.fault[1]):
            raise OSError(self.fault[2], os.strerror(self.fault[2]))

    def create(self, name: str) -> DiskFile:
        """As the disk does it."""
        self.check("create", name)
        return self._failing(super().create(name))

    def open(self, name: str, *, writable: bool = False) -> DiskFile:
        """As the disk does it."""
        return self._failing(super().open(name, writable=writable))

    def _failing(self, file: DiskFile) -> DiskFile:
        return FailingFile(self, file.path, file._descriptor)


class Desk:
    """A service, the ring that it serves, and what it logs."""

    def __init__(
        self, folder: Path, world: JournaledWorld, *, snapshot_every: int = 1_000_000, mode: str = "process"
    ) -> None:
        table = sound_table(folder)
        set_key(table, "journal.snapshot_every", snapshot_every)
        set_key(table, "journal.mode", mode)
        self.config = load_config(write_table(table, folder / "c.toml"))
        self.clock = ManualClock()
        self.world = world
        self.disk = FailingDisk(folder / "journal")
        self.store = self.new_store()
        base = world.base
        self.store.open_for_append(epoch=base.epoch)
        self.store.write_snapshot(base.block, base.sequence, base.digest, epoch=base.epoch, is_base=True)
        self.store.close()
        segment = create_ring(folder / "r" / "journal", SegmentKind.JOURNAL_RING, 1 << 12, epoch=base.epoch)
        self.ring = JournalRing(segment)
        self._log_file = folder / "log"
        self._log = EventLog(os.open(self._log_file, os.O_CREAT | os.O_WRONLY), LogLevel.DEBUG, self.clock)
        self._folder = folder / "r"
        self.handed_over = 0
        self.service = self.serve()

    def new_store(self) -> JournalStore:
        """The journal as a new process sees it."""
        return JournalStore(self.disk.folder, segment_bytes=SEGMENT_BYTES, disk=self.disk)

    def serve(self) -> JournalService:
        """Begins to serve the ring."""
        return JournalService(self.config, self._folder, self.ring, self.store, clock=self.clock, log=self._log)

    def hand_over(self, count: int) -> None:
        """The next inputs of the world."""
        for entry in self.world.entries()[self.handed_over : self.handed_over + count]:
            now_ns, source, trace = (int(entry[word]) for word in (NOW_WORD, SOURCE_WORD, TRACE_WORD))
            assert append(self.ring.segment.address, address_of(entry), now_ns, source, trace)
        self.handed_over += count

    def turn_until(self, condition: Callable[[], bool]) -> None:
        """Lets the service work."""
        for _ in range(_TURNS_MAX):
            self.service.turn(0)
            if condition():
                return
        raise AssertionError("the service does not come to it")

    @property
    def told_state(self) -> JournalState:
        """What the engine sees."""
        return JournalState(int(self.ring.segment.words[SegmentWord.JOURNAL_STATE]))

    @property
    def durable(self) -> int:
        """What the engine may count on."""
        return int(self.ring.segment.words[SegmentWord.JOURNAL_DURABLE])

    def logged(self, event: str) -> list[dict[str, object]]:
        """The lines of one event."""
        lines = [json.loads(line) for line in self._log_file.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]

    def is_kept(self) -> bool:
        """Whether the journal is the world's inputs."""
        expected = self.world.entries()[: self.handed_over, :-1]
        found = all_entries(self.new_store())[:, :-1]
        return found.shape == expected.shape and bool((found == expected).all())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A service for some trading that has been handed its first hundred inputs."""
    desk = Desk(tmp_path, JournaledWorld().trade(900))
    desk.hand_over(100)
    desk.turn_until(desk.ring.is_empty)
    yield desk
    desk.service.close(is_orderly=False)


def test_what_is_released_is_durable_and_said_to_be(desk: Desk) -> None:
    assert (desk.durable, desk.ring.next_sequence, desk.told_state) == (100, 100, JournalState.KEEPING)
    assert desk.is_kept()
    assert int(desk.ring.segment.words[SegmentWord.JOURNAL_BEAT_NS]) == desk.clock.monotonic_ns()


FAULTS = [
    ("write", "journal-", errno.EIO),
    ("write", "journal-", errno.ENOSPC),
    ("sync", "journal-", errno.EIO),
    ("sync", "durable", errno.EIO),
    ("write", "durable", errno.ENOSPC),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_is_told_and_when_it_works_again_all_is_kept(desk: Desk, fault: tuple[str, str, int]) -> None:
    desk.disk.fault = fault
    desk.hand_over(50)
    desk.turn_until(lambda: desk.told_state == JournalState.FAILED)
    (line,) = desk.logged("journal_state")
    assert os.strerror(fault[2]) in str(line["error"])
    assert desk.ring.end_sequence - desk.ring.next_sequence == 150 - desk.durable, (
        "what is not durable stays in the ring"
    )
    failed_at_ns = desk.clock.monotonic_ns()
    desk.service.turn(0)
    assert desk.told_state == JournalState.FAILED, "it is not asked again at once"
    assert int(desk.ring.segment.words[SegmentWord.JOURNAL_BEAT_NS]) == failed_at_ns, "it says that it lives"
    desk.disk.fault = None
    desk.clock.advance(RETRY_NS)
    desk.hand_over(10)
    desk.turn_until(desk.ring.is_empty)
    assert (desk.told_state, desk.durable) == (JournalState.KEEPING, 160)
    assert desk.is_kept()
    files = [name.first_sequence for name in segment_names(desk.disk)]
    assert len(files) == 2, "never again to the file that failed"


def test_a_full_disk_is_outlived_over_the_end_of_a_file(desk: Desk) -> None:
    desk.disk.fault = ("write", "spare", errno.ENOSPC)
    desk.hand_over(300)
    desk.turn_until(lambda: desk.told_state == JournalState.FAILED)
    assert desk.durable == 200, "the file that is there is filled"
    for _ in range(3):
        desk.clock.advance(RETRY_NS)
        desk.service.turn(0)
        assert (desk.told_state, desk.durable) == (JournalState.FAILED, 200)
    desk.disk.fault = None
    desk.clock.advance(RETRY_NS)
    desk.turn_until(desk.ring.is_empty)
    assert (desk.told_state, desk.durable) == (JournalState.KEEPING, 400)
    assert desk.is_kept()


def test_events_that_could_not_be_written_are_made_again(desk: Desk) -> None:
    desk.disk.fault = ("write", "events-", errno.ENOSPC)
    desk.hand_over(100)
    desk.turn_until(desk.ring.is_empty)
    assert (desk.told_state, desk.durable) == (JournalState.KEEPING, 200), "the journal itself is kept"
    assert len(desk.logged("events_not_kept")) == 1
    desk.disk.fault = None
    desk.hand_over(100)
    desk.turn_until(desk.ring.is_empty)
    desk.clock.advance(20 * NS_PER_S)
    desk.turn_until(lambda: events_of(desk) > 200)
    told = [slots for _, slots in EventReader(desk.disk).between(0, 1 << 40)]
    expected = np.array(desk.world.effects)[: len(np.concatenate(told))]
    assert (np.concatenate(told)[:, :3] == expected[:, :3]).all()


def events_of(desk: Desk) -> int:
    """How many events there are."""
    return sum(len(slots) for _, slots in EventReader(desk.disk).between(0, 1 << 40))


def test_a_core_that_differs_is_told_and_makes_no_snapshots(tmp_path: Path) -> None:
    world = JournaledWorld().trade(300)
    world._entries[150][TRACE_WORD] ^= 1
    desk = Desk(tmp_path, world, snapshot_every=1_000)
    desk.hand_over(300)
    desk.turn_until(desk.ring.is_empty)
    assert "journal sequence 150" in str(desk.logged("replay_differs")[0]["error"])
    assert (desk.told_state, desk.durable) == (JournalState.KEEPING, 300)
    desk.service.close(is_orderly=True)
    assert [name.sequence for name in desk.store.snapshots()] == [0]


def waits_of(desk: Desk) -> list[int]:
    """How long the service waits in its turns, asked to wait for 5 ms, when four times ten entries have come."""
    waits: list[int] = []
    desk.service._server.serve = waits.append  # type: ignore[assignment, method-assign]
    for _ in range(4):
        desk.hand_over(10)
        desk.service.turn(5)
    return waits


@pytest.mark.parametrize(("mode", "expected"), [("process", 5), ("power", 0)])
def test_entries_gather_between_turns_unless_orders_wait_for_the_disk(tmp_path: Path, mode: str, expected: int) -> None:
    desk = Desk(tmp_path, JournaledWorld().trade(200), mode=mode)
    assert waits_of(desk) == [expected] * 4
    assert desk.is_kept()
    desk.service.close(is_orderly=False)


def test_a_full_batch_is_followed_by_the_next_one_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.journal.service.BATCH_ENTRIES", 10)
    desk = Desk(tmp_path, JournaledWorld().trade(200))
    assert waits_of(desk) == [0] * 4
    desk.service.close(is_orderly=False)


def test_old_files_are_compressed_and_snapshots_taken_while_it_serves(tmp_path: Path) -> None:
    desk = Desk(tmp_path, JournaledWorld().trade(2_500), snapshot_every=1_000)
    for _ in range(50):
        desk.hand_over(50)
        desk.service.turn(0)
        desk.clock.advance(NS_PER_S)
    while not all(name.is_compressed for name in segment_names(desk.disk)[:-1]):
        desk.clock.advance(NS_PER_S)
        desk.service.turn(0)
    assert desk.is_kept()
    desk.service.close(is_orderly=True)
    newest = desk.store.latest_snapshot()
    assert newest is not None
    assert (newest.sequence, desk.store.snapshots()[0].sequence) == (2_500, 0)
    assert len(desk.store.snapshots()) >= 3
    assert {str(line["digest"]) for line in desk.logged("snapshot")} >= {newest.digest}


def test_only_the_snapshot_after_an_orderly_end_says_that_nothing_came_after_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, JournaledWorld().trade(1_000), snapshot_every=1_000)
    desk.hand_over(1_000)
    desk.turn_until(lambda: len(desk.store.snapshots()) == 2)
    found = desk.store.latest_snapshot()
    assert found is not None
    assert (found.sequence, found.is_closing) == (1_000, False), "it stands at the very end, by chance"
    desk.service.close(is_orderly=False)
    assert desk.store.latest_snapshot() == found
    desk.service = desk.serve()
    desk.service.close(is_orderly=True)
    closing = desk.store.latest_snapshot()
    assert closing is not None
    assert (closing.name, closing.digest, closing.is_closing) == (found.name, found.digest, True)


def test_the_base_of_a_run_in_which_nothing_came_stays_its_base(tmp_path: Path) -> None:
    desk = Desk(tmp_path, JournaledWorld())
    desk.service.close(is_orderly=True)
    newest = desk.store.latest_snapshot()
    assert newest is not None
    assert (newest.is_base, newest.is_closing) == (True, False)


def test_a_ring_of_another_journal_is_not_served(desk: Desk) -> None:
    desk.service.close(is_orderly=False)
    other = create_ring(
        desk.ring.segment.path.with_name("other"), SegmentKind.JOURNAL_RING, 1 << 12, first_sequence=7_000
    )
    desk.ring = JournalRing(other)
    with pytest.raises(JournalError, match="ring holds 7000 to 7000: they are not of one journal"):
        desk.serve()


def test_a_disk_that_takes_nothing_is_no_beginning(desk: Desk) -> None:
    desk.service.close(is_orderly=False)
    desk.disk.fault = ("create", "durable", errno.ENOSPC)
    with pytest.raises(JournalWriteError):
        desk.serve()
    desk.disk.fault = None
    desk.store.close()
    desk.service = desk.serve()
    desk.service.turn(0)
    assert desk.told_state == JournalState.KEEPING


def test_a_snapshot_that_was_begun_does_not_stand_for_the_last_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, JournaledWorld().trade(1_200), snapshot_every=1_000)
    desk.hand_over(1_200)
    desk.turn_until(desk.ring.is_empty)
    desk.service.close(is_orderly=True)
    assert [name.sequence for name in desk.store.snapshots()] == [0, 1_200]
