"""Owns a client's way to an engine over ZeroMQ: the same records, in frames, without compiled code."""

from collections import deque
from collections.abc import Sequence

import zmq

from ipc.clock import NS_PER_MS, NS_PER_S, WaitingClock
from ipc.curve import prove
from ipc.enums import ExecutionType, OrderType, RecordKind, RefusalReason, TimeInForce
from ipc.errors import (
    ClientError,
    ConnectionRefusedByEngineError,
    EngineNotRunningError,
    EngineRestartedError,
    OrderIdsExhaustedError,
    RingFullError,
    SharedMemoryOnlyError,
    SnapshotTimeoutError,
    StrategyInUseError,
    SupersededError,
    UnknownNameError,
)
from ipc.frame import FRAME_BYTES_MAX, LIFE_SIGN, LIFE_SIGN_NS, SILENCE_MAX_NS, decode, encode
from ipc.order_id import CLIENT_SEQUENCE_MAX, SEQUENCE_SHIFT
from ipc.proof import Proof
from ipc.records import ALL_ACCOUNTS, ALL_INSTRUMENTS, AS_CONFIGURED, EXECUTION_REPORT, HEADER_FIELDS, WELCOME
from ipc.schema import SCHEMA_DIGEST
from ipc.segment import Segment
from ipc.session import Identity, Unsent
from ipc.tables import name_words

QUEUE_FRAMES_MAX = 1_000
HEARTBEAT_MS = 1_000
HEARTBEAT_TIMEOUT_MS = 3_000
# An engine that cannot list its rows in this time does not serve its clients.
SNAPSHOT_TIMEOUT_NS = 5 * NS_PER_S

_KIND = HEADER_FIELDS.index("kind")
_SEQUENCE = HEADER_FIELDS.index("sequence")
_EXECUTION_TYPE = (EXECUTION_REPORT.names or ()).index("execution_type")
_REASON = (EXECUTION_REPORT.names or ()).index("reason")
_EVENT_KINDS = (
    RecordKind.EXECUTION_REPORT,
    RecordKind.PARENT_REPORT,
    RecordKind.ROUTE_DECISION,
    RecordKind.VENUE_STATE,
    RecordKind.ALARM,
    RecordKind.LAGGED,
)
# Refusals that end the connection, and what a publish returns from then on.
_ENDINGS = {
    RefusalReason.NOT_CONNECTED: Unsent.ENGINE_RESTARTED,
    RefusalReason.CLIENT_SUPERSEDED: Unsent.SUPERSEDED,
}


class ZeromqChannel:
    """One strategy's DEALER socket."""

    def __init__(  # noqa: PLR0913, PLR0917  what `connect` says
        self,
        url: str,
        strategy: str,
        time_to_live_ns: int,
        timeout_ns: int,
        clock: WaitingClock,
        proof: Proof | None = None,
    ) -> None:
        self._url = url
        self._strategy = strategy
        self._time_to_live_ns = time_to_live_ns
        self._clock = clock
        self._events: deque[tuple[int, ...]] = deque()
        self._rows: list[tuple[int, ...]] = []
        self._answered: tuple[int, ...] | None = None
        self._request_sequence = 0
        self._ending: Unsent | None = None
        self._sent_ns = self._heard_ns = clock.monotonic_ns()
        self._context = zmq.Context()
        try:
            self._socket = _connected(self._context, url, proof)
            self.identity = self._say_hello(timeout_ns)
        except BaseException:
            self._context.destroy(linger=0)
            raise
        self._last_sequence = self.identity.last_sequence
        self._last_order_sequence = self.identity.last_order_sequence

    @property
    def session_address(self) -> int:
        """There is none: compiled strategies work on rings."""
        raise SharedMemoryOnlyError(
            f"compiled strategies need a client over shared memory; {self._url} is not one, connect to shm://ENGINE_NAME"
        )

    def market_ring(self) -> Segment:
        """There is none: market data stays on the engine's host."""
        raise SharedMemoryOnlyError(
            f"market data needs a client over shared memory; {self._url} is not one, connect to shm://ENGINE_NAME"
        )

    def publish_new_order(  # noqa: PLR0913, PLR0917  what an order says
        self,
        instrument_id: int,
        account_id: int,
        side: int,
        price_ticks: int,
        order_lots: int,
        order_type: int = OrderType.LIMIT,
        time_in_force: int = TimeInForce.DEFAULT,
        order_flags: int = 0,
        client_tag: int = 0,
        max_slippage_bps: int = AS_CONFIGURED,
        execution_timeout_ms: int = AS_CONFIGURED,
        retry_attempts: int = AS_CONFIGURED,
        retry_delay_ms: int = AS_CONFIGURED,
        stop_price_ticks: int = 0,
        expire_utc_ns: int = 0,
        display_lots: int = 0,
        quote_notional: int = 0,
        self_trade_prevention: int = 0,
        release_utc_ns: int = 0,
    ) -> int:
        """Sends an order; returns its id or an `Unsent`."""
        overrides = (max_slippage_bps, execution_timeout_ms, retry_attempts, retry_delay_ms)
        terms = (order_type, time_in_force, order_flags, price_ticks, order_lots, client_tag, *overrides)
        seldom = (stop_price_ticks, expire_utc_ns, display_lots, quote_notional, self_trade_prevention, release_utc_ns)
        return self._send_with_new_id(RecordKind.NEW_ORDER, instrument_id, account_id, side, *terms, *seldom)

    def publish_target(  # noqa: PLR0913, PLR0917  what a target says
        self,
        instrument_id: int,
        account_id: int,
        target_lots: int,
        price_ticks: int,
        order_type: int = OrderType.LIMIT,
        time_in_force: int = TimeInForce.DEFAULT,
        order_flags: int = 0,
        client_tag: int = 0,
        max_slippage_bps: int = AS_CONFIGURED,
        execution_timeout_ms: int = AS_CONFIGURED,
        retry_attempts: int = AS_CONFIGURED,
        retry_delay_ms: int = AS_CONFIGURED,
    ) -> int:
        """Asks for a position; returns the id of the order that may come of it or an `Unsent`."""
        overrides = (max_slippage_bps, execution_timeout_ms, retry_attempts, retry_delay_ms)
        terms = (order_type, time_in_force, order_flags, price_ticks, client_tag, *overrides)
        return self._send_with_new_id(RecordKind.TARGET_POSITION, instrument_id, account_id, target_lots, *terms)

    def publish_cancel(self, order_id: int) -> int:
        """Asks to cancel an order; returns the command's sequence or an `Unsent`."""
        return self._send_command(RecordKind.CANCEL_ORDER, order_id)

    def publish_amend(  # noqa: PLR0913, PLR0917  what an amendment says
        self,
        order_id: int,
        price_ticks: int,
        order_lots: int,
        stop_price_ticks: int = 0,
        version: int = 0,
        conditional_on_version: int = 0,
    ) -> int:
        """Asks to change an order, 0 keeps what it has; returns the command's sequence or an `Unsent`."""
        terms = (price_ticks, order_lots, stop_price_ticks, version, conditional_on_version)
        return self._send_command(RecordKind.AMEND_ORDER, order_id, *terms)

    def publish_cancel_all(self, instrument_id: int, account_id: int = ALL_ACCOUNTS, side: int = 0) -> int:
        """Asks to cancel every order in a scope, -1 and side 0 for all; returns the sequence or an `Unsent`."""
        return self._send_command(RecordKind.CANCEL_ALL, self.identity.order_id_base, instrument_id, account_id, side)

    def publish_status_request(
        self, order_id: int, instrument_id: int = ALL_INSTRUMENTS, account_id: int = ALL_ACCOUNTS, side: int = 0
    ) -> int:
        """Asks how an order stands, or with order_id 0 every open one in a scope; returns the sequence."""
        named = order_id or self.identity.order_id_base
        return self._send_command(RecordKind.STATUS_REQUEST, named, instrument_id, account_id, side)

    def publish_parent(self, terms: Sequence[int]) -> int:
        """Sends a parent order; returns its id or an `Unsent`."""
        return self._send_with_new_id(RecordKind.NEW_PARENT, *terms)

    def publish_schedule(self, order_id: int, terms: Sequence[int]) -> int:
        """Sends slices of a parent's schedule; returns the command's sequence or an `Unsent`."""
        return self._send_command(RecordKind.SCHEDULE, order_id, *terms)

    def publish_parent_control(self, order_id: int, control: int) -> int:
        """Asks to pause or resume a parent; returns the command's sequence or an `Unsent`."""
        return self._send_command(RecordKind.CONTROL_PARENT, order_id, control)

    def _send_with_new_id(self, kind: RecordKind, *words: int) -> int:
        order_sequence = self._last_order_sequence + 1
        if order_sequence > CLIENT_SEQUENCE_MAX:
            return Unsent.ORDER_IDS_EXHAUSTED
        order_id = self.identity.order_id_base + (order_sequence << SEQUENCE_SHIFT)
        result = self._send_command(kind, order_id, *words)
        if result <= 0:
            return result
        self._last_order_sequence = order_sequence
        return order_id

    def _send_command(self, kind: RecordKind, order_id: int, *words: int) -> int:
        if self._ending is not None:
            return self._ending
        sequence = self._last_sequence + 1
        expires_utc_ns = self._clock.utc_ns() + self._time_to_live_ns
        if not self._send(encode(kind, sequence, self._clock.monotonic_ns(), expires_utc_ns, order_id, *words)):
            return Unsent.RING_FULL
        self._last_sequence = sequence
        return sequence

    def receive(self, records_max: int) -> list[tuple[int, ...]]:
        """Reports that are there now."""
        while len(self._events) < records_max and self._take_frame():
            pass
        if self._events:
            return [self._events.popleft() for _ in range(min(records_max, len(self._events)))]
        self._check_engine()
        return []

    def has_more(self) -> bool:
        """Whether reports are there already."""
        while not self._events and self._take_frame():
            pass
        return bool(self._events)

    def rows(self, what: RecordKind, instrument_id: int) -> list[tuple[int, ...]]:
        """Status records, asked of the engine; what else arrives meanwhile waits for receive()."""
        self._check_engine()
        self._request_sequence += 1
        self._rows = []
        self._answered = None
        request = encode(
            RecordKind.SNAPSHOT_REQUEST, self._request_sequence, self._clock.monotonic_ns(), what, instrument_id
        )
        deadline = self._clock.monotonic_ns() + SNAPSHOT_TIMEOUT_NS
        is_sent = self._send(request)
        while self._answered is None:
            self._check_engine()
            left_ns = deadline - self._clock.monotonic_ns()
            if left_ns <= 0 or not is_sent:
                raise SnapshotTimeoutError(
                    f"the engine at {self._url} did not list its {what.name} rows; "
                    f"allowed are {SNAPSHOT_TIMEOUT_NS // NS_PER_S} s: check with `oms orders` that it is alive"
                )
            if not self._take_frame():
                self.pause(left_ns)
        rows, self._rows = self._rows, []
        return rows

    def unsent_error(self, code: int) -> ClientError:
        """Why nothing was sent."""
        if code == Unsent.ORDER_IDS_EXHAUSTED:
            return OrderIdsExhaustedError(self._strategy, self.identity.epoch)
        if code == Unsent.SUPERSEDED:
            return SupersededError(
                f"a newer client drives strategy {self._strategy} at {self._url}; allowed is one at a time: "
                "stop the other one, then call reconnect()"
            )
        if code == Unsent.RING_FULL:
            return RingFullError(
                f"no room on the way to {self._url}: the engine cannot be reached or has not taken what was sent, "
                f"allowed are {QUEUE_FRAMES_MAX} frames; nothing was sent: send less, or check it with `oms orders`"
            )
        if self._socket.closed:
            return EngineRestartedError(f"this client of strategy {self._strategy} was closed; call reconnect()")
        return EngineRestartedError(
            f"the engine at {self._url} that served epoch {self.identity.epoch} is gone or was replaced; "
            "call reconnect(), then resync()"
        )

    def pause(self, duration_ns: int) -> None:
        """Waits for the next frame."""
        self._socket.poll(max(1, min(duration_ns, LIFE_SIGN_NS) // NS_PER_MS))

    def close(self) -> None:
        """Closes the socket; the engine notices within seconds."""
        self._ending = Unsent.ENGINE_RESTARTED
        self._context.destroy(linger=0)

    def _check_engine(self) -> None:
        if self._ending is None:
            now = self._clock.monotonic_ns()
            if now - self._heard_ns > SILENCE_MAX_NS and not self._take_frame():
                self._ending = Unsent.ENGINE_RESTARTED
            elif now - self._sent_ns > LIFE_SIGN_NS:
                self._send(LIFE_SIGN)
        if self._ending is not None:
            raise self.unsent_error(self._ending)

    def _send(self, frame: bytes) -> bool:
        try:
            self._socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            return False
        self._sent_ns = self._clock.monotonic_ns()
        return True

    def _take_frame(self) -> bool:
        """Sorts the records of the next frame; False when there is no frame."""
        if self._socket.closed:
            return False
        try:
            frame = self._socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return False
        self._heard_ns = self._clock.monotonic_ns()
        for words in decode(frame):
            self._sort(words)
        return True

    def _sort(self, words: tuple[int, ...]) -> None:
        kind = words[_KIND]
        if kind in _EVENT_KINDS:
            reason = _refusal(words)
            self._ending = _ENDINGS.get(reason, self._ending) if reason else self._ending
            self._events.append(words)
        elif words[_SEQUENCE] == self._request_sequence:
            if kind == RecordKind.SNAPSHOT_END:
                self._answered = words
            else:
                self._rows.append(words)

    def _say_hello(self, timeout_ns: int) -> Identity:
        deadline = self._clock.monotonic_ns() + timeout_ns
        hello = encode(RecordKind.HELLO, 0, self._clock.monotonic_ns(), SCHEMA_DIGEST, *name_words(self._strategy, 2))
        is_sent = False
        while True:
            left_ms = max(0, deadline - self._clock.monotonic_ns()) // NS_PER_MS
            if not self._socket.poll(left_ms, zmq.POLLIN if is_sent else zmq.POLLOUT):
                raise EngineNotRunningError(
                    f"no engine answered at {self._url} within {timeout_ns // NS_PER_MS} ms; "
                    "start it with `oms run`, check the address in its configuration, or have it let our key in"
                )
            if not is_sent:
                is_sent = self._send(hello)
                continue
            for words in decode(self._socket.recv(zmq.NOBLOCK)):
                identity = self._answer(words)
                if identity is not None:
                    return identity

    def _answer(self, words: tuple[int, ...]) -> Identity | None:
        """Who we are, when the engine welcomes us."""
        if words[_KIND] == RecordKind.WELCOME:
            welcome = dict(zip(WELCOME.names or (), words, strict=True))
            return Identity(
                instance=welcome["instance"],
                epoch=welcome["epoch"],
                strategy_id=welcome["strategy_id"],
                last_sequence=welcome["last_sequence"],
                last_order_sequence=welcome["last_order_sequence"],
                last_report_sequence=welcome["last_report_sequence"],
            )
        reason = _refusal(words)
        if reason is not None:
            raise self._refused(reason)
        return None

    def _refused(self, reason: RefusalReason) -> ClientError:
        if reason == RefusalReason.UNKNOWN_CLIENT:
            return UnknownNameError(
                f"the engine at {self._url} has no strategy {self._strategy!r}; add it to the engine's configuration"
            )
        if reason == RefusalReason.KEY_NOT_ALLOWED:
            return ConnectionRefusedByEngineError(
                f"our key may not drive strategy {self._strategy} of {self._url}; name the strategy beside the key "
                "in an [[ipc.curve]] of the engine's configuration"
            )
        if reason == RefusalReason.STRATEGY_IN_USE:
            return StrategyInUseError(
                f"strategy {self._strategy} of {self._url} is driven over shared memory; "
                "allowed is one client at a time: stop the other one"
            )
        return ConnectionRefusedByEngineError(
            f"the engine at {self._url} refused strategy {self._strategy}: {reason.name}; "
            "allowed is the same version of the platform on both sides"
        )


def _refusal(words: tuple[int, ...]) -> RefusalReason | None:
    """The reason, when a record is a refusal."""
    is_refusal = words[_KIND] == RecordKind.EXECUTION_REPORT and words[_EXECUTION_TYPE] == ExecutionType.REFUSED
    return RefusalReason(words[_REASON]) if is_refusal else None


def _connected(context: "zmq.Context[zmq.Socket[bytes]]", url: str, proof: Proof | None) -> "zmq.Socket[bytes]":
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    # Commands wait for nobody: without a connection there is no room for them.
    socket.setsockopt(zmq.IMMEDIATE, 1)
    socket.setsockopt(zmq.SNDHWM, QUEUE_FRAMES_MAX)
    socket.setsockopt(zmq.RCVHWM, QUEUE_FRAMES_MAX)
    socket.setsockopt(zmq.MAXMSGSIZE, FRAME_BYTES_MAX)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HEARTBEAT_TIMEOUT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL, 20)
    socket.setsockopt(zmq.IPV6, int("[" in url))
    if proof is not None:
        prove(socket, proof)
    socket.connect(url)
    return socket
