"""Owns serving one engine's ring: what it hands over goes to disk, and a second core lives through it behind that."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.config import Config
from engine.event_log import EventLog, LogLevel
from engine.journal.budget import prune
from engine.journal.catch_up import catch_up
from engine.journal.compression import compress_next
from engine.journal.errors import JournalError, JournalWriteError
from engine.journal.event_server import EventServer
from engine.journal.events import EventReader, EventWriter
from engine.journal.replica import ReplayDivergedError, Replica
from engine.journal.ring import JournalRing
from engine.journal.store import JournalStore
from ipc.clock import NS_PER_S, Clock
from ipc.enums import JournalState

BATCH_ENTRIES = 4096
RETRY_NS = NS_PER_S
_TIDY_NS = 10 * NS_PER_S


class JournalService:
    """Lives from the moment a ring is there until its engine is gone and everything in it is on disk."""

    def __init__(  # noqa: PLR0913  what is served, and with what
        self, config: Config, folder: Path, ring: JournalRing, store: JournalStore, *, clock: Clock, log: EventLog
    ) -> None:
        self._config = config
        self._ring = ring
        self._store = store
        self._clock = clock
        self._log = log
        # Said once entries are taken: before that the engine must not count on it.
        self._state = JournalState.ABSENT
        self._retry_at_ns = 0
        self._replica: Replica | None = None
        self._events = EventWriter(store.disk)
        # In mode "process" nothing waits for the disk, so entries gather between turns: one by one they would take a
        # whole core, which on a small machine the engine and its strategies need.
        self._urgent_from = min(BATCH_ENTRIES, ring.capacity // 8) if config.journal.mode == "process" else 1
        self._is_replica_due = True
        self._tidy_at_ns = 0
        # The newest one may have failed, or not be written yet.
        self._snapshot_begun = 0
        self._base_sequence = -1
        self._chore: Iterator[None] = iter(())
        self._recover()
        self._server = EventServer(
            folder,
            EventReader(store.disk, self._events),
            {strategy.name: strategy.id for strategy in config.strategies},
            clock.monotonic_ns,
        )
        self._state = JournalState.KEEPING

    def _recover(self) -> None:
        result = self._store.open_for_append(epoch=self._ring.epoch)
        for text in result.said:
            self._log.write(LogLevel.WARNING, "journal_recovered", what=text)
        handed_over, ends = self._ring.next_sequence, self._ring.end_sequence
        if not handed_over <= self._store.next_sequence <= ends:
            raise JournalError(
                f"{self._store.folder} ends before sequence {self._store.next_sequence}, but the engine's ring holds "
                f"{handed_over} to {ends}: they are not of one journal; restart the engine"
            )
        self._ring.release(self._store.durable_sequence)
        self._store.make_room()
        self._make_replica()

    def _make_replica(self) -> None:
        """A second core at the journal's end; without one the journal is still kept."""
        self._is_replica_due = False
        self._replica = None
        snapshot = self._store.latest_snapshot()
        try:
            if snapshot is None:
                raise JournalError(f"{self._store.folder} has no snapshot to start from")
            self._replica = catch_up(self._store, self._events, snapshot, self._beat)
            self._snapshot_begun = snapshot.sequence
            self._base_sequence = snapshot.sequence if snapshot.is_base else -1
        except OSError as error:
            self._put_off_replica(error)
        except JournalError as error:
            self._doubt(error)

    def _beat(self) -> None:
        self._ring.tell(self._state, self._clock.monotonic_ns())

    def _doubt(self, error: JournalError) -> None:
        """The journal is kept as before, but nothing that a second core says is trusted or kept any more."""
        self._replica = None
        self._events.close()
        self._log.write(LogLevel.ERROR, "replay_differs", error=str(error), consequence="no snapshots, no events")

    def _put_off_replica(self, error: OSError) -> None:
        """The stream of events could not be written: it is made again, from the journal, when the disk takes it."""
        self._replica = None
        self._events.close()
        self._is_replica_due = True
        self._tidy_at_ns = self._clock.monotonic_ns() + _TIDY_NS
        self._log.write(LogLevel.ERROR, "events_not_kept", error=str(error))

    def turn(self, wait_ms: int) -> bool:
        """One round; it waits up to so long when nothing is urgent. Returns whether entries were kept."""
        now_ns = self._clock.monotonic_ns()
        self._ring.tell(self._state, now_ns)
        entries = self._ring.take(BATCH_ENTRIES) if now_ns >= self._retry_at_ns else self._ring.take(0)
        if len(entries):
            self._keep(entries)
        # A chore's slice is done even when entries come all the time: the next file must be ready in time.
        is_urgent = self._do_chore(now_ns) or len(entries) >= self._urgent_from
        self._server.serve(0 if is_urgent else wait_ms)
        return len(entries) > 0

    def _keep(self, entries: NDArray[np.int64]) -> None:
        first = self._ring.next_sequence
        try:
            self._store.append(entries, self._ring.release)
            self._change_state(JournalState.KEEPING)
        except JournalWriteError as error:
            self._retry_at_ns = self._clock.monotonic_ns() + RETRY_NS
            self._change_state(JournalState.FAILED, str(error))
        kept = entries[: self._store.durable_sequence - first]
        if self._replica is not None and len(kept):
            self._follow(self._replica, kept)

    def _change_state(self, state: JournalState, error: str = "") -> None:
        if state == self._state:
            return
        self._state = state
        level = LogLevel.ERROR if state == JournalState.FAILED else LogLevel.INFO
        self._log.write(level, "journal_state", state=state.name, error=error)
        self._beat()

    def _follow(self, replica: Replica, entries: NDArray[np.int64]) -> None:
        try:
            self._events.append(replica.apply(entries), replica.next_sequence, epoch=self._ring.epoch)
        except OSError as error:
            self._put_off_replica(error)
        except ReplayDivergedError as error:
            self._doubt(error)

    def _do_chore(self, now_ns: int) -> bool:
        """A slice of what can wait; False when there was nothing to do."""
        if self._store.make_ready():
            return True
        try:
            if next(self._chore, self) is None:
                return True
            self._chore = self._next_chore(now_ns)
        except OSError as error:
            self._chore = iter(())
            self._tidy_at_ns = now_ns + _TIDY_NS
            self._log.write(LogLevel.WARNING, "chore_failed", error=str(error))
        except JournalError as error:
            self._chore = iter(())
            self._tidy_at_ns = now_ns + _TIDY_NS
            self._log.write(LogLevel.ERROR, "journal_damaged", error=str(error))
        return False

    def _next_chore(self, now_ns: int) -> Iterator[None]:
        replica = self._replica
        entries_max = self._config.journal.snapshot_every
        if replica is not None and replica.next_sequence - self._snapshot_begun >= entries_max:
            return self._write_snapshot(replica)
        if now_ns < self._tidy_at_ns:
            return iter(())
        self._tidy_at_ns = now_ns + _TIDY_NS
        return self._tidy()

    def _write_snapshot(self, replica: Replica, *, is_closing: bool = False) -> Iterator[None]:
        sequence, block = replica.next_sequence, replica.block()
        self._snapshot_begun = sequence
        digest = yield from replica.digest_of(block)
        writing = self._store.start_snapshot(block, sequence, digest, epoch=self._ring.epoch, is_closing=is_closing)
        try:
            while writing.advance():
                yield
        finally:
            writing.close()
        self._log.write(LogLevel.INFO, "snapshot", sequence=sequence, digest=digest)

    def _tidy(self) -> Iterator[None]:
        if self._is_replica_due:
            self._make_replica()
            yield
        yield from compress_next(self._store.disk)
        for removal in prune(self._store.disk, self._store.budget_bytes):
            self._log.write(LogLevel.INFO, "removed", file=removal.name, why=removal.why)

    @property
    def has_failed(self) -> bool:
        """Whether the disk did not take what was written last."""
        return self._state == JournalState.FAILED

    def is_drained(self) -> bool:
        """Whether everything that was handed over is on disk."""
        return self._ring.is_empty()

    def close(self, *, is_orderly: bool) -> None:
        """Ends the service; the snapshot after an orderly end spares the next start the replay, and all doubt."""
        try:
            if is_orderly and self._replica is not None:
                self._end_with_snapshot(self._replica)
        finally:
            self._server.close()
            self._events.close()
            self._store.close()

    def _end_with_snapshot(self, replica: Replica) -> None:
        if replica.next_sequence == self._base_sequence:
            return
        try:
            for _ in self._write_snapshot(replica, is_closing=True):
                continue
        except OSError as error:
            self._log.write(LogLevel.WARNING, "chore_failed", error=str(error))
