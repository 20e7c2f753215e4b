"""Owns the trades remembered: each is booked once, and a later word on it finds what was booked."""

import numpy as np

from engine.core.effects import raise_alarm
from engine.core.funds import move_by_fee, move_by_fill
from engine.core.index import find, put, remove
from engine.core.order_table import NOWHERE, find_order
from engine.core.positions import book_fee, book_fill
from engine.core.results import check_results
from engine.core.state import header_of, holding_of, orders_of, trade_index_of, trades_of
from ipc.compiler import kernel
from ipc.enums import AlarmCode
from ipc.order_id import LEG_MAX


@kernel
def group_of(instrument_id: int, side: int) -> int:
    """The index group of one side of an instrument: a trade has a buyer and a seller, and both may be ours."""
    return 2 * instrument_id + side


@kernel
def find_trade(state: int, instrument_id: int, side: int, trade_id: int) -> int:
    """The place of a trade that is remembered, -1 when it is not."""
    return find(trade_index_of(state), trade_id, group_of(instrument_id, side))


@kernel
def remember_trade(state: int, account_id: int, instrument_id: int, side: int, order_id: int, word: np.void) -> np.void:
    """Writes down a trade in the place of the oldest; returns its row. Precondition: it is not remembered."""
    index, header, trades = trade_index_of(state), header_of(state), trades_of(state)
    place = header["trade_next"]
    header["trade_next"] = place + 1 if place + 1 < len(trades) else 0
    trade = trades[place]
    if trade["trade_id"] != 0:
        remove(index, trade["trade_id"], group_of(trade["instrument_id"], trade["side"]))
        holding = holding_of(state, trade["account_id"], trade["instrument_id"])
        holding["forgotten_trade_id"] = max(holding["forgotten_trade_id"], trade["trade_id"])
    trade["trade_id"] = word["trade_id"]
    trade["account_id"] = account_id
    trade["instrument_id"] = instrument_id
    trade["side"] = side
    trade["order_id"] = order_id
    trade["lots"] = word["last_lots"]
    trade["price_ticks"] = word["last_price_ticks"]
    trade["fee_units"] = word["fee_units"]
    trade["fee_asset_id"] = word["fee_asset_id"]
    put(index, word["trade_id"], group_of(instrument_id, side), place)
    return trade


@kernel
def take_trade(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, order_id: int, fill: np.void
) -> bool:
    """Books a trade that is new and says so; one that came before, or may have, is counted and may be an alarm."""
    place = find_trade(state, instrument_id, side, fill["trade_id"])
    if place >= 0:
        header_of(state)["duplicate_trade_count"] += 1
        _compare(state, trades_of(state)[place], strategy_id, account_id, order_id, fill)
        return False
    if fill["trade_id"] <= holding_of(state, account_id, instrument_id)["forgotten_trade_id"]:
        _pass_over(state, strategy_id, account_id, instrument_id, order_id, fill)
        return False
    remember_trade(state, account_id, instrument_id, side, order_id, fill)
    lots, price_ticks, fee_asset_id = fill["last_lots"], fill["last_price_ticks"], fill["fee_asset_id"]
    book_fill(state, strategy_id, account_id, instrument_id, side, lots, price_ticks)
    book_fee(state, strategy_id, account_id, instrument_id, fee_asset_id, fill["fee_units"])
    move_by_fill(state, account_id, instrument_id, side, lots, price_ticks, fill)
    move_by_fee(state, account_id, fee_asset_id, fill["fee_units"], fill)
    check_results(state, strategy_id, account_id, instrument_id)
    return True


@kernel
def _pass_over(state: int, strategy_id: int, account_id: int, instrument_id: int, order_id: int, fill: np.void) -> None:
    """Leaves out a trade that may have been booked before it was forgotten; a person is told once for each order.

    An order that did not count it goes on missing it, and stays in doubt with all that it reserves.
    """
    header_of(state)["forgotten_trade_count"] += 1
    slot = find_order(state, order_id)
    if slot != NOWHERE:
        order = orders_of(state)[slot]
        if order["forgotten_trade_id"] != 0:
            return
        order["forgotten_trade_id"] = fill["trade_id"]
    alarm = raise_alarm(state, strategy_id, AlarmCode.FORGOTTEN_TRADE, order_id, account_id, instrument_id)
    alarm["trade_id"] = fill["trade_id"]
    alarm["expected"] = fill["last_lots"]


@kernel
def _compare(state: int, trade: np.void, strategy_id: int, account_id: int, order_id: int, fill: np.void) -> None:
    """The first word on a trade counts; only the venue's correction changes it."""
    if trade["lots"] == 0:
        # It was taken back: a repetition of the fill does not bring it to life again.
        return
    is_same_order = trade["order_id"] & ~LEG_MAX == order_id & ~LEG_MAX
    is_same = trade["lots"] == fill["last_lots"] and trade["price_ticks"] == fill["last_price_ticks"]
    if is_same_order and is_same:
        return
    alarm = raise_alarm(state, strategy_id, AlarmCode.TRADE_DIFFERS, order_id, account_id, trade["instrument_id"])
    alarm["trade_id"] = trade["trade_id"]
    alarm["expected"] = trade["lots"]
    alarm["found"] = fill["last_lots"]


@kernel
def tell_trade(report: np.void, word: np.void) -> None:
    """Puts what a venue says of a trade into a report."""
    report["trade_id"] = word["trade_id"]
    report["last_lots"] = word["last_lots"]
    report["last_price_ticks"] = word["last_price_ticks"]
    report["liquidity"] = word["liquidity"]
    report["fee_units"] = word["fee_units"]
    report["fee_asset_id"] = word["fee_asset_id"]
    report["received_ns"] = word["published_ns"]
    report["venue_utc_ns"] = word["venue_utc_ns"]
