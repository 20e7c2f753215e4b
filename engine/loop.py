"""Owns the event loop: asyncio with the compiled spin in the selector's place.

`select` spins on rings, timers and descriptors. Finished frames leave from inside it, so a signal's way
to the wire never waits for a turn of the loop, and what a venue says is read from inside it as well. It
returns soon after either, for the callbacks that they left, or when time is up.
"""

import asyncio
import platform
import select
import selectors
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.spin.spin import DESCRIPTORS_READY, FRAMES_READY, REPORTS_READY, spin
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock

EVENTS_MAX = 256
# The kernel packs its struct on x86-64 only: epoll_ctl(2), <sys/epoll.h>.
_EVENT = struct.Struct("<Ii4x" if platform.machine() == "x86_64" else "<I4xi4x")
_SILENCE_NS = NS_PER_MS
# What a transport scheduled while it sent or was read here must not wait for the next descriptor.
_CALLBACKS_WAIT_NS = 20_000


class SpinSelector(selectors.BaseSelector):
    """A selector that trades while it waits."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._keys: dict[int, selectors.SelectorKey] = {}
        self.events = bytearray(EVENTS_MAX * _EVENT.size)
        self.events_address = int(np.frombuffer(self.events, np.uint8).ctypes.data)
        self._ports_address = 0
        self._ready_count: Callable[[], int] = lambda: 0
        self._send_frames: Callable[[], None] = lambda: None
        self._serve_reports: Callable[[], None] = lambda: None
        self._has_unserved: Callable[[], bool] = lambda: False
        self._serving_ns = 0
        self._direct: dict[int, Callable[[], None]] = {}

    @property
    def descriptor(self) -> int:
        """The epoll descriptor that the compiled loop polls."""
        return self._epoll.fileno()

    def connect(
        self,
        ports_address: int,
        ready_count: Callable[[], int],
        send_frames: Callable[[], None],
        serve_reports: Callable[[], None],
        has_unserved: Callable[[], bool],
    ) -> None:
        """From now on `select` runs the compiled loop."""
        self._has_unserved = has_unserved
        self._ready_count = ready_count
        self._send_frames = send_frames
        self._serve_reports = serve_reports
        self._ports_address = ports_address

    def disconnect(self) -> None:
        """From now on `select` only waits for descriptors."""
        self._ports_address = 0

    def add_direct_reader(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Calls back from inside `select` whenever the descriptor is readable."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._direct[descriptor] = callback

    def remove_direct_reader(self, descriptor: int) -> None:
        """Undoes add_direct_reader."""
        del self._direct[descriptor]
        self._epoll.unregister(descriptor)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As the base class says."""
        descriptor = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if descriptor in self._keys:
            raise KeyError(f"{fileobj!r} (descriptor {descriptor}) is already registered")
        key = selectors.SelectorKey(fileobj, descriptor, events, data)
        self._epoll.register(descriptor, _mask(events))
        self._keys[descriptor] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As the base class says."""
        descriptor = self._descriptor_of(fileobj)
        key = self._keys.pop(descriptor)
        try:
            self._epoll.unregister(descriptor)
        except OSError:
            # It was closed before: the kernel has forgotten it already.
            return key
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As the base class says."""
        descriptor = self._descriptor_of(fileobj)
        key = self._keys[descriptor]
        if events != key.events:
            self._epoll.modify(descriptor, _mask(events))
        key = key._replace(events=events, data=data)
        self._keys[descriptor] = key
        return key

    def _descriptor_of(self, fileobj: Any) -> int:
        if isinstance(fileobj, int):
            return fileobj
        descriptor = fileobj.fileno()
        if descriptor >= 0:
            return int(descriptor)
        # A closed socket no longer knows its number.
        return next(number for number, key in self._keys.items() if key.fileobj is fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As the base class says; trades while it waits."""
        if self._ports_address == 0:
            seconds = -1 if timeout is None else max(timeout, 0)
            return self._ready(self._epoll.poll(seconds, EVENTS_MAX))
        now_ns = SystemClock.monotonic_ns()
        until_ns = now_ns + (NS_PER_S if timeout is None else max(int(timeout * NS_PER_S), 0))
        while True:
            # Who has been served and has more waits as long as that took: half of the time is the rings' and the
            # venues', however much clients send, and a client that waits behind them does so for no longer.
            pause_ns = self._serving_ns if self._has_unserved() else _SILENCE_NS
            outcome = spin(self._ports_address, min(until_ns, now_ns + pause_ns))
            if outcome & FRAMES_READY:
                self._send_frames()
                now_ns = SystemClock.monotonic_ns()
                until_ns = min(until_ns, now_ns + _CALLBACKS_WAIT_NS)
            if outcome & REPORTS_READY or self._has_unserved():
                began_ns = SystemClock.monotonic_ns()
                self._serve_reports()
                self._serving_ns = SystemClock.monotonic_ns() - began_ns
            if outcome & DESCRIPTORS_READY:
                ready = self._ready(self._compiled_events())
                if ready:
                    return ready
                now_ns = SystemClock.monotonic_ns()
                until_ns = min(until_ns, now_ns + _CALLBACKS_WAIT_NS)
            if not outcome & FRAMES_READY:
                now_ns = SystemClock.monotonic_ns()
            if now_ns >= until_ns:
                return []

    def _compiled_events(self) -> list[tuple[int, int]]:
        count = self._ready_count()
        found = []
        for place in range(count):
            events, descriptor = _EVENT.unpack_from(self.events, place * _EVENT.size)
            found.append((descriptor, events))
        return found

    def _ready(self, events: list[tuple[int, int]]) -> list[tuple[selectors.SelectorKey, int]]:
        ready = []
        for descriptor, event in events:
            direct = self._direct.get(descriptor)
            if direct is not None:
                direct()
                continue
            key = self._keys.get(descriptor)
            if key is None:
                continue
            if event == select.EPOLLIN and key.events == selectors.EVENT_READ:
                # asyncio keeps (reader, writer) as the key's data; running the reader here and now
                # spares what the venue said a turn of the loop.
                key.data[0]._run()
                continue
            mask = 0
            if event & ~select.EPOLLIN:
                mask |= selectors.EVENT_WRITE
            if event & ~select.EPOLLOUT:
                mask |= selectors.EVENT_READ
            ready.append((key, mask & key.events))
        return ready

    def close(self) -> None:
        """As the base class says."""
        self._epoll.close()
        self._keys.clear()

    def get_map(self) -> dict[int, selectors.SelectorKey]:  # type: ignore[override]  # keyed by descriptor
        """As the base class says."""
        return self._keys


def _mask(events: int) -> int:
    mask = 0
    if events & selectors.EVENT_READ:
        mask |= select.EPOLLIN
    if events & selectors.EVENT_WRITE:
        mask |= select.EPOLLOUT
    return mask


class SpinLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop around the spinning selector."""

    def __init__(self) -> None:
        self.spin_selector = SpinSelector()
        super().__init__(self.spin_selector)
