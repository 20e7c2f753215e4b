"""Owns the picows references: a bare echo and a bare send, both ends busy asyncio loops, plain or TLS."""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any

import numpy as np
import picows
from numpy.typing import NDArray
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest

from ipc.clock import SystemClock
from perf.latency import median
from perf.peer import Peer
from perf.reference.busy_loop import run_busy
from perf.reference.loopback import HOST, listen, port_of, tls_contexts, without_delay

# Room for the header that picows writes before the payload.
HEADER_ROOM = 14
_WARM_UP = 200


class _Server(WSListener):
    """Sends every message back, or only counts it."""

    def __init__(self, *, echoes: bool) -> None:
        self._echoes = echoes
        self.checksum = 0
        self.closed = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        without_delay(transport.underlying_transport.get_extra_info("socket"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
            return
        payload = frame.get_payload_as_bytes()
        self.checksum += int.from_bytes(payload[:8], "little")
        if self._echoes:
            transport.send(WSMsgType.BINARY, payload)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed.set_result(None)


class _Client(WSListener):
    """Sends the next message when the answer to the last one is there."""

    def __init__(self, size_bytes: int, times: NDArray[np.int64]) -> None:
        self._size_bytes = size_bytes
        self._times = times
        self._number = 0
        self._started = 0
        self.checksum = 0
        self.done = asyncio.get_running_loop().create_future()

    def begin(self, transport: WSTransport) -> None:
        """Sends the first message."""
        self._send(transport)

    def _send(self, transport: WSTransport) -> None:
        buffer = bytearray(HEADER_ROOM + self._size_bytes)
        buffer[HEADER_ROOM : HEADER_ROOM + 8] = self._number.to_bytes(8, "little")
        self._started = SystemClock.monotonic_ns()
        transport.send_reuse_external_bytearray(WSMsgType.BINARY, buffer, HEADER_ROOM)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.BINARY:
            return
        payload = frame.get_payload_as_bytes()
        self._times[self._number] = SystemClock.monotonic_ns() - self._started
        self.checksum += int.from_bytes(payload[:8], "little")
        self._number += 1
        if self._number < len(self._times):
            self._send(transport)
        else:
            self.done.set_result(None)


class _Pair:
    """What both processes must agree on before the fork: the port, and the certificate if there is one."""

    def __init__(self, *, tls: bool) -> None:
        self.listener = listen()
        self._server_context: ssl.SSLContext | None = None
        self._client_context: ssl.SSLContext | None = None
        if tls:
            self._server_context, self._client_context = tls_contexts()
        self._url = f"{'wss' if tls else 'ws'}://{HOST}:{port_of(self.listener)}/"

    async def serve(self, *, echoes: bool) -> int:
        """Serves one client to its end; returns the checksum of what came."""
        server = _Server(echoes=echoes)

        def accept(_request: WSUpgradeRequest) -> WSListener:
            return server

        running = await picows.ws_create_server(accept, sock=self.listener, ssl=self._server_context)
        await server.closed
        running.close()
        return server.checksum

    async def connect(self, client: WSListener) -> WSTransport:
        """A connection to the peer."""
        transport, _ = await picows.ws_connect(
            lambda *_: client, self._url, ssl_context=self._client_context, enable_auto_pong=False
        )
        without_delay(transport.underlying_transport.get_extra_info("socket"))
        return transport

    def run(self, client: Coroutine[Any, Any, int], *, echoes: bool, peer_core: int) -> None:
        """Runs the server in the peer and the client here; both must have seen the same numbers."""

        def work(words: NDArray[np.int64]) -> None:
            words[0] = run_busy(self.serve(echoes=echoes))

        with self.listener, Peer(work, core=peer_core) as peer:
            sent = run_busy(client)
            received = int(peer.join()[0])
        assert received == sent, f"the peer's checksum is {received}, expected is {sent}"


async def _leave(transport: WSTransport) -> None:
    transport.send_close()
    await transport.wait_disconnected()


def round_trip_ns(size_bytes: int, count: int, *, tls: bool, peer_core: int) -> float:
    """The median round trip of one message at a time."""
    pair, total = _Pair(tls=tls), count + _WARM_UP
    times = np.empty(total, dtype=np.int64)

    async def ask_all() -> int:
        client = _Client(size_bytes, times)
        transport = await pair.connect(client)
        client.begin(transport)
        await client.done
        await _leave(transport)
        assert client.checksum == total * (total - 1) // 2, "an answer was wrong"
        return client.checksum

    pair.run(ask_all(), echoes=True, peer_core=peer_core)
    return median(times[_WARM_UP:])


def send_ns(size_bytes: int, count: int, *, tls: bool, peer_core: int, interval_ns: int) -> float:
    """The median time until `send` has returned, one message each interval, the peer only reading."""
    pair, total = _Pair(tls=tls), count + _WARM_UP
    times = np.empty(total, dtype=np.int64)

    async def send_all() -> int:
        transport = await pair.connect(WSListener())
        clock = SystemClock.monotonic_ns
        buffer = bytearray(HEADER_ROOM + size_bytes)
        due = clock()
        for number in range(total):
            due += interval_ns
            buffer[HEADER_ROOM:] = number.to_bytes(8, "little").ljust(size_bytes, b"\0")
            while clock() < due:
                pass
            started = clock()
            transport.send_reuse_external_bytearray(WSMsgType.BINARY, buffer, HEADER_ROOM)
            times[number] = clock() - started
        await _leave(transport)
        return total * (total - 1) // 2

    pair.run(send_all(), echoes=False, peer_core=peer_core)
    return median(times[_WARM_UP:])
