"""Owns the two ends of the ring benchmark in compiled code; perf/reference/ring.c has them in C.

Each returns a checksum of what passed, or -1 when the other side stayed silent. The waiting loops are
written out in each, because LLVM does not inline them.
"""

import numpy as np

from ipc.compiler import kernel, kernel_without_gil
from ipc.histogram import record_value
from ipc.memory import monotonic_ns, pause, store, view
from ipc.records import NEW_ORDER
from ipc.ring import poll, release, try_publish

SPINS_MAX = 4_000_000_000
SEQUENCE_OFFSET = 16


@kernel
def sum_of(slot: int, words: int) -> int:
    """The sum of a record's words: proof that all of it was read."""
    content = view(slot, words, np.int64)
    total = 0
    for index in range(words):
        total += content[index]
    return total


@kernel_without_gil
def exchange(outbound: int, inbound: int, record: int, words: int, count: int, histogram: int) -> int:
    """Sends records one at a time and times each until its answer has been read."""
    checksum = 0
    for number in range(count):
        store(record + SEQUENCE_OFFSET, number)
        started = monotonic_ns()
        try_publish(outbound, record, words)
        slot = poll(inbound)
        spins = 0
        while slot == 0:
            pause()
            slot = poll(inbound)
            spins += 1
            if spins == SPINS_MAX:
                return -1
        checksum += sum_of(slot, words)
        release(inbound)
        record_value(histogram, monotonic_ns() - started)
    return checksum


@kernel_without_gil
def answer(inbound: int, outbound: int, words: int, count: int) -> int:
    """Sends every record back."""
    for _ in range(count):
        slot = poll(inbound)
        spins = 0
        while slot == 0:
            pause()
            slot = poll(inbound)
            spins += 1
            if spins == SPINS_MAX:
                return -1
        try_publish(outbound, slot, words)
        release(inbound)
    return count


@kernel_without_gil
def produce(outbound: int, record: int, words: int, count: int) -> int:
    """Publishes as fast as the ring takes it."""
    for number in range(count):
        store(record + SEQUENCE_OFFSET, number)
        spins = 0
        while not try_publish(outbound, record, words):
            pause()
            spins += 1
            if spins == SPINS_MAX:
                return -1
    return count


@kernel_without_gil
def consume(inbound: int, words: int, count: int, elapsed: int) -> int:
    """Reads records as fast as they come; nanoseconds from the first to the last go to `elapsed`."""
    checksum = 0
    started = 0
    for number in range(count):
        slot = poll(inbound)
        spins = 0
        while slot == 0:
            pause()
            slot = poll(inbound)
            spins += 1
            if spins == SPINS_MAX:
                return -1
        if number == 0:
            started = monotonic_ns()
        checksum += sum_of(slot, words)
        release(inbound)
    store(elapsed, monotonic_ns() - started)
    return checksum


@kernel_without_gil
def collect_tags(inbound: int, count: int) -> int:
    """Takes new orders; returns the sum of their tags."""
    total = 0
    for _ in range(count):
        slot = poll(inbound)
        spins = 0
        while slot == 0:
            pause()
            slot = poll(inbound)
            spins += 1
            if spins == SPINS_MAX:
                return -1
        total += view(slot, 1, NEW_ORDER)[0]["client_tag"]
        release(inbound)
    return total
