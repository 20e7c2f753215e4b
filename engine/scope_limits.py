"""Owns laying configured limits into the rows of scopes and books, and lifting those of a scope without a table."""

import json
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.configuration.shape import AccountLimitsConfig, LimitsConfig
from engine.core.state import State
from ipc.clock import NS_PER_MS
from ipc.enums import RiskLimit
from ipc.tables import NO_LIMIT, RATE_ONE, SCOPE

_UNITS_PER_ONE = 10**8
_WINDOWS = (RiskLimit.TRADED_WINDOW_NS,)
SCOPE_LIMITS = tuple(
    limit.name.lower() for limit in RiskLimit if limit.name.lower() in (SCOPE.names or ()) and limit not in _WINDOWS
)
_MONEY = {
    "max_open_units": "max_open_notional",
    "max_gross_units": "max_gross_exposure",
    "max_net_units": "max_net_exposure",
    "max_loss_units": "max_loss",
    "halt_loss_units": "halt_loss",
    "max_drawdown_units": "max_drawdown",
    "max_traded_units": "max_traded",
}
_COUNTS = (
    "max_open_orders",
    "max_executions",
    "max_order_to_trade",
    "order_to_trade_grace",
    "max_new_per_s",
    "max_amends_per_s",
    "max_cancels_per_s",
)
UNLIMITED_KEYS: dict[str, Any] = {**dict.fromkeys((*_MONEY.values(), *_COUNTS), "unlimited"), "traded_window_ms": 0}
UNLIMITED = LimitsConfig(**UNLIMITED_KEYS)
# The same as an inline table of a configuration file.
UNLIMITED_TEXT = "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in UNLIMITED_KEYS.items()) + " }"


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


def set_limits(scope: np.void, limits: LimitsConfig) -> None:
    """Lays a table into a row; only an account's says something of leverage."""
    for word, key in _MONEY.items():
        scope[word] = _scaled(getattr(limits, key), _UNITS_PER_ONE)
    for key in _COUNTS:
        scope[key] = count_of(getattr(limits, key))
    scope["traded_window_ns"] = limits.traded_window_ms * NS_PER_MS
    if isinstance(limits, AccountLimitsConfig):
        scope["max_leverage_percent"] = _scaled(limits.max_leverage, 100)


def count_of(value: int | str) -> int:
    """A number, or none."""
    return NO_LIMIT if isinstance(value, str) else value


def _scaled(text: str, scale: int) -> int:
    return NO_LIMIT if text == "unlimited" else int(Decimal(text) * scale)
