"""Means and intervals of many outcomes, and what they say of an algorithm."""

from math import isclose, sqrt
from random import Random
from statistics import mean, stdev

from ipc.parent_enums import Algorithm
from tools.execution.outcome import Costs, Outcome, Trial
from tools.execution.statistics import Mean, summarise


def outcome(seed: int, arrival_bps: float, naive_bps: float, *broken: str) -> Outcome:
    return Outcome(Trial(Algorithm.TWAP, seed), 1.0, Costs(arrival_bps, arrival_bps, naive_bps), broken)


def test_the_interval_is_that_of_the_mean_of_a_sample() -> None:
    values = [Random(1).gauss(3, 2) for _ in range(50)]
    told = Mean.of(values)
    assert isclose(told.mean, mean(values))
    assert isclose(told.high - told.mean, 1.96 * stdev(values) / sqrt(50))
    assert isclose(told.mean - told.low, told.high - told.mean)


def test_the_interval_holds_the_truth_in_some_95_of_100_samples() -> None:
    generator = Random(2)
    samples = [Mean.of([generator.gauss(1, 3) for _ in range(60)]) for _ in range(1_000)]
    assert 920 < sum(sample.low < 1 < sample.high for sample in samples) < 975


def test_nothing_has_the_mean_zero() -> None:
    assert Mean.of([]) == Mean(0.0, 0.0, 0.0)


def test_what_is_saved_is_counted_seed_by_seed_and_losing_seeds_are_named() -> None:
    summary = summarise([outcome(1, 2.0, 5.0), outcome(2, 6.0, 5.0), outcome(3, 1.0, 4.0)])
    assert isclose(summary.saved_bps.mean, 5 / 3)
    assert summary.losing_seeds == (2,)
    assert summary.started == summary.seeds == 3


def test_what_never_started_costs_nothing_and_may_still_break_a_bound() -> None:
    idle = Outcome(Trial(Algorithm.STOP, 7), 0.0, None, ("ended 0 times",))
    summary = summarise([idle, outcome(8, 2.0, 3.0)])
    assert (summary.started, summary.broken) == (1, ((7, "ended 0 times"),))
    assert summary.arrival_bps.mean == 2.0
