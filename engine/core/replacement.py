"""Owns a pending replacement: which leg is to take over, what it reserves, how it is taken or dropped."""

import numpy as np

from engine.core.reservations import reserve
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import EndReason, ReplaceState


@kernel
def is_by_one_request(order: np.void) -> bool:
    """Whether a new leg is under way that the venue itself puts in the place of the old one."""
    state = order["replace_state"]
    is_under_way = state == ReplaceState.SENT or state == ReplaceState.OLD_LEG_GONE
    return is_under_way and order["replace_leg"] != order["leg"]


@kernel
def is_new_leg_sent(order: np.void, leg: int) -> bool:
    """Whether a report speaks of the leg that was sent when the old one was gone, and not confirmed yet."""
    return order["replace_state"] == ReplaceState.NEW_LEG_SENT and leg == order["leg"]


@kernel
def is_replacing_leg(order: np.void, leg: int) -> bool:
    """Whether a report speaks of the leg that is to take over."""
    return is_by_one_request(order) and leg == order["replace_leg"]


@kernel
def leg_rest_lots(order: np.void) -> int:
    """What the current leg may still trade.

    It is more than what is left of the order when an earlier leg was filled after this one was asked for.
    """
    return order["leg_base_lots"] + order["leg_lots"] - order["cumulative_lots"]


@kernel
def working_lots(order: np.void) -> int:
    """What may still trade of a living order, as it is or as it may have become."""
    done_lots, state = order["cumulative_lots"], order["replace_state"]
    if order["end_wanted"] != EndReason.NONE:
        rest_lots = order["stated_lots"] - done_lots
    else:
        rest_lots = max(order["order_lots"] - done_lots, leg_rest_lots(order))
    if state == ReplaceState.NONE:
        return max(rest_lots, 0)
    if is_by_one_request(order):
        return max(rest_lots, order["replace_leg_lots"], 0)
    return max(rest_lots, order["replace_lots"] - done_lots, 0)


@kernel
def may_still_come_about(state: int, order: np.void) -> bool:
    """Whether a replacement whose answer is missing could still be carried out by the venue."""
    if order["replace_state"] != ReplaceState.SENT and order["replace_state"] != ReplaceState.OLD_LEG_GONE:
        return False
    header = header_of(state)
    return header["now_ns"] < order["pending_replace_ns"] + header["request_expiry_ns"]


@kernel
def reserve_working(state: int, order: np.void) -> None:
    """Reserves what may still trade of a living order."""
    reserve(state, order, working_lots(order) - order["reserved_lots"])


@kernel
def take_replacement(state: int, order: np.void) -> None:
    """Makes the replacement the order. Precondition: one is pending."""
    order_lots = order["replace_lots"]
    if order["replace_leg"] == order["leg"]:
        # It only lowers; the venue may have taken more away since it carried it out.
        order_lots = min(order_lots, order["order_lots"])
        order["leg_lots"] = min(order["replace_leg_lots"], order["leg_lots"])
    else:
        # Sent in one request it asked for what was left at that time, when its old leg had not traded yet.
        is_sent = is_by_one_request(order)
        order["leg_lots"] = order["replace_leg_lots"] if is_sent else order["replace_lots"] - order["cumulative_lots"]
        order["leg"] = order["replace_leg"]
        order["leg_base_lots"] = order["cumulative_lots"]
        order["is_leg_reduced"] = 0
    order["price_ticks"] = order["replace_price_ticks"]
    # Less than has traded is amended to that (FIX 4.4, appendix D, D12).
    order["order_lots"] = max(order_lots, order["cumulative_lots"])
    order["stop_price_ticks"] = order["replace_stop_ticks"]
    order["version"] = order["replace_version"]
    drop_replacement(state, order)


@kernel
def drop_replacement(state: int, order: np.void) -> None:
    """Forgets a replacement that came about or did not; the order stays as it is."""
    order["pending_replace_ns"] = 0
    order["replace_state"] = ReplaceState.NONE
    reserve_working(state, order)
