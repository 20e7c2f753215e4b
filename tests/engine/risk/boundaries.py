"""Owns where the limits of a question lie: one below, at and one above what the order comes to."""

import random
from decimal import Decimal

from ipc.enums import Side
from tests.engine.risk.desk import BOOK_LIMITS, SCOPE_LIMITS
from tests.engine.risk.oracle import Limits, Question, Working, funds_of, worth_of

D = Decimal


def tighten(draw: random.Random, q: Question, control: str) -> None:
    """Sets one limit of the question to the boundary, or beside it."""
    beside = draw.choice((-1, 0, 1))
    if control in BOOK_LIMITS:
        q.book[control] = max(_of_book(q, control) + beside, D(0))
    elif control in SCOPE_LIMITS:
        kind, subject, scope = draw.choice(q.scopes)
        if control == "max_leverage_percent":
            kind, subject, scope = q.scopes[2]
        if control == "order_to_trade_grace":
            scope.limits["max_order_to_trade"] = D(draw.randint(0, 3))
        scope.limits[control] = max(_of_scope(q, kind, subject, scope, control) + beside, D(0))
    elif control == "funds":
        taken = sum((o.funds for o in q.working if o.account == q.account and o.side == q.side), D(0))
        q.funds_total = max(taken + funds_of(q) + beside, D(0))
    elif control == "rate":
        q.market.rate, q.market.rate_is_fresh = draw.choice(((None, True), (q.market.rate, False)))
    elif control == "repetition":
        q.repeated = q.repeated_max + beside


def _of_book(q: Question, control: str) -> Decimal:
    own = [o for o in q.working if (o.strategy, o.instrument, o.side) == (q.strategy, q.instrument, q.side)]
    mid = (D(q.market.bid) + D(q.market.ask)) / 2
    touch = q.market.ask if q.side == Side.BUY else q.market.bid
    return {
        "max_order_lots": D(q.lots),
        "max_order_notional": D(q.price) * q.lots,
        "max_long_lots": D(q.position + sum(o.lots for o in own) + q.lots),
        "max_short_lots": D(-q.position + sum(o.lots for o in own) + q.lots),
        "price_collar_bps": (abs(q.price - mid) / mid * 10_000).to_integral_value() if mid else D(5),
        "fat_finger_bps": (abs(D(q.price) - touch) / touch * 10_000).to_integral_value() if touch else D(5),
    }[control]


def _of_scope(q: Question, kind: str, subject: int, scope: Limits, control: str) -> Decimal:
    inside = [o for o in q.working if kind in ("engine", "venue") or getattr(o, kind) == subject]
    worth, net = worth_of(q), sum(scope.held, D(0))
    buys, sells = _sum(inside, Side.BUY), _sum(inside, Side.SELL)
    if q.side == Side.BUY:
        buys += worth
    else:
        sells += worth
    gross = sum(map(abs, scope.held), D(0)) + buys + sells
    equity = scope.equity or D(1)
    passed_ms = D((q.now_ns - scope.traded_ns) // 1_000_000)
    counted = scope.messages + 1
    return {
        "max_open_orders": D(len(inside) + 1),
        "max_open_units": buys + sells,
        "max_gross_units": gross,
        "max_net_units": max(abs(net + buys), abs(net - sells)),
        "max_leverage_percent": min((gross / max(equity, D(1)) * 100).to_integral_value("ROUND_CEILING"), D(9_999)),
        "max_executions": D(scope.executions + 1),
        "max_traded_units": _traded_at(scope.traded, buys + sells, passed_ms / 60_000),
        "max_order_to_trade": (D(counted) / max(scope.fills, 1)).to_integral_value("ROUND_CEILING"),
        "order_to_trade_grace": counted - min(scope.limits["max_order_to_trade"], D(3)) * max(scope.fills, 1),
        "max_new_per_s": scope.sent_level + 1,
    }[control]


def _traded_at(traded: Decimal, working: Decimal, part_of_window: Decimal) -> Decimal:
    """The least limit under which so much may be traded and work: what leaks depends on the limit itself."""
    limit = max(((traded + working) / (1 + part_of_window)).to_integral_value("ROUND_CEILING"), working)
    while max(traded - (limit * part_of_window).to_integral_value("ROUND_FLOOR"), D(0)) + working > limit:
        limit += 1
    return limit


def _sum(orders: list[Working], side: int) -> Decimal:
    return sum((order.worth for order in orders if order.side == side), D(0))
