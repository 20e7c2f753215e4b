"""Owns the third part of the table of refusals: what an order may ask for out of the ordinary."""

from ipc.enums import OrderType, RefusalReason, SelfTradePrevention, Side, TimeInForce, VenueAbility
from tests.engine.core.provocation import POST_ONLY, REDUCE_ONLY, Provocation, Row, market, new_order, reducing, where
from tests.engine.core.world import ABILITY, START_NS, UTC_OFFSET_NS, World

R = RefusalReason
DAY_NS = 86_400_000_000_000
NOW_UTC_NS = START_NS + UTC_OFFSET_NS
DAY_ENDS_UTC_NS = NOW_UTC_NS - NOW_UTC_NS % DAY_NS + DAY_NS
STOP = {"order_type": OrderType.STOP, "price_ticks": 0, "stop_price_ticks": 10_100}
STOP_LIMIT = {"order_type": OrderType.STOP_LIMIT, "stop_price_ticks": 10_100}
LATER = {"release_utc_ns": NOW_UTC_NS + 1}


def without(ability: VenueAbility, **fields: int) -> Provocation:
    return where("instruments", 0, lambda world: world.new_order(**fields), ability=ABILITY & ~int(ability))


def quote(**fields: int) -> Provocation:
    return market(order_lots=0, **fields)


def reducing_at_no_price(world: World) -> object:
    world.fill(world.place(order_lots=200), 200)
    return lambda world: world.new_order(side=Side.SELL, order_lots=200, price_ticks=1, order_flags=REDUCE_ONLY)


def by_more_than_is_held(world: World) -> object:
    world.fill(world.place(), 10)
    world.place(side=Side.SELL, order_lots=4)
    return lambda world: world.new_order(side=Side.SELL, order_lots=7, order_flags=REDUCE_ONLY)


ROWS = (
    Row("an order type below the first", R.INVALID_ORDER_TYPE, new_order(order_type=-1)),
    Row("a price out of range of an order that reduces", R.PRICE_OUT_OF_RANGE, reducing_at_no_price, limit=2),
    # ---- stop orders ----
    Row("a stop order on a venue that has none", R.NOT_SUPPORTED_BY_VENUE, without(VenueAbility.STOP_ORDERS, **STOP)),
    Row("a stop price of a limit order", R.INVALID_STOP_PRICE, new_order(stop_price_ticks=10_100)),
    Row(
        "a stop order without a stop price", R.INVALID_STOP_PRICE, new_order(**{**STOP, "stop_price_ticks": 0}), limit=2
    ),
    Row("a negative stop price", R.INVALID_STOP_PRICE, new_order(**{**STOP, "stop_price_ticks": -5}), limit=2),
    Row(
        "a stop price above the venue's",
        R.INVALID_STOP_PRICE,
        new_order(**{**STOP_LIMIT, "stop_price_ticks": (1 << 30) + 1}),
        limit=1 << 30,
    ),
    Row("a stop order with a limit", R.INVALID_PRICE, new_order(**{**STOP, "price_ticks": 10_000})),
    Row("a stop order that never rests", R.INVALID_TIME_IN_FORCE, new_order(**STOP, time_in_force=TimeInForce.IOC)),
    Row("post only on a stop limit order", R.INVALID_FLAGS, new_order(**STOP_LIMIT, order_flags=POST_ONLY)),
    # ---- times ----
    Row("a market order until a date", R.INVALID_TIME_IN_FORCE, market(time_in_force=TimeInForce.DAY)),
    Row("an end that has passed", R.INVALID_EXPIRY, new_order(time_in_force=TimeInForce.GTD, expire_utc_ns=NOW_UTC_NS)),
    Row("until a date that is not named", R.INVALID_EXPIRY, new_order(time_in_force=TimeInForce.GTD)),
    Row(
        "an end in a far future",
        R.INVALID_EXPIRY,
        new_order(time_in_force=TimeInForce.GTD, expire_utc_ns=NOW_UTC_NS + 3_650 * DAY_NS + 1),
    ),
    Row("an end of an order that names none", R.INVALID_EXPIRY, new_order(expire_utc_ns=NOW_UTC_NS + DAY_NS), limit=0),
    Row("a release that has passed", R.INVALID_RELEASE_TIME, new_order(release_utc_ns=NOW_UTC_NS)),
    Row("a release in more than a day", R.INVALID_RELEASE_TIME, new_order(release_utc_ns=NOW_UTC_NS + DAY_NS + 1)),
    Row(
        "a release at the order's end",
        R.INVALID_RELEASE_TIME,
        new_order(time_in_force=TimeInForce.DAY, release_utc_ns=DAY_ENDS_UTC_NS),
        limit=DAY_ENDS_UTC_NS - 1,
    ),
    # ---- quantities ----
    Row("money for a limit order", R.INVALID_QUANTITY, new_order(order_lots=0, quote_notional=50_000)),
    Row("money and lots", R.INVALID_QUANTITY, market(quote_notional=50_000)),
    Row("negative money", R.INVALID_QUANTITY, quote(quote_notional=-1), limit=0),
    Row("money at a price not known yet", R.INVALID_QUANTITY, quote(quote_notional=50_000, **LATER)),
    Row("money for less than a lot", R.INVALID_QUANTITY, quote(quote_notional=10_000), limit=1),
    Row(
        "a display quantity on a venue that has none",
        R.NOT_SUPPORTED_BY_VENUE,
        without(VenueAbility.DISPLAY_QUANTITY, display_lots=2),
    ),
    Row("a negative display quantity", R.INVALID_DISPLAY_QUANTITY, new_order(display_lots=-1), limit=9),
    Row("a display of everything", R.INVALID_DISPLAY_QUANTITY, new_order(display_lots=10), limit=9),
    Row("a display of an order without a limit", R.INVALID_DISPLAY_QUANTITY, new_order(**STOP, display_lots=2)),
    Row("a display of a market order", R.INVALID_DISPLAY_QUANTITY, market(display_lots=2)),
    Row(
        "a display of an order that never rests",
        R.INVALID_DISPLAY_QUANTITY,
        new_order(display_lots=2, time_in_force=TimeInForce.IOC),
    ),
    Row(
        "a display of an order that only adds",
        R.INVALID_DISPLAY_QUANTITY,
        new_order(display_lots=2, order_flags=POST_ONLY),
        limit=0,
    ),
    # ---- self-trade prevention and reduce-only ----
    Row(
        "self-trade prevention on a venue that has none",
        R.NOT_SUPPORTED_BY_VENUE,
        without(VenueAbility.SELF_TRADE_PREVENTION, self_trade_prevention=SelfTradePrevention.NONE),
    ),
    Row("a prevention that is none", R.INVALID_SELF_TRADE_PREVENTION, new_order(self_trade_prevention=6), limit=5),
    Row("a negative prevention", R.INVALID_SELF_TRADE_PREVENTION, new_order(self_trade_prevention=-1), limit=5),
    Row("reducing nothing", R.REDUCE_ONLY_WOULD_INCREASE, new_order(order_flags=REDUCE_ONLY), limit=0),
    Row("reducing by more than is left", R.REDUCE_ONLY_WOULD_INCREASE, by_more_than_is_held, limit=6),
    Row(
        "reducing what another order reduces",
        R.REDUCE_ONLY_WOULD_INCREASE,
        reducing(lambda world, _: world.new_order(side=Side.SELL, order_lots=1, order_flags=REDUCE_ONLY)),
        limit=0,
    ),
)
