"""Owns the terms of an order: which value holds where several tables give one."""

from dataclasses import dataclass
from typing import TypeVar

from msgspec import structs

from engine.configuration.shape import AccountConfig, Config, Overriding, Section, StrategyConfig
from ipc.clock import NS_PER_MS
from ipc.enums import OrderType, TimeInForce
from ipc.rate_enums import WhenExceeded

T = TypeVar("T", bound=Section)

ORDER_TYPES = {"market": OrderType.MARKET, "limit": OrderType.LIMIT}
WHEN_EXCEEDED = {"refuse": WhenExceeded.REFUSE, "queue": WhenExceeded.QUEUE, "shed": WhenExceeded.SHED}
TIMES_IN_FORCE = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}


@dataclass(frozen=True)
class Terms:
    """What holds for the orders of one strategy on one account; the names are those of the state's terms table."""

    default_order_type: OrderType
    default_time_in_force: TimeInForce
    is_fill_first: bool
    max_slippage_bps: int
    retry_attempts: int
    retry_delay_ns: int
    execution_timeout_ns: int
    acknowledgement_timeout_ns: int
    cancel_timeout_ns: int
    rate_limit_orders: int
    rate_limit_window_ns: int
    when_exceeded: WhenExceeded
    queue_ns: int
    queue_orders: int


def resolve_terms(config: Config, strategy: StrategyConfig, account: AccountConfig) -> Terms:
    """The terms by the most specific table that gives each: strategy, account, venue, then the whole file."""
    venue = next(venue for venue in config.venues if venue.name == account.venue)
    levels: tuple[Overriding, ...] = (venue, account, strategy)
    orders = _overlaid(config.orders, [level.orders for level in levels])
    execution = _overlaid(config.execution, [level.execution for level in levels])
    rate_limit = _overlaid(config.rate_limit, [level.rate_limit for level in levels])
    return Terms(
        default_order_type=ORDER_TYPES[orders.default_order_type],
        default_time_in_force=TIMES_IN_FORCE[orders.time_in_force],
        is_fill_first=execution.market_promise == "fill_first",
        max_slippage_bps=execution.max_slippage_bps,
        retry_attempts=execution.retry_attempts,
        retry_delay_ns=execution.retry_delay_ms * NS_PER_MS,
        execution_timeout_ns=execution.execution_timeout_ms * NS_PER_MS,
        acknowledgement_timeout_ns=execution.acknowledgement_timeout_ms * NS_PER_MS,
        cancel_timeout_ns=execution.cancel_timeout_ms * NS_PER_MS,
        rate_limit_orders=rate_limit.rate_limit_orders,
        rate_limit_window_ns=rate_limit.rate_limit_window_ms * NS_PER_MS,
        when_exceeded=WHEN_EXCEEDED[rate_limit.when_exceeded],
        queue_ns=rate_limit.queue_ms * NS_PER_MS,
        queue_orders=rate_limit.queue_orders,
    )


def _overlaid(base: T, overrides: list[Section]) -> T:
    """The base with every value that an override gives; later ones win. An override leaves None what it omits."""
    for override in overrides:
        given = {key: value for key, value in structs.asdict(override).items() if value is not None}
        base = structs.replace(base, **given)
    return base
