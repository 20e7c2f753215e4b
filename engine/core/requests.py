"""Owns what goes to a venue: a leg as a new order, a cancel, a replacement; counted, and its answer awaited."""

import numpy as np

from engine.core.effects import report_order, request_venue
from engine.core.order_kinds import FILL_FIRST, PROMISES
from engine.core.order_table import find_order
from engine.core.rate_budget import charge_budget
from engine.core.rate_costs import age_of
from engine.core.rate_shares import charge_share
from engine.core.state import header_of, instruments_of, terms_of
from engine.core.throttles import count_message
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import ExecutionType, OrderFlag, OrderType, RequestKind, TimeInForce, VenueAbility

# numba knows no IntFlag.
_REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)
_CAN_REDUCE_ONLY = int(VenueAbility.REDUCE_ONLY)


@kernel
def await_answer(state: int, order: np.void, timeout_ns: int) -> None:
    """Sees to it that a request sent now comes up when it stays unanswered; 0 waits for ever."""
    if timeout_ns > 0:
        set_timer(state, find_order(state, order["order_id"]), header_of(state)["now_ns"] + timeout_ns)


@kernel
def _charge(state: int, order: np.void, request_kind: int) -> None:
    """Counts a request that is about to be sent against the venue's limits and the strategy's share of them."""
    age_ns = age_of(state, order)
    charge_share(state, order, request_kind, age_ns)
    charge_budget(state, order, request_kind, age_ns)
    count_message(state, order, request_kind)


@kernel
def send_leg(state: int, order: np.void) -> None:
    """Sends the order's current leg to the venue; the caller awaits the answer."""
    now_ns = header_of(state)["now_ns"]
    _charge(state, order, RequestKind.NEW)
    order["sent_ns"] = now_ns
    order["pending_new_ns"] = now_ns
    order["not_found_count"] = 0
    leg, price_ticks, lots = order["leg"], order["price_ticks"], order["leg_lots"]
    _fit_to_venue(state, order, request_venue(state, order, RequestKind.NEW, leg, price_ticks, lots))


@kernel
def send_further_leg(state: int, order: np.void) -> None:
    """Sends a leg after the first one of its order."""
    order["accepted"] = 0
    # The venue's number of the leg before would be asked for in its place.
    order["venue_order_id"] = 0
    send_leg(state, order)
    await_answer(state, order, terms_of(state, order["strategy_id"], order["account_id"])["acknowledgement_timeout_ns"])


@kernel
def send_replacement(state: int, order: np.void, leg_lots: int) -> None:
    """Asks the venue to put the pending replacement into force, in place or by a new leg."""
    account_id, leg, price_ticks = order["account_id"], order["replace_leg"], order["replace_price_ticks"]
    request_kind = RequestKind.AMEND if leg == order["leg"] else RequestKind.CANCEL_REPLACE
    _charge(state, order, request_kind)
    request = request_venue(state, order, request_kind, leg, price_ticks, leg_lots)
    request["stop_price_ticks"] = order["replace_stop_ticks"]
    _fit_to_venue(state, order, request)
    await_answer(state, order, terms_of(state, order["strategy_id"], account_id)["acknowledgement_timeout_ns"])


@kernel
def send_cancel(state: int, order: np.void) -> None:
    """Asks the venue to cancel the order, and tells."""
    ask_cancel(state, order)
    report_order(state, order, ExecutionType.PENDING_CANCEL)


@kernel
def ask_cancel(state: int, order: np.void) -> None:
    """Asks the venue to cancel the order's current leg."""
    order["pending_cancel_ns"] = header_of(state)["now_ns"]
    order["cancel_wanted"] = 0
    _charge(state, order, RequestKind.CANCEL)
    request_venue(state, order, RequestKind.CANCEL, order["leg"], order["price_ticks"], order["leg_lots"])
    await_answer(state, order, terms_of(state, order["strategy_id"], order["account_id"])["cancel_timeout_ns"])


@kernel
def cancel_stray_leg(state: int, order: np.void, leg: int) -> None:
    """Asks the venue to cancel a leg that should not live beside the current one, or after the order's end."""
    _charge(state, order, RequestKind.CANCEL)
    request = request_venue(state, order, RequestKind.CANCEL, leg, order["price_ticks"], order["leg_lots"])
    request["original_order_id"] = order["order_id"] | leg


@kernel
def _fit_to_venue(state: int, order: np.void, request: np.void) -> None:
    """Leaves to the venue only what it can do; the rest the engine does itself."""
    order_type = order["order_type"]
    flags = order["order_flags"]
    if order_type == OrderType.MARKET:
        if flags & FILL_FIRST == 0:
            # It goes out as the limit that keeps its slippage within bounds.
            request["order_type"] = OrderType.LIMIT
        flags &= ~PROMISES
    elif order["triggered_ns"] != 0:
        # Its stop price has traded: a further leg of it is what it has become.
        request["order_type"] = OrderType.LIMIT
        request["stop_price_ticks"] = 0
    if order["expire_at_ns"] != 0:
        request["time_in_force"] = TimeInForce.GTC
        request["expire_utc_ns"] = 0
    if order["display_lots"] >= request["order_lots"]:
        request["display_lots"] = 0
    if flags & _REDUCE_ONLY != 0 and instruments_of(state)[order["instrument_id"]]["ability"] & _CAN_REDUCE_ONLY == 0:
        flags &= ~_REDUCE_ONLY
    request["order_flags"] = flags
