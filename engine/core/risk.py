"""Owns the chain of pre-trade controls: the one door through which an order, or a change of one, leaves for a venue.

A ladder of checks, each with its own reason and its numbers. Nothing is written before all have passed. A limit that
is not configured is zero, so it refuses; of the scopes that an order belongs to the most restrictive holds.
"""

from typing import NamedTuple

import numpy as np

from engine.core.exposure import exposed_units, funds_needed, worst_ticks
from engine.core.fill_first import check_depth
from engine.core.funds import check_funds
from engine.core.money import has_rate
from engine.core.order_kinds import FILL_FIRST
from engine.core.own_orders import check_self_match
from engine.core.permission import check_permission
from engine.core.position_checks import check_position
from engine.core.price_checks import check_price
from engine.core.reduce_only import check_reduces
from engine.core.repetition import check_duplicate
from engine.core.scope_checks import check_exposure, check_open_orders, check_pace
from engine.core.scopes import rows_of
from engine.core.size_checks import check_numbers, check_size
from engine.core.state import book_of, header_of, instruments_of, scopes_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import OrderFlag, OrderType, RefusalReason, RequestKind

# numba knows no IntFlag.
_REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)


class Leaving(NamedTuple):
    """What is about to leave for a venue, and what of it is reserved already."""

    strategy_id: int
    account_id: int
    instrument_id: int
    side: int
    price_ticks: int
    worst_ticks: int  # the highest price that it may have until the venue has answered
    order_lots: int  # the whole order, and what of it may still trade
    rest_lots: int
    order_flags: int
    stop_price_ticks: int  # while it waits for that, else 0
    prevention: int
    request_kind: int
    held_lots: int
    held_units: int
    held_funds: int
    is_market: bool
    is_new: bool  # it is not open yet
    is_later: bool  # it is reserved now and sent at its time
    is_continued: bool  # a further leg of what has passed before
    is_raising: bool  # it may come to more than before, or to another price
    is_child: bool  # its parent repeats itself on purpose


@kernel
def leaving_order(order: np.void, is_continued: bool) -> Leaving:
    """An order whose next leg is about to leave."""
    is_market = order["order_type"] == OrderType.MARKET or order["order_type"] == OrderType.STOP
    return Leaving(
        order["strategy_id"],
        order["account_id"],
        order["instrument_id"],
        order["side"],
        order["price_ticks"],
        worst_ticks(order),
        order["order_lots"],
        order["order_lots"] - order["cumulative_lots"],
        order["order_flags"],
        order["stop_price_ticks"] if order["triggered_ns"] == 0 else 0,
        order["self_trade_prevention"],
        RequestKind.NEW + 0,
        order["reserved_lots"],
        order["reserved_units"],
        order["reserved_funds"],
        is_market,
        False,
        False,
        is_continued,
        True,
        order["parent_order_id"] != 0,
    )


@kernel
def check_leaving(state: int, leaving: Leaving) -> Verdict:
    """The whole chain. Precondition: every id is within its table."""
    added_lots = max(leaving.rest_lots - leaving.held_lots, 0)
    account_id, instrument_id = leaving.account_id, leaving.instrument_id
    verdict = check_permission(state, leaving.strategy_id, account_id, instrument_id, leaving.side, added_lots)
    if verdict.reason != 0:
        return verdict
    verdict = _check_order(state, leaving)
    if verdict.reason != 0:
        return verdict
    return _check_totals(state, leaving)


@kernel
def _check_order(state: int, leaving: Leaving) -> Verdict:
    """What an order may be by itself."""
    instrument = instruments_of(state)[leaving.instrument_id]
    book = book_of(state, leaving.strategy_id, leaving.instrument_id)
    side, price_ticks = leaving.side, leaving.price_ticks
    if not leaving.is_continued:
        verdict = check_numbers(instrument, price_ticks, leaving.rest_lots, leaving.is_market)
        if verdict.reason != 0:
            return verdict
        verdict = check_size(book, instrument, price_ticks, leaving.order_lots)
        if verdict.reason != 0:
            return verdict
    if not leaving.is_raising:
        return passed()
    verdict = check_price(state, book, instrument, side, price_ticks, leaving.stop_price_ticks)
    if verdict.reason != 0:
        return verdict
    if leaving.is_new and not leaving.is_child:
        verdict = check_duplicate(state, book, side, price_ticks, leaving.order_lots)
        if verdict.reason != 0:
            return verdict
    if leaving.is_later or leaving.stop_price_ticks != 0:
        # It meets nobody yet.
        return passed()
    account_id, instrument_id = leaving.account_id, leaving.instrument_id
    if leaving.order_flags & FILL_FIRST != 0:
        verdict = check_depth(state, instrument_id, side, leaving.rest_lots, price_ticks)
        if verdict.reason != 0:
            return verdict
    return check_self_match(state, account_id, instrument_id, side, price_ticks, leaving.prevention)


@kernel
def _check_totals(state: int, leaving: Leaving) -> Verdict:
    """What an order comes to together with all that is held and works already."""
    instrument = instruments_of(state)[leaving.instrument_id]
    book = book_of(state, leaving.strategy_id, leaving.instrument_id)
    side = leaving.side
    added_lots = max(leaving.rest_lots - leaving.held_lots, 0)
    is_reducing = check_reduces(book, side, added_lots).reason == 0
    units = 0
    if leaving.is_raising:
        verdict = check_position(book, side, added_lots)
        if verdict.reason != 0 and not is_reducing:
            return verdict
        if not is_reducing and not has_rate(state, instrument["quote_asset_id"]):
            return refuse(RefusalReason.NO_CONVERSION_RATE, instrument["quote_asset_id"], 0, leaving.instrument_id)
        lots = max(leaving.rest_lots, leaving.held_lots)
        units = exposed_units(state, instrument, side, leaving.worst_ticks, lots)
        funds = funds_needed(state, instrument, side, leaving.worst_ticks, lots)
        verdict = check_funds(state, leaving.account_id, instrument, side, funds - leaving.held_funds)
        if verdict.reason != 0:
            return verdict
    if leaving.order_flags & _REDUCE_ONLY != 0 and not is_reducing:
        return check_reduces(book, side, added_lots)
    return _check_scopes(state, leaving, units, is_reducing)


@kernel
def _check_scopes(state: int, leaving: Leaving, units: int, is_reducing: bool) -> Verdict:
    """What each scope allows, the widest first; what only reduces a position is not held up by exposure."""
    scopes, now_ns = scopes_of(state), header_of(state)["now_ns"]
    added_orders = 1 if leaving.is_new else 0
    added_units = units - leaving.held_units
    is_exposing = leaving.is_raising and not is_reducing
    for row in rows_of(state, leaving.strategy_id, leaving.account_id, leaving.instrument_id):
        scope = scopes[row]
        verdict = check_open_orders(scope, added_orders)
        if verdict.reason != 0:
            return verdict
        if is_exposing:
            verdict = check_exposure(scope, leaving.side, added_units)
            if verdict.reason != 0:
                return verdict
        verdict = check_pace(scope, leaving.request_kind, added_orders, added_units, now_ns)
        if verdict.reason != 0:
            return verdict
    return passed()
