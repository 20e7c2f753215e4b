"""Owns the oracle: every control on a new order as its definition says it, in decimals, from what a table shows.

It shares no code with the core. It reads limits and plain facts (positions, open orders, balances, prices) and forms
every sum anew from the orders and positions themselves.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from ipc.enums import RefusalReason, Side

D = Decimal
R = RefusalReason
UNLIMITED = D(1 << 62)
CEILING = D(1 << 60)
SECOND = D(1_000_000_000)


@dataclass
class Working:
    """An open order; money is in the risk currency, funds in what it may take."""

    strategy: int
    account: int
    instrument: int
    side: int
    price: int
    lots: int
    worth: Decimal
    funds: Decimal


@dataclass
class Limits:
    """One scope: its limits by name, and the facts that no order tells."""

    limits: dict[str, Decimal]
    held: list[Decimal] = field(default_factory=list)  # worth of each position, signed
    traded: Decimal = Decimal()
    traded_ns: int = 0
    executions: int = 0
    messages: int = 0
    fills: int = 0
    sent_level: Decimal = Decimal()  # messages in the bucket
    sent_ns: int = 0
    equity: Decimal | None = None


@dataclass
class Market:
    """An instrument: what one tick x lot is worth in its quote asset's units, and its best prices."""

    bid: int
    ask: int
    received_ns: int
    units_per_notional: int
    units_per_lot: int
    rate: Decimal | None  # of the quote asset; None while it is not known
    rate_is_fresh: bool


@dataclass
class Question:
    """A new limit order, and everything that its answer hangs on. The rows go from the widest scope."""

    strategy: int
    account: int
    instrument: int
    side: int
    price: int
    lots: int
    now_ns: int
    age_max_ns: int
    market: Market
    book: dict[str, Decimal]
    position: int
    repeated: int
    repeated_max: int
    fee_bps: int
    funds_total: Decimal
    prevents: bool
    working: list[Working]
    scopes: list[tuple[str, int, Limits]]


def decide(q: Question) -> tuple[int, int | None]:
    """The reason why an order is refused and the limit it names, NONE when it may leave."""
    for control in (_size, _prices, _repetition, _own_orders, _position, _worth, _funds):
        reason = control(q)
        if reason is not None:
            return reason
    for kind, subject, scope in q.scopes:
        reason = _scope(q, kind, subject, scope)
        if reason is not None:
            return reason
    return R.NONE, None


def _no(reason: RefusalReason, limit: Decimal | int | None) -> tuple[int, int | None]:
    return reason, None if limit is None else int(limit)


def _size(q: Question) -> tuple[int, int | None] | None:
    if q.lots > q.book["max_order_lots"]:
        return _no(R.MAX_QUANTITY_EXCEEDED, q.book["max_order_lots"])
    if D(q.price) * q.lots > q.book["max_order_notional"]:
        return _no(R.MAX_NOTIONAL_EXCEEDED, q.book["max_order_notional"])
    return None


def _prices(q: Question) -> tuple[int, int | None] | None:
    collar, finger = q.book["price_collar_bps"], q.book["fat_finger_bps"]
    if collar == UNLIMITED and finger == UNLIMITED:
        return None
    m = q.market
    if q.now_ns - m.received_ns > q.age_max_ns or m.bid <= 0 or m.ask < m.bid:
        return _no(R.NO_REFERENCE_PRICE, q.age_max_ns)
    mid = (D(m.bid) + D(m.ask)) / 2
    if collar != UNLIMITED and abs(q.price - mid) > mid * collar / 10_000:
        return _no(R.PRICE_COLLAR_EXCEEDED, collar)
    if finger != UNLIMITED:
        if q.side == Side.BUY and q.price > D(m.ask) * (1 + finger / 10_000):
            return _no(R.FAT_FINGER, finger)
        if q.side == Side.SELL and q.price < D(m.bid) * (1 - finger / 10_000):
            return _no(R.FAT_FINGER, finger)
    return None


def _repetition(q: Question) -> tuple[int, int | None] | None:
    return _no(R.DUPLICATE_ORDER, q.repeated_max) if q.repeated >= q.repeated_max else None


def _own_orders(q: Question) -> tuple[int, int | None] | None:
    others = [
        order.price
        for order in q.working
        if order.account == q.account and order.instrument == q.instrument and order.side != q.side
    ]
    if q.prevents or not others:
        return None
    if q.side == Side.BUY and q.price >= min(others):
        return _no(R.SELF_MATCH, min(others))
    if q.side == Side.SELL and q.price <= max(others):
        return _no(R.SELF_MATCH, max(others))
    return None


def _working_lots(q: Question, side: int) -> int:
    own = [o for o in q.working if o.strategy == q.strategy and o.instrument == q.instrument and o.side == side]
    return sum(order.lots for order in own)


def is_reducing(q: Question) -> bool:
    """Whether all that works on this side and this order together cannot turn the position over."""
    against = q.position if q.side == Side.SELL else -q.position
    return _working_lots(q, q.side) + q.lots <= max(against, 0)


def _position(q: Question) -> tuple[int, int | None] | None:
    worst = _working_lots(q, q.side) + q.lots + (q.position if q.side == Side.BUY else -q.position)
    limit = q.book["max_long_lots" if q.side == Side.BUY else "max_short_lots"]
    if worst > limit and not is_reducing(q):
        return _no(R.POSITION_LIMIT_EXCEEDED, limit if q.side == Side.BUY else -limit)
    return None


def _worth(q: Question) -> tuple[int, int | None] | None:
    if not is_reducing(q) and (q.market.rate is None or not q.market.rate_is_fresh):
        return _no(R.NO_CONVERSION_RATE, None)
    return None


def worth_of(q: Question) -> Decimal:
    """What the order is worth in the risk currency, in whole units; a sale at least the mid's."""
    price = D(q.price)
    if q.side == Side.SELL and q.market.bid > 0 and q.market.ask > 0:
        price = max(price, (D(q.market.bid) + D(q.market.ask)) // 2)
    return (price * q.lots * q.market.units_per_notional * (q.market.rate or D(0))).to_integral_value("ROUND_FLOOR")


def funds_of(q: Question) -> Decimal:
    """What the order may take: money and fee, or what it sells."""
    if q.side == Side.SELL:
        return D(q.lots) * q.market.units_per_lot
    money = D(q.price) * q.lots * q.market.units_per_notional
    return money + (money * q.fee_bps / 10_000).to_integral_value("ROUND_CEILING")


def _funds(q: Question) -> tuple[int, int | None] | None:
    taken = sum((o.funds for o in q.working if o.account == q.account and _takes_same(q, o)), D(0))
    return _no(R.INSUFFICIENT_FUNDS, q.funds_total) if taken + funds_of(q) > q.funds_total else None


def _takes_same(q: Question, order: Working) -> bool:
    """Both instruments are quoted in one asset and have one base asset in the questions asked."""
    return order.side == q.side


def _lies_in(order: Working, kind: str, subject: int) -> bool:
    return kind in ("engine", "venue") or getattr(order, kind) == subject


def _scope(q: Question, kind: str, subject: int, scope: Limits) -> tuple[int, int | None] | None:
    inside = [order for order in q.working if _lies_in(order, kind, subject)]
    if len(inside) + 1 > scope.limits["max_open_orders"]:
        return _no(R.MAX_OPEN_ORDERS_EXCEEDED, scope.limits["max_open_orders"])
    if not is_reducing(q):
        reason = _exposure(q, kind, scope, inside)
        if reason is not None:
            return reason
    return _pace(q, scope, inside)


def _exposure(q: Question, kind: str, scope: Limits, inside: list[Working]) -> tuple[int, int | None] | None:
    worth = worth_of(q)
    buys = sum((o.worth for o in inside if o.side == Side.BUY), D(0)) + (worth if q.side == Side.BUY else 0)
    sells = sum((o.worth for o in inside if o.side == Side.SELL), D(0)) + (worth if q.side == Side.SELL else 0)
    gross, net = sum(map(abs, scope.held), D(0)) + buys + sells, sum(scope.held, D(0))
    for reason, value, name in (
        (R.MAX_OPEN_NOTIONAL_EXCEEDED, buys + sells, "max_open_units"),
        (R.GROSS_EXPOSURE_EXCEEDED, gross, "max_gross_units"),
        (R.NET_EXPOSURE_EXCEEDED, max(abs(net + buys), abs(net - sells)), "max_net_units"),
    ):
        limit = min(scope.limits[name], CEILING)
        if value > limit:
            return _no(reason, limit)
    percent = scope.limits["max_leverage_percent"]
    if kind == "account" and percent != UNLIMITED and scope.equity is not None:
        limit = (scope.equity * percent / 100).to_integral_value("ROUND_FLOOR")
        if gross > limit:
            return _no(R.LEVERAGE_EXCEEDED, limit)
    return None


def _pace(q: Question, scope: Limits, inside: list[Working]) -> tuple[int, int | None] | None:
    limits = scope.limits
    if scope.executions + 1 > limits["max_executions"]:
        return _no(R.MAX_EXECUTIONS_EXCEEDED, limits["max_executions"])
    if limits["max_traded_units"] != UNLIMITED:
        window_ms, passed_ms = limits["traded_window_ns"] // 1_000_000, D((q.now_ns - scope.traded_ns) // 1_000_000)
        leaked = (limits["max_traded_units"] * passed_ms / window_ms).to_integral_value("ROUND_FLOOR")
        level = max(scope.traded - leaked, D(0))
        working = sum((order.worth for order in inside), D(0))
        if level + working + worth_of(q) > limits["max_traded_units"]:
            return _no(R.TRADED_VOLUME_EXCEEDED, limits["max_traded_units"])
    ratio = limits["max_order_to_trade"]
    if ratio != UNLIMITED and scope.messages + 1 - limits["order_to_trade_grace"] > ratio * max(scope.fills, 1):
        return _no(R.ORDER_TO_TRADE_EXCEEDED, ratio)
    rate = limits["max_new_per_s"]
    if rate != UNLIMITED:
        level = max(scope.sent_level - D(q.now_ns - scope.sent_ns) / SECOND * rate, D(0))
        if level + 1 > rate:
            return _no(R.MESSAGE_THROTTLE_EXCEEDED, rate)
    return None
