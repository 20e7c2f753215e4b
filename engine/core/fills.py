"""Owns fills: each is booked once, whenever it comes and whatever the order's state."""

import numpy as np

from engine.core.effects import report_order, report_refusal
from engine.core.index import find, put, remove
from engine.core.order_end import end_order
from engine.core.positions import book_fee, book_fill, reserve
from engine.core.state import header_of, tombstones_of, trade_index_of, trades_of
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, OrderStatus


@kernel
def group_of(instrument_id: int, side: int) -> int:
    return 2 * instrument_id + side


@kernel
def remember_trade(state: int, instrument_id: int, side: int, trade_id: int) -> bool:
    """Whether a trade is new; it is remembered until as many others as the table holds have come.

    A trade has a buyer and a seller, and both may be ours, so each side of it is a fill of its own.
    """
    index = trade_index_of(state)
    group = group_of(instrument_id, side)
    if find(index, trade_id, group) >= 0:
        return False
    header, trades = header_of(state), trades_of(state)
    place = header["trade_next"]
    header["trade_next"] = place + 1 if place + 1 < len(trades) else 0
    trade = trades[place]
    if trade["trade_id"] != 0:
        remove(index, trade["trade_id"], group_of(trade["instrument_id"], trade["side"]))
    trade["trade_id"] = trade_id
    trade["instrument_id"] = instrument_id
    trade["side"] = side
    put(index, trade_id, group, place)
    return True


@kernel
def _tell_fill(report: np.void, fill: np.void) -> None:
    report["trade_id"] = fill["trade_id"]
    report["last_lots"] = fill["last_lots"]
    report["last_price_ticks"] = fill["last_price_ticks"]
    report["liquidity"] = fill["liquidity"]
    report["fee_units"] = fill["fee_units"]
    report["fee_asset_id"] = fill["fee_asset_id"]
    report["received_ns"] = fill["published_ns"]
    report["venue_utc_ns"] = fill["venue_utc_ns"]


@kernel
def on_fill(state: int, order: np.void, fill: np.void, leg: int) -> None:
    """Books a fill of one leg of an order that has a slot, living or ended."""
    header = header_of(state)
    if not remember_trade(state, order["instrument_id"], order["side"], fill["trade_id"]):
        header["duplicate_trade_count"] += 1
        return
    lots, price_ticks = fill["last_lots"], fill["last_price_ticks"]
    if order["first_fill_ns"] == 0:
        order["first_fill_ns"] = header["now_ns"]
    order["cumulative_lots"] += lots
    order["cumulative_notional"] += lots * price_ticks
    if leg < order["leg"]:
        order["leg_base_lots"] += lots
    reserve(state, order, -min(lots, order["reserved_lots"]))
    book_fill(state, order["strategy_id"], order["instrument_id"], order["side"], lots, price_ticks)
    book_fee(state, order["strategy_id"], order["instrument_id"], fill["fee_asset_id"], fill["fee_units"])
    if order["cumulative_lots"] > order["order_lots"]:
        header["overfill_count"] += 1
    if order["end_reason"] == EndReason.NONE:
        if leg == order["leg"]:
            _imply_acceptance(order, fill["venue_order_id"], header["now_ns"])
        if order["cumulative_lots"] >= order["order_lots"]:
            end_order(state, order, EndReason.FILLED, 0)
    elif order["end_reason"] != EndReason.FILLED:
        header["late_fill_count"] += 1
    _tell_fill(report_order(state, order, ExecutionType.TRADE), fill)


@kernel
def _imply_acceptance(order: np.void, venue_order_id: int, now_ns: int) -> None:
    """A fill proves that the venue took the leg; it says nothing of a cancel or a replacement in doubt."""
    order["pending_new_ns"] = 0
    if order["accepted"] != 0:
        return
    order["accepted"] = 1
    order["accepted_ns"] = now_ns
    order["venue_order_id"] = venue_order_id
    if order["pending_cancel_ns"] == 0 and order["pending_replace_ns"] == 0:
        order["is_unknown"] = 0


@kernel
def on_fill_after_eviction(state: int, place: int, fill: np.void) -> None:
    """Books a fill of an order of which only the tombstone is left."""
    header = header_of(state)
    tombstone = tombstones_of(state)[place]
    if not remember_trade(state, tombstone["instrument_id"], tombstone["side"], fill["trade_id"]):
        header["duplicate_trade_count"] += 1
        return
    header["late_fill_count"] += 1
    lots, price_ticks = fill["last_lots"], fill["last_price_ticks"]
    tombstone["cumulative_lots"] += lots
    tombstone["cumulative_notional"] += lots * price_ticks
    book_fill(state, tombstone["strategy_id"], tombstone["instrument_id"], tombstone["side"], lots, price_ticks)
    book_fee(state, tombstone["strategy_id"], tombstone["instrument_id"], fill["fee_asset_id"], fill["fee_units"])
    report = report_refusal(state, tombstone["strategy_id"], tombstone["order_id"], 0, 0, 0, 0)
    report["execution_type"] = ExecutionType.TRADE
    report["order_status"] = OrderStatus.CANCELED
    if tombstone["cumulative_lots"] >= tombstone["order_lots"]:
        report["order_status"] = OrderStatus.FILLED
    report["instrument_id"] = tombstone["instrument_id"]
    report["account_id"] = tombstone["account_id"]
    report["side"] = tombstone["side"]
    report["client_tag"] = tombstone["client_tag"]
    report["order_lots"] = tombstone["order_lots"]
    report["cumulative_lots"] = tombstone["cumulative_lots"]
    report["cumulative_notional"] = tombstone["cumulative_notional"]
    _tell_fill(report, fill)
