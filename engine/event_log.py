"""Owns the engine's log: one JSON line for each rare event, never a wait.

Orders are not logged here: what happens to them is in the reports and in the state. A line that standard
error does not take at once is dropped and counted, because a full pipe must not stop an order.
"""

import os
from enum import IntEnum

import msgspec

from engine.redaction import Redaction
from ipc.clock import Clock


class LogLevel(IntEnum):
    """How much an operator should care."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class EventLog:
    """Writes to a descriptor that is made non-blocking while it is used."""

    def __init__(self, descriptor: int, level: LogLevel, clock: Clock) -> None:
        self._descriptor = descriptor
        self._level = level
        self._clock = clock
        self._encode = msgspec.json.Encoder().encode
        self.dropped_count = 0
        self.redaction = Redaction()

    def write(self, level: LogLevel, event: str, **fields: str | int | float | bool) -> None:
        """Writes one event with its facts, if its level is wanted."""
        if level < self._level:
            return
        line = {"utc_ns": self._clock.utc_ns(), "level": level.name, "event": event, **fields}
        if self.dropped_count:
            line["dropped_lines"] = self.dropped_count
        was_blocking = os.get_blocking(self._descriptor)
        os.set_blocking(self._descriptor, False)
        try:
            os.write(self._descriptor, self.redaction.clean(self._encode(line)) + b"\n")
            self.dropped_count = 0
        except OSError:
            # Nobody reads, or the disk is full: what trades must not end of that.
            self.dropped_count += 1
        finally:
            os.set_blocking(self._descriptor, was_blocking)
