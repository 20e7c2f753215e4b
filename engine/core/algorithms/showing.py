"""Owns what rests: the iceberg, which shows a part at its price, and the peg, which stays at the touch."""

import numpy as np

from engine.core.algorithms.pace import least_lots, noisy
from engine.core.algorithms.participation import sendable_lots
from engine.core.algorithms.resting import follow_touch, is_passive_only, rest, rest_at
from engine.core.state import header_of, markets_of
from ipc.compiler import kernel

_LOOK_NS = 1_000_000_000
_MOVE_NS = 200_000_000


@kernel
def _shown_lots(state: int, parent: np.void) -> int:
    """How much of what is left is shown, a rest too small to be sent later included."""
    left_lots = sendable_lots(state, parent)
    if parent["display_lots"] == 0:
        return left_lots
    shown_lots = parent["display_lots"] * markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]
    shown_lots = noisy(parent, shown_lots, shown_lots)
    least = least_lots(state, parent)
    shown_lots = min(max(shown_lots, least), left_lots)
    return left_lots if left_lots - shown_lots < least else shown_lots


@kernel
def decide_iceberg(state: int, parent: np.void) -> int:
    """One decision: the next part is shown when the one before is filled; without a limit it stays at the touch."""
    now_ns = header_of(state)["now_ns"]
    if parent["hold_until_ns"] > now_ns:
        return parent["hold_until_ns"]
    if parent["limit_price_ticks"] == 0:
        return decide_peg(state, parent)
    if parent["living_count"] == 0:
        rest_at(state, parent, _shown_lots(state, parent), parent["limit_price_ticks"], is_passive_only(parent))
    return now_ns + _LOOK_NS


@kernel
def decide_peg(state: int, parent: np.void) -> int:
    """One decision: a part, or all, rests at the touch and is moved no more often than it may.

    It gives up its place in the queue only when the touch has gone away from it.
    """
    now_ns = header_of(state)["now_ns"]
    if parent["hold_until_ns"] > now_ns:
        return parent["hold_until_ns"]
    if parent["living_count"] == 0:
        rest(state, parent, _shown_lots(state, parent))
    interval_ns = parent["interval_ns"] if parent["interval_ns"] != 0 else _MOVE_NS
    if now_ns - parent["moved_ns"] >= interval_ns:
        follow_touch(state, parent)
    return now_ns + interval_ns
