"""Owns amendments: in place where the venue keeps priority, else by replacing the leg.

A leg that may be partially filled is never replaced by one request: between the engine's decision and
the venue's cancel a fill could come, and the new leg would then buy too much. Such a leg is cancelled
first, and the new one is sent for what the venue's final word leaves over.
"""

import numpy as np

from engine.core.cancel import send_cancel
from engine.core.command_checks import check_living
from engine.core.effects import report_order, request_venue
from engine.core.order_table import find_order
from engine.core.rate_budget import charge_budget, charge_limiter
from engine.core.replacement import reserve_working
from engine.core.risk import (
    Verdict,
    check_numbers,
    check_permission,
    check_position,
    check_rate,
    check_size,
    check_venue_budget,
    passed,
    refuse,
)
from engine.core.state import book_of, header_of, instruments_of, orders_of
from ipc.compiler import kernel
from ipc.enums import ExecutionType, OrderType, RefusalReason, ReplaceState, RequestKind, TimeInForce, VenueAbility
from ipc.order_id import LEG_MAX

# numba knows no IntFlag.
_AMEND_KEEP_PRIORITY = int(VenueAbility.AMEND_KEEP_PRIORITY)
_CANCEL_REPLACE = int(VenueAbility.CANCEL_REPLACE)


@kernel
def _check_state(order: np.void) -> Verdict:
    if order["order_type"] == OrderType.MARKET:
        return refuse(RefusalReason.MARKET_ORDER_AMEND, 0, 0, order["order_id"])
    if order["pending_cancel_ns"] != 0:
        return refuse(RefusalReason.CANCEL_ALREADY_PENDING, 0, order["pending_cancel_ns"], order["order_id"])
    if order["pending_replace_ns"] != 0:
        return refuse(RefusalReason.REPLACE_ALREADY_PENDING, 0, order["pending_replace_ns"], order["order_id"])
    if order["is_unknown"] != 0 or order["accepted"] == 0:
        return refuse(RefusalReason.ORDER_OUTCOME_UNKNOWN, 0, order["pending_new_ns"], order["order_id"])
    if order["time_in_force"] != TimeInForce.GTC:
        return refuse(RefusalReason.AMEND_NOT_SUPPORTED, TimeInForce.GTC, order["time_in_force"], order["order_id"])
    if order["last_leg"] >= LEG_MAX:
        return refuse(RefusalReason.LEGS_EXHAUSTED, LEG_MAX, order["last_leg"], 1)
    return passed()


@kernel
def _check_risk(state: int, order: np.void, price_ticks: int, order_lots: int, in_place: bool) -> Verdict:
    strategy_id, account_id = order["strategy_id"], order["account_id"]
    verdict = check_permission(state, strategy_id, account_id, order["instrument_id"])
    if verdict.reason != 0:
        return verdict
    instrument = instruments_of(state)[order["instrument_id"]]
    verdict = check_numbers(instrument, price_ticks, order_lots - order["cumulative_lots"], False)
    if verdict.reason != 0:
        return verdict
    book = book_of(state, strategy_id, order["instrument_id"])
    verdict = check_size(book, instrument, price_ticks, order_lots)
    if verdict.reason != 0:
        return verdict
    added_lots = order_lots - order["order_lots"]
    if added_lots > 0:
        verdict = check_position(book, order["side"], added_lots)
        if verdict.reason != 0:
            return verdict
    if in_place:
        return check_venue_budget(state, account_id, RequestKind.AMEND)
    return check_rate(state, strategy_id, account_id, RequestKind.CANCEL_REPLACE)


@kernel
def on_amend_order(state: int, command: np.void) -> Verdict:
    """Changes price or quantity of an order, or says why not; 0 in a field keeps what is."""
    verdict = check_living(state, command["order_id"])
    if verdict.reason != 0:
        return verdict
    order = orders_of(state)[find_order(state, command["order_id"])]
    verdict = _check_state(order)
    if verdict.reason != 0:
        return verdict
    price_ticks = order["price_ticks"] if command["price_ticks"] == 0 else command["price_ticks"]
    order_lots = order["order_lots"] if command["order_lots"] == 0 else command["order_lots"]
    if price_ticks == order["price_ticks"] and order_lots == order["order_lots"]:
        return refuse(RefusalReason.AMEND_CHANGES_NOTHING, price_ticks, order_lots, 0)
    if order_lots <= order["cumulative_lots"]:
        return refuse(RefusalReason.AMEND_BELOW_FILLED, order["cumulative_lots"] + 1, 0, order_lots)
    ability = instruments_of(state)[order["instrument_id"]]["ability"]
    keeps_place = price_ticks == order["price_ticks"] and order_lots < order["order_lots"]
    in_place = keeps_place and ability & _AMEND_KEEP_PRIORITY != 0
    if not in_place and ability & _CANCEL_REPLACE == 0:
        return refuse(RefusalReason.AMEND_NOT_SUPPORTED, ability, 0, 0)
    verdict = _check_risk(state, order, price_ticks, order_lots, in_place)
    if verdict.reason != 0:
        return verdict
    order["published_ns"] = command["published_ns"]
    _send(state, order, price_ticks, order_lots, in_place)
    return passed()


@kernel
def _send(state: int, order: np.void, price_ticks: int, order_lots: int, in_place: bool) -> None:
    order["replace_price_ticks"] = price_ticks
    order["replace_lots"] = order_lots
    order["pending_replace_ns"] = header_of(state)["now_ns"]
    order["not_found_count"] = 0
    is_filled = order["cumulative_lots"] > order["leg_base_lots"]
    order["replace_state"] = ReplaceState.CANCELING_FIRST if is_filled and not in_place else ReplaceState.SENT
    reserve_working(state, order)
    if in_place:
        order["replace_leg"] = order["leg"]
        charge_budget(state, order["account_id"], RequestKind.AMEND)
        # The venue counts the leg's own lots, what earlier legs filled is not part of it.
        leg_lots = order_lots - order["leg_base_lots"]
        request_venue(state, order, RequestKind.AMEND, order["leg"], price_ticks, leg_lots)
        report_order(state, order, ExecutionType.PENDING_REPLACE)
        return
    # A leg that was refused keeps its number: the venue may have seen its id.
    order["last_leg"] += 1
    order["replace_leg"] = order["last_leg"]
    charge_limiter(state, order["strategy_id"], order["account_id"])
    if is_filled:
        send_cancel(state, order)
        return
    charge_budget(state, order["account_id"], RequestKind.CANCEL_REPLACE)
    leg_lots = order_lots - order["cumulative_lots"]
    request_venue(state, order, RequestKind.CANCEL_REPLACE, order["replace_leg"], price_ticks, leg_lots)
    report_order(state, order, ExecutionType.PENDING_REPLACE)
