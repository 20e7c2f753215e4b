"""Owns the trading rules of Binance Spot that an order must pass before it reaches the engine.

https://github.com/binance/binance-spot-api-docs/blob/master/filters.md
"""

from typing import Any

from gateways.simulator.binance_spot.errors import filter_failure
from gateways.simulator.config import InstrumentConfig
from gateways.simulator.decimals import format_units, parse_units
from gateways.simulator.instruments import PRICE_DECIMALS, QUANTITY_DECIMALS, Instrument
from gateways.simulator.order_book import OrderBook
from gateways.simulator.orders import Order, OrderKind, Side

MULTIPLIER_DECIMALS = 8
MULTIPLIER_ONE = 10**MULTIPLIER_DECIMALS
AVERAGE_MINUTES = 5


def check_filters(order: Order, book: OrderBook, utc_ns: int) -> None:
    """Raises the first filter failure."""
    instrument = order.instrument
    _check_prices(order, instrument)
    if order.order_lots:
        if order.order_lots > instrument.max_lots:
            raise filter_failure("LOT_SIZE")
        if order.kind is OrderKind.MARKET and order.order_lots > instrument.market_max_lots:
            raise filter_failure("MARKET_LOT_SIZE")
    if order.display_lots and -(-order.order_lots // order.display_lots) > instrument.config.max_iceberg_parts:
        raise filter_failure("ICEBERG_PARTS")
    average_ticks = book.average_ticks(utc_ns)
    _check_notional(order, instrument, average_ticks)
    if order.price_ticks:
        _check_percent_price(order, instrument.config, average_ticks)
    _check_counts(order, instrument)


def _check_prices(order: Order, instrument: Instrument) -> None:
    if order.price_ticks > instrument.max_price_ticks or order.stop_ticks > instrument.max_price_ticks:
        raise filter_failure("PRICE_FILTER")


def _check_notional(order: Order, instrument: Instrument, average_ticks: int) -> None:
    """The minimum holds for every order, the maximum only for those with a price."""
    price_ticks = order.price_ticks or average_ticks
    units = order.quote_order_units or instrument.notional_units(price_ticks, order.order_lots)
    if units < instrument.min_notional_units:
        raise filter_failure("NOTIONAL")
    if order.price_ticks and units > instrument.max_notional_units:
        raise filter_failure("NOTIONAL")


def _check_percent_price(order: Order, config: InstrumentConfig, average_ticks: int) -> None:
    if order.side is Side.BUY:
        up, down = config.bid_multiplier_up, config.bid_multiplier_down
    else:
        up, down = config.ask_multiplier_up, config.ask_multiplier_down
    scaled = order.price_ticks * MULTIPLIER_ONE
    if not (
        average_ticks * parse_units(down, MULTIPLIER_DECIMALS)
        <= scaled
        <= average_ticks * parse_units(up, MULTIPLIER_DECIMALS)
    ):
        raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _check_counts(order: Order, instrument: Instrument) -> None:
    config = instrument.config
    open_orders = order.account.open_orders[instrument.symbol]
    if len(open_orders) >= config.max_open_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    if order.stop_ticks:
        waiting = sum(1 for other in open_orders.values() if other.stop_ticks)
        if waiting >= config.max_trigger_orders:
            raise filter_failure("MAX_NUM_ALGO_ORDERS")
    if instrument.max_position_units and order.side is Side.BUY:
        account = order.account
        buying_lots = order.order_lots + sum(
            other.leaves_lots for other in open_orders.values() if other.side is Side.BUY
        )
        held_units = account.free[instrument.base] + account.locked[instrument.base]
        if held_units + buying_lots * instrument.lot_units > instrument.max_position_units:
            raise filter_failure("MAX_POSITION")


def describe_filters(instrument: Instrument) -> list[dict[str, Any]]:
    """The `filters` of the instrument in `exchangeInfo`."""
    config = instrument.config
    tick, lot = format_units(instrument.tick_size, PRICE_DECIMALS), instrument.quantity_text(1)
    filters: list[dict[str, Any]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": instrument.price_text(instrument.max_price_ticks),
            "tickSize": tick,
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": lot,
            "maxQty": instrument.quantity_text(instrument.max_lots),
            "stepSize": lot,
        },
        {"filterType": "ICEBERG_PARTS", "limit": config.max_iceberg_parts},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": format_units(0, QUANTITY_DECIMALS),
            "maxQty": instrument.quantity_text(instrument.market_max_lots),
            "stepSize": format_units(0, QUANTITY_DECIMALS),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": config.bid_multiplier_up,
            "bidMultiplierDown": config.bid_multiplier_down,
            "askMultiplierUp": config.ask_multiplier_up,
            "askMultiplierDown": config.ask_multiplier_down,
            "avgPriceMins": AVERAGE_MINUTES,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": instrument.quote_text(instrument.min_notional_units),
            "applyMinToMarket": True,
            "maxNotional": instrument.quote_text(instrument.max_notional_units),
            "applyMaxToMarket": False,
            "avgPriceMins": AVERAGE_MINUTES,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": config.max_open_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": config.max_trigger_orders},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": config.max_amendments},
    ]
    if instrument.max_position_units:
        position = format_units(instrument.max_position_units, instrument.base_decimals)
        filters.append({"filterType": "MAX_POSITION", "maxPosition": position})
    return filters
