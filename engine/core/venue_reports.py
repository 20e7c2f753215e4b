"""Owns what a venue's word does to an order: one function for each VenueEvent."""

import numpy as np

from engine.core.cancel import cancel_again_if_over, send_cancel
from engine.core.effects import report_order, tell_venue_word
from engine.core.fills import on_fill, on_fill_after_eviction
from engine.core.order_end import end_order
from engine.core.order_table import NOWHERE, find_order, find_tombstone
from engine.core.rate_budget import settle_budget
from engine.core.replace_reports import on_replace_rejected, on_replaced, send_replacing_leg
from engine.core.replacement import drop_replacement, is_by_one_request, is_replacing_leg
from engine.core.state import accounts_of, header_of, orders_of
from engine.core.timers import set_timer
from ipc.compiler import kernel
from ipc.enums import (
    EndReason,
    ExecutionType,
    OrderType,
    RejectReason,
    ReplaceState,
    RequestKind,
    VenueEvent,
)
from ipc.order_id import LEG_MAX
from ipc.order_status import is_ended, outcome_unknown
from ipc.records import NOT_STATED

_NOT_FOUND_ANSWERS_NEEDED = 2
# In the place of an order's id: an OUTCOME_UNKNOWN of all that is in flight on the account.
EVERY_REQUEST = 0


@kernel
def on_venue_report(state: int, report: np.void) -> None:
    """Applies one report of a venue to the order it speaks of."""
    header = header_of(state)
    account_id = report["account_id"]
    answers = report["answers_request"]
    if answers != 0 and answers != RequestKind.STATUS:
        settle_budget(state, account_id, answers)
    if report["order_id"] == EVERY_REQUEST:
        # Whatever is in flight can no longer count on its answer, as if the connection had been lost.
        accounts_of(state)[account_id]["last_down_ns"] = header["now_ns"]
        return
    slot = find_order(state, report["order_id"])
    if slot == NOWHERE:
        place = find_tombstone(state, report["order_id"])
        if place != NOWHERE and report["event"] == VenueEvent.FILL:
            on_fill_after_eviction(state, place, report)
        elif place == NOWHERE:
            header["unmatched_report_count"] += 1
        return
    order = orders_of(state)[slot]
    # A refusal names the order and not its instrument.
    instrument_id = report["instrument_id"]
    if order["account_id"] != account_id or instrument_id not in (order["instrument_id"], NOT_STATED):
        header["unmatched_report_count"] += 1
        return
    _dispatch(state, order, report, report["order_id"] & LEG_MAX)


@kernel
def _dispatch(state: int, order: np.void, report: np.void, leg: int) -> None:
    event = report["event"]
    if event == VenueEvent.FILL:
        _on_leg_filled(state, order, report, leg)
    elif event == VenueEvent.ACCEPTED:
        _on_accepted(state, order, report, leg)
    elif event == VenueEvent.CANCELED or event == VenueEvent.EXPIRED:
        _on_leg_ended(state, order, report, leg, event)
    elif event == VenueEvent.REJECTED:
        _on_rejected(state, order, report, leg)
    elif event == VenueEvent.CANCEL_REJECTED:
        _on_cancel_rejected(state, order, report, leg)
    elif event == VenueEvent.REPLACED:
        on_replaced(state, order, report)
    elif event == VenueEvent.REPLACE_REJECTED:
        on_replace_rejected(state, order, report)
    elif event == VenueEvent.STATUS:
        _on_status(state, order, report, leg)
    elif event == VenueEvent.NOT_FOUND:
        _on_not_found(state, order, report, leg)
    elif event == VenueEvent.OUTCOME_UNKNOWN:
        _on_outcome_unknown(state, order, report, leg)


@kernel
def _on_leg_filled(state: int, order: np.void, report: np.void, leg: int) -> None:
    """Books a fill; one that overtook the acknowledgement of its leg stands for it."""
    if is_replacing_leg(order, leg):
        on_replaced(state, order, report)
    on_fill(state, order, report, leg)
    if order["cancel_wanted"] != 0 and order["accepted"] != 0 and not is_ended(order) and not is_by_one_request(order):
        send_cancel(state, order)


@kernel
def _on_accepted(state: int, order: np.void, report: np.void, leg: int) -> None:
    if is_ended(order):
        return
    if is_replacing_leg(order, leg):
        on_replaced(state, order, report)
        return
    if leg != order["leg"] or (order["accepted"] != 0 and order["pending_new_ns"] == 0):
        return
    order["accepted"] = 1
    order["accepted_ns"] = header_of(state)["now_ns"]
    order["pending_new_ns"] = 0
    if order["pending_cancel_ns"] == 0 or order["cancel_wanted"] != 0:
        order["is_unknown"] = 0
    order["venue_order_id"] = report["venue_order_id"]
    tell_venue_word(report_order(state, order, ExecutionType.NEW), report)
    if order["cancel_wanted"] != 0:
        send_cancel(state, order)


@kernel
def _missing_lots(order: np.void, report: np.void) -> int:
    """What the venue counted as filled on this leg beyond the fills that came."""
    stated = report["cumulative_lots"]
    return 0 if stated < 0 else max(stated + order["leg_base_lots"] - order["cumulative_lots"], 0)


@kernel
def _on_leg_ended(state: int, order: np.void, report: np.void, leg: int, event: int) -> None:
    if is_ended(order):
        return
    if is_replacing_leg(order, leg):
        # It ended before it was acknowledged: it had taken over nevertheless.
        on_replaced(state, order, report)
    if is_ended(order) or leg != order["leg"] or order["retry_at_ns"] != 0:
        return
    if is_by_one_request(order):
        # One request cancels and replaces; the word on the new leg follows, and this one may be repeated.
        order["replace_state"] = ReplaceState.OLD_LEG_GONE
        return
    order["is_unknown"] = 0
    order["pending_new_ns"] = 0
    missing_lots = _missing_lots(order, report)
    if order["replace_state"] == ReplaceState.CANCELING_FIRST:
        if order["replace_lots"] > order["cumulative_lots"] and missing_lots == 0:
            send_replacing_leg(state, order)
            return
        drop_replacement(state, order)
    if event == VenueEvent.EXPIRED and _may_retry(state, order, missing_lots):
        order["retry_at_ns"] = header_of(state)["now_ns"] + order["retry_delay_ns"]
        set_timer(state, find_order(state, order["order_id"]), order["retry_at_ns"])
        return
    is_expired = event == VenueEvent.EXPIRED
    reason = order["cancel_reason"]
    if is_expired:
        is_self_trade = report["reason"] == RejectReason.SELF_TRADE
        reason = EndReason.SELF_TRADE_PREVENTED + 0 if is_self_trade else EndReason.EXPIRED + 0
    end_order(state, order, reason, missing_lots)
    own = report_order(state, order, ExecutionType.EXPIRED if is_expired else ExecutionType.CANCELED)
    tell_venue_word(own, report)
    own["reason"] = reason


@kernel
def _may_retry(state: int, order: np.void, missing_lots: int) -> bool:
    """Whether the rest of a market order is tried again: the venue's last word on the leg is complete."""
    if order["order_type"] != OrderType.MARKET or order["retry_attempts"] <= 0 or missing_lots > 0:
        return False
    if order["leg"] >= LEG_MAX:
        return False
    deadline_ns = order["execution_deadline_ns"]
    return deadline_ns == 0 or header_of(state)["now_ns"] + order["retry_delay_ns"] < deadline_ns


@kernel
def _on_rejected(state: int, order: np.void, report: np.void, leg: int) -> None:
    if is_ended(order):
        return
    if is_replacing_leg(order, leg):
        on_replace_rejected(state, order, report)
        return
    if leg != order["leg"]:
        return
    _end_without_leg(state, order, report)


@kernel
def _end_without_leg(state: int, order: np.void, report: np.void) -> None:
    """Ends an order whose leg never came about; one that has traded on an earlier leg is not a rejected one."""
    has_traded = order["cumulative_lots"] > 0
    end_order(state, order, EndReason.CANCELED if has_traded else EndReason.REJECTED, 0)
    tell_venue_word(report_order(state, order, ExecutionType.REJECTED), report)


@kernel
def _on_cancel_rejected(state: int, order: np.void, report: np.void, leg: int) -> None:
    if order["pending_cancel_ns"] == 0:
        return
    if not is_ended(order) and report["reason"] == RejectReason.UNKNOWN_ORDER:
        if order["accepted"] == 0 or is_by_one_request(order):
            # The cancel may have met the old leg or none yet: it is sent again when the venue has acknowledged.
            order["cancel_wanted"] = 1
            return
        if leg != order["leg"]:
            # It met a leg that was being replaced.
            send_cancel(state, order)
            return
        # Filled, ended or never there: only the venue can tell, so it is asked.
        order["is_unknown"] = 1
    order["pending_cancel_ns"] = 0
    if order["replace_state"] == ReplaceState.CANCELING_FIRST:
        drop_replacement(state, order)
    tell_venue_word(report_order(state, order, ExecutionType.CANCEL_REJECTED), report)
    cancel_again_if_over(state, order)


@kernel
def _on_status(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The venue says that the leg lives; a cancel or a replacement whose outcome was in doubt is settled by that."""
    if is_ended(order):
        return
    if is_replacing_leg(order, leg):
        on_replaced(state, order, report)
        return
    if leg != order["leg"]:
        return
    was_in_doubt = outcome_unknown(order, accounts_of(state)[order["account_id"]]["last_down_ns"])
    order["is_unknown"] = 0
    order["not_found_count"] = 0
    order["venue_order_id"] = report["venue_order_id"]
    if order["accepted"] == 0:
        order["accepted"] = 1
        order["accepted_ns"] = header_of(state)["now_ns"]
    order["pending_new_ns"] = 0
    if was_in_doubt:
        order["pending_cancel_ns"] = 0
        if order["replace_state"] != ReplaceState.NONE:
            drop_replacement(state, order)
    tell_venue_word(report_order(state, order, ExecutionType.ORDER_STATUS), report)
    if order["cancel_wanted"] != 0:
        send_cancel(state, order)
    elif was_in_doubt:
        cancel_again_if_over(state, order)


@kernel
def _on_not_found(state: int, order: np.void, report: np.void, leg: int) -> None:
    """Proof only when said again after no copy of the request can still be accepted."""
    is_replacement = is_replacing_leg(order, leg)
    if is_ended(order) or not (is_replacement or leg == order["leg"]):
        return
    if order["accepted"] != 0 and not is_replacement:
        # What the venue once took it may not simply deny: the order stays, in doubt, with all that it reserves.
        if order["is_unknown"] == 0:
            order["is_unknown"] = 1
            tell_venue_word(report_order(state, order, ExecutionType.UNKNOWN), report)
        return
    header = header_of(state)
    asked_ns = order["pending_replace_ns"] if is_replacement else order["sent_ns"]
    if header["now_ns"] < asked_ns + header["request_expiry_ns"]:
        return
    order["not_found_count"] += 1
    if order["not_found_count"] < _NOT_FOUND_ANSWERS_NEEDED:
        return
    order["not_found_count"] = 0
    if is_replacement:
        on_replace_rejected(state, order, report)
    else:
        _end_without_leg(state, order, report)


@kernel
def _on_outcome_unknown(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The answer to a request got lost; what has been answered in another way since is not in doubt."""
    if is_ended(order):
        return
    answers = report["answers_request"]
    if answers == RequestKind.NEW and (order["pending_new_ns"] == 0 or leg != order["leg"]):
        return
    if answers == RequestKind.CANCEL and order["pending_cancel_ns"] == 0:
        return
    if (answers == RequestKind.AMEND or answers == RequestKind.CANCEL_REPLACE) and order["pending_replace_ns"] == 0:
        return
    order["is_unknown"] = 1
    tell_venue_word(report_order(state, order, ExecutionType.UNKNOWN), report)
