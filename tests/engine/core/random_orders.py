"""Owns random commands: new orders of every kind, amendments with versions, cancels and questions."""

import random

from ipc.enums import OrderFlag, OrderType, RecordKind, SelfTradePrevention, Side, TimeInForce
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_S, UTC_OFFSET_NS, World


def command(world: World, draw: random.Random, ever_placed: list[int]) -> Step:
    """One command of some strategy."""
    strategy, roll = draw.randint(1, 3), draw.random()
    orders = world.state.table("orders")
    is_own = (orders["order_id"] != 0) & (orders["strategy_id"] == strategy) & (orders["end_reason"] == 0)
    known = [int(order_id) for order_id in orders["order_id"][is_own]] or ever_placed[-1:]
    if roll < 0.5 or not known:
        return _new_order(world, draw, strategy)
    if roll < 0.55:
        lots = draw.randint(-30, 30)
        return world.target(strategy=strategy, target_lots=lots, instrument_id=draw.randint(0, 1))
    if roll < 0.66:
        return world.cancel(draw.choice(known), strategy=strategy)
    if roll < 0.69:
        return world.command(
            RecordKind.STATUS_REQUEST, strategy=strategy, order_id=draw.choice((known[0], world.order_id(strategy, 0)))
        )
    if roll < 0.97:
        return _amend(world, draw, strategy, draw.choice(known))
    scope = {name: draw.randint(-1, 1) for name in ("instrument_id", "account_id")}
    return world.cancel_all(strategy=strategy, side=draw.randint(0, 2), **scope)


def _amend(world: World, draw: random.Random, strategy: int, order_id: int) -> Step:
    return world.amend(
        order_id,
        strategy=strategy,
        price_ticks=draw.choice((0, 0, draw.randint(9_950, 10_000))),
        order_lots=draw.choice((0, 0, draw.randint(1, 20))),
        stop_price_ticks=draw.choice((0, 0, 0, draw.randint(10_000, 10_200))),
        version=draw.choice((0, 0, 0, draw.randint(1, 40))),
        conditional_on_version=draw.choice((0, 0, 0, draw.randint(1, 10))),
    )


def _new_order(world: World, draw: random.Random, strategy: int) -> Step:
    order_type = draw.choice((OrderType.LIMIT,) * 4 + (OrderType.MARKET,) * 2 + (OrderType.STOP, OrderType.STOP_LIMIT))
    has_limit = order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    time_in_force = draw.choice(
        (*(TimeInForce.GTC,) * 3, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD, TimeInForce.DAY)
    )
    utc_ns = world.now_ns + UTC_OFFSET_NS
    is_by_money = order_type == OrderType.MARKET and draw.random() < 0.3
    return world.new_order(
        strategy=strategy,
        account_id=draw.randint(0, 1),
        instrument_id=draw.randint(0, 1),
        side=draw.choice((Side.BUY, Side.SELL)),
        order_type=order_type,
        time_in_force=time_in_force,
        order_flags=int(draw.choice((0, 0, 0, OrderFlag.POST_ONLY, OrderFlag.REDUCE_ONLY))),
        price_ticks=draw.randint(9_990, 10_010) if has_limit else 0,
        order_lots=0 if is_by_money else draw.randint(1, 20),
        quote_notional=draw.randint(10_000, 200_000) if is_by_money else 0,
        stop_price_ticks=draw.randint(10_000, 10_200) if order_type in (OrderType.STOP, OrderType.STOP_LIMIT) else 0,
        expire_utc_ns=utc_ns + draw.randint(1, 20) * NS_PER_S if time_in_force == TimeInForce.GTD else 0,
        display_lots=draw.choice((0, 0, 0, 2)),
        self_trade_prevention=draw.choice((0, 0, SelfTradePrevention.EXPIRE_TAKER)),
        release_utc_ns=draw.choice((0, 0, 0, 0, utc_ns + draw.randint(1, 5) * NS_PER_S)),
        execution_timeout_ms=draw.choice((-1, -1, 200, 3_000)),
    )
