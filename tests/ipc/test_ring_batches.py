"""A ring may be read in batches, and may start at any sequence."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipc.ring import create_ring, poll, publish, ready_count, release_many, slot_address, try_claim
from ipc.segment import Segment, SegmentKind, SegmentWord
from tests.ipc.words import set_word, word_at

CAPACITY = 8
FIRST = 1_000_003


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Segment]:
    """An empty ring that does not start at zero."""
    segment = create_ring(tmp_path / "ring", SegmentKind.JOURNAL_RING, CAPACITY, slot_bytes=64, first_sequence=FIRST)
    yield segment
    segment.close()


def put(ring: int, value: int) -> bool:
    """Publishes one value."""
    slot = try_claim(ring)
    if slot:
        set_word(slot + 8, value)
        publish(ring, slot)
    return slot != 0


def test_the_first_sequence_is_the_rings(ring: Segment) -> None:
    assert int(ring.words[SegmentWord.JOURNAL_DURABLE]) == FIRST
    assert (poll(ring.address), ready_count(ring.address, CAPACITY)) == (0, 0)
    assert put(ring.address, 5)
    slot = poll(ring.address)
    assert slot == slot_address(ring.address, FIRST)
    assert word_at(slot) == FIRST + 1, "the commit word is the sequence and one"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, CAPACITY + 2), st.integers(0, CAPACITY + 2), st.integers(0, CAPACITY))))
def test_batches_give_every_record_once_and_in_order(rounds: list[tuple[int, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        ring = create_ring(Path(folder) / "r", SegmentKind.TEST_RING, CAPACITY, slot_bytes=64, first_sequence=FIRST)
        given_out, taken = 0, 0
        for puts, most, releases in rounds:
            for _ in range(puts):
                given_out += put(ring.address, given_out)
            assert given_out - taken <= CAPACITY
            count = ready_count(ring.address, most)
            to_the_end = CAPACITY - (FIRST + taken) % CAPACITY
            assert count == min(given_out - taken, most, to_the_end), "a batch ends where the memory ends"
            first = slot_address(ring.address, FIRST + taken)
            assert [word_at(first + place * 64 + 8) for place in range(count)] == list(range(taken, taken + count))
            release_many(ring.address, min(count, releases))
            taken += min(count, releases)
        ring.close()


def test_a_slot_that_was_not_committed_ends_the_batch(ring: Segment) -> None:
    for value in range(3):
        put(ring.address, value)
    set_word(slot_address(ring.address, FIRST + 1), FIRST + 1 - CAPACITY)
    assert ready_count(ring.address, CAPACITY) == 1
