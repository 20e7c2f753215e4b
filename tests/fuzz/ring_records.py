"""Owns the fuzzer of what a strategy publishes in its ring: whatever the words say, the core refuses or takes it.

Each input is a number of records, one after the other, for a world that is new for each input.
"""

import random

import numpy as np

from ipc.enums import RecordKind
from ipc.records import LAYOUTS, SLOT_BYTES, SLOT_WORDS
from tests.engine.core.invariants import check_invariants
from tests.engine.core.world import COMMAND_DEFAULTS, UTC_OFFSET_NS, World
from tests.fuzz.spoiling import spoil_bytes, spoil_words

RECORDS_MAX = 8
SOURCE = 1
_ACCEPTED_EVERY = 2
# Looking at the whole state takes far longer than a step.
_CHECKED_EVERY = 16


class RingRecords:
    """The core's step, fed by a strategy that means no good."""

    def __init__(self) -> None:
        self._world = world = World(orders=8)
        world.book_top()
        self._fresh, self._fresh_ns = world.state.memory.copy(), world.now_ns
        sound = [self._record(world, kind, number) for number, kind in enumerate(COMMAND_DEFAULTS, 1)]
        self.seeds = [*sound, b"".join(sound), sound[0] * 3]

    def _record(self, world: World, kind: RecordKind, number: int) -> bytes:
        words = np.zeros(SLOT_WORDS, np.int64)
        layout = LAYOUTS[kind]
        row = words[: layout.itemsize // 8].view(layout)[0]
        fields = {
            "kind": kind,
            "sequence": number,
            "expires_utc_ns": world.now_ns + UTC_OFFSET_NS + 1,
            "order_id": world.order_id(SOURCE, 1),
            **COMMAND_DEFAULTS[kind],
        }
        for name, value in fields.items():
            row[name] = value
        return words.tobytes()

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """Words of the records, or another record behind them."""
        act = generator.randrange(6)
        if act == 0:
            return spoil_bytes(data, generator)
        if act < 3:
            return data + generator.choice(self.seeds)
        return spoil_words(data, generator)

    def close(self) -> None:
        """It holds nothing."""

    def take(self, data: bytes) -> None:
        """As the spin takes what it finds in a ring; the state is sound afterwards."""
        world = self._world
        world.state.memory[:], world.now_ns = self._fresh, self._fresh_ns
        world.inputs.clear()
        count = min(len(data) // SLOT_BYTES, RECORDS_MAX)
        records = np.frombuffer(data[: count * SLOT_BYTES], np.int64).reshape(count, SLOT_WORDS)
        for number, words in enumerate(records):
            step = world.feed_words(words, source=SOURCE)
            assert len(step.refusals) <= 1, "refused for more than one reason"
            if number % _ACCEPTED_EVERY:
                world.book_top()
        if sum(data[:64]) % _CHECKED_EVERY == 0:
            check_invariants(world)
