"""Owns the ends of legs: cancelled, expired or rejected by the venue, or never there."""

import numpy as np

from engine.core.amendment_reports import report_amendment
from engine.core.attempts import may_try_rejected, plan_attempt
from engine.core.child_rejections import note_child_rejected
from engine.core.completion import conclude_leg
from engine.core.doubts import doubt, hold_open, learn_stated, missing_lots
from engine.core.effects import report_order, tell_venue_word
from engine.core.order_end import end_order, report_end, report_end_by_leg
from engine.core.replace_reports import on_replace_rejected, on_replaced
from engine.core.replacement import drop_replacement, is_by_one_request, is_replacing_leg
from engine.core.revival import on_count_after_end
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RejectReason, ReplaceState, RequestKind, VenueEvent
from ipc.order_status import is_ended

NOT_FOUND_ANSWERS_NEEDED = 2


@kernel
def on_leg_ended(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The venue cancelled a leg or let it expire; the order ends when all that the venue counts as filled is here."""
    if is_ended(order):
        on_count_after_end(state, order, report, leg)
        return
    if is_replacing_leg(order, leg):
        # It ended before it was acknowledged: it had taken over nevertheless.
        on_replaced(state, order, report, leg)
    if is_ended(order) or leg != order["leg"] or order["retry_at_ns"] != 0 or order["release_at_ns"] != 0:
        return
    learn_stated(order, report)
    if is_by_one_request(order):
        # One request cancels and replaces; the word on the new leg follows, and this one may be repeated.
        order["replace_state"] = ReplaceState.OLD_LEG_GONE
        if missing_lots(order) > 0:
            order["is_unknown"] = 1
        return
    order["accepted"] = 1
    order["pending_new_ns"] = 0
    end_reason = _end_reason_of(order, report)
    if missing_lots(order) > 0:
        hold_open(state, order, end_reason, report)
    elif conclude_leg(state, order, end_reason):
        own = report_end_by_leg(state, order, end_reason)
        tell_venue_word(own, report)
        own["reason"] = order["end_reason"]


@kernel
def _end_reason_of(order: np.void, report: np.void) -> int:
    """Why a leg ended; its end may be told more than once, and the first word of it counts."""
    if order["end_wanted"] != EndReason.NONE and order["end_wanted"] != EndReason.FILLED:
        return order["end_wanted"]
    if report["event"] == VenueEvent.CANCELED:
        return order["cancel_reason"]
    return EndReason.SELF_TRADE_PREVENTED + 0 if report["reason"] == RejectReason.SELF_TRADE else EndReason.EXPIRED + 0


@kernel
def on_rejected(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The venue refused a leg; for a passing reason it is tried again."""
    if is_ended(order):
        on_count_after_end(state, order, report, leg)
        return
    if is_replacing_leg(order, leg):
        on_replace_rejected(state, order, report, leg)
        return
    if leg != order["leg"] or order["retry_at_ns"] != 0 or order["release_at_ns"] != 0:
        return
    learn_stated(order, report)
    if missing_lots(order) > 0:
        order["pending_new_ns"] = 0
        hold_open(state, order, EndReason.CANCELED, report)
    elif may_try_rejected(state, order, report["reason"]):
        plan_attempt(state, order)
    else:
        _end_without_leg(state, order, report, is_proven=report["reason"] != RejectReason.NOT_SENT)


@kernel
def _end_without_leg(state: int, order: np.void, report: np.void, is_proven: bool) -> None:
    """Ends an order whose leg never came about; one that has traded on an earlier leg is not a rejected one.

    What no word of the venue proves is marked, so that a later sign of life revives the order.
    """
    if order["replace_state"] == ReplaceState.NEW_LEG_SENT:
        # The old leg is gone, so nothing is left of the order.
        version = order["replace_version"]
        drop_replacement(state, order)
        own = report_amendment(state, order, ExecutionType.REPLACE_REJECTED, RequestKind.NEW, version)
        tell_venue_word(own, report)
        end_order(state, order, order["cancel_reason"])
        order["not_found_count"] = 0 if is_proven else NOT_FOUND_ANSWERS_NEEDED
        report_end(state, order)
        return
    if order["parent_order_id"] != 0:
        note_child_rejected(state, order, report["reason"])
    has_traded = order["cumulative_lots"] > 0
    end_order(state, order, EndReason.CANCELED if has_traded else EndReason.REJECTED)
    order["not_found_count"] = 0 if is_proven else NOT_FOUND_ANSWERS_NEEDED
    tell_venue_word(report_order(state, order, ExecutionType.REJECTED), report)


@kernel
def on_not_found(state: int, order: np.void, report: np.void, leg: int) -> None:
    """Proof only when said again after no copy of the request can still be accepted."""
    is_replacement = is_replacing_leg(order, leg)
    if is_ended(order) or order["end_wanted"] != EndReason.NONE or not (is_replacement or leg == order["leg"]):
        return
    if order["retry_at_ns"] != 0 or order["release_at_ns"] != 0:
        return
    if order["accepted"] != 0 and not is_replacement:
        # What the venue once took it may not simply deny: the order stays, in doubt, with all that it reserves.
        if order["is_unknown"] == 0:
            tell_venue_word(doubt(state, order), report)
        return
    header = header_of(state)
    asked_ns = order["pending_replace_ns"] if is_replacement else order["sent_ns"]
    if header["now_ns"] < asked_ns + header["request_expiry_ns"]:
        return
    order["not_found_count"] += 1
    if order["not_found_count"] < NOT_FOUND_ANSWERS_NEEDED:
        return
    order["not_found_count"] = 0
    if is_replacement:
        on_replace_rejected(state, order, report, leg)
    else:
        _end_without_leg(state, order, report, is_proven=False)
