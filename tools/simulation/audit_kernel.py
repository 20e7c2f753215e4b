"""Owns the compiled look over all orders after each step: what may not change has not changed."""

from engine.core.state import header_of, orders_of
from ipc.compiler import kernel
from ipc.memory import view
from ipc.tables import word_row

SEEN_ORDER = word_row("order_id", "cumulative_lots", "end_reason")

FINE = 0
OVERFILLED = 1
FILLS_VANISHED = 2
END_CHANGED = 3
RESERVED_TOO_LITTLE = 4
ENDED = 5
"""Not a fault by itself: an order has ended in this step."""
PLACE_SHIFT = 8


@kernel
def look_over(state: int, seen: int) -> int:
    """Compares every order with how it was seen last; returns what was found and above PLACE_SHIFT in which slot."""
    orders = orders_of(state)
    rows = view(seen, header_of(state)["orders_count"], SEEN_ORDER)
    found = FINE
    for slot in range(len(orders)):
        order, row = orders[slot], rows[slot]
        if order["order_id"] != row["order_id"]:
            row["order_id"] = order["order_id"]
            row["cumulative_lots"] = order["cumulative_lots"]
            row["end_reason"] = 0
        if order["order_id"] == 0:
            continue
        if order["cumulative_lots"] > order["order_lots"]:
            return OVERFILLED | slot << PLACE_SHIFT
        if order["cumulative_lots"] < row["cumulative_lots"]:
            return FILLS_VANISHED | slot << PLACE_SHIFT
        if row["end_reason"] != 0 and order["end_reason"] != row["end_reason"]:
            return END_CHANGED | slot << PLACE_SHIFT
        may_trade_to = order["order_lots"] if order["end_wanted"] == 0 else order["stated_lots"]
        if order["end_reason"] == 0 and order["reserved_lots"] < may_trade_to - order["cumulative_lots"]:
            return RESERVED_TOO_LITTLE | slot << PLACE_SHIFT
        if order["end_reason"] != row["end_reason"]:
            found = ENDED | slot << PLACE_SHIFT
        row["cumulative_lots"] = order["cumulative_lots"]
        row["end_reason"] = order["end_reason"]
    return found
