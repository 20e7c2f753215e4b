"""Owns where a venue's word goes: to the order it speaks of, wherever that is, and to what its event means."""

import numpy as np

from engine.core.acceptance import confirm_new_leg, on_accepted, on_status
from engine.core.adoption import adopt
from engine.core.breakers import count_rejection
from engine.core.busts import alarm_of_word, is_remembered, on_trade_word
from engine.core.cancel_reports import on_cancel_rejected
from engine.core.doubts import doubt, on_outcome_unknown, watch_doubt
from engine.core.fills import on_fill, on_fill_after_eviction
from engine.core.holds import on_state_word
from engine.core.leg_end import on_leg_ended, on_not_found, on_rejected
from engine.core.order_table import NOWHERE, find_external, find_order, find_tombstone
from engine.core.rate_budget import ANSWERED, NOT_SENT, OPEN, leave_in_flight, settle_budget
from engine.core.replace_reports import on_replace_rejected, on_replaced
from engine.core.replacement import is_by_one_request, is_new_leg_sent, is_replacing_leg
from engine.core.requests import send_cancel
from engine.core.revival import on_sign_of_life
from engine.core.state import accounts_of, header_of, orders_of
from engine.core.versions import carry_on
from ipc.compiler import kernel
from ipc.enums import RejectReason, RequestKind, VenueEvent
from ipc.order_id import LEG_MAX
from ipc.order_status import is_ended
from ipc.records import EVERY_REQUEST, EXTERNAL_ORDER, NOT_STATED


@kernel
def on_venue_report(state: int, report: np.void) -> None:
    """Applies one report of a venue to the order it speaks of."""
    header = header_of(state)
    account_id, event = report["account_id"], report["event"]
    answers = report["answers_request"]
    if answers == RequestKind.CANCEL_ALL:
        # The answer speaks of no order: what was cancelled is told order by order.
        return
    if report["order_id"] == EVERY_REQUEST:
        # Whatever is in flight can no longer count on its answer, as if the connection had been lost.
        accounts_of(state)[account_id]["last_down_ns"] = header["now_ns"]
        leave_in_flight(state, account_id)
        return
    if event == VenueEvent.TRADE_CANCELED or (event == VenueEvent.TRADE_CORRECTED and is_remembered(state, report)):
        on_trade_word(state, report)
        return
    slot = _slot_of(state, report)
    if slot == NOWHERE:
        return
    order = orders_of(state)[slot]
    # A refusal names the order and not its instrument.
    instrument_id = report["instrument_id"]
    if order["account_id"] != account_id or instrument_id not in (order["instrument_id"], NOT_STATED):
        header["unmatched_report_count"] += 1
        return
    if answers != 0 and answers != RequestKind.STATUS:
        settle_budget(state, order, answers, _outcome_of(report))
    leg = 0 if report["order_id"] == EXTERNAL_ORDER else report["order_id"] & LEG_MAX
    if is_new_leg_sent(order, leg) and _proves_leg(event):
        confirm_new_leg(state, order, report)
        if event != VenueEvent.STATUS:
            _dispatch(state, order, report, leg)
    else:
        _dispatch(state, order, report, leg)
    if order["wanted_version"] != 0:
        carry_on(state, order)
    watch_doubt(state, slot, order)


@kernel
def _outcome_of(report: np.void) -> int:
    """What an answer says of its request, as far as the venue's rate limits go."""
    if report["event"] == VenueEvent.OUTCOME_UNKNOWN:
        return OPEN
    return NOT_SENT if report["reason"] == RejectReason.NOT_SENT else ANSWERED


@kernel
def _slot_of(state: int, report: np.void) -> int:
    """The slot of the order that a report speaks of; one without a slot is adopted, or its fill is booked."""
    if report["order_id"] == EXTERNAL_ORDER:
        slot = find_external(state, report["venue_order_id"], report["instrument_id"])
        return slot if slot != NOWHERE else adopt(state, report)
    slot = find_order(state, report["order_id"])
    if slot != NOWHERE:
        return slot
    place = find_tombstone(state, report["order_id"])
    if place == NOWHERE:
        return adopt(state, report)
    if report["event"] == VenueEvent.FILL or report["event"] == VenueEvent.TRADE_CORRECTED:
        on_fill_after_eviction(state, place, report)
    return NOWHERE


@kernel
def _dispatch(state: int, order: np.void, report: np.void, leg: int) -> None:
    event = report["event"]
    if event == VenueEvent.FILL or event == VenueEvent.TRADE_CORRECTED:
        _on_leg_filled(state, order, report, leg)
    elif event == VenueEvent.ACCEPTED:
        on_accepted(state, order, report, leg)
    elif event == VenueEvent.CANCELED or event == VenueEvent.EXPIRED:
        on_leg_ended(state, order, report, leg)
    elif event == VenueEvent.REJECTED:
        if not is_ended(order) and report["reason"] != RejectReason.NOT_SENT:
            count_rejection(state, order["strategy_id"])
        on_rejected(state, order, report, leg)
    elif event == VenueEvent.CANCEL_REJECTED:
        on_cancel_rejected(state, order, report, leg)
    elif event == VenueEvent.REPLACED:
        on_replaced(state, order, report, leg)
    elif event == VenueEvent.REPLACE_REJECTED:
        on_replace_rejected(state, order, report, leg)
    elif event == VenueEvent.STATUS:
        on_status(state, order, report, leg)
    elif event == VenueEvent.NOT_FOUND:
        on_not_found(state, order, report, leg)
    elif event == VenueEvent.OUTCOME_UNKNOWN:
        on_outcome_unknown(state, order, report, leg)
    else:
        on_state_word(state, order, report, leg)


@kernel
def _proves_leg(event: int) -> bool:
    """Whether a venue that says this has the leg, or had it."""
    return not (
        event == VenueEvent.REJECTED
        or event == VenueEvent.CANCEL_REJECTED
        or event == VenueEvent.REPLACED
        or event == VenueEvent.REPLACE_REJECTED
        or event == VenueEvent.NOT_FOUND
        or event == VenueEvent.OUTCOME_UNKNOWN
    )


@kernel
def _on_leg_filled(state: int, order: np.void, report: np.void, leg: int) -> None:
    """Books a fill; one that overtook the acknowledgement of its leg stands for it."""
    is_revived = False
    if is_replacing_leg(order, leg):
        on_replaced(state, order, report, leg)
    elif leg > order["leg"] or (is_ended(order) and order["not_found_count"] != 0):
        is_revived = on_sign_of_life(state, order, report, leg)
    on_fill(state, order, report, leg)
    if report["event"] == VenueEvent.TRADE_CORRECTED:
        # It overtook its fill, which is not booked when it comes.
        alarm_of_word(state, order["strategy_id"], report, 0, report["last_lots"])
    if is_ended(order):
        return
    if is_revived:
        # It traded; whether its rest still lives the venue must say.
        doubt(state, order)
    if order["cancel_wanted"] != 0 and order["accepted"] != 0 and not is_by_one_request(order):
        send_cancel(state, order)
