"""Owns what follows when a leg is over or the order is filled: a next leg, a next attempt, or the end."""

import numpy as np

from engine.core.amendment_reports import report_amendment
from engine.core.attempts import may_try_rest, plan_attempt
from engine.core.doubts import is_no_cancel_out, missing_lots
from engine.core.order_end import end_order, end_refused
from engine.core.rate_checks import check_venue_budget
from engine.core.replacement import leg_rest_lots, reserve_working, take_replacement
from engine.core.requests import send_cancel, send_further_leg
from engine.core.risk import check_leaving, leaving_order
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, ReplaceState, RequestKind


@kernel
def has_surplus(order: np.void) -> bool:
    """Whether the current leg of a filled order may trade on: it is larger than what was left of the order."""
    is_filled = order["cumulative_lots"] >= order["order_lots"] and order["replace_state"] == ReplaceState.NONE
    return is_filled and leg_rest_lots(order) > 0


@kernel
def end_if_filled(state: int, order: np.void) -> None:
    """Ends a living order that is filled.

    A leg that was asked for before a fill of an earlier one came is too large: its rest must be cancelled first.
    """
    if order["cumulative_lots"] < order["order_lots"]:
        return
    if order["replace_state"] != ReplaceState.NONE:
        # The original is filled, but the replacement may still come about: the venue's word on that is awaited.
        return
    missing = missing_lots(order)
    if missing > 0 and missing >= leg_rest_lots(order):
        # The venue counts even more than was ordered: what is still to come is waited for.
        order["end_wanted"] = EndReason.FILLED
        order["is_unknown"] = 1
        reserve_working(state, order)
    elif not has_surplus(order) or order["retry_at_ns"] != 0:
        end_order(state, order, EndReason.FILLED)
    elif is_no_cancel_out(order) and order["end_wanted"] == EndReason.NONE:
        order["retry_attempts"] = 0
        send_cancel(state, order)


@kernel
def conclude_leg(state: int, order: np.void, end_reason: int) -> bool:
    """Goes on when a leg is over and all its fills are here; returns whether the order has ended, unreported."""
    order["is_unknown"] = 0
    order["end_wanted"] = EndReason.NONE
    order["pending_cancel_ns"] = 0
    if order["replace_state"] == ReplaceState.CANCELING_FIRST:
        if order["replace_lots"] > order["cumulative_lots"]:
            send_replacing_leg(state, order)
            return False
        # No more was asked for than has traded: the order is amended to that (FIX 4.4, appendix D, D12).
        order["order_lots"] = order["cumulative_lots"]
        order["version"] = order["replace_version"]
        end_order(state, order, EndReason.FILLED)
        report_amendment(state, order, ExecutionType.REPLACED, RequestKind.CANCEL, order["version"])
        return False
    is_filled = order["cumulative_lots"] >= order["order_lots"]
    if not is_filled and may_try_rest(state, order, end_reason):
        reserve_working(state, order)
        plan_attempt(state, order)
        return False
    if is_filled:
        # With the leg a cancel of its rest is answered.
        order["pending_cancel_ns"] = 0
    end_order(state, order, EndReason.FILLED + 0 if is_filled else end_reason)
    return True


@kernel
def send_replacing_leg(state: int, order: np.void) -> None:
    """Sends the new leg after the old one's end is certain. Precondition: replace_lots > cumulative_lots."""
    take_replacement(state, order)
    verdict = check_leaving(state, leaving_order(order, is_continued=True))
    if verdict.reason == 0:
        verdict = check_venue_budget(state, order["account_id"], order["instrument_id"], RequestKind.NEW, 0)
    if verdict.reason != 0:
        end_refused(state, order, verdict)
        return
    send_further_leg(state, order)
    order["replace_state"] = ReplaceState.NEW_LEG_SENT
    order["pending_replace_ns"] = order["pending_new_ns"]
    report_amendment(state, order, ExecutionType.PENDING_REPLACE, RequestKind.NEW, order["version"])
