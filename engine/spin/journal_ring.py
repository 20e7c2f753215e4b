"""Owns the appending of an input to the journal's ring: a copy of the record, and beside it what a replay needs."""

from ipc.compiler import kernel
from ipc.memory import copy_words, load, store
from ipc.record_words import COMMAND_WORDS_MIN, words_of_kind
from ipc.records import INPUT_WORDS_MAX
from ipc.ring import publish, try_claim

SOURCE_BITS = 16

_TRACE = 8 * INPUT_WORDS_MAX
_NOW = _TRACE + 8
_SOURCE = _NOW + 8


@kernel
def append(ring: int, record: int, now_ns: int, source_and_epoch: int, trace: int) -> bool:
    """Keeps an input and the trace before it; False when the ring is full.

    What lies in the slot behind the record's own words is the journal process's to clear.
    """
    slot = try_claim(ring)
    if slot == 0:
        return False
    # A command of a wrong kind is refused by its order id, so that is kept whatever the kind.
    words = min(max(words_of_kind(load(record + 8)), COMMAND_WORDS_MIN), INPUT_WORDS_MAX)
    copy_words(slot + 8, record + 8, words - 1)
    store(slot + _TRACE, trace)
    store(slot + _NOW, now_ns)
    store(slot + _SOURCE, source_and_epoch)
    publish(ring, slot)
    return True
