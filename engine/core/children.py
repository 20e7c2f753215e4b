"""Owns the living children of each parent, and what of its quantity is still free to be sent.

A child is an ordinary order. What a parent may send is its quantity less what has traded less what its living
children reserve: whatever the venues answer in whatever order, the sum never exceeds the parent.
"""

import numpy as np

from engine.core.parent_table import NO_PARENT, find_parent, is_over
from engine.core.parent_timers import wake_parent
from engine.core.route_memory import note_rest
from engine.core.state import header_of, markets_of, orders_of, parents_of
from ipc.compiler import kernel
from ipc.enums import TimeInForce
from ipc.parent_enums import ParentState

_NONE = -1


@kernel
def link_child(state: int, slot: int) -> None:
    """Adds an open order to its parent's living children."""
    orders, order = orders_of(state), orders_of(state)[slot]
    order["previous_child"] = _NONE
    order["next_child"] = _NONE
    place = find_parent(state, order["parent_order_id"])
    if place == NO_PARENT or is_over(parents_of(state)[place]):
        # It lives again, by a late word of its venue, and nobody works it any more.
        order["execution_deadline_ns"] = header_of(state)["now_ns"]
    if place == NO_PARENT:
        return
    parent = parents_of(state)[place]
    first = parent["first_child"]
    order["next_child"] = first
    if first >= 0:
        orders[first]["previous_child"] = slot
    parent["first_child"] = slot
    parent["living_count"] += 1
    if order["sent_ns"] != 0:
        # One that it is about to send itself is no news to it.
        wake_parent(state, place)


@kernel
def unlink_child(state: int, slot: int) -> None:
    """Takes an order that has ended out of its parent's living children, and lets the parent look at it."""
    orders, order = orders_of(state), orders_of(state)[slot]
    place = find_parent(state, order["parent_order_id"])
    if place == NO_PARENT:
        return
    if order["time_in_force"] == TimeInForce.GTC:
        note_rest(state, order["account_id"], order["instrument_id"], order["order_lots"], order["cumulative_lots"])
    parent = parents_of(state)[place]
    before, after = order["previous_child"], order["next_child"]
    if before >= 0:
        orders[before]["next_child"] = after
    else:
        parent["first_child"] = after
    if after >= 0:
        orders[after]["previous_child"] = before
    order["previous_child"] = _NONE
    order["next_child"] = _NONE
    parent["living_count"] -= 1
    if parent["parent_state"] != ParentState.ENDED:
        wake_parent(state, place)


@kernel
def working_lots(state: int, parent: np.void) -> int:
    """What the living children may still trade, in the pair's finest lots."""
    orders, markets = orders_of(state), markets_of(state)
    lots, slot = 0, parent["first_child"]
    while slot >= 0:
        order = orders[slot]
        lots += order["reserved_lots"] * markets[order["instrument_id"]]["pair_lot_scale"]
        slot = order["next_child"]
    return lots


@kernel
def unassigned_lots(state: int, parent: np.void) -> int:
    """What may still be sent, in the pair's finest lots."""
    return max(parent["order_lots"] - parent["cumulative_lots"] - working_lots(state, parent), 0)
