"""Owns taking back what rests in excess of a parent: beyond its limit, or more than is left of it.

An amendment, or a trade of the entry that was taken back, makes a parent less than what its children work for. A cancel
that had no room, or that the venue refused, is asked for again.
"""

import numpy as np

from engine.core.algorithms.resting import is_resting, limit_at
from engine.core.child_orders import cancel_child
from engine.core.children import working_lots
from engine.core.deadline_heap import NEVER_NS
from engine.core.state import header_of, orders_of
from ipc.compiler import kernel
from ipc.enums import ReplaceState, Side
from ipc.parent_enums import Algorithm

NO_ROOM_NS = 10_000_000
CANCEL_AGAIN_NS = 1_000_000_000


@kernel
def cancel_excess(state: int, parent: np.void) -> int:
    """Cancels what rests in excess; returns when to look again, NEVER_NS when there is nothing of it."""
    orders, now_ns = orders_of(state), header_of(state)["now_ns"]
    is_too_much = _is_too_much(state, parent)
    next_ns, slot = NEVER_NS + 0, parent["first_child"]
    while slot >= 0:
        order = orders[slot]
        following = order["next_child"]
        if is_resting(order) and (is_too_much or _is_beyond_limit(state, parent, order)):
            is_asked = cancel_child(state, order)
            next_ns = min(next_ns, now_ns + (CANCEL_AGAIN_NS if is_asked else NO_ROOM_NS))
        slot = following
    return next_ns


@kernel
def _is_too_much(state: int, parent: np.void) -> bool:
    """Whether more works than is left; of a child that is being replaced both legs are reserved, and one trades."""
    if parent["cumulative_lots"] + working_lots(state, parent) <= parent["order_lots"]:
        return False
    orders, slot = orders_of(state), parent["first_child"]
    while slot >= 0:
        if orders[slot]["replace_state"] != ReplaceState.NONE:
            return False
        slot = orders[slot]["next_child"]
    return True


@kernel
def _is_beyond_limit(state: int, parent: np.void, order: np.void) -> bool:
    """Whether a child rests beyond the limit; a bracket's is that of its stop, and its target is another price."""
    if parent["limit_price_ticks"] == 0 or parent["algorithm"] == Algorithm.BRACKET:
        return False
    limit_ticks = limit_at(state, parent, order["instrument_id"])
    return order["price_ticks"] > limit_ticks if order["side"] == Side.BUY else order["price_ticks"] < limit_ticks
