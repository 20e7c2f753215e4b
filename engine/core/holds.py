"""Owns what keeps a living order from trading for a while by the venue's word, and a stop price that has traded."""

import numpy as np

from engine.core.acceptance import accept_leg
from engine.core.completion import end_if_filled
from engine.core.doubts import learn_stated, missing_lots, settle_doubt
from engine.core.effects import report_order, tell_venue_word
from engine.core.own_orders import note_own_price
from engine.core.replacement import is_by_one_request, reserve_working
from engine.core.requests import send_cancel
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, VenueEvent, VenueHold
from ipc.order_status import is_ended


@kernel
def on_state_word(state: int, order: np.void, report: np.void, leg: int) -> None:
    """Hears of what a venue does with a living order beside trading and ending it."""
    event = report["event"]
    if event == VenueEvent.TRIGGERED:
        _on_triggered(state, order, report, leg)
    elif event == VenueEvent.RESTATED:
        _on_restated(state, order, report, leg)
    elif event == VenueEvent.DONE_FOR_DAY:
        _on_hold(state, order, report, leg, VenueHold.DONE_FOR_DAY, ExecutionType.DONE_FOR_DAY)
    elif event == VenueEvent.CALCULATED:
        _on_hold(state, order, report, leg, VenueHold.CALCULATED, ExecutionType.CALCULATED)
    elif event == VenueEvent.STOPPED:
        _on_hold(state, order, report, leg, VenueHold.STOPPED, ExecutionType.STOPPED)
    elif event == VenueEvent.SUSPENDED:
        _on_hold(state, order, report, leg, VenueHold.SUSPENDED, ExecutionType.SUSPENDED)
    is_awaited = order["accepted"] == 0 or is_by_one_request(order)
    if order["cancel_wanted"] != 0 and _is_of_living_leg(order, leg) and not is_awaited:
        send_cancel(state, order)


@kernel
def _is_of_living_leg(order: np.void, leg: int) -> bool:
    return not is_ended(order) and leg == order["leg"] and order["end_wanted"] == EndReason.NONE


@kernel
def _on_hold(state: int, order: np.void, report: np.void, leg: int, hold: int, execution_type: int) -> None:
    """The venue lets the order rest: for the day, for its own reckoning, or with a price promised."""
    if not _is_of_living_leg(order, leg) or order["venue_hold"] == hold:
        return
    _accept_by_word(state, order, report)
    order["venue_hold"] = hold
    tell_venue_word(report_order(state, order, execution_type), report)


@kernel
def _on_restated(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The order trades again, with the quantity and the price that the venue states."""
    if not _is_of_living_leg(order, leg):
        return
    _accept_by_word(state, order, report)
    order["venue_hold"] = VenueHold.NONE
    if report["order_lots"] > 0:
        order["leg_lots"] = report["order_lots"]
        order["order_lots"] = order["leg_base_lots"] + report["order_lots"]
    if report["price_ticks"] > 0:
        order["price_ticks"] = report["price_ticks"]
        note_own_price(state, order, report["price_ticks"])
    reserve_working(state, order)
    end_if_filled(state, order)
    tell_venue_word(report_order(state, order, ExecutionType.RESTATED), report)


@kernel
def _on_triggered(state: int, order: np.void, report: np.void, leg: int) -> None:
    """The stop price has traded."""
    if not _is_of_living_leg(order, leg) or order["stop_price_ticks"] == 0 or order["triggered_ns"] != 0:
        return
    _accept_by_word(state, order, report)
    order["triggered_ns"] = header_of(state)["now_ns"]
    tell_venue_word(report_order(state, order, ExecutionType.TRIGGERED), report)


@kernel
def _accept_by_word(state: int, order: np.void, report: np.void) -> None:
    learn_stated(order, report)
    if missing_lots(order) > 0:
        order["is_unknown"] = 1
    if order["accepted"] == 0 or order["pending_new_ns"] != 0:
        accept_leg(state, order, report["venue_order_id"])
        if order["pending_cancel_ns"] == 0 or order["cancel_wanted"] != 0:
            settle_doubt(order)
