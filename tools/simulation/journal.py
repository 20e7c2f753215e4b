"""Owns the journal of a simulation: every input as it was given to the core, and its replay."""

from typing import NamedTuple

import numpy as np

from engine.core.state import State
from engine.core.step import step
from ipc.memory import address_of
from ipc.records import SLOT_BYTES
from tools.simulation.block_view import BlockView


class Entry(NamedTuple):
    """One input: the record's bytes, the time and the source that the core was given."""

    record: bytes
    now_ns: int
    source: int
    trace: int
    """The core's running hash before this input."""


class ReplayDifferenceError(Exception):
    """Replaying the journal gives something else than what was seen."""


class Journal:
    """The entries of one run after its base snapshot."""

    def __init__(self, base: bytes) -> None:
        self.base = base
        self.entries: list[Entry] = []

    def lose_tail(self, since_ns: int) -> int:
        """Forgets what was appended since a moment; returns how many entries that were."""
        kept = [entry for entry in self.entries if entry.now_ns < since_ns]
        lost = len(self.entries) - len(kept)
        self.entries = kept
        return lost

    def replay(self, state: State) -> list[list[int]]:
        """Makes `state` the block after the last entry; returns every effect on the way, in order."""
        state.memory[:] = np.frombuffer(self.base, np.uint8)
        view = BlockView(state)
        record = np.zeros(SLOT_BYTES, np.uint8)
        address = address_of(record)
        effects: list[list[int]] = []
        for place, entry in enumerate(self.entries):
            trace = view.header("trace")
            if trace != entry.trace:
                raise ReplayDifferenceError(f"before entry {place} the trace is {trace}, seen was {entry.trace}")
            record[:] = np.frombuffer(entry.record, np.uint8)
            count = step(state.address, address, entry.now_ns, entry.source)
            effects += [view.effect(effect) for effect in range(count)]
        return effects
