"""Owns what trading is expected to cost against the mid, and how good that expectation was.

Fees and the coefficient of the impact are made outside and enter as records. Everything is in millionths (ppm) of the
worth traded, so that venues and instruments compare; what costs is positive.
"""

import numpy as np

from engine.core.depth_walk import walk
from engine.core.exposure import TICKS_MAX
from engine.core.money import notional_of
from engine.core.route_memory import PPM
from engine.core.square_root import square_root
from engine.core.state import accounts_of, header_of, instruments_of, markets_of, route_of
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.records import ALL_INSTRUMENTS
from ipc.tables import NO_LIMIT

# A fee beyond a tenth of what is traded is none that a venue has.
FEE_PPM_MAX = 100_000
# Ten times what is traded; where a model says more, the book is not one.
_COST_PPM_MAX = 10_000_000
_RATIO_BITS = 30
_RATIO_MAX = 1 << (_RATIO_BITS + 2)
_LOTS_MAX = (1 << 31) - 1
_WHOLE_MAX = 1 << 42
_NOTIONAL_MAX = 1 << 56
_SUM_MAX = 1 << 61


@kernel
def on_fee_rates(state: int, rates: np.void) -> None:
    """Takes over what an account pays in one instrument, or in all; without its time the funding stays as it is."""
    for instrument_id in range(header_of(state)["instruments_count"]):
        if rates["instrument_id"] != ALL_INSTRUMENTS and rates["instrument_id"] != instrument_id:
            continue
        route = route_of(state, rates["account_id"], instrument_id)
        route["maker_ppm"] = _bounded(rates["maker_ppm"], FEE_PPM_MAX)
        route["taker_ppm"] = _bounded(rates["taker_ppm"], FEE_PPM_MAX)
        if rates["funding_utc_ns"] != 0:
            route["funding_ppm"] = _bounded(rates["funding_ppm"], FEE_PPM_MAX)
            route["funding_utc_ns"] = rates["funding_utc_ns"]


@kernel
def on_cost_model(state: int, model: np.void) -> None:
    """Takes over what trading as much as trades in a day would move the price by, and how much that is."""
    market = markets_of(state)[model["instrument_id"]]
    market["impact_ppm"] = min(max(model["impact_ppm"], 0), _COST_PPM_MAX)
    market["day_lots"] = max(model["day_lots"], 0)


@kernel
def expected_cost_ppm(state: int, account_id: int, instrument_id: int, side: int, lots: int, limit_ticks: int) -> int:
    """What taking a quantity is expected to cost: spread, walk through the book, impact and fee.

    What the book does not hold within the limit counts as if there were more at the last price. Without a mid or a
    book, impact and fee are all that is known.
    """
    taken_ppm = _taken_ppm(state, instrument_id, side, lots, limit_ticks)
    taker_ppm = route_of(state, account_id, instrument_id)["taker_ppm"]
    return taken_ppm + impact_ppm(markets_of(state)[instrument_id], lots) + taker_ppm


@kernel
def impact_ppm(market: np.void, lots: int) -> int:
    """By how much trading moves the price against itself: with the square root of the part of a day's volume."""
    if market["day_lots"] <= 0 or lots <= 0:
        return 0
    ratio = min((min(lots, _LOTS_MAX) << _RATIO_BITS) // market["day_lots"], _RATIO_MAX)
    return market["impact_ppm"] * square_root(ratio << _RATIO_BITS) >> _RATIO_BITS


@kernel
def funding_ppm(state: int, account_id: int, instrument_id: int, side: int, until_utc_ns: int) -> int:
    """What holding a perpetual until a time of the venue is known to cost, negative for what is received."""
    route = route_of(state, account_id, instrument_id)
    utc_ns = header_of(state)["now_ns"] + accounts_of(state)[account_id]["utc_offset_ns"]
    if not utc_ns < route["funding_utc_ns"] <= until_utc_ns:
        return 0
    return route["funding_ppm"] if side == Side.BUY else -route["funding_ppm"]


@kernel
def slippage_ppm(side: int, notional: int, lots: int, mid_twice: int) -> int:
    """How much worse than a mid, given twice, a quantity traded; 0 where the numbers are none of a market."""
    mid_worth = notional_of(max(mid_twice, 0), lots)
    if lots <= 0 or mid_worth <= 0 or mid_worth >= NO_LIMIT or notional > NO_LIMIT // 2:
        return 0
    worse = 2 * notional - mid_worth if side == Side.BUY else mid_worth - 2 * notional
    while mid_worth > _WHOLE_MAX:
        mid_worth >>= 1
        worse >>= 1
    whole = _bounded(worse // mid_worth, _COST_PPM_MAX // PPM)
    return _bounded(whole * PPM + worse % mid_worth * PPM // mid_worth, _COST_PPM_MAX)


@kernel
def note_cost(state: int, instrument_id: int, expected_ppm: int, realised_ppm: int, notional: int) -> None:
    """Counts what was expected of one parent's trading beside what it came to."""
    market = markets_of(state)[instrument_id]
    error_ppm = abs(expected_ppm - realised_ppm)
    market["expected_cost"] = _sum_of(market["expected_cost"], expected_ppm, notional)
    market["realised_cost"] = _sum_of(market["realised_cost"], realised_ppm, notional)
    market["absolute_error"] = _sum_of(market["absolute_error"], error_ppm, notional)


@kernel
def _taken_ppm(state: int, instrument_id: int, side: int, lots: int, limit_ticks: int) -> int:
    instrument = instruments_of(state)[instrument_id]
    bid_ticks, ask_ticks = instrument["bid_ticks"], instrument["ask_ticks"]
    is_mid = 0 < bid_ticks <= TICKS_MAX and 0 < ask_ticks <= TICKS_MAX
    taken = walk(state, instrument_id, side, lots, limit_ticks)
    rest_worth = notional_of(taken.worst_ticks, lots - taken.filled_lots)
    if not is_mid or taken.filled_lots == 0 or rest_worth > NO_LIMIT - taken.notional:
        return 0
    return slippage_ppm(side, taken.notional + rest_worth, lots, bid_ticks + ask_ticks)


@kernel
def _sum_of(total: int, cost_ppm: int, notional: int) -> int:
    notional, cost_ppm = min(notional, _NOTIONAL_MAX), _bounded(cost_ppm, _COST_PPM_MAX)
    return _bounded(total + notional // PPM * cost_ppm + notional % PPM * cost_ppm // PPM, _SUM_MAX)


@kernel
def _bounded(number: int, most: int) -> int:
    return max(min(number, most), -most)
