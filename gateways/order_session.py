"""Owns the session of one account: its state towards the core, reconciliation, the venue's clock."""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

from gateways.action import Action, Send
from gateways.instrument import InstrumentBinding, InstrumentRules
from gateways.notice import Notice, NoticeKind
from gateways.reconciliation import Reconciliation
from gateways.record_writer import RecordWriter, new_rows
from gateways.session import NO_ACTIONS, Link, LinkState, Session
from gateways.venue import Opening, OrderCodec, OrderCore, OrderDialect
from gateways.venue_clock import ClockMeasurement, VenueClock
from gateways.verdict import Concern
from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import ConnectionState

WATCH_EVERY_NS = 200 * NS_PER_MS
MEASURE_CLOCK_EVERY_NS = 300 * NS_PER_S


class OrderSession(Session):
    """What runs over the order connections of one account.

    DOWN -> CONNECTING -> RECONCILING -> LIVE. The core hears of each state by a record, of DOWN before
    anything else happens. RECONCILING begins when a connection is logged on and its private stream is
    subscribed, so nothing is missed between the answers and the stream; it ends when every order that was
    open has been answered for, and every trade since the last known one.
    """

    def __init__(  # noqa: PLR0913 - every part is chosen by the venue or the engine
        self,
        *,
        account_id: int,
        core: OrderCore,
        codec: OrderCodec,
        dialect: OrderDialect,
        clock: VenueClock,
        instruments: Mapping[str, InstrumentBinding],
        generator: random.Random,
        has_spare: bool,
        rate_share: Fraction,
    ) -> None:
        super().__init__(generator=generator, links_wanted=2 if has_spare else 1)
        self.state = ConnectionState.DOWN
        self.rules: Mapping[str, InstrumentRules] = {}
        self._account_id = account_id
        self._core = core
        self._order_codec = codec
        self._dialect = dialect
        self._clock = clock
        self._bindings = instruments
        self._reconciliation = Reconciliation(
            account_id=account_id,
            core=core,
            dialect=dialect,
            instrument_ids=[binding.instrument_id for binding in instruments.values()],
            counters=self.counters,
            rate_share=rate_share,
        )
        self._writer = RecordWriter(account_id)
        self._own_rows = new_rows(capacity=1)
        self._watched_ns = 0
        self._told_offset_ns: int | None = None
        self._measured_ns = 0
        self._measurement: ClockMeasurement | None = None

    def requests_sent(self, count: int) -> None:
        """So many hot requests went out over the active connection."""
        assert self._active is not None, "somebody sent over no connection"
        self._active.in_flight += count

    def cancel_all(self, symbol: str, now_ns: int) -> Sequence[Action]:
        """Asks the venue to cancel every open order of one symbol, also those that are not ours."""
        if self._active is None:
            return NO_ACTIONS
        return [Send(self._active.link_id, self._dialect.cancel_all(symbol, now_ns))]

    def on_tick(self, now_ns: int) -> Sequence[Action]:
        """Adds to the pool's work what an account needs from time to time."""
        actions = list(super().on_tick(now_ns))
        link = self._active
        if link is None:
            return actions
        if self.state is ConnectionState.LIVE and now_ns - self._watched_ns >= WATCH_EVERY_NS:
            self._watched_ns = now_ns
            self._reconciliation.watch(now_ns)
        actions += self._reconciliation.due(link.link_id, now_ns)
        if now_ns - self._measured_ns >= MEASURE_CLOCK_EVERY_NS:
            actions += self._measure_clock(link, now_ns)
        self._tell_clock(now_ns)
        return actions

    def _new_opening(self) -> Opening:
        return self._dialect.opening()

    def _accepts(self, instruments: Mapping[str, InstrumentRules]) -> bool:
        """Refuses to trade when a tick or a lot does not mean any more what the core takes it for."""
        for symbol, binding in self._bindings.items():
            told = instruments.get(symbol)
            if told is None or not told.has_same_scale(binding.rules):
                return False
        self.rules = instruments
        return True

    def _take_frame(self, link: Link, frame: bytes, now_ns: int) -> Sequence[Action]:
        codec = self._order_codec
        replies = codec.request_replies
        count = codec.decode(frame, now_ns, self._rows)
        # A reply that comes twice must not stand for one that never came.
        link.in_flight = max(link.in_flight - (codec.request_replies - replies), 0)
        notice = codec.notice
        if notice is None:
            if count:
                self._core.apply(self._rows, count)
            return NO_ACTIONS
        actions = self._take_notice_with_records(link, notice, count, now_ns)
        is_question = notice.kind is not NoticeKind.CLOCK_DOUBT and self._active is link
        if not is_question or notice.verdict is None or notice.verdict.concern is not Concern.CLOCK:
            return actions
        # A refused question says as much of the clock as a refused order, and would be refused for ever.
        return [*actions, *self._measure_clock(link, now_ns)]

    def _take_notice_with_records(self, link: Link, notice: Notice, count: int, now_ns: int) -> Sequence[Action]:
        kind = notice.kind
        # An answer may come over a connection that is about to end; what it leads to goes over the new one.
        asking = link if self._active is None else self._active
        sends = self._reconciliation.take(asking.link_id, notice, self._rows, count, now_ns)
        if sends is not None:
            return [*sends, *self._go_live(now_ns)]
        if count:
            self._core.apply(self._rows, count)
        if kind is NoticeKind.ANSWER:
            return self._take_answer(link, notice, now_ns)
        if kind is NoticeKind.UNCORRELATED_ERROR:
            self.counters["uncorrelated_errors"] += 1
            link.in_flight = max(link.in_flight - 1, 0)
        elif kind is NoticeKind.CLOCK_DOUBT:
            self.counters["clock_doubts"] += 1
            return self._measure_clock(link, now_ns)
        return self._take_notice(link, notice, now_ns)

    def _take_answer(self, link: Link, answer: Notice, now_ns: int) -> Sequence[Action]:
        if link.state is LinkState.OPENING:
            actions = self._take_opening_answer(link, answer, now_ns)
            if self._clock.is_measured:
                # What the opening asks next may speak of windows of the venue's calendar.
                self._tell_clock(now_ns)
            return actions
        server_ms = self._dialect.server_time_ms(answer)
        if server_ms is None or self._measurement is None:
            return NO_ACTIONS
        if self._measurement.answered(server_ms, now_ns):
            self._measurement = None
            self._tell_clock(now_ns)
            return NO_ACTIONS
        self._measurement.asked(now_ns)
        return [Send(link.link_id, self._dialect.time_query())]

    def _measure_clock(self, link: Link, now_ns: int) -> Sequence[Action]:
        self._measured_ns = now_ns
        self._measurement = ClockMeasurement(self._clock)
        self._measurement.asked(now_ns)
        return [Send(link.link_id, self._dialect.time_query())]

    def _on_connecting(self, now_ns: int) -> None:
        self._tell_state(ConnectionState.CONNECTING, now_ns)

    def _on_active(self, now_ns: int) -> Sequence[Action]:
        assert self._active is not None, "a connection has just become active"
        self._measured_ns = now_ns
        self._tell_clock(now_ns)
        self._tell_state(ConnectionState.RECONCILING, now_ns)
        self._reconciliation.clear()
        self._reconciliation.begin(now_ns)
        return [*self._reconciliation.due(self._active.link_id, now_ns), *self._go_live(now_ns)]

    def _go_live(self, now_ns: int) -> Sequence[Action]:
        is_waiting = self._active is None or self._reconciliation.is_waited_for
        if self.state is not ConnectionState.RECONCILING or is_waiting:
            return NO_ACTIONS
        self._tell_state(ConnectionState.LIVE, now_ns)
        return NO_ACTIONS

    def _on_link_gone(self, link: Link, now_ns: int) -> None:
        """The replies to what was in flight on the connection will never come."""
        if link.in_flight > 0:
            self._writer.start(self._own_rows, now_ns)
            self._writer.everything_in_flight_unknown()
            self._core.apply(self._own_rows, self._writer.count)
        self._reconciliation.ask_again(link.link_id, now_ns)

    def _on_down(self, now_ns: int) -> None:
        self._tell_state(ConnectionState.DOWN, now_ns)
        self._reconciliation.clear()
        self._measurement = None

    def _tell_state(self, state: ConnectionState, now_ns: int) -> None:
        if state is self.state:
            return
        self.state = state
        self._writer.start(self._own_rows, now_ns)
        self._writer.venue_state(int(state))
        self._core.apply(self._own_rows, self._writer.count)

    def _tell_clock(self, now_ns: int) -> None:
        if self._clock.utc_offset_ns == self._told_offset_ns:
            return
        self._told_offset_ns = self._clock.utc_offset_ns
        self._writer.start(self._own_rows, now_ns)
        self._writer.clock_offset(self._clock.utc_offset_ns, self._clock.doubt_ns)
        self._core.apply(self._own_rows, self._writer.count)
