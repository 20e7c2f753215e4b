"""Owns the judgement on an engine: whether it lives, hangs or has died.

An engine says 0 in the place of its beat while its loop does not run, at its start and at its orderly end. It sends
nothing then, so neither its silence nor its end means anything.
"""

from enum import Enum
from typing import NamedTuple

from ipc.clock import NS_PER_MS

OWN_PAUSE_NS = 100 * NS_PER_MS
"""Of a longer pause between two looks no more counts: we may have stood still together with the whole machine."""


class Finding(Enum):
    """What is to be done about an engine."""

    NOTHING = 0
    HUNG = 1
    DIED = 2


class Sighting(NamedTuple):
    """What is seen of the last engine that began."""

    epoch: int
    beat_ns: int
    is_alive: bool


class EngineWatch:
    """Looks again and again; each engine is found hung or dead once."""

    def __init__(self, hang_ns: int) -> None:
        self._hang_ns = hang_ns
        self._looked_ns = 0
        self._beat = (0, 0)
        self._silent_ns = 0

    def look(self, sighting: Sighting, fenced_epoch: int, now_ns: int) -> Finding:
        """What to do now; nothing about an engine that is fenced already."""
        passed_ns = min(now_ns - self._looked_ns, OWN_PAUSE_NS)
        self._looked_ns = now_ns
        if sighting.epoch <= fenced_epoch or sighting.beat_ns == 0:
            self._silent_ns = 0
            return Finding.NOTHING
        if not sighting.is_alive:
            return Finding.DIED
        beat = (sighting.epoch, sighting.beat_ns)
        if beat != self._beat:
            self._beat = beat
            self._silent_ns = 0
            return Finding.NOTHING
        self._silent_ns += passed_ns
        return Finding.HUNG if self._silent_ns >= self._hang_ns else Finding.NOTHING
