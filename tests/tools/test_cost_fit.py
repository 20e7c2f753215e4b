"""The fit finds the coefficient that made the costs, and says how sure it is."""

from math import sqrt
from random import Random

import numpy as np
import pytest

from tools.cost_fit import PARENTS_MIN, TooFewParentsError, fit_impact, model_error

TRUE_BPS = 120.0


def history(seed: int, *, count: int = 40, noise_bps: float = 3.0) -> tuple[list[float], list[float]]:
    """Parts of a day, and what trading them cost."""
    random = Random(seed)
    shares = [random.uniform(1e-5, 1e-2) for _ in range(count)]
    return shares, [TRUE_BPS * sqrt(share) + random.gauss(0, noise_bps) for share in shares]


def test_without_noise_it_is_exact() -> None:
    fit = fit_impact(*history(1, noise_bps=0))
    assert fit.impact_bps == pytest.approx(TRUE_BPS)
    assert fit.standard_error_bps == pytest.approx(0, abs=1e-9)
    assert (fit.parents, fit.r_squared) == (40, pytest.approx(1))


def test_it_is_the_line_through_the_origin_with_the_least_squares() -> None:
    shares, costs = history(2)
    roots = np.sqrt(np.array(shares))[:, None]
    (slope,), (rest,), _, _ = np.linalg.lstsq(roots, np.array(costs))
    fit = fit_impact(shares, costs)
    assert fit.impact_bps == pytest.approx(slope)
    assert fit.standard_error_bps == pytest.approx(sqrt(rest / 39 / (roots**2).sum()))
    assert fit.r_squared == pytest.approx(1 - rest / sum(cost * cost for cost in costs))


def test_the_interval_holds_the_truth_about_as_often_as_it_should() -> None:
    fits = [fit_impact(*history(seed)) for seed in range(1_000)]
    held = sum(fit.low_bps <= TRUE_BPS <= fit.high_bps for fit in fits)
    assert 930 <= held <= 975
    assert np.mean([fit.impact_bps for fit in fits]) == pytest.approx(TRUE_BPS, abs=1)


def test_too_few_parents_are_refused() -> None:
    with pytest.raises(TooFewParentsError, match=r"^9 parents that ended and traded, needed are at least 10$"):
        fit_impact(*history(3, count=PARENTS_MIN - 1))
    assert fit_impact(*history(3, count=PARENTS_MIN)).parents == PARENTS_MIN


def test_costs_that_are_all_nothing_are_explained() -> None:
    fit = fit_impact([0.01] * PARENTS_MIN, [0.0] * PARENTS_MIN)
    assert (fit.impact_bps, fit.standard_error_bps, fit.r_squared) == (0, 0, 1)


def test_the_models_error_is_told_by_its_bias_and_its_size() -> None:
    error = model_error([1.0, 5.0, 3.0], [4.0, 4.0, 4.0])
    assert (error.expected_bps, error.realised_bps, error.bias_bps) == (3, 4, 1)
    assert error.absolute_error_bps == pytest.approx(5 / 3)
