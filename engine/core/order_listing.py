"""Owns the list of our legs that may still live at a venue, for reconciliation."""

import numpy as np
from numpy.typing import NDArray

from engine.core.cancel import is_at_venue
from engine.core.order_table import NOBODY
from engine.core.state import accounts_of, header_of, orders_of, strategies_of
from ipc.compiler import kernel
from ipc.enums import ReplaceState
from ipc.memory import view
from ipc.order_status import outcome_unknown
from ipc.tables import word_row

OPEN_LEG = word_row(
    "order_id",
    "venue_order_id",
    "instrument_id",
    "cumulative_lots",
    "sent_ns",
    "is_unknown",
    "waits_since_ns",  # for the answer to its oldest request, 0 when none is missing
)


@kernel
def list_open_legs(state: int, account_id: int, rows: int, rows_max: int) -> int:
    """Writes the legs of an account that have not ended to OPEN_LEG rows; returns how many there are."""
    header, orders, legs = header_of(state), orders_of(state), view(rows, rows_max, OPEN_LEG)
    last_down_ns = accounts_of(state)[account_id]["last_down_ns"]
    count = 0
    for strategy_id in range(header["strategies_count"]):
        slot = strategies_of(state)[strategy_id]["first_open"]
        while slot >= 0:
            order = orders[slot]
            slot = order["next_open"]
            if order["account_id"] != account_id or not is_at_venue(order) or strategy_id == NOBODY:
                continue
            is_unknown = outcome_unknown(order, last_down_ns)
            if count < rows_max:
                _describe(legs, count, order, order["leg"], is_unknown)
            count += 1
            state_of_replacement = order["replace_state"]
            if state_of_replacement == ReplaceState.SENT or state_of_replacement == ReplaceState.OLD_LEG_GONE:
                if order["replace_leg"] == order["leg"]:
                    continue
                if count < rows_max:
                    _describe(legs, count, order, order["replace_leg"], is_unknown)
                count += 1
    return min(count, rows_max)


@kernel
def _waits_since_ns(order: np.void) -> int:
    new, cancel, replace = order["pending_new_ns"], order["pending_cancel_ns"], order["pending_replace_ns"]
    oldest = new
    if cancel > 0 and (oldest == 0 or cancel < oldest):
        oldest = cancel
    if replace > 0 and (oldest == 0 or replace < oldest):
        oldest = replace
    return oldest


@kernel
def _describe(legs: NDArray[np.void], place: int, order: np.void, leg: int, is_unknown: bool) -> None:
    row = legs[place]
    is_current = leg == order["leg"]
    row["order_id"] = order["order_id"] | leg
    row["venue_order_id"] = order["venue_order_id"] if is_current else 0
    row["instrument_id"] = order["instrument_id"]
    row["cumulative_lots"] = order["cumulative_lots"] - order["leg_base_lots"] if is_current else 0
    row["sent_ns"] = order["sent_ns"] if is_current else order["pending_replace_ns"]
    row["is_unknown"] = 1 if is_unknown else 0
    # Once for each order: the replacing leg is in doubt together with the current one.
    row["waits_since_ns"] = _waits_since_ns(order) if is_current else 0
