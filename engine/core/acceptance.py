"""Owns signs of life: a venue took a leg, or says how it stands."""

import numpy as np

from engine.core.amendment_reports import carried_out_by, report_amendment
from engine.core.cancel import cancel_again_if_due
from engine.core.completion import end_if_filled
from engine.core.doubts import is_in_doubt, learn_stated, missing_lots, settle_doubt
from engine.core.effects import report_order, tell_venue_word
from engine.core.replace_reports import on_replaced
from engine.core.replacement import drop_replacement, is_replacing_leg, may_still_come_about, reserve_working
from engine.core.requests import send_cancel
from engine.core.revival import on_count_after_end, on_sign_of_life
from engine.core.route_memory import note_latency
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, ReplaceState, RequestKind, VenueHold
from ipc.order_status import is_ended
from ipc.records import NOT_STATED


@kernel
def accept_leg(state: int, order: np.void, venue_order_id: int) -> None:
    """Notes that the venue has the current leg."""
    if order["accepted"] == 0:
        now_ns = header_of(state)["now_ns"]
        order["accepted"] = 1
        order["accepted_ns"] = now_ns
        note_latency(state, order["account_id"], order["instrument_id"], now_ns - order["sent_ns"])
    order["pending_new_ns"] = 0
    order["retry_at_ns"] = 0
    order["venue_order_id"] = venue_order_id


@kernel
def on_accepted(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The venue took a leg."""
    if is_replacing_leg(order, leg):
        on_replaced(state, order, report, leg)
        return
    if not on_sign_of_life(state, order, report, leg):
        return
    if (order["accepted"] != 0 and order["pending_new_ns"] == 0) or order["release_at_ns"] != 0:
        return
    accept_leg(state, order, report["venue_order_id"])
    if order["pending_cancel_ns"] == 0 or order["cancel_wanted"] != 0:
        settle_doubt(order)
    tell_venue_word(report_order(state, order, ExecutionType.NEW), report)
    if order["cancel_wanted"] != 0:
        send_cancel(state, order)


@kernel
def confirm_new_leg(state: int, order: np.void, report: np.void) -> None:
    """The venue has the leg that was sent when the old one was gone: the replacement has come about."""
    accept_leg(state, order, report["venue_order_id"])
    drop_replacement(state, order)
    if order["pending_cancel_ns"] == 0 or order["cancel_wanted"] != 0:
        settle_doubt(order)
    own = report_amendment(state, order, ExecutionType.REPLACED, RequestKind.NEW, order["version"])
    tell_venue_word(own, report)
    if order["cumulative_lots"] >= order["order_lots"]:
        # An earlier leg's last fills came while it was on its way.
        end_if_filled(state, order)
    elif order["cancel_wanted"] != 0:
        send_cancel(state, order)


@kernel
def _is_stale(order: np.void, report: np.void) -> bool:
    """Whether a status counts less than has come: it was taken before the last fills."""
    stated = report["cumulative_lots"]
    return stated != NOT_STATED and stated + order["leg_base_lots"] < order["cumulative_lots"]


@kernel
def on_status(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The venue says that a leg lives, and how much of it."""
    if is_replacing_leg(order, leg):
        on_replaced(state, order, report, leg)
        return
    if not on_sign_of_life(state, order, report, leg):
        if is_ended(order):
            on_count_after_end(state, order, report, leg)
        return
    if order["release_at_ns"] != 0 or _is_stale(order, report):
        return
    learn_stated(order, report)
    if order["end_wanted"] != EndReason.NONE:
        reserve_working(state, order)
        return
    if report["order_lots"] >= 0 and report["order_lots"] + order["leg_base_lots"] < order["order_lots"]:
        # An amendment whose answer got lost has come about, or the venue took quantity away.
        accept_leg(state, order, report["venue_order_id"])
        on_replaced(state, order, report, leg)
        if is_ended(order) or order["end_wanted"] != EndReason.NONE:
            return
    _on_leg_lives(state, order, report, leg)


@kernel
def _on_leg_lives(state: int, order: np.void, report: np.void, leg: int) -> None:
    """Takes the current leg for living and settles the doubts that this can settle."""
    was_in_doubt = is_in_doubt(state, order)
    order["not_found_count"] = 0
    order["venue_hold"] = VenueHold.NONE
    accept_leg(state, order, report["venue_order_id"])
    settle_doubt(order)
    if 0 <= report["order_lots"] < order["leg_lots"]:
        # Only an amendment or the venue itself makes a leg smaller.
        on_replaced(state, order, report, leg)
        if is_ended(order) or order["end_wanted"] != EndReason.NONE:
            return
    if was_in_doubt and may_still_come_about(state, order):
        # A leg that lives proves nothing yet: the request may be on its way. The gateway goes on asking.
        order["is_unknown"] = 1
        if order["cancel_wanted"] != 0:
            # Whichever leg it meets: the other one's word has it sent again.
            send_cancel(state, order)
        return
    _settle_requests(state, order, report, was_in_doubt)


@kernel
def _settle_requests(state: int, order: np.void, report: np.void, was_in_doubt: bool) -> None:
    """Takes a cancel and a replacement that were in doubt for failed, and goes on with what is wanted."""
    is_dropped = was_in_doubt and order["replace_state"] != ReplaceState.NONE
    request_kind = carried_out_by(order)
    if was_in_doubt and order["cancel_wanted"] == 0:
        order["pending_cancel_ns"] = 0
    if is_dropped:
        drop_replacement(state, order)
        end_if_filled(state, order)
    execution_type = ExecutionType.UNKNOWN if missing_lots(order) > 0 else ExecutionType.ORDER_STATUS
    tell_venue_word(report_order(state, order, execution_type), report)
    if is_dropped:
        report_amendment(state, order, ExecutionType.REPLACE_REJECTED, request_kind, order["replace_version"])
    if is_ended(order):
        return
    if order["cancel_wanted"] != 0:
        send_cancel(state, order)
    elif was_in_doubt:
        cancel_again_if_due(state, order)
