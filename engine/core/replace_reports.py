"""Owns what a venue's word does to a replacement: taken over, refused, reduced, or its old leg gone."""

import numpy as np

from engine.core.cancel import send_cancel
from engine.core.effects import report_order, tell_venue_word
from engine.core.new_order import send_leg
from engine.core.order_end import end_order, end_refused
from engine.core.replacement import drop_replacement, is_by_one_request, reserve_working, take_replacement
from engine.core.risk import check_permission, check_venue_budget
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RejectReason, ReplaceState, RequestKind
from ipc.order_id import LEG_MAX
from ipc.order_status import is_ended


@kernel
def _confirms_replacement(order: np.void, report: np.void) -> bool:
    """Whether a report speaks of the pending replacement and not of something that the venue did unasked."""
    if order["pending_replace_ns"] == 0:
        return False
    replace_leg = order["replace_leg"]
    if replace_leg != order["leg"]:
        names_leg = (
            report["order_id"] & LEG_MAX == replace_leg or report["replacement_order_id"] & LEG_MAX == replace_leg
        )
        return is_by_one_request(order) and names_leg
    is_answer = report["answers_request"] == RequestKind.AMEND
    return is_answer or report["order_lots"] in (-1, order["replace_lots"] - order["leg_base_lots"])


@kernel
def on_replaced(state: int, order: np.void, report: np.void) -> None:
    """The replacement came about, or the venue took quantity away unasked."""
    if is_ended(order):
        return
    if not _confirms_replacement(order, report):
        _on_reduced(state, order, report)
        return
    if order["replace_leg"] != order["leg"]:
        order["venue_order_id"] = report["venue_order_id"]
    take_replacement(state, order)
    order["is_unknown"] = 0
    tell_venue_word(report_order(state, order, ExecutionType.REPLACED), report)
    if order["cumulative_lots"] >= order["order_lots"]:
        end_order(state, order, EndReason.FILLED, 0)
    elif order["cancel_wanted"] != 0:
        send_cancel(state, order)


@kernel
def _on_reduced(state: int, order: np.void, report: np.void) -> None:
    """The venue took quantity away unasked, as self-trade prevention does."""
    total_lots = report["order_lots"] + order["leg_base_lots"]
    is_less = total_lots < order["order_lots"]
    if report["order_lots"] < 0 or not is_less or report["order_id"] & LEG_MAX != order["leg"]:
        return
    order["order_lots"] = total_lots
    order["leg_lots"] = report["order_lots"]
    reserve_working(state, order)
    tell_venue_word(report_order(state, order, ExecutionType.REPLACED), report)


@kernel
def on_replace_rejected(state: int, order: np.void, report: np.void) -> None:
    """The replacement did not come about; without its old leg the order is over."""
    if is_ended(order) or order["pending_replace_ns"] == 0:
        return
    if order["replace_state"] == ReplaceState.CANCELING_FIRST or report["order_id"] & LEG_MAX != order["replace_leg"]:
        return
    old_leg_gone = order["replace_state"] == ReplaceState.OLD_LEG_GONE
    drop_replacement(state, order)
    if report["reason"] == RejectReason.UNKNOWN_ORDER and not old_leg_gone:
        # Filled, ended or never there: only the venue can tell, so it is asked.
        order["is_unknown"] = 1
    tell_venue_word(report_order(state, order, ExecutionType.REPLACE_REJECTED), report)
    if old_leg_gone:
        end_order(state, order, order["cancel_reason"], 0)
        report_order(state, order, ExecutionType.CANCELED)["reason"] = order["cancel_reason"]
    elif order["cancel_wanted"] != 0:
        send_cancel(state, order)


@kernel
def send_replacing_leg(state: int, order: np.void) -> None:
    """Sends the new leg after the old one's end is certain. Precondition: replace_lots > cumulative_lots."""
    take_replacement(state, order)
    order["pending_cancel_ns"] = 0
    verdict = check_permission(state, order["strategy_id"], order["account_id"], order["instrument_id"])
    if verdict.reason == 0:
        verdict = check_venue_budget(state, order["account_id"], RequestKind.NEW)
    if verdict.reason != 0:
        end_refused(state, order, verdict)
        return
    order["accepted"] = 0
    send_leg(state, order, RequestKind.NEW)
    report_order(state, order, ExecutionType.PENDING_REPLACE)
