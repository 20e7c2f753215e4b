"""Owns the engine's side of its run's journal: the base snapshot, the ring, and the wait for who serves it."""

import asyncio
from pathlib import Path

from engine.core.state import State
from engine.event_log import EventLog, LogLevel
from engine.failpoint import reached
from engine.journal.ring import NAME
from engine.journal.store import JournalStore
from ipc.clock import NS_PER_MS, NS_PER_S, Clock
from ipc.enums import JournalState
from ipc.ring import create_ring
from ipc.segment import Segment, SegmentKind, SegmentWord

_LOOK_S = 0.002
_TELL_AFTER_NS = 2 * NS_PER_S


class RunJournal:
    """Made once in each run, when its state is complete and nothing has happened yet."""

    def __init__(self, folder: Path, store: JournalStore, state: State, *, epoch: int, capacity: int) -> None:
        """Writes the block that every replay of this run starts from, and leaves the store to the journal process."""
        instance = int(state.header["instance"])
        sequence = store.next_sequence
        reached("engine-carried-over")
        store.write_snapshot(state.memory.tobytes(), sequence, state.digest(), epoch=epoch, is_base=True)
        reached("engine-ring-awaited")
        self.ring: Segment = create_ring(
            folder / NAME,
            SegmentKind.JOURNAL_RING,
            capacity,
            epoch=epoch,
            instance=instance,
            first_sequence=sequence,
        )
        self.ring.keep_fixed_words()
        store.close()

    @property
    def state(self) -> JournalState:
        """What the journal process says of itself."""
        return JournalState(int(self.ring.words[SegmentWord.JOURNAL_STATE]))

    async def until_kept(self, clock: Clock, log: EventLog) -> None:
        """Returns when somebody serves the ring: nothing may be traded before."""
        started_ns = clock.monotonic_ns()
        is_told = False
        while self.state is not JournalState.KEEPING:
            if not is_told and clock.monotonic_ns() - started_ns >= _TELL_AFTER_NS:
                is_told = True
                log.write(LogLevel.WARNING, "journal_awaited", reason="no journal process serves the ring yet")
            await asyncio.sleep(_LOOK_S)
        log.write(LogLevel.INFO, "journal_kept", after_ms=(clock.monotonic_ns() - started_ns) // NS_PER_MS)

    def retire(self) -> None:
        """Tells the journal process that nothing more will come; the ring stays for what it has not taken yet."""
        self.ring.retire()
