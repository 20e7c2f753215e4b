"""Owns trades that a venue takes back or corrects: the entry is compensated, the order counts less, a person is told.

History is never edited: what was booked stays booked, and its opposite is booked beside it. An order that was
filled by such a trade lives again where it may rest at the venue (FIX 4.4, appendix D, D33); one that had ended
otherwise stays ended while its count changes (D35).
"""

import numpy as np

from engine.core.child_trades import note_child_trade
from engine.core.command_checks import strategy_of
from engine.core.completion import end_if_filled
from engine.core.effects import raise_alarm, report_order
from engine.core.funds import move_by_fee, move_by_fill
from engine.core.order_table import NOWHERE, find_external, find_order, find_tombstone
from engine.core.parent_timers import wake_followers
from engine.core.positions import book_fee, book_fill, unbook_fill
from engine.core.replacement import reserve_working
from engine.core.results import check_results
from engine.core.revival import revive
from engine.core.state import header_of, orders_of, tombstones_of, trades_of
from engine.core.tombstone_reports import report_tombstone
from engine.core.trades import find_trade, remember_trade, tell_trade
from ipc.compiler import kernel
from ipc.enums import AlarmCode, EndReason, ExecutionType, OrderType, Side, TimeInForce, VenueEvent
from ipc.order_id import LEG_MAX
from ipc.order_status import is_ended
from ipc.records import EXTERNAL_ORDER


@kernel
def is_remembered(state: int, word: np.void) -> bool:
    """Whether the trade that a word speaks of has been booked."""
    return _place_of(state, word, _slot_of(state, word)) >= 0


@kernel
def _place_of(state: int, word: np.void, slot: int) -> int:
    side = word["side"]
    if slot != NOWHERE:
        side = orders_of(state)[slot]["side"]
    return _find(state, word, side)


@kernel
def on_trade_word(state: int, word: np.void) -> None:
    """Takes a trade back, or puts other contents in its place."""
    slot = _slot_of(state, word)
    place = _place_of(state, word, slot)
    if place < 0:
        _on_unknown_trade(state, word, slot)
        return
    trade = trades_of(state)[place]
    is_cancel = word["event"] == VenueEvent.TRADE_CANCELED
    lots = 0 if is_cancel else word["last_lots"]
    is_same_price = trade["price_ticks"] == word["last_price_ticks"]
    if trade["lots"] == lots and (is_cancel or (is_same_price and trade["fee_units"] == word["fee_units"])):
        header_of(state)["duplicate_trade_count"] += 1
        return
    _change(state, trade, find_order(state, trade["order_id"]), word, lots)


@kernel
def _slot_of(state: int, word: np.void) -> int:
    if word["order_id"] == EXTERNAL_ORDER:
        return find_external(state, word["venue_order_id"], word["instrument_id"])
    return find_order(state, word["order_id"])


@kernel
def _find(state: int, word: np.void, side: int) -> int:
    if side != 0:
        return find_trade(state, word["instrument_id"], side, word["trade_id"])
    place = find_trade(state, word["instrument_id"], Side.BUY, word["trade_id"])
    return place if place >= 0 else find_trade(state, word["instrument_id"], Side.SELL, word["trade_id"])


@kernel
def _on_unknown_trade(state: int, word: np.void, slot: int) -> None:
    """The word overtook the fill: it is remembered as taken back, so that the fill is not booked when it comes."""
    header_of(state)["unmatched_report_count"] += 1
    strategy_id = 0
    if slot != NOWHERE:
        order = orders_of(state)[slot]
        strategy_id = order["strategy_id"]
        leg_id = order["order_id"] if word["order_id"] == EXTERNAL_ORDER else word["order_id"]
        trade = remember_trade(state, order["account_id"], order["instrument_id"], order["side"], leg_id, word)
        trade["lots"] = 0
        trade["fee_units"] = 0
    alarm_of_word(state, strategy_id, word, 0, word["last_lots"])


@kernel
def alarm_of_word(state: int, strategy_id: int, word: np.void, expected: int, found: int) -> None:
    """Tells a person what a venue did to a trade."""
    is_cancel = word["event"] == VenueEvent.TRADE_CANCELED
    code = AlarmCode.TRADE_CANCELED + 0 if is_cancel else AlarmCode.TRADE_CORRECTED + 0
    alarm = raise_alarm(state, strategy_id, code, word["order_id"], word["account_id"], word["instrument_id"])
    alarm["trade_id"] = word["trade_id"]
    alarm["expected"] = expected
    alarm["found"] = found


@kernel
def _change(state: int, trade: np.void, slot: int, word: np.void, lots: int) -> None:
    """Books what a trade now is in the place of what it was."""
    before_lots, before_ticks, leg_id = trade["lots"], trade["price_ticks"], trade["order_id"]
    before_fee = trade["fee_units"] if before_lots > 0 else 0
    strategy_id = strategy_of(leg_id)
    _rebook(state, trade, strategy_id, word, lots)
    added_lots = lots - before_lots
    added_notional = lots * trade["price_ticks"] - before_lots * before_ticks
    added_fee = (trade["fee_units"] if lots > 0 else 0) - before_fee
    is_cancel = word["event"] == VenueEvent.TRADE_CANCELED
    execution_type = ExecutionType.TRADE_CANCELED + 0 if is_cancel else ExecutionType.TRADE_CORRECTED + 0
    place = find_tombstone(state, leg_id)
    if slot != NOWHERE:
        order = orders_of(state)[slot]
        _tell_parent(state, order, added_lots, added_notional, added_fee, trade["fee_asset_id"])
        _count(state, order, leg_id & LEG_MAX, added_lots, added_notional)
        if order["is_followed"] != 0:
            wake_followers(state, order["instrument_id"], order["order_id"])
        _tell(report_order(state, order, execution_type), trade, word, before_lots)
    elif place != NOWHERE:
        tombstone = tombstones_of(state)[place]
        _tell_parent(state, tombstone, added_lots, added_notional, added_fee, trade["fee_asset_id"])
        _count_forgotten(tombstone, added_lots, added_notional)
        _tell(report_tombstone(state, place, execution_type), trade, word, before_lots)
    alarm_of_word(state, strategy_id, word, before_lots, lots)


@kernel
def _tell_parent(
    state: int, child: np.void, added_lots: int, added_notional: int, added_fee: int, fee_asset_id: int
) -> None:
    parent_order_id, order_id, instrument_id = child["parent_order_id"], child["order_id"], child["instrument_id"]
    if parent_order_id != 0:
        note_child_trade(
            state, parent_order_id, order_id, instrument_id, added_lots, added_notional, added_fee, fee_asset_id
        )


@kernel
def _rebook(state: int, trade: np.void, strategy_id: int, word: np.void, lots: int) -> None:
    side, instrument_id, account_id = trade["side"], trade["instrument_id"], word["account_id"]
    if trade["lots"] > 0:
        unbook_fill(state, strategy_id, account_id, instrument_id, side, trade["lots"], trade["price_ticks"])
        book_fee(state, strategy_id, account_id, instrument_id, trade["fee_asset_id"], -trade["fee_units"])
        move_by_fill(state, account_id, instrument_id, side, -trade["lots"], trade["price_ticks"], word)
        move_by_fee(state, account_id, trade["fee_asset_id"], -trade["fee_units"], word)
    trade["lots"] = lots
    if lots == 0:
        check_results(state, strategy_id, account_id, instrument_id)
        return
    trade["price_ticks"] = word["last_price_ticks"]
    trade["fee_units"] = word["fee_units"]
    trade["fee_asset_id"] = word["fee_asset_id"]
    book_fill(state, strategy_id, account_id, instrument_id, side, lots, word["last_price_ticks"])
    book_fee(state, strategy_id, account_id, instrument_id, word["fee_asset_id"], word["fee_units"])
    move_by_fill(state, account_id, instrument_id, side, lots, word["last_price_ticks"], word)
    move_by_fee(state, account_id, word["fee_asset_id"], word["fee_units"], word)
    check_results(state, strategy_id, account_id, instrument_id)


@kernel
def _count(state: int, order: np.void, leg: int, added_lots: int, added_notional: int) -> None:
    """Changes what an order counts as filled, and with it whether it lives.

    An order that was adopted may count less than is taken back of it.
    """
    added_lots = max(added_lots, -order["cumulative_lots"])
    added_notional = max(added_notional, -order["cumulative_notional"])
    order["cumulative_lots"] += added_lots
    order["cumulative_notional"] += added_notional
    if leg != order["leg"]:
        order["leg_base_lots"] += added_lots
    if order["stated_lots"] != 0:
        order["stated_lots"] = max(order["stated_lots"] + added_lots, 0)
    if not is_ended(order):
        reserve_working(state, order)
        if order["end_wanted"] == EndReason.NONE:
            end_if_filled(state, order)
    elif order["end_reason"] == EndReason.FILLED and order["cumulative_lots"] < order["order_lots"]:
        if _may_rest(order):
            revive(state, order)
        else:
            order["end_reason"] = EndReason.CANCELED
            order["pending_cancel_ns"] = 0


@kernel
def _may_rest(order: np.void) -> bool:
    is_limit = order["order_type"] == OrderType.LIMIT or order["order_type"] == OrderType.STOP_LIMIT
    return is_limit and order["time_in_force"] != TimeInForce.IOC and order["time_in_force"] != TimeInForce.FOK


@kernel
def _count_forgotten(tombstone: np.void, added_lots: int, added_notional: int) -> None:
    tombstone["cumulative_lots"] += added_lots
    tombstone["cumulative_notional"] += added_notional
    if tombstone["end_reason"] == EndReason.FILLED and tombstone["cumulative_lots"] < tombstone["order_lots"]:
        tombstone["end_reason"] = EndReason.CANCELED


@kernel
def _tell(report: np.void, trade: np.void, word: np.void, before_lots: int) -> None:
    """Says which trade, and what it now is; one that was taken back is told as it was."""
    tell_trade(report, word)
    report["reason"] = 0
    report["last_lots"] = trade["lots"] if trade["lots"] > 0 else before_lots
    report["last_price_ticks"] = trade["price_ticks"]
    report["fee_units"] = trade["fee_units"]
    report["fee_asset_id"] = trade["fee_asset_id"]
