"""Owns taking up an earlier run: its journal is completed from the ring that it left, and replayed to its end."""

from dataclasses import dataclass
from pathlib import Path

from engine.core.state import State
from engine.event_log import EventLog, LogLevel
from engine.journal.errors import JournalBusyError
from engine.journal.recovery import RecoveryResult
from engine.journal.replica import Replica
from engine.journal.ring import keep_left
from engine.journal.store import JournalStore
from ipc.clock import NS_PER_MS, NS_PER_S, WaitingClock

# The journal process of a dead engine writes down what that left before it lets go.
_BUSY_WAIT_NS = 30 * NS_PER_S
_BUSY_NAP_NS = 5 * NS_PER_MS


@dataclass(frozen=True)
class EarlierRun:
    """What there was before: the state after the last entry, None when there is no journal yet."""

    state: State | None
    epoch: int
    next_sequence: int
    may_lack_end: bool
    """Whether the last inputs may be lost: the ring that held what was not on disk yet is gone."""


def take_up(store: JournalStore, runtime_folder: Path, *, clock: WaitingClock, log: EventLog) -> EarlierRun:
    """Makes the store ours and gives back the state that its last entry led to; JournalError when it is not whole."""
    started_ns = clock.monotonic_ns()
    found = _recover(store, clock, log)
    for text in found.said:
        log.write(LogLevel.WARNING, "journal", said=text)
    left_count = keep_left(runtime_folder, store.next_sequence, store.append)
    if found.snapshot is None:
        return EarlierRun(None, 0, store.next_sequence, may_lack_end=False)
    replica = Replica(found.snapshot)
    for entries in store.entries(found.snapshot.sequence):
        replica.apply_only(entries)
    state = replica.state
    log.write(
        LogLevel.INFO,
        "recovered",
        epoch=found.snapshot.epoch,
        replayed=store.next_sequence - found.snapshot.sequence,
        from_ring=left_count or 0,
        open_orders=int(state.header["open_order_count"]),
        milliseconds=(clock.monotonic_ns() - started_ns) // NS_PER_MS,
    )
    # The ring of a run that ended in order is gone as well, but then its closing snapshot says so.
    is_ended = found.snapshot.is_closing and found.snapshot.sequence == store.next_sequence
    may_lack_end = left_count is None and not is_ended
    return EarlierRun(state, found.snapshot.epoch, store.next_sequence, may_lack_end)


def _recover(store: JournalStore, clock: WaitingClock, log: EventLog) -> RecoveryResult:
    deadline_ns = clock.monotonic_ns() + _BUSY_WAIT_NS
    is_told = False
    while True:
        try:
            return store.recover()
        except JournalBusyError:
            if clock.monotonic_ns() >= deadline_ns:
                raise
        if not is_told:
            is_told = True
            log.write(LogLevel.INFO, "journal_awaited", reason="its process still writes down what the last run left")
        clock.sleep_ns(_BUSY_NAP_NS)
