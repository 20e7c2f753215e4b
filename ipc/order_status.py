"""Owns the reported status: derived from an order's facts by FIX precedence, never stored."""

import numpy as np

from ipc.compiler import kernel
from ipc.enums import EndReason, OrderStatus


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
def status_of(order: np.void, last_down_ns: int) -> int:  # noqa: PLR0911  one line for each status
    """OrdStatus by the precedence of FIX 5.0 SP2, appendix D: what is pending outranks what is filled."""
    if outcome_unknown(order, last_down_ns):
        return OrderStatus.UNKNOWN
    end = order["end_reason"]
    if end in (EndReason.NONE, EndReason.FILLED):
        if order["pending_cancel_ns"] != 0:
            return OrderStatus.PENDING_CANCEL
        if order["pending_replace_ns"] != 0:
            return OrderStatus.PENDING_REPLACE
    if end == EndReason.FILLED:
        return OrderStatus.FILLED
    if end in (EndReason.CANCELED, EndReason.EXECUTION_TIMEOUT):
        return OrderStatus.CANCELED
    if end == EndReason.REJECTED:
        return OrderStatus.REJECTED
    if end != EndReason.NONE:
        return OrderStatus.EXPIRED
    if order["cumulative_lots"] >= order["order_lots"]:
        return OrderStatus.FILLED
    if order["cumulative_lots"] > 0:
        return OrderStatus.PARTIALLY_FILLED
    return OrderStatus.NEW if order["accepted"] != 0 else OrderStatus.PENDING_NEW


@kernel
def leaves_lots_of(order: np.void) -> int:
    """What may still trade."""
    if is_ended(order):
        return 0
    return max(order["order_lots"] - order["cumulative_lots"], 0)
