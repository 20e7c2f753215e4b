"""Owns what the traded thing is worth while a trial lasts: a walk that all venues share, with a lag of their own."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from ipc.clock import NS_PER_MS
from tools.execution.venues import REFERENCE_STEPS

Draw = Callable[[], float]
STEP_NS = 50 * NS_PER_MS
MILLI = 1_000
"""Values are kept in thousandths of the finest price step."""
_SHOCK_MILLI = 260
_TREND_MILLI = 5
_REVERSION = 100
_LAG_SHOCK_MILLI = 500
_LAG_DECAY = 50


class Regime(NamedTuple):
    """What kind of a market it is."""

    name: str
    drift_milli: int
    reverts: bool


REGIMES = (
    Regime("calm", 0, reverts=False),
    Regime("calm", 0, reverts=False),
    Regime("rising", _TREND_MILLI, reverts=False),
    Regime("falling", -_TREND_MILLI, reverts=False),
    Regime("reverting", 0, reverts=True),
)


class Value:
    """The paths of one seed. Integers alone, so that every machine draws the same."""

    def __init__(self, generator: Random, *, steps: int, venue_count: int) -> None:
        self.regime = generator.choice(REGIMES)
        path = self._walk(generator.random, steps)
        self._paths = [_lagging(generator.random, path) for _ in range(venue_count)]

    def milli(self, venue: int, since_start_ns: int) -> int:
        """What it is worth at a venue, in thousandths of the finest price step."""
        path = self._paths[venue]
        return path[min(since_start_ns // STEP_NS, len(path) - 1)]

    def _walk(self, random: Draw, steps: int) -> list[int]:
        drift_milli, reverts = self.regime.drift_milli, self.regime.reverts
        anchor = value = REFERENCE_STEPS * MILLI
        width = 2 * _SHOCK_MILLI
        path = []
        for _ in range(steps):
            value += drift_milli + int(random() * width) - _SHOCK_MILLI
            if reverts:
                value += (anchor - value) // _REVERSION
            path.append(value)
        return path


def _lagging(random: Draw, path: list[int]) -> list[int]:
    """The same with a difference that comes and goes, so that the books of two venues sometimes cross."""
    offset, width, offsets = 0, 2 * _LAG_SHOCK_MILLI, []
    for value in path:
        offset += int(random() * width) - _LAG_SHOCK_MILLI - offset // _LAG_DECAY
        offsets.append(value + offset)
    return offsets
