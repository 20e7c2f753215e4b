"""Owns handing on what was learned of the markets: what each route was like, and how good the cost model was.

Where ticks or lots mean something else now, all of it is forgotten: it will be learned again.
"""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from engine.recovery.rows import as_matrix

_SCALE = ("price_decimals", "tick_units", "lot_decimals", "lot_units")
_COST_FACTS = ("expected_cost", "realised_cost", "absolute_error")
_MODEL = ("impact_ppm", "day_lots")
_ROUTE_FACTS = ("reject_count", "latency_ns", "rested_lots", "rest_filled_lots")


def carry_markets(
    old: State, new: State, accounts: NDArray[np.int64], instruments: NDArray[np.int64], shift_ns: int
) -> None:
    """Lays what was learned into the new block, by the new numbers; a configured cost model stays."""
    old_markets, new_markets = old.table("markets"), new.table("markets")
    old_routes = as_matrix(old, "routes", len(old.table("accounts")))
    new_routes = as_matrix(new, "routes", len(new.table("accounts")))
    for instrument_id in np.flatnonzero(instruments >= 0):
        place = instruments[instrument_id]
        if not _is_same_scale(old.table("instruments")[instrument_id], new.table("instruments")[place]):
            continue
        _carry_market(old_markets[instrument_id], new_markets[place])
        for account_id in np.flatnonzero(accounts >= 0):
            _carry_route(old_routes[account_id, instrument_id], new_routes[accounts[account_id], place], shift_ns)


def _is_same_scale(before: np.void, after: np.void) -> bool:
    return all(before[name] == after[name] for name in _SCALE)


def _carry_market(before: np.void, after: np.void) -> None:
    for name in _COST_FACTS:
        after[name] = before[name]
    if after["day_lots"] == 0:
        for name in _MODEL:
            after[name] = before[name]


def _carry_route(before: np.void, after: np.void, shift_ns: int) -> None:
    for name in _ROUTE_FACTS:
        after[name] = before[name]
    until_ns = int(before["penalty_until_ns"])
    after["penalty_until_ns"] = max(until_ns + shift_ns, 1) if until_ns > 0 else 0
