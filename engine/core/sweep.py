"""Owns the sweep: how a quantity that is to trade at once is shared over the venues of a pair."""

from engine.core.candidates import gather_candidates
from engine.core.depth_walk import LEVEL_LOTS_MAX, depth_of, is_within, level_of, opposite
from engine.core.route_memory import PPM
from engine.core.route_scratch import candidates_of, route_steps_of
from engine.core.state import book_of, instruments_of, markets_of
from engine.core.sweep_search import search, step_at, take_first
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.parent_enums import RouteReason

# A fine price above it is none; times a million and a fee it fits a word, and so does the worth of what is shared.
FINE_PRICE_MAX = 1 << 42
_FINE_NOTIONAL_MAX = 1 << 58
SCORE_PARTS = 1_000
_SAFE_LOTS = 1 << 50


@kernel
def plan_sweep(
    state: int,
    strategy_id: int,
    account_id: int,
    instrument_id: int,
    side: int,
    lots: int,
    limit_ticks: int,
    is_routed: bool,
) -> int:
    """Writes where how much of a quantity is to trade at once; returns how many candidates there are.

    Lots and limit (0 for none) are the instrument's own; account -1 is any of the strategy's at each venue. A
    candidate's lots and price are those of its own instrument. Precondition: every id is within its table.
    """
    count = gather_candidates(state, strategy_id, account_id, instrument_id, side, lots, True, is_routed)
    market = markets_of(state)[instrument_id]
    price_scale = market["pair_price_scale"]
    limit_fine = min(limit_ticks, FINE_PRICE_MAX // price_scale + 1) * price_scale
    for place in range(count):
        _write_steps(state, place, side, limit_fine)
        _bound_worth(state, strategy_id, place)
    wanted = _wanted_fine_lots(state, count, min(lots, LEVEL_LOTS_MAX) * market["pair_lot_scale"])
    search(state, count, side, wanted)
    for place in range(count):
        _conclude(state, place, wanted, price_scale, side)
    _name_best(state, count)
    return count


@kernel
def _write_steps(state: int, place: int, side: int, limit_fine: int) -> None:
    """Writes which levels a candidate could take; one that may take none says why."""
    row, steps = candidates_of(state)[place], route_steps_of(state, place)
    instrument_id, price_scale, book_side = row["instrument_id"], row["price_scale"], opposite(side)
    depth = depth_of(state, instrument_id, book_side)
    until_lots, step_count = 0, 0
    for place_in_book in range(depth.level_count):
        level = level_of(state, instrument_id, book_side, depth, place_in_book)
        if level.lots == 0 or level.price_ticks > FINE_PRICE_MAX // price_scale:
            break
        if place_in_book == 0:
            row["best_ticks"] = level.price_ticks
        fine_ticks = level.price_ticks * price_scale
        if not is_within(side, fine_ticks, limit_fine):
            break
        until_lots += level.lots
        steps[step_count]["price_ticks"] = level.price_ticks
        steps[step_count]["until_lots"] = until_lots
        steps[step_count]["unit_cost"] = _unit_cost(side, fine_ticks, row["fee_ppm"])
        step_count += 1
    if row["route_reason"] == 0 and step_count == 0:
        row["route_reason"] = RouteReason.NO_DEPTH + 0 if row["best_ticks"] == 0 else RouteReason.BEYOND_LIMIT + 0
    row["available_lots"] = until_lots
    row["step_count"] = 0 if row["route_reason"] != 0 else step_count


@kernel
def _unit_cost(side: int, fine_ticks: int, fee_ppm: int) -> int:
    """What one fine lot costs, fee included, in millionths of a fine price; a sale costs less than nothing."""
    return fine_ticks * (PPM + fee_ppm) if side == Side.BUY else fine_ticks * (fee_ppm - PPM)


@kernel
def _bound_worth(state: int, strategy_id: int, place: int) -> None:
    """Keeps an order within the largest worth allowed, whatever of the levels it takes."""
    row = candidates_of(state)[place]
    if row["step_count"] == 0:
        row["most_lots"] = 0
        return
    instrument = instruments_of(state)[row["instrument_id"]]
    book = book_of(state, strategy_id, row["instrument_id"])
    most_notional = min(book["max_order_notional"], instrument["max_notional"])
    row["most_lots"] = min(row["most_lots"], most_notional // _highest_ticks(state, place))


@kernel
def _highest_ticks(state: int, place: int) -> int:
    steps = route_steps_of(state, place)
    last = candidates_of(state)[place]["step_count"] - 1
    return max(steps[0]["price_ticks"], steps[last]["price_ticks"])


@kernel
def _wanted_fine_lots(state: int, count: int, fine_lots: int) -> int:
    """The quantity to share: what no venue's lots can make up is left out, and what would be worth too much."""
    rows, step, highest = candidates_of(state), 0, 1
    for place in range(count):
        row = rows[place]
        if row["step_count"] > 0:
            step = _common_divisor(step, row["lot_scale"])
            highest = max(highest, _highest_ticks(state, place) * row["price_scale"])
    fine_lots = min(fine_lots, _FINE_NOTIONAL_MAX // highest)
    return fine_lots if step == 0 else fine_lots - fine_lots % step


@kernel
def _common_divisor(one: int, other: int) -> int:
    while other != 0:
        one, other = other, one % other
    return one


@kernel
def _conclude(state: int, place: int, wanted: int, price_scale: int, side: int) -> None:
    """Says in a candidate's own units what is routed there, what it scored, and why it was not more."""
    row = candidates_of(state)[place]
    if row["step_count"] == 0:
        return
    row["routed_lots"] = row["best_fine_lots"] // row["lot_scale"]
    if row["routed_lots"] > 0:
        worst = step_at(state, place, row["routed_lots"])
        row["price_ticks"] = route_steps_of(state, place)[worst]["price_ticks"]
    elif row["wanted_fine_lots"] > 0 or row["upper_fine_lots"] == 0:
        row["route_reason"] = RouteReason.BELOW_MINIMUM
    else:
        row["route_reason"] = RouteReason.WORSE_PRICE
    fine_lots = min(row["available_lots"] * row["lot_scale"], wanted)
    if fine_lots > 0:
        take_first(state, place, fine_lots)
        row["score_ticks"] = score_of(row["taken_notional"], fine_lots, row["fee_ppm"], side) // price_scale


@kernel
def score_of(notional: int, lots: int, fee_ppm: int, side: int) -> int:
    """The mean price of a quantity in parts of a tick, as it is with the fee."""
    while lots > _SAFE_LOTS:
        lots >>= 1
        notional >>= 1
    mean = notional // lots * SCORE_PARTS + notional % lots * SCORE_PARTS // lots
    fee = mean // PPM * fee_ppm + mean % PPM * fee_ppm // PPM
    return mean + fee if side == Side.BUY else mean - fee


@kernel
def _name_best(state: int, count: int) -> None:
    """Of those that are given something, the one whose first level is the cheapest is the best."""
    rows, best = candidates_of(state), -1
    for place in range(count):
        if rows[place]["routed_lots"] == 0:
            continue
        rows[place]["route_reason"] = RouteReason.NEXT_BEST
        if best < 0 or _first_cost(state, place) < _first_cost(state, best):
            best = place
    if best >= 0:
        rows[best]["route_reason"] = RouteReason.BEST


@kernel
def _first_cost(state: int, place: int) -> int:
    return route_steps_of(state, place)[0]["unit_cost"]
