"""Owns the books: what strategies and accounts hold, what it cost, what was realised, and what still works.

Money is price ticks x lots, exact. The cost of what is held leaves in proportion when it is closed; the
rounding stays in the remaining cost, so cash, cost and realised result always add up.
"""

import numpy as np

from engine.core.order_table import NOBODY
from engine.core.state import book_of, fee_of, holding_of, instruments_of
from ipc.compiler import kernel
from ipc.enums import Side


@kernel
def reserve(state: int, order: np.void, lots: int) -> None:
    """Counts lots of an order as working."""
    book = book_of(state, order["strategy_id"], order["instrument_id"])
    order["reserved_lots"] += lots
    if order["side"] == Side.BUY:
        book["open_buy_lots"] += lots
    else:
        book["open_sell_lots"] += lots


@kernel
def release_down_to(state: int, order: np.void, lots: int) -> None:
    """Stops counting an order as working, but for `lots` of it."""
    excess = order["reserved_lots"] - lots
    if excess > 0:
        reserve(state, order, -excess)


@kernel
def cost_share(cost_notional: int, part_lots: int, whole_lots: int) -> int:
    """cost x part / whole without forming the product. Precondition: 0 < part <= whole < 2^31."""
    quotient, rest = cost_notional // whole_lots, cost_notional % whole_lots
    return quotient * part_lots + rest * part_lots // whole_lots


@kernel
def book_fill(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, lots: int, price_ticks: int
) -> None:
    """Moves the strategy's position and the account's holding by one fill."""
    book = book_of(state, strategy_id, instrument_id)
    _move_position(book, side, lots, price_ticks)
    _count_fill(book, side, lots, lots * price_ticks, 1)
    holding = holding_of(state, account_id, instrument_id)
    _move_holding(holding, strategy_id, lots if side == Side.BUY else -lots)
    _count_fill(holding, side, lots, lots * price_ticks, 1)


@kernel
def unbook_fill(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, lots: int, price_ticks: int
) -> None:
    """Takes a fill back by the opposite entry: what it realised in the meantime stays in cash, cost and result."""
    book = book_of(state, strategy_id, instrument_id)
    _move_position(book, Side.SELL if side == Side.BUY else Side.BUY, lots, price_ticks)
    _count_fill(book, side, -lots, -lots * price_ticks, -1)
    holding = holding_of(state, account_id, instrument_id)
    _move_holding(holding, strategy_id, -lots if side == Side.BUY else lots)
    _count_fill(holding, side, -lots, -lots * price_ticks, -1)


@kernel
def _count_fill(row: np.void, side: int, lots: int, notional: int, fills: int) -> None:
    row["traded_notional"] += notional
    row["fill_count"] += fills
    if side == Side.BUY:
        row["bought_lots"] += lots
    else:
        row["sold_lots"] += lots


@kernel
def _move_holding(holding: np.void, strategy_id: int, signed_lots: int) -> None:
    holding["position_lots"] += signed_lots
    if strategy_id == NOBODY:
        holding["external_lots"] += signed_lots


@kernel
def _move_position(book: np.void, side: int, lots: int, price_ticks: int) -> None:
    signed_lots = lots if side == Side.BUY else -lots
    held = book["position_lots"]
    is_closing = (held > 0 and signed_lots < 0) or (held < 0 and signed_lots > 0)
    closing = min(lots, abs(held)) if is_closing else 0
    if closing > 0:
        cost = cost_share(abs(book["cost_notional"]), closing, abs(held))
        proceeds = closing * price_ticks
        if held > 0:
            book["cost_notional"] -= cost
            book["realised_notional"] += proceeds - cost
        else:
            book["cost_notional"] += cost
            book["realised_notional"] += cost - proceeds
    opening = lots - closing
    if opening > 0:
        book["cost_notional"] += opening * price_ticks if side == Side.BUY else -opening * price_ticks
    book["position_lots"] = held + signed_lots


@kernel
def book_fee(state: int, strategy_id: int, instrument_id: int, asset_id: int, units: int) -> None:
    """Counts a fee in the asset that the venue took."""
    if asset_id < 0 or units == 0:
        return
    fee_of(state, strategy_id, asset_id)["fee_units"] += units
    instrument = instruments_of(state)[instrument_id]
    book = book_of(state, strategy_id, instrument_id)
    if asset_id == instrument["base_asset_id"]:
        book["base_fee_units"] += units
    elif asset_id == instrument["quote_asset_id"]:
        book["quote_fee_units"] += units
