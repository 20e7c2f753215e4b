"""At whatever step the machine goes down or the disk fails, nothing durable is lost, nothing torn is believed."""

import contextlib
import copy
import errno
import random

import numpy as np
import pytest

from engine.journal.compression import compress_next
from engine.journal.errors import JournalDamagedError, JournalWriteError
from engine.journal.recovery import inspect
from engine.journal.segment_file import OpenSegment, offset_of
from engine.journal.store import JournalStore
from tests.engine.journal.fake_disk import CrashError, FakeDisk, FakeFile
from tests.engine.journal.slots import DIGEST, all_entries, slots

ENTRIES = 24
SEGMENT_BYTES = 8 * 256
BATCHES = (1, 3, 5, 2, 7, 6)
assert sum(BATCHES) == ENTRIES
EXPECTED = slots(0, ENTRIES)
POWER_LOSSES = 6


def batch(first: int, count: int) -> np.ndarray:
    """The next entries, as the ring holds them."""
    return EXPECTED[first : first + count].copy()


def is_as_written(entries: np.ndarray) -> bool:
    """Whether entries are the first ones that were handed over."""
    words = [0, 1, 2, *range(28, 31)]
    return bool((entries[:, words] == EXPECTED[: len(entries), words]).all())


class Life:
    """A writer's life on a disk: what it was told to be durable is remembered."""

    def __init__(self, disk: FakeDisk) -> None:
        self.disk = disk
        self.durable = 0
        self.has_base = False
        self.store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)

    def live(self) -> None:
        """Goes on from what is there to the last entry; snapshots and compression on the way."""
        self.store.open_for_append(epoch=1)
        if self.store.latest_snapshot() is None:
            self.store.write_snapshot(b"base" * 300, 0, DIGEST, epoch=1, is_base=True)
        self.has_base = True
        for count in BATCHES:
            first = self.store.next_sequence
            if first >= ENTRIES:
                break
            self.store.append(batch(first, min(count, ENTRIES - first)))
            self.durable = self.store.durable_sequence
            self.store.make_ready()
        self.store.write_snapshot(b"later" * 300, self.durable, DIGEST, epoch=1)
        for _ in compress_next(self.disk):
            continue
        self.store.close()


def steps_of_a_life() -> int:
    """How many things a whole life does to the disk."""
    disk = FakeDisk()
    Life(disk).live()
    return disk.steps


STEPS = steps_of_a_life()


def check(disk: FakeDisk, durable: int, *, has_base: bool) -> JournalStore:
    """Recovers, and compares what is there with what was durable and with what was written."""
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    result = store.open_for_append(epoch=2)
    assert durable <= result.next_sequence <= ENTRIES
    found = all_entries(store)
    assert len(found) == result.next_sequence
    assert is_as_written(found)
    if has_base:
        assert result.snapshot is not None
        assert result.snapshot.block in (b"base" * 300, b"later" * 300)
    return store


def check_nothing_comes_back(disk: FakeDisk) -> None:
    """What was given up must not stand behind what another life writes in its place."""
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    store.open_for_append(epoch=3)
    store.append(slots(store.next_sequence, 1, seed=9))
    assert inspect(disk.after_kill()).next_sequence == store.next_sequence


def crash_at(step: int) -> None:
    """Lives up to a step, and checks what any kind of crash there leaves."""
    disk = FakeDisk()
    disk.crash_at = step
    life = Life(disk)
    with pytest.raises(CrashError):
        life.live()
    check(copy.deepcopy(disk).after_kill(), life.durable, has_base=life.has_base)
    for seed in range(POWER_LOSSES):
        after = disk.after_power_loss(random.Random(1_000 * step + seed))
        store = check(after, life.durable, has_base=life.has_base)
        check_nothing_comes_back(copy.deepcopy(after))
        store.append(batch(store.next_sequence, ENTRIES - store.next_sequence))
        check(after.after_kill(), ENTRIES, has_base=life.has_base)


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_after_a_crash_at_any_step_nothing_durable_is_missing(step: int) -> None:
    crash_at(step)


def unsynced(self: OpenSegment, entries: np.ndarray) -> None:
    """Entries that are said to be durable although nobody synced them."""
    self._file.write(offset_of(self.used), entries.data.cast("B"))
    self.used += len(entries)


WEAKER = {
    "entries are not synced": (OpenSegment, "write", unsynced),
    "names are not synced": (FakeDisk, "sync_folder", FakeDisk.step),
    "nothing is wiped": (OpenSegment, "wipe", lambda self, first, count: None),
    "nothing is synced": (FakeFile, "sync", lambda self: self._disk.step()),
}


@pytest.mark.parametrize("weakness", WEAKER)
def test_a_weaker_writer_is_caught(monkeypatch: pytest.MonkeyPatch, weakness: str) -> None:
    monkeypatch.setattr(*WEAKER[weakness])
    with pytest.raises((AssertionError, JournalDamagedError)):
        for step in range(1, STEPS + 1):
            try:
                crash_at(step)
            except pytest.fail.Exception:
                return


@pytest.mark.parametrize("seed", range(40))
def test_crash_after_crash_loses_nothing(seed: int) -> None:
    generator = random.Random(seed)
    disk, durable, has_base = FakeDisk(), 0, False
    for _ in range(12):
        disk.crash_at = disk.steps + generator.randrange(1, STEPS)
        life = Life(disk)
        life.durable, life.has_base = durable, has_base
        with contextlib.suppress(CrashError):
            life.live()
        durable, has_base = max(durable, life.durable), life.has_base
        disk = disk.after_power_loss(generator) if generator.random() < 0.6 else disk.after_kill()
    check(disk, durable, has_base=has_base)


FAULTS = {"no space": errno.ENOSPC, "broken": errno.EIO, "short": 0}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_disk_that_fails_once_stops_nothing_and_costs_nothing(fault: str, step: int) -> None:
    disk = FakeDisk()
    if fault == "short":
        disk.short_at = step
    else:
        disk.fail_at = {step: FAULTS[fault]}
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    failures = 0
    while True:
        try:
            store.open_for_append(epoch=1)
            break
        except JournalWriteError:
            failures += 1
    while store.next_sequence < ENTRIES:
        first = store.next_sequence
        try:
            store.append(batch(first, min(5, ENTRIES - first)))
        except JournalWriteError:
            failures += 1
        store.make_ready()
        told = store.durable_sequence
        for seed in range(2):
            check(disk.after_power_loss(random.Random(seed)), told, has_base=False)
        check(copy.deepcopy(disk).after_kill(), told, has_base=False)
    assert failures <= 1
    found = all_entries(store)
    assert len(found) == ENTRIES
    assert is_as_written(found)


def test_a_sync_that_failed_is_never_asked_again_about_the_same_file() -> None:
    disk = FakeDisk()
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    store.open_for_append(epoch=1)
    store.append(batch(0, 2))
    disk.fail_at = {disk.steps + 2: errno.EIO}
    with pytest.raises(JournalWriteError):
        store.append(batch(2, 3))
    assert store.durable_sequence == 2
    store.append(batch(2, 3))
    names = [name for name in disk.names() if name.startswith("journal-")]
    assert names == ["journal-0000000000000000.oms", "journal-0000000000000002.oms"]
    check(disk.after_power_loss(random.Random(1)), 5, has_base=False)


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("step", range(1, 6))
def test_a_snapshot_that_fails_leaves_the_one_before(fault: int, step: int) -> None:
    disk = FakeDisk()
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    store.open_for_append(epoch=1)
    store.write_snapshot(b"base", 0, DIGEST, epoch=1, is_base=True)
    store.append(batch(0, 4))
    disk.fail_at = {disk.steps + step: fault}
    with pytest.raises(JournalWriteError):
        store.write_snapshot(b"later" * 10, 4, DIGEST, epoch=1)
    for seed in range(8):
        found = check(disk.after_power_loss(random.Random(seed)), 4, has_base=False).latest_snapshot()
        assert found is not None
        assert found.block in (b"base", b"later" * 10)
