"""Owns the compiled look over all parents after each step: none has more traded and working than it is."""

import numpy as np

from engine.core.order_table import NOWHERE
from engine.core.parent_table import find_parent
from engine.core.state import header_of, markets_of, orders_of, parents_of
from ipc.compiler import kernel
from ipc.enums import ReplaceState
from ipc.memory import view
from ipc.parent_enums import Algorithm
from ipc.tables import word_row

SEEN_PARENT = word_row("order_id", "most_lots", "working_lots")


@kernel
def look_over_parents(state: int, seen: int) -> int:
    """The slot of a parent that could trade more than it ever was, -1 without one."""
    parents, orders, markets = parents_of(state), orders_of(state), markets_of(state)
    rows = view(seen, header_of(state)["parents_count"], SEEN_PARENT)
    for slot in range(len(parents)):
        parent, row = parents[slot], rows[slot]
        if parent["order_id"] != row["order_id"]:
            row["order_id"] = parent["order_id"]
            row["most_lots"] = 0
        row["most_lots"] = max(row["most_lots"], parent["order_lots"])
        row["working_lots"] = 0
    for place in range(len(orders)):
        order = orders[place]
        if order["order_id"] == 0 or order["parent_order_id"] == 0 or order["end_reason"] != 0:
            continue
        slot = find_parent(state, order["parent_order_id"])
        if slot != NOWHERE:
            rows[slot]["working_lots"] += _working_lots(order) * markets[order["instrument_id"]]["pair_lot_scale"]
    for slot in range(len(parents)):
        parent, row = parents[slot], rows[slot]
        if parent["order_id"] == 0 or parent["algorithm"] == Algorithm.CLOSE_OUT:
            # What closes a position is as large as the position is.
            continue
        if parent["cumulative_lots"] + row["working_lots"] > row["most_lots"]:
            return slot
    return -1


@kernel
def _working_lots(order: np.void) -> int:
    """What a child may still trade; while it is replaced it reserves both legs, of which one can trade."""
    if order["replace_state"] == ReplaceState.NONE:
        return order["reserved_lots"]
    lots = max(order["order_lots"], order["replace_lots"]) - order["cumulative_lots"]
    return min(order["reserved_lots"], lots)
