"""Owns making whole a block whose order, parent, tombstone and trade rows were laid in from elsewhere.

What follows from those rows is formed anew: indexes, lists, timers, and what the books count as working.
"""

import numpy as np

from engine.core.index import put
from engine.core.order_table import NOBODY, NOWHERE, external_group, link_open
from engine.core.parent_table import NO_PARENT, PARENT_GROUP, link_watcher, queue_ended_parent
from engine.core.parent_timers import wake_parent
from engine.core.reservations import reserve
from engine.core.results import add_book, add_holding
from engine.core.state import (
    balance_of,
    book_of,
    header_of,
    holding_of,
    instruments_of,
    order_index_of,
    orders_of,
    parents_of,
    tombstones_of,
    trade_index_of,
    trades_of,
)
from engine.core.timers import set_timer
from engine.core.trades import group_of
from engine.core.valuation import value_balance
from ipc.compiler import kernel
from ipc.enums import EndReason
from ipc.parent_enums import ParentState


@kernel
def rebuild(state: int, order_count: int, tombstone_count: int, trade_count: int, parent_count: int) -> None:
    """Links the first rows of each table. Precondition: no row is linked, what has ended comes first, oldest first."""
    header = header_of(state)
    _count_positions(state)
    # A child finds its parent when it is linked itself.
    for slot in range(parent_count):
        _link_parent(state, slot)
    header["free_parent"] = parent_count if parent_count < header["parents_count"] else NO_PARENT
    for slot in range(order_count):
        _link_order(state, slot)
    header["free_order"] = order_count if order_count < header["orders_count"] else NOWHERE
    _index_tombstones(state, tombstone_count)
    _index_trades(state, trade_count)


@kernel
def _count_positions(state: int) -> None:
    """Adds what positions were last worth to their scopes; whoever holds something is valued at the next price."""
    header = header_of(state)
    for instrument_id in range(header["instruments_count"]):
        for strategy_id in range(header["strategies_count"]):
            book = book_of(state, strategy_id, instrument_id)
            instruments_of(state)[instrument_id]["holder_count"] += 1 if book["position_lots"] != 0 else 0
            add_book(state, strategy_id, book)
        for account_id in range(header["accounts_count"]):
            holding = holding_of(state, account_id, instrument_id)
            instruments_of(state)[instrument_id]["holder_count"] += 1 if holding["position_lots"] != 0 else 0
            holding["first_buy"] = NOWHERE
            holding["first_sell"] = NOWHERE
            add_holding(state, account_id, instrument_id, holding)
    for account_id in range(header["accounts_count"]):
        for asset_id in range(header["assets_count"]):
            balance = balance_of(state, account_id, asset_id)
            balance["reserved_units"] = 0
            balance["value_units"] = 0
            value_balance(state, account_id, asset_id)


@kernel
def _link_order(state: int, slot: int) -> None:
    header, order = header_of(state), orders_of(state)[slot]
    put(order_index_of(state), order["order_id"], 0, slot)
    if order["strategy_id"] == NOBODY:
        put(order_index_of(state), order["venue_order_id"], external_group(order["instrument_id"]), slot)
    reserved_lots = order["reserved_lots"]
    order["reserved_lots"] = 0
    order["reserved_units"] = 0
    order["reserved_funds"] = 0
    if order["end_reason"] == EndReason.NONE:
        link_open(state, slot)
        reserve(state, order, reserved_lots)
        # When it comes up the order itself says what it waits for.
        set_timer(state, slot, header["now_ns"] + 1)
        return
    _queue_ended(state, header, order, slot)
    set_timer(state, slot, order["ended_ns"] + header["order_retention_ns"])


@kernel
def _link_parent(state: int, slot: int) -> None:
    header, parent = header_of(state), parents_of(state)[slot]
    put(order_index_of(state), parent["order_id"], PARENT_GROUP, slot)
    header["living_parent_count"] += 1
    if parent["parent_state"] == ParentState.ENDED:
        queue_ended_parent(state, slot)
        return
    link_watcher(state, slot)
    wake_parent(state, slot)


@kernel
def _queue_ended(state: int, header: np.void, order: np.void, slot: int) -> None:
    if header["newest_ended"] >= 0:
        orders_of(state)[header["newest_ended"]]["next_ended"] = slot
    else:
        header["oldest_ended"] = slot
    header["newest_ended"] = slot
    order["next_ended"] = NOWHERE


@kernel
def _index_tombstones(state: int, count: int) -> None:
    header, index, tombstones = header_of(state), order_index_of(state), tombstones_of(state)
    for place in range(count):
        put(index, tombstones[place]["order_id"], 0, header["orders_count"] + place)
    header["tombstone_next"] = count if count < len(tombstones) else 0


@kernel
def _index_trades(state: int, count: int) -> None:
    header, index, trades = header_of(state), trade_index_of(state), trades_of(state)
    for place in range(count):
        trade = trades[place]
        put(index, trade["trade_id"], group_of(trade["instrument_id"], trade["side"]), place)
    header["trade_next"] = count if count < len(trades) else 0
