"""Owns POV: a share of what the market trades, never more."""

import numpy as np

from engine.core.algorithms.pace import least_lots, pursue
from engine.core.algorithms.participation import PPM, allowed_lots
from engine.core.state import header_of
from ipc.compiler import kernel

_PATIENCE_NS = 2_000_000_000


@kernel
def decide_participating(state: int, parent: np.void) -> int:
    """One decision; what is due rests for a while that is shorter the more urgent it is, and then is taken."""
    now_ns = header_of(state)["now_ns"]
    due_lots = allowed_lots(state, parent)
    if due_lots - parent["cumulative_lots"] < least_lots(state, parent):
        parent["due_since_ns"] = now_ns
    patience_ns = parent["interval_ns"] if parent["interval_ns"] != 0 else _PATIENCE_NS
    patience_ns = patience_ns // PPM * (PPM - parent["urgency_ppm"])
    return pursue(state, parent, due_lots, now_ns - parent["due_since_ns"] >= patience_ns)
