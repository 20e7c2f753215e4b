"""Owns the part of the table of refusals that is about risk: prices, exposure, funds, pace, own orders."""

from ipc.enums import OrderType, RefusalReason, SelfTradePrevention, Side
from tests.engine.core.provocation import Act, Provocation, Row, cancel, on_order, where
from tests.engine.core.world import NS_PER_S, Step, World

R = RefusalReason
# Others go on beside them.
ACCOUNT, STRATEGY, INSTRUMENT = 2, 5, 8
# An order of 10 lots at 10,000 ticks.
WORTH = 100_000


def scope(place: int, act: Act | None = None, **fields: int) -> Provocation:
    """Limits of one scope, under which an order is too much."""
    return where("scopes", place, act or _order, **fields)


def _order(world: World) -> Step:
    return world.new_order()


def _sale(world: World) -> Step:
    return world.new_order(side=Side.SELL)


def priced(act: Act, *, bid: int = 9_990, ask: int = 10_010, **limits: int) -> Provocation:
    """A book of fresh prices under price limits."""

    def arrange(world: World) -> Act:
        world.book_top(bid, ask)
        return where("books", 2, act, **limits)(world)

    return arrange


def of_worth(**fields: int) -> Provocation:
    """An instrument quoted in another asset."""

    def arrange(world: World) -> Act:
        world.row("instruments", 0)["quote_asset_id"] = 2
        return where("assets", 2, _order, **fields)(world)

    return arrange


def beside_limit(place: int, **limits: int) -> Provocation:
    def arrange(world: World) -> Act:
        world.place()
        return scope(place, **limits)(world)

    return arrange


def stale(world: World) -> Act:
    arranged = priced(_order, price_collar_bps=100)(world)
    world.now_ns += 5 * NS_PER_S + 1
    return arranged


def beside(act: Act, **fields: int) -> Provocation:
    """An own order that rests already."""

    def arrange(world: World) -> Act:
        world.place(**fields)
        return act

    return arrange


def after_fill(act: Act, place: int, **limits: int) -> Provocation:
    """A position of ten lots under limits that were set since."""

    def arrange(world: World) -> Act:
        world.fill(world.place(), 10)
        return scope(place, act, **limits)(world)

    return arrange


def amended(place: int, **limits: int) -> Provocation:
    """More of an order under limits that were set since it was placed."""

    def arrange(world: World) -> Act:
        order_id = world.place()
        return scope(place, lambda world: world.amend(order_id, order_lots=20), **limits)(world)

    return arrange


def replaced_own(world: World) -> Act:
    """An own order that may come to a price by the amendment under way."""
    world.amend(world.place(side=Side.SELL, price_ticks=10_500), price_ticks=10_100)
    return lambda world: world.new_order(price_ticks=10_100)


def replaced_own_purchase(world: World) -> Act:
    world.amend(world.place(price_ticks=9_000), price_ticks=9_900)
    return lambda world: world.new_order(side=Side.SELL, price_ticks=9_900)


def repriced(world: World) -> Act:
    order_id = world.place()
    world.row("scopes", STRATEGY)["max_open_units"] = WORTH
    return lambda world: world.amend(order_id, price_ticks=10_001)


def stop_order(**fields: int) -> Act:
    stop = {"order_type": OrderType.STOP_LIMIT, "stop_price_ticks": 12_000}
    return lambda world: world.new_order(**stop, **fields)


ROWS = (
    # ---- prices ----
    Row("no price to compare with", R.NO_REFERENCE_PRICE, where("books", 2, _order, price_collar_bps=100)),
    Row("a price too old to compare with", R.NO_REFERENCE_PRICE, stale, limit=5 * NS_PER_S),
    Row("a crossed book", R.NO_REFERENCE_PRICE, priced(_order, bid=10_011, price_collar_bps=100)),
    Row("a book without a bid", R.NO_REFERENCE_PRICE, priced(_order, bid=0, price_collar_bps=100)),
    Row("an absurd offer", R.NO_REFERENCE_PRICE, priced(_order, ask=(1 << 46) + 1, fat_finger_bps=100)),
    Row(
        "too high a price",
        R.PRICE_COLLAR_EXCEEDED,
        priced(lambda world: world.new_order(price_ticks=10_101), price_collar_bps=100),
    ),
    Row(
        "too low a price",
        R.PRICE_COLLAR_EXCEEDED,
        priced(lambda world: world.new_order(price_ticks=9_899), price_collar_bps=100),
        limit=100,
    ),
    Row(
        "a limit too far from its stop price",
        R.PRICE_COLLAR_EXCEEDED,
        priced(stop_order(price_ticks=12_121), price_collar_bps=100),
    ),
    Row(
        "a purchase far above the offer",
        R.FAT_FINGER,
        priced(lambda world: world.new_order(price_ticks=10_111), fat_finger_bps=100),
        limit=100,
    ),
    Row(
        "a sale far below the bid",
        R.FAT_FINGER,
        priced(lambda world: world.new_order(side=Side.SELL, price_ticks=9_890), fat_finger_bps=100),
        limit=100,
    ),
    # ---- own orders ----
    Row("a purchase that meets an own sale", R.SELF_MATCH, beside(_order, side=Side.SELL), limit=10_000),
    Row("a sale that meets an own purchase", R.SELF_MATCH, beside(_sale), limit=10_000),
    Row("a purchase that meets what a sale may become", R.SELF_MATCH, replaced_own, limit=10_100),
    Row("a sale that meets what a purchase may become", R.SELF_MATCH, replaced_own_purchase, limit=9_900),
    Row(
        "a self-match that the venue is asked to allow",
        R.SELF_MATCH,
        beside(lambda world: world.new_order(self_trade_prevention=SelfTradePrevention.NONE), side=Side.SELL),
    ),
    # ---- worth and exposure ----
    Row("an asset of unknown worth", R.NO_CONVERSION_RATE, of_worth(rate=0), limit=2),
    Row(
        "an asset whose worth was known long ago",
        R.NO_CONVERSION_RATE,
        of_worth(rate_instrument_id=1),
        limit=2,
    ),
    Row("one open order too many", R.MAX_OPEN_ORDERS_EXCEEDED, scope(STRATEGY, max_open_orders=0), limit=0),
    Row(
        "one more open order beside another",
        R.MAX_OPEN_ORDERS_EXCEEDED,
        beside_limit(INSTRUMENT, max_open_orders=1),
        limit=1,
    ),
    Row("too much work", R.MAX_OPEN_NOTIONAL_EXCEEDED, scope(STRATEGY, max_open_units=WORTH - 1), limit=WORTH - 1),
    Row("too much more work", R.MAX_OPEN_NOTIONAL_EXCEEDED, amended(ACCOUNT, max_open_units=2 * WORTH - 1)),
    Row("too much in sum", R.GROSS_EXPOSURE_EXCEEDED, scope(INSTRUMENT, max_gross_units=WORTH - 1), limit=WORTH - 1),
    Row(
        "too much with what is held",
        R.GROSS_EXPOSURE_EXCEEDED,
        after_fill(_order, INSTRUMENT, max_gross_units=2 * WORTH - 1),
    ),
    Row("too much one way", R.NET_EXPOSURE_EXCEEDED, scope(INSTRUMENT, max_net_units=WORTH - 1), limit=WORTH - 1),
    Row(
        "too much the other way",
        R.NET_EXPOSURE_EXCEEDED,
        scope(STRATEGY, _sale, max_net_units=WORTH - 1),
        limit=WORTH - 1,
    ),
    Row(
        "more than the equity bears",
        R.LEVERAGE_EXCEEDED,
        scope(ACCOUNT, equity_units=49_999, max_leverage_percent=200),
        limit=99_998,
    ),
    Row("more money than there is", R.INSUFFICIENT_FUNDS, where("balances", 1, _order, free_units=WORTH - 1)),
    Row("more than there is to sell", R.INSUFFICIENT_FUNDS, where("balances", 0, _sale, free_units=9), limit=9),
    # ---- pace ----
    Row("one execution too many", R.MAX_EXECUTIONS_EXCEEDED, scope(STRATEGY, max_executions=0), limit=0),
    Row("too much volume", R.TRADED_VOLUME_EXCEEDED, scope(STRATEGY, max_traded_units=WORTH - 1), limit=WORTH - 1),
    Row(
        "too much volume if what works is filled",
        R.TRADED_VOLUME_EXCEEDED,
        beside_limit(STRATEGY, max_traded_units=2 * WORTH - 1),
        limit=2 * WORTH - 1,
    ),
    Row(
        "more of an order than may be traded",
        R.TRADED_VOLUME_EXCEEDED,
        amended(ACCOUNT, max_traded_units=2 * WORTH - 1),
        limit=2 * WORTH - 1,
    ),
    Row(
        "too many messages for the fills",
        R.ORDER_TO_TRADE_EXCEEDED,
        scope(STRATEGY, message_count=7, order_to_trade_grace=2, max_order_to_trade=5),
        limit=5,
    ),
    Row("orders too fast", R.MESSAGE_THROTTLE_EXCEEDED, scope(INSTRUMENT, max_new_per_s=0), limit=0),
    Row("amendments too fast", R.MESSAGE_THROTTLE_EXCEEDED, amended(ACCOUNT, max_amends_per_s=0), limit=0),
    Row(
        "cancels too fast",
        R.MESSAGE_THROTTLE_EXCEEDED,
        on_order(cancel, lambda world, _: world.row("scopes", STRATEGY).__setitem__("max_cancels_per_s", 0)),
        limit=0,
    ),
    Row("a new price where the limits shrank", R.MAX_OPEN_NOTIONAL_EXCEEDED, repriced, limit=WORTH),
)
