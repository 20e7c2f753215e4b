"""Owns what an order may have become in inputs that were lost: what was due by now is supposed to have been sent.

An id that went to a venue must never go there again, and a leg that lives there must not be forgotten. So such an
order waits for the venue's word like any other whose outcome is unknown, and further legs leave numbers out.
"""

import numpy as np
from numpy.typing import NDArray

from ipc.order_id import LEG_MAX

# More legs than one order can have sent in the time that the disk may be behind.
LEGS_LEFT_OUT = 32


def suppose_sent(orders: NDArray[np.void], now_ns: int) -> None:
    """Lets every living order stand as if its scheduled release or its next attempt had been sent when it was due."""
    is_released = (orders["release_at_ns"] != 0) & (orders["release_at_ns"] <= now_ns)
    is_tried = (orders["retry_at_ns"] != 0) & (orders["retry_at_ns"] <= now_ns) & (orders["last_leg"] < LEG_MAX)
    orders["last_leg"] += is_tried
    _set(orders, is_tried, "leg", orders["last_leg"])
    _set(orders, is_tried, "leg_base_lots", orders["cumulative_lots"])
    _set(orders, is_tried, "leg_lots", orders["order_lots"] - orders["cumulative_lots"])
    is_sent = is_released | is_tried
    for name in ("release_at_ns", "retry_at_ns", "accepted", "venue_order_id", "stated_lots"):
        _set(orders, is_sent, name, 0)
    for name in ("sent_ns", "pending_new_ns"):
        _set(orders, is_sent, name, now_ns)
    orders["last_leg"] = np.minimum(orders["last_leg"] + LEGS_LEFT_OUT, LEG_MAX)


def _set(orders: NDArray[np.void], where: NDArray[np.bool_], name: str, value: NDArray[np.int64] | int) -> None:
    orders[name] = np.where(where, value, orders[name])
