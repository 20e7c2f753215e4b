"""Owns the choice of one venue for an order that is to rest."""

import numpy as np

from engine.core.candidates import gather_candidates, is_preferred
from engine.core.depth_walk import depth_of, is_within, level_of, opposite
from engine.core.route_memory import PPM
from engine.core.route_scratch import candidates_of
from engine.core.state import instruments_of, markets_of, route_of
from engine.core.sweep import FINE_PRICE_MAX, score_of
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.parent_enums import RouteReason

_NOWHERE = -1


@kernel
def plan_rest(
    state: int,
    strategy_id: int,
    account_id: int,
    instrument_id: int,
    side: int,
    lots: int,
    limit_ticks: int,
    is_routed: bool,
) -> int:
    """Gives a quantity that is to rest to one venue; returns how many candidates there are.

    It rests at its limit, without one (0) at the best price of its side. Units are those of `plan_sweep`. What is not
    filled where it rests has to be taken in the end: so a venue scores the price there with its maker fee, and for the
    part that is not expected to be filled the other side's price with the taker fee.
    """
    count = gather_candidates(state, strategy_id, account_id, instrument_id, side, lots, False, is_routed)
    rows, market = candidates_of(state), markets_of(state)[instrument_id]
    price_scale = market["pair_price_scale"]
    fine_lots = lots * market["pair_lot_scale"]
    limit_fine = min(limit_ticks, FINE_PRICE_MAX // price_scale) * price_scale
    best = _NOWHERE
    for place in range(count):
        row = rows[place]
        _write_order(state, row, side, fine_lots, limit_fine)
        if row["route_reason"] != 0:
            continue
        row["score_ticks"] = _score(state, row, side)
        row["route_reason"] = RouteReason.WORSE_PRICE
        if best == _NOWHERE or _is_better(row, rows[best], side):
            best = place
    for place in range(count):
        rows[place]["score_ticks"] //= price_scale
    if best != _NOWHERE:
        rows[best]["route_reason"] = RouteReason.BEST
        rows[best]["routed_lots"] = rows[best]["available_lots"]
    return count


@kernel
def _write_order(state: int, candidate: np.void, side: int, fine_lots: int, limit_fine: int) -> None:
    """Writes how much could rest here and at which price, or why nothing can."""
    instrument_id = candidate["instrument_id"]
    best_ticks = _best_ticks(state, instrument_id, side)
    candidate["best_ticks"] = best_ticks
    price_ticks = best_ticks
    if limit_fine != 0:
        rounded = 0 if side == Side.BUY else candidate["price_scale"] - 1
        price_ticks = (limit_fine + rounded) // candidate["price_scale"]
    candidate["price_ticks"] = price_ticks
    candidate["available_lots"] = min(fine_lots // candidate["lot_scale"], candidate["most_lots"])
    if candidate["route_reason"] != 0:
        return
    instrument = instruments_of(state)[instrument_id]
    is_known = best_ticks > 0 or _best_ticks(state, instrument_id, opposite(side)) > 0
    if not is_known or price_ticks <= 0 or price_ticks > FINE_PRICE_MAX // candidate["price_scale"]:
        candidate["route_reason"] = RouteReason.NO_DEPTH
    elif price_ticks < instrument["min_price_ticks"] or price_ticks > instrument["max_price_ticks"]:
        candidate["route_reason"] = RouteReason.BEYOND_LIMIT
    elif (
        candidate["available_lots"] < candidate["least_lots"]
        or candidate["available_lots"] * price_ticks < candidate["min_notional"]
    ):
        candidate["route_reason"] = RouteReason.BELOW_MINIMUM


@kernel
def _best_ticks(state: int, instrument_id: int, book_side: int) -> int:
    depth = depth_of(state, instrument_id, book_side)
    return level_of(state, instrument_id, book_side, depth, 0).price_ticks if depth.level_count > 0 else 0


@kernel
def _score(state: int, candidate: np.void, side: int) -> int:
    """The price to expect, fees included, in parts of a fine tick."""
    instrument_id = candidate["instrument_id"]
    taken_ticks = _best_ticks(state, instrument_id, opposite(side))
    if taken_ticks == 0 or taken_ticks > FINE_PRICE_MAX // candidate["price_scale"]:
        taken_ticks = candidate["price_ticks"]
    taker_ppm = route_of(state, candidate["account_id"], instrument_id)["taker_ppm"]
    rested = score_of(candidate["price_ticks"] * candidate["price_scale"], 1, candidate["fee_ppm"], side)
    taken = score_of(taken_ticks * candidate["price_scale"], 1, taker_ppm, side)
    # The more stands before it, the less of it is filled: half of what else would be behind twice its own quantity.
    own_lots = 2 * candidate["available_lots"]
    fill_ppm = candidate["fill_ppm"] * own_lots // (own_lots + _queue_lots(state, candidate, side))
    gain = rested - taken
    return taken + gain // PPM * fill_ppm + gain % PPM * fill_ppm // PPM


@kernel
def _queue_lots(state: int, candidate: np.void, side: int) -> int:
    """How much would stand before an order in the book."""
    instrument_id, lots = candidate["instrument_id"], 0
    depth = depth_of(state, instrument_id, side)
    for place in range(depth.level_count):
        level = level_of(state, instrument_id, side, depth, place)
        if level.lots == 0 or not is_within(opposite(side), level.price_ticks, candidate["price_ticks"]):
            break
        lots += level.lots
    return lots


@kernel
def _is_better(candidate: np.void, best: np.void, side: int) -> bool:
    if candidate["score_ticks"] != best["score_ticks"]:
        is_lower = candidate["score_ticks"] < best["score_ticks"]
        return is_lower if side == Side.BUY else not is_lower
    return is_preferred(candidate, best)
