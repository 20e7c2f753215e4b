"""Owns keeping pace: how much should be done by now is pursued, first by resting and then by taking."""

import numpy as np

from engine.core.algorithms.participation import PPM
from engine.core.algorithms.resting import (
    cancel_resting,
    follow_touch,
    is_passive_only,
    rest,
    smallest_lots,
)
from engine.core.algorithms.taking import take
from engine.core.child_orders import hold_back
from engine.core.children import working_lots
from engine.core.parent_reports import own_lots
from engine.core.state import header_of, instruments_of, markets_of
from engine.core.touch import touch_ticks
from ipc.compiler import kernel
from ipc.enums import RefusalReason

_MOVE_NS = 200_000_000
_AGAIN_NS = 100_000_000


@kernel
def _random_ppm(parent: np.void) -> int:
    """The next number of a parent's generator, from -1,000,000 to 1,000,000."""
    parent["random"] = (parent["random"] * 1_103_515_245 + 12_345) & 0x7FFF_FFFF
    return (parent["random"] >> 8) % (2 * PPM + 1) - PPM


@kernel
def noisy(parent: np.void, value: int, range_size: int) -> int:
    """A value moved by up to the parent's noise of a range."""
    if parent["noise_ppm"] == 0:
        return value
    moved_ppm = _random_ppm(parent) * parent["noise_ppm"] // PPM
    return value + range_size // PPM * moved_ppm + range_size % PPM * moved_ppm // PPM


@kernel
def least_lots(state: int, parent: np.void) -> int:
    """The least that its own venue takes, in the pair's finest lots."""
    instrument = instruments_of(state)[parent["instrument_id"]]
    ticks = touch_ticks(state, parent["instrument_id"], parent["side"])
    return smallest_lots(instrument, ticks) * markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]


@kernel
def without_remnant(state: int, parent: np.void, due_lots: int) -> int:
    """What is due, together with a rest that would be too little to be sent later."""
    rest_lots = parent["order_lots"] - due_lots
    return parent["order_lots"] if 0 < rest_lots < least_lots(state, parent) else due_lots


@kernel
def _tell_remnant(state: int, parent: np.void, due_lots: int, behind_lots: int) -> None:
    """Tells that all of a parent is due and what is left of it is less than its venue takes."""
    if due_lots == parent["order_lots"] and behind_lots > 0 and parent["living_count"] == 0:
        least, lots = own_lots(state, parent, least_lots(state, parent)), own_lots(state, parent, behind_lots)
        hold_back(state, parent, RefusalReason.QUANTITY_OUT_OF_RANGE, least, 0, lots)


@kernel
def pursue(state: int, parent: np.void, due_lots: int, is_taking: bool) -> int:
    """Goes after what is due and neither traded nor working; returns when to look again."""
    now_ns = header_of(state)["now_ns"]
    if parent["hold_until_ns"] > now_ns:
        return parent["hold_until_ns"]
    behind_lots = due_lots - parent["cumulative_lots"]
    if is_taking and not is_passive_only(parent):
        if behind_lots < least_lots(state, parent):
            _tell_remnant(state, parent, due_lots, behind_lots)
            return now_ns + _AGAIN_NS
        # What rests must be gone first: until then it counts as working.
        if not cancel_resting(state, parent) or parent["living_count"] > 0:
            return now_ns + _AGAIN_NS
        take(state, parent, behind_lots)
        return now_ns + _AGAIN_NS
    short_lots = behind_lots - working_lots(state, parent)
    if short_lots > 0 and short_lots >= least_lots(state, parent):
        rest(state, parent, short_lots)
    if now_ns - parent["moved_ns"] >= _MOVE_NS:
        follow_touch(state, parent)
    return now_ns + _MOVE_NS
