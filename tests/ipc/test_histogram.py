"""The histograms count exactly as the hdrhistogram library does."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ipc.histogram import (
    HIGHEST_NS,
    HISTOGRAM_WORDS,
    LOWEST_NS,
    SIGNIFICANT_DIGITS,
    LatencySegment,
    Stage,
    as_hdr,
    count_index,
    record_value,
)
from ipc.memory import address_of

# Where the width of the steps doubles, and a step on both sides of it.
BORDERS = sorted({max(0, (1 << power) + offset) for power in range(36) for offset in (-1, 0, 1)})
VALUES = st.one_of(st.integers(0, HIGHEST_NS), st.sampled_from([value for value in BORDERS if value <= HIGHEST_NS]))


def library(values: list[int]) -> HdrHistogram:
    """The same values, counted by the library."""
    histogram = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    for value in values:
        assert histogram.record_value(value)
    return histogram


def ours(values: list[int]) -> HdrHistogram:
    """Values counted by the kernel, then turned into the library's object."""
    words: NDArray[np.int64] = np.zeros(HISTOGRAM_WORDS, np.int64)
    for value in values:
        record_value(address_of(words), value)
    return as_hdr(words)


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, max_size=40))
def test_counting_is_that_of_the_library(values: list[int]) -> None:
    expected, counted = library(values), ours(values)
    assert list(counted.counts) == list(expected.counts)
    assert counted.total_count == expected.total_count
    assert (counted.min_value, counted.max_value) == (expected.min_value, expected.max_value)
    for percentile in (0, 50, 90, 99, 99.9, 100):
        assert counted.get_value_at_percentile(percentile) == expected.get_value_at_percentile(percentile)
    assert counted.encode() == expected.encode()


@pytest.mark.parametrize("value", [value for value in BORDERS if value <= HIGHEST_NS])
def test_a_value_at_the_border_of_a_step_falls_where_the_library_puts_it(value: int) -> None:
    histogram = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    histogram.record_value(value)
    assert list(histogram.counts).index(1) == count_index(value)


@pytest.mark.parametrize(("value", "counted_as"), [(-5, 0), (HIGHEST_NS + 1, HIGHEST_NS), (1 << 62, HIGHEST_NS)])
def test_a_value_outside_the_range_counts_at_its_end(value: int, counted_as: int) -> None:
    assert list(ours([value]).counts) == list(library([counted_as]).counts)


@pytest.fixture
def latency(tmp_path: Path) -> Iterator[LatencySegment]:
    """The histograms of two venues and three strategies."""
    latency = LatencySegment.create(tmp_path / "latency", venues=2, strategies=3, epoch=1, instance=1)
    yield latency
    latency.segment.close()


def test_a_reader_finds_each_histogram_where_it_was_written(latency: LatencySegment) -> None:
    record_value(address_of(latency.words[1, Stage.SENT_ACKNOWLEDGED]), 500)
    record_value(address_of(latency.words[2 + 2, Stage.SIGNAL_SENT]), 700)
    reader = LatencySegment.attach(latency.segment.path)
    assert (reader.venues, reader.strategies) == (2, 3)
    assert reader.of_venue(1, Stage.SENT_ACKNOWLEDGED).get_max_value() in range(500, 504)
    assert reader.of_strategy(2, Stage.SIGNAL_SENT).get_total_count() == 1
    assert reader.of_venue(0, Stage.SENT_ACKNOWLEDGED).get_total_count() == 0
    del reader.words
    reader.segment.close()
