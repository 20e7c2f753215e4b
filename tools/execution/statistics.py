"""Owns what many outcomes say of one algorithm: means, and how far they may be off."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

from ipc.parent_enums import Algorithm
from tools.execution.outcome import Outcome

_DEVIATIONS = 1.96
"""Of a mean of many; within them lie 95 of 100."""


class Mean(NamedTuple):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Of independent values; of none it is 0."""
        count = len(values)
        if not count:
            return cls(0.0, 0.0, 0.0)
        mean = sum(values) / count
        spread = sqrt(sum((value - mean) ** 2 for value in values) / max(count - 1, 1) / count)
        return cls(mean, mean - _DEVIATIONS * spread, mean + _DEVIATIONS * spread)

    def as_json(self) -> dict[str, float]:
        """Rounded to what can be read."""
        return {name: round(value, 3) for name, value in self._asdict().items()}

    def __str__(self) -> str:
        return f"{self.mean:+.2f} [{self.low:+.2f}, {self.high:+.2f}]"


class Summary(NamedTuple):
    """One algorithm over all seeds."""

    algorithm: Algorithm
    seeds: int
    started: int
    filled: float
    arrival_bps: Mean
    benchmark_bps: Mean
    naive_bps: Mean
    saved_bps: Mean
    """What it costs less than the naive order, seed by seed."""
    losing_seeds: tuple[int, ...]
    """In which the naive order cost less."""
    broken: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            name: value.as_json() if isinstance(value, Mean) else value
            for name, value in self._asdict().items()
            if name != "algorithm"
        } | {"algorithm": self.algorithm.name.lower()}


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """Precondition: all are of one algorithm, and each was held against a naive order."""
    started = [(each, each.costs) for each in outcomes if each.costs is not None]
    naive = [costs.naive_bps for _, costs in started if costs.naive_bps is not None]
    saved = [naive_bps - costs.arrival_bps for naive_bps, (_, costs) in zip(naive, started, strict=True)]
    return Summary(
        algorithm=outcomes[0].trial.algorithm,
        seeds=len(outcomes),
        started=len(started),
        filled=sum(each.filled_share for each, _ in started) / max(len(started), 1),
        arrival_bps=Mean.of([costs.arrival_bps for _, costs in started]),
        benchmark_bps=Mean.of([costs.benchmark_bps for _, costs in started]),
        naive_bps=Mean.of(naive),
        saved_bps=Mean.of(saved),
        losing_seeds=tuple(each.trial.seed for (each, _), bps in zip(started, saved, strict=True) if bps < 0),
        broken=tuple((each.trial.seed, text) for each in outcomes for text in each.broken),
    )
