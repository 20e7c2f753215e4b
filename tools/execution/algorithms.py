"""Owns `oms demo --scenario algos`: every algorithm against the market and against one naive order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ipc.parent_enums import Algorithm
from tools.execution.campaign import play_all
from tools.execution.outcome import Trial
from tools.execution.statistics import Summary, summarise

ALGORITHMS = tuple(algorithm for algorithm in Algorithm if algorithm is not Algorithm.AUTO)


class AlgorithmsResult(NamedTuple):
    """What came of all seeds."""

    seeds: int
    summaries: tuple[Summary, ...]

    @property
    def is_proven(self) -> bool:
        """Whether every algorithm kept its bounds in every seed."""
        return not any(summary.broken for summary in self.summaries)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ok": self.is_proven,
            "scenario": "algos",
            "seeds": self.seeds,
            "algorithms": [summary.as_json() for summary in self.summaries],
        }


def run_algorithms(first: int, seeds: int, *, jobs: int, show: Callable[[int, int], None]) -> AlgorithmsResult:
    """Plays the seeds from the first on with every algorithm."""
    trials = [Trial(algorithm, seed) for algorithm in ALGORITHMS for seed in range(first, first + seeds)]
    outcomes = play_all(trials, jobs=jobs, show=lambda count: show(count, len(trials)))
    starts = range(0, len(outcomes), seeds)
    return AlgorithmsResult(seeds, tuple(summarise(outcomes[start : start + seeds]) for start in starts))
