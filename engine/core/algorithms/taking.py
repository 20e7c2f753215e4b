"""Owns taking: what the books hold within the limit is taken at once, over all venues of a routed parent."""

import numpy as np

from engine.core.child_orders import can_have_child, hold_back, send_child
from engine.core.parent_reports import own_lots
from engine.core.route_reports import report_route
from engine.core.route_scratch import candidates_of
from engine.core.state import header_of, instruments_of, markets_of, terms_of
from engine.core.sweep import plan_sweep
from engine.core.worst_price import protected_price
from ipc.compiler import kernel
from ipc.enums import RefusalReason, TimeInForce
from ipc.parent_enums import ParentFlag, RouteReason
from ipc.records import ALL_ACCOUNTS

# numba knows no IntFlag.
_ROUTED = int(ParentFlag.ROUTED)


@kernel
def is_routed(parent: np.void) -> bool:
    """Whether a parent's children may go to any venue of its pair."""
    return parent["parent_flags"] & _ROUTED != 0


@kernel
def worst_taking_ticks(state: int, parent: np.void) -> int:
    """The worst price to take at: the limit, and without one the touch and the slippage allowed; 0 without a touch."""
    if parent["limit_price_ticks"] != 0:
        return parent["limit_price_ticks"]
    account_id = max(parent["account_id"], 0)
    slippage_bps = terms_of(state, parent["strategy_id"], account_id)["max_slippage_bps"]
    return protected_price(state, instruments_of(state)[parent["instrument_id"]], parent["side"], slippage_bps)


@kernel
def plan(state: int, parent: np.void, pair_lots: int) -> int:
    """Shares a quantity over the venues; returns how many candidates there are, 0 when nothing can be said."""
    header = header_of(state)
    lots, limit_ticks = own_lots(state, parent, pair_lots), worst_taking_ticks(state, parent)
    if limit_ticks == 0:
        instrument = instruments_of(state)[parent["instrument_id"]]
        age_ns = header["now_ns"] - instrument["book_received_ns"]
        hold_back(state, parent, RefusalReason.NO_REFERENCE_PRICE, header["book_age_max_ns"], age_ns, 0)
        return 0
    account_id = ALL_ACCOUNTS + 0 if is_routed(parent) else parent["account_id"]
    strategy_id, instrument_id, side = parent["strategy_id"], parent["instrument_id"], parent["side"]
    return plan_sweep(state, strategy_id, account_id, instrument_id, side, lots, limit_ticks, is_routed(parent))


@kernel
def planned_lots(state: int, count: int) -> int:
    """What a plan gives to all venues together, in the pair's finest lots."""
    lots = 0
    for place in range(count):
        candidate = candidates_of(state)[place]
        lots += candidate["routed_lots"] * markets_of(state)[candidate["instrument_id"]]["pair_lot_scale"]
    return lots


@kernel
def send_plan(state: int, parent: np.void, count: int, wanted_lots: int) -> None:
    """Sends what a plan gives to each venue, and tells how it came about. `wanted_lots` are of the pair's finest."""
    parent["decision_count"] += 1
    wanted = own_lots(state, parent, wanted_lots)
    for place in range(count):
        candidate = candidates_of(state)[place]
        child_id = 0
        if candidate["routed_lots"] > 0 and can_have_child(parent):
            account_id, instrument_id = candidate["account_id"], candidate["instrument_id"]
            lots, price_ticks = candidate["routed_lots"], candidate["price_ticks"]
            child_id = send_child(state, parent, account_id, instrument_id, lots, price_ticks, TimeInForce.IOC, False)
        if is_routed(parent):
            strategy_id, decision = parent["strategy_id"], parent["decision_count"]
            report_route(state, strategy_id, parent["order_id"], decision, place, child_id, parent["side"], wanted)


@kernel
def take(state: int, parent: np.void, pair_lots: int) -> bool:
    """Takes up to a quantity; False when nothing was sent."""
    if pair_lots <= 0:
        return False
    count = plan(state, parent, pair_lots)
    if planned_lots(state, count) == 0:
        if count > 0:
            _tell_why_not(state, parent)
        return False
    before = parent["child_count"]
    send_plan(state, parent, count, pair_lots)
    return parent["child_count"] != before


@kernel
def _tell_why_not(state: int, parent: np.void) -> None:
    """Nothing could be given to any venue: tells what the first of them says."""
    candidate = candidates_of(state)[0]
    reason = candidate["route_reason"]
    if candidate["refusal"] != 0:
        hold_back(state, parent, candidate["refusal"], 0, 0, candidate["instrument_id"])
    elif reason == RouteReason.NO_DEPTH:
        hold_back(state, parent, RefusalReason.NO_DEPTH, 0, 0, candidate["instrument_id"])
    else:
        hold_back(state, parent, RefusalReason.NO_ROUTE, reason, candidate["available_lots"], 0)
