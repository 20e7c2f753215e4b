"""Owns the shapes of what Binance Spot tells of its instruments.

Source: https://github.com/binance/binance-spot-api-docs, web-socket-api.md and filters.md of 2026-07-21.
"""

from typing import Annotated

from msgspec import Meta, Struct

from gateways.binance_spot.messages import Number, RateLimits, Text

Names = Annotated[tuple[Text, ...], Meta(max_length=64)]


class Filter(Struct, gc=False, rename="camel"):
    """{"filterType":"PRICE_FILTER","minPrice":"0.00000100","maxPrice":"100000.00000000","tickSize":"0.00000100"}
    {"filterType":"LOT_SIZE","minQty":"0.00100000","maxQty":"100000.00000000","stepSize":"0.00100000"}
    {"filterType":"NOTIONAL","minNotional":"10.00000000","applyMinToMarket":false,"maxNotional":"10000.00000000",…}

    filters.md; a filter that is not named here fills none of these fields.
    """

    filter_type: Text
    min_price: Number = "0"
    max_price: Number = "0"
    tick_size: Number = "0"
    min_qty: Number = "0"
    max_qty: Number = "0"
    step_size: Number = "0"
    min_notional: Number = "0"
    max_notional: Number = "0"


class SymbolInformation(Struct, gc=False, rename="camel"):
    """{"symbol":"BNBBTC","status":"TRADING","baseAsset":"BNB",…,"quoteAsset":"BTC",…,"orderTypes":["LIMIT",…],
    "icebergAllowed":true,…,"cancelReplaceAllowed":true,"amendAllowed":false,…,"filters":[…],…,
    "allowedSelfTradePreventionModes":["NONE"]}"""

    symbol: Text
    status: Text
    base_asset: Text
    quote_asset: Text
    filters: Annotated[tuple[Filter, ...], Meta(max_length=64)]
    cancel_replace_allowed: bool = False
    amend_allowed: bool = False
    iceberg_allowed: bool = False
    order_types: Names = ()
    allowed_self_trade_prevention_modes: Names = ()


class ExchangeInformation(Struct, gc=False, rename="camel"):
    """{"timezone":"UTC","serverTime":1655969291181,"rateLimits":[…],"exchangeFilters":[],"symbols":[…],…}

    web-socket-api.md#exchange-information
    """

    symbols: Annotated[tuple[SymbolInformation, ...], Meta(max_length=10_000)]
    rate_limits: RateLimits = ()
