"""Owns fitting the cost model to what parents have cost: impact grows with the square root of the part of a day."""

from collections.abc import Sequence
from math import fsum, sqrt
from typing import NamedTuple

PARENTS_MIN = 10
_ERRORS = 2
"""How many standard errors the interval reaches to each side; about 95 of 100 lie within."""


class TooFewParentsError(Exception):
    """So few parents say nothing; the message says how many there are and how many it takes."""


class Fit(NamedTuple):
    """What trading as much as trades in a day costs, and how sure that is."""

    impact_bps: float
    standard_error_bps: float
    parents: int
    r_squared: float
    """How much of the squared costs it explains; about 0, not about their mean."""

    @property
    def low_bps(self) -> float:
        """The lower end of the interval."""
        return self.impact_bps - _ERRORS * self.standard_error_bps

    @property
    def high_bps(self) -> float:
        """The upper end of the interval."""
        return self.impact_bps + _ERRORS * self.standard_error_bps


class ModelError(NamedTuple):
    """What was expected beside what it came to: means over parents."""

    expected_bps: float
    realised_bps: float
    absolute_error_bps: float

    @property
    def bias_bps(self) -> float:
        """How much worse it was than expected."""
        return self.realised_bps - self.expected_bps


def fit_impact(shares: Sequence[float], costs_bps: Sequence[float]) -> Fit:
    """The line through the origin with the least squares, of costs against the roots of parts of a day above 0."""
    count = len(shares)
    if count < PARENTS_MIN:
        raise TooFewParentsError(f"{count} parents that ended and traded, needed are at least {PARENTS_MIN}")
    roots = [sqrt(share) for share in shares]
    weight = fsum(shares)
    impact_bps = fsum(root * cost for root, cost in zip(roots, costs_bps, strict=True)) / weight
    rest = fsum((cost - impact_bps * root) ** 2 for root, cost in zip(roots, costs_bps, strict=True))
    whole = fsum(cost * cost for cost in costs_bps)
    return Fit(impact_bps, sqrt(rest / (count - 1) / weight), count, 1 - rest / whole if whole else 1.0)


def model_error(expected_bps: Sequence[float], realised_bps: Sequence[float]) -> ModelError:
    """How far the expectations were off; precondition: there is at least one."""
    count = len(expected_bps)
    errors = [abs(expected - realised) for expected, realised in zip(expected_bps, realised_bps, strict=True)]
    return ModelError(fsum(expected_bps) / count, fsum(realised_bps) / count, fsum(errors) / count)
