"""Owns the neighbours of what is refused: right at each limit a command passes, and what it then asks for."""

from collections.abc import Callable

from ipc.enums import OrderType, RequestKind, Side, TimeInForce
from tests.engine.core.provocation import Provocation, amend, budget, fill, market, new_order, on_order, where
from tests.engine.core.world import UTC_OFFSET_NS, Step, World

_DAY_MS = 86_400_000
_STRATEGY = 5


def _order(world: World) -> Step:
    return world.new_order()


def _sale(world: World) -> Step:
    return world.new_order(side=Side.SELL)


def _largest(world: World) -> Step:
    return world.new_order(order_lots=5_000)


def _cancel(world: World) -> Step:
    return world.cancel(world.place())


def _next_order(world: World, _: int) -> Step:
    return world.new_order()


def shrink(**limits: int) -> Callable[[World, int], object]:
    """Lowers limits of the strategy's scope, under which an order works already."""

    def lower(world: World, _: int) -> None:
        for name, value in limits.items():
            world.row("scopes", _STRATEGY)[name] = value

    return lower


def _expiring_now(world: World) -> Step:
    return world.new_order(expires_utc_ns=world.now_ns + UTC_OFFSET_NS)


PASSING: tuple[tuple[str, Provocation, RequestKind], ...] = (
    ("a price at the lower bound", new_order(price_ticks=2, order_lots=50), RequestKind.NEW),
    ("a price at the upper bound", new_order(price_ticks=1 << 30, order_lots=1), RequestKind.NEW),
    ("a quantity at the lower bound", where("instruments", 0, _order, min_order_lots=10), RequestKind.NEW),
    ("the venue's largest quantity", where("books", 2, _largest, max_order_lots=9_000), RequestKind.NEW),
    ("the venue's largest market quantity", market(order_lots=2_000), RequestKind.NEW),
    ("money at the lower bound", new_order(price_ticks=10, order_lots=10), RequestKind.NEW),
    ("our largest order", new_order(order_lots=4_000), RequestKind.NEW),
    ("our largest order by money", where("books", 2, _order, max_order_notional=100_000), RequestKind.NEW),
    ("the longest position", where("books", 2, _order, max_long_lots=10), RequestKind.NEW),
    ("the shortest position", where("books", 2, _sale, max_short_lots=10), RequestKind.NEW),
    ("the last order of a budget", budget(_order, counted=79, reserve=20), RequestKind.NEW),
    ("a cancel out of the reserve", budget(_cancel, counted=79, reserve=20), RequestKind.CANCEL),
    ("a command at its very end", lambda world: _expiring_now, RequestKind.NEW),
    (
        "the largest overrides",
        new_order(max_slippage_bps=9_999, retry_attempts=100, execution_timeout_ms=_DAY_MS, retry_delay_ms=_DAY_MS),
        RequestKind.NEW,
    ),
    (
        "the smallest overrides",
        new_order(max_slippage_bps=0, retry_attempts=0, execution_timeout_ms=0, retry_delay_ms=0),
        RequestKind.NEW,
    ),
    (
        "defaults for type and time in force",
        new_order(order_type=OrderType.DEFAULT, time_in_force=TimeInForce.DEFAULT),
        RequestKind.NEW,
    ),
    (
        "as much as may be traded beside what was and what works",
        on_order(_next_order, fill(4), shrink(max_traded_units=200_000)),
        RequestKind.NEW,
    ),
    (
        "less of an order than may not be traded any more",
        on_order(amend(order_lots=5), shrink(max_traded_units=1)),
        RequestKind.AMEND,
    ),
    ("an amendment to the next lot above what is filled", on_order(amend(order_lots=5), fill(4)), RequestKind.AMEND),
)
