"""What an account's owner hears: execution reports, balances, and the answers that go with them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateways.simulator import SimulatedVenue
from gateways.simulator.orders import Side
from tests.simulator.venue_client import Credentials, Json, VenueClient, limit, provide, quiet_venue


def trade(play: Callable[[SimulatedVenue, VenueClient], Awaitable[None]], **account: Any) -> None:
    """Plays a scene with one logged-on, listening client."""
    credentials = Credentials("alice", **account)

    async def run() -> None:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            await client.log_on(credentials)
            await play(venue, client)

    asyncio.run(run())


def balances(event: Json) -> dict[str, tuple[str, str]]:
    return {row["a"]: (row["f"], row["l"]) for row in event["B"]}


def test_a_resting_order_is_reported_with_all_documented_fields() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        reply = await client.timed(
            "order.place", **limit(newClientOrderId="mine", strategyId=7, strategyType=1_000_001)
        )
        report = await client.event("executionReport")
        time = reply["result"]["transactTime"]
        assert report.pop("E") >= time
        assert report == {
            "e": "executionReport", "s": "BTCUSDT", "c": "mine", "S": "BUY", "o": "LIMIT", "f": "GTC",
            "q": "0.01000000", "p": "60000.00000000", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "",
            "x": "NEW", "X": "NEW", "r": "NONE", "i": 1, "l": "0.00000000", "z": "0.00000000",
            "L": "0.00000000", "n": "0", "N": None, "T": time, "t": -1, "I": 1, "w": True, "m": False,
            "M": False, "O": time, "Z": "0.00000000", "Y": "0.00000000", "Q": "0.00000000", "W": time,
            "V": "EXPIRE_MAKER", "j": 7, "J": 1_000_001,
        }  # fmt: skip
        position = await client.event("outboundAccountPosition")
        assert balances(position) == {
            "BTC": ("10.00000000", "0.00000000"),
            "USDT": ("999400.00000000", "600.00000000"),
        }

    trade(play)


def test_fills_of_both_kinds_show_price_quantity_and_commission() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        provide(venue, Side.SELL, "60000.00", "0.004")
        await client.timed("order.place", **limit())
        taken = await client.event("executionReport", x="TRADE", m=False)
        assert (taken["X"], taken["l"], taken["L"], taken["z"], taken["Y"]) == (
            "PARTIALLY_FILLED", "0.00400000", "60000.00000000", "0.00400000", "240.00000000",
        )  # fmt: skip
        assert (taken["n"], taken["N"], taken["w"]) == ("0.00000300", "BTC", True)
        provide(venue, Side.SELL, "59000.00", "0.006")
        made = await client.event("executionReport", x="TRADE", m=True)
        assert (made["X"], made["l"], made["L"], made["z"], made["w"]) == (
            "FILLED", "0.00600000", "60000.00000000", "0.01000000", False,
        )  # fmt: skip
        assert (made["n"], made["t"] - taken["t"]) == ("0.00000120", 1)
        position = await client.event("outboundAccountPosition", 2)
        assert balances(position) == {
            "BTC": ("10.00999580", "0.00000000"),
            "USDT": ("999400.00000000", "0.00000000"),
        }

    trade(play, maker_commission_bps="2", taker_commission_bps="7.5")


def test_a_cancel_reports_its_own_id_as_c_and_the_orders_as_the_original() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await client.timed("order.place", **limit(newClientOrderId="mine"))
        reply = await client.timed("order.cancel", symbol="BTCUSDT", origClientOrderId="mine", newClientOrderId="undo")
        result = reply["result"]
        assert (result["origClientOrderId"], result["clientOrderId"]) == ("mine", "undo")
        report = await client.event("executionReport", x="CANCELED")
        assert (report["c"], report["C"], report["X"], report["w"]) == ("undo", "mine", "CANCELED", False)
        queried = await client.timed("order.status", symbol="BTCUSDT", origClientOrderId="mine")
        assert queried["result"]["status"] == "CANCELED"

    trade(play)


def test_an_amended_order_is_replaced_under_its_new_id() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await client.timed("order.place", **limit(newClientOrderId="mine"))
        reply = await client.timed(
            "order.amend.keepPriority", symbol="BTCUSDT", orderId=1, newQty="0.004", newClientOrderId="less"
        )
        amended = reply["result"]["amendedOrder"]
        assert (amended["origClientOrderId"], amended["clientOrderId"], amended["qty"]) == (
            "mine", "less", "0.00400000",
        )  # fmt: skip
        report = await client.event("executionReport", x="REPLACED")
        assert (report["c"], report["C"], report["q"], report["X"]) == ("less", "mine", "0.00400000", "NEW")
        assert reply["result"]["executionId"] == report["I"]

    trade(play)


def test_orders_that_cannot_wait_expire_with_their_reason() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        for parameters, reason in (
            (limit(timeInForce="IOC"), "UNFILLED_IOC_QUANTITY_EXPIRED"),
            (limit(timeInForce="FOK"), "UNFILLED_FOK_ORDER_EXPIRED"),
            (market, "INSUFFICIENT_LIQUIDITY"),
        ):
            reply = await client.timed("order.place", **parameters)
            assert (reply["result"]["status"], reply["result"]["expiryReason"]) == ("EXPIRED", reason)
            assert (await client.event("executionReport", x="EXPIRED", eR=reason))["X"] == "EXPIRED"

    trade(play)


def test_a_prevented_trade_expires_the_maker_in_match() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await client.timed("order.place", **limit("SELL", "60000.00", "0.02"))
        await client.timed("order.place", **limit())
        report = await client.event("executionReport", x="TRADE_PREVENTION")
        assert (report["X"], report["i"], report["U"], report["A"], report["B"]) == (
            "EXPIRED_IN_MATCH", 1, 2, "0.02000000", "0.02000000",
        )  # fmt: skip
        assert (report["pl"], report["pL"], report["pY"]) == ("0.01000000", "60000.00000000", "600.00000000")
        queried = await client.timed("order.status", symbol="BTCUSDT", orderId=1)
        assert queried["result"]["preventedQuantity"] == "0.02000000"

    trade(play)


def test_a_stop_order_is_reported_when_it_waits_and_when_it_works() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        stop = {"type": "STOP_LOSS_LIMIT", "stopPrice": "66000.00"}
        await client.timed("order.place", **(limit(price="67000.00") | stop))
        waiting = await client.event("executionReport", x="NEW")
        assert (waiting["w"], "W" in waiting, waiting["P"]) == (False, False, "66000.00000000")
        provide(venue, Side.BUY, "66000.00", "1")
        provide(venue, Side.SELL, "66000.00", "1")
        working = await client.event("executionReport", 2, x="NEW")
        assert (working["w"], "W" in working) == (True, True)

    trade(play)


def test_answers_are_as_long_as_asked_for() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        lengths = {}
        for response_type in ("ACK", "RESULT", "FULL"):
            reply = await client.timed("order.place", **limit(newOrderRespType=response_type))
            lengths[response_type] = set(reply["result"])
        assert lengths["ACK"] == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
        assert lengths["FULL"] - lengths["RESULT"] == {"fills"}
        maker = {**limit(), "type": "LIMIT_MAKER"}
        del maker["timeInForce"]
        assert set((await client.timed("order.place", **maker))["result"]) == lengths["ACK"]

    trade(play)


def test_an_amount_of_quote_buys_what_it_can_pay() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        provide(venue, Side.SELL, "60000.00", "0.01")
        provide(venue, Side.SELL, "61000.00", "1")
        market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "1000"}
        result = (await client.timed("order.place", **market))["result"]
        assert (result["executedQty"], result["cummulativeQuoteQty"], result["origQuoteOrderQty"]) == (
            "0.01655000", "999.55000000", "1000.00000000",
        )  # fmt: skip
        assert [fill["qty"] for fill in result["fills"]] == ["0.01000000", "0.00655000"]

    trade(play)


def test_cancel_and_replace_reports_each_half() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        provide(venue, Side.SELL, "65000.00", "1")

        async def replace(mode: str, cancel_id: int, **parameters: Any) -> Json:
            return await client.timed(
                "order.cancelReplace", cancelReplaceMode=mode, cancelOrderId=cancel_id,
                **(limit() | parameters),
            )  # fmt: skip

        await client.timed("order.place", **limit())
        both = await replace("STOP_ON_FAILURE", 2)
        assert (both["status"], both["result"]["cancelResponse"]["orderId"]) == (200, 2)
        assert both["result"]["newOrderResponse"]["orderId"] == 3
        maker = {"type": "LIMIT_MAKER", "price": "65000.00", "timeInForce": ""}
        maker_call = {key: value for key, value in (limit() | maker).items() if value}
        half = await client.timed(
            "order.cancelReplace", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=3, **maker_call
        )
        assert (half["status"], half["error"]["code"]) == (409, -2021)
        assert half["error"]["data"]["cancelResponse"]["status"] == "CANCELED"
        assert half["error"]["data"]["newOrderResponse"]["code"] == -2010
        none = await replace("STOP_ON_FAILURE", 99)
        assert (none["status"], none["error"]["code"]) == (400, -2022)
        assert none["error"]["data"] == {
            "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
            "cancelResponse": {"code": -2011, "msg": "Unknown order sent."}, "newOrderResponse": None,
        }  # fmt: skip
        other = await replace("ALLOW_FAILURE", 99)
        assert (other["status"], other["error"]["code"]) == (409, -2021)
        assert other["error"]["data"]["newOrderResponse"]["orderId"] == 4
        poor = await replace("ALLOW_FAILURE", 99, quantity="100")
        assert (poor["status"], poor["error"]["code"]) == (400, -2022)
        assert poor["error"]["data"]["newOrderResult"] == "FAILURE"
        filtered = await replace("ALLOW_FAILURE", 4, price="60000.001")
        assert filtered["error"]["code"] == -1013
        assert venue.exchange.accounts["alice"].orders["BTCUSDT"][4].is_open

    trade(play)


def test_subscriptions_come_and_go() -> None:
    alice, bob = Credentials("alice"), Credentials("bob")

    async def run() -> None:
        async with quiet_venue(alice, bob) as venue, VenueClient(venue) as client:
            refused = await client.request("userDataStream.subscribe")
            assert refused["status"] == 401
            await client.log_on(alice)
            assert (await client.request("userDataStream.subscribe"))["error"]["code"] == -2035
            reply = await client.signed(bob, "userDataStream.subscribe.signature")
            assert reply["result"] == {"subscriptionId": 1}
            listed = await client.request("session.subscriptions")
            assert listed["result"] == [{"subscriptionId": 0}, {"subscriptionId": 1}]
            await client.signed(bob, "order.place", **limit())
            message = await client.wait_for(lambda m: "event" in m)
            assert message["subscriptionId"] == 1
            await client.request("userDataStream.unsubscribe", {"subscriptionId": 1})
            assert (await client.event("eventStreamTerminated"))["e"] == "eventStreamTerminated"
            gone = await client.request("userDataStream.unsubscribe", {"subscriptionId": 1})
            assert gone["error"]["code"] == -2036
            await client.request("session.logout")
            assert (await client.request("session.subscriptions"))["result"] == []

    asyncio.run(run())


def test_a_deposit_is_a_balance_update() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        account = venue.exchange.accounts["alice"]
        venue.exchange.deposit(account, "BNB", 150_000_000)
        update = await client.event("balanceUpdate")
        assert (update["a"], update["d"]) == ("BNB", "1.50000000")
        assert balances(await client.event("outboundAccountPosition")) == {"BNB": ("101.50000000", "0.00000000")}

    trade(play)


def test_queries_agree_with_the_reports() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        provide(venue, Side.SELL, "60000.00", "0.004")
        await client.timed("order.place", **limit())
        await client.timed("order.place", **limit(price="59000.00"))
        opened = (await client.timed("openOrders.status", symbol="BTCUSDT"))["result"]
        assert [order["orderId"] for order in opened] == [2, 3]
        everything = (await client.timed("allOrders", symbol="BTCUSDT"))["result"]
        assert [order["status"] for order in everything] == ["PARTIALLY_FILLED", "NEW"]
        later = (await client.timed("allOrders", symbol="BTCUSDT", orderId=3))["result"]
        assert [order["orderId"] for order in later] == [3]
        trades = (await client.timed("myTrades", symbol="BTCUSDT", orderId=2))["result"]
        report = await client.event("executionReport", x="TRADE")
        assert [(t["id"], t["qty"], t["commission"]) for t in trades] == [(report["t"], report["l"], report["n"])]
        account = (await client.timed("account.status", omitZeroBalances=True))["result"]
        position = await client.event("outboundAccountPosition", 2)
        shown = {row["asset"]: (row["free"], row["locked"]) for row in account["balances"]}
        assert shown.items() >= balances(position).items()

    trade(play)


def test_times_are_microseconds_where_the_connection_asks_for_them() -> None:
    credentials = Credentials("alice")

    async def run() -> None:
        path = "/ws-api/v3?timeUnit=MICROSECOND"
        async with quiet_venue(credentials) as venue, VenueClient(venue, path) as client:
            await client.log_on(credentials)
            reply = await client.timed("v3/order.place", **limit())
            report = await client.event("executionReport")
            assert len(str(reply["result"]["transactTime"])) == len(str(report["T"])) == 16

    asyncio.run(run())
