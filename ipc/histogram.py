"""Owns latency histograms: HDR counters in shared memory, written by a kernel, read by anybody.

One histogram is HISTOGRAM_WORDS words: total count, minimum, maximum, sum, then the counts in the
order of HdrHistogram with two significant digits from 1 ns to 60 s. A value's place follows
http://hdrhistogram.github.io/HdrHistogram/ : buckets double in width, each has 128 equal steps.
Encoding, percentiles and logs are the hdrhistogram library's, outside the hot path.
"""

from enum import IntEnum
from pathlib import Path

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from ipc.compiler import kernel
from ipc.memory import load, store
from ipc.segment import Segment, SegmentKind, SegmentWord

LOWEST_NS = 1
HIGHEST_NS = 60_000_000_000
SIGNIFICANT_DIGITS = 2

_MODEL = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
COUNTS = int(_MODEL.counts_len)
SUB_BUCKET_HALF_COUNT = int(_MODEL.sub_bucket_half_count)
_HALF_MAGNITUDE = int(_MODEL.sub_bucket_half_count_magnitude)
_SUB_BUCKET_MASK = int(_MODEL.sub_bucket_mask)

TOTAL, MINIMUM, MAXIMUM, SUM, FIRST_COUNT = 0, 1, 2, 3, 4
# Whole cache lines, so that two histograms never share one.
HISTOGRAM_WORDS = (FIRST_COUNT + COUNTS + 7) // 8 * 8
HISTOGRAM_BYTES = HISTOGRAM_WORDS * 8


class Stage(IntEnum):
    """A stretch of an order's way; each has a histogram for every venue and for every strategy."""

    PUBLISHED_SEEN = 0
    SEEN_DECIDED = 1
    DECIDED_ENCODED = 2
    ENCODED_SENT = 3
    SENT_ACKNOWLEDGED = 4
    ACKNOWLEDGED_FILLED = 5
    SIGNAL_SENT = 6
    SIGNAL_ACKNOWLEDGED = 7


STAGES = len(Stage)


@kernel
def count_index(value_ns: int) -> int:
    """Which counter a value belongs to. Precondition: 0 <= value_ns <= HIGHEST_NS."""
    bucket = 0
    shifted = (value_ns | _SUB_BUCKET_MASK) >> (_HALF_MAGNITUDE + 1)
    while shifted > 0:
        bucket += 1
        shifted >>= 1
    sub_bucket = value_ns >> bucket
    return ((bucket + 1) << _HALF_MAGNITUDE) + sub_bucket - SUB_BUCKET_HALF_COUNT


@kernel
def record_value(histogram: int, value_ns: int) -> None:
    """Counts one value, held within the histogram's range. One writer, any number of readers."""
    value = min(max(value_ns, 0), HIGHEST_NS)
    counter = histogram + (FIRST_COUNT + count_index(value)) * 8
    store(counter, load(counter) + 1)
    store(histogram + SUM * 8, load(histogram + SUM * 8) + value)
    if value > load(histogram + MAXIMUM * 8):
        store(histogram + MAXIMUM * 8, value)
    total = load(histogram + TOTAL * 8)
    if total == 0 or value < load(histogram + MINIMUM * 8):
        store(histogram + MINIMUM * 8, value)
    store(histogram + TOTAL * 8, total + 1)


def as_hdr(words: NDArray[np.int64]) -> HdrHistogram:
    """A copy of one histogram as the library's object, equal to recording each value with the library."""
    histogram = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    copied = np.array(words[:HISTOGRAM_WORDS])
    counts = copied[FIRST_COUNT : FIRST_COUNT + COUNTS]
    np.frombuffer(histogram.counts, dtype=np.int64)[:] = counts
    # The writer may be between two stores; the counts themselves are the truth.
    histogram.total_count = int(counts.sum())
    if histogram.total_count:
        histogram.min_value = int(copied[MINIMUM])
        histogram.max_value = int(copied[MAXIMUM])
    return histogram


class LatencySegment:
    """The histograms of one engine: for each venue all stages, then for each strategy all stages."""

    def __init__(self, segment: Segment, venues: int, strategies: int) -> None:
        self.segment = segment
        self.venues = venues
        self.strategies = strategies
        self.words = segment.content.view(np.int64).reshape(-1, STAGES, HISTOGRAM_WORDS)

    @classmethod
    def create(cls, path: Path, *, venues: int, strategies: int, epoch: int, instance: int) -> "LatencySegment":
        """Empty histograms for an engine; the header's CAPACITY word is left 0 because nothing wraps here.

        Its STRATEGY_ID word says how many venues there are.
        """
        size = (venues + strategies) * STAGES * HISTOGRAM_BYTES
        segment = Segment.create(path, SegmentKind.LATENCY, size, epoch=epoch, instance=instance, strategy_id=venues)
        return cls(segment, venues, strategies)

    @classmethod
    def attach(cls, path: Path) -> "LatencySegment":
        """The histograms of a running engine, read-only."""
        segment = Segment.attach(path, SegmentKind.LATENCY, writable=False)
        venues = int(segment.words[SegmentWord.STRATEGY_ID])
        total = len(segment.content) // (STAGES * HISTOGRAM_BYTES)
        return cls(segment, venues, total - venues)

    def of_venue(self, venue_id: int, stage: Stage) -> HdrHistogram:
        """One stage of one venue."""
        return as_hdr(self.words[venue_id, stage])

    def of_strategy(self, strategy_id: int, stage: Stage) -> HdrHistogram:
        """One stage of one strategy."""
        return as_hdr(self.words[self.venues + strategy_id, stage])
