"""Owns the reference of many frames at once: the same bytes in one write to a bare socket whose peer only reads."""

import socket

import numpy as np
from numpy.typing import NDArray

from ipc.clock import SystemClock
from perf.peer import Peer
from perf.reference.loopback import accept, connect, listen, port_of

_CHUNK_BYTES = 1 << 16


def write_ns(size_bytes: int, count: int, *, peer_core: int) -> float:
    """The median time of one write of so many bytes, each after the peer has read all of the one before."""
    listener = listen()
    times = np.empty(count, dtype=np.int64)
    payload = bytes(range(256)) * (size_bytes // 256 + 1)

    def read_all(words: NDArray[np.int64]) -> None:
        with connect(port_of(listener)) as reader:
            words[0] = sum(_read(reader, size_bytes) for _ in range(count))

    with listener, Peer(read_all, core=peer_core) as peer:
        with accept(listener) as writer:
            for number in range(count):
                started = SystemClock.monotonic_ns()
                writer.sendall(payload[:size_bytes])
                times[number] = SystemClock.monotonic_ns() - started
                assert writer.recv(1) == b".", "the peer ended"
        received = int(peer.join()[0])
    assert received == size_bytes * count, f"the peer read {received} bytes of {size_bytes * count}"
    return float(np.median(times))


def _read(reader: socket.socket, size_bytes: int) -> int:
    received = 0
    while received < size_bytes:
        part = len(reader.recv(min(_CHUNK_BYTES, size_bytes - received)))
        assert part > 0, "the writer ended"
        received += part
    reader.sendall(b".")
    return received
