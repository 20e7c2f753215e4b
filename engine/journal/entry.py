"""Owns a journal entry: an input's own slot, with the time, the source and a check sum in its last words.

    words 0..27   the record; word 0 is the journal sequence + 1, which is the ring's commit word too
    word 28       the core's trace before this input, so each entry proves every result before it
    word 29       the time that the core was given
    word 30       where the input came from (`source`), above SOURCE_BITS the epoch of the run
    word 31       CRC32C over the slot with this half left out; in the upper half the segment's number

The segment's number is under the check sum: a block of an older file, or of another place, proves nothing here.
Words behind a record's layout are zero, because nobody wrote them and a check sum must not depend on chance.
"""

import numpy as np
from numpy.typing import NDArray

from ipc.compiler import kernel
from ipc.memory import address_of, crc32c_word, load, store
from ipc.record_words import COMMAND_WORDS_MIN, words_of_kind
from ipc.records import INPUT_WORDS_MAX, SLOT_BYTES, SLOT_WORDS

TRACE_WORD, NOW_WORD, SOURCE_WORD, CHECK_WORD = range(INPUT_WORDS_MAX, SLOT_WORDS)
SOURCE_BITS = 16
SOURCE_MASK = (1 << SOURCE_BITS) - 1
SEGMENT_SHIFT = 32
_CRC_MASK = (1 << SEGMENT_SHIFT) - 1


@kernel
def words_kept(kind: int) -> int:
    """How many words of an input of this kind are kept: its own, and what the core refuses a wrong kind by."""
    return min(max(words_of_kind(kind), COMMAND_WORDS_MIN), INPUT_WORDS_MAX)


@kernel
def words_crc(address: int, words: int, last_mask: int) -> int:
    """CRC32C over words, of the last of which only the masked bits count."""
    crc = _CRC_MASK
    for place in range(words - 1):
        crc = crc32c_word(crc, load(address + 8 * place))
    return crc32c_word(crc, load(address + 8 * (words - 1)) & last_mask) ^ _CRC_MASK


@kernel
def _entry_crc(entry: int) -> int:
    return words_crc(entry, SLOT_WORDS, ~_CRC_MASK)


@kernel
def seal_entries(address: int, first_sequence: int, count: int, segment_number: int) -> None:
    """Makes entries out of slots as the ring held them. Precondition: word 0 of each is its sequence + 1."""
    for place in range(count):
        entry = address + place * SLOT_BYTES
        assert load(entry) == first_sequence + place + 1, "a slot holds another sequence than its place says"
        for word in range(words_kept(load(entry + 8)), INPUT_WORDS_MAX):
            store(entry + 8 * word, 0)
        check = entry + 8 * CHECK_WORD
        store(check, segment_number << SEGMENT_SHIFT)
        store(check, segment_number << SEGMENT_SHIFT | _entry_crc(entry))


@kernel
def check_entries(address: int, first_sequence: int, count: int, segment_number: int) -> int:
    """The place of the first slot that is not the entry that belongs there; `count` when all are."""
    for place in range(count):
        entry = address + place * SLOT_BYTES
        if load(entry) != first_sequence + place + 1:
            return place
        if load(entry + 8 * CHECK_WORD) != segment_number << SEGMENT_SHIFT | _entry_crc(entry):
            return place
    return count


@kernel
def next_whole_entry(address: int, first_sequence: int, start: int, count: int, segment_number: int) -> int:
    """The place of the first slot from `start` on that holds the very entry of its place, else `count`."""
    for place in range(start, count):
        entry = address + place * SLOT_BYTES
        if check_entries(entry, first_sequence + place, 1, segment_number) == 1:
            return place
    return count


def crc32c(words: NDArray[np.int64]) -> int:
    """CRC32C over whole words."""
    return words_crc(address_of(words), len(words), -1)


def as_entries(data: bytearray | bytes | memoryview) -> NDArray[np.int64]:
    """Bytes as rows of one entry each, sharing their memory."""
    return np.frombuffer(data, np.int64).reshape(-1, SLOT_WORDS)
