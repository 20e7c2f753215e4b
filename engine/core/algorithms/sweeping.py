"""Owns what takes at once: the sweep, which comes again, and the sniper, which waits unseen until there is enough."""

import numpy as np

from engine.core.algorithms.participation import sendable_lots
from engine.core.algorithms.taking import plan, planned_lots, send_plan, take
from engine.core.parent_reports import own_lots
from engine.core.state import header_of, markets_of
from ipc.compiler import kernel
from ipc.parent_enums import ParentEnd

_AGAIN_NS = 100_000_000


@kernel
def _again_ns(state: int, parent: np.void) -> int:
    interval_ns = parent["interval_ns"] if parent["interval_ns"] != 0 else _AGAIN_NS
    return header_of(state)["now_ns"] + interval_ns


@kernel
def sweep_rest(state: int, parent: np.void) -> int:
    """Takes what is there of what is left, when the children before have had their answer."""
    now_ns = header_of(state)["now_ns"]
    if parent["hold_until_ns"] > now_ns:
        return parent["hold_until_ns"]
    if parent["living_count"] == 0:
        left_lots = sendable_lots(state, parent)
        if own_lots(state, parent, left_lots) > 0:
            take(state, parent, left_lots)
        parent["moved_ns"] = now_ns
    return _again_ns(state, parent)


@kernel
def decide_sweep(state: int, parent: np.void) -> int:
    """One decision; a sweep without an end, and that follows nothing, comes once."""
    is_first = parent["moved_ns"] == 0
    comes_once = parent["end_ns"] == 0 and parent["after_order_id"] == 0
    if comes_once and not is_first and parent["living_count"] == 0:
        parent["end_reason"] = ParentEnd.EXPIRED
        return header_of(state)["now_ns"]
    return sweep_rest(state, parent)


@kernel
def decide_sniper(state: int, parent: np.void) -> int:
    """One decision: takes when what it shows, or all that is left, can be had at once."""
    now_ns = header_of(state)["now_ns"]
    if parent["hold_until_ns"] > now_ns or parent["living_count"] > 0:
        return max(parent["hold_until_ns"], _again_ns(state, parent))
    left_lots = sendable_lots(state, parent)
    if own_lots(state, parent, left_lots) == 0:
        return _again_ns(state, parent)
    enough_lots = parent["display_lots"] * markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]
    enough_lots = min(enough_lots, left_lots) if enough_lots > 0 else left_lots
    count = plan(state, parent, left_lots)
    if planned_lots(state, count) >= enough_lots:
        send_plan(state, parent, count, left_lots)
    return _again_ns(state, parent)
