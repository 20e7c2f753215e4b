"""Owns what `oms latency` prints and writes."""

import contextlib
from pathlib import Path
from typing import TextIO

from tools.answer import print_json
from tools.histogram_log import write_header, write_interval
from tools.interruption import Interruption
from tools.latency_summary import table_lines
from tools.latency_watch import Interval, LatencyWatch


def report_latency(engine: Path, *, interval_s: float, log_path: Path | None, as_json: bool) -> None:
    """Tells all that was counted so far or, with an interval, what each interval counted until Ctrl-C."""
    watch = LatencyWatch(engine)
    with contextlib.ExitStack() as cleanup:
        interruption = cleanup.enter_context(Interruption())
        log = cleanup.enter_context(log_path.open("w", encoding="ascii")) if log_path else None
        if log is not None:
            write_header(log, watch.start_utc_ns)
        _tell(watch.take(), engine.name, log, as_json=as_json)
        if interval_s > 0:
            for interval in watch.intervals(interruption, interval_s):
                _tell(interval, engine.name, log, as_json=as_json)


def _tell(interval: Interval, engine: str, log: TextIO | None, *, as_json: bool) -> None:
    if log is not None:
        for tag, histogram in interval.histograms.items():
            write_interval(log, tag, histogram, start_utc_ns=interval.start_utc_ns, length_ns=interval.length_ns)
        log.flush()
    stages = interval.stages()
    if as_json:
        seconds = round(interval.length_ns / 1e9, 3)
        print_json({"engine": engine, "start_utc_ns": interval.start_utc_ns, "seconds": seconds, "latency_ns": stages})
    else:
        print("\n".join(table_lines(stages)), flush=True)
