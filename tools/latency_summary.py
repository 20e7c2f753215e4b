"""Owns the figures of a latency histogram: how many, and how long for which share."""

from hdrh.histogram import HdrHistogram

from ipc.histogram import HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, LatencySegment, Stage

PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99_9": 99.9}
COLUMNS = ("count", *PERCENTILES, "max")


def of_all_venues(latency: LatencySegment, stage: Stage) -> HdrHistogram:
    """One stage over all venues."""
    total = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    for venue_id in range(latency.venues):
        total.add(latency.of_venue(venue_id, stage))
    return total


def summary(histogram: HdrHistogram) -> dict[str, int]:
    """Count, percentiles and maximum in nanoseconds; all zero when nothing was counted."""
    if histogram.total_count == 0:
        return dict.fromkeys(COLUMNS, 0)
    figures = {name: int(histogram.get_value_at_percentile(share)) for name, share in PERCENTILES.items()}
    return {"count": int(histogram.total_count), **figures, "max": int(histogram.get_max_value())}


def stage_summaries(latency: LatencySegment) -> dict[str, dict[str, int]]:
    """The figures of each stage over all venues, by the stage's name in lower case."""
    return {stage.name.lower(): summary(of_all_venues(latency, stage)) for stage in Stage}


def table_lines(stages: dict[str, dict[str, int]]) -> list[str]:
    """The figures as lines for people, in microseconds."""
    width = max(map(len, stages))
    heading = f"{'latency in µs':<{width}}" + "".join(f"{column.replace('_', '.'):>10}" for column in COLUMNS)
    lines = [heading]
    for name, figures in stages.items():
        cells = [f"{figures['count']:>10}", *(f"{figures[column] / 1_000:>10.1f}" for column in COLUMNS[1:])]
        lines.append(f"{name:<{width}}" + "".join(cells))
    return lines
