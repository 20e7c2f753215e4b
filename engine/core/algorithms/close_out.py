"""Owns closing out: the strategy's position in an instrument is brought to zero until the deadline, never beyond."""

import numpy as np

from engine.core.algorithms.resting import cancel_resting
from engine.core.algorithms.scheduled import decide_scheduled
from engine.core.algorithms.sweeping import sweep_rest
from engine.core.state import book_of, header_of, markets_of
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.parent_enums import ParentEnd, ParentFlag

# numba knows no IntFlag.
_REDUCE_ONLY = int(ParentFlag.REDUCE_ONLY)


@kernel
def decide_close_out(state: int, slot: int, parent: np.void) -> int:
    """One decision; the quantity follows the position, whoever else trades on it."""
    position_lots = book_of(state, parent["strategy_id"], parent["instrument_id"])["position_lots"]
    held_lots = position_lots if parent["side"] == Side.SELL else -position_lots
    if held_lots <= 0:
        parent["end_reason"] = ParentEnd.POSITION_CLOSED
        return header_of(state)["now_ns"]
    parent["parent_flags"] |= _REDUCE_ONLY
    scale = markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]
    before_lots = parent["order_lots"]
    parent["order_lots"] = parent["cumulative_lots"] + held_lots * scale
    if parent["order_lots"] < before_lots:
        cancel_resting(state, parent)
    if parent["end_ns"] == 0:
        return sweep_rest(state, parent)
    return decide_scheduled(state, slot, parent, False)
