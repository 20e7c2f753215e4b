"""A line of the log that cannot be written is counted, and ends nothing."""

import json
import os
from pathlib import Path

from engine.event_log import EventLog, LogLevel
from ipc.clock import SystemClock

FULL = Path("/dev/full")


def test_a_line_that_the_disk_does_not_take_is_counted_and_told_of_with_the_next(tmp_path: Path) -> None:
    kept = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT, 0o600)
    descriptor = os.open(FULL, os.O_WRONLY)
    log = EventLog(descriptor, LogLevel.INFO, SystemClock())
    log.write(LogLevel.ERROR, "lost")
    assert log.dropped_count == 1
    os.dup2(kept, descriptor)
    log.write(LogLevel.ERROR, "kept")
    os.close(kept)
    os.close(descriptor)
    line = json.loads((tmp_path / "log").read_text())
    assert (line["event"], line["dropped_lines"]) == ("kept", 1)
