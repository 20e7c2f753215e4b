"""Owns the limits of benchmarks on a state: every control is on and has a finite limit, and none is ever met."""

from engine.core.state import State
from engine.core.throttles import PER_SECOND_MAX
from engine.scope_limits import SCOPE_LIMITS, lift_all_limits
from ipc.clock import NS_PER_S
from ipc.tables import NO_LIMIT, RATE_ONE

DAY_NS = 86_400 * NS_PER_S
_MONEY = 1 << 59
_MANY = 1 << 40
_EQUITY_UNITS = 1 << 55
_PRICE_BPS = 1_000
_COUNTS = {
    "max_order_to_trade": 1_000_000,
    "order_to_trade_grace": 1_000,
    "max_leverage_percent": 10_000,
    **dict.fromkeys(("max_new_per_s", "max_amends_per_s", "max_cancels_per_s"), PER_SECOND_MAX),
    **dict.fromkeys(("max_open_orders", "max_executions"), _MANY),
}


def limit_everything(state: State, *, now_ns: int, bid_ticks: int, ask_ticks: int) -> None:
    """Gives every scope and book all its limits, every instrument best prices, and the quote asset a rate.

    Prices and rate count as fresh for a day.
    """
    lift_all_limits(state)
    scopes, books = state.table("scopes"), state.table("books")
    for name in SCOPE_LIMITS:
        scopes[name] = _COUNTS.get(name, _MONEY)
        assert (scopes[name] < NO_LIMIT).all(), f"{name} is no limit"
    scopes["traded_window_ns"] = 60 * NS_PER_S
    scopes["equity_units"] = _EQUITY_UNITS
    for name in ("price_collar_bps", "fat_finger_bps"):
        books[name] = _PRICE_BPS
    for name in ("max_order_lots", "max_long_lots", "max_short_lots"):
        books[name] = 1 << 30
    books["max_order_notional"] = 1 << 57
    state.header["book_age_max_ns"] = DAY_NS
    state.header["fee_reserve_bps"] = 10
    instruments, quote = state.table("instruments"), state.table("assets")[1]
    instruments["bid_ticks"], instruments["ask_ticks"] = bid_ticks, ask_ticks
    instruments["book_received_ns"] = now_ns
    quote["rate"] = RATE_ONE + RATE_ONE // 10
    quote["rate_instrument_id"], quote["rate_ns"] = 0, now_ns
