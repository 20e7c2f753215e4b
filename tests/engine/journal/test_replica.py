"""A life lived again from the journal is the same life, and a different one is noticed at its first step."""

from pathlib import Path

import numpy as np
import pytest

from engine.journal.catch_up import catch_up
from engine.journal.entry import NOW_WORD, TRACE_WORD
from engine.journal.event_file import event_names
from engine.journal.events import EventReader, EventWriter
from engine.journal.replica import ReplayDivergedError, Replica
from engine.journal.store import JournalStore
from ipc.enums import RecordKind
from tests.engine.journal.journaled_world import JournaledWorld, state_of
from tests.engine.journal.slots import small_store

STEPS = 1_500


@pytest.fixture(scope="module")
def world() -> JournaledWorld:
    """Some trading."""
    return JournaledWorld().trade(STEPS)


def test_a_replica_ends_as_the_world_did(world: JournaledWorld) -> None:
    replica = Replica(world.base)
    told = replica.apply(world.entries())
    assert replica.state.digest() == world.state.digest()
    assert replica.next_sequence == world.next_sequence
    assert (np.concatenate(told)[:, 1] == np.array(world.effects)[:, 1]).all()
    assert len(np.concatenate(told)) == len(world.effects)


def test_a_replica_may_forget_what_it_is_told(world: JournaledWorld) -> None:
    replica = Replica(world.base)
    replica.apply_only(world.entries())
    assert replica.state.digest() == world.state.digest()


def test_the_digest_in_slices_is_the_states(world: JournaledWorld) -> None:
    replica = Replica(world.base)
    steps = replica.digest_of(replica.block())
    with pytest.raises(StopIteration) as ended:
        while True:
            next(steps)
    assert ended.value.value == replica.state.digest() == state_of(world.base).digest() == world.base.digest


@pytest.mark.parametrize("word", [TRACE_WORD, NOW_WORD, 5])
def test_a_different_input_is_noticed_no_later_than_with_the_next(world: JournaledWorld, word: int) -> None:
    entries = world.entries()
    place = next(at for at in range(100, STEPS) if entries[at, 1] == RecordKind.NEW_ORDER)
    entries[place, word] += 1
    with pytest.raises(ReplayDivergedError, match="the engine's trace before it is") as error:
        Replica(world.base).apply(entries)
    assert place <= error.value.sequence <= place + (word != TRACE_WORD)


def kept(folder: Path, world: JournaledWorld) -> JournalStore:
    """A journal of what a world lived through."""
    store = small_store(folder)
    store.open_for_append(epoch=world.base.epoch)
    store.write_snapshot(world.base.block, world.base.sequence, world.base.digest, epoch=world.base.epoch, is_base=True)
    store.append(world.entries())
    return store


def stream_of(store: JournalStore, events: EventWriter) -> np.ndarray:
    """All events there are."""
    return np.concatenate([slots for _, slots in EventReader(store.disk).between(0, events.event_end)])


def as_written(world: JournaledWorld) -> np.ndarray:
    """What a straight replay says, with nothing behind the records."""
    return np.concatenate(Replica(world.base).apply(world.entries()))


def test_the_stream_is_the_effects_of_a_straight_replay(tmp_path: Path, world: JournaledWorld) -> None:
    store = kept(tmp_path / "journal", world)
    events = EventWriter(store.disk, file_bytes=64 << 10)
    replica = catch_up(store, events, world.base, lambda: None)
    assert replica.state.digest() == world.state.digest()
    assert (stream_of(store, events) == as_written(world)).all()
    assert len(event_names(store.disk)) > 2


def test_a_stream_that_lost_its_end_is_made_again(tmp_path: Path, world: JournaledWorld) -> None:
    store = kept(tmp_path / "journal", world)
    expected = as_written(world)
    events = EventWriter(store.disk, file_bytes=64 << 10)
    catch_up(store, events, world.base, lambda: None)
    events.close()
    names = event_names(store.disk)
    for path, size in ((names[-1].slots, 0), (names[-1].index, 100), (names[-2].slots, 9_000), (names[-2].summary, 3)):
        with (store.folder / path).open("r+b") as file:
            file.truncate(size)
        again = EventWriter(store.disk, file_bytes=64 << 10)
        catch_up(store, again, world.base, lambda: None)
        again.close()
        assert (stream_of(store, again) == expected).all(), path


def test_the_end_of_a_run_that_nobody_followed_is_told_in_the_next(tmp_path: Path) -> None:
    first = JournaledWorld().trade(300)
    store = kept(tmp_path / "journal", first)
    second = JournaledWorld(first_sequence=first.next_sequence)
    base = second.snapshot(epoch=first.base.epoch + 1)
    store.write_snapshot(base.block, base.sequence, base.digest, epoch=base.epoch, is_base=True)
    second.trade(200, seed=2)
    store.append(second.entries())
    events = EventWriter(store.disk)
    replica = catch_up(store, events, base, lambda: None)
    assert replica.state.digest() == second.state.digest()
    assert (stream_of(store, events) == np.concatenate((as_written(first), as_written(second)))).all()


def test_a_reader_finds_what_a_strategy_missed(tmp_path: Path, world: JournaledWorld) -> None:
    store = kept(tmp_path / "journal", world)
    events = EventWriter(store.disk, file_bytes=64 << 10)
    catch_up(store, events, world.base, lambda: None)
    everything = stream_of(store, events)
    for reader in (EventReader(store.disk), EventReader(store.disk, events)):
        for strategy_id in (1, 2, 3):
            own = everything[(everything[:, 0] == strategy_id) & (everything[:, 2] > 0)]
            assert (np.diff(own[:, 2]) == 1).all(), "a strategy's reports are numbered without a gap"
            for first in (0, 1, 7, len(own) // 2, len(own), len(own) + 1):
                assert (reader.of_strategy(strategy_id, first, 50) == own[own[:, 2] >= first][:50]).all()
