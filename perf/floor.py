"""Owns what measuring itself costs: the machine's floor on a core, and our own overhead.

The floor is a loop that does nothing but read the clock. Its quantiles are those of arrivals fixed
beforehand, one every ARRIVAL_NS: each waits until the loop looks at the clock again. So a core that
is taken away for a millisecond counts with all the arrivals it missed, as it would for orders.
"""

from dataclasses import asdict, dataclass

import numpy as np

from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.compiler import kernel_without_gil
from ipc.histogram import record_value
from ipc.memory import address_of, monotonic_ns
from perf.latency import largest, new_histogram, quantile
from perf.machine import pinned

ARRIVAL_NS = 1_000
LONG_GAP_NS = 10_000


@kernel_without_gil
def spin_on_clock(duration_ns: int, arrivals: int, gaps: int) -> int:
    """Reads the clock for a while; returns the number of reads."""
    before = monotonic_ns()
    end = before + duration_ns
    arrival = before + ARRIVAL_NS
    reads = 0
    while before < end:
        now = monotonic_ns()
        reads += 1
        if now - before > LONG_GAP_NS:
            record_value(gaps, now - before)
        while arrival <= now:
            record_value(arrivals, now - arrival)
            arrival += ARRIVAL_NS
        before = now
    return reads


@kernel_without_gil
def time_nothing(count: int, histogram: int) -> None:
    """Times nothing, many times, the way that kernels of benchmarks time something."""
    for _ in range(count):
        started = monotonic_ns()
        record_value(histogram, monotonic_ns() - started)


@dataclass(frozen=True)
class Floor:
    """What a core shows when nothing at all is measured on it."""

    core: int
    p50_ns: float
    p99_ns: float
    p999_ns: float
    max_gap_ns: float
    long_gaps_per_s: float

    def as_json(self) -> dict[str, float]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Overhead:
    """What taking one sample adds to it."""

    compiled_ns: float
    python_ns: float


def measure_floor(core: int, *, smoke: bool) -> Floor:
    """The floor of one core, right now."""
    duration_ns = 5 * NS_PER_MS if smoke else 2 * NS_PER_S
    arrivals, gaps = new_histogram(), new_histogram()
    with pinned(core):
        spin_on_clock(0, address_of(arrivals), address_of(gaps))
        spin_on_clock(duration_ns, address_of(arrivals), address_of(gaps))
    return Floor(
        core=core,
        p50_ns=quantile(arrivals, 0.5),
        p99_ns=quantile(arrivals, 0.99),
        p999_ns=quantile(arrivals, 0.999),
        max_gap_ns=max(largest(gaps), largest(arrivals)),
        long_gaps_per_s=float(gaps[0]) * NS_PER_S / duration_ns,
    )


def measure_overhead(core: int, *, smoke: bool) -> Overhead:
    """The cost of one sample in compiled code and in Python, before anything else is measured."""
    count = 1_000 if smoke else 200_000
    histogram = new_histogram()
    clock = SystemClock.monotonic_ns
    with pinned(core):
        time_nothing(1, address_of(histogram))
        histogram[:] = 0
        time_nothing(count, address_of(histogram))
        python = np.empty(count, dtype=np.int64)
        for index in range(count):
            started = clock()
            python[index] = clock() - started
    return Overhead(compiled_ns=quantile(histogram, 0.5), python_ns=float(np.median(python)))
