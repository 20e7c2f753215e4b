"""Owns `oms demo --scenario sor`: parents over both venues, against each venue alone and the better one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ipc.parent_enums import Algorithm
from tools.execution.campaign import play_all
from tools.execution.outcome import Outcome, Trial
from tools.execution.statistics import Mean
from tools.execution.venues import VENUES

ROUTED = (
    Algorithm.SWEEP,
    Algorithm.TWAP,
    Algorithm.VWAP,
    Algorithm.POV,
    Algorithm.IMPLEMENTATION_SHORTFALL,
    Algorithm.PEG,
)
_ALONE = range(len(VENUES))


class RoutingSummary(NamedTuple):
    """One algorithm over all seeds."""

    algorithm: Algorithm
    routed_bps: Mean
    alone_bps: tuple[Mean, ...]
    saved_bps: Mean
    """What routing costs less than the venue that turned out better, seed by seed."""
    saved_alone_bps: tuple[Mean, ...]
    venues_used: float
    """Of the seeds, in how many both venues traded."""
    losing_seeds: tuple[int, ...]
    """In which the better venue alone cost less."""
    broken: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        names = [terms.name for terms in VENUES]
        return {
            "algorithm": self.algorithm.name.lower(),
            "routed_bps": self.routed_bps.as_json(),
            "alone_bps": {name: mean.as_json() for name, mean in zip(names, self.alone_bps, strict=True)},
            "saved_bps": self.saved_bps.as_json(),
            "saved_alone_bps": {name: mean.as_json() for name, mean in zip(names, self.saved_alone_bps, strict=True)},
            "both_venues_share": round(self.venues_used, 3),
            "losing_seeds": self.losing_seeds,
            "broken": self.broken,
        }


class RoutingResult(NamedTuple):
    """What came of all seeds."""

    seeds: int
    summaries: tuple[RoutingSummary, ...]

    @property
    def is_proven(self) -> bool:
        """Whether every bound was kept, and routing a sweep costs less than the better venue alone."""
        sweep = self.summaries[ROUTED.index(Algorithm.SWEEP)]
        return sweep.saved_bps.low > 0 and not any(summary.broken for summary in self.summaries)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ok": self.is_proven,
            "scenario": "sor",
            "seeds": self.seeds,
            "algorithms": [summary.as_json() for summary in self.summaries],
        }


def run_routing(first: int, seeds: int, *, jobs: int, show: Callable[[int, int], None]) -> RoutingResult:
    """Plays the seeds from the first on: routed, and at each venue alone."""
    trials = [
        trial
        for algorithm in ROUTED
        for seed in range(first, first + seeds)
        for trial in (
            Trial(algorithm, seed, is_routed=True, at_once=True, against_naive=False),
            *(Trial(algorithm, seed, home=home, at_once=True, against_naive=False) for home in _ALONE),
        )
    ]
    outcomes = play_all(trials, jobs=jobs, show=lambda count: show(count, len(trials)))
    per_seed = 1 + len(_ALONE)
    rows = [outcomes[start : start + per_seed] for start in range(0, len(outcomes), per_seed)]
    return RoutingResult(seeds, tuple(_summarise(rows[start : start + seeds]) for start in range(0, len(rows), seeds)))


def _summarise(rows: list[list[Outcome]]) -> RoutingSummary:
    started = [(row, [each.costs.arrival_bps for each in row if each.costs is not None]) for row in rows]
    complete = [(row, costs) for row, costs in started if len(costs) == len(row)]
    saved = [min(alone) - routed for _, (routed, *alone) in complete]
    return RoutingSummary(
        algorithm=rows[0][0].trial.algorithm,
        routed_bps=Mean.of([routed for _, (routed, *_) in complete]),
        alone_bps=tuple(Mean.of([alone[home] for _, (_, *alone) in complete]) for home in _ALONE),
        saved_bps=Mean.of(saved),
        saved_alone_bps=tuple(Mean.of([alone[home] - routed for _, (routed, *alone) in complete]) for home in _ALONE),
        venues_used=sum(row[0].venue_count > 1 for row, _ in complete) / max(len(complete), 1),
        losing_seeds=tuple(row[0].trial.seed for (row, _), bps in zip(complete, saved, strict=True) if bps < 0),
        broken=tuple((each.trial.seed, text) for row in rows for each in row for text in each.broken),
    )
