"""Owns the reading of latency histograms: quantiles, finer than a counter and finer than the clock.

Many machines' clocks move in ticks of several nanoseconds. A duration then shows as one of two
neighbouring multiples of the tick, in proportion to how near it is to each; so the samples of one tick
count as spread evenly around it.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ipc.compiler import kernel
from ipc.histogram import COUNTS, FIRST_COUNT, HISTOGRAM_WORDS, MAXIMUM, SUB_BUCKET_HALF_COUNT, TOTAL
from ipc.memory import address_of, monotonic_ns, store

_HALF = SUB_BUCKET_HALF_COUNT


def _bounds() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    index = np.arange(COUNTS)
    bucket = np.maximum(index // _HALF - 1, 0)
    step = np.where(index < 2 * _HALF, index, index % _HALF + _HALF)
    return (step << bucket).astype(np.float64), (1 << bucket).astype(np.float64)


_LOWEST, _WIDTH = _bounds()
_MIDDLE = _LOWEST + _WIDTH / 2


@kernel
def read_clock(times: int, count: int) -> None:
    """Writes successive readings of the clock to memory."""
    for index in range(count):
        store(times + index * 8, monotonic_ns())


@cache
def clock_tick_ns() -> int:
    """The step in which this machine's clock moves, 1 when it is finer than it can be read."""
    times = np.zeros(20_000, dtype=np.int64)
    read_clock(address_of(times), len(times))
    steps, counts = np.unique(np.diff(times), return_counts=True)
    common = steps[counts > len(times) // 500]
    # Readings of one tick may differ by the nanosecond that conversion rounds away.
    ticks = common[np.diff(common, prepend=common[0] - 2) > 1]
    return int(np.diff(ticks).min()) if len(ticks) > 1 else 1


def new_histogram() -> NDArray[np.int64]:
    """The words of an empty histogram."""
    return np.zeros(HISTOGRAM_WORDS, dtype=np.int64)


def sample_count(histogram: NDArray[np.int64]) -> int:
    """How many values were recorded."""
    return int(histogram[TOTAL])


def quantile(histogram: NDArray[np.int64], share: float) -> float:
    """The value that a share of all samples do not exceed; the samples of a counter or tick lie spread over it."""
    counts = histogram[FIRST_COUNT : FIRST_COUNT + COUNTS]
    reached = np.cumsum(counts)
    assert reached[-1] > 0, "no sample was recorded"
    wanted = share * float(reached[-1])
    index = int(np.searchsorted(reached, wanted))
    low, width = float(_LOWEST[index]), float(_WIDTH[index])
    tick = float(clock_tick_ns())
    if width < tick:
        low, width = (np.floor((low + width / 2) / tick + 0.5) - 0.5) * tick, tick
    first, last = np.searchsorted(_MIDDLE, (low, low + width))
    below, inside = float(counts[:first].sum()), float(counts[first:last].sum())
    return float(low + (wanted - below) / inside * width)


def median(times: NDArray[np.int64]) -> float:
    """The median of single times, the samples of a tick spread around it."""
    tick = float(clock_tick_ns())
    middle = float(np.partition(times, len(times) // 2)[len(times) // 2])
    low = (np.floor(middle / tick + 0.5) - 0.5) * tick
    below, inside = np.count_nonzero(times < low), np.count_nonzero((times >= low) & (times < low + tick))
    return float(low + (len(times) / 2 - below) / inside * tick)


def largest(histogram: NDArray[np.int64]) -> float:
    """The largest value, exact."""
    return float(histogram[MAXIMUM])
