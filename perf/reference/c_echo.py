"""Owns the C echo: raw bytes over loopback TCP, both ends in C, polling."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from ipc.memory import address_of
from perf.latency import new_histogram, quantile, sample_count
from perf.peer import Peer
from perf.reference.build import c_function
from perf.reference.loopback import accept, connect, listen, port_of


def round_trip_ns(library: ctypes.CDLL, size_bytes: int, count: int, *, peer_core: int) -> float:
    """The median of so many round trips; AssertionError when an answer was wrong."""
    ask, answer = c_function(library, "ask", 5), c_function(library, "answer", 4)
    expected = count * (count - 1) // 2
    histogram = new_histogram()
    buffer = np.zeros(size_bytes, dtype=np.uint8)
    with listen() as listener:

        def serve(_: NDArray[np.int64]) -> None:
            with connect(port_of(listener)) as connection:
                answered = answer(connection.fileno(), address_of(buffer), size_bytes, count)
            assert answered == expected, f"the echo's checksum is {answered}, expected is {expected}"

        with Peer(serve, core=peer_core), accept(listener) as connection:
            asked = ask(connection.fileno(), address_of(buffer), size_bytes, count, address_of(histogram))
    assert asked == expected, f"the checksum of all answers is {asked}, expected is {expected}"
    assert sample_count(histogram) == count, "a round trip was not recorded"
    return quantile(histogram, 0.5)
