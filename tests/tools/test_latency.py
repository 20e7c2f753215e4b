"""Latency: the figures of a table, the log that other tools read, the intervals that add up."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from typer.testing import CliRunner

from ipc.histogram import (
    HIGHEST_NS,
    HISTOGRAM_BYTES,
    LOWEST_NS,
    SIGNIFICANT_DIGITS,
    STAGES,
    LatencySegment,
    Stage,
    record_value,
)
from ipc.segment import Segment, SegmentKind
from ipc.tables import INSTRUMENT, STATE_HEADER, STRATEGY, name_words
from tools.commands.application import app
from tools.histogram_log import write_header, write_interval
from tools.latency_summary import summary, table_lines
from tools.latency_watch import LatencyWatch

NAME_WORDS = {"instruments": 4, "strategies": 2}


def histogram_of(*values: int) -> HdrHistogram:
    """A histogram of these values."""
    histogram = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    for value in values:
        histogram.record_value(value)
    return histogram


def test_an_empty_histogram_is_all_zero() -> None:
    assert set(summary(histogram_of()).values()) == {0}


def test_the_figures_are_the_percentiles() -> None:
    figures = summary(histogram_of(*range(1, 101)))
    assert figures == {"count": 100, "p50": 50, "p90": 90, "p99": 99, "p99_9": 100, "max": 100}


def test_the_table_is_in_microseconds() -> None:
    heading, line = table_lines({"signal_sent": summary(histogram_of(1_500))})
    assert heading.split()[-6:] == ["count", "p50", "p90", "p99", "p99.9", "max"]
    assert line.split() == ["signal_sent", "1", "1.5", "1.5", "1.5", "1.5", "1.5"]


def test_a_log_is_read_back_by_the_library(tmp_path: Path) -> None:
    text = StringIO()
    write_header(text, 1_750_000_000_250_000_000)
    for tag, values in (("venue.BINANCE.signal_sent", (1_000, 2_000)), ("strategy.alpha.signal_sent", (5_000,))):
        write_interval(
            text, tag, histogram_of(*values), start_utc_ns=1_750_000_000_250_000_000, length_ns=2_000_000_000
        )
    path = tmp_path / "latency.hlog"
    path.write_text(text.getvalue())
    assert "Tag=venue.BINANCE.signal_sent,1750000000.250,2.000,0.002" in path.read_text()
    reader = HistogramLogReader(str(path), histogram_of())
    first, second = reader.get_next_interval_histogram(), reader.get_next_interval_histogram()
    reader.close()
    assert (first.get_total_count(), first.get_max_value(), first.get_tag()) == (2, 2_007, "venue.BINANCE.signal_sent")
    assert (second.get_total_count(), second.get_tag()) == (1, "strategy.alpha.signal_sent")


def state_with_names(path: Path) -> None:
    """A state segment that holds the names of one venue and one strategy and nothing else."""
    rows = {"instruments": (INSTRUMENT, ["BTC/USDT.BINANCE"]), "strategies": (STRATEGY, ["", "alpha"])}
    segment = Segment.create(path, SegmentKind.STATE, 1 << 16)
    header = segment.content[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]
    offset = 4_096
    for table, (layout, names) in rows.items():
        header[f"{table}_offset"], header[f"{table}_count"] = offset, len(names)
        view = segment.content[offset : offset + len(names) * layout.itemsize].view(layout)
        for index, name in enumerate(names):
            if table == "strategies":
                view[index]["strategy_id"] = index
            for word, value in enumerate(name_words(name, NAME_WORDS[table])):
                view[index][f"name_{word}"] = value
        offset += 4_096
    segment.close()


def record(latency: LatencySegment, row: int, stage: Stage, *values: int) -> None:
    """Counts values as the engine does."""
    for value in values:
        record_value(latency.segment.content_address + (row * STAGES + stage) * HISTOGRAM_BYTES, value)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LatencySegment:
    """The latency of an engine called `here`, and its names."""
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    engine = tmp_path / "here"
    latency = LatencySegment.create(engine / "latency", venues=1, strategies=2, epoch=1, instance=0)
    state_with_names(engine / "state")
    return latency


def test_intervals_hold_what_is_new(running: LatencySegment) -> None:
    watch = LatencyWatch(running.segment.path.parent)
    record(running, 0, Stage.SIGNAL_SENT, 10, 20)
    record(running, 2, Stage.SIGNAL_SENT, 10)
    first = watch.take()
    assert set(first.histograms) == {"venue.BINANCE.signal_sent", "strategy.alpha.signal_sent"}
    assert first.stages()["signal_sent"]["count"] == 2
    record(running, 0, Stage.SIGNAL_SENT, 30)
    second = watch.take()
    assert second.stages()["signal_sent"] == {"count": 1, **dict.fromkeys(("p50", "p90", "p99", "p99_9", "max"), 30)}
    assert second.start_utc_ns == first.start_utc_ns + first.length_ns
    assert watch.take().histograms == {}


def test_the_command_tells_people_programs_and_logs(running: LatencySegment, tmp_path: Path) -> None:
    record(running, 0, Stage.SENT_ACKNOWLEDGED, 1_000, 2_000)
    log = tmp_path / "out.hlog"
    result = CliRunner().invoke(app, ["latency", "--json", "--hlog", str(log)])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["engine"] == "here"
    assert set(answer["latency_ns"]) == {stage.name.lower() for stage in Stage}
    assert answer["latency_ns"]["sent_acknowledged"]["count"] == 2
    assert "Tag=venue.BINANCE.sent_acknowledged," in log.read_text()
    text = CliRunner().invoke(app, ["latency", "--engine", "here"]).stdout
    assert "sent_acknowledged" in text


def test_the_segments_counters_and_the_intervals_agree(running: LatencySegment) -> None:
    values = np.random.default_rng(3).integers(1, 10**9, 200)
    record(running, 0, Stage.SIGNAL_SENT, *map(int, values))
    told = LatencyWatch(running.segment.path.parent).take().stages()["signal_sent"]
    assert told == summary(running.of_venue(0, Stage.SIGNAL_SENT)) | {"max": told["max"]}
