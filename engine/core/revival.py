"""Owns late truth: a word of the venue on a leg that was thought over, or that was never to live.

A venue's own word on an order's end holds. An end that only silence spoke for, or our own failure to send,
does not: a later sign of life revives the order, and a cancel that was wanted then is sent.
"""

import numpy as np

from engine.core.deadlines import arm
from engine.core.doubts import hold_open, learn_stated, missing_lots
from engine.core.effects import alarm_of_order
from engine.core.order_table import find_order, relink_open
from engine.core.own_orders import note_own_price
from engine.core.replace_reports import on_replaced
from engine.core.replacement import reserve_working
from engine.core.requests import cancel_stray_leg
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import AlarmCode, EndReason, ReplaceState
from ipc.order_status import is_ended


@kernel
def _raise_revived(state: int, order: np.void, leg: int) -> None:
    alarm = alarm_of_order(state, order, AlarmCode.REVIVED_ORDER)
    alarm["order_id"] = order["order_id"] | leg
    alarm["expected"] = order["end_reason"]
    alarm["found"] = order["cumulative_lots"]


@kernel
def revive(state: int, order: np.void) -> None:
    """Lets an ended order live again: open, reserved, with the cancel still wanted that its end had answered."""
    order["end_reason"] = EndReason.NONE
    order["ended_ns"] = 0
    order["not_found_count"] = 0
    if order["cancel_reason"] != EndReason.CANCELED:
        order["cancel_wanted"] = 1
    slot = find_order(state, order["order_id"])
    relink_open(state, slot)
    reserve_working(state, order)
    arm(state, slot, order)


@kernel
def on_sign_of_life(state: int, order: np.void, report: np.void, leg: int) -> bool:
    """Hears of life on a leg that was not thought alive; returns whether it now is the order's current leg."""
    if leg == order["leg"]:
        if not is_ended(order):
            return True
        # What has traded in full has nothing left that could live.
        if order["cumulative_lots"] >= order["order_lots"]:
            return False
        # Ended by a word of the venue itself: what says otherwise is older.
        if order["not_found_count"] == 0:
            return False
        _raise_revived(state, order, leg)
        revive(state, order)
        order["accepted"] = 0
        return True
    if leg < order["leg"]:
        return False
    _raise_revived(state, order, leg)
    is_over = is_ended(order) or order["end_wanted"] != EndReason.NONE
    was_sent = leg == order["replace_leg"] and order["replace_leg_lots"] != 0
    if is_over or order["replace_state"] != ReplaceState.NONE or not was_sent:
        # Two legs must not live: the one that nobody waits for goes.
        cancel_stray_leg(state, order, leg)
        return False
    # The replacement that was dropped has come about, and its old leg is gone by it.
    note_own_price(state, order, order["replace_price_ticks"])
    order["replace_state"] = ReplaceState.SENT
    order["pending_replace_ns"] = header_of(state)["now_ns"]
    on_replaced(state, order, report, leg)
    return False


@kernel
def on_count_after_end(state: int, order: np.void, report: np.void, leg: int) -> None:
    """Opens an ended order again when the venue counts more as filled than has come."""
    if leg != order["leg"]:
        return
    learn_stated(order, report)
    if missing_lots(order) == 0:
        return
    # One that has traded is not a rejected one.
    end_reason = EndReason.CANCELED + 0 if order["end_reason"] == EndReason.REJECTED else order["end_reason"]
    revive(state, order)
    order["accepted"] = 1
    order["cancel_wanted"] = 0
    hold_open(state, order, end_reason, report)
