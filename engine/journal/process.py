"""Owns the journal process: it serves one engine after the other until it is told to end.

It waits for the ring of a living engine, serves it until that engine is gone and everything is on disk, and then gives
the journal's folder free for the next engine to recover from. Told to end, it first sees the engine's end.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

from engine.config import Config, ConfigurationError, load_config
from engine.event_log import EventLog, LogLevel
from engine.journal.configured import configured_store
from engine.journal.errors import JournalBusyError, JournalError, JournalWriteError
from engine.journal.ring import JournalRing
from engine.journal.service import RETRY_NS, JournalService
from engine.privacy import forget_variables, keep_memory_private
from engine.warmup import JOURNAL_KERNELS, load_entries
from engine.zeromq_endpoint import EndpointError
from ipc.address import engine_folder
from ipc.clock import NS_PER_MS, SystemClock, WaitingClock
from ipc.segment import Segment, SegmentError, SegmentKind, SegmentWord

_LOOK_NS = 5 * NS_PER_MS
_ENGINE_LOOK_NS = 50 * NS_PER_MS
_BUSY_FOR_NS = 100 * NS_PER_MS
_BUSY_WAIT_MS, _IDLE_WAIT_MS = 1, 5
_SPIN_CORES_MIN = 4
_STDERR = 2
_STATE = "state"


class Ending:
    """How often the process was told to end."""

    def __init__(self) -> None:
        self.requests = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.requests += 1


class JournalProcess:
    """Waits, serves, waits again."""

    def __init__(self, config: Config, ending: Ending, clock: WaitingClock, log: EventLog) -> None:
        self._config = config
        self._folder = engine_folder(config.engine.name)
        self._ending = ending
        self._clock = clock
        self._log = log
        cores = len(os.sched_getaffinity(0))
        self._is_waited_for = config.journal.mode == "power"
        self._spins = self._is_waited_for and cores >= _SPIN_CORES_MIN

    def run(self) -> None:
        """Returns when it was told to end and no engine needs it; raises what makes keeping a journal impossible."""
        while True:
            ring = self._await_ring()
            if ring is None:
                return
            try:
                self._serve(ring)
            finally:
                is_done_with = ring.is_retired() and ring.is_empty() and ring.segment.is_current()
                if is_done_with:
                    ring.segment.unlink()
                ring.segment.close()
                if is_done_with:
                    # The engine could not remove its folder while this was in it; another one may have begun there.
                    with suppress(OSError):
                        self._folder.rmdir()

    def _await_ring(self) -> JournalRing | None:
        """The ring of a living engine that nobody else serves; None when there is none and we are to end."""
        while True:
            try:
                ring = JournalRing.attach(self._folder)
            except SegmentError:
                ring = None
            if ring is not None:
                if self._is_alive(ring) and ring.segment.try_lock():
                    return ring
                ring.segment.close()
            if self._ending.requests:
                return None
            self._clock.sleep_ns(_LOOK_NS)

    def _is_alive(self, ring: JournalRing) -> bool:
        """Whether the engine that made the ring lives: it holds the lock of its state, and the state is of its run."""
        if ring.is_retired():
            return False
        try:
            state = Segment.attach(self._folder / _STATE, SegmentKind.STATE, writable=False)
        except SegmentError:
            return False
        try:
            return int(state.words[SegmentWord.EPOCH]) == ring.epoch and state.is_held()
        finally:
            state.close()

    def _serve(self, ring: JournalRing) -> None:
        service = self._begin(ring)
        if service is None:
            return
        self._log.write(LogLevel.INFO, "journal_serving", epoch=ring.epoch, sequence=ring.next_sequence)
        busy_until_ns = look_at_ns = 0
        is_gone = False
        # On a disk that takes nothing the ring stays as it was, and the next engine's start says so.
        while not (is_gone and (service.is_drained() or service.has_failed)) and self._ending.requests < 2:
            now_ns = self._clock.monotonic_ns()
            if service.turn(self._wait_ms(is_busy=now_ns < busy_until_ns)):
                busy_until_ns = now_ns + _BUSY_FOR_NS
            elif now_ns >= look_at_ns:
                look_at_ns = now_ns + _ENGINE_LOOK_NS
                is_gone = not self._is_alive(ring)
        service.close(is_orderly=ring.is_retired() and service.is_drained())
        self._log.write(LogLevel.INFO, "journal_ended", epoch=ring.epoch, sequence=ring.next_sequence)

    def _begin(self, ring: JournalRing) -> JournalService | None:
        """The service, as soon as the folder is free and the disk takes what is written; None when the engine went."""
        store = configured_store(self._config)
        told = ""
        while self._is_alive(ring) or not ring.is_empty():
            try:
                return JournalService(self._config, self._folder, ring, store, clock=self._clock, log=self._log)
            except (JournalBusyError, JournalWriteError) as error:
                store.close()
                if str(error) != told:
                    told = str(error)
                    self._log.write(LogLevel.WARNING, "journal_waits", reason=told)
                is_left = isinstance(error, JournalWriteError) and not self._is_alive(ring)
                if is_left or self._ending.requests > 1:
                    return None
            self._clock.sleep_ns(RETRY_NS // 10)
        return None

    def _wait_ms(self, *, is_busy: bool) -> int:
        if self._spins:
            return 0
        return _BUSY_WAIT_MS if is_busy and self._is_waited_for else _IDLE_WAIT_MS


def run_journal(config: Config) -> None:
    """Keeps the journal of one engine's name until SIGINT or SIGTERM."""
    forget_variables(config)
    clock = SystemClock()
    log = EventLog(_STDERR, LogLevel[config.monitoring.log_level], clock)
    ending = Ending()
    cores = os.sched_getaffinity(0)
    if config.engine.core in cores and len(cores) > 1:
        os.sched_setaffinity(0, cores - {config.engine.core})
    load_entries(JOURNAL_KERNELS)
    JournalProcess(config, ending, clock, log).run()


def main(arguments: list[str]) -> int:
    """`python -m engine.journal CONFIG.toml`; returns the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m engine.journal CONFIG.toml\n")
        return 2
    keep_memory_private()
    try:
        run_journal(load_config(Path(arguments[0])))
    except (ConfigurationError, EndpointError, JournalError, SegmentError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
