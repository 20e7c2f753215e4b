"""Owns the second part of the table of refusals: cancels and amendments."""

from ipc.enums import ConnectionState, RefusalReason, TimeInForce, VenueEvent
from tests.engine.core.provocation import (
    BOTH,
    INT64_MAX,
    Row,
    able,
    amend,
    amend_as,
    amended_too_often,
    cancel,
    cancel_all_under_way,
    ended_order,
    fill,
    immediate_limit,
    last_leg,
    on_order,
    on_order_short_of_budget,
    on_stop,
    reducing,
    resting_market,
    versioned,
)

R = RefusalReason
AMEND_PRICE = amend(price_ticks=9_000)
AMEND_MORE = amend(order_lots=20)

ROWS = (
    Row("a cancel of an ended order", R.ORDER_ALREADY_ENDED, ended_order(cancel)),
    Row("an amendment of an ended order", R.ORDER_ALREADY_ENDED, ended_order(AMEND_PRICE)),
    Row("a second cancel", R.CANCEL_ALREADY_PENDING, on_order(cancel, cancel)),
    Row("an amendment after a cancel", R.CANCEL_ALREADY_PENDING, on_order(AMEND_PRICE, cancel)),
    Row("a cancel-all while one is under way", R.CANCEL_ALREADY_PENDING, cancel_all_under_way, limit=1),
    Row("an amendment to the same", R.AMEND_CHANGES_NOTHING, on_order(amend(price_ticks=10_000, order_lots=10))),
    Row("an amendment to nothing", R.AMEND_CHANGES_NOTHING, on_order(amend())),
    Row("an amendment to what is filled", R.AMEND_BELOW_FILLED, on_order(amend(order_lots=4), fill(4)), limit=5),
    Row("an amendment to less than nothing", R.AMEND_BELOW_FILLED, on_order(amend(order_lots=-1)), limit=1),
    Row("an amendment that the venue cannot do", R.AMEND_NOT_SUPPORTED, able(0, order_lots=5)),
    Row("a new price where only less quantity goes", R.AMEND_NOT_SUPPORTED, able(BOTH & 1, price_ticks=9_000)),
    Row("an amendment of an order that never rests", R.AMEND_NOT_SUPPORTED, immediate_limit, limit=TimeInForce.GTC),
    Row("an amendment of a market order", R.MARKET_ORDER_AMEND, resting_market),
    Row(
        "an amendment of an order of unknown outcome",
        R.ORDER_OUTCOME_UNKNOWN,
        on_order(AMEND_PRICE, lambda world, order_id: world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id)),
    ),
    Row("an amendment of the last leg", R.LEGS_EXHAUSTED, last_leg, limit=255),
    Row(
        "an amendment on a venue that is down",
        R.VENUE_NOT_READY,
        on_order(AMEND_PRICE, lambda world, _: world.connection(ConnectionState.DOWN)),
    ),
    Row("an amendment to a price out of range", R.PRICE_OUT_OF_RANGE, on_order(amend(price_ticks=1))),
    Row("an amendment to a negative price", R.INVALID_PRICE, on_order(amend(price_ticks=-1))),
    Row("an amendment beyond our largest order", R.MAX_QUANTITY_EXCEEDED, on_order(amend(order_lots=4_001))),
    Row("an amendment to more than a word holds", R.QUANTITY_OUT_OF_RANGE, on_order(amend(order_lots=INT64_MAX))),
    Row(
        "an amendment beyond the position limit",
        R.POSITION_LIMIT_EXCEEDED,
        on_order(AMEND_MORE, lambda world, _: world.book().__setitem__("max_long_lots", 19)),
        limit=19,
    ),
    Row("an amendment by a new leg too often", R.RATE_LIMIT_EXCEEDED, amended_too_often),
    Row(
        "an amendment by a new leg beyond the budget",
        R.VENUE_RATE_LIMIT_EXCEEDED,
        on_order_short_of_budget(AMEND_PRICE),
        limit=100,
    ),
    Row("a version that is not later", R.VERSION_CONFLICT, on_order(versioned(4, 0), amend_as(5)), limit=6),
    Row(
        "a version that waits already", R.VERSION_CONFLICT, on_order(versioned(6, 0), amend_as(5), amend_as(6)), limit=7
    ),
    Row("a negative version", R.VERSION_CONFLICT, on_order(versioned(-1, 0)), limit=1),
    Row("a version that leaves no room for the next", R.VERSION_CONFLICT, on_order(versioned((1 << 62) + 1, 0))),
    Row("a condition that cannot come about", R.VERSION_CONFLICT, on_order(versioned(0, 1)), limit=0),
    Row("a negative condition", R.VERSION_CONFLICT, on_order(versioned(0, -1)), limit=0),
    Row("a condition later than all", R.VERSION_CONFLICT, on_order(versioned(0, 6), amend_as(5)), limit=0),
    Row("a stop price for an order that has none", R.INVALID_STOP_PRICE, on_order(amend(stop_price_ticks=9_000))),
    Row("a stop price that has traded", R.INVALID_STOP_PRICE, on_stop(triggered=True, stop_price_ticks=10_500)),
    Row("a stop price above the venue's", R.INVALID_STOP_PRICE, on_stop(stop_price_ticks=(1 << 30) + 1), limit=1 << 30),
    Row("a negative stop price", R.INVALID_STOP_PRICE, on_stop(stop_price_ticks=-1), limit=2),
    Row("a limit for a stop order", R.INVALID_PRICE, on_stop(price_ticks=10_500)),
    Row(
        "more of an order that may only reduce",
        R.REDUCE_ONLY_WOULD_INCREASE,
        reducing(lambda world, order_id: world.amend(order_id, order_lots=11)),
        limit=0,
    ),
)
