"""Owns the books: what strategies and accounts hold, what it cost, what was realised, and what still works.

Money is price ticks x lots, exact. The cost of what is held leaves in proportion when it is closed; the
rounding stays in the remaining cost, so cash, cost and realised result always add up.
"""

import numpy as np

from engine.core.money import converted, cost_share, signed_worth
from engine.core.order_table import NOBODY
from engine.core.results import count_fill_of_scopes, mark, realise, value_book, value_holding
from engine.core.state import assets_of, book_of, fee_of, holding_of, instruments_of
from ipc.compiler import kernel
from ipc.enums import Side


@kernel
def book_fill(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, lots: int, price_ticks: int
) -> None:
    """Moves the strategy's position and the account's holding by one fill, and what follows from them."""
    book, holding = book_of(state, strategy_id, instrument_id), holding_of(state, account_id, instrument_id)
    _count_fill(book, side, lots, lots * price_ticks, 1)
    _count_fill(holding, side, lots, lots * price_ticks, 1)
    _move(state, strategy_id, account_id, instrument_id, side, lots, price_ticks)
    count_fill_of_scopes(state, strategy_id, account_id, instrument_id, lots * price_ticks)


@kernel
def unbook_fill(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, lots: int, price_ticks: int
) -> None:
    """Takes a fill back by the opposite entry: what it realised in the meantime stays in cash, cost and result."""
    book, holding = book_of(state, strategy_id, instrument_id), holding_of(state, account_id, instrument_id)
    _count_fill(book, side, -lots, -lots * price_ticks, -1)
    _count_fill(holding, side, -lots, -lots * price_ticks, -1)
    opposite = Side.SELL + 0 if side == Side.BUY else Side.BUY + 0
    _move(state, strategy_id, account_id, instrument_id, opposite, lots, price_ticks)


@kernel
def _move(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, lots: int, price_ticks: int
) -> None:
    book, holding = book_of(state, strategy_id, instrument_id), holding_of(state, account_id, instrument_id)
    before_notional, held_before_notional = book["realised_notional"], holding["realised_notional"]
    holder_count = _holders(book, holding)
    _move_position(book, side, lots, price_ticks)
    _move_position(holding, side, lots, price_ticks)
    if strategy_id == NOBODY:
        holding["external_lots"] += lots if side == Side.BUY else -lots
    instrument = instruments_of(state)[instrument_id]
    instrument["holder_count"] += _holders(book, holding) - holder_count
    realise(
        state,
        strategy_id,
        account_id,
        instrument_id,
        signed_worth(state, instrument, book["realised_notional"] - before_notional),
        signed_worth(state, instrument, holding["realised_notional"] - held_before_notional),
    )
    mark(instrument, price_ticks)
    value_book(state, strategy_id, instrument_id)
    value_holding(state, account_id, instrument_id)


@kernel
def _holders(book: np.void, holding: np.void) -> int:
    return (1 if book["position_lots"] != 0 else 0) + (1 if holding["position_lots"] != 0 else 0)


@kernel
def _count_fill(row: np.void, side: int, lots: int, notional: int, fills: int) -> None:
    row["traded_notional"] += notional
    row["fill_count"] += fills
    if side == Side.BUY:
        row["bought_lots"] += lots
    else:
        row["sold_lots"] += lots


@kernel
def _move_position(row: np.void, side: int, lots: int, price_ticks: int) -> None:
    signed_lots = lots if side == Side.BUY else -lots
    held = row["position_lots"]
    is_closing = (held > 0 and signed_lots < 0) or (held < 0 and signed_lots > 0)
    closing = min(lots, abs(held)) if is_closing else 0
    if closing > 0:
        cost = cost_share(abs(row["cost_notional"]), closing, abs(held))
        proceeds = closing * price_ticks
        if held > 0:
            row["cost_notional"] -= cost
            row["realised_notional"] += proceeds - cost
        else:
            row["cost_notional"] += cost
            row["realised_notional"] += cost - proceeds
    opening = lots - closing
    if opening > 0:
        row["cost_notional"] += opening * price_ticks if side == Side.BUY else -opening * price_ticks
    row["position_lots"] = held + signed_lots


@kernel
def book_fee(state: int, strategy_id: int, account_id: int, instrument_id: int, asset_id: int, units: int) -> None:
    """Counts a fee in the asset that the venue took; it makes the results of the day less."""
    if asset_id < 0 or units == 0:
        return
    fee_of(state, strategy_id, asset_id)["fee_units"] += units
    worth = converted(abs(units), assets_of(state)[asset_id]["rate"])
    paid_units = worth if units > 0 else -worth
    realise(state, strategy_id, account_id, instrument_id, -paid_units, -paid_units)
    instrument = instruments_of(state)[instrument_id]
    book = book_of(state, strategy_id, instrument_id)
    if asset_id == instrument["base_asset_id"]:
        book["base_fee_units"] += units
    elif asset_id == instrument["quote_asset_id"]:
        book["quote_fee_units"] += units
