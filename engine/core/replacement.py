"""Owns a pending replacement: which leg is to take over, what it reserves, how it is taken or dropped."""

import numpy as np

from engine.core.positions import reserve
from ipc.compiler import kernel
from ipc.enums import ReplaceState


@kernel
def is_by_one_request(order: np.void) -> bool:
    """Whether a new leg is under way that the venue itself puts in the place of the old one."""
    state = order["replace_state"]
    is_under_way = state == ReplaceState.SENT or state == ReplaceState.OLD_LEG_GONE
    return is_under_way and order["replace_leg"] != order["leg"]


@kernel
def is_replacing_leg(order: np.void, leg: int) -> bool:
    """Whether a report speaks of the leg that is to take over."""
    return is_by_one_request(order) and leg == order["replace_leg"]


@kernel
def reserve_working(state: int, order: np.void) -> None:
    """Reserves what may still trade of a living order, as it is or as it may have become."""
    most_lots = order["order_lots"]
    if order["replace_state"] != ReplaceState.NONE:
        most_lots = max(most_lots, order["replace_lots"])
    reserve(state, order, max(most_lots - order["cumulative_lots"], 0) - order["reserved_lots"])


@kernel
def take_replacement(state: int, order: np.void) -> None:
    """Makes the replacing leg the current one. Precondition: a replacement is pending."""
    if order["replace_leg"] != order["leg"]:
        order["leg"] = order["replace_leg"]
        order["leg_base_lots"] = order["cumulative_lots"]
        order["leg_lots"] = order["replace_lots"] - order["cumulative_lots"]
    else:
        order["leg_lots"] = order["replace_lots"] - order["leg_base_lots"]
    order["price_ticks"] = order["replace_price_ticks"]
    order["order_lots"] = order["replace_lots"]
    drop_replacement(state, order)


@kernel
def drop_replacement(state: int, order: np.void) -> None:
    """Forgets a replacement that came about or did not; the order stays as it is."""
    order["pending_replace_ns"] = 0
    order["replace_state"] = ReplaceState.NONE
    reserve_working(state, order)
