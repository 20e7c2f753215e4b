"""Owns one client's WebSocket connection: delivery, keep-alive, lifetime and faults."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from ipc.clock import NS_PER_MS

if TYPE_CHECKING:
    from gateways.simulator.server import SimulatedVenue

TIMER_STEP_S = 1e-6
MALFORMED_PAYLOAD = b'{"malformed":'


class Connection(WSListener):
    """A connection of either kind; the protocol face derives from it and handles each text message."""

    def __init__(self, venue: "SimulatedVenue") -> None:
        self.venue = venue
        self.connected_ns = venue.clock.utc_ns()
        self._loop = asyncio.get_running_loop()
        self._transport: WSTransport | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._fragments = bytearray()
        self._outbox: list[bytes] = []
        self._unanswered_pings: dict[bytes, float] = {}
        self._request_due_s = 0.0
        self._reply_due_s = 0.0
        self._event_due_s = 0.0
        self._is_silent = False
        self._is_instant = venue.latency.is_instant

    # What a protocol face overrides.

    def on_text(self, payload: bytes) -> None:
        """One whole text message has arrived."""
        raise NotImplementedError

    def on_control(self) -> None:
        """A PING or PONG has arrived; some venues count them."""

    def on_closed(self) -> None:
        """The connection is gone."""

    # What a protocol face calls.

    def send_now(self, payload: bytes) -> None:
        """Sends a text frame, unless the connection is gone or a fault has silenced it."""
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.append(_text_frame_head(len(payload)))
        self._outbox.append(payload)

    def deliver_reply(self, method: str, payload: bytes) -> None:
        """Sends a reply after its way through the network, as the script of faults has it."""
        delay_s = 0.0 if self._is_instant else self.venue.latency.reply_s()
        fault = self.venue.faults.on_reply(method)
        if fault is not None:
            if fault.action == "drop_reply":
                return
            if fault.action == "drop_after":
                self.abort()
                return
            if fault.action == "malformed_reply":
                payload = MALFORMED_PAYLOAD
            delay_s += fault.delay_ms / 1_000
        self._reply_due_s = self._send_at(payload, delay_s, self._reply_due_s)

    def deliver_event(self, name: str, payload: bytes) -> None:
        """Sends a private event after its way through the network, as the script of faults has it."""
        delay_s = 0.0 if self._is_instant else self.venue.latency.event_s()
        fault = self.venue.faults.on_event(name)
        if fault is not None:
            if fault.action == "drop_event":
                return
            if fault.action == "malformed_event":
                payload = MALFORMED_PAYLOAD
            delay_s += fault.delay_ms / 1_000
            if fault.action == "reorder_event":
                self._later(delay_s, lambda: self.send_now(payload))
                return
        self._event_due_s = self._send_at(payload, delay_s, self._event_due_s)
        if fault is not None and fault.action == "duplicate_event":
            self._event_due_s = self._send_at(payload, delay_s, self._event_due_s)

    def go_silent(self) -> None:
        """Leaves the socket open and never speaks again: what a half-open connection looks like."""
        self._flush()
        self._is_silent = True

    def close(self, code: WSCloseCode, reason: str) -> None:
        """Says goodbye and closes."""
        self._flush()
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_close(code, reason.encode())
            self._transport.disconnect()

    def abort(self) -> None:
        """Cuts the connection without a word."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Starts the keep-alive and the lifetime."""
        self._transport = transport
        session = self.venue.config.session
        self._later(session.ping_interval_s, self._ping)
        self._later(session.lifetime_s, self._expire)
        self.venue.connections.add(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Stops every timer of the connection."""
        for timer in self._timers:
            timer.cancel()
        self.venue.connections.discard(self)
        self.on_closed()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answers control frames and hands whole messages on."""
        if self._is_silent:
            return
        kind = frame.msg_type
        if kind is WSMsgType.TEXT and frame.fin:
            self._receive(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._fragments += frame.get_payload_as_memoryview()
            if frame.fin:
                payload = bytes(self._fragments)
                self._fragments.clear()
                self._receive(payload)
        elif kind is WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            self.on_control()
        elif kind is WSMsgType.PONG:
            # An unsolicited PONG does not keep a connection alive, hence the comparison of payloads.
            if frame.get_payload_as_bytes() in self._unanswered_pings:
                self._unanswered_pings.clear()
            self.on_control()
        elif kind is WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        else:
            self.close(WSCloseCode.UNSUPPORTED_DATA, "only text frames are understood")

    def _flush(self) -> None:
        """Writes all frames of this turn of the loop at once; a system call costs more than a frame."""
        frames = b"".join(self._outbox)
        self._outbox.clear()
        transport = self._transport
        if frames and transport is not None and not transport.is_disconnected and not self._is_silent:
            # picows, too, goes through the underlying transport while that has bytes to write, so control
            # frames, which it sends by itself, never overtake or cut a frame.
            transport.underlying_transport.write(frames)

    def _receive(self, payload: bytes) -> None:
        if self._is_instant:
            self.on_text(payload)
        else:
            delay_s = self.venue.latency.request_s()
            self._request_due_s = self._call_in_order(self.on_text, payload, delay_s, self._request_due_s)

    def _send_at(self, payload: bytes, delay_s: float, after_s: float) -> float:
        """Sends after the delay but never before an earlier message of its kind; returns when."""
        if not delay_s and not after_s:
            self.send_now(payload)
            return 0.0
        return self._call_in_order(self.send_now, payload, delay_s, after_s)

    def _call_in_order(
        self, callback: Callable[[bytes], None], payload: bytes, delay_s: float, after_s: float
    ) -> float:
        # Timers of the same moment fire in no certain order, so each comes a little after the one before.
        due_s = max(self._loop.time() + delay_s, after_s + TIMER_STEP_S)
        self._timers.append(self._loop.call_at(due_s, callback, payload))
        self._drop_spent_timers()
        return due_s

    def _later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(delay_s, callback))
        self._drop_spent_timers()

    def _drop_spent_timers(self) -> None:
        if len(self._timers) > 64:
            now_s = self._loop.time()
            self._timers = [timer for timer in self._timers if timer.when() >= now_s]

    def _ping(self) -> None:
        session = self.venue.config.session
        now_s = self._loop.time()
        oldest_s = min(self._unanswered_pings.values(), default=now_s)
        if self._unanswered_pings and now_s - oldest_s >= session.pong_timeout_s:
            self.close(WSCloseCode.POLICY_VIOLATION, "Pong timeout")
            return
        if self._transport is not None and not self._is_silent:
            payload = str(self.venue.clock.utc_ns() // NS_PER_MS).encode()
            self._unanswered_pings.setdefault(payload, now_s)
            self._transport.send_ping(payload)
        self._later(session.ping_interval_s, self._ping)

    def _expire(self) -> None:
        self.close(WSCloseCode.GOING_AWAY, "The connection has reached its lifetime")


def _text_frame_head(size: int) -> bytes:
    """The head of an unmasked, unfragmented text frame (RFC 6455, section 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
