"""Damage at or below the durable mark is refused, all of it; above it the rest is given up, and said."""

import random
from pathlib import Path

import numpy as np
import pytest

from engine.journal.entry import seal_entries
from engine.journal.errors import JournalDamagedError
from engine.journal.recovery import inspect
from engine.journal.segment_file import offset_of, segment_names
from engine.journal.store import JournalStore
from ipc.memory import address_of
from ipc.records import SLOT_BYTES
from tests.engine.journal.fake_disk import FakeDisk
from tests.engine.journal.slots import DIGEST, SEGMENT_BYTES, SEGMENT_ENTRIES, all_entries, slots

FULL = 2 * SEGMENT_ENTRIES + 80
LAST_ENTRIES = 64
LAST_BYTES = 4_096


class Journal:
    """A journal in memory of which every byte can be spoiled; its last entries may be above the durable mark."""

    def __init__(self, entries: int = FULL, *, unmarked: int = 0) -> None:
        self.disk = FakeDisk()
        self.store = JournalStore(self.disk.folder, segment_bytes=SEGMENT_BYTES, disk=self.disk)
        self.store.open_for_append(epoch=1)
        self.store.write_snapshot(b"block", 0, DIGEST, epoch=1, is_base=True)
        self.store.append(slots(0, entries))
        self.end = entries + unmarked
        if unmarked:
            mark = bytes(self.disk.inodes["durable"].seen)
            self.store.append(slots(entries, unmarked))
            self.disk.inodes["durable"].seen[:] = mark
        self.names = [str(name) for name in segment_names(self.disk)]
        self.last = self.disk.inodes[self.names[-1]].seen
        self.first_of_last = segment_names(self.disk)[-1].first_sequence

    def place_of(self, sequence: int) -> int:
        """At which byte of the last file an entry starts."""
        return offset_of(sequence - self.first_of_last)


def refused(disk: FakeDisk) -> bool:
    """Whether nothing is built on it."""
    try:
        inspect(disk)
    except JournalDamagedError:
        return True
    return False


@pytest.mark.slow
def test_every_bit_of_the_last_entries_counts() -> None:
    journal = Journal(LAST_ENTRIES + 1)
    start = journal.place_of(journal.end - LAST_ENTRIES)
    missed = []
    for at in range(start, start + LAST_ENTRIES * SLOT_BYTES):
        for bit in range(8):
            journal.last[at] ^= 1 << bit
            if not refused(journal.disk):
                missed.append((at, bit))
            journal.last[at] ^= 1 << bit
    assert missed == []
    assert not refused(journal.disk), "undamaged it is trusted"


@pytest.mark.slow
def test_every_truncation_is_noticed() -> None:
    journal = Journal()
    end = journal.place_of(journal.end)
    whole = bytes(journal.last)
    for cut in range(1, LAST_BYTES + 1):
        del journal.last[end - cut :]
        with pytest.raises(JournalDamagedError) as error:
            inspect(journal.disk)
        assert error.value.sequence == journal.end - 1 - (cut - 1) // SLOT_BYTES
        journal.last[:] = whole


@pytest.mark.slow
def test_damage_anywhere_in_any_file_is_refused() -> None:
    journal = Journal()
    generator = random.Random(1)
    used = {name: len(journal.disk.inodes[name].seen) for name in journal.names}
    used[journal.names[-1]] = journal.place_of(journal.end)
    for _ in range(3_000):
        name = generator.choice(journal.names)
        content = journal.disk.inodes[name].seen
        at = generator.randrange(used[name])
        count = min(generator.choice((1, 1, 8, 300, 5_000)), used[name] - at)
        before = bytes(content[at : at + count])
        content[at : at + count] = generator.choice((bytes(count), generator.randbytes(count)))
        if bytes(content[at : at + count]) != before:
            assert refused(journal.disk), (name, at, count)
        content[at : at + count] = before


def test_every_bit_of_what_was_never_durable_only_shortens_it() -> None:
    journal = Journal(unmarked=3)
    last = journal.end - 1
    for at in range(journal.place_of(last), journal.place_of(last) + SLOT_BYTES):
        journal.last[at] ^= 1 << at % 8
        result = inspect(journal.disk)
        assert (result.next_sequence, result.truncated_entries) == (last, 1)
        assert "1 unfinished entries" in result.said[0]
        journal.last[at] ^= 1 << at % 8
    assert inspect(journal.disk).next_sequence == journal.end


def test_a_gap_before_what_was_never_durable_is_refused_in_the_same_boot() -> None:
    journal = Journal(unmarked=3)
    journal.last[journal.place_of(journal.end - 2)] ^= 1
    with pytest.raises(JournalDamagedError, match="but 274 behind it is whole") as error:
        inspect(journal.disk)
    assert error.value.sequence == journal.end - 2
    other_boot = FakeDisk(boot=2)
    other_boot.inodes = journal.disk.inodes
    result = inspect(other_boot)
    assert (result.next_sequence, result.truncated_entries) == (journal.end - 2, 2)
    assert "the machine went down" in result.said[0]


def test_what_is_given_up_never_comes_back() -> None:
    journal = Journal(unmarked=5)
    journal.last[journal.place_of(journal.end - 4)] ^= 1
    disk = FakeDisk(boot=2)
    disk.inodes = journal.disk.inodes
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    assert store.recover().truncated_entries == 4
    assert not any(journal.last[journal.place_of(journal.end - 4) :])
    store.append(slots(store.next_sequence, 1, seed=9))
    assert inspect(disk).next_sequence == journal.end - 3


def test_the_error_names_place_and_remedy() -> None:
    journal = Journal()
    sequence = journal.end - 10
    journal.last[journal.place_of(sequence) + 80] ^= 4
    with pytest.raises(JournalDamagedError) as error:
        inspect(journal.disk)
    assert (error.value.sequence, error.value.offset) == (sequence, journal.place_of(sequence))
    assert f"{journal.names[-1]}: at byte {journal.place_of(sequence)}, journal sequence {sequence}" in str(error.value)
    assert "restore the journal folder from a copy" in str(error.value)


ALIENS = {
    "another journal's file": lambda j: j.__setitem__(slice(None), other_journal()),
    "a file under another's name": lambda j: j.__setitem__(slice(None), Journal().disk.inodes[Journal().names[0]].seen),
    "nothing": lambda j: j.clear(),
    "zeros": lambda j: j.__setitem__(slice(None), bytes(len(j))),
}


def other_journal() -> bytearray:
    """The same sequences, but of another life."""
    disk = FakeDisk()
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    store.open_for_append(epoch=1)
    for _ in range(FULL // SEGMENT_ENTRIES):
        store.append(slots(store.next_sequence, SEGMENT_ENTRIES, seed=5))
        store._last_number += 1
    store.append(slots(store.next_sequence, FULL % SEGMENT_ENTRIES, seed=5))
    return disk.inodes[str(segment_names(disk)[1])].seen


@pytest.mark.parametrize("alien", ALIENS)
def test_a_file_that_does_not_belong_here_is_refused(alien: str) -> None:
    journal = Journal()
    content = journal.disk.inodes[journal.names[1]].seen
    ALIENS[alien](content)
    assert refused(journal.disk)


def test_a_recycled_files_entries_do_not_count() -> None:
    journal = Journal(unmarked=1)
    stale = slots(journal.end, 3)
    seal_entries(address_of(stale), journal.end, 3, 1)
    start = journal.place_of(journal.end)
    journal.last[start : start + stale.nbytes] = stale.tobytes()
    result = inspect(journal.disk)
    assert (result.next_sequence, result.truncated_entries) == (journal.end, 3)


def test_another_engines_journal_is_refused(tmp_path: Path) -> None:
    store = JournalStore(tmp_path / "journal", instance=3, segment_bytes=SEGMENT_BYTES)
    store.open_for_append(epoch=1)
    store.append(slots(0, 1))
    store.close()
    with pytest.raises(JournalDamagedError, match="written by instance 3, this engine is instance 4"):
        JournalStore(store.folder, instance=4, segment_bytes=SEGMENT_BYTES).recover()


@pytest.mark.parametrize("lost", ["first", "middle", "last", "all", "mark"])
def test_a_file_that_is_gone_is_missed(lost: str) -> None:
    journal = Journal()
    names = {"first": journal.names[:1], "middle": journal.names[1:2], "last": journal.names[-1:]}
    for name in names.get(lost, journal.names if lost == "all" else ["durable"]):
        del journal.disk.inodes[name]
    assert refused(journal.disk)


def test_a_torn_mark_leaves_the_one_before() -> None:
    journal = Journal()
    mark = journal.disk.inodes["durable"].seen
    whole = bytes(mark)
    found = set()
    for at in range(64):
        for start in (0, 4_096):
            mark[start + at] ^= 1
            found.add(inspect(journal.disk).durable_sequence)
            mark[:] = whole
    assert len(found) == 2
    assert max(found) == FULL
    mark[3] ^= 1
    mark[4_099] ^= 1
    with pytest.raises(JournalDamagedError, match="neither of its slots"):
        inspect(journal.disk)


def test_a_damaged_snapshot_is_passed_over_within_its_run() -> None:
    journal = Journal(2)
    journal.store.write_snapshot(b"later" * 500, 2, DIGEST, epoch=1)
    content = journal.disk.inodes[str(journal.store.snapshots()[-1])].seen
    for at in range(len(content)):
        content[at] ^= 1 << at % 8
        result = inspect(journal.disk)
        assert result.snapshot is not None
        assert result.snapshot.sequence == 0, at
        assert "passed over" in result.said[0]
        content[at] ^= 1 << at % 8
    journal.store.open_for_append(epoch=2)
    journal.store.write_snapshot(b"base of the next", 2, DIGEST, epoch=2, is_base=True)
    del journal.disk.inodes[str(journal.store.snapshots()[-1])].seen[-1:]
    with pytest.raises(JournalDamagedError, match="compressed block is damaged"):
        inspect(journal.disk)


def test_entries_that_were_read_are_those_that_were_written() -> None:
    journal = Journal()
    generator = np.random.default_rng(1)
    whole = bytes(journal.last)
    for _ in range(50):
        at = int(generator.integers(offset_of(0), journal.place_of(journal.end)))
        journal.last[at] ^= 1 << int(generator.integers(8))
        with pytest.raises(JournalDamagedError):
            all_entries(journal.store)
        journal.last[:] = whole
