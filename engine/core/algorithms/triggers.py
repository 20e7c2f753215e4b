"""Owns the conditions on a price: to start on, and the stops that engines hold, which may trail."""

import numpy as np

from engine.core.exposure import mid_ticks
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.parent_enums import ParentFlag

# numba knows no IntFlag.
_ABOVE = int(ParentFlag.TRIGGER_ABOVE)
_BELOW = int(ParentFlag.TRIGGER_BELOW)


@kernel
def is_condition_met(parent: np.void, instrument: np.void) -> bool:
    """Whether the price is where a parent waits for it to be; one that waits for none may start."""
    flags, trigger_ticks = parent["parent_flags"], parent["trigger_price_ticks"]
    if flags & _ABOVE != 0:
        return mid_ticks(instrument) >= trigger_ticks
    if flags & _BELOW != 0:
        return 0 < mid_ticks(instrument) <= trigger_ticks
    return True


@kernel
def is_stop_hit(parent: np.void, instrument: np.void) -> bool:
    """Whether the price has gone through a stop: that at which it would be traded, of a book that is not crossed.

    A trailing stop follows the best price there has been, and never moves back.
    """
    bid_ticks, ask_ticks = instrument["bid_ticks"], instrument["ask_ticks"]
    if bid_ticks <= 0 or ask_ticks <= bid_ticks:
        return False
    trail_ticks = parent["trail_ticks"]
    if parent["side"] == Side.SELL:
        if trail_ticks > 0:
            parent["extreme_ticks"] = max(parent["extreme_ticks"], bid_ticks)
            stop_ticks = parent["extreme_ticks"] - trail_ticks
            parent["trigger_price_ticks"] = max(parent["trigger_price_ticks"], stop_ticks)
        return bid_ticks <= parent["trigger_price_ticks"]
    if trail_ticks > 0:
        is_first = parent["extreme_ticks"] == 0
        parent["extreme_ticks"] = ask_ticks if is_first else min(parent["extreme_ticks"], ask_ticks)
        stop_ticks = parent["extreme_ticks"] + trail_ticks
        is_lower = parent["trigger_price_ticks"] == 0 or stop_ticks < parent["trigger_price_ticks"]
        parent["trigger_price_ticks"] = stop_ticks if is_lower else parent["trigger_price_ticks"]
    return ask_ticks >= parent["trigger_price_ticks"]
