"""Owns what a venue's word does to a replacement: taken over, refused, reduced, or its old leg gone."""

import numpy as np

from engine.core.amendment_reports import carried_out_by, report_amendment
from engine.core.completion import end_if_filled
from engine.core.doubts import doubt, is_no_cancel_out, settle_doubt
from engine.core.effects import report_order, tell_venue_word
from engine.core.order_end import end_order, report_end
from engine.core.replacement import drop_replacement, is_by_one_request, reserve_working, take_replacement
from engine.core.requests import send_cancel
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RejectReason, ReplaceState
from ipc.order_id import LEG_MAX
from ipc.order_status import is_ended


@kernel
def _confirms_replacement(order: np.void, report: np.void, leg: int) -> bool:
    """Whether a report speaks of the pending replacement and not of something that the venue did unasked."""
    if order["pending_replace_ns"] == 0 or order["replace_state"] == ReplaceState.NEW_LEG_SENT:
        return False
    replace_leg = order["replace_leg"]
    if replace_leg != order["leg"]:
        names_leg = leg == replace_leg or report["replacement_order_id"] & LEG_MAX == replace_leg
        return is_by_one_request(order) and names_leg
    # The answer to an earlier amendment, whose event came first, speaks of another leg or quantity.
    return leg == replace_leg and report["order_lots"] in (-1, order["replace_leg_lots"])


@kernel
def on_replaced(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The replacement came about, or the venue took quantity away unasked."""
    if is_ended(order) or order["end_wanted"] != EndReason.NONE:
        return
    if not _confirms_replacement(order, report, leg):
        _on_reduced(state, order, report, leg)
        return
    request_kind = carried_out_by(order)
    if order["replace_leg"] != order["leg"]:
        order["venue_order_id"] = report["venue_order_id"]
    take_replacement(state, order)
    if is_no_cancel_out(order):
        settle_doubt(order)
    own = report_amendment(state, order, ExecutionType.REPLACED, request_kind, order["version"])
    tell_venue_word(own, report)
    if order["cumulative_lots"] >= order["order_lots"]:
        end_if_filled(state, order)
    elif order["cancel_wanted"] != 0:
        send_cancel(state, order)


@kernel
def _on_reduced(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The venue took quantity away unasked, as self-trade prevention does."""
    leg_lots = report["order_lots"]
    total_lots = leg_lots + order["leg_base_lots"]
    # The leg may be larger than what is left of its order, and still be after it has become less.
    is_less = leg_lots < order["leg_lots"] or total_lots < order["order_lots"]
    if leg_lots < 0 or not is_less or leg != order["leg"]:
        return
    if total_lots < order["order_lots"]:
        order["order_lots"] = max(total_lots, order["cumulative_lots"])
    order["leg_lots"] = min(order["leg_lots"], leg_lots)
    order["is_leg_reduced"] = 1
    reserve_working(state, order)
    end_if_filled(state, order)
    tell_venue_word(report_order(state, order, ExecutionType.REPLACED), report)


@kernel
def on_replace_rejected(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The replacement did not come about; without its old leg the order is over."""
    if is_ended(order) or order["pending_replace_ns"] == 0 or order["end_wanted"] != EndReason.NONE:
        return
    is_asked = order["replace_state"] == ReplaceState.SENT or order["replace_state"] == ReplaceState.OLD_LEG_GONE
    if not is_asked or leg != order["replace_leg"]:
        return
    old_leg_gone = order["replace_state"] == ReplaceState.OLD_LEG_GONE
    request_kind = carried_out_by(order)
    drop_replacement(state, order)
    if not old_leg_gone:
        end_if_filled(state, order)
    if report["reason"] == RejectReason.UNKNOWN_ORDER and not old_leg_gone and not is_ended(order):
        # Filled, ended or never there: only the venue can tell, so it is asked.
        order["is_unknown"] = 1
    version = order["replace_version"]
    tell_venue_word(report_amendment(state, order, ExecutionType.REPLACE_REJECTED, request_kind, version), report)
    if old_leg_gone:
        _end_legless(state, order)
    elif order["cancel_wanted"] != 0 and not is_ended(order):
        send_cancel(state, order)


@kernel
def _end_legless(state: int, order: np.void) -> None:
    """Ends an order whose old leg is gone and whose new one never came, or waits for the old one's last fills."""
    if order["stated_lots"] > order["cumulative_lots"]:
        order["end_wanted"] = order["cancel_reason"]
        order["pending_cancel_ns"] = 0
        reserve_working(state, order)
        doubt(state, order)
        return
    end_order(state, order, order["cancel_reason"])
    report_end(state, order)
