"""Owns how one pair at several venues becomes a ring of instruments whose units compare, and who pays what there."""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from engine.core.state import State
from engine.fee_tiers import Rates

# With it every sum over the books of a pair fits a word.
SCALE_MAX = 1 << 27


class PairError(Exception):
    """The units of one pair at two venues do not compare; the message says which and why."""


def link_pair(state: State, names: Sequence[str], instrument_id: int) -> None:
    """Links an instrument whose rules are known with those of the same pair whose rules are known."""
    pair = _pair_of(names[instrument_id])
    rules = state.table("instruments")
    numbers = [
        number for number, name in enumerate(names) if _pair_of(name) == pair and rules[number]["symbol_bytes"] > 0
    ]
    ticks = [_step(rules[number], "tick_units", "price_decimals") for number in numbers]
    lots = [_step(rules[number], "lot_units", "lot_decimals") for number in numbers]
    price_scales, lot_scales = _scales(ticks), _scales(lots)
    for what, scales in (("price", price_scales), ("quantity", lot_scales)):
        if max(scales) > SCALE_MAX:
            steps = ", ".join(f"{names[number]} of {scale}" for number, scale in zip(numbers, scales, strict=True))
            raise PairError(f"the {what} steps of {pair} are too different, in their common step: {steps}")
    markets = state.table("markets")
    for place, number in enumerate(numbers):
        market = markets[number]
        market["next_of_pair"] = numbers[(place + 1) % len(numbers)]
        market["pair_price_scale"], market["pair_lot_scale"] = price_scales[place], lot_scales[place]


def set_rates(state: State, account_id: int, instrument_id: int, rates: Rates) -> None:
    """What an account pays in an instrument from the start."""
    row = state.table("routes")[account_id * len(state.table("instruments")) + instrument_id]
    row["maker_ppm"], row["taker_ppm"] = rates


def _pair_of(name: str) -> str:
    return name.partition(".")[0]


def _step(row: np.void, units: str, decimals: str) -> Fraction:
    return Fraction(int(row[units]), 10 ** int(row[decimals]))


def _scales(steps: Sequence[Fraction]) -> list[int]:
    """How often the largest step that all of them are made of goes into each."""
    common = lcm(*(step.denominator for step in steps))
    whole = [int(step * common) for step in steps]
    return [number // gcd(*whole) for number in whole]
