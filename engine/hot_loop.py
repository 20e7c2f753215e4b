"""Owns the engine's side of the compiled loop: its ports, its inputs from Python, and the frames it finishes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.core.order_listing import OPEN_LEG, list_open_legs
from engine.core.order_table import NOBODY
from engine.core.state import State
from engine.core.step import ENGINE
from engine.joined_frames import JoinedFrames
from engine.journal.entry import SOURCE_BITS
from engine.loop import EVENTS_MAX, SpinSelector
from engine.rearming import overruled
from engine.spin.control import may_leave
from engine.spin.core_entry import core_step_address
from engine.spin.joining import joinable_count
from engine.spin.journaling import await_durable, has_journal_room
from engine.spin.ports import LANE, PORTS
from engine.spin.spin import (
    APPLIED_MASK,
    IDLE_BACKOFF,
    IDLE_SPIN,
    IDLE_YIELD,
    apply_commands,
    apply_records,
    finished_frames,
)
from engine.wire import FRAME_COUNT, FrameBuffers, TemplateTables
from gateways.record_writer import RecordWriter, new_rows
from gateways.template import Template, TemplateKey
from gateways.venue import OpenOrder
from ipc.clock import NS_PER_MS, NS_PER_S, WaitingClock
from ipc.control_segment import ControlSegment
from ipc.enums import RecordKind, RejectReason, RequestKind, VenueEvent
from ipc.histogram import HISTOGRAM_BYTES, STAGES, LatencySegment
from ipc.memory import address_of
from ipc.record_words import words_of_kind
from ipc.records import SET_TRADING_STATE, SLOT_WORDS
from ipc.ring import record_at
from ipc.segment import Segment
from ipc.state_reader import StateReader

IDLE_MODES = {"spin": IDLE_SPIN, "yield": IDLE_YIELD, "backoff": IDLE_BACKOFF}

# What the core is told of a request that certainly did not leave.
_NOT_SENT = {
    RequestKind.NEW: VenueEvent.REJECTED,
    RequestKind.CANCEL: VenueEvent.CANCEL_REJECTED,
    RequestKind.CANCEL_ALL: VenueEvent.CANCEL_REJECTED,
    RequestKind.AMEND: VenueEvent.REPLACE_REJECTED,
    RequestKind.CANCEL_REPLACE: VenueEvent.REPLACE_REJECTED,
}


_CANCELS = (RequestKind.CANCEL, RequestKind.CANCEL_ALL)
# Longer than the journal process takes to come back after its death.
_JOURNAL_WAIT_NS = 5 * NS_PER_S
_JOURNAL_NAP_NS = NS_PER_MS


class FrameSender(Protocol):
    """An account's way to its socket."""

    def send_frame(self, buffer: bytearray, offset: int) -> bool:
        """Sends the text that lies in `buffer` from `offset` on; False when it certainly was not sent."""

    def send_joined(self, frames: bytes, count: int) -> bool:
        """Sends so many frames in one write; False when certainly none was sent."""

    def sign(self, text: memoryview) -> bytes:
        """The signature of a request that carries one, as ASCII text."""


class JournalFullError(Exception):
    """Nothing more can be kept, and so nothing more may happen."""


class HotLoop:
    """Everything that the compiled loop touches, kept alive here. It is the gateways' OrderCore."""

    def __init__(self, state: State, *, strategy_rows: int, idle: str, clock: WaitingClock) -> None:
        self._state = state
        self._clock = clock
        orders = int(state.header["orders_count"])
        self._lanes: NDArray[np.void] = np.zeros(strategy_rows, LANE)
        self._frames = FrameBuffers()
        self._joined_frames = JoinedFrames()
        self._wire_sent: NDArray[np.int64] = np.zeros(orders, np.int64)
        self._scratch: NDArray[np.int64] = np.zeros(SLOT_WORDS, np.int64)
        self._open_legs: NDArray[np.void] = np.zeros(2 * orders, OPEN_LEG)
        self._templates = TemplateTables([])
        self._commands: dict[int, Segment] = {}
        self.reader = StateReader(state.address)
        self._last_records: NDArray[np.int64] = self._scratch
        self._last_address = address_of(self._scratch)
        self._senders: Sequence[FrameSender] = ()
        self.ports: NDArray[np.void] = np.zeros(1, PORTS)
        self.address = address_of(self.ports)
        self._control: ControlSegment | None = None
        self.unsent_count = 0
        self.failed: JournalFullError | None = None
        """Set for good when an input could not be kept: whoever runs the loop ends it then."""
        row = self.ports[0]
        row["state"] = state.address
        row["core_step"] = core_step_address()
        row["lanes"] = address_of(self._lanes)
        row["lane_count"] = strategy_rows
        row["frames"] = address_of(self._frames.rows)
        row["frame_count"] = FRAME_COUNT
        row["wire_sent"] = address_of(self._wire_sent)
        row["scratch"] = address_of(self._scratch)
        row["idle_mode"] = IDLE_MODES[idle]

    def use_templates(self, templates_by_account: list[Mapping[TemplateKey, Template]]) -> None:
        """Sets what the accounts' requests look like."""
        self._templates = TemplateTables(templates_by_account)
        row = self.ports[0]
        row["template_index"] = address_of(self._templates.index)
        row["template_pieces"] = address_of(self._templates.pieces)
        row["template_text"] = address_of(self._templates.text)

    def use_journal(self, ring: Segment, *, epoch: int, awaits_disk: bool) -> None:
        """From now on every input is kept there before it is applied."""
        row = self.ports[0]
        row["journal_epoch"] = epoch << SOURCE_BITS
        row["awaits_disk"] = int(awaits_disk)
        row["journal"] = ring.address

    def use_market_ring(self, ring: Segment) -> None:
        """From now on market data is broadcast there."""
        self.ports[0]["market_ring"] = ring.address

    def use_control(self, control: ControlSegment, *, epoch: int, stall_max_ns: int) -> None:
        """From now on what guardian and operator ask for there is done, and the loop says there that it lives."""
        self._control = control
        row = self.ports[0]
        row["epoch"] = epoch
        row["stall_max_ns"] = stall_max_ns
        row["control"] = control.segment.address

    def use_senders(self, senders: Sequence[FrameSender]) -> None:
        """Sets who sends for each account."""
        self._senders = senders

    def use_selector(self, selector: SpinSelector) -> None:
        """Lets the compiled loop poll the selector's descriptors."""
        row = self.ports[0]
        row["epoll_descriptor"] = selector.descriptor
        row["epoll_events"] = selector.events_address
        row["epoll_events_max"] = EVENTS_MAX

    def measure(self, latency: LatencySegment) -> None:
        """Lets the compiled loop count its stages."""
        row = self.ports[0]
        row["latency_venues"] = latency.segment.content_address
        row["latency_strategies"] = latency.segment.content_address + latency.venues * STAGES * HISTOGRAM_BYTES

    def open_lane(self, strategy_id: int, commands: Segment, reports: Segment) -> None:
        """Connects a strategy's rings."""
        self._commands[strategy_id] = commands
        self._lanes[strategy_id]["commands"] = commands.address
        self._lanes[strategy_id]["reports"] = reports.address

    def report_ring(self, strategy_id: int) -> int:
        """Where a strategy's reports wait."""
        return int(self._lanes[strategy_id]["reports"])

    def remote_changed(self, strategy_id: int, *, is_remote: bool) -> None:
        """Says whether a strategy's reports are served over a channel from here."""
        self._lanes[strategy_id]["is_remote"] = int(is_remote)

    def command_segment(self, strategy_id: int) -> Segment:
        """Our own mapping of a strategy's command ring; its lock says who drives the strategy."""
        return self._commands[strategy_id]

    def reports_served(self) -> None:
        """Forgets that reports for channels wait."""
        self.ports[0]["remote_reports"] = 0

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Feeds the core what a gateway decoded; whatever that makes it send leaves before this returns."""
        if records is not self._last_records:
            # Asking numpy for an address takes longer than applying a record, and a gateway's rows stay.
            self._last_records = records
            self._last_address = records.ctypes.data
        # Kept here: a frame that cannot leave makes us apply other records before these are done.
        address = self._last_address
        first = 0
        while first < count:
            result = apply_records(self.address, address, count, first)
            first += result & APPLIED_MASK
            if result > APPLIED_MASK:
                self.send_frames()
            elif first < count:
                self._wait_for_journal()

    def _wait_for_journal(self) -> None:
        """Waits for room in the journal's ring; what a venue says meanwhile waits in its socket."""
        deadline_ns = self._clock.monotonic_ns() + _JOURNAL_WAIT_NS
        while not has_journal_room(self.address):
            if self._clock.monotonic_ns() >= deadline_ns:
                self.failed = JournalFullError(
                    f"the journal's ring has been full for {_JOURNAL_WAIT_NS // NS_PER_S} s: "
                    "the journal process is gone or its disk takes nothing; look at its log"
                )
                raise self.failed
            self._clock.sleep_ns(_JOURNAL_NAP_NS)

    def process_commands(self, strategy_id: int, address: int, count: int) -> None:
        """Feeds the core what a strategy sent over a channel, one slot's distance apart."""
        first = 0
        while first < count:
            result = apply_commands(self.address, address, count, first, strategy_id)
            first += result & APPLIED_MASK
            if result > APPLIED_MASK:
                self.send_frames()
            elif first < count:
                self._wait_for_journal()

    def carry_out(self, record_address: int) -> tuple[int, ...]:
        """Feeds the core an operator's command; returns the report that answers it."""
        refusal = self._overruled(record_address)
        if refusal is not None:
            return refusal
        while not (result := apply_commands(self.address, record_address, 1, 0, ENGINE)) & APPLIED_MASK:
            if result > APPLIED_MASK:
                self.send_frames()
            else:
                self._wait_for_journal()
        effects = self._state.table("effects")["words"][: int(self._state.header["effect_count"])]
        told = next(effect for effect in effects if effect[1] == RecordKind.CONTROL_REPORT)
        answer = tuple(told[: words_of_kind(RecordKind.CONTROL_REPORT)].tolist())
        if result > APPLIED_MASK:
            self.send_frames()
        return answer

    def _overruled(self, record_address: int) -> tuple[int, ...] | None:
        command = record_at(record_address, SET_TRADING_STATE)
        if self._control is None or command["kind"] != RecordKind.SET_TRADING_STATE:
            return None
        scopes = self._state.table("scopes")
        return overruled(command, scopes, self._control.rows, now_ns=self._clock.monotonic_ns())

    def send_frames(self) -> None:
        """Hands every finished frame to its account's socket; the core learns of those that could not leave."""
        unsent: list[int] = []
        is_kept = await_durable(self.address)
        place, end = 0, finished_frames(self.address)
        while place < end:
            first, request_kind = place, self._frames.request_kind(place)
            has_follower = place + 1 < end
            count = joinable_count(self.address, place) if has_follower and request_kind in _CANCELS else 0
            if count > 1:
                place += count
                is_sent = self._send_joined(first, count)
            else:
                place += 1
                is_sent = (is_kept or request_kind in _CANCELS) and self._send_one(first, request_kind)
            if not is_sent:
                unsent.extend(range(first, place))
        if unsent:
            self._tell_unsent(unsent)

    def _send_one(self, place: int, request_kind: int) -> bool:
        frames = self._frames
        offset, account_id = frames.where(place)
        sender = self._senders[account_id]
        text = frames.text_to_sign(place)
        if text is not None:
            frames.put_signature(place, sender.sign(text))
        # Ordering: this is the last load before the frame is handed out.
        is_allowed = self._control is None or may_leave(self.address, request_kind)
        return is_allowed and sender.send_frame(frames.buffers[place], offset)

    def _send_joined(self, first: int, count: int) -> bool:
        _, account_id = self._frames.where(first)
        joined = self._joined_frames.join(self.address, first, count)
        # Ordering: this is the last load before the frames are handed out.
        is_allowed = self._control is None or may_leave(self.address, RequestKind.CANCEL)
        return is_allowed and self._senders[account_id].send_joined(joined, count)

    def _tell_unsent(self, places: list[int]) -> None:
        """Tells the core of frames that certainly did not leave; applying that also frees every place."""
        self.unsent_count += len(places)
        rows = new_rows(len(places))
        writer = RecordWriter(account_id=0)
        writer.start(rows, int(self._state.header["now_ns"]))
        for place in places:
            frame = self._frames.rows[place]
            kind = RequestKind(int(frame["request_kind"]))
            writer.account_id = int(frame["account_id"])
            writer.venue_report(
                int(frame["order_id"]), _NOT_SENT[kind], reason=RejectReason.NOT_SENT, answers_request=kind
            )
        self.apply(rows, len(places))

    def open_orders(self, account_id: int) -> list[OpenOrder]:
        """Every leg of the account that has not ended."""
        return self._as_orders(self._list_legs(account_id))

    def unknown_orders(self, account_id: int) -> list[OpenOrder]:
        """Those of unknown outcome, picked before Python looks at one of them."""
        legs = self._list_legs(account_id)
        return self._as_orders(legs[legs["is_unknown"] != 0])

    def open_order_ids(self, account_id: int) -> list[int]:
        """The ids of all of them."""
        ids: list[int] = self._list_legs(account_id)["order_id"].tolist()
        return ids

    def open_order(self, account_id: int, order_id: int) -> OpenOrder | None:
        """One of them, None when it has ended."""
        legs = self._list_legs(account_id)
        return next(iter(self._as_orders(legs[legs["order_id"] == order_id])), None)

    def orders_of_others(self, account_id: int) -> list[tuple[int, int]]:
        """Instrument and venue's number of every adopted order that has not ended; there are few."""
        found = []
        orders = self._state.table("orders")
        slot = int(self._state.table("strategies")[NOBODY]["first_open"])
        while slot >= 0:
            order = orders[slot]
            if order["account_id"] == account_id:
                found.append((int(order["instrument_id"]), int(order["venue_order_id"])))
            slot = int(order["next_open"])
        return found

    def known_before(self, account_id: int, instrument_id: int) -> int:
        """The trade of an instrument before which nothing needs asking."""
        return self._of_holding("known_before_trade_id", account_id, instrument_id)

    def booked_trades(self, account_id: int, instrument_id: int, from_trade_id: int) -> set[tuple[int, int]]:
        """Id and side of every trade remembered of an instrument from one on."""
        trades = self._state.table("trades")
        is_meant = (
            (trades["trade_id"] >= max(from_trade_id, 1))
            & (trades["instrument_id"] == instrument_id)
            & (trades["account_id"] == account_id)
        )
        return set(zip(trades["trade_id"][is_meant].tolist(), trades["side"][is_meant].tolist(), strict=True))

    def forgotten_trade(self, account_id: int, instrument_id: int) -> int:
        """The last trade of an instrument that was booked and is remembered no more."""
        return self._of_holding("forgotten_trade_id", account_id, instrument_id)

    def _of_holding(self, name: str, account_id: int, instrument_id: int) -> int:
        instruments = int(self._state.header["instruments_count"])
        return int(self._state.table("holdings")[name][account_id * instruments + instrument_id])

    def _list_legs(self, account_id: int) -> NDArray[np.void]:
        legs = self._open_legs
        return legs[: list_open_legs(self._state.address, account_id, address_of(legs), len(legs))]

    def _as_orders(self, legs: NDArray[np.void]) -> list[OpenOrder]:
        expiry_ns = int(self._state.header["request_expiry_ns"])
        return [OpenOrder._make((*row[:5], bool(row[5]), row[6], row[4] + expiry_ns)) for row in legs.tolist()]
