"""Owns a loop whose journal's ring nobody drains but the test."""

from pathlib import Path

import numpy as np

from engine.core.state import State
from ipc.clock import SystemClock
from ipc.enums import JournalState
from ipc.records import SLOT_WORDS
from ipc.ring import create_ring
from ipc.segment import Segment, SegmentKind, SegmentWord
from tests.engine.core.world import EPOCH
from tests.engine.spin.spin_desk import SpinDesk

CAPACITY = 512
FIRST = 1_000


class JournalDesk(SpinDesk):
    """A loop whose journal is a ring that nobody drains but the test."""

    def __init__(self, folder: Path, *, awaits_disk: bool = False, first_sequence: int = FIRST) -> None:
        super().__init__(folder)
        self.journal: Segment = create_ring(
            folder / "journal", SegmentKind.JOURNAL_RING, CAPACITY, epoch=EPOCH, first_sequence=first_sequence
        )
        self.beat(JournalState.KEEPING)
        self.loop.use_journal(self.journal, epoch=EPOCH, awaits_disk=awaits_disk)
        self.base_state = State.from_bytes(self.world.state.memory.tobytes())
        self.turn_until_known()

    def beat(self, state: JournalState) -> None:
        self.journal.words[SegmentWord.JOURNAL_STATE] = state
        self.journal.words[SegmentWord.JOURNAL_BEAT_NS] = SystemClock.monotonic_ns()

    def turn_until_known(self) -> None:
        for _ in range(32):
            self.turn()

    @property
    def entries(self) -> np.ndarray:
        """What was kept so far, of those not drained."""
        first, last = int(self.journal.words[SegmentWord.RELEASED]), int(self.journal.words[SegmentWord.NEXT])
        slots = self.journal.content.view(np.int64).reshape(CAPACITY, SLOT_WORDS)
        return np.array([slots[sequence % CAPACITY] for sequence in range(first, last)]).reshape(-1, SLOT_WORDS)

    def drain(self) -> None:
        self.journal.words[SegmentWord.RELEASED] = self.journal.words[SegmentWord.NEXT]
        self.journal.words[SegmentWord.JOURNAL_DURABLE] = self.journal.words[SegmentWord.NEXT]

    @property
    def journal_state(self) -> int:
        return int(self.world.state.header["journal_state"])
