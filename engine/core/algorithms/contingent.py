"""Owns the stops that the engine holds, alone or beside a take-profit over the same quantity.

A bracket is one quantity with two prices: what rests at the target is cancelled before the stop takes, and the stop
takes no more than what the target no longer can. So its legs never trade more than it, in whatever order words come.
"""

import numpy as np

from engine.core.algorithms.participation import sendable_lots
from engine.core.algorithms.resting import cancel_resting, rest_at
from engine.core.algorithms.sweeping import sweep_rest
from engine.core.algorithms.triggers import is_stop_hit
from engine.core.deadline_heap import NEVER_NS
from engine.core.parent_reports import report_parent
from engine.core.state import header_of, instruments_of
from ipc.compiler import kernel
from ipc.parent_enums import ParentEvent

_LOOK_NS = 1_000_000_000
# A stop that is hit does not wait long for room to cancel what rests.
_CANCEL_LOOK_NS = 10_000_000


@kernel
def _is_triggered(state: int, parent: np.void) -> bool:
    if parent["is_triggered"] != 0:
        return True
    header, instrument = header_of(state), instruments_of(state)[parent["instrument_id"]]
    is_fresh = header["now_ns"] - instrument["book_received_ns"] <= header["book_age_max_ns"]
    if not is_fresh or not is_stop_hit(parent, instrument):
        return False
    parent["is_triggered"] = 1
    report_parent(state, parent, ParentEvent.TRIGGERED)["current"] = parent["trigger_price_ticks"]
    return True


@kernel
def decide_stop(state: int, parent: np.void) -> int:
    """One decision: nothing until the price has gone through the stop, then all that is left is taken."""
    return sweep_rest(state, parent) if _is_triggered(state, parent) else NEVER_NS + 0


@kernel
def decide_bracket(state: int, parent: np.void) -> int:
    """One decision: all that is left rests at the target until the stop is hit."""
    now_ns = header_of(state)["now_ns"]
    if _is_triggered(state, parent):
        if not cancel_resting(state, parent):
            return now_ns + _CANCEL_LOOK_NS
        return sweep_rest(state, parent)
    if parent["hold_until_ns"] > now_ns:
        return parent["hold_until_ns"]
    rest_at(state, parent, sendable_lots(state, parent), parent["take_profit_ticks"], False)
    return now_ns + _LOOK_NS
