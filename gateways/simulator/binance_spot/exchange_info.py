"""Owns `exchangeInfo`: what may be traded and how.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#exchange-information
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateways.simulator.binance_spot.errors import ApiError, illegal_characters
from gateways.simulator.binance_spot.filters import describe_filters
from gateways.simulator.binance_spot.requests import ORDER_TYPES
from gateways.simulator.instruments import Instrument
from gateways.simulator.orders import SelfTradePrevention

SYMBOLS_PATTERN = r'^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$'


def exchange_info(
    instruments: Iterable[Instrument], rate_limits: list[dict[str, Any]], server_time: int
) -> dict[str, Any]:
    """The whole answer for the chosen instruments."""
    return {
        "timezone": "UTC",
        "serverTime": server_time,
        "rateLimits": rate_limits,
        "exchangeFilters": [],
        "symbols": [_describe(instrument) for instrument in instruments],
    }


def choose_instruments(parameters: Mapping[str, str], instruments: Mapping[str, Instrument]) -> list[Instrument]:
    """The instruments that `symbol`, `symbols` or `symbolStatus` name; all of them without any."""
    symbol, symbols = parameters.get("symbol", ""), parameters.get("symbols", "")
    if symbol and symbols:
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    if symbols:
        try:
            names = msgspec.json.decode(symbols, type=list[str])
        except msgspec.MsgspecError as error:
            raise illegal_characters("symbols", SYMBOLS_PATTERN) from error
    else:
        names = [symbol] if symbol else list(instruments)
    if len(set(names)) != len(names):
        raise ApiError(-1151, "Symbol is present multiple times in the list.")
    if not set(names) <= set(instruments):
        raise ApiError(-1121, "Invalid symbol.")
    status = parameters.get("symbolStatus", "")
    if status not in {"", "TRADING", "HALT", "BREAK"}:
        raise ApiError(-1122, "Invalid symbolStatus.")
    return [instruments[name] for name in names if status in {"", instruments[name].status}]


def _describe(instrument: Instrument) -> dict[str, Any]:
    return {
        "symbol": instrument.symbol,
        "status": instrument.status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": instrument.base_decimals,
        "quoteAsset": instrument.quote,
        "quotePrecision": instrument.quote_decimals,
        "quoteAssetPrecision": instrument.quote_decimals,
        "baseCommissionPrecision": instrument.base_decimals,
        "quoteCommissionPrecision": instrument.quote_decimals,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": describe_filters(instrument),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": SelfTradePrevention.EXPIRE_MAKER,
        "allowedSelfTradePreventionModes": list(SelfTradePrevention),
    }
