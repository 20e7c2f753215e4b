"""Owns the platform's own rate limit: so many orders of one strategy on one account in any window.

It is exact: the times of the last `limit` orders are kept, and one more may go when the oldest has left the window.
"""

from engine.core.state import header_of, limiter_times_of, terms_of
from ipc.compiler import kernel


@kernel
def limiter_has_room(state: int, strategy_id: int, account_id: int) -> bool:
    """Whether the platform's own limit lets this strategy send one more order on this account."""
    terms = terms_of(state, strategy_id, account_id)
    limit = terms["rate_limit_orders"]
    if limit <= 0:
        return False
    oldest_ns = limiter_times_of(state)[terms["limiter_start"] + terms["limiter_next"]]["sent_ns"]
    return oldest_ns == 0 or header_of(state)["now_ns"] - oldest_ns >= terms["rate_limit_window_ns"]


@kernel
def charge_limiter(state: int, strategy_id: int, account_id: int) -> None:
    """Counts one order. Precondition: limiter_has_room()."""
    terms = terms_of(state, strategy_id, account_id)
    place = terms["limiter_next"]
    limiter_times_of(state)[terms["limiter_start"] + place]["sent_ns"] = header_of(state)["now_ns"]
    terms["limiter_next"] = place + 1 if place + 1 < terms["rate_limit_orders"] else 0
