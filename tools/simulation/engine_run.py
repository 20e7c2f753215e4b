"""Owns one run of the simulated engine: the real core and the real session from its start to its death."""

from __future__ import annotations

from ctypes import string_at
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.core.step import ENGINE, HOST_CLOCK, step
from gateways.action import Action, Close, Connect, Ping, Send
from gateways.order_session import OrderSession
from gateways.record_writer import RecordWriter, new_rows
from gateways.registry import VENUES
from gateways.venue import OpenOrder
from gateways.venue_clock import VenueClock
from ipc.clock import NS_PER_MS
from ipc.enums import JournalState, RecordKind
from ipc.records import JOURNAL_STATE, SLOT_BYTES, SLOT_WORDS, TIMER
from tools.client_frames import texts_of
from tools.simulation.journal import Entry, Journal
from tools.simulation.market_feed import TOLD_EVERY_NS
from tools.simulation.setting import RECEIVE_WINDOW_MS
from tools.simulation.timeline import UTC_BASE_NS
from tools.simulation.wire_kernels import encode_requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.simulation.network import Wire
    from tools.simulation.stage import Stage

TICK_NS = 100 * NS_PER_MS
BOOK_EVERY_NS = 500 * NS_PER_MS
_REQUEST = int(RecordKind.VENUE_REQUEST)
_FRAMES_BEFORE_SENDING = 80
_OWN_ROWS = 4
_KIND, _PUBLISHED = 1, 3


class EngineCrashError(Exception):
    """The engine process dies here."""


class EngineRun:
    """One engine process. The methods are the seams at which a weakened policy may do something else."""

    def __init__(self, stage: Stage, journal: Journal, *, boot_offset_ns: int) -> None:
        self.stage = stage
        self.journal = journal
        self.is_dead = False
        self.step_count = 0
        self.in_frame = False
        self.told: dict[int, list[list[int]]] = {client.strategy_id: [] for client in stage.clients}
        self.session: OrderSession
        self._boot_offset_ns = boot_offset_ns
        self._view = stage.workshop.live
        self._loop = stage.workshop.loop
        self._wires: dict[int, Wire] = {}
        self._rows: NDArray[np.int64] | None = None
        self._rows_address = 0
        self._own_rows = new_rows(_OWN_ROWS)
        self._writer = RecordWriter(0)
        self._timer_due_ns = 0
        self.crash_point = ""
        self._crash_step = -1

    # Life.

    def start(self) -> None:
        """Connects; everything after the state was made."""
        stage = self.stage
        venue = VENUES["binance_spot"]
        setting = stage.setting
        self._loop.owner = self
        self._loop.use_senders([self])
        self._loop.clear_frames()
        clock = VenueClock(stage.timeline.utc_ns() - self.now_ns)
        self.session = OrderSession(
            account_id=0,
            core=self._loop,
            codec=venue.order_codec(0, setting.instruments, setting.assets),
            dialect=venue.dialect(setting.credentials, RECEIVE_WINDOW_MS, clock, setting.instruments),
            clock=clock,
            instruments=setting.instruments,
            generator=Random(stage.seed),
            has_spare=stage.has_spare,
            rate_share=Fraction(1),
        )
        self._enter(self._open)
        stage.timeline.after(TICK_NS, self._tick)
        stage.timeline.after(1, self._look_at_book)

    def die(self) -> None:
        """Everything that was in this process's memory is gone."""
        self.is_dead = True
        for wire in list(self._wires.values()):
            self.stage.network.close(wire)
        self._wires.clear()

    def crash_at(self, steps_ahead: int, point: str) -> None:
        """Lets the process die at a point of a step to come."""
        self._crash_step = self.step_count + steps_ahead
        self.crash_point = point

    @property
    def now_ns(self) -> int:
        """The host's monotonic clock."""
        return self.stage.timeline.now_ns - self._boot_offset_ns

    @property
    def wires(self) -> list[Wire]:
        """The connections that stand."""
        return [wire for wire in self._wires.values() if wire.is_open]

    # What the network calls.

    def connected(self, link_id: int) -> None:
        """A connection stands."""
        self._enter(lambda: self._perform(self.session.on_connected(link_id, self.now_ns)))

    def disconnected(self, link_id: int) -> None:
        """A connection is gone."""
        self._wires.pop(link_id, None)
        self._enter(lambda: self._perform(self.session.on_disconnected(link_id, self.now_ns)))

    def received(self, link_id: int, frame: bytes) -> None:
        """A frame came."""
        if self.is_dead:
            return
        self.in_frame = True
        try:
            actions = self.session.on_frame(link_id, frame, self.now_ns)
            if actions:
                self._perform(actions)
        except EngineCrashError:
            self.stage.engine_died(self)
            return
        self.in_frame = False
        self._arm_timer()

    def alive(self, link_id: int) -> None:
        """A pong came."""
        if not self.is_dead:
            self.session.on_alive(link_id, self.now_ns)

    def nonsense(self, link_id: int) -> None:
        """A frame came that is no text."""
        self._enter(lambda: self._perform(self.session.on_nonsense(link_id, self.now_ns)))

    # What clients and the journal process do.

    def command(self, strategy_id: int, address: int) -> None:
        """Takes a strategy's command."""
        self._enter(lambda: self._take(address, strategy_id))

    def journal_state(self, state: JournalState) -> None:
        """The journal's state has changed."""
        record = np.zeros(SLOT_WORDS, np.int64).view(np.uint8)[: JOURNAL_STATE.itemsize].view(JOURNAL_STATE)
        record["kind"], record["published_ns"], record["state"] = RecordKind.JOURNAL_STATE, self.now_ns, state
        self._enter(lambda: self._slot_step(record))

    # The core as the gateway sees it.

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Feeds the core what the gateway decoded."""
        if records is not self._rows:
            self._rows, self._rows_address = records, records.ctypes.data
        address = self._rows_address
        for place in range(count):
            self._step(address + place * SLOT_BYTES, ENGINE)
        self.leave()

    def open_orders(self, account_id: int) -> list[OpenOrder]:
        """What may still live at the venue."""
        return self._loop.listed_orders(account_id)

    # The account's socket as the loop sees it.

    def send_frame(self, buffer: bytearray, offset: int) -> bool:
        """Takes one text."""
        return self.transmit(bytes(buffer[offset:]))

    def send_joined(self, frames: bytes, count: int) -> bool:
        """Takes the frames of one write."""
        texts = texts_of(frames)
        assert len(texts) == count, "each frame is one request"
        taken = [self.transmit(text) for text in texts]
        assert len(set(taken)) == 1, "a write is taken as a whole"
        return taken[0]

    @staticmethod
    def sign(text: memoryview) -> bytes:
        """Nothing: the account has logged on."""
        return b""

    # The seams.

    def keep(self, address: int, now_ns: int, source: int) -> None:
        """Journals one input."""
        self.journal.entries.append(Entry(string_at(address, SLOT_BYTES), now_ns, source, self._view.header("trace")))

    def transmit(self, frame: bytes) -> bool:
        """Puts a hot request on the wire."""
        link_id = self.session.active_link_id
        wire = None if link_id is None else self._wires.get(link_id)
        if wire is None or not wire.is_open:
            return False
        self.stage.auditor.sending(self, frame)
        self.session.requests_sent(1)
        self.stage.network.send(wire, frame)
        return True

    def leave(self) -> None:
        """Hands every finished frame to its connection."""
        if self._loop.frames_waiting():
            self._loop.send_frames()
            self._loop.clear_frames()

    def ask(self, wire: Wire, frame: bytes) -> None:
        """Puts a question of the session on the wire."""
        self.stage.network.send(wire, frame)

    @staticmethod
    def next_epoch(epoch: int) -> int:
        """The epoch of the run after this one."""
        return epoch + 1

    def stepped(self, address: int, source: int, effects: int) -> None:
        """After a step, before what it wants done is done."""

    # Inside.

    def _open(self) -> None:
        self.journal_state(JournalState.KEEPING)
        self._writer.account_id = HOST_CLOCK
        self._writer.start(self._own_rows, self.now_ns)
        self._writer.clock_offset(UTC_BASE_NS + self._boot_offset_ns, 0)
        self.apply(self._own_rows, 1)
        self._perform(self.session.start(self.now_ns))

    def _enter(self, call: object) -> None:
        """Runs something that may come upon the process's death."""
        if self.is_dead:
            return
        assert callable(call), "what is entered can be called"
        try:
            call()
        except EngineCrashError:
            self.stage.engine_died(self)
            return
        self._arm_timer()

    def _take(self, address: int, source: int) -> None:
        self._step(address, source)
        self.leave()

    def _slot_step(self, record: NDArray[np.void]) -> None:
        slot = np.zeros(SLOT_WORDS, np.int64)
        words = record.view(np.int64)
        slot[: len(words)] = words
        self._take(slot.ctypes.data, ENGINE)

    def _step(self, address: int, source: int) -> None:
        now_ns = self.now_ns
        is_last = self.step_count == self._crash_step
        self.step_count += 1
        self.keep(address, now_ns, source)
        if is_last and self.crash_point == "crash_before_apply":
            raise EngineCrashError
        effects = step(self._view.address, address, now_ns, source)
        self.stage.auditor.stepped(self, address)
        self.stepped(address, source, effects)
        if is_last and self.crash_point == "crash_before_send":
            raise EngineCrashError
        if effects:
            self._carry_out(effects)
        if is_last:
            self.leave()
            raise EngineCrashError

    def _carry_out(self, effects: int) -> None:
        view = self._view
        wants_frames = False
        for place in range(effects):
            effect = view.effect(place)
            self.stage.auditor.left(effect)
            if effect[_KIND] == _REQUEST:
                wants_frames = True
            else:
                self._tell(effect)
        if wants_frames:
            waiting = encode_requests(self._loop.address, effects)
            if waiting > _FRAMES_BEFORE_SENDING:
                self.leave()

    def _tell(self, effect: list[int]) -> None:
        """Hands a report to its strategy."""
        strategy_id = effect[0]
        if strategy_id in self.told:
            self.told[strategy_id].append(effect)
            self.stage.clients[strategy_id - 1].take(effect)

    def _perform(self, actions: Sequence[Action]) -> None:
        network = self.stage.network
        for action in actions:
            if isinstance(action, Connect):
                self._wires[action.link_id] = network.connect(action.link_id, self)
                continue
            wire = self._wires.get(action.link_id)
            if wire is None:
                continue
            match action:
                case Send(frame=frame):
                    self.ask(wire, frame)
                case Ping():
                    network.ping(wire)
                case Close():
                    del self._wires[action.link_id]
                    network.close(wire)

    def _tick(self) -> None:
        if self.is_dead:
            return
        self._enter(lambda: self._perform(self.session.on_tick(self.now_ns)))
        if not self.is_dead:
            self.stage.timeline.after(TICK_NS, self._tick)

    def _look_at_book(self) -> None:
        if self.is_dead:
            return
        if self._view.header("journal_state") == JournalState.KEEPING:
            self._writer.start(self._own_rows, self.now_ns)
            self._writer.book_top(0, *self.stage.venue.book.top(), 0)
            if self.stage.feed is not None:
                self.stage.feed.write(self._writer)
            self._enter(lambda: self.apply(self._own_rows, self._writer.count))
        if not self.is_dead:
            every_ns = BOOK_EVERY_NS if self.stage.feed is None else TOLD_EVERY_NS
            self.stage.timeline.after(every_ns, self._look_at_book)

    def _arm_timer(self) -> None:
        deadline_ns = self._view.header("next_deadline_ns")
        if deadline_ns >= 1 << 62 or self.is_dead:
            return
        if self._timer_due_ns > self.now_ns and self._timer_due_ns <= deadline_ns:
            return
        self._timer_due_ns = max(deadline_ns, self.now_ns + 1)
        self.stage.timeline.at(self._timer_due_ns + self._boot_offset_ns, self._fire_timer)

    def _fire_timer(self) -> None:
        if self.is_dead or self._view.header("next_deadline_ns") > self.now_ns:
            self._timer_due_ns = 0
            self._arm_timer()
            return
        record = np.zeros(1, TIMER)
        record["kind"], record["published_ns"] = RecordKind.TIMER, self.now_ns
        self._timer_due_ns = 0
        self._enter(lambda: self._slot_step(record))
