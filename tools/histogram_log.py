"""Owns latency logs in HdrHistogram's log format, version 1.2, for the tools that read it.

    #[Histogram log format version 1.2]
    #[StartTime: 1763800000.000 (seconds since epoch), 2025-11-22T08:26:40+00:00]
    "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
    Tag=venue.BINANCE.sent_acknowledged,1763800000.000,1.000,0.412,HISTFAAA…

Values are nanoseconds; Interval_Max is in milliseconds, as the format has it; timestamps are seconds
since the epoch. A line holds what one interval counted under one tag: `venue.NAME.STAGE` or
`strategy.NAME.STAGE`; intervals of a tag add up. https://hdrhistogram.github.io/HdrHistogram/
"""

from datetime import UTC, datetime
from typing import TextIO

from hdrh.histogram import HdrHistogram

from ipc.clock import NS_PER_MS, NS_PER_S

LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


def write_header(file: TextIO, start_utc_ns: int) -> None:
    """The lines before the first interval."""
    moment = datetime.fromtimestamp(start_utc_ns // NS_PER_S, UTC).isoformat()
    file.write("#[Histogram log format version 1.2]\n")
    file.write(f"#[StartTime: {start_utc_ns / NS_PER_S:.3f} (seconds since epoch), {moment}]\n")
    file.write(f"{LEGEND}\n")


def write_interval(file: TextIO, tag: str, histogram: HdrHistogram, *, start_utc_ns: int, length_ns: int) -> None:
    """One interval of one tag."""
    highest_ms = histogram.get_max_value() / NS_PER_MS if histogram.total_count else 0.0
    blob = histogram.encode().decode("ascii")
    file.write(f"Tag={tag},{start_utc_ns / NS_PER_S:.3f},{length_ns / NS_PER_S:.3f},{highest_ms:.6f},{blob}\n")
