"""Owns the appending of an input to the journal's ring: a copy of the record, and beside it what a replay needs."""

from engine.journal.entry import NOW_WORD, SOURCE_WORD, TRACE_WORD, words_kept
from ipc.compiler import kernel
from ipc.memory import copy_words, load, store
from ipc.ring import publish, try_claim


@kernel
def append(ring: int, record: int, now_ns: int, source_and_epoch: int, trace: int) -> bool:
    """Keeps an input and the trace before it; False when the ring is full.

    What lies in the slot behind the record's own words is the journal process's to clear.
    """
    slot = try_claim(ring)
    if slot == 0:
        return False
    copy_words(slot + 8, record + 8, words_kept(load(record + 8)) - 1)
    store(slot + 8 * TRACE_WORD, trace)
    store(slot + 8 * NOW_WORD, now_ns)
    store(slot + 8 * SOURCE_WORD, source_and_epoch)
    publish(ring, slot)
    return True
