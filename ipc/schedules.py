"""Owns schedules: how a quantity is spread over slices of time, as whole lots that sum up exactly.

A schedule is made here, with floats and outside of the engine, and sent to a parent order as integers.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import asinh, exp, expm1, inf, sqrt

from ipc.parent_tables import SLICES_MAX

# From here on all of it trades in the first slice, as far as a float can tell.
_DECAY_MAX = 745.0


def even_schedule(lots: int, slices: int) -> list[int]:
    """The same in every slice (TWAP); what does not divide goes evenly over them."""
    _check(lots, slices)
    ends = [lots * (place + 1) // slices for place in range(slices)]
    return _differences(ends)


def volume_curve_schedule(lots: int, curve: Sequence[int | float]) -> list[int]:
    """To each slice its share of what the market is expected to trade in it (VWAP)."""
    _check(lots, len(curve))
    for place, volume in enumerate(curve):
        if not 0 <= volume < inf:
            raise ValueError(f"volume {place} of the curve is {volume}, allowed is 0 and more, and finite")
    weights = [Fraction(volume) for volume in curve]
    total = sum(weights)
    if total == 0:
        raise ValueError(f"curve of {len(curve)} volumes sums to 0, allowed is more than 0")
    return _largest_remainders(lots, [lots * weight / total for weight in weights])


def almgren_chriss_schedule(  # noqa: PLR0913  what the model knows
    lots: int,
    slices: int,
    *,
    horizon_s: float,
    volatility: float,
    temporary_impact: float,
    permanent_impact: float = 0.0,
    risk_aversion: float,
) -> list[int]:
    """What trades in each slice so that expected cost + risk_aversion x variance is least.

    Almgren and Chriss, Optimal Execution of Portfolio Transactions, Journal of Risk 3 (2001), equations 16 to 20.
    `volatility` is of the price, in currency per square root of a second. `temporary_impact` is what the price yields
    while one lot a second is traded, `permanent_impact` what it yields for good by each lot. Without risk aversion
    the schedule is even.
    """
    _check(lots, slices)
    for name, value in (("horizon_s", horizon_s), ("temporary_impact", temporary_impact)):
        if not 0 < value < inf:
            raise ValueError(f"{name} is {value}, allowed is more than 0, and finite")
    for name, value in (
        ("volatility", volatility),
        ("permanent_impact", permanent_impact),
        ("risk_aversion", risk_aversion),
    ):
        if not 0 <= value < inf:
            raise ValueError(f"{name} is {value}, allowed is 0 and more, and finite")
    slice_s = horizon_s / slices
    temporary = temporary_impact - permanent_impact * slice_s / 2
    if temporary <= 0:
        raise ValueError(
            f"permanent_impact is {permanent_impact}, allowed is less than {2 * temporary_impact / slice_s}: "
            f"2 x temporary_impact / slices of {slice_s} s"
        )
    remaining = _remaining_shares(slices, risk_aversion * volatility * volatility / temporary * slice_s * slice_s)
    shares = [Fraction(before) - Fraction(after) for before, after in pairwise(remaining)]
    return _largest_remainders(lots, [lots * share for share in shares])


def _remaining_shares(slices: int, urgency: float) -> list[float]:
    """Which part is still to trade at each slice's start and at the end: sinh(k (N - j)) / sinh(k N)."""
    decay = min(2 * asinh(sqrt(urgency) / 2), _DECAY_MAX)
    if decay == 0:
        return [(slices - place) / slices for place in range(slices + 1)]
    # The same quotient without numbers that overflow.
    return [
        exp(-decay * place) * expm1(-2 * decay * (slices - place)) / expm1(-2 * decay * slices)
        for place in range(slices + 1)
    ]


def _largest_remainders(lots: int, exact: Sequence[Fraction]) -> list[int]:
    """Whole lots, each less than one away from what is exact; the largest remainders are rounded up."""
    schedule = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (schedule[place] - exact[place], place))
    for place in by_remainder[: lots - sum(schedule)]:
        schedule[place] += 1
    return schedule


def _differences(ends: Sequence[int]) -> list[int]:
    return [end - start for start, end in pairwise([0, *ends])]


def _check(lots: int, slices: int) -> None:
    if lots < 1:
        raise ValueError(f"lots of a schedule are {lots}, allowed is 1 and more")
    if not 1 <= slices <= SLICES_MAX:
        raise ValueError(f"slices of a schedule are {slices}, allowed is 1 to {SLICES_MAX}")
