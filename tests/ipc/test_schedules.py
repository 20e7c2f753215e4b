"""Schedules are whole lots that sum up exactly, and as near to what the models say as whole lots can be."""

from fractions import Fraction
from itertools import pairwise
from math import acosh, inf, isqrt, nan
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ipc.parent_tables import SLICES_MAX
from ipc.schedules import almgren_chriss_schedule, even_schedule, volume_curve_schedule

LOTS = st.integers(1, 10**12)
SLICES = st.integers(1, SLICES_MAX)
MARKETS = st.fixed_dictionaries(
    {
        "horizon_s": st.floats(1, 1e5),
        "volatility": st.floats(0, 10),
        "temporary_impact": st.floats(1e-6, 10),
        "risk_aversion": st.floats(0, 1),
    }
)


def equation_of_euler_and_lagrange(slices: int, urgency: float) -> NDArray[np.float64]:
    """The shares that trade in each slice, from the condition that no remainder between could be chosen better.

    With x_0 = 1 and x_N = 0 it is x_(j-1) - (2 + urgency) x_j + x_(j+1) = 0 for each j between.
    """
    unknown = slices - 1
    matrix = np.diag(np.full(unknown, 2 + urgency))
    matrix -= np.diag(np.ones(unknown - 1), 1) + np.diag(np.ones(unknown - 1), -1) if unknown > 1 else 0
    right = np.zeros(unknown)
    right[:1] = 1
    remaining = np.concatenate([[1.0], np.linalg.solve(matrix, right), [0.0]])
    return -np.diff(remaining)


def cost_and_risk(schedule: list[int], market: dict[str, float], permanent_impact: float = 0.0) -> float:
    """Expected cost + risk_aversion x variance, written down as the paper defines them, term by term."""
    slice_s = market["horizon_s"] / len(schedule)
    remaining, cost, variance = float(sum(schedule)), 0.0, 0.0
    for lots in schedule:
        remaining -= lots
        cost += permanent_impact * lots * remaining + market["temporary_impact"] * lots**2 / slice_s
        variance += market["volatility"] ** 2 * slice_s * remaining**2
    return cost + market["risk_aversion"] * variance


def no_exchange_of_one_lot_is_better(schedule: list[int], market: dict[str, float], permanent_impact: float) -> bool:
    """Whether moving lots between any two slices costs more: the cost is convex, so this makes it the optimum."""
    least = cost_and_risk(schedule, market, permanent_impact)
    for giver in range(len(schedule)):
        for taker in range(len(schedule)):
            if giver != taker and schedule[giver] >= 2:
                moved = list(schedule)
                moved[giver] -= 2
                moved[taker] += 2
                if cost_and_risk(moved, market, permanent_impact) < least:
                    return False
    return True


@given(LOTS, SLICES)
def test_an_even_schedule_is_level_at_every_moment(lots: int, slices: int) -> None:
    schedule = even_schedule(lots, slices)
    assert sum(schedule) == lots
    assert len(schedule) == slices
    assert max(schedule) - min(schedule) <= 1
    done = 0
    for place, part in enumerate(schedule, start=1):
        done += part
        assert 0 <= Fraction(lots * place, slices) - done < 1


@given(LOTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=SLICES_MAX).filter(any))
def test_a_volume_curve_gives_each_slice_its_share_within_a_lot(lots: int, curve: list[int]) -> None:
    schedule = volume_curve_schedule(lots, curve)
    assert sum(schedule) == lots
    for part, volume in zip(schedule, curve, strict=True):
        assert abs(part - Fraction(lots * volume, sum(curve))) < 1
        assert part == 0 or volume > 0


@given(st.integers(1, 8), st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any))
def test_no_other_whole_lots_follow_a_volume_curve_closer(lots: int, curve: list[int]) -> None:
    def distance(schedule: tuple[int, ...]) -> Fraction:
        shares = (Fraction(lots * volume, sum(curve)) for volume in curve)
        return sum((abs(part - share) for part, share in zip(schedule, shares, strict=True)), Fraction(0))

    def every_schedule(left: int, slices: int) -> list[tuple[int, ...]]:
        if slices == 1:
            return [(left,)]
        return [(part, *rest) for part in range(left + 1) for rest in every_schedule(left - part, slices - 1)]

    schedule = tuple(volume_curve_schedule(lots, curve))
    assert distance(schedule) == min(distance(other) for other in every_schedule(lots, len(curve)))


def test_a_level_curve_trades_as_evenly_as_an_even_schedule() -> None:
    assert sorted(volume_curve_schedule(1_003, [2.5] * 10)) == sorted(even_schedule(1_003, 10))


@given(LOTS, SLICES, MARKETS)
def test_almgren_chriss_solves_the_equation_of_euler_and_lagrange(
    lots: int, slices: int, market: dict[str, float]
) -> None:
    schedule = almgren_chriss_schedule(lots, slices, **market)
    slice_s = market["horizon_s"] / slices
    urgency = market["risk_aversion"] * market["volatility"] ** 2 / market["temporary_impact"] * slice_s**2
    shares = equation_of_euler_and_lagrange(slices, urgency)
    assert sum(schedule) == lots
    assert np.allclose(schedule, shares * lots, rtol=1e-6, atol=1.001)


@given(LOTS, SLICES, MARKETS)
def test_almgren_chriss_never_hurries_later_than_before(lots: int, slices: int, market: dict[str, float]) -> None:
    schedule = almgren_chriss_schedule(lots, slices, **market)
    assert min(schedule) >= 0
    assert all(later <= earlier + 1 for earlier, later in pairwise(schedule))


def test_almgren_chriss_is_the_least_of_cost_and_risk() -> None:
    random = Random(1)
    for _ in range(60):
        market = {
            "horizon_s": random.uniform(10, 1_000),
            "volatility": random.uniform(0, 2),
            "temporary_impact": random.uniform(0.01, 1),
            "risk_aversion": random.choice((0.0, 10 ** random.uniform(-6, 0))),
        }
        slices = random.randint(2, 8)
        most = 2 * market["temporary_impact"] / (market["horizon_s"] / slices)
        permanent = random.choice((0.0, random.uniform(0, 0.9) * most))
        schedule = almgren_chriss_schedule(random.randint(1, 10_000), slices, permanent_impact=permanent, **market)
        assert no_exchange_of_one_lot_is_better(schedule, market, permanent), (schedule, market, permanent)


@given(LOTS, SLICES)
def test_without_aversion_to_risk_almgren_chriss_is_even(lots: int, slices: int) -> None:
    schedule = almgren_chriss_schedule(lots, slices, horizon_s=60, volatility=1, temporary_impact=1, risk_aversion=0)
    assert max(schedule) - min(schedule) <= 1
    assert sorted(schedule) == sorted(even_schedule(lots, slices))


def test_boundless_aversion_to_risk_trades_all_at_once() -> None:
    schedule = almgren_chriss_schedule(
        10**9, 100, horizon_s=60, volatility=1e200, temporary_impact=1e-9, risk_aversion=1e200
    )
    assert schedule == [10**9] + [0] * 99


def test_the_example_of_the_paper_has_its_half_life() -> None:
    """Table 1 and section 3.4 of the paper: a million shares in five days, kappa about 0.61 a day."""
    first, second, *_ = almgren_chriss_schedule(
        10**6,
        5,
        horizon_s=5,
        volatility=0.95,
        temporary_impact=2.5e-6,
        permanent_impact=2.5e-7,
        risk_aversion=1e-6,
    )
    after_one, after_two = 10**6 - first, 10**6 - first - second
    assert acosh((10**6 + after_two) / (2 * after_one)) == pytest.approx(0.61, abs=0.005)


def test_a_curve_from_a_random_walk_keeps_its_shape() -> None:
    random = Random(2)
    curve = [random.expovariate(1) for _ in range(SLICES_MAX)]
    schedule = volume_curve_schedule(isqrt(10**25), curve)
    assert np.corrcoef(schedule, curve)[0, 1] > 1 - 1e-9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: even_schedule(0, 1), "lots of a schedule are 0, allowed is 1 and more"),
        (lambda: even_schedule(5, 0), "slices of a schedule are 0, allowed is 1 to 100"),
        (lambda: even_schedule(5, SLICES_MAX + 1), "slices of a schedule are 101"),
        (lambda: volume_curve_schedule(5, []), "slices of a schedule are 0"),
        (lambda: volume_curve_schedule(5, [1, -1]), "volume 1 of the curve is -1, allowed is 0 and more"),
        (lambda: volume_curve_schedule(5, [nan]), "volume 0 of the curve is nan"),
        (lambda: volume_curve_schedule(5, [1, inf]), "volume 1 of the curve is inf"),
        (lambda: volume_curve_schedule(5, [0, 0.0]), "curve of 2 volumes sums to 0"),
    ],
)
def test_what_is_no_schedule_is_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("horizon_s", 0),
        ("horizon_s", inf),
        ("volatility", -1),
        ("volatility", nan),
        ("temporary_impact", 0),
        ("risk_aversion", inf),
        ("permanent_impact", -1),
        ("permanent_impact", 0.4),
    ],
)
def test_a_market_that_cannot_be_is_refused_by_name(name: str, value: float) -> None:
    market = {"horizon_s": 50.0, "volatility": 1.0, "temporary_impact": 1.0, "risk_aversion": 0.0, name: value}
    with pytest.raises(ValueError, match=f"{name} is {value}, allowed is"):
        almgren_chriss_schedule(100, 10, **market)
