"""Owns a block without limits: what a scope has whose table the configuration leaves out."""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from ipc.enums import RiskLimit
from ipc.tables import NO_LIMIT, RATE_ONE, SCOPE

_WINDOWS = (RiskLimit.TRADED_WINDOW_NS,)
SCOPE_LIMITS = tuple(
    limit.name.lower() for limit in RiskLimit if limit.name.lower() in (SCOPE.names or ()) and limit not in _WINDOWS
)


def lift_limits(scopes: NDArray[np.void]) -> None:
    """Lets rows of scopes set no limit at all; they still count, and their trading states still hold."""
    for name in SCOPE_LIMITS:
        scopes[name] = NO_LIMIT


def lift_all_limits(state: State) -> None:
    """Lets a block restrict nothing but what its books say, with one unit for a tick x lot of any instrument."""
    lift_limits(state.table("scopes"))
    books, instruments = state.table("books"), state.table("instruments")
    for name in ("price_collar_bps", "fat_finger_bps"):
        books[name] = NO_LIMIT
    state.table("assets")["rate"] = RATE_ONE
    instruments["units_per_notional"] = instruments["units_per_lot"] = 1
    instruments["money_notional_max"] = 1 << 58
    state.table("balances")["free_units"] = 1 << 60
