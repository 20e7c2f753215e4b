"""Owns money: what a notional is worth in its quote asset and in the risk currency, exact and without overflow.

A unit is 10^-8 of an asset. What would be more than MONEY_MAX counts as that, and no order so large passes.
"""

import numpy as np

from engine.core.state import assets_of, header_of
from ipc.compiler import kernel
from ipc.tables import NO_LIMIT, RATE_ONE

MONEY_MAX = 1 << 58
# No sum that orders add to may exceed it, so that one more order still fits a word.
SUM_MAX = 1 << 60
_RATE_BITS = 31
_RATE_PART = RATE_ONE - 1
_HALF_WORD = 1 << 31
_WHOLE_RATE_MAX = _HALF_WORD - 1


@kernel
def quote_units(instrument: np.void, notional: int) -> int:
    """A notional of at least 0 as money of the quote asset."""
    if notional > instrument["money_notional_max"]:
        return MONEY_MAX
    return notional * instrument["units_per_notional"]


@kernel
def notional_of(price_ticks: int, lots: int) -> int:
    """Price x lots of at least 0; NO_LIMIT where the product would not fit."""
    if (price_ticks >= _HALF_WORD or lots >= _HALF_WORD) and lots > 0 and price_ticks > NO_LIMIT // lots:
        return NO_LIMIT
    return price_ticks * lots


@kernel
def converted(units: int, rate: int) -> int:
    """Units of an asset, at least 0, in the risk currency, rounded down."""
    units = min(units, MONEY_MAX)
    if rate == RATE_ONE:
        return units
    whole, part = rate >> _RATE_BITS, rate & _RATE_PART
    if whole > 0 and units > MONEY_MAX // whole:
        return MONEY_MAX
    high, low = units >> _RATE_BITS, units & _RATE_PART
    return min(units * whole + high * part + (low * part >> _RATE_BITS), MONEY_MAX)


@kernel
def signed_worth(state: int, instrument: np.void, notional: int) -> int:
    """A notional of either sign in the risk currency, by the last rate known."""
    rate = assets_of(state)[instrument["quote_asset_id"]]["rate"]
    worth = converted(quote_units(instrument, abs(notional)), rate)
    return worth if notional >= 0 else -worth


@kernel
def has_rate(state: int, asset_id: int) -> bool:
    """Whether it is known, and not too long ago, what an asset is worth in the risk currency."""
    asset = assets_of(state)[asset_id]
    if asset["rate_instrument_id"] < 0:
        return asset["rate"] > 0
    header = header_of(state)
    return asset["rate"] > 0 and header["now_ns"] - asset["rate_ns"] <= header["book_age_max_ns"]


@kernel
def rate_at(instrument: np.void, bid_ticks: int, ask_ticks: int) -> int:
    """The rate that the mid of an instrument says for its base asset, its quote asset being the risk currency."""
    price_units = (bid_ticks + ask_ticks) * instrument["tick_units"]
    scale = 2
    for _ in range(instrument["price_decimals"]):
        scale *= 10
    whole = min(price_units // scale, _WHOLE_RATE_MAX)
    return (whole << _RATE_BITS) + ((price_units % scale) << _RATE_BITS) // scale


@kernel
def with_fee(units: int, fee_bps: int) -> int:
    """Money of at most MONEY_MAX and the fee that may come on top, rounded up."""
    return units + units // 10_000 * fee_bps + (units % 10_000 * fee_bps + 9_999) // 10_000


@kernel
def cost_share(cost_notional: int, part_lots: int, whole_lots: int) -> int:
    """cost x part / whole without forming the product. Precondition: 0 < part <= whole < 2^31."""
    quotient, rest = cost_notional // whole_lots, cost_notional % whole_lots
    return quotient * part_lots + rest * part_lots // whole_lots
