"""Owns the search for how a quantity is best shared over books: as much as possible, as cheaply as possible.

Without smallest orders, and with lots of one size, taking the cheapest level again and again is optimal. What a venue
would not take of that (too little, or no whole lots of its own) is branched on: there it is as much as it takes below
that, or as much as it takes above. The best single venue is where the search starts from, so nothing that it ends with
is worse, also when it has to stop early.
"""

from typing import NamedTuple

from engine.core.candidates import is_preferred
from engine.core.route_memory import PPM
from engine.core.route_scratch import branches_of, candidates_of, route_steps_of
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.market_tables import BRANCHES_MAX

_NODES_MAX = 256
_NOWHERE = -1


class Outcome(NamedTuple):
    """How much is taken, and what it costs: fine price x fine lots and millionths of that; a sale costs less than 0."""

    fine_lots: int
    cost: int
    cost_ppm: int


@kernel
def search(state: int, count: int, side: int, wanted_fine_lots: int) -> None:
    """Leaves the best sharing found in `best_fine_lots`. Precondition: candidates and their steps are written."""
    rows = candidates_of(state)
    for place in range(count):
        rows[place]["best_fine_lots"] = 0
        rows[place]["lower_fine_lots"] = 0
        upper = min(rows[place]["available_lots"] * rows[place]["lot_scale"], wanted_fine_lots)
        rows[place]["upper_fine_lots"] = taken_below(state, place, upper)
    best = _best_single(state, count, side)
    depth, node_count = 0, 0
    is_searching = True
    while is_searching:
        outcome = _relaxed(state, count, side, wanted_fine_lots)
        # Of what costs the same, the sharing without bounds has the faster venues.
        is_kept = _is_better(outcome, best)
        if node_count == 0:
            _note_wanted(state, count)
            is_kept = not _is_better(best, outcome)
        node_count += 1
        has_branched = False
        if is_kept:
            place = _first_refused(state, count)
            if place == _NOWHERE:
                best = outcome
                for kept in range(count):
                    rows[kept]["best_fine_lots"] = rows[kept]["taken_fine_lots"]
            elif node_count < _NODES_MAX and depth < BRANCHES_MAX:
                has_branched = _branch(state, depth, place)
        depth = depth + 1 if has_branched else _turned_back(state, depth)
        is_searching = depth > 0


@kernel
def take_first(state: int, place: int, fine_lots: int) -> None:
    """Lets a candidate take the best of its levels. Precondition: they hold as much."""
    row, steps = candidates_of(state)[place], route_steps_of(state, place)
    step, taken, notional = 0, 0, 0
    while taken < fine_lots:
        until = steps[step]["until_lots"] * row["lot_scale"]
        part = min(until, fine_lots) - taken
        notional += steps[step]["price_ticks"] * row["price_scale"] * part
        taken += part
        if taken == until:
            step += 1
    row["taken_fine_lots"] = taken
    row["taken_notional"] = notional
    row["place"] = step


@kernel
def step_at(state: int, place: int, lots: int) -> int:
    """Which level holds the last of so many lots. Precondition: the levels hold as many, and they are some."""
    steps, step = route_steps_of(state, place), 0
    while steps[step]["until_lots"] < lots:
        step += 1
    return step


@kernel
def taken_below(state: int, place: int, fine_lots: int) -> int:
    """The most of so many fine lots that this venue takes in one order."""
    row, steps = candidates_of(state)[place], route_steps_of(state, place)
    lots = min(fine_lots // row["lot_scale"], row["most_lots"], row["available_lots"])
    while lots >= row["least_lots"]:
        step = step_at(state, place, lots)
        if steps[step]["price_ticks"] * lots >= row["min_notional"]:
            return lots * row["lot_scale"]
        lots = steps[step - 1]["until_lots"] if step > 0 else 0
    return 0


@kernel
def taken_above(state: int, place: int, fine_lots: int) -> int:
    """The least of so many fine lots or more that this venue takes in one order, NOWHERE when it takes none."""
    row, steps = candidates_of(state)[place], route_steps_of(state, place)
    lots = max((fine_lots + row["lot_scale"] - 1) // row["lot_scale"], row["least_lots"])
    most_lots = min(row["most_lots"], row["available_lots"])
    while lots <= most_lots:
        step = step_at(state, place, lots)
        price_ticks, until_lots = steps[step]["price_ticks"], steps[step]["until_lots"]
        lots = max(lots, (row["min_notional"] + price_ticks - 1) // price_ticks)
        if lots <= until_lots:
            return lots * row["lot_scale"] if lots <= most_lots else _NOWHERE
        lots = until_lots + 1
    return _NOWHERE


@kernel
def _is_better(outcome: Outcome, best: Outcome) -> bool:
    if outcome.fine_lots != best.fine_lots:
        return outcome.fine_lots > best.fine_lots
    if outcome.cost != best.cost:
        return outcome.cost < best.cost
    return outcome.cost_ppm < best.cost_ppm


@kernel
def _outcome(state: int, first: int, end: int, side: int) -> Outcome:
    """What the candidates from the first to before the end take together."""
    rows = candidates_of(state)
    fine_lots, cost, cost_ppm = 0, 0, 0
    for place in range(first, end):
        row = rows[place]
        notional, fee_ppm = row["taken_notional"], row["fee_ppm"]
        fine_lots += row["taken_fine_lots"]
        cost += (notional if side == Side.BUY else -notional) + notional // PPM * fee_ppm
        cost_ppm += notional % PPM * fee_ppm
    return Outcome(fine_lots, cost + cost_ppm // PPM, cost_ppm % PPM)


@kernel
def _best_single(state: int, count: int, side: int) -> Outcome:
    rows, best = candidates_of(state), Outcome(0, 0, 0)
    chosen = _NOWHERE
    for place in range(count):
        take_first(state, place, rows[place]["upper_fine_lots"])
        outcome = _outcome(state, place, place + 1, side)
        if _is_better(outcome, best):
            best, chosen = outcome, place
    if chosen != _NOWHERE:
        rows[chosen]["best_fine_lots"] = best.fine_lots
    return best


@kernel
def _relaxed(state: int, count: int, side: int, wanted_fine_lots: int) -> Outcome:
    """The cheapest sharing within the bounds of the branch, whatever the venues take in one order."""
    rows, rest = candidates_of(state), wanted_fine_lots
    for place in range(count):
        rest -= rows[place]["lower_fine_lots"]
    if rest < 0:
        return Outcome(_NOWHERE, 0, 0)
    for place in range(count):
        take_first(state, place, rows[place]["lower_fine_lots"])
    while rest > 0:
        place = _cheapest(state, count)
        if place == _NOWHERE:
            break
        row = rows[place]
        step = route_steps_of(state, place)[row["place"]]
        until, taken = step["until_lots"] * row["lot_scale"], row["taken_fine_lots"]
        part = min(rest, until - taken, row["upper_fine_lots"] - taken)
        row["taken_notional"] += step["price_ticks"] * row["price_scale"] * part
        row["taken_fine_lots"] += part
        if taken + part == until:
            row["place"] += 1
        rest -= part
    return _outcome(state, 0, count, side)


@kernel
def _cheapest(state: int, count: int) -> int:
    rows, chosen, chosen_cost = candidates_of(state), _NOWHERE, 0
    for place in range(count):
        row = rows[place]
        if row["taken_fine_lots"] >= row["upper_fine_lots"]:
            continue
        cost = route_steps_of(state, place)[row["place"]]["unit_cost"]
        is_tie = chosen != _NOWHERE and cost == chosen_cost
        if chosen == _NOWHERE or cost < chosen_cost or (is_tie and is_preferred(row, rows[chosen])):
            chosen, chosen_cost = place, cost
    return chosen


@kernel
def _note_wanted(state: int, count: int) -> None:
    rows = candidates_of(state)
    for place in range(count):
        rows[place]["wanted_fine_lots"] = rows[place]["taken_fine_lots"]


@kernel
def _first_refused(state: int, count: int) -> int:
    """A candidate whose venue would not take what the branch gives it, NOWHERE when all would."""
    rows = candidates_of(state)
    for place in range(count):
        taken = rows[place]["taken_fine_lots"]
        if taken != 0 and taken_below(state, place, taken) != taken:
            return place
    return _NOWHERE


@kernel
def _branch(state: int, depth: int, place: int) -> bool:
    """Takes the lower half of what a candidate may still take, and notes the upper one, if there are two."""
    row, branch = candidates_of(state)[place], branches_of(state)[depth]
    lower, upper = row["lower_fine_lots"], row["upper_fine_lots"]
    below = taken_below(state, place, row["taken_fine_lots"])
    above = taken_above(state, place, row["taken_fine_lots"])
    has_lower, has_upper = below >= lower, above != _NOWHERE and above <= upper
    if not has_lower and not has_upper:
        return False
    branch["candidate"] = place
    branch["lower_fine_lots"] = lower
    branch["upper_fine_lots"] = upper
    branch["other_lower_fine_lots"] = above
    branch["other_upper_fine_lots"] = upper
    branch["is_other"] = int(not has_lower or not has_upper)
    if has_lower:
        row["upper_fine_lots"] = below
    else:
        row["lower_fine_lots"] = above
    return True


@kernel
def _turned_back(state: int, depth: int) -> int:
    """Goes back to the last branch whose other half is still to try; returns how deep that lies, 0 for none."""
    rows, branches = candidates_of(state), branches_of(state)
    while depth > 0:
        branch = branches[depth - 1]
        row = rows[branch["candidate"]]
        if branch["is_other"] == 0:
            branch["is_other"] = 1
            row["lower_fine_lots"] = branch["other_lower_fine_lots"]
            row["upper_fine_lots"] = branch["other_upper_fine_lots"]
            return depth
        row["lower_fine_lots"] = branch["lower_fine_lots"]
        row["upper_fine_lots"] = branch["upper_fine_lots"]
        depth -= 1
    return 0
