"""The venue's filters in ticks and lots."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.binance_spot.instrument_messages import ExchangeInformation, SymbolInformation
from gateways.binance_spot.instruments import rules
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentRules
from ipc.enums import InstrumentStatus, VenueAbility
from tests.gateways.binance_spot.documented import compact, document


def documented() -> dict[str, Any]:
    symbol = document("exchangeInfo")["result"]["symbols"][0]
    assert isinstance(symbol, dict)
    return symbol


def translated(**changes: Any) -> InstrumentRules:
    return rules(msgspec.json.decode(compact(documented() | changes), type=SymbolInformation))


def with_filter(kind: str, **fields: Any) -> list[dict[str, Any]]:
    kept = [each for each in documented()["filters"] if each["filterType"] != kind]
    return [*kept, {"filterType": kind, **fields}]


def test_the_documented_symbol() -> None:
    information = msgspec.convert(document("exchangeInfo")["result"], ExchangeInformation)
    assert rules(information.symbols[0]) == InstrumentRules(
        symbol="BNBBTC",
        name="BNB/BTC.BINANCE",
        base="BNB",
        quote="BTC",
        price_decimals=6,
        tick_units=1,
        lot_decimals=3,
        lot_units=1,
        min_price_ticks=1,
        max_price_ticks=100_000_000_000,
        min_order_lots=1,
        max_order_lots=100_000_000,
        market_max_order_lots=100_000_000,
        min_notional=0,
        max_notional=0,
        status=InstrumentStatus.TRADING,
        abilities=VenueAbility.CANCEL_REPLACE | VenueAbility.STOP_ORDERS | VenueAbility.DISPLAY_QUANTITY,
    )


@pytest.mark.parametrize(
    ("changes", "ability"),
    [
        ({"amendAllowed": True}, VenueAbility.AMEND_KEEP_PRIORITY),
        ({"cancelReplaceAllowed": True}, VenueAbility.CANCEL_REPLACE),
        ({"orderTypes": ["LIMIT", "STOP_LOSS_LIMIT"]}, VenueAbility.STOP_ORDERS),
        ({"icebergAllowed": True}, VenueAbility.DISPLAY_QUANTITY),
        ({"allowedSelfTradePreventionModes": ["NONE", "EXPIRE_TAKER"]}, VenueAbility.SELF_TRADE_PREVENTION),
        ({"orderTypes": ["LIMIT", "TAKE_PROFIT"], "allowedSelfTradePreventionModes": ["NONE"]}, VenueAbility.NONE),
        ({}, VenueAbility.NONE),
    ],
)
def test_what_the_symbol_allows_and_nothing_else(changes: dict[str, Any], ability: VenueAbility) -> None:
    bare = {"cancelReplaceAllowed": False, "icebergAllowed": False, "orderTypes": []}
    assert translated(**bare | changes).abilities == ability


def test_a_step_that_is_no_power_of_ten_keeps_its_unit() -> None:
    filters = with_filter("PRICE_FILTER", minPrice="0.01000000", maxPrice="100.00000000", tickSize="0.00500000")
    told = translated(filters=filters)
    assert (told.price_decimals, told.tick_units) == (3, 5)
    assert (told.min_price_ticks, told.max_price_ticks) == (2, 20_000)


def test_whole_steps_have_no_decimals() -> None:
    filters = with_filter("LOT_SIZE", minQty="100.00000000", maxQty="90000.00000000", stepSize="10.00000000")
    told = translated(filters=filters)
    assert (told.lot_decimals, told.lot_units, told.min_order_lots, told.max_order_lots) == (0, 10, 10, 9000)


def test_notional_limits_are_ticks_times_lots_rounded_to_the_safe_side() -> None:
    filters = with_filter("NOTIONAL", minNotional="5.0000000001", maxNotional="9000000.0000000009", avgPriceMins=5)
    told = translated(filters=filters)
    assert (told.min_notional, told.max_notional) == (5_000_000_001, 9_000_000_000_000_000)


def test_the_older_notional_filter_counts_too() -> None:
    filters = with_filter("MIN_NOTIONAL", minNotional="10.00000000", applyToMarket=True, avgPriceMins=5)
    assert translated(filters=filters).min_notional == 10_000_000_000


def test_a_market_order_may_be_smaller_than_a_limit_order() -> None:
    filters = with_filter("MARKET_LOT_SIZE", minQty="0.00000000", maxQty="77.12345678", stepSize="0.00000000")
    assert translated(filters=filters).market_max_order_lots == 77_123


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("TRADING", InstrumentStatus.TRADING),
        ("CANCEL_ONLY", InstrumentStatus.CANCEL_ONLY),
        ("HALT", InstrumentStatus.HALTED),
        ("BREAK", InstrumentStatus.HALTED),
        ("END_OF_DAY", InstrumentStatus.HALTED),
        ("SOMETHING_NEW", InstrumentStatus.HALTED),
    ],
)
def test_what_is_not_known_to_trade_does_not(text: str, status: InstrumentStatus) -> None:
    assert translated(status=text).status is status


@pytest.mark.parametrize("name", ["", "BTC/USDT", "btcusdt", 'A"', "\uff11\uff12\uff13", "A" * 21])
def test_a_name_that_cannot_stand_in_an_order_is_refused(name: str) -> None:
    with pytest.raises(VenueProtocolError):
        translated(symbol=name)


@pytest.mark.parametrize("kind", ["PRICE_FILTER", "LOT_SIZE"])
def test_a_symbol_without_steps_is_refused(kind: str) -> None:
    with pytest.raises(VenueProtocolError):
        translated(filters=[each for each in documented()["filters"] if each["filterType"] != kind])


DECIMALS = st.decimals(min_value="0.00000001", max_value="99999", places=8)


@settings(deadline=None, max_examples=100)
@given(tick=DECIMALS, low=DECIMALS, high=DECIMALS)
def test_limits_lie_inside_the_venues_by_less_than_a_tick(tick: Decimal, low: Decimal, high: Decimal) -> None:
    filters = with_filter("PRICE_FILTER", minPrice=f"{low:f}", maxPrice=f"{high:f}", tickSize=f"{tick:f}")
    told = translated(filters=filters)
    size = Decimal(told.tick_units).scaleb(-told.price_decimals)
    assert size == tick
    assert low <= told.min_price_ticks * size < low + tick
    assert high - tick < told.max_price_ticks * size <= high
