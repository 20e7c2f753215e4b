"""Old files are compressed without a loss, and go when there are too many, but never what a start needs."""

from pathlib import Path

import numpy as np
import pytest

from engine.journal.budget import plan_removals, prune
from engine.journal.catch_up import catch_up
from engine.journal.compression import compress_next
from engine.journal.errors import JournalDamagedError
from engine.journal.events import EventWriter
from engine.journal.recovery import inspect
from engine.journal.segment_file import segment_names
from engine.journal.store import JournalStore
from tests.engine.journal.journaled_world import JournaledWorld
from tests.engine.journal.slots import DIGEST, SEGMENT_ENTRIES, all_entries, slots, small_store

FILES = 5


def filled(folder: Path) -> JournalStore:
    """A journal of five complete files and one that was just begun."""
    store = small_store(folder)
    store.open_for_append(epoch=1)
    store.write_snapshot(b"base", 0, DIGEST, epoch=1, is_base=True)
    store.append(slots(0, FILES * SEGMENT_ENTRIES + 1))
    return store


def compress_all(store: JournalStore) -> None:
    """Until there is nothing left to compress."""
    while any(not name.is_compressed for name in segment_names(store.disk)[:-1]):
        for _ in compress_next(store.disk):
            continue


def test_compressed_entries_are_the_same(tmp_path: Path) -> None:
    store = filled(tmp_path / "journal")
    before = all_entries(store)
    compress_all(store)
    assert [name.is_compressed for name in segment_names(store.disk)] == [True] * FILES + [False]
    assert (all_entries(store) == before).all()
    for first in (1, SEGMENT_ENTRIES - 1, SEGMENT_ENTRIES, 3 * SEGMENT_ENTRIES + 5):
        assert (all_entries(store, first) == before[first:]).all()
    store.append(slots(store.next_sequence, 3))
    store.close()
    assert small_store(store.folder).recover().next_sequence == len(before) + 3


def test_damage_in_a_compressed_file_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path / "journal")
    compress_all(store)
    expected = all_entries(store)
    path = store.folder / str(segment_names(store.disk)[1])
    whole = path.read_bytes()
    generator = np.random.default_rng(1)
    for at in generator.integers(0, len(whole), 300):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << int(generator.integers(8))]) + whole[at + 1 :])
        try:
            assert inspect(store.disk).next_sequence == len(expected)
            assert (all_entries(store) == expected).all(), "a bit that says nothing may be another one"
        except JournalDamagedError as error:
            assert error.path == path
    for cut in (1, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:-cut])
        with pytest.raises(JournalDamagedError):
            inspect(store.disk)


def test_within_the_budget_nothing_goes(tmp_path: Path) -> None:
    store = filled(tmp_path / "journal")
    assert plan_removals(store.disk, 1 << 30) == []


def test_entries_that_a_start_needs_never_go(tmp_path: Path) -> None:
    store = filled(tmp_path / "journal")
    assert prune(store.disk, 0) == [], "the base is needed, and all entries behind it"
    store.write_snapshot(b"later", 3 * SEGMENT_ENTRIES, DIGEST, epoch=1)
    assert prune(store.disk, 0) == [], "a damaged snapshot could not be made again"
    assert len(all_entries(store)) == FILES * SEGMENT_ENTRIES + 1


def test_over_budget_the_oldest_entries_go_first(tmp_path: Path) -> None:
    store = filled(tmp_path / "journal")
    for epoch, files in ((2, 1), (3, 4)):
        store.write_snapshot(b"base", files * SEGMENT_ENTRIES, DIGEST, epoch=epoch, is_base=True)
    size = sum(store.disk.size_of(name) for name in store.disk.names())
    base, first = plan_removals(store.disk, size - 1)
    assert first.name == str(segment_names(store.disk)[0])
    assert base.name == str(store.snapshots()[0]), "of the oldest run nothing can be replayed any more"
    went = prune(store.disk, 0)
    assert [removal.name for removal in went] == [base.name, first.name]
    result = inspect(store.disk)
    assert result.snapshot is not None
    assert (result.snapshot.epoch, result.next_sequence) == (3, FILES * SEGMENT_ENTRIES + 1)


def test_only_two_snapshots_and_the_bases_are_kept(tmp_path: Path) -> None:
    store = filled(tmp_path / "journal")
    for sequence in (10, 20, 30, 40):
        store.write_snapshot(b"later", sequence, DIGEST, epoch=1)
    prune(store.disk, 1 << 30)
    assert [name.sequence for name in store.snapshots()] == [0, 30, 40]


def test_events_go_by_their_age_and_are_never_all_gone(tmp_path: Path) -> None:
    world = JournaledWorld().trade(600)
    store = small_store(tmp_path / "journal")
    base = world.base
    store.open_for_append(epoch=base.epoch)
    store.write_snapshot(base.block, 0, base.digest, epoch=base.epoch, is_base=True)
    store.append(world.entries())
    writer = EventWriter(store.disk, file_bytes=16 << 10)
    catch_up(store, writer, base, lambda: None)
    writer.close()
    prune(store.disk, 0)
    left = [name for name in store.disk.names() if name.startswith("events-") and name.endswith(".oms")]
    assert len(left) == 1
    again = EventWriter(store.disk, file_bytes=16 << 10)
    replica = catch_up(store, again, base, lambda: None)
    assert replica.state.digest() == world.state.digest()
