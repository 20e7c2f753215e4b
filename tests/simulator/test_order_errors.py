"""Every refusal of an order has the code, the message and the status that Binance documents."""

import asyncio
from typing import Any

import msgspec
import pytest

from gateways.simulator.config import DEFAULT_INSTRUMENTS
from gateways.simulator.orders import Side
from tests.simulator.venue_client import Credentials, Json, VenueClient, limit, provide, quiet_venue

AMOUNT = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
CLIENT_ID = "^[a-zA-Z0-9-_]{1,36}$"
INSUFFICIENT = "Account has insufficient balance for requested action."


def order(order_type: str, **parameters: str) -> Json:
    """The parameters of an order of any type on BTCUSDT."""
    return {"symbol": "BTCUSDT", "side": "BUY", "type": order_type, **parameters}


def missing(name: str) -> str:
    return f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


REFUSED_ORDERS = [
    # name, parameters, code, message
    ("price between two ticks", limit(price="60000.001"), -1013, "Filter failure: PRICE_FILTER"),
    ("price above the maximum", limit(price="1000000.01"), -1013, "Filter failure: PRICE_FILTER"),
    ("quantity between two lots", limit(quantity="0.010001"), -1013, "Filter failure: LOT_SIZE"),
    ("quantity above the maximum", limit(quantity="9000.00001"), -1013, "Filter failure: LOT_SIZE"),
    ("market quantity", order("MARKET", quantity="100.1"), -1013, "Filter failure: MARKET_LOT_SIZE"),
    ("too small a value", limit(quantity="0.00008"), -1013, "Filter failure: NOTIONAL"),
    ("too small a market value", order("MARKET", quantity="0.00007"), -1013, "Filter failure: NOTIONAL"),
    ("too small an amount", order("MARKET", quoteOrderQty="4.99"), -1013, "Filter failure: NOTIONAL"),
    ("too large a value", limit(quantity="151"), -1013, "Filter failure: NOTIONAL"),
    ("far below the market", limit(price="12999.99"), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ("far above the market", limit("SELL", "325000.01"), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ("too many slices", limit(icebergQty="0.00009"), -1013, "Filter failure: ICEBERG_PARTS"),
    ("no price at all", limit(price="0"), -1013, "Invalid price."),
    ("no quantity at all", limit(quantity="0.0"), -1013, "Invalid quantity."),
    ("iceberg above the quantity", limit(icebergQty="0.02"), -1013, "IcebergQty exceeds QTY."),
    (
        "iceberg that is immediate",
        limit(icebergQty="0.005", timeInForce="IOC"),
        -1013,
        "TimeInForce must be GTC when using icebergQty.",
    ),
    (
        "exponent in a price",
        limit(price="6e4"),
        -1100,
        f"Illegal characters found in parameter 'price'; legal range is '{AMOUNT}'.",
    ),
    (
        "negative quantity",
        limit(quantity="-1"),
        -1100,
        f"Illegal characters found in parameter 'quantity'; legal range is '{AMOUNT}'.",
    ),
    (
        "client id with a space",
        limit(newClientOrderId="a b"),
        -1100,
        f"Illegal characters found in parameter 'newClientOrderId'; legal range is '{CLIENT_ID}'.",
    ),
    (
        "client id of 37 characters",
        limit(newClientOrderId="a" * 37),
        -1100,
        f"Illegal characters found in parameter 'newClientOrderId'; legal range is '{CLIENT_ID}'.",
    ),
    ("no symbol", {"side": "BUY", "type": "LIMIT"}, -1102, missing("symbol")),
    ("no side", {"symbol": "BTCUSDT", "type": "LIMIT"}, -1102, missing("side")),
    ("no type", {"symbol": "BTCUSDT", "side": "BUY"}, -1102, missing("type")),
    ("no price", order("LIMIT", timeInForce="GTC", quantity="1"), -1102, missing("price")),
    ("no time in force", order("LIMIT", price="1", quantity="1"), -1102, missing("timeInForce")),
    (
        "neither quantity nor amount",
        order("MARKET"),
        -1102,
        "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    ),
    (
        "unknown parameter",
        limit(colour="red"),
        -1104,
        "Not all sent parameters were read; read '7' parameter(s) but was sent '8'.",
    ),
    (
        "price of a market order",
        order("MARKET", quantity="1", price="1"),
        -1106,
        "Parameter 'price' sent when not required.",
    ),
    (
        "too many decimals",
        limit(quantity="0.010000001"),
        -1111,
        "Parameter 'quantity' has too much precision.",
    ),
    ("time in force", limit(timeInForce="GTX"), -1115, "Invalid timeInForce."),
    ("order type", order("ICEBERG"), -1116, "Invalid orderType."),
    ("side", order("MARKET", quantity="1") | {"side": "buy"}, -1117, "Invalid side."),
    ("symbol", limit(symbol="BTCUSD"), -1121, "Invalid symbol."),
    (
        "response type",
        limit(newOrderRespType="SHORT"),
        -1130,
        "Data sent for parameter 'newOrderRespType' is not valid.",
    ),
    (
        "self-trade prevention that the symbol lacks",
        limit(selfTradePreventionMode="TRANSFER"),
        -1013,
        "This symbol does not allow the specified self-trade prevention mode.",
    ),
    ("strategy type", limit(strategyType="999999"), -1134, "strategyType was less than 1000000."),
    ("balance of a buyer", limit(quantity="100"), -2010, INSUFFICIENT),
    ("balance of a seller", limit("SELL", "66000", "11"), -2010, INSUFFICIENT),
    (
        "maker that would take",
        order("LIMIT_MAKER", price="65000", quantity="0.01"),
        -2010,
        "Order would immediately match and take.",
    ),
    (
        "stop that is reached",
        order("STOP_LOSS", quantity="0.01", stopPrice="64000"),
        -2010,
        "Order would trigger immediately.",
    ),
    (
        "trailing stop",
        order("STOP_LOSS", quantity="0.01", trailingDelta="10"),
        -2010,
        "Trailing stop orders are not supported for this symbol.",
    ),
    (
        "amount without a market",
        order("MARKET", quoteOrderQty="100") | {"symbol": "BNBUSDT"},
        -2010,
        "Order book liquidity is less than symbol minimum quantity.",
    ),
]


def test_refused_orders_have_the_documented_code_and_message() -> None:
    credentials = Credentials("alice")

    async def provoke() -> dict[str, tuple[int, int, str]]:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            await client.log_on(credentials, subscribes=False)
            provide(venue, Side.SELL, "65000.00", "1")
            errors = {}
            for name, parameters, _, _ in REFUSED_ORDERS:
                reply = await client.timed("order.place", **parameters)
                assert reply["status"] == 400, name
                errors[name] = (reply["status"], reply["error"]["code"], reply["error"]["msg"])
            assert not venue.exchange.accounts["alice"].orders["BTCUSDT"]
            assert [r["code"] for r in venue.log if r["event"] == "rejected"] == [
                code for _, _, code, _ in REFUSED_ORDERS
            ]
            return errors

    assert asyncio.run(provoke()) == {name: (400, code, message) for name, _, code, message in REFUSED_ORDERS}


def test_an_open_order_keeps_its_client_id_to_itself_until_it_ends() -> None:
    credentials = Credentials("alice")

    async def repeat() -> None:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            await client.log_on(credentials, subscribes=False)
            assert (await client.timed("order.place", **limit(newClientOrderId="one")))["status"] == 200
            again = await client.timed("order.place", **limit(newClientOrderId="one"))
            assert again["error"] == {"code": -2010, "msg": "Duplicate order sent."}
            await client.timed("order.cancel", symbol="BTCUSDT", origClientOrderId="one")
            assert (await client.timed("order.place", **limit(newClientOrderId="one")))["status"] == 200

    asyncio.run(repeat())


@pytest.mark.parametrize(
    ("change", "parameters", "message"),
    [
        ({"max_open_orders": 2}, limit(), "Filter failure: MAX_NUM_ORDERS"),
        (
            {"max_trigger_orders": 2},
            order("STOP_LOSS_LIMIT", timeInForce="GTC", price="66000", quantity="0.01", stopPrice="66000"),
            "Filter failure: MAX_NUM_ALGO_ORDERS",
        ),
        ({"max_position": "10.02"}, limit(), "Filter failure: MAX_POSITION"),
    ],
)
def test_the_third_order_meets_a_limit_of_the_account(change: dict[str, Any], parameters: Json, message: str) -> None:
    credentials = Credentials("alice")
    instruments = (msgspec.structs.replace(DEFAULT_INSTRUMENTS[0], **change),)

    async def fill_up() -> list[int]:
        async with quiet_venue(credentials, instruments=instruments) as venue, VenueClient(venue) as client:
            await client.log_on(credentials, subscribes=False)
            replies = [await client.timed("order.place", **parameters) for _ in range(3)]
            assert replies[2]["error"] == {"code": -1013, "msg": message}
            return [reply["status"] for reply in replies]

    assert asyncio.run(fill_up()) == [200, 200, 400]


def test_cancels_and_queries_of_unknown_orders_have_the_documented_errors() -> None:
    credentials = Credentials("alice")

    async def provoke() -> None:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            await client.log_on(credentials, subscribes=False)
            await client.timed("order.place", **limit(newClientOrderId="one"))

            async def error(method: str, **parameters: Any) -> tuple[int, str]:
                reply = await client.timed(method, symbol="BTCUSDT", **parameters)
                return reply["error"]["code"], reply["error"]["msg"]

            unknown = "Unknown order sent."
            assert await error("order.cancel", orderId=99) == (-2011, unknown)
            assert await error("order.cancel", origClientOrderId="no") == (-2011, unknown)
            assert await error("order.cancel") == (
                -1102,
                "Param 'orderId' or 'origClientOrderId' must be sent, but both were empty/null!",
            )
            assert await error("order.cancel", orderId=1, origClientOrderId="two") == (
                -2039,
                "Client order ID is not correct for this order ID.",
            )
            assert await error("order.cancel", orderId=1, cancelRestrictions="ONLY_PARTIALLY_FILLED") == (
                -2011,
                "Order was not canceled due to cancel restrictions.",
            )
            assert await error("order.cancel", orderId=1, cancelRestrictions="NEVER") == (
                -1145,
                "Invalid cancelRestrictions",
            )
            assert await error("order.status", orderId=99) == (-2013, "Order does not exist.")
            assert await error("order.amend.keepPriority", orderId=99, newQty="1") == (-2038, unknown)
            assert await error("order.amend.keepPriority", orderId=1, newQty="0.02") == (
                -2038,
                "Order amend (quantity increase) is not supported.",
            )
            assert await error("order.amend.keepPriority", orderId=1, newQty="0.01") == (
                -2038,
                "The requested action would change no state; rejecting",
            )
            assert (await client.timed("openOrders.cancelAll", symbol="BTCUSDT"))["status"] == 200
            assert await error("openOrders.cancelAll") == (-2011, unknown)

    asyncio.run(provoke())


def test_an_order_test_checks_everything_but_the_engine() -> None:
    credentials = Credentials("alice", taker_commission_bps="7.5")

    async def probe() -> None:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            await client.log_on(credentials, subscribes=False)
            assert (await client.timed("order.test", **limit(quantity="100")))["result"] == {}
            failed = await client.timed("order.test", **limit(price="60000.001"))
            assert failed["error"]["msg"] == "Filter failure: PRICE_FILTER"
            rates = await client.timed("order.test", **limit(), computeCommissionRates=True)
            assert rates["result"]["standardCommissionForOrder"] == {
                "maker": "0.00100000",
                "taker": "0.00075000",
            }
            assert not venue.exchange.accounts["alice"].orders["BTCUSDT"]

    asyncio.run(probe())
