"""Owns living through entries again: each is given to the core as it was the first time, and its trace compared."""

from engine.core.state import effect_address, header_of
from engine.journal.entry import NOW_WORD, SOURCE_MASK, SOURCE_WORD, TRACE_WORD
from ipc.compiler import kernel
from ipc.memory import call_at, copy_words, load, store
from ipc.record_words import words_of_kind
from ipc.records import SLOT_BYTES, SLOT_WORDS

APPLIED_BITS = 32
APPLIED_MASK = (1 << APPLIED_BITS) - 1


@kernel
def replay_entries(core_step: int, state: int, entries: int, count: int, events: int, room: int) -> int:
    """Applies entries in their order and copies every effect to `events`, which holds `room` of them.

    Returns how many entries were applied, and above APPLIED_BITS how many events there are. It stops before an entry
    whose trace is not the state's, and before one whose effects might not find room; without room none is kept.
    """
    header = header_of(state)
    effects_max = header["effects_count"]
    used = 0
    for place in range(count):
        entry = entries + place * SLOT_BYTES
        if load(entry + 8 * TRACE_WORD) != header["trace"]:
            return place | used << APPLIED_BITS
        if room > 0 and room - used < effects_max:
            return place | used << APPLIED_BITS
        source = load(entry + 8 * SOURCE_WORD) & SOURCE_MASK
        effects = call_at(core_step, state, entry, load(entry + 8 * NOW_WORD), source)
        # A C function cannot raise: what stopped it has left the sequence lock taken.
        assert load(state) & 1 == 0, "the core stopped in the middle of a step"
        if room > 0:
            for effect in range(effects):
                _copy_effect(events + (used + effect) * SLOT_BYTES, effect_address(state, effect))
            used += effects
    return count | used << APPLIED_BITS


@kernel
def _copy_effect(target: int, effect: int) -> None:
    words = words_of_kind(load(effect + 8))
    copy_words(target, effect, words)
    for word in range(words, SLOT_WORDS):
        store(target + 8 * word, 0)
