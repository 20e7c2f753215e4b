"""Owns the reported status: derived from an order's facts by FIX precedence, never stored."""

import numpy as np

from ipc.compiler import kernel
from ipc.enums import EndReason, OrderStatus, ReplaceState, VenueHold


@kernel
def is_ended(order: np.void) -> bool:
    """Whether the order can no longer trade, as far as is known."""
    return order["end_reason"] != EndReason.NONE


@kernel
def outcome_unknown(order: np.void, last_down_ns: int) -> bool:
    """Whether a request of a living order may or may not have reached the venue."""
    if order["is_unknown"] != 0:
        return True
    if is_ended(order):
        return False
    new, cancel, replace = order["pending_new_ns"], order["pending_cancel_ns"], order["pending_replace_ns"]
    return (0 < new <= last_down_ns) or (0 < cancel <= last_down_ns) or (0 < replace <= last_down_ns)


@kernel
def status_of(order: np.void, last_down_ns: int) -> int:
    """OrdStatus by the precedence of FIX 5.0 SP2, appendix D: what is pending outranks what is filled."""
    if outcome_unknown(order, last_down_ns):
        return OrderStatus.UNKNOWN
    end = order["end_reason"]
    if end in (EndReason.NONE, EndReason.FILLED):
        outranking = _status_above_filled(order)
        if outranking != 0:
            return outranking
    return _living_status(order) if end == EndReason.NONE else ended_status(end)


@kernel
def _status_above_filled(order: np.void) -> int:
    """What outranks a fill, 0 when nothing does."""
    # A cancel that makes way for a new leg is a part of the replacement.
    if order["pending_cancel_ns"] != 0 and order["replace_state"] != ReplaceState.CANCELING_FIRST:
        return OrderStatus.PENDING_CANCEL
    if order["pending_replace_ns"] != 0 or order["wanted_version"] != 0:
        return OrderStatus.PENDING_REPLACE
    if order["venue_hold"] == VenueHold.DONE_FOR_DAY:
        return OrderStatus.DONE_FOR_DAY
    if order["venue_hold"] == VenueHold.CALCULATED:
        return OrderStatus.CALCULATED
    return 0


@kernel
def ended_status(end_reason: int) -> int:
    """The status that an end gives."""
    if end_reason == EndReason.FILLED:
        return OrderStatus.FILLED
    if end_reason in (EndReason.CANCELED, EndReason.EXECUTION_TIMEOUT):
        return OrderStatus.CANCELED
    if end_reason == EndReason.REJECTED:
        return OrderStatus.REJECTED
    return OrderStatus.EXPIRED


@kernel
def _living_status(order: np.void) -> int:
    if order["cumulative_lots"] >= order["order_lots"]:
        return OrderStatus.FILLED
    if order["venue_hold"] == VenueHold.STOPPED:
        return OrderStatus.STOPPED
    if order["venue_hold"] == VenueHold.SUSPENDED:
        return OrderStatus.SUSPENDED
    if order["cumulative_lots"] > 0:
        return OrderStatus.PARTIALLY_FILLED
    return OrderStatus.NEW if order["accepted"] != 0 else OrderStatus.PENDING_NEW


@kernel
def waiting_since_ns(order: np.void) -> int:
    """When the oldest request was sent on which the venue's word is awaited, 0 when none is."""
    oldest = 0
    for sent_ns in (order["pending_new_ns"], order["pending_cancel_ns"], order["pending_replace_ns"]):
        if sent_ns > 0 and (oldest == 0 or sent_ns < oldest):
            oldest = sent_ns
    # An order of unknown outcome may have no request left in flight.
    return order["sent_ns"] if oldest == 0 and order["is_unknown"] != 0 else oldest


@kernel
def leaves_lots_of(order: np.void) -> int:
    """What may still trade."""
    if is_ended(order):
        return 0
    if order["end_wanted"] != EndReason.NONE:
        # It has ended at the venue; only what the venue counted and has not sent yet is still to come.
        return max(order["stated_lots"] - order["cumulative_lots"], 0)
    return max(order["order_lots"] - order["cumulative_lots"], 0)
