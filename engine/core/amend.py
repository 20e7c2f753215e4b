"""Owns amendments: in place where the venue keeps priority, else by replacing the leg.

A leg that may be partially filled is never replaced by one request: between the engine's decision and
the venue's cancel a fill could come, and the new leg would then buy too much. Such a leg is cancelled
first, and the new one is sent for what the venue's final word leaves over.
"""

from typing import NamedTuple

import numpy as np

from engine.core.amendment_reports import carried_out_by, report_amendment
from engine.core.exposure import worst_ticks
from engine.core.order_kinds import check_stop_price, is_stop
from engine.core.order_limiter import charge_limiter
from engine.core.own_orders import note_own_price
from engine.core.rate_checks import check_rate, check_venue_budget
from engine.core.rate_costs import age_of
from engine.core.replacement import reserve_working
from engine.core.requests import ask_cancel, send_replacement
from engine.core.risk import Leaving, check_leaving
from engine.core.state import header_of, instruments_of
from engine.core.verdict import Verdict, refuse
from engine.core.worst_price import slipped
from ipc.compiler import kernel
from ipc.enums import ExecutionType, OrderType, RefusalReason, ReplaceState, RequestKind, VenueAbility
from ipc.order_id import LEG_MAX

# numba knows no IntFlag.
_AMEND_KEEP_PRIORITY = int(VenueAbility.AMEND_KEEP_PRIORITY)
_CANCEL_REPLACE = int(VenueAbility.CANCEL_REPLACE)


class Change(NamedTuple):
    """What an order is to be after an amendment, and whether it keeps its place in the book."""

    price_ticks: int
    order_lots: int
    stop_price_ticks: int
    in_place: bool


@kernel
def change_of(state: int, order: np.void, price_ticks: int, order_lots: int, stop_price_ticks: int) -> Change:
    """What an order would become; 0 keeps what it is, or what the amendment under way makes of it."""
    is_pending = order["replace_state"] != ReplaceState.NONE
    before_ticks = order["replace_price_ticks"] if is_pending else order["price_ticks"]
    before_lots = order["replace_lots"] if is_pending else order["order_lots"]
    before_stop = order["replace_stop_ticks"] if is_pending else order["stop_price_ticks"]
    new_stop = before_stop if stop_price_ticks == 0 else stop_price_ticks
    new_lots = before_lots if order_lots == 0 else order_lots
    new_ticks = before_ticks if price_ticks == 0 else price_ticks
    instrument = instruments_of(state)[order["instrument_id"]]
    if order["order_type"] == OrderType.STOP and 0 < new_stop <= instrument["max_price_ticks"]:
        new_ticks = slipped(instrument, order["side"], new_stop, order["max_slippage_bps"])
    keeps_place = new_ticks == before_ticks and new_stop == before_stop and new_lots < before_lots
    # What the venue took away stays part of the quantity that it counts: a leg is amended by a number that it knows.
    in_place = keeps_place and instrument["ability"] & _AMEND_KEEP_PRIORITY != 0 and order["is_leg_reduced"] == 0
    return Change(new_ticks + 0, new_lots + 0, new_stop + 0, in_place)


@kernel
def changes_nothing(order: np.void, change: Change) -> bool:
    """Whether an order is already, or is about to become, what an amendment asks for."""
    if order["replace_state"] != ReplaceState.NONE:
        return (
            change.price_ticks == order["replace_price_ticks"]
            and change.order_lots == order["replace_lots"]
            and change.stop_price_ticks == order["replace_stop_ticks"]
        )
    return (
        change.price_ticks == order["price_ticks"]
        and change.order_lots == order["order_lots"]
        and change.stop_price_ticks == order["stop_price_ticks"]
    )


@kernel
def check_change(state: int, order: np.void, change: Change) -> Verdict:
    """Whether an order may become that: it is possible, the venue can do it, and the risk allows it."""
    if changes_nothing(order, change):
        return refuse(RefusalReason.AMEND_CHANGES_NOTHING, change.price_ticks, change.order_lots, 0)
    if change.order_lots <= order["cumulative_lots"]:
        return refuse(RefusalReason.AMEND_BELOW_FILLED, order["cumulative_lots"] + 1, 0, change.order_lots)
    instrument = instruments_of(state)[order["instrument_id"]]
    if change.stop_price_ticks != order["stop_price_ticks"]:
        if not is_stop(order["order_type"]) or order["triggered_ns"] != 0:
            return refuse(RefusalReason.INVALID_STOP_PRICE, 0, order["triggered_ns"], change.stop_price_ticks)
        verdict = check_stop_price(instrument, change.stop_price_ticks)
        if verdict.reason != 0:
            return verdict
    ability = instrument["ability"]
    if not change.in_place and ability & _CANCEL_REPLACE == 0:
        return refuse(RefusalReason.AMEND_NOT_SUPPORTED, ability, 0, 0)
    if not change.in_place and order["last_leg"] >= LEG_MAX:
        return refuse(RefusalReason.LEGS_EXHAUSTED, LEG_MAX, order["last_leg"], 1)
    return _check_risk(state, order, change)


@kernel
def _check_risk(state: int, order: np.void, change: Change) -> Verdict:
    rest_lots = change.order_lots - order["cumulative_lots"]
    is_raising = change.price_ticks != order["price_ticks"] or rest_lots > order["reserved_lots"]
    verdict = check_leaving(
        state,
        Leaving(
            order["strategy_id"],
            order["account_id"],
            order["instrument_id"],
            order["side"],
            change.price_ticks,
            max(worst_ticks(order), change.price_ticks),
            change.order_lots,
            rest_lots,
            order["order_flags"],
            change.stop_price_ticks if order["triggered_ns"] == 0 else 0,
            order["self_trade_prevention"],
            RequestKind.AMEND + 0 if change.in_place else RequestKind.CANCEL_REPLACE + 0,
            order["reserved_lots"],
            order["reserved_units"],
            order["reserved_funds"],
            False,
            False,
            False,
            False,
            is_raising,
            order["parent_order_id"] != 0,
        ),
    )
    if verdict.reason != 0:
        return verdict
    account_id, instrument_id = order["account_id"], order["instrument_id"]
    if change.in_place:
        return check_venue_budget(state, account_id, instrument_id, RequestKind.AMEND, age_of(state, order))
    return check_rate(state, order["strategy_id"], account_id, instrument_id, RequestKind.CANCEL_REPLACE, 0)


@kernel
def start_amendment(state: int, order: np.void, change: Change, version: int) -> None:
    """Sends an amendment. Precondition: check_change() passed, and no other is under way."""
    order["replace_price_ticks"] = change.price_ticks
    order["replace_lots"] = change.order_lots
    order["replace_stop_ticks"] = change.stop_price_ticks
    order["replace_version"] = version
    order["pending_replace_ns"] = header_of(state)["now_ns"]
    order["not_found_count"] = 0
    is_filled = order["cumulative_lots"] > order["leg_base_lots"]
    is_first_canceled = is_filled and not change.in_place
    order["replace_state"] = ReplaceState.CANCELING_FIRST if is_first_canceled else ReplaceState.SENT
    leg_lots = change.order_lots - order["cumulative_lots"]
    if change.in_place:
        order["replace_leg"] = order["leg"]
        # The venue counts the leg's own lots, what earlier legs filled is not part of it.
        leg_lots = change.order_lots - order["leg_base_lots"]
    else:
        # A leg that was refused keeps its number: the venue may have seen its id.
        order["last_leg"] += 1
        order["replace_leg"] = order["last_leg"]
        charge_limiter(state, order["strategy_id"], order["account_id"])
    order["replace_leg_lots"] = 0 if is_first_canceled else leg_lots
    reserve_working(state, order)
    note_own_price(state, order, change.price_ticks)
    if is_first_canceled:
        ask_cancel(state, order)
    else:
        send_replacement(state, order, leg_lots)
    report_amendment(state, order, ExecutionType.PENDING_REPLACE, carried_out_by(order), version)
