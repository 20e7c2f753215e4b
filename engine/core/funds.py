"""Owns the funds of accounts: the venue's word on them, our own fills since, and whether an order finds enough."""

import numpy as np

from engine.core.balance_agreement import book_units, compare_balance
from engine.core.money import MONEY_MAX, notional_of, quote_units
from engine.core.state import accounts_of, balance_of, header_of, instruments_of
from engine.core.valuation import total_of, value_balance
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, Side

_STAMP_AHEAD_MAX_NS = 60_000_000_000


@kernel
def on_balance(state: int, balance: np.void) -> None:
    """Takes the venue's word, unless a later one came before it."""
    account_id, asset_id = balance["account_id"], balance["asset_id"]
    row = balance_of(state, account_id, asset_id)
    if balance["venue_utc_ns"] < row["venue_utc_ns"]:
        return
    row["free_units"] = balance["free_units"]
    row["locked_units"] = balance["locked_units"]
    row["venue_utc_ns"] = _credible(state, account_id, balance["venue_utc_ns"])
    row["received_ns"] = balance["published_ns"]
    if row["venue_utc_ns"] >= row["last_fill_utc_ns"]:
        row["moved_units"] = 0
    value_balance(state, account_id, asset_id)
    compare_balance(state, account_id, asset_id)


@kernel
def _credible(state: int, account_id: int, venue_utc_ns: int) -> int:
    """A stamp of a far future would shut out every later word."""
    utc_ns = header_of(state)["now_ns"] + accounts_of(state)[account_id]["utc_offset_ns"]
    return min(venue_utc_ns, utc_ns + _STAMP_AHEAD_MAX_NS)


@kernel
def move_by_fill(
    state: int, account_id: int, instrument_id: int, side: int, lots: int, price_ticks: int, fill: np.void
) -> None:
    """Moves what an account has by a fill, or by negative lots of one that is taken back."""
    instrument = instruments_of(state)[instrument_id]
    money_units = quote_units(instrument, notional_of(price_ticks, abs(lots)))
    base_units = min(abs(lots), MONEY_MAX) * instrument["units_per_lot"]
    is_gain = (side == Side.BUY) == (lots > 0)
    utc_ns = fill["venue_utc_ns"]
    _move(state, account_id, instrument["base_asset_id"], base_units if is_gain else -base_units, utc_ns)
    _move(state, account_id, instrument["quote_asset_id"], -money_units if is_gain else money_units, utc_ns)


@kernel
def move_by_fee(state: int, account_id: int, asset_id: int, units: int, fill: np.void) -> None:
    """Moves what an account has by a fee."""
    if asset_id >= 0 and units != 0:
        _move(state, account_id, asset_id, -units, fill["venue_utc_ns"])


@kernel
def _move(state: int, account_id: int, asset_id: int, units: int, venue_utc_ns: int) -> None:
    row = balance_of(state, account_id, asset_id)
    book_units(state, row, units, venue_utc_ns)
    if venue_utc_ns < row["venue_utc_ns"]:
        # The venue's word holds it already.
        return
    row["moved_units"] += units
    row["last_fill_utc_ns"] = max(row["last_fill_utc_ns"], _credible(state, account_id, venue_utc_ns))
    value_balance(state, account_id, asset_id)


@kernel
def check_funds(state: int, account_id: int, instrument: np.void, side: int, added_units: int) -> Verdict:
    """Whether the account has what an order may take beyond what it reserves already."""
    asset_id = instrument["quote_asset_id"] if side == Side.BUY else instrument["base_asset_id"]
    row = balance_of(state, account_id, asset_id)
    if added_units > 0 and row["reserved_units"] + added_units > total_of(row):
        return refuse(RefusalReason.INSUFFICIENT_FUNDS, total_of(row), row["reserved_units"], added_units)
    return passed()
