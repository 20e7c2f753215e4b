"""Owns which row of the scopes belongs to what: the engine, then venues, accounts, strategies and instruments."""

import numpy as np

from engine.core.state import accounts_of, header_of
from ipc.compiler import kernel
from ipc.enums import ScopeKind

ENGINE_ROW = 0
NO_ROW = -1


@kernel
def instrument_row(state: int, instrument_id: int) -> int:
    """The row of an instrument. Precondition, here and below: there is one of that number."""
    header = header_of(state)
    return header["scopes_count"] - header["instruments_count"] + instrument_id


@kernel
def strategy_row(state: int, strategy_id: int) -> int:
    """The row of a strategy; that of strategy 0 stands for orders that are not ours."""
    return instrument_row(state, 0) - header_of(state)["strategies_count"] + strategy_id


@kernel
def account_row(state: int, account_id: int) -> int:
    """The row of an account."""
    return strategy_row(state, 0) - header_of(state)["accounts_count"] + account_id


@kernel
def venue_row(state: int, account_id: int) -> int:
    """The row of the venue that an account is at."""
    return 1 + accounts_of(state)[account_id]["venue_id"]


@kernel
def row_of_scope(state: int, scope_kind: int, subject_id: int) -> int:
    """The row of what a command names, NO_ROW when there is no such thing; a BOOK has no row of its own."""
    header = header_of(state)
    venues_count = account_row(state, 0) - 1
    if scope_kind == ScopeKind.ENGINE:
        return ENGINE_ROW if subject_id == 0 else NO_ROW
    if scope_kind == ScopeKind.VENUE:
        return 1 + subject_id if 0 <= subject_id < venues_count else NO_ROW
    if scope_kind == ScopeKind.ACCOUNT:
        return account_row(state, subject_id) if 0 <= subject_id < header["accounts_count"] else NO_ROW
    if scope_kind == ScopeKind.STRATEGY:
        return strategy_row(state, subject_id) if 0 <= subject_id < header["strategies_count"] else NO_ROW
    if scope_kind == ScopeKind.INSTRUMENT:
        return instrument_row(state, subject_id) if 0 <= subject_id < header["instruments_count"] else NO_ROW
    return NO_ROW


@kernel
def rows_of(state: int, strategy_id: int, account_id: int, instrument_id: int) -> tuple[int, int, int, int, int]:
    """The rows of all that an order belongs to: engine, venue, account, strategy, instrument."""
    instrument_row_0 = instrument_row(state, 0)
    header = header_of(state)
    strategy_row_0 = instrument_row_0 - header["strategies_count"]
    return (
        0,
        venue_row(state, account_id),
        strategy_row_0 - header["accounts_count"] + account_id,
        strategy_row_0 + strategy_id,
        instrument_row_0 + instrument_id,
    )


@kernel
def rows_of_order(state: int, order: np.void) -> tuple[int, int, int, int, int]:
    """The same of an order."""
    return rows_of(state, order["strategy_id"], order["account_id"], order["instrument_id"])
