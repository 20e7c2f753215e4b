"""Owns the translation of exchangeInfo into instrument rules."""

import re

from gateways.binance_spot.instrument_messages import Filter, SymbolInformation
from gateways.decimal_text import to_scaled
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentRules
from ipc.enums import InstrumentStatus, VenueAbility

VENUE_NAME = "BINANCE"
_STEP_DECIMALS_MAX = 12
_NO_FILTER = Filter(filter_type="")
_NAME = re.compile(r"[A-Z0-9]{1,20}\Z", re.ASCII)

STATUSES: dict[str, InstrumentStatus] = {
    "TRADING": InstrumentStatus.TRADING,
    "CANCEL_ONLY": InstrumentStatus.CANCEL_ONLY,
    "END_OF_DAY": InstrumentStatus.HALTED,
    "HALT": InstrumentStatus.HALTED,
    "BREAK": InstrumentStatus.HALTED,
}
"""https://github.com/binance/binance-spot-api-docs/blob/master/enums.md#symbol-status-status; others are halted."""


def rules(information: SymbolInformation) -> InstrumentRules:
    """The rules of one symbol; VenueProtocolError when it has no tick or step size or a name outside ASCII.

    The names go into wire texts as they are, so a name that would need quoting is refused.
    """
    for name in (information.symbol, information.base_asset, information.quote_asset):
        if not _NAME.match(name):
            raise VenueProtocolError(f"{name!r} cannot stand in an order")
    filters = {each.filter_type: each for each in information.filters}
    price = filters.get("PRICE_FILTER", _NO_FILTER)
    lot = filters.get("LOT_SIZE", _NO_FILTER)
    market_lot = filters.get("MARKET_LOT_SIZE", _NO_FILTER)
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or _NO_FILTER
    price_decimals, tick_units = _step(price.tick_size, information.symbol)
    lot_decimals, lot_units = _step(lot.step_size, information.symbol)
    notional_unit = tick_units * lot_units
    notional_decimals = price_decimals + lot_decimals
    max_order_lots = _floor(lot.max_qty, lot_decimals, lot_units)
    return InstrumentRules(
        symbol=information.symbol,
        name=f"{information.base_asset}/{information.quote_asset}.{VENUE_NAME}",
        base=information.base_asset,
        quote=information.quote_asset,
        price_decimals=price_decimals,
        tick_units=tick_units,
        lot_decimals=lot_decimals,
        lot_units=lot_units,
        min_price_ticks=_ceiling(price.min_price, price_decimals, tick_units),
        max_price_ticks=_floor(price.max_price, price_decimals, tick_units),
        min_order_lots=_ceiling(lot.min_qty, lot_decimals, lot_units),
        max_order_lots=max_order_lots,
        market_max_order_lots=_floor(market_lot.max_qty, lot_decimals, lot_units) or max_order_lots,
        min_notional=_ceiling(notional.min_notional, notional_decimals, notional_unit),
        max_notional=_floor(notional.max_notional, notional_decimals, notional_unit),
        status=STATUSES.get(information.status, InstrumentStatus.HALTED),
        abilities=_abilities(information),
    )


def _abilities(information: SymbolInformation) -> VenueAbility:
    """What orders of the symbol may be; a symbol that takes stop limits need not take stops, and then rejects them."""
    has = {
        VenueAbility.AMEND_KEEP_PRIORITY: information.amend_allowed,
        VenueAbility.CANCEL_REPLACE: information.cancel_replace_allowed,
        VenueAbility.STOP_ORDERS: "STOP_LOSS_LIMIT" in information.order_types,
        VenueAbility.DISPLAY_QUANTITY: information.iceberg_allowed,
        VenueAbility.SELF_TRADE_PREVENTION: any(
            mode != "NONE" for mode in information.allowed_self_trade_prevention_modes
        ),
    }
    return VenueAbility(sum(ability for ability, is_there in has.items() if is_there))


def _step(text: str, symbol: str) -> tuple[int, int]:
    """The fewest decimals that hold the step, and the step in those: "0.00500000" is (3, 5)."""
    step = to_scaled(text, _STEP_DECIMALS_MAX)
    if step == 0:
        raise VenueProtocolError(f"{symbol} has no tick or step size")
    decimals = _STEP_DECIMALS_MAX
    while decimals and step % 10 == 0:
        step //= 10
        decimals -= 1
    return decimals, step


def _floor(text: str, decimals: int, unit: int) -> int:
    numerator, denominator = _ratio(text, decimals, unit)
    return numerator // denominator


def _ceiling(text: str, decimals: int, unit: int) -> int:
    numerator, denominator = _ratio(text, decimals, unit)
    return -(-numerator // denominator)


def _ratio(text: str, decimals: int, unit: int) -> tuple[int, int]:
    """The limit in units as an exact fraction: the venue's limits need not be multiples of its steps."""
    fraction_digits = len(text.partition(".")[2])
    number = to_scaled(text, fraction_digits)
    return number * 10**decimals, unit * 10**fraction_digits
