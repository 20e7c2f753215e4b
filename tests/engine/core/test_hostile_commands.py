"""Commands of arbitrary words: each is refused for one reason or accepted, and the state stays sound."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ipc.enums import RecordKind, RefusalReason
from ipc.records import LAYOUTS, SLOT_WORDS
from tests.engine.core.invariants import check_invariants
from tests.engine.core.world import UTC_OFFSET_NS, World

COMMANDS = (
    RecordKind.NEW_ORDER,
    RecordKind.CANCEL_ORDER,
    RecordKind.AMEND_ORDER,
    RecordKind.CANCEL_ALL,
    RecordKind.TARGET_POSITION,
)
EDGES = st.sampled_from(
    [
        *(-(1 << bits) for bits in (63, 62, 32, 31)),
        *((1 << bits) + offset for bits in (31, 32, 62) for offset in (-1, 0, 1)),
        (1 << 63) - 1,
    ]
)
WORD = st.one_of(st.integers(-2, 12), st.sampled_from([100, 4_000, 5_000, 10_000, 1 << 30]), EDGES)
ANY_WORD = st.one_of(WORD, st.integers(-(1 << 63), (1 << 63) - 1))


def _world() -> World:
    """A world with orders in several states, so that commands can meet them."""
    world = World(orders=8)
    world.book_top()
    first = world.place()
    world.fill(first, 3)
    world.place(accepted=False, price_ticks=9_000)
    world.cancel(world.place(price_ticks=9_100))
    return world


def _check_answer(world: World, words: list[int] | np.ndarray, source: int) -> None:
    before = world.masked_digest()
    step = world.feed_words(words, source=source)
    assert len(step.refusals) <= 1
    if step.refusals:
        assert (len(step.effects), step.refusals[0] != RefusalReason.NONE) == (1, True)
        assert step.effects[0].strategy == source
        assert world.masked_digest() == before, f"{step.refusals[0].name} changed the state"
    check_invariants(world)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_WORD, min_size=SLOT_WORDS, max_size=SLOT_WORDS), st.integers(1, 3))
def test_arbitrary_words_are_refused_for_one_reason(words: list[int], source: int) -> None:
    _check_answer(_world(), words, source)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(COMMANDS),
    st.lists(WORD, min_size=SLOT_WORDS, max_size=SLOT_WORDS),
    st.integers(0, 5),
    st.dictionaries(st.integers(0, 13), ANY_WORD, max_size=2),
)
def test_commands_that_are_almost_good_are_accepted_or_refused_for_one_reason(
    kind: RecordKind, words: list[int], order_sequence: int, spoiled: dict[int, int]
) -> None:
    world = _world()
    names = list(LAYOUTS[kind].names or ())
    values = dict(zip(names, words, strict=False)) | {
        "kind": int(kind),
        "sequence": 100,
        "expires_utc_ns": world.now_ns + UTC_OFFSET_NS,
        "order_id": world.order_id(sequence=order_sequence),
    }
    optional = {"max_slippage_bps", "execution_timeout_ms", "retry_attempts", "retry_delay_ms"}
    values |= dict.fromkeys(optional & set(names), -1)
    for place, value in spoiled.items():
        if 4 + place < len(names):
            values[names[4 + place]] = value
    _check_answer(world, [values[name] for name in names], 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(ANY_WORD, min_size=SLOT_WORDS, max_size=SLOT_WORDS), max_size=20))
def test_good_input_still_works_after_hostile_input(records: list[list[int]]) -> None:
    world = _world()
    for words in records:
        world.feed_words(words, source=2)
    assert world.new_order(price_ticks=8_000).refusals == []
