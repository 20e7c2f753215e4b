"""Owns reading the engine's state as status records, a page at a time, under its sequence lock.

A page is a few words that a caller keeps between calls: what is wanted, for whom, and how far it got. So
a listing of any length takes short, bounded turns; each row is consistent in itself. An order that is
open during the whole listing is listed; the list is followed from the last order seen, and begun anew
when that one has ended in the meantime.
"""

from enum import IntEnum

import numpy as np

from ipc.compiler import kernel
from ipc.enums import EndReason, RecordKind
from ipc.memory import fence_acquire, load, load_acquire, pause, store, view
from ipc.order_status import leaves_lots_of, status_of, waiting_since_ns
from ipc.records import (
    ACCOUNT_STATUS,
    ASSET_STATUS,
    BALANCE_STATUS,
    INSTRUMENT_STATUS,
    ORDER_STATUS,
    POSITION_STATUS,
    SLOT_BYTES,
)
from ipc.strategy_kernels import LOCK_ATTEMPTS
from ipc.tables import ACCOUNT, ASSET, BALANCE_ROW, BOOK, INSTRUMENT, ORDER, STATE_HEADER, STRATEGY, TERMS


class PageWord(IntEnum):
    """Index of each word of a page."""

    WHAT = 0
    STRATEGY_ID = 1
    INSTRUMENT_ID = 2
    REQUEST_SEQUENCE = 3
    NOW_NS = 4
    CURSOR = 5
    ANCHOR = 6
    RESTARTS = 7
    NEXT_CURSOR = 8
    NEXT_ANCHOR = 9
    NEXT_RESTARTS = 10


PAGE_WORDS = len(PageWord)
END = -1
BUSY = -1
# How many rows of a sparse table one turn looks at.
VISITS_MAX = 512
# Orders that end faster than they can be listed would make a listing endless.
RESTARTS_MAX = 1_000

_STRATEGY_ID = PageWord.STRATEGY_ID * 8
_INSTRUMENT_ID = PageWord.INSTRUMENT_ID * 8
_REQUEST_SEQUENCE = PageWord.REQUEST_SEQUENCE * 8
_NOW_NS = PageWord.NOW_NS * 8
_WHAT = PageWord.WHAT * 8
_CURSOR = PageWord.CURSOR * 8
_ANCHOR = PageWord.ANCHOR * 8
_RESTARTS = PageWord.RESTARTS * 8
_NEXT_CURSOR = PageWord.NEXT_CURSOR * 8
_NEXT_ANCHOR = PageWord.NEXT_ANCHOR * 8
_NEXT_RESTARTS = PageWord.NEXT_RESTARTS * 8


@kernel
def copy_page(state: int, page: int, target: int, rows_max: int) -> int:
    """Copies the next rows, one each SLOT_BYTES, and moves the page on; BUSY when the state was never at rest.

    The page's CURSOR is END once all rows were copied.
    """
    if load(page + _RESTARTS) > RESTARTS_MAX:
        return BUSY
    for _ in range(LOCK_ATTEMPTS):
        # Ordering: pairs with the engine's release of an even version after its writes.
        version = load_acquire(state)
        if version & 1 == 0:
            count = _fill(state, page, target, rows_max)
            fence_acquire()
            if load(state) == version:
                store(page + _CURSOR, load(page + _NEXT_CURSOR))
                store(page + _ANCHOR, load(page + _NEXT_ANCHOR))
                store(page + _RESTARTS, load(page + _NEXT_RESTARTS))
                return count
        pause()
    return BUSY


@kernel
def _fill(state: int, page: int, target: int, rows_max: int) -> int:
    what = load(page + _WHAT)
    if what == RecordKind.ORDER_STATUS:
        return _fill_orders(state, page, target, rows_max)
    first, rows = _range_of(state, page, what)
    index = max(load(page + _CURSOR), first)
    visited = 0
    count = 0
    while index < rows and count < rows_max and visited < VISITS_MAX:
        count += _copy_row(state, page, what, index, target + count * SLOT_BYTES)
        index += 1
        visited += 1
    store(page + _NEXT_CURSOR, index if index < rows else END)
    return count


@kernel
def _range_of(state: int, page: int, what: int) -> tuple[int, int]:
    """The first row wanted and the row after the last one."""
    header = view(state, 1, STATE_HEADER)[0]
    if what == RecordKind.ACCOUNT_STATUS:
        return 0, header["accounts_count"]
    if what == RecordKind.ASSET_STATUS:
        return 0, header["assets_count"]
    if what == RecordKind.BALANCE_STATUS:
        return 0, header["balances_count"]
    wanted = load(page + _INSTRUMENT_ID)
    instruments = header["instruments_count"]
    if wanted < 0:
        return 0, instruments
    return (wanted, wanted + 1) if wanted < instruments else (0, 0)


@kernel
def _copy_row(state: int, page: int, what: int, index: int, target: int) -> int:
    """Writes one row as a record unless there is nothing to say; returns how many it wrote."""
    header = view(state, 1, STATE_HEADER)[0]
    strategy_id = load(page + _STRATEGY_ID)
    _begin_record(page, target, what)
    if what == RecordKind.INSTRUMENT_STATUS:
        return _copy_instrument(view(state + header["instruments_offset"], index + 1, INSTRUMENT)[index], target)
    if what == RecordKind.POSITION_STATUS:
        row = strategy_id * header["instruments_count"] + index
        book = view(state + header["books_offset"], row + 1, BOOK)[row]
        return _copy_position(book, strategy_id, index, load(page + _INSTRUMENT_ID) >= 0, target)
    if what == RecordKind.ASSET_STATUS:
        return _copy_asset(view(state + header["assets_offset"], index + 1, ASSET)[index], target)
    account_id = index // header["assets_count"] if what == RecordKind.BALANCE_STATUS else index
    terms_row = strategy_id * header["accounts_count"] + account_id
    if view(state + header["terms_offset"], terms_row + 1, TERMS)[terms_row]["permitted"] == 0:
        return 0
    if what == RecordKind.BALANCE_STATUS:
        balance = view(state + header["balances_offset"], index + 1, BALANCE_ROW)[index]
        return _copy_balance(balance, account_id, index % header["assets_count"], target)
    return _copy_account(view(state + header["accounts_offset"], index + 1, ACCOUNT)[index], target)


@kernel
def _begin_record(page: int, target: int, kind: int) -> None:
    store(target, 0)
    store(target + 8, kind)
    store(target + 16, load(page + _REQUEST_SEQUENCE))
    store(target + 24, load(page + _NOW_NS))


@kernel
def _copy_instrument(row: np.void, target: int) -> int:
    status = view(target, 1, INSTRUMENT_STATUS)[0]
    status["instrument_id"] = row["instrument_id"]
    status["venue_id"] = row["venue_id"]
    status["status"] = row["status"]
    status["base_asset_id"] = row["base_asset_id"]
    status["quote_asset_id"] = row["quote_asset_id"]
    status["price_decimals"] = row["price_decimals"]
    status["tick_units"] = row["tick_units"]
    status["lot_decimals"] = row["lot_decimals"]
    status["lot_units"] = row["lot_units"]
    status["bid_ticks"] = row["bid_ticks"]
    status["bid_lots"] = row["bid_lots"]
    status["ask_ticks"] = row["ask_ticks"]
    status["ask_lots"] = row["ask_lots"]
    status["book_received_ns"] = row["book_received_ns"]
    status["name_0"] = row["name_0"]
    status["name_1"] = row["name_1"]
    status["name_2"] = row["name_2"]
    status["name_3"] = row["name_3"]
    return 1


@kernel
def _copy_position(book: np.void, strategy_id: int, instrument_id: int, is_asked_for: bool, target: int) -> int:
    is_open = book["open_buy_lots"] != 0 or book["open_sell_lots"] != 0
    if not is_asked_for and book["fill_count"] == 0 and book["position_lots"] == 0 and not is_open:
        return 0
    position = view(target, 1, POSITION_STATUS)[0]
    position["strategy_id"] = strategy_id
    position["instrument_id"] = instrument_id
    position["position_lots"] = book["position_lots"]
    position["cost_notional"] = book["cost_notional"]
    position["realised_notional"] = book["realised_notional"]
    position["base_fee_units"] = book["base_fee_units"]
    position["quote_fee_units"] = book["quote_fee_units"]
    position["open_buy_lots"] = book["open_buy_lots"]
    position["open_sell_lots"] = book["open_sell_lots"]
    return 1


@kernel
def _copy_balance(row: np.void, account_id: int, asset_id: int, target: int) -> int:
    if row["received_ns"] == 0:
        return 0
    balance = view(target, 1, BALANCE_STATUS)[0]
    balance["account_id"] = account_id
    balance["asset_id"] = asset_id
    balance["free_units"] = row["free_units"]
    balance["locked_units"] = row["locked_units"]
    balance["venue_utc_ns"] = row["venue_utc_ns"]
    return 1


@kernel
def _copy_account(row: np.void, target: int) -> int:
    account = view(target, 1, ACCOUNT_STATUS)[0]
    account["account_id"] = row["account_id"]
    account["venue_id"] = row["venue_id"]
    account["connection_state"] = row["connection_state"]
    account["name_0"] = row["name_0"]
    account["name_1"] = row["name_1"]
    return 1


@kernel
def _copy_asset(row: np.void, target: int) -> int:
    asset = view(target, 1, ASSET_STATUS)[0]
    asset["asset_id"] = row["asset_id"]
    asset["decimals"] = row["decimals"]
    asset["name_0"] = row["name_0"]
    asset["name_1"] = row["name_1"]
    return 1


@kernel
def _fill_orders(state: int, page: int, target: int, rows_max: int) -> int:
    header = view(state, 1, STATE_HEADER)[0]
    strategy_id, slots = load(page + _STRATEGY_ID), header["orders_count"]
    orders = view(state + header["orders_offset"], slots, ORDER)
    accounts = view(state + header["accounts_offset"], header["accounts_count"], ACCOUNT)
    slot = view(state + header["strategies_offset"], strategy_id + 1, STRATEGY)[strategy_id]["first_open"]
    anchor = load(page + _ANCHOR)
    if anchor != 0:
        last = load(page + _CURSOR)
        order = orders[last]
        if order["order_id"] == anchor and order["end_reason"] == EndReason.NONE:
            slot = order["next_open"]
        else:
            store(page + _NEXT_RESTARTS, load(page + _RESTARTS) + 1)
    count = 0
    # A torn read may lead anywhere: what is followed is checked, and the count is bounded.
    while 0 <= slot < slots and count < rows_max:
        order = orders[slot]
        account_id = order["account_id"]
        if order["strategy_id"] != strategy_id or not 0 <= account_id < len(accounts):
            break
        _copy_order(page, order, accounts[account_id]["last_down_ns"], target + count * SLOT_BYTES)
        store(page + _NEXT_CURSOR, slot)
        store(page + _NEXT_ANCHOR, order["order_id"])
        slot = order["next_open"]
        count += 1
    if not 0 <= slot < slots:
        store(page + _NEXT_CURSOR, END)
        store(page + _NEXT_ANCHOR, 0)
    return count


@kernel
def _copy_order(page: int, order: np.void, last_down_ns: int, target: int) -> None:
    _begin_record(page, target, RecordKind.ORDER_STATUS)
    status = view(target, 1, ORDER_STATUS)[0]
    status["order_id"] = order["order_id"]
    status["leg"] = order["leg"]
    status["order_status"] = status_of(order, last_down_ns)
    status["instrument_id"] = order["instrument_id"]
    status["account_id"] = order["account_id"]
    status["side"] = order["side"]
    status["order_type"] = order["order_type"]
    status["time_in_force"] = order["time_in_force"]
    status["order_flags"] = order["order_flags"]
    status["client_tag"] = order["client_tag"]
    status["venue_order_id"] = order["venue_order_id"]
    status["price_ticks"] = order["price_ticks"]
    status["stop_price_ticks"] = order["stop_price_ticks"]
    status["order_lots"] = order["order_lots"]
    status["display_lots"] = order["display_lots"]
    status["cumulative_lots"] = order["cumulative_lots"]
    status["leaves_lots"] = leaves_lots_of(order)
    status["cumulative_notional"] = order["cumulative_notional"]
    status["version"] = order["version"]
    status["end_wanted"] = order["end_wanted"]
    status["sent_ns"] = order["sent_ns"]
    status["waiting_since_ns"] = waiting_since_ns(order)
    status["expire_utc_ns"] = order["expire_utc_ns"]
