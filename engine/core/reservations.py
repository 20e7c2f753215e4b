"""Owns what orders reserve: lots in their book, worth in every scope they belong to, funds of their account."""

import numpy as np

from engine.core.exposure import exposed_units, funds_needed, worst_ticks
from engine.core.scopes import rows_of_order
from engine.core.state import balance_of, book_of, instruments_of, scopes_of
from ipc.compiler import kernel
from ipc.enums import Side


@kernel
def reserve(state: int, order: np.void, lots: int) -> None:
    """Counts lots of an order as working; what they are worth is found anew for all of them."""
    book = book_of(state, order["strategy_id"], order["instrument_id"])
    order["reserved_lots"] += lots
    if order["side"] == Side.BUY:
        book["open_buy_lots"] += lots
    else:
        book["open_sell_lots"] += lots
    instrument = instruments_of(state)[order["instrument_id"]]
    _reserve_units(state, order, instrument)
    _reserve_funds(state, order, instrument)


@kernel
def release_down_to(state: int, order: np.void, lots: int) -> None:
    """Stops counting an order as working, but for `lots` of it."""
    excess = order["reserved_lots"] - lots
    if excess > 0:
        reserve(state, order, -excess)


@kernel
def _reserve_units(state: int, order: np.void, instrument: np.void) -> None:
    units = exposed_units(state, instrument, order["side"], worst_ticks(order), order["reserved_lots"])
    added_units = units - order["reserved_units"]
    if added_units == 0:
        return
    order["reserved_units"] = units
    scopes = scopes_of(state)
    for row in rows_of_order(state, order):
        if order["side"] == Side.BUY:
            scopes[row]["open_buy_units"] += added_units
        else:
            scopes[row]["open_sell_units"] += added_units


@kernel
def _reserve_funds(state: int, order: np.void, instrument: np.void) -> None:
    side = order["side"]
    asset_id = instrument["quote_asset_id"] if side == Side.BUY else instrument["base_asset_id"]
    funds = funds_needed(state, instrument, side, worst_ticks(order), order["reserved_lots"])
    balance_of(state, order["account_id"], asset_id)["reserved_units"] += funds - order["reserved_funds"]
    order["reserved_funds"] = funds
