"""Owns fills: each is booked once, whenever it comes and whatever the order's state."""

import numpy as np

from engine.core.child_trades import note_child_trade
from engine.core.completion import conclude_leg, end_if_filled
from engine.core.doubts import missing_lots, settle_doubt, settle_if_complete
from engine.core.effects import alarm_of_order, raise_alarm, report_order
from engine.core.order_end import report_end
from engine.core.order_table import NOBODY
from engine.core.parent_timers import wake_followers
from engine.core.replacement import reserve_working
from engine.core.reservations import reserve
from engine.core.state import header_of, tombstones_of
from engine.core.tombstone_reports import report_tombstone
from engine.core.trades import take_trade, tell_trade
from ipc.compiler import kernel
from ipc.enums import AlarmCode, EndReason, ExecutionType
from ipc.order_status import is_ended


@kernel
def on_fill(state: int, order: np.void, fill: np.void, leg: int) -> None:
    """Books a fill of one leg of an order that has a slot, living or ended."""
    strategy_id, account_id, leg_id = order["strategy_id"], order["account_id"], order["order_id"] | leg
    if not take_trade(state, strategy_id, account_id, order["instrument_id"], order["side"], leg_id, fill):
        return
    lots = fill["last_lots"]
    was_missing = missing_lots(order) > 0
    if order["first_fill_ns"] == 0:
        order["first_fill_ns"] = header_of(state)["now_ns"]
    order["cumulative_lots"] += lots
    order["cumulative_notional"] += lots * fill["last_price_ticks"]
    if leg != order["leg"]:
        order["leg_base_lots"] += lots
        if order["stated_lots"] != 0 and (leg > order["leg"] or not was_missing):
            # The venue's count was of the current leg alone.
            order["stated_lots"] += lots
    if order["parent_order_id"] != 0:
        _tell_parent(state, order["parent_order_id"], order["order_id"], order["instrument_id"], fill)
    if order["is_followed"] != 0:
        wake_followers(state, order["instrument_id"], order["order_id"])
    # A replacement that follows on this fill asks for a quantity of its own.
    order_lots = order["order_lots"]
    if is_ended(order):
        _book_after_end(state, order, fill)
    else:
        _book_living(state, order, fill, leg, was_missing)
    if order["cumulative_lots"] > order_lots:
        _raise_overfill(state, order, fill, order_lots)
    if strategy_id == NOBODY:
        alarm = alarm_of_order(state, order, AlarmCode.EXTERNAL_TRADE)
        alarm["trade_id"] = fill["trade_id"]
        alarm["found"] = lots


@kernel
def _tell_parent(state: int, parent_order_id: int, order_id: int, instrument_id: int, fill: np.void) -> None:
    lots, fee_units, fee_asset_id = fill["last_lots"], fill["fee_units"], fill["fee_asset_id"]
    notional = lots * fill["last_price_ticks"]
    note_child_trade(state, parent_order_id, order_id, instrument_id, lots, notional, fee_units, fee_asset_id)


@kernel
def _book_living(state: int, order: np.void, fill: np.void, leg: int, was_missing: bool) -> None:
    if leg == order["leg"]:
        _imply_acceptance(order, fill["venue_order_id"], header_of(state)["now_ns"])
    if was_missing:
        settle_if_complete(order)
    reserve_working(state, order)
    has_ended = False
    if order["end_wanted"] != EndReason.NONE:
        if missing_lots(order) == 0:
            has_ended = conclude_leg(state, order, order["end_wanted"])
    else:
        end_if_filled(state, order)
    tell_trade(report_order(state, order, ExecutionType.TRADE), fill)
    if has_ended and order["end_reason"] != EndReason.FILLED:
        report_end(state, order)


@kernel
def _book_after_end(state: int, order: np.void, fill: np.void) -> None:
    reserve(state, order, -min(fill["last_lots"], order["reserved_lots"]))
    tell_trade(report_order(state, order, ExecutionType.TRADE), fill)
    if order["end_reason"] == EndReason.FILLED:
        return
    header_of(state)["late_fill_count"] += 1
    alarm = alarm_of_order(state, order, AlarmCode.LATE_FILL)
    alarm["trade_id"] = fill["trade_id"]
    alarm["expected"] = order["cumulative_lots"] - fill["last_lots"]
    alarm["found"] = order["cumulative_lots"]


@kernel
def _raise_overfill(state: int, order: np.void, fill: np.void, order_lots: int) -> None:
    header_of(state)["overfill_count"] += 1
    alarm = alarm_of_order(state, order, AlarmCode.OVERFILL)
    alarm["trade_id"] = fill["trade_id"]
    alarm["expected"] = order_lots
    alarm["found"] = order["cumulative_lots"]


@kernel
def _imply_acceptance(order: np.void, venue_order_id: int, now_ns: int) -> None:
    """A fill proves that the venue took the leg; it says nothing of a cancel or a replacement in doubt."""
    order["pending_new_ns"] = 0
    if order["accepted"] != 0:
        return
    order["accepted"] = 1
    order["accepted_ns"] = now_ns
    order["venue_order_id"] = venue_order_id
    if order["retry_at_ns"] != 0:
        # The venue had refused this leg: whether it lives only the venue can tell.
        order["retry_at_ns"] = 0
        order["is_unknown"] = 1
    elif (order["pending_cancel_ns"] == 0 or order["cancel_wanted"] != 0) and order["pending_replace_ns"] == 0:
        settle_doubt(order)


@kernel
def on_fill_after_eviction(state: int, place: int, fill: np.void) -> None:
    """Books a fill of an order of which only the tombstone is left."""
    tombstone = tombstones_of(state)[place]
    strategy_id, account_id, instrument_id = (
        tombstone["strategy_id"],
        tombstone["account_id"],
        tombstone["instrument_id"],
    )
    if not take_trade(state, strategy_id, account_id, instrument_id, tombstone["side"], fill["order_id"], fill):
        return
    header_of(state)["late_fill_count"] += 1
    before_lots = tombstone["cumulative_lots"]
    tombstone["cumulative_lots"] += fill["last_lots"]
    tombstone["cumulative_notional"] += fill["last_lots"] * fill["last_price_ticks"]
    if tombstone["parent_order_id"] != 0:
        _tell_parent(state, tombstone["parent_order_id"], tombstone["order_id"], instrument_id, fill)
    report = report_tombstone(state, place, ExecutionType.TRADE)
    report["reason"] = 0
    tell_trade(report, fill)
    alarm = raise_alarm(state, strategy_id, AlarmCode.LATE_FILL, tombstone["order_id"], account_id, instrument_id)
    alarm["trade_id"] = fill["trade_id"]
    alarm["expected"] = before_lots
    alarm["found"] = tombstone["cumulative_lots"]
