"""Owns a client's way to an engine on the same host: two rings and the state, mapped into this process."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ipc.clock import WaitingClock
from ipc.command_builtins import bind_session
from ipc.enums import RecordKind
from ipc.errors import (
    ClientError,
    EngineNotRunningError,
    EngineRestartedError,
    OrderIdsExhaustedError,
    RingFullError,
    StateBusyError,
    StrategyInUseError,
    UnknownNameError,
)
from ipc.frame import decode_slots
from ipc.last_command import last_in_ring
from ipc.market_feed import MARKET_RING
from ipc.records import ALL_INSTRUMENTS, COMMAND_FIELDS, SLOT_BYTES, SLOT_WORDS
from ipc.ring import resume_producing
from ipc.segment import Segment, SegmentGoneError, SegmentKind, SegmentWord
from ipc.session import Identity, Session, Unsent
from ipc.state_reader import StateReader
from ipc.strategy_kernels import reports_waiting

RECEIVE_MAX = 256
SLEEP_NS = 200_000
BUSY_PAUSES = 500
_IDENTITY_WORDS = (SegmentWord.INSTANCE, SegmentWord.EPOCH)
_COMMANDS_NAME = re.compile(r"commands-(.+)")


class SharedMemoryChannel:
    """One strategy's end of the rings; the lock on its command ring keeps every other process out."""

    _is_closed = True
    _is_lost = False

    def __init__(self, folder: Path, strategy: str, time_to_live_ns: int, clock: WaitingClock) -> None:
        self._clock = clock
        self._folder = folder
        self._strategy = strategy
        self._session = Session()
        self.session_address = self._session.address
        self._state, self._commands, self._reports = _attach(folder, strategy)
        self._is_closed = False
        self._words = self._commands.words.data
        self._state_reader = StateReader(self._state.content_address)
        try:
            self.identity = self._identify()
        except BaseException:
            self.close()
            raise
        self._session.open(self.identity, self._commands, self._reports, self._state, time_to_live_ns)
        builtins = bind_session(self.session_address)
        self.publish_new_order = builtins.publish_new_order
        self.publish_target = builtins.publish_target
        self.publish_cancel = builtins.publish_cancel
        self.publish_amend = builtins.publish_amend
        self.publish_cancel_all = builtins.publish_cancel_all
        self.publish_status_request = builtins.publish_status_request
        self.publish_parent_control = builtins.publish_parent_control
        self._publish_parent = builtins.publish_parent
        self._publish_schedule = builtins.publish_schedule
        self._drain_reports = builtins.drain_reports
        self._received = np.zeros(RECEIVE_MAX * SLOT_WORDS, np.int64)
        self._received_bytes = self._received.data.cast("B")
        self._received_address = int(self._received.ctypes.data)
        self._took_all_wanted = True
        self._terms = np.zeros(SLOT_WORDS, np.int64)
        self._terms_address = int(self._terms.ctypes.data)

    def _identify(self) -> Identity:
        """Who we are to this run of the engine, counting on from whoever drove the strategy before."""
        resume_producing(self._commands.address)
        ring_sequence, ring_order_sequence = last_in_ring(self._commands.address)
        words = self._commands.words
        strategy_id = int(words[SegmentWord.STRATEGY_ID])
        counters = self._state_reader.counters(strategy_id)
        return Identity(
            instance=int(words[SegmentWord.INSTANCE]),
            epoch=int(words[SegmentWord.EPOCH]),
            strategy_id=strategy_id,
            last_sequence=max(ring_sequence, counters.last_sequence),
            last_order_sequence=max(ring_order_sequence, counters.last_order_sequence),
            last_report_sequence=counters.last_report_sequence,
        )

    def publish_parent(self, terms: Sequence[int]) -> int:
        """Sends a parent order; returns its id or an `Unsent`."""
        self._terms[len(COMMAND_FIELDS) :][: len(terms)] = terms
        return self._publish_parent(self._terms_address)

    def publish_schedule(self, order_id: int, terms: Sequence[int]) -> int:
        """Sends slices of a parent's schedule; returns the command's sequence or an `Unsent`."""
        self._terms[len(COMMAND_FIELDS) :][: len(terms)] = terms
        return self._publish_schedule(order_id, self._terms_address)

    def receive(self, records_max: int) -> list[tuple[int, ...]]:
        """Reports that are there now."""
        wanted = min(records_max, RECEIVE_MAX)
        count = self._drain_reports(self._received_address, wanted)
        self._took_all_wanted = count == wanted
        if count:
            return decode_slots(self._received_bytes[: count * SLOT_BYTES])
        self._check_engine()
        return []

    def has_more(self) -> bool:
        """Whether reports wait in the ring; there were none left if fewer came than were wanted."""
        return self._took_all_wanted and reports_waiting(self.session_address)

    def rows(self, what: RecordKind, instrument_id: int) -> list[tuple[int, ...]]:
        """Status records straight from the state block."""
        self._check_engine()
        if instrument_id != ALL_INSTRUMENTS:
            strategy_id, reader = self.identity.strategy_id, self._state_reader
            return self._patiently(lambda now_ns: reader.one_row(strategy_id, what, instrument_id, now_ns))
        listing = self._state_reader.begin(self.identity.strategy_id, what, instrument_id)
        rows: list[tuple[int, ...]] = []
        while not listing.is_complete:
            rows += self._patiently(listing.next_page)
        return rows

    def _patiently(self, read: Callable[[int], memoryview]) -> list[tuple[int, ...]]:
        """Reads again while the engine, which lives, was taken off its processor in the middle of a write."""
        for _ in range(BUSY_PAUSES):
            try:
                return decode_slots(read(self._clock.monotonic_ns()))
            except StateBusyError:
                self.pause(SLEEP_NS)
        return decode_slots(read(self._clock.monotonic_ns()))

    def unsent_error(self, code: int) -> ClientError:
        """Why nothing was sent."""
        if code == Unsent.ORDER_IDS_EXHAUSTED:
            return OrderIdsExhaustedError(self._strategy, self.identity.epoch)
        if code == Unsent.RING_FULL and self._commands.is_current():
            capacity = self._commands.words[SegmentWord.CAPACITY]
            return RingFullError(
                f"command ring {self._commands.path} is full, allowed are {capacity} commands that the engine has not "
                "taken; nothing was sent: send less, or check with `oms orders` that the engine is alive"
            )
        return self._restarted()

    def market_ring(self) -> Segment:
        """The engine's broadcast ring, mapped for reading."""
        self._check_engine()
        try:
            ring = Segment.attach(self._folder / MARKET_RING, SegmentKind.MARKET_RING, writable=False)
        except SegmentGoneError:
            raise self._restarted() from None
        if any(ring.words[word] != self._commands.words[word] for word in _IDENTITY_WORDS):
            ring.close()
            raise self._restarted()
        return ring

    def pause(self, duration_ns: int) -> None:
        """Sleeps for a moment: a ring wakes nobody. Who waits also learns that the engine was killed."""
        if not self._state.is_held():
            # From now on also those are told who send, and who never wait.
            self._is_lost = True
            self._session.close()
            raise self._restarted()
        self._clock.sleep_ns(min(duration_ns, SLEEP_NS))

    def close(self) -> None:
        """Unmaps the segments, which also frees the strategy's lock."""
        if not self._is_closed:
            self._is_closed = True
            self._session.close()
            del self._words
            for segment in (self._commands, self._reports, self._state):
                segment.close()

    def __del__(self) -> None:
        # A client that was merely forgotten must not keep its strategy locked until the process ends.
        self.close()

    def _check_engine(self) -> None:
        if self._is_closed or self._is_lost or self._words[SegmentWord.READY] != 1:
            raise self._restarted()

    def _restarted(self) -> EngineRestartedError:
        if self._is_closed:
            return EngineRestartedError(f"this client of strategy {self._strategy} was closed; call reconnect()")
        return EngineRestartedError(
            f"the engine in {self._folder} that served epoch {self.identity.epoch} is gone or was replaced; "
            "call reconnect(), then resync()"
        )


def _attach(folder: Path, strategy: str) -> tuple[Segment, Segment, Segment]:
    """State, commands and reports of the same run of the engine, the commands' lock taken."""
    _check_served(folder, strategy)
    segments: list[Segment] = []
    try:
        state = Segment.attach(folder / "state", SegmentKind.STATE, writable=False)
        segments.append(state)
        commands = Segment.attach(folder / f"commands-{strategy}", SegmentKind.COMMAND_RING, writable=True)
        segments.append(commands)
        reports = Segment.attach(folder / f"reports-{strategy}", SegmentKind.REPORT_RING, writable=True)
        segments.append(reports)
        if not commands.try_lock():
            raise StrategyInUseError(
                f"strategy {strategy} of {folder} is driven by another process or over ZeroMQ; "
                "allowed is one client at a time: stop the other one"
            )
        if not state.is_held():
            raise EngineNotRunningError(f"the engine in {folder} was killed and left its segments; start it again")
        runs = {tuple(int(segment.words[word]) for word in _IDENTITY_WORDS) for segment in segments}
        if len(runs) != 1 or not all(segment.is_current() for segment in segments):
            raise EngineNotRunningError(f"the engine in {folder} is just starting; try again in a moment")
    except BaseException as error:
        for segment in segments:
            segment.close()
        if isinstance(error, SegmentGoneError):
            # The engine makes and leaves its segments one after the other; a client may come in between.
            raise EngineNotRunningError(f"the engine in {folder} is just starting or ending; try again") from None
        raise
    return state, commands, reports


def _check_served(folder: Path, strategy: str) -> None:
    if not (folder / "state").exists():
        running = sorted(path.parent.name for path in folder.parent.glob("*/state"))
        raise EngineNotRunningError(
            f"no engine serves {folder}; running are: {', '.join(running) or 'none'}; start it with `oms run`"
        )
    if not (folder / f"commands-{strategy}").exists():
        found = [_COMMANDS_NAME.fullmatch(path.name) for path in folder.glob("commands-*")]
        names = sorted(match[1] for match in found if match)
        raise UnknownNameError(
            f"the engine in {folder} has no strategy {strategy!r}; allowed are: {', '.join(names) or 'none'}; "
            "add it to the engine's configuration"
        )
