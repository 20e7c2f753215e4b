"""Owns the sockets: carries out a session's actions with picows and reports what happens.

This is the only file of the platform that connects to a venue.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

import picows
from picows import WSFrame, WSMsgType, WSParsedURL, WSTransport

from gateways.endpoint import check_url

FRAME_BYTES_MAX = 1 << 20
HANDSHAKE_TIMEOUT_S = 5.0

Resolver = Callable[[str, int], Awaitable[Sequence[tuple[str, int]]]]
"""Turns a host name into numeric addresses. The loop's own one starts threads, which the engine may not have."""


UNREACHABLE = (OSError, TimeoutError, picows.WSError, RuntimeError, UnicodeError)
"""How an attempt to connect fails; the last two are what picows raises on an HTTP reply that is none."""


class ConnectionEvents(Protocol):
    """Who is told what happens on a connection."""

    def on_connected(self, link_id: int) -> None:
        """The handshake is complete."""

    def on_frame(self, link_id: int, payload: bytes) -> None:
        """A whole text message came."""

    def on_alive(self, link_id: int) -> None:
        """A ping or a pong came."""

    def on_nonsense(self, link_id: int) -> None:
        """A frame came that is no whole text message."""

    def on_disconnected(self, link_id: int) -> None:
        """The connection is gone, or never came about."""


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A context that verifies certificate and host name; `ca_file` takes the place of the host's own roots."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED, "an unverified venue could be anybody"
    assert context.check_hostname, "a certificate is good for its own host alone"
    return context


class Connection(picows.WSListener):
    """One WebSocket connection, from the attempt to connect to its end."""

    def __init__(self, link_id: int, events: ConnectionEvents) -> None:
        self._link_id = link_id
        self._events = events
        self._transport: WSTransport | None = None
        self._is_closed = False
        self._is_congested = False

    async def run(self, url: str, context: ssl.SSLContext | None, resolver: Resolver | None) -> None:
        """Connects, stays until the connection ends and reports its end; raises only what is our own bug."""
        check_url(url)
        try:
            transport, _ = await picows.ws_connect(
                lambda request, response: self,
                url,
                ssl_context=context,
                websocket_handshake_timeout=HANDSHAKE_TIMEOUT_S,
                enable_auto_pong=False,
                max_frame_size=FRAME_BYTES_MAX,
                max_redirects=0,
                socket_factory=None if resolver is None else _Dialer(resolver).dial,
            )
        except UNREACHABLE:
            self._events.on_disconnected(self._link_id)
            return
        try:
            await transport.wait_disconnected()
        except picows.WSError:
            # The peer broke the WebSocket protocol; that ended the connection like any other end.
            self._is_closed = True
        self._events.on_disconnected(self._link_id)

    @property
    def is_connected(self) -> bool:
        """Whether the handshake was ever completed."""
        return self._transport is not None

    def can_send(self) -> bool:
        """Whether a frame would go out at once rather than wait in a buffer or be dropped."""
        transport = self._transport
        return not (
            transport is None
            or self._is_closed
            or self._is_congested
            or transport.is_disconnected
            or transport.is_close_frame_sent
        )

    def send(self, payload: bytes) -> None:
        """Sends one text message; nothing happens on a connection that is gone."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, payload)

    def send_in_place(self, buffer: bytearray, offset: int) -> None:
        """Sends what lies in `buffer` from `offset` (at least 14) on; header and mask are written into it."""
        assert self._transport is not None, "nothing is sent before the connection stands"
        self._transport.send_reuse_external_bytearray(WSMsgType.TEXT, buffer, offset)

    def send_framed(self, frames: bytes) -> None:
        """Sends whole masked frames in one write, behind all that was sent before."""
        assert self._transport is not None, "nothing is sent before the connection stands"
        # picows looks at the same transport's buffer before each of its own writes, so nothing overtakes these.
        self._transport.underlying_transport.write(frames)

    def ping(self) -> None:
        """Asks the peer for a sign of life."""
        if self._transport is not None:
            self._transport.send_ping()

    def close(self) -> None:
        """Ends the connection without waiting for the peer, who may be gone."""
        self._is_closed = True
        transport = self._transport
        if transport is not None and not transport.is_disconnected:
            transport.send_close(picows.WSCloseCode.OK)
            transport.disconnect(graceful=False)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Called by picows."""
        self._transport = transport
        # Nagle's algorithm would hold a small order back until the venue has acknowledged the last one.
        raw = transport.underlying_transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._is_closed:
            self._events.on_connected(self._link_id)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Called by picows for each frame; venues send whole text messages, so fragments make no sense."""
        kind = frame.msg_type
        # After a protocol error picows says goodbye at once but goes on parsing until it disconnects.
        if self._is_closed or transport.is_close_frame_sent:
            return
        if kind == WSMsgType.TEXT and frame.fin:
            self._events.on_frame(self._link_id, frame.get_payload_as_bytes())
        elif kind == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            self._events.on_alive(self._link_id)
        elif kind == WSMsgType.PONG:
            self._events.on_alive(self._link_id)
        elif kind == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        else:
            self._events.on_nonsense(self._link_id)

    def pause_writing(self) -> None:
        """Called by picows when the socket takes no more: an order that waited would be old when it went out."""
        self._is_congested = True

    def resume_writing(self) -> None:
        """Called by picows."""
        self._is_congested = False


class _Dialer:
    """Opens the TCP connection to the first address that answers."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def dial(self, url: WSParsedURL) -> socket.socket:
        """A connected socket; OSError when no address answers."""
        for host, port in await self._resolver(url.host, url.port):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            raw = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
            try:
                async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                    await asyncio.get_running_loop().sock_connect(raw, (host, port))
            except (OSError, TimeoutError):
                raw.close()
            else:
                return raw
        raise OSError(f"no address of {url.host} answers")
