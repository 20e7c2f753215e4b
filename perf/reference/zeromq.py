"""Owns the ZeroMQ references: the same records over pyzmq on an ipc:// address, blocking or busy."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zmq
from numpy.typing import NDArray

from ipc.clock import NS_PER_S, SystemClock
from perf.latency import median
from perf.peer import Peer


def _with_socket(
    kind: int, address: str, *, bind: bool, work: Callable[[zmq.Socket[bytes]], int], io_core: int | None = None
) -> int:
    with zmq.Context() as context:
        if io_core is not None:
            # Before the first socket, because that one starts the I/O thread.
            context.set(zmq.THREAD_AFFINITY_CPU_ADD, io_core)
        with context.socket(kind) as socket:
            return _open(socket, address, bind=bind, work=work)


def _open(socket: zmq.Socket[bytes], address: str, *, bind: bool, work: Callable[[zmq.Socket[bytes]], int]) -> int:
    socket.sndhwm = socket.rcvhwm = 100_000
    if bind:
        socket.bind(address)
    else:
        socket.connect(address)
    return work(socket)


def _address(folder: str) -> str:
    return f"ipc://{Path(folder) / 'socket'}"


def exchange(records: list[bytes], *, peer_core: int) -> float:
    """The median round trip in nanoseconds of records sent one at a time."""

    def echo(socket: zmq.Socket[bytes]) -> int:
        for _ in records:
            socket.send(socket.recv())
        return 0

    def ask(socket: zmq.Socket[bytes]) -> int:
        clock = SystemClock.monotonic_ns
        for index, record in enumerate(records):
            started = clock()
            socket.send(record)
            answer = socket.recv()
            times[index] = clock() - started
            assert answer == record, "a record came back changed"
        return 0

    times = np.empty(len(records), dtype=np.int64)
    with tempfile.TemporaryDirectory(prefix="oms-perf-") as folder:
        address = _address(folder)

        def serve(_words: NDArray[np.int64]) -> None:
            _with_socket(zmq.PAIR, address, bind=True, work=echo)

        with Peer(serve, core=peer_core):
            _with_socket(zmq.PAIR, address, bind=False, work=ask)
    return median(times)


def _receive_busy(socket: zmq.Socket[bytes]) -> bytes:
    while True:
        try:
            return socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            continue


def busy_round_trip_ns(record: bytes, count: int, *, core: int, peer_core: int) -> float:
    """The median round trip between two ends that poll; each side's I/O thread runs on the other side's core."""

    def echo(socket: zmq.Socket[bytes]) -> int:
        for _ in range(count):
            socket.send(_receive_busy(socket))
        return 0

    def ask(socket: zmq.Socket[bytes]) -> int:
        clock = SystemClock.monotonic_ns
        for index in range(count):
            started = clock()
            socket.send(record)
            answer = _receive_busy(socket)
            times[index] = clock() - started
            assert answer == record, "a record came back changed"
        return 0

    times = np.empty(count, dtype=np.int64)
    with tempfile.TemporaryDirectory(prefix="oms-perf-") as folder:
        address = _address(folder)

        def serve(_words: NDArray[np.int64]) -> None:
            _with_socket(zmq.PAIR, address, bind=True, work=echo, io_core=core)

        with Peer(serve, core=peer_core):
            _with_socket(zmq.PAIR, address, bind=False, work=ask, io_core=peer_core)
    return median(times)


def stream(record: bytes, count: int, *, peer_core: int) -> float:
    """Records per second, from the first received to the last."""

    def send_all(socket: zmq.Socket[bytes]) -> int:
        for _ in range(count):
            socket.send(record)
        return 0

    def receive_all(socket: zmq.Socket[bytes]) -> int:
        total = len(socket.recv())
        started = SystemClock.monotonic_ns()
        for _ in range(count - 1):
            total += len(socket.recv())
        elapsed = SystemClock.monotonic_ns() - started
        assert total == count * len(record), "bytes were lost"
        return elapsed

    with tempfile.TemporaryDirectory(prefix="oms-perf-") as folder:
        address = _address(folder)

        def serve(_words: NDArray[np.int64]) -> None:
            _with_socket(zmq.PUSH, address, bind=False, work=send_all)

        with Peer(serve, core=peer_core):
            elapsed = _with_socket(zmq.PULL, address, bind=True, work=receive_all)
    return (count - 1) * NS_PER_S / elapsed
