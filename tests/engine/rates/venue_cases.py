"""Owns the venues of the simulation: what each declares to the engine, and what it counts by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from gateways.rate_window import AgeCost, RateWindow
from ipc.enums import RequestKind
from ipc.rate_enums import RateLimitType, RateWindowKind
from tests.engine.rates.venue_limiter import (
    KRAKEN_CANCEL_COSTS,
    CalendarLimiter,
    DecayingLimiter,
    Limiter,
    RollingLimiter,
    S,
    kraken_cancel_cost,
)

NEW, CANCEL = RequestKind.NEW, RequestKind.CANCEL
Charge = Callable[[RequestKind, int], int]
"""What a request costs, by its kind and the order's age."""


@dataclass(frozen=True)
class Rule:
    """One limit as the venue applies it, for each instrument or for all together."""

    limiter: Callable[[], Limiter]
    charge: Charge
    is_per_instrument: bool = False
    is_told: bool = False


@dataclass(frozen=True)
class VenueCase:
    """A venue: its limits in both views. `per_s` is how many orders it takes in the long run."""

    name: str
    windows: tuple[RateWindow, ...]
    rules: tuple[Rule, ...]
    orders_per_s: Fraction
    shortest_ns: int
    limit: int
    cancels: float
    """The part of the orders that rest and are cancelled."""


def _only(kind: RequestKind) -> Charge:
    return lambda asked, age_ns: int(asked is kind)


def _any(asked: RequestKind, age_ns: int) -> int:
    return 1


def _kraken(asked: RequestKind, age_ns: int) -> int:
    return 1000 * (1 if asked is NEW else kraken_cancel_cost(age_ns))


BINANCE = VenueCase(
    "binance",
    (
        RateWindow(RateLimitType.ORDERS, 10 * S, 50, {NEW: 1}, counts_less=True),
        RateWindow(RateLimitType.REQUEST_WEIGHT, 60 * S, 6_000, {NEW: 1, CANCEL: 1}, 600, 4_000),
    ),
    (
        Rule(lambda: CalendarLimiter(10 * S, 50), _only(NEW), is_told=True),
        Rule(lambda: CalendarLimiter(60 * S, 2_000), _any),
    ),
    Fraction(50, 10),
    10 * S,
    50,
    0.3,
)
BYBIT = VenueCase(
    "bybit",
    (
        RateWindow(RateLimitType.ORDERS, S, 20, {NEW: 1}, kind=RateWindowKind.ROLLING),
        RateWindow(RateLimitType.RAW_REQUESTS, S, 20, {CANCEL: 1}, kind=RateWindowKind.ROLLING),
    ),
    (Rule(lambda: RollingLimiter(S, 20), _only(NEW)), Rule(lambda: RollingLimiter(S, 20), _only(CANCEL))),
    Fraction(20),
    S,
    20,
    0.2,
)
OKX = VenueCase(
    "okx",
    (
        RateWindow(RateLimitType.ORDERS, 2 * S, 60, {NEW: 1}, kind=RateWindowKind.ROLLING, is_per_instrument=True),
        RateWindow(RateLimitType.RAW_REQUESTS, 2 * S, 100, {NEW: 1}, kind=RateWindowKind.ROLLING),
    ),
    (
        Rule(lambda: RollingLimiter(2 * S, 60), _only(NEW), is_per_instrument=True),
        Rule(lambda: RollingLimiter(2 * S, 100), _only(NEW)),
    ),
    Fraction(100, 2),
    2 * S,
    100,
    0.2,
)
KRAKEN = VenueCase(
    "kraken",
    (
        RateWindow(
            RateLimitType.ORDERS,
            48 * S,
            180_000,
            {NEW: 1_000, CANCEL: 0},
            reserve=60_000,
            kind=RateWindowKind.DECAYING,
            units_per_s=3_746,
            age_costs=tuple(AgeCost(seconds * S, cost * 1_000, 0) for seconds, cost in KRAKEN_CANCEL_COSTS),
            is_per_instrument=True,
        ),
    ),
    (Rule(lambda: DecayingLimiter(180_000, Fraction(3_750)), _kraken, is_per_instrument=True),),
    Fraction(2 * 3_750, 1_000),
    48 * S,
    120,
    0.0,
)
DERIBIT = VenueCase(
    "deribit",
    (
        RateWindow(
            RateLimitType.ORDERS,
            4 * S,
            20_000,
            {NEW: 1_000, CANCEL: 1_000},
            reserve=6_000,
            kind=RateWindowKind.DECAYING,
            units_per_s=4_995,
        ),
    ),
    (Rule(lambda: DecayingLimiter(20_000, Fraction(5_000)), lambda asked, age_ns: 1_000),),
    Fraction(5),
    4 * S,
    20,
    0.1,
)
CASES = (BINANCE, BYBIT, OKX, KRAKEN, DERIBIT)
