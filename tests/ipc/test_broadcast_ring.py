"""The broadcast ring gives each reader whole records in their order, and says how many it was too slow for."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipc.broadcast_ring import (
    READER_WORDS,
    ReaderWord,
    begin_reading,
    broadcast,
    broadcast_lost_count,
    poll_broadcast,
)
from ipc.compiler import JIT_DISABLED, kernel, kernel_without_gil
from ipc.memory import address_of, load, store
from ipc.records import SLOT_WORDS
from ipc.ring import create_ring
from ipc.segment import Segment, SegmentKind
from tests.ipc.words import word_at

CAPACITY = 4


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Segment]:
    """An empty ring of four slots."""
    segment = create_ring(tmp_path / "ring", SegmentKind.TEST_RING, CAPACITY)
    yield segment
    segment.close()


class Reader:
    """A reader's block, and what it was given."""

    def __init__(self, ring: Segment) -> None:
        self.words = np.zeros(READER_WORDS, np.int64)
        self.address = address_of(self.words)
        begin_reading(self.address, ring.address)

    def poll(self) -> int | None:
        """The value of the next record."""
        record = poll_broadcast(self.address)
        if record == 0:
            return None
        values = {word_at(record + 8 * word) for word in range(1, SLOT_WORDS)}
        assert len(values) == 1, "a record is torn"
        return values.pop()

    @property
    def lost_count(self) -> int:
        """How many records never reached it."""
        return int(broadcast_lost_count(self.address))


def publish(ring: Segment, value: int) -> None:
    """A record whose words all say its value."""
    broadcast(ring.address, address_of(np.full(SLOT_WORDS, value, np.int64)), SLOT_WORDS)


def test_every_reader_is_given_every_record_from_when_it_began(ring: Segment) -> None:
    first = Reader(ring)
    publish(ring, 10)
    second = Reader(ring)
    publish(ring, 11)
    assert [first.poll(), first.poll(), first.poll()] == [10, 11, None]
    assert [second.poll(), second.poll()] == [11, None]
    assert (first.lost_count, second.lost_count) == (0, 0)


def test_a_reader_that_was_lapped_goes_on_half_a_ring_behind(ring: Segment) -> None:
    reader = Reader(ring)
    for value in range(CAPACITY + 1):
        publish(ring, value)
    assert [reader.poll(), reader.poll(), reader.poll()] == [3, 4, None]
    assert reader.lost_count == 3


def test_a_record_that_is_being_written_is_not_there_yet(ring: Segment) -> None:
    reader = Reader(ring)
    ring.content.view(np.int64)[0] = -1
    assert reader.poll() is None


def test_readers_need_no_right_to_write(ring: Segment) -> None:
    reading = Segment.attach(ring.path, SegmentKind.TEST_RING, writable=False)
    reader = Reader(reading)
    publish(ring, 5)
    assert reader.poll() == 5
    reading.close()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["publish", "publish", "poll"]), max_size=60))
def test_what_a_reader_is_given_and_what_it_lost_add_up(steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        ring = create_ring(Path(folder) / "ring", SegmentKind.TEST_RING, CAPACITY)
        reader, published, expected = Reader(ring), 0, 0
        for step in steps:
            if step == "publish":
                publish(ring, published)
                published += 1
                continue
            if published - expected > CAPACITY:
                expected = published - CAPACITY // 2
            value = reader.poll()
            assert value == (expected if expected < published else None)
            expected += value is not None
        assert int(reader.words[ReaderWord.NEXT]) == expected
        ring.close()


RECORDS = 300_000


@kernel_without_gil
def publish_many(ring: int, record: int, count: int) -> None:
    """Records whose words all say their number, from 1 on."""
    for number in range(1, count + 1):
        for word in range(SLOT_WORDS):
            store(record + 8 * word, number)
        broadcast(ring, record, SLOT_WORDS)


@kernel
def read_until(reader: int, last: int) -> tuple[int, int, int]:
    """Reads until a record's number has come; returns how many came, how many were torn and how many out of order."""
    taken, torn, disordered, before = 0, 0, 0, 0
    while before < last:
        record = poll_broadcast(reader)
        if record == 0:
            continue
        number = load(record + 8)
        taken += 1
        disordered += int(number <= before)
        for word in range(SLOT_WORDS):
            torn += int(load(record + 8 * word) != number)
        before = number
    return taken, torn, disordered


@pytest.mark.skipif(JIT_DISABLED, reason="without the JIT there are no atomics")
@pytest.mark.parametrize("capacity", [2, 64, 4096])
def test_a_reader_beside_a_writer_at_full_speed_is_given_whole_records_in_their_order(
    tmp_path: Path, capacity: int
) -> None:
    segment = create_ring(tmp_path / "ring", SegmentKind.TEST_RING, capacity)
    reader, record = Reader(segment), np.zeros(SLOT_WORDS, np.int64)
    read_until(reader.address, 0)
    publish_many(segment.address, address_of(record), 0)
    writer = Thread(target=publish_many, args=(segment.address, address_of(record), RECORDS))
    writer.start()
    taken, torn, disordered = read_until(reader.address, RECORDS)
    writer.join()
    assert (torn, disordered) == (0, 0)
    assert taken + reader.lost_count == RECORDS
    segment.close()
