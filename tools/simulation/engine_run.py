"""Owns one run of the simulated engine: the real core and the real session from its start to its death."""

from __future__ import annotations

from ctypes import string_at
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.core.step import ENGINE, HOST_CLOCK, step
from gateways.record_writer import RecordWriter, new_rows
from gateways.venue import OpenOrder
from ipc.clock import NS_PER_MS
from ipc.enums import JournalState, RecordKind
from ipc.records import JOURNAL_STATE, SLOT_BYTES, SLOT_WORDS, TIMER
from tools.simulation.account_gateway import AccountGateway
from tools.simulation.journal import Entry, Journal
from tools.simulation.market_feed import TOLD_EVERY_NS
from tools.simulation.timeline import UTC_BASE_NS
from tools.simulation.wire_kernels import encode_requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.simulation.network import Wire
    from tools.simulation.site import Site
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
        self.gateways: list[AccountGateway] = []
        self._boot_offset_ns = boot_offset_ns
        self._view = stage.workshop.live
        self._loop = stage.workshop.loop
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
        self._loop.owner = self
        self.gateways = [AccountGateway(self, site) for site in stage.sites]
        self._loop.use_senders(self.gateways)
        self._loop.clear_frames()
        self.enter(self._open)
        stage.timeline.after(TICK_NS, self._tick)
        stage.timeline.after(1, self._look_at_book)

    def die(self) -> None:
        """Everything that was in this process's memory is gone."""
        self.is_dead = True
        for gateway in self.gateways:
            gateway.close()

    def crash_at(self, steps_ahead: int, point: str) -> None:
        """Lets the process die at a point of a step to come."""
        self._crash_step = self.step_count + steps_ahead
        self.crash_point = point

    @property
    def now_ns(self) -> int:
        """The host's monotonic clock."""
        return self.stage.timeline.now_ns - self._boot_offset_ns

    def enter(self, call: Callable[[], None]) -> None:
        """Runs something that may come upon the process's death."""
        if self.is_dead:
            return
        try:
            call()
        except EngineCrashError:
            self.stage.engine_died(self)
            return
        self._arm_timer()

    # What clients and the journal process do.

    def command(self, strategy_id: int, address: int) -> None:
        """Takes a strategy's command."""
        self.enter(lambda: self._take(address, strategy_id))

    def journal_state(self, state: JournalState) -> None:
        """The journal's state has changed."""
        record = np.zeros(SLOT_WORDS, np.int64).view(np.uint8)[: JOURNAL_STATE.itemsize].view(JOURNAL_STATE)
        record["kind"], record["published_ns"], record["state"] = RecordKind.JOURNAL_STATE, self.now_ns, state
        self.enter(lambda: self._slot_step(record))

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

    # The seams.

    def keep(self, address: int, now_ns: int, source: int) -> None:
        """Journals one input."""
        self.journal.entries.append(Entry(string_at(address, SLOT_BYTES), now_ns, source, self._view.header("trace")))

    def transmit(self, gateway: AccountGateway, frame: bytes) -> bool:
        """Puts a hot request on the wire."""
        wire = gateway.active_wire
        if wire is None:
            return False
        self.stage.auditor.sending(self, frame)
        gateway.session.requests_sent(1)
        wire.network.send(wire, frame)
        return True

    def leave(self) -> None:
        """Hands every finished frame to its connection."""
        if self._loop.frames_waiting():
            self._loop.send_frames()
            self._loop.clear_frames()

    def ask(self, wire: Wire, frame: bytes) -> None:
        """Puts a question of the session on the wire."""
        wire.network.send(wire, frame)

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
        for gateway in self.gateways:
            gateway.start()

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

    def _tick(self) -> None:
        if self.is_dead:
            return
        for gateway in self.gateways:
            self.enter(gateway.tick)
        if not self.is_dead:
            self.stage.timeline.after(TICK_NS, self._tick)

    def _look_at_book(self) -> None:
        if self.is_dead:
            return
        if self._view.header("journal_state") == JournalState.KEEPING:
            for site in self.stage.sites:
                self._look_at_site(site)
        if not self.is_dead:
            every_ns = TOLD_EVERY_NS if self.stage.has_parents else BOOK_EVERY_NS
            self.stage.timeline.after(every_ns, self._look_at_book)

    def _look_at_site(self, site: Site) -> None:
        self._writer.start(self._own_rows, self.now_ns)
        self._writer.book_top(site.number, *site.venue.book.top(), 0)
        if site.feed is not None:
            site.feed.write(self._writer)
        self.enter(lambda: self.apply(self._own_rows, self._writer.count))

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
        self.enter(lambda: self._slot_step(record))
