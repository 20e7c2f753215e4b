"""Owns the ring: one producer, one consumer, fixed slots in shared memory.

A slot's first word is its commit word: the sequence of the record in it plus one, released last. There
is no stored tail, so a producer that dies half-way leaves a slot that was never committed, and its
successor writes it again. The consumer owns the word RELEASED, the producer NEXT and its last sight of
RELEASED; each lies in its own cache lines, so neither side pulls at the other's while the ring is
neither full nor empty.

    producer: claim -> write words 1.. -> publish          consumer: poll -> read -> release
"""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from ipc.compiler import kernel
from ipc.memory import copy_words, load, load_acquire, store, store_release
from ipc.records import SLOT_BYTES
from ipc.segment import HEADER_BYTES, Segment, SegmentKind, SegmentWord

_CAPACITY = SegmentWord.CAPACITY * 8
_SLOT_BYTES = SegmentWord.SLOT_BYTES * 8
_RELEASED = SegmentWord.RELEASED * 8
_NEXT = SegmentWord.NEXT * 8
_SEEN_RELEASED = SegmentWord.SEEN_RELEASED * 8
_LAGGED_COUNT = SegmentWord.LAGGED_COUNT * 8
_READY = SegmentWord.READY * 8


@kernel
def slot_address(ring: int, sequence: int) -> int:
    """Where the record of a sequence lies."""
    return ring + HEADER_BYTES + (sequence & (load(ring + _CAPACITY) - 1)) * load(ring + _SLOT_BYTES)


@kernel
def try_claim(ring: int) -> int:
    """The address of the slot to write next, 0 when the ring is full; claiming twice gives the same slot."""
    sequence = load(ring + _NEXT)
    capacity = load(ring + _CAPACITY)
    if sequence - load(ring + _SEEN_RELEASED) >= capacity:
        # Ordering: pairs with the release in release(): the consumer is done with what it gives back.
        released = load_acquire(ring + _RELEASED)
        store(ring + _SEEN_RELEASED, released)
        if sequence - released >= capacity:
            return 0
    return slot_address(ring, sequence)


@kernel
def publish(ring: int, slot: int) -> None:
    """Makes the claimed slot visible. Precondition: every word of the record but the first is written."""
    sequence = load(ring + _NEXT)
    # Ordering: pairs with the acquire in poll(): who sees the commit word sees the record.
    store_release(slot, sequence + 1)
    store(ring + _NEXT, sequence + 1)


@kernel
def try_publish(ring: int, record: int, words: int) -> bool:
    """Copies a record of `words` words into the ring; False when the ring is full."""
    slot = try_claim(ring)
    if slot == 0:
        return False
    copy_words(slot + 8, record + 8, words - 1)
    publish(ring, slot)
    return True


@kernel
def poll(ring: int) -> int:
    """The address of the next record to read, 0 when there is none."""
    sequence = load(ring + _RELEASED)
    slot = slot_address(ring, sequence)
    # Ordering: pairs with the release in publish().
    if load_acquire(slot) >= sequence + 1:
        return slot
    return 0


@kernel
def release(ring: int) -> None:
    """Gives the polled slot back to the producer."""
    # Ordering: pairs with the acquire in try_claim(): our reads of the slot come before its reuse.
    store_release(ring + _RELEASED, load(ring + _RELEASED) + 1)


@kernel
def ready_count(ring: int, most: int) -> int:
    """How many records lie ready one behind the other in memory, `most` at the most."""
    sequence = load(ring + _RELEASED)
    capacity = load(ring + _CAPACITY)
    most = min(most, capacity - (sequence & (capacity - 1)))
    count = 0
    # Ordering: pairs with the release in publish().
    while count < most and load_acquire(slot_address(ring, sequence + count)) >= sequence + count + 1:
        count += 1
    return count


@kernel
def release_many(ring: int, count: int) -> None:
    """Gives the next `count` slots back to the producer."""
    # Ordering: pairs with the acquire in try_claim(): our reads of the slots come before their reuse.
    store_release(ring + _RELEASED, load(ring + _RELEASED) + count)


@kernel
def count_lost(ring: int) -> None:
    """Notes that a record found the ring full and was lost; the consumer sees the count and asks for the state."""
    # Ordering: pairs with the acquire in lost_count(): who sees the count finds the record's effect in the state.
    store_release(ring + _LAGGED_COUNT, load(ring + _LAGGED_COUNT) + 1)


@kernel
def lost_count(ring: int) -> int:
    """How many records the producer had to drop since the ring was made."""
    return load_acquire(ring + _LAGGED_COUNT)


@kernel
def is_retired(ring: int) -> bool:
    """Whether the engine that made the ring has left it."""
    return load(ring + _READY) != 1


@kernel
def resume_producing(ring: int) -> int:
    """Takes over after a producer that died: skips what it committed but did not count; returns the next sequence."""
    sequence = load(ring + _NEXT)
    while load_acquire(slot_address(ring, sequence)) == sequence + 1:
        sequence += 1
    store(ring + _NEXT, sequence)
    store(ring + _SEEN_RELEASED, load_acquire(ring + _RELEASED))
    return sequence


def create_ring(  # noqa: PLR0913  what a header says
    path: Path,
    kind: SegmentKind,
    capacity: int,
    *,
    slot_bytes: int = SLOT_BYTES,
    epoch: int = 0,
    instance: int = 0,
    strategy_id: int = 0,
    first_sequence: int = 0,
) -> Segment:
    """A new, empty ring. Precondition: capacity is a power of two, slot_bytes whole cache lines."""
    assert capacity > 0 and capacity & (capacity - 1) == 0, f"capacity {capacity} is not a power of two"
    assert slot_bytes % 64 == 0, f"slot of {slot_bytes} bytes is not whole cache lines"
    return Segment.create(
        path,
        kind,
        capacity * slot_bytes,
        epoch=epoch,
        instance=instance,
        strategy_id=strategy_id,
        capacity=capacity,
        slot_bytes=slot_bytes,
        first_sequence=first_sequence,
    )


def record_at(address: int, layout: np.dtype[np.void]) -> Any:
    """A record in a ring as Python sees it; it changes when the slot is reused."""
    memory = (ctypes.c_char * layout.itemsize).from_address(address)
    return np.frombuffer(memoryview(memory), dtype=layout)[0]
