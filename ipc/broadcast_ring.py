"""Owns the broadcast ring: one writer that waits for nobody, any number of readers, fixed slots in shared memory.

A slot's first word is its commit word: the sequence of the record in it plus one, and while that record is being
written its negative. A reader copies a slot and looks at the commit word again; if it changed, the copy may be torn
and is dropped. A reader that the writer has lapped goes on half a ring behind it and counts what it lost; a ring of
two slots is the smallest. Readers write nothing here: each has a block of its own, which leads to the ring.

    writer: mark -> write words 1.. -> commit -> count     reader: see -> copy words 1.. -> see again
"""

from enum import IntEnum

from ipc.compiler import kernel
from ipc.memory import copy_words, fence_acquire, fence_release, load, load_acquire, store, store_release
from ipc.records import SLOT_WORDS
from ipc.ring import slot_address
from ipc.segment import SegmentWord

_CAPACITY = SegmentWord.CAPACITY * 8
_COUNT = SegmentWord.NEXT * 8


class ReaderWord(IntEnum):
    """Index of each word of a reader's block; the copied record comes last."""

    RING = 0
    NEXT = 1  # the sequence that is read next
    LOST = 2  # how many records the writer overwrote before they were read
    RECORD = 8


READER_WORDS = ReaderWord.RECORD + SLOT_WORDS
_RING = ReaderWord.RING * 8
_NEXT = ReaderWord.NEXT * 8
_LOST = ReaderWord.LOST * 8
_RECORD = ReaderWord.RECORD * 8


@kernel
def broadcast(ring: int, record: int, words: int) -> None:
    """Copies a record of `words` words into the ring, over the oldest one."""
    sequence = load(ring + _COUNT)
    slot = slot_address(ring, sequence)
    # Ordering: pairs with the acquire of the commit word in poll_broadcast(): who sees that it was lapped finds a
    # count that says so too.
    store_release(slot, -(sequence + 1))
    # Ordering: pairs with the fence in poll_broadcast(): who copied a word of this record sees the mark.
    fence_release()
    copy_words(slot + 8, record + 8, words - 1)
    # Ordering: pairs with the acquire in poll_broadcast(): who sees the commit word sees the record.
    store_release(slot, sequence + 1)
    store_release(ring + _COUNT, sequence + 1)


@kernel
def begin_reading(reader: int, ring: int) -> None:
    """Lets a reader's block lead to a ring; it reads what comes from now on."""
    store(reader + _RING, ring)
    store(reader + _NEXT, load_acquire(ring + _COUNT))
    store(reader + _LOST, 0)


@kernel
def poll_broadcast(reader: int) -> int:
    """The address of the next record, in the reader's own block until the next call; 0 when there is none."""
    ring = load(reader + _RING)
    while True:
        sequence = load(reader + _NEXT)
        slot = slot_address(ring, sequence)
        # Ordering: pairs with the releases in broadcast().
        commit = load_acquire(slot)
        if commit == sequence + 1:
            copy_words(reader + _RECORD + 8, slot + 8, SLOT_WORDS - 1)
            # Ordering: pairs with the fence in broadcast().
            fence_acquire()
            if load(slot) == commit:
                store(reader + _RECORD, commit)
                store(reader + _NEXT, sequence + 1)
                return reader + _RECORD
        elif abs(commit) <= sequence + 1:
            return 0
        else:
            _catch_up(reader, ring, sequence)


@kernel
def _catch_up(reader: int, ring: int, sequence: int) -> None:
    """Skips what is overwritten, and enough beyond it not to be lapped again at once."""
    # Ordering: pairs with the release of the count in broadcast().
    resumed = load_acquire(ring + _COUNT) - (load(ring + _CAPACITY) >> 1)
    store(reader + _LOST, load(reader + _LOST) + resumed - sequence)
    store(reader + _NEXT, resumed)


@kernel
def broadcast_lost_count(reader: int) -> int:
    """How many records a reader was too slow for."""
    return load(reader + _LOST)
