"""Owns the running of a session: its timer, its connections, its actions."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

from gateways.action import Action, Close, Connect, Ping, Send
from gateways.connection import Connection, Resolver, tls_context
from gateways.endpoint import check_url
from gateways.session import Session
from ipc.clock import Clock


class Gateway:
    """Carries out what a session asks for, on the running event loop."""

    tick_s = 0.1
    """How often the session is told of the time."""

    def __init__(
        self,
        *,
        session: Session,
        url: str,
        clock: Clock,
        ca_file: Path | None,
        resolver: Resolver | None,
    ) -> None:
        check_url(url)
        self._session = session
        self._url = url
        self._clock = clock
        self._context: ssl.SSLContext | None = tls_context(ca_file) if url.startswith("wss:") else None
        self._resolver = resolver
        self._connections: dict[int, Connection] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.failed: asyncio.Future[None] | None = None
        """Raises when a connection met an error of our own; whoever runs the gateway awaits it."""

    def start(self) -> None:
        """Begins to connect and stays connected until `stop`."""
        assert self._timer is None, "a gateway is started once"
        self.failed = asyncio.get_running_loop().create_future()
        self._perform(self._session.start(self._clock.monotonic_ns()))
        self._wait_for_tick()

    async def stop(self) -> None:
        """Closes every connection; nothing of the gateway is left on the loop afterwards."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._perform(self._session.stop(self._clock.monotonic_ns()))
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self.failed is not None and not self.failed.done():
            self.failed.cancel()

    def on_connected(self, link_id: int) -> None:
        """Called by a connection."""
        self._perform(self._session.on_connected(link_id, self._clock.monotonic_ns()))

    def on_frame(self, link_id: int, payload: bytes) -> None:
        """Called by a connection."""
        actions = self._session.on_frame(link_id, payload, self._clock.monotonic_ns())
        if actions:
            self._perform(actions)

    def on_alive(self, link_id: int) -> None:
        """Called by a connection."""
        self._session.on_alive(link_id, self._clock.monotonic_ns())

    def on_nonsense(self, link_id: int) -> None:
        """Called by a connection."""
        self._perform(self._session.on_nonsense(link_id, self._clock.monotonic_ns()))

    def on_disconnected(self, link_id: int) -> None:
        """Called by a connection."""
        self._perform(self._session.on_disconnected(link_id, self._clock.monotonic_ns()))

    def _wait_for_tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.tick_s, self._tick)

    def _tick(self) -> None:
        self._wait_for_tick()
        self._perform(self._session.on_tick(self._clock.monotonic_ns()))

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Connect):
                self._connect(action.link_id)
                continue
            connection = self._connections.get(action.link_id)
            if connection is None:
                continue
            match action:
                case Send(frame=frame):
                    connection.send(frame)
                case Ping():
                    connection.ping()
                case Close(link_id=link_id):
                    connection.close()
                    if not connection.is_connected:
                        self._tasks[link_id].cancel()

    def _connect(self, link_id: int) -> None:
        connection = Connection(link_id, self)
        self._connections[link_id] = connection
        task = asyncio.get_running_loop().create_task(connection.run(self._url, self._context, self._resolver))
        self._tasks[link_id] = task
        task.add_done_callback(lambda done: self._forget(link_id, done))

    def _forget(self, link_id: int, task: asyncio.Task[None]) -> None:
        del self._connections[link_id]
        del self._tasks[link_id]
        if task.cancelled() or self.failed is None or self.failed.done():
            return
        error = task.exception()
        if error is not None:
            self.failed.set_exception(error)
