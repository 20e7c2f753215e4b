"""Owns the rates of a venue's fees: which tier a traded volume reaches, and what the discount leaves of it."""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from engine.configuration.shape import FeesConfig

_PPM_PER_BPS = 100
_BPS = 10_000


class Rates(NamedTuple):
    """Fees in millionths of what is traded; a rebate is negative."""

    maker_ppm: int
    taker_ppm: int


def rates_of(fees: FeesConfig, volume: Decimal) -> Rates:
    """What is paid once so much was traded in 30 days."""
    maker_bps, taker_bps = fees.maker_bps, fees.taker_bps
    for tier in fees.tiers:
        if volume >= Decimal(tier.volume):
            maker_bps, taker_bps = tier.maker_bps, tier.taker_bps
    return Rates(_discounted(maker_bps, fees.discount_bps), _discounted(taker_bps, fees.discount_bps))


def _discounted(fee_bps: str, discount_bps: int) -> int:
    """A fee less the part that is saved; nothing is taken off a rebate. What is no whole millionth is rounded up."""
    ppm = Fraction(fee_bps) * _PPM_PER_BPS
    if ppm > 0:
        ppm = ppm * (_BPS - discount_bps) / _BPS
    return -(-ppm.numerator // ppm.denominator)
