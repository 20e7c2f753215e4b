"""Owns algorithms that follow a schedule: TWAP by the clock, VWAP and implementation shortfall by lots from outside.

A slice's quantity rests in the book first; what has not traded when the slice comes to its end is taken. The later
part of a slice in which it takes is larger the more urgent the parent is.
"""

import numpy as np

from engine.core.algorithms.pace import noisy, pursue, without_remnant
from engine.core.algorithms.participation import PPM, allowed_lots
from engine.core.state import header_of, markets_of, slices_of
from ipc.compiler import kernel

# Even who has no urgency takes in the last tenth of a slice, so that the parent ends in time.
_LEAST_URGENCY_PPM = 100_000
# For the cancel of what rests, and for a second try.
_LEAST_TAKING_NS = 250_000_000
# In the last part of its time all that is left is due and taken: an answer of the venue may take that long.
_CLOSING_NS = 1_000_000_000
_CLOSING_PART = 10
_ENTERED_MAX = 200


@kernel
def _slice_begins_ns(parent: np.void, place: int) -> int:
    span_ns, count = parent["end_ns"] - parent["start_ns"], parent["slice_count"]
    return parent["start_ns"] + span_ns // count * place + span_ns % count * place // count


@kernel
def _scheduled_lots(state: int, slot: int, parent: np.void, is_listed: bool) -> int:
    """What is due when the slice that has just begun ends, before any noise."""
    place, count, order_lots = parent["slice_now"], parent["slice_count"], parent["order_lots"]
    if place >= count:
        return order_lots
    if not is_listed:
        return order_lots // count * place + order_lots % count * place // count
    slices, lots = slices_of(state, slot), 0
    for number in range(place):
        lots += slices[number]["lots"]
    return lots * markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]


@kernel
def _enter_slices(state: int, slot: int, parent: np.void, is_listed: bool) -> None:
    """Lets begin whichever slices' time has come; after the last all is due, also what came to be asked for since."""
    now_ns = header_of(state)["now_ns"]
    _pass_over(parent, now_ns)
    while parent["slice_now"] < parent["slice_count"] and parent["next_slice_ns"] <= now_ns:
        before_lots = _scheduled_lots(state, slot, parent, is_listed)
        parent["slice_now"] += 1
        lots = _scheduled_lots(state, slot, parent, is_listed)
        is_last = parent["slice_now"] == parent["slice_count"]
        if not is_last:
            lots = noisy(parent, lots, lots - before_lots)
        due_lots = min(max(lots, parent["due_lots"]), parent["order_lots"])
        parent["due_lots"] = parent["order_lots"] if is_last else without_remnant(state, parent, due_lots)
        parent["due_since_ns"] = max(parent["next_slice_ns"], parent["started_ns"])
        next_ns = _slice_begins_ns(parent, parent["slice_now"])
        span_ns = next_ns - _slice_begins_ns(parent, parent["slice_now"] - 1)
        # Half of the noise either way keeps the slices in their order.
        parent["next_slice_ns"] = next_ns if is_last else noisy(parent, next_ns, span_ns >> 1)
    if parent["slice_now"] == parent["slice_count"]:
        parent["due_lots"] = parent["order_lots"]


@kernel
def _pass_over(parent: np.void, now_ns: int) -> None:
    """Leaves out what a parent that was held up has missed of very many slices: entering each would take long."""
    count = parent["slice_count"]
    longest_ns = (parent["end_ns"] - parent["start_ns"]) // count + 1
    place = min((now_ns - parent["start_ns"]) // longest_ns, count - 1)
    if place - parent["slice_now"] > _ENTERED_MAX:
        parent["slice_now"] = place
        parent["next_slice_ns"] = _slice_begins_ns(parent, place)


@kernel
def decide_scheduled(state: int, slot: int, parent: np.void, is_listed: bool) -> int:
    """One decision; returns when the next is due."""
    now_ns = header_of(state)["now_ns"]
    _enter_slices(state, slot, parent, is_listed)
    urgency_ppm = max(parent["urgency_ppm"], _LEAST_URGENCY_PPM)
    span_ns = parent["next_slice_ns"] - parent["due_since_ns"]
    taking_span_ns = span_ns // PPM * urgency_ppm + span_ns % PPM * urgency_ppm // PPM
    taking_ns = parent["next_slice_ns"] - max(taking_span_ns, _LEAST_TAKING_NS)
    closing_ns = parent["end_ns"] - min(_CLOSING_NS, (parent["end_ns"] - parent["start_ns"]) // _CLOSING_PART)
    if now_ns >= closing_ns:
        parent["due_lots"] = parent["order_lots"]
    taking_ns = min(taking_ns, closing_ns)
    is_taking = now_ns >= taking_ns
    due_lots = min(parent["due_lots"], allowed_lots(state, parent))
    next_ns = min(pursue(state, parent, due_lots, is_taking), parent["next_slice_ns"])
    return next_ns if is_taking else min(next_ns, taking_ns)
