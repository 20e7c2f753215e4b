"""Owns resting: a child waits in the book at the best price of its side, and follows it when that moves away."""

import numpy as np

from engine.core.algorithms.taking import is_routed
from engine.core.child_orders import can_have_child, cancel_child, has_room_to_ask, hold_back, reprice_child, send_child
from engine.core.parent_reports import own_lots
from engine.core.resting_route import plan_rest
from engine.core.route_reports import report_route
from engine.core.route_scratch import candidates_of
from engine.core.state import header_of, instruments_of, markets_of, orders_of
from engine.core.touch import touch_ticks
from ipc.compiler import kernel
from ipc.enums import RefusalReason, ReplaceState, Side, TimeInForce
from ipc.parent_enums import ParentFlag
from ipc.records import ALL_ACCOUNTS

# numba knows no IntFlag.
_PASSIVE_ONLY = int(ParentFlag.PASSIVE_ONLY)


@kernel
def is_passive_only(parent: np.void) -> bool:
    """Whether a parent never takes."""
    return parent["parent_flags"] & _PASSIVE_ONLY != 0


@kernel
def is_resting(order: np.void) -> bool:
    """Whether a child stays in the book; the others take, and are over with the venue's answer."""
    return order["time_in_force"] == TimeInForce.GTC


@kernel
def smallest_lots(instrument: np.void, price_ticks: int) -> int:
    """The least that the venue takes at a price."""
    lots = instrument["min_order_lots"]
    if price_ticks > 0:
        lots = max(lots, (instrument["min_notional"] + price_ticks - 1) // price_ticks)
    return lots


@kernel
def resting_ticks(state: int, parent: np.void, instrument_id: int) -> int:
    """Where a child rests: at the touch of its side, and never beyond the limit; 0 without a touch."""
    ticks = touch_ticks(state, instrument_id, parent["side"])
    if ticks == 0 or parent["limit_price_ticks"] == 0:
        return ticks
    limit_ticks = limit_at(state, parent, instrument_id)
    return min(ticks, limit_ticks) if parent["side"] == Side.BUY else max(ticks, limit_ticks)


@kernel
def limit_at(state: int, parent: np.void, instrument_id: int) -> int:
    """The parent's limit in ticks of an instrument of its pair, the next one within it."""
    markets = markets_of(state)
    fine_ticks = parent["limit_price_ticks"] * markets[parent["instrument_id"]]["pair_price_scale"]
    scale = markets[instrument_id]["pair_price_scale"]
    return fine_ticks // scale if parent["side"] == Side.BUY else (fine_ticks + scale - 1) // scale


@kernel
def rest(state: int, parent: np.void, pair_lots: int) -> bool:
    """Lets up to a quantity wait at the touch, of a routed parent where the router says; False when none was sent."""
    if not can_have_child(parent):
        return False
    if is_routed(parent):
        return _rest_routed(state, parent, pair_lots)
    price_ticks = resting_ticks(state, parent, parent["instrument_id"])
    if price_ticks == 0:
        hold_back(state, parent, RefusalReason.NO_REFERENCE_PRICE, header_of(state)["book_age_max_ns"], 0, 0)
        return False
    return rest_at(state, parent, pair_lots, price_ticks, is_passive_only(parent))


@kernel
def rest_at(state: int, parent: np.void, pair_lots: int, price_ticks: int, is_post_only: bool) -> bool:
    """Lets up to a quantity wait at a price of the parent's own instrument; False when none was sent."""
    instrument = instruments_of(state)[parent["instrument_id"]]
    lots = min(own_lots(state, parent, pair_lots), instrument["max_order_lots"])
    least_lots = smallest_lots(instrument, price_ticks)
    if 0 < lots < least_lots:
        hold_back(state, parent, RefusalReason.QUANTITY_OUT_OF_RANGE, least_lots, 0, lots)
    if lots < max(least_lots, 1) or not can_have_child(parent):
        return False
    parent["moved_ns"] = header_of(state)["now_ns"]
    account_id, instrument_id = parent["account_id"], parent["instrument_id"]
    return send_child(state, parent, account_id, instrument_id, lots, price_ticks, TimeInForce.GTC, is_post_only) != 0


@kernel
def _rest_routed(state: int, parent: np.void, pair_lots: int) -> bool:
    strategy_id, instrument_id, side = parent["strategy_id"], parent["instrument_id"], parent["side"]
    lots = own_lots(state, parent, pair_lots)
    count = plan_rest(state, strategy_id, ALL_ACCOUNTS + 0, instrument_id, side, lots, 0, True)
    child_id, chosen = 0, -1
    for place in range(count):
        if candidates_of(state)[place]["routed_lots"] > 0:
            chosen = place
    if chosen < 0:
        hold_back(state, parent, RefusalReason.NO_ROUTE, 0, count, lots)
        return False
    parent["decision_count"] += 1
    parent["moved_ns"] = header_of(state)["now_ns"]
    candidate = candidates_of(state)[chosen]
    if parent["limit_price_ticks"] != 0:
        limit_ticks = limit_at(state, parent, candidate["instrument_id"])
        ticks = candidate["price_ticks"]
        candidate["price_ticks"] = min(ticks, limit_ticks) if side == Side.BUY else max(ticks, limit_ticks)
    child_id = send_child(
        state,
        parent,
        candidate["account_id"],
        candidate["instrument_id"],
        candidate["routed_lots"],
        candidate["price_ticks"],
        TimeInForce.GTC,
        is_passive_only(parent),
    )
    for place in range(count):
        told_id = child_id if place == chosen else 0
        decision, order_id = parent["decision_count"], parent["order_id"]
        report_route(state, strategy_id, order_id, decision, place, told_id, side, lots)
    return child_id != 0


@kernel
def follow_touch(state: int, parent: np.void) -> None:
    """Moves resting children behind which the touch has gone away. One at the touch, or before it, keeps its place."""
    orders, now_ns = orders_of(state), header_of(state)["now_ns"]
    slot = parent["first_child"]
    while slot >= 0:
        order = orders[slot]
        following = order["next_child"]
        if is_resting(order) and _is_settled(order) and has_room_to_ask(state):
            price_ticks = resting_ticks(state, parent, order["instrument_id"])
            is_buy = order["side"] == Side.BUY
            is_behind = price_ticks > order["price_ticks"] if is_buy else price_ticks < order["price_ticks"]
            if price_ticks > 0 and is_behind:
                parent["moved_ns"] = now_ns
                if reprice_child(state, order, price_ticks).reason != 0:
                    cancel_child(state, order)
        slot = following


@kernel
def _is_settled(order: np.void) -> bool:
    is_new = order["accepted"] == 0 or order["pending_new_ns"] != 0
    return not is_new and order["pending_cancel_ns"] == 0 and order["replace_state"] == ReplaceState.NONE


@kernel
def cancel_resting(state: int, parent: np.void) -> bool:
    """Cancels the children that rest; returns whether there is none any more."""
    orders = orders_of(state)
    slot, is_none = parent["first_child"], True
    while slot >= 0:
        order = orders[slot]
        following = order["next_child"]
        if is_resting(order):
            is_none = False
            cancel_child(state, order)
        slot = following
    return is_none
