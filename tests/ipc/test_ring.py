"""The ring is a bounded queue, whatever the order of calls and wherever its producer dies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipc.memory import address_of
from ipc.records import EXECUTION_REPORT, TIMER
from ipc.ring import (
    count_lost,
    create_ring,
    is_retired,
    lost_count,
    poll,
    publish,
    record_at,
    release,
    resume_producing,
    slot_address,
    try_claim,
    try_publish,
)
from ipc.segment import HEADER_BYTES, Segment, SegmentKind, SegmentWord
from tests.ipc.naive_ring import NaiveRing
from tests.ipc.words import set_word, word_at

CAPACITY = 4
PAYLOAD = 8
LAST_WORD = 56


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Segment]:
    """An empty ring of four slots of one cache line."""
    segment = create_ring(tmp_path / "ring", SegmentKind.TEST_RING, CAPACITY, slot_bytes=64)
    yield segment
    segment.close()


def wipe(segment: Segment) -> None:
    """Makes a ring as it was when it was created."""
    segment.content[:] = 0
    for word in (SegmentWord.RELEASED, SegmentWord.NEXT, SegmentWord.SEEN_RELEASED, SegmentWord.LAGGED_COUNT):
        segment.words[word] = 0


def put(ring: int, value: int) -> bool:
    """Claims, writes and publishes one value."""
    slot = try_claim(ring)
    if slot == 0:
        return False
    set_word(slot + PAYLOAD, value)
    publish(ring, slot)
    return True


def test_a_ring_behaves_as_a_bounded_queue(ring: Segment) -> None:
    operations = st.lists(st.sampled_from(("put", "poll", "take")), max_size=80)

    @settings(max_examples=150, deadline=None)
    @given(operations)
    def check(sequence: list[str]) -> None:
        wipe(ring)
        model = NaiveRing(CAPACITY)
        for value, operation in enumerate(sequence, start=1):
            if operation == "put":
                assert put(ring.address, value) == model.publish(value)
            slot = poll(ring.address)
            assert (word_at(slot + PAYLOAD) if slot else None) == model.poll()
            if operation == "take" and slot:
                release(ring.address)
                model.release()
            assert int(ring.words[SegmentWord.NEXT]) == model.published
            assert int(ring.words[SegmentWord.RELEASED]) == model.released

    check()


def test_claiming_twice_gives_the_same_slot(ring: Segment) -> None:
    assert try_claim(ring.address) == try_claim(ring.address) == ring.address + HEADER_BYTES


def test_a_full_ring_refuses_and_changes_nothing(ring: Segment) -> None:
    for value in range(CAPACITY):
        assert put(ring.address, value)
    before = ring.content.tobytes()
    assert try_claim(ring.address) == 0
    assert not try_publish(ring.address, ring.address, 3)
    assert ring.content.tobytes() == before
    release(ring.address)
    assert try_claim(ring.address) == slot_address(ring.address, CAPACITY)


def test_a_record_is_copied_whole_but_for_its_commit_word(ring: Segment) -> None:
    record = np.arange(100, 100 + TIMER.itemsize // 8)
    assert try_publish(ring.address, address_of(record), len(record))
    slot = poll(ring.address)
    copied = record_at(slot, TIMER)
    assert [int(copied[name]) for name in TIMER.names or ()] == [1, 101, 102, 103]
    assert EXECUTION_REPORT.itemsize > 64


def test_losses_are_counted_beside_the_ring(ring: Segment) -> None:
    assert lost_count(ring.address) == 0
    count_lost(ring.address)
    count_lost(ring.address)
    assert lost_count(ring.address) == 2
    assert int(ring.words[SegmentWord.LAGGED_COUNT]) == 2


def test_a_retired_ring_is_known_by_one_word(ring: Segment) -> None:
    assert not is_retired(ring.address)
    ring.retire()
    assert is_retired(ring.address)


@dataclass(frozen=True)
class World:
    """One moment of a producer and a consumer at work: the ring's bytes, and how far each of them is."""

    memory: bytes
    next_value: int
    step: int
    has_polled: bool
    taken: tuple[int, ...]
    deaths: int


MESSAGES = 6
Step = Callable[[int, int, int], None]


def _write_first(ring: int, slot: int, value: int) -> None:
    set_word(slot + PAYLOAD, value)


def _write_last(ring: int, slot: int, value: int) -> None:
    set_word(slot + LAST_WORD, value)


def _commit(ring: int, slot: int, value: int) -> None:
    set_word(slot, word_at(ring + SegmentWord.NEXT * 8) + 1)


def _count(ring: int, slot: int, value: int) -> None:
    set_word(ring + SegmentWord.NEXT * 8, word_at(ring + SegmentWord.NEXT * 8) + 1)


# publish() is its two stores here, so that a producer can also die between them.
COMMIT_LAST: tuple[Step, ...] = (_write_first, _write_last, _commit, _count)
COMMIT_FIRST: tuple[Step, ...] = (_commit, _write_first, _write_last, _count)


class Checker:
    """Walks through every order in which the two sides and one death of the producer can happen."""

    def __init__(self, ring: Segment, steps: tuple[Step, ...]) -> None:
        self.ring = ring
        self.steps = steps
        self.finished: set[tuple[int, ...]] = set()
        self.torn = 0
        self.worlds = 0

    def walk(self) -> None:
        """Visits every world that can be reached."""
        open_worlds = [World(self._memory(), 1, 0, False, (), 0)]
        seen = set(open_worlds)
        while open_worlds:
            world = open_worlds.pop()
            self.worlds += 1
            if len(world.taken) == MESSAGES:
                self.finished.add(world.taken)
            for move in (self._produce, self._die, self._consume):
                self._restore(world.memory)
                after = move(world)
                if after is not None and after not in seen:
                    seen.add(after)
                    open_worlds.append(after)

    def _memory(self) -> bytes:
        moving = self.ring.words[[SegmentWord.RELEASED, SegmentWord.NEXT, SegmentWord.SEEN_RELEASED]]
        return bytes(moving.tobytes() + self.ring.content.tobytes())

    def _restore(self, memory: bytes) -> None:
        words = np.frombuffer(memory[:24], np.int64)
        self.ring.words[[SegmentWord.RELEASED, SegmentWord.NEXT, SegmentWord.SEEN_RELEASED]] = words
        self.ring.content[:] = np.frombuffer(memory[24:], np.uint8)

    def _produce(self, world: World) -> World | None:
        if world.next_value > MESSAGES:
            return None
        slot = try_claim(self.ring.address)
        if slot == 0:
            return replace(world, memory=self._memory())
        self.steps[world.step](self.ring.address, slot, world.next_value)
        is_done = world.step == len(self.steps) - 1
        return replace(
            world,
            memory=self._memory(),
            next_value=world.next_value + is_done,
            step=0 if is_done else world.step + 1,
        )

    def _die(self, world: World) -> World | None:
        """The producer dies where it is; its successor publishes what was not committed yet."""
        if world.deaths:
            return None
        sequence = resume_producing(self.ring.address)
        return replace(world, memory=self._memory(), next_value=sequence + 1, step=0, deaths=1)

    def _consume(self, world: World) -> World | None:
        if world.has_polled:
            release(self.ring.address)
            return replace(world, memory=self._memory(), has_polled=False)
        slot = poll(self.ring.address)
        if slot == 0:
            return None
        values = (word_at(slot + PAYLOAD), word_at(slot + LAST_WORD))
        if values != (len(world.taken) + 1,) * 2:
            self.torn += 1
            return None
        return replace(world, has_polled=True, taken=(*world.taken, values[0]))


@pytest.fixture
def small_ring(tmp_path: Path) -> Iterator[Segment]:
    """A ring of two slots, which six messages go round three times."""
    segment = create_ring(tmp_path / "small", SegmentKind.TEST_RING, 2, slot_bytes=64)
    yield segment
    segment.close()


def test_no_interleaving_and_no_death_of_the_producer_loses_repeats_or_tears_a_record(small_ring: Segment) -> None:
    checker = Checker(small_ring, COMMIT_LAST)
    checker.walk()
    assert checker.torn == 0
    assert checker.finished == {(1, 2, 3, 4, 5, 6)}
    assert checker.worlds > 300


def test_a_producer_that_commits_first_is_caught(small_ring: Segment) -> None:
    checker = Checker(small_ring, COMMIT_FIRST)
    checker.walk()
    assert checker.torn > 0
