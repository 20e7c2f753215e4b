"""Quantiles: finer than a histogram's counter and finer than the clock's tick."""

import numpy as np
import pytest

from ipc.histogram import record_value
from ipc.memory import address_of
from perf import latency
from perf.latency import largest, new_histogram, quantile, sample_count


@pytest.mark.parametrize("duration", [22.3, 174.0, 177.0, 270.5, 999.0, 45_678.0])
def test_a_clock_that_ticks_every_ten_nanoseconds_still_gives_the_median(
    duration: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "clock_tick_ns", lambda: 10)
    phases = np.random.default_rng(1).uniform(0, 10, 5_000)
    times = (np.floor((phases + duration) / 10) * 10).astype(np.int64)
    histogram = new_histogram()
    for observed in times.tolist():
        record_value(address_of(histogram), observed)
    assert latency.median(times) == pytest.approx(duration, rel=0.005, abs=1.0)
    assert quantile(histogram, 0.5) == pytest.approx(duration, rel=0.005, abs=1.0)


def test_the_median_of_single_times_is_one_of_them_when_they_lie_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "clock_tick_ns", lambda: 10)
    for places in ([100, 100, 9_000, 9_000], [100, 100, 9_005, 9_005], [100, 100, 9_015, 9_015]):
        assert latency.median(np.array(places, dtype=np.int64)) == pytest.approx(places[-1], abs=10)


def test_quantiles_of_a_fine_clock_follow_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "clock_tick_ns", lambda: 1)
    samples = np.random.default_rng(2).integers(1, 100_000, 20_000)
    histogram = new_histogram()
    for sample in samples.tolist():
        record_value(address_of(histogram), sample)
    assert sample_count(histogram) == len(samples)
    assert largest(histogram) == samples.max()
    for share in (0.01, 0.5, 0.99, 0.999):
        assert quantile(histogram, share) == pytest.approx(np.quantile(samples, share), rel=0.01)


def test_this_machines_clock_has_a_tick() -> None:
    assert 1 <= latency.clock_tick_ns() < 1_000_000
