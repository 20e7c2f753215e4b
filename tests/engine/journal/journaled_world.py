"""Owns a world whose inputs are kept as the engine keeps them, for its life to be lived again."""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from engine.core.step import ENGINE
from engine.journal.entry import NOW_WORD, SOURCE_BITS, SOURCE_WORD, TRACE_WORD, words_kept
from engine.journal.snapshot import Snapshot, SnapshotName
from ipc.records import SLOT_WORDS
from tests.engine.core.random_trading import RandomTrading
from tests.engine.core.step_effects import Step
from tests.engine.core.world import EPOCH, World


class JournaledWorld(World):
    """A world that writes down each input before it takes it, and all that came of it."""

    def __init__(self, first_sequence: int = 0, *, orders: int = 64) -> None:
        super().__init__(orders=orders, tombstones=64, trades=8_192)
        self.first_sequence = first_sequence
        self._entries: list[NDArray[np.int64]] = []
        self.effects: list[NDArray[np.int64]] = []
        self.base = self.snapshot()

    def feed_words(self, words: NDArray[np.int64], *, source: int = ENGINE) -> Step:
        """Takes an input that is written down first."""
        entry = np.zeros(SLOT_WORDS, np.int64)
        kept = words_kept(int(words[1]))
        entry[: min(len(words), kept)] = words[:kept]
        entry[0] = self.next_sequence + 1
        entry[TRACE_WORD] = self.state.header["trace"]
        entry[NOW_WORD] = self.now_ns
        entry[SOURCE_WORD] = source | EPOCH << SOURCE_BITS
        self._entries.append(entry)
        step = super().feed_words(words, source=source)
        for effect in self.state.table("effects")["words"][: int(self.state.header["effect_count"])]:
            self.effects.append(np.array(effect))
        return step

    @property
    def next_sequence(self) -> int:
        """Of the next input."""
        return self.first_sequence + len(self._entries)

    def entries(self) -> NDArray[np.int64]:
        """Everything that was taken, as the ring would hold it."""
        return np.array(self._entries, np.int64).reshape(-1, SLOT_WORDS)

    def snapshot(self, *, epoch: int = EPOCH, is_base: bool = True) -> Snapshot:
        """The world as it is now."""
        name = SnapshotName(self.next_sequence, epoch)
        return Snapshot(name, is_base, 0, self.state.digest(), self.state.memory.tobytes())

    def trade(self, steps: int, *, seed: int = 1) -> "JournaledWorld":
        """Lets something happen."""
        trading = RandomTrading(self, seed)
        # Whether the core does right is for its own tests; here it must only do the same again.
        trading.ledger.check = lambda world, step: None  # type: ignore[method-assign]
        for _ in range(steps):
            trading.take_step()
        return self


def state_of(snapshot: Snapshot) -> State:
    """A snapshot's block."""
    memory = np.frombuffer(bytearray(snapshot.block), np.uint8)
    return State(memory)
