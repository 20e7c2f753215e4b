"""Owns the breakers' rows of a new block, as the configuration says."""

from engine.configuration.shape import BreakersConfig
from engine.core.state import State
from ipc.clock import NS_PER_MS
from ipc.control_enums import Breaker, BreakerAction


def set_breakers(state: State, config: BreakersConfig) -> None:
    """Sets every threshold and action, and how often the core looks."""
    thresholds = {
        Breaker.REJECT_RATE: (config.rejects_max, config.rejects_action),
        Breaker.UNKNOWN_ORDERS: (config.unknown_orders_max, config.unknown_orders_action),
        Breaker.UNKNOWN_ORDER_AGE: (config.unknown_age_ms * NS_PER_MS, config.unknown_age_action),
        Breaker.PRICES_STALE: (config.prices_stale_ms * NS_PER_MS, config.prices_stale_action),
        Breaker.PRICES_CROSSED: (config.prices_crossed_ms * NS_PER_MS, config.prices_crossed_action),
        Breaker.CLOCK_OFFSET: (config.clock_offset_ms * NS_PER_MS, config.clock_offset_action),
        Breaker.LOOP_STALL: (config.loop_stall_ms * NS_PER_MS, config.loop_stall_action),
        Breaker.POSITION_DIFFERS: (config.position_differs_ms * NS_PER_MS, config.position_differs_action),
    }
    rows = state.table("breakers")
    for kind, (threshold, action) in thresholds.items():
        rows[kind]["threshold"] = threshold
        rows[kind]["action"] = BreakerAction[action.upper()]
    rows[Breaker.REJECT_RATE]["window_ns"] = config.rejects_window_ms * NS_PER_MS
    state.header["watch_interval_ns"] = config.watch_interval_ms * NS_PER_MS
