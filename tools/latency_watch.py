"""Owns watching an engine's latency: all of it so far, or interval by interval."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from ipc.clock import NS_PER_S, SystemClock
from ipc.histogram import COUNTS, FIRST_COUNT, HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, LatencySegment, Stage
from tools.engines import LATENCY, EngineNames
from tools.interruption import Interruption
from tools.latency_summary import summary


@dataclass(frozen=True)
class Interval:
    """What was counted in a stretch of time, by tag; empty tags are left out."""

    start_utc_ns: int
    length_ns: int
    histograms: dict[str, HdrHistogram]

    def stages(self) -> dict[str, dict[str, int]]:
        """The figures of each stage over all venues."""
        totals = {stage.name.lower(): HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS) for stage in Stage}
        for tag, histogram in self.histograms.items():
            kind, _, stage = tag.partition(".")[0], "", tag.rpartition(".")[2]
            if kind == "venue":
                totals[stage].add(histogram)
        return {stage: summary(total) for stage, total in totals.items()}


class LatencyWatch:
    """Reads one engine's counters; each interval is what was counted since the one before."""

    def __init__(self, engine: Path) -> None:
        self._latency = LatencySegment.attach(engine / LATENCY)
        names = EngineNames.read(engine)
        self._tags = [f"venue.{names.venues.get(index, index)}" for index in range(self._latency.venues)]
        self._tags += [f"strategy.{names.strategies.get(index, index)}" for index in range(self._latency.strategies)]
        self._clock = SystemClock()
        self._counts = np.zeros((len(self._tags), len(Stage), COUNTS), np.int64)
        # The file was made when the engine started.
        self._start_utc_ns = (engine / LATENCY).stat().st_ctime_ns

    @property
    def start_utc_ns(self) -> int:
        """When the next interval starts; first the engine's start."""
        return self._start_utc_ns

    def take(self) -> Interval:
        """What was counted since the last call; the first time since the engine's start."""
        now_ns = self._clock.utc_ns()
        counts = np.array(self._latency.words[:, :, FIRST_COUNT : FIRST_COUNT + COUNTS])
        new = counts - self._counts
        histograms = {
            f"{tag}.{stage.name.lower()}": _histogram(new[row, stage])
            for row, tag in enumerate(self._tags)
            for stage in Stage
            if new[row, stage].any()
        }
        interval = Interval(self._start_utc_ns, now_ns - self._start_utc_ns, histograms)
        self._counts, self._start_utc_ns = counts, now_ns
        return interval

    def intervals(self, interruption: Interruption, seconds: float) -> Iterator[Interval]:
        """An interval every so many seconds, until interrupted."""
        while True:
            deadline_ns = self._clock.monotonic_ns() + int(seconds * NS_PER_S)
            interruption.wait_until(
                lambda: self._clock.monotonic_ns() >= deadline_ns,  # noqa: B023  it is called within this turn
                timeout_s=2 * seconds + 1,
                what="the interval",
            )
            yield self.take()


def _histogram(counts: NDArray[np.int64]) -> HdrHistogram:
    histogram = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    for index in np.flatnonzero(counts):
        histogram.record_value(histogram.get_value_from_index(int(index)), int(counts[index]))
    return histogram
