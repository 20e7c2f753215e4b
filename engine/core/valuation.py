"""Owns valuing anew when prices come: rates of assets, positions of whoever holds an instrument, and equity.

An instrument is valued at most once in an interval, and its positions only when somebody holds any: prices come far
more often than they change what is risked.
"""

import numpy as np

from engine.core.exposure import mid_ticks
from engine.core.money import converted, rate_at
from engine.core.results import check_result, mark, value_book, value_holding
from engine.core.scopes import ENGINE_ROW, account_row, instrument_row, strategy_row, venue_row
from engine.core.state import (
    assets_of,
    balance_of,
    book_of,
    header_of,
    holding_of,
    instruments_of,
    scopes_of,
)
from ipc.compiler import kernel


@kernel
def on_price(state: int, instrument_id: int) -> None:
    """Values what hangs on an instrument's price, when its turn has come."""
    header, instrument = header_of(state), instruments_of(state)[instrument_id]
    if header["now_ns"] - instrument["valued_ns"] < header["valuation_interval_ns"] or mid_ticks(instrument) == 0:
        return
    instrument["valued_ns"] = header["now_ns"]
    mark(instrument, 0)
    base = assets_of(state)[instrument["base_asset_id"]]
    if base["rate_instrument_id"] == instrument_id:
        base["rate"] = rate_at(instrument, instrument["bid_ticks"], instrument["ask_ticks"])
        base["rate_ns"] = instrument["book_received_ns"]
        for account_id in range(header["accounts_count"]):
            value_balance(state, account_id, instrument["base_asset_id"])
    if instrument["holder_count"] > 0:
        _value_holders(state, instrument_id)


@kernel
def _value_holders(state: int, instrument_id: int) -> None:
    header = header_of(state)
    for strategy_id in range(header["strategies_count"]):
        if book_of(state, strategy_id, instrument_id)["position_lots"] != 0:
            value_book(state, strategy_id, instrument_id)
            check_result(state, strategy_row(state, strategy_id))
    for account_id in range(header["accounts_count"]):
        if holding_of(state, account_id, instrument_id)["position_lots"] != 0:
            value_holding(state, account_id, instrument_id)
            check_result(state, account_row(state, account_id))
    # After all holdings: of several at one venue, one may have won what another lost.
    for account_id in range(header["accounts_count"]):
        if holding_of(state, account_id, instrument_id)["position_lots"] != 0:
            check_result(state, venue_row(state, account_id))
    check_result(state, instrument_row(state, instrument_id))
    check_result(state, ENGINE_ROW)


@kernel
def value_balance(state: int, account_id: int, asset_id: int) -> None:
    """Counts what an account has of an asset in the account's equity, by the last rate known."""
    row = balance_of(state, account_id, asset_id)
    total_units = max(total_of(row), 0)
    value_units = converted(total_units, assets_of(state)[asset_id]["rate"])
    scopes_of(state)[account_row(state, account_id)]["equity_units"] += value_units - row["value_units"]
    row["value_units"] = value_units


@kernel
def total_of(row: np.void) -> int:
    """What an account has of an asset: by the venue's last word and our fills since."""
    return row["free_units"] + row["locked_units"] + row["moved_units"]
