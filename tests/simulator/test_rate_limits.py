"""Limits count in calendar windows, give back for fills, and end in a ban."""

import asyncio
from typing import Any

from gateways.simulator import LimitsConfig
from gateways.simulator.binance_spot.rate_limits import CalendarWindow
from gateways.simulator.orders import Side
from ipc.clock import NS_PER_S, ManualClock
from tests.simulator.venue_client import Credentials, Json, VenueClient, limit, provide, quiet_venue

TOP_OF_MINUTE_NS = 1_750_000_020 * NS_PER_S


def counts(reply: Json) -> dict[str, int]:
    return {f"{row['rateLimitType']} {row['interval']}": row["count"] for row in reply["rateLimits"]}


def test_a_window_starts_again_at_its_calendar_boundary() -> None:
    window = CalendarWindow("ORDERS", "SECOND", 10, 50)
    window.add(TOP_OF_MINUTE_NS + 9 * NS_PER_S, 3)
    assert window.count(TOP_OF_MINUTE_NS + 10 * NS_PER_S - 1) == 3
    assert window.retry_after_ms(TOP_OF_MINUTE_NS + 9 * NS_PER_S) == (TOP_OF_MINUTE_NS + 10 * NS_PER_S) // 10**6
    assert window.count(TOP_OF_MINUTE_NS + 10 * NS_PER_S) == 0


def test_a_count_never_falls_below_zero() -> None:
    window = CalendarWindow("ORDERS", "SECOND", 10, 50)
    window.add(TOP_OF_MINUTE_NS, 1)
    window.add(TOP_OF_MINUTE_NS, -5)
    window.add(TOP_OF_MINUTE_NS, 1)
    assert window.count(TOP_OF_MINUTE_NS) == 1


def test_weight_counts_failures_of_order_methods_and_not_successes() -> None:
    credentials = Credentials("alice")

    async def trade() -> None:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            await client.log_on(credentials, subscribes=False)
            start = counts(await client.request("ping"))["REQUEST_WEIGHT MINUTE"]
            placed = await client.timed("order.place", **limit())
            assert counts(placed) == {
                "ORDERS SECOND": 1, "ORDERS DAY": 1, "REQUEST_WEIGHT MINUTE": start,
            }  # fmt: skip
            refused = await client.timed("order.place", **limit(price="1"))
            assert counts(refused)["REQUEST_WEIGHT MINUTE"] == start + 1
            queried = await client.timed("openOrders.status")
            assert counts(queried) == {"REQUEST_WEIGHT MINUTE": start + 81}

    asyncio.run(trade())


def test_rate_limits_are_shown_as_the_connection_or_the_request_wishes() -> None:
    async def ask() -> None:
        async with quiet_venue() as venue:
            async with VenueClient(venue) as client:
                assert "rateLimits" in await client.request("time")
                assert "rateLimits" not in await client.request("time", {"returnRateLimits": False})
            async with VenueClient(venue, "/ws-api/v3?returnRateLimits=false") as client:
                assert "rateLimits" not in await client.request("time")
                assert "rateLimits" in await client.request("time", {"returnRateLimits": True})

    asyncio.run(ask())


def test_unfilled_orders_are_limited_and_fills_make_room() -> None:
    credentials, clock = Credentials("alice"), ManualClock(utc_ns=TOP_OF_MINUTE_NS)
    limits = LimitsConfig(orders_10s=3, maker_fill_credit=2)

    async def trade() -> None:
        async with (
            quiet_venue(credentials, clock=clock, limits=limits) as venue,
            VenueClient(venue) as client,
        ):
            await client.log_on(credentials, subscribes=False)
            for price in ("60000", "59999", "59998"):
                assert (await client.timed("order.place", **limit(price=price)))["status"] == 200
            refused = await client.timed("order.place", **limit())
            assert (refused["status"], refused["error"]) == (
                429,
                {
                    "code": -1015,
                    "msg": "Too many new orders; current limit is 3 orders per 10 SECOND.",
                    "data": {
                        "serverTime": TOP_OF_MINUTE_NS // 10**6,
                        "retryAfter": TOP_OF_MINUTE_NS // 10**6 + 10_000,
                    },
                },
            )
            provide(venue, Side.SELL, "60000.00", "0.005")
            limits_now = (await client.timed("account.rateLimits.orders"))["result"]
            assert [row["count"] for row in limits_now] == [1, 1]
            provide(venue, Side.SELL, "60000.00", "0.005")
            limits_now = (await client.timed("account.rateLimits.orders"))["result"]
            assert [row["count"] for row in limits_now] == [1, 1]
            clock.advance(10 * NS_PER_S)
            placed = await client.timed("order.place", **limit())
            assert counts(placed) == {"ORDERS SECOND": 1, "ORDERS DAY": 2, "REQUEST_WEIGHT MINUTE": 85}

    asyncio.run(trade())


def test_too_much_weight_is_refused_then_banned_then_forgiven() -> None:
    clock = ManualClock(utc_ns=TOP_OF_MINUTE_NS)
    limits = LimitsConfig(request_weight_1m=20, violations_before_ban=2, ban_s=120)

    async def insist() -> None:
        async with quiet_venue(clock=clock, limits=limits) as venue:
            async with VenueClient(venue) as client:
                # Opening the connection has cost 2 of the 20 already.
                first = await client.request("exchangeInfo")
                assert (first["status"], first["error"]["code"]) == (429, -1003)
                assert first["error"]["data"]["retryAfter"] == TOP_OF_MINUTE_NS // 10**6 + 60_000
                second = await client.request("exchangeInfo")
                until_ms = TOP_OF_MINUTE_NS // 10**6 + 120_000
                assert (second["status"], second["error"]["data"]["retryAfter"]) == (418, until_ms)
                assert second["error"]["msg"].startswith(
                    f"Way too much request weight used; IP banned until {until_ms}."
                )
                await client.closed.wait()
            clock.advance(120 * NS_PER_S)
            async with VenueClient(venue) as client:
                assert (await client.request("ping"))["status"] == 200

    asyncio.run(insist())


def test_cancel_and_replace_beyond_the_limit_does_what_its_mode_says() -> None:
    credentials, clock = Credentials("alice"), ManualClock(utc_ns=TOP_OF_MINUTE_NS)

    async def replace() -> None:
        async with (
            quiet_venue(credentials, clock=clock, limits=LimitsConfig(orders_10s=1)) as venue,
            VenueClient(venue) as client,
        ):
            await client.log_on(credentials, subscribes=False)
            await client.timed("order.place", **limit(newClientOrderId="one"))

            async def again(**parameters: Any) -> Json:
                return await client.timed(
                    "order.cancelReplace", **limit(), cancelReplaceMode="STOP_ON_FAILURE",
                    cancelOrigClientOrderId="one", **parameters,
                )  # fmt: skip

            refused = await again()
            assert (refused["status"], refused["error"]["code"]) == (429, -1015)
            canceled = await again(orderRateLimitExceededMode="CANCEL_ONLY")
            assert (canceled["status"], canceled["error"]["code"]) == (409, -2021)
            data = canceled["error"]["data"]
            assert (data["cancelResult"], data["newOrderResult"]) == ("SUCCESS", "FAILURE")
            assert data["newOrderResponse"]["code"] == -1015

    asyncio.run(replace())
