"""What may go wrong at a venue besides the loss of messages: lateness, refusals, replicas that lag behind."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateways.simulator import FaultRule, SimulatedVenue
from gateways.simulator.orders import Side
from tests.simulator.venue_client import Credentials, Json, VenueClient, limit, provide, quiet_venue

LONG_AGO_MS = 3_600_000


def with_fault(rule: FaultRule, play: Callable[[SimulatedVenue, VenueClient], Awaitable[None]]) -> None:
    async def run() -> None:
        credentials = Credentials("alice")
        async with quiet_venue(credentials, faults=(rule,)) as venue, VenueClient(venue) as client:
            await client.log_on(credentials)
            await play(venue, client)

    asyncio.run(run())


def soon(client: VenueClient, method: str, **parameters: Any) -> "asyncio.Task[Json]":
    return asyncio.ensure_future(client.timed(method, **parameters))


def test_a_late_request_is_processed_although_its_connection_is_gone() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        request = soon(client, "order.place", **limit(newClientOrderId="late"))
        while not venue.faults.struck:
            await asyncio.sleep(0)
        for connection in list(venue.connections):
            connection.abort()
        await client.closed.wait()
        request.cancel()
        account = venue.exchange.accounts["alice"]
        assert account.find_by_client_order_id("BTCUSDT", "late") is None
        while account.find_by_client_order_id("BTCUSDT", "late") is None:
            await asyncio.sleep(0)

    with_fault(FaultRule(action="delay_request", match="order.place", delay_ms=50), play)


def test_a_late_request_is_refused_once_its_window_is_over() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        reply = await client.timed("order.place", **limit(recvWindow=10))
        assert reply["error"]["code"] == -1021

    with_fault(FaultRule(action="delay_request", match="order.place", delay_ms=50), play)


def test_a_scripted_refusal_is_the_documented_one_and_changes_nothing() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        reply = await client.timed("order.place", **limit())
        assert (reply["status"], reply["error"]["code"]) == (429, -1015)
        assert reply["error"]["data"]["retryAfter"] > client.now_ms()
        assert not venue.exchange.accounts["alice"].orders["BTCUSDT"]

    with_fault(FaultRule(action="refuse_request", match="order.place", code=-1015), play)


def test_a_ban_ends_the_connection() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        reply = await client.timed("order.place", **limit())
        assert (reply["status"], reply["error"]["code"]) == (418, -1003)
        await client.closed.wait()

    with_fault(FaultRule(action="refuse_request", match="order.place", code=-1003, status=418), play)


async def trade(venue: SimulatedVenue, client: VenueClient) -> None:
    """An order that has filled completely."""
    provide(venue, Side.SELL, "60000.00", "1")
    await client.timed("order.place", **limit(newClientOrderId="mine"))


def test_a_lagging_replica_does_not_know_a_new_order() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await trade(venue, client)
        named = {"symbol": "BTCUSDT", "origClientOrderId": "mine"}
        assert (await client.timed("order.status", **named))["error"]["code"] == -2013
        assert (await client.timed("order.status", **named))["result"]["status"] == "FILLED"

    with_fault(FaultRule(action="lagging_query", match="order.status", delay_ms=LONG_AGO_MS), play)


def test_a_lagging_replica_leaves_out_new_trades() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await trade(venue, client)
        assert (await client.timed("myTrades", symbol="BTCUSDT"))["result"] == []
        assert len((await client.timed("myTrades", symbol="BTCUSDT"))["result"]) == 1

    with_fault(FaultRule(action="lagging_query", match="myTrades", delay_ms=LONG_AGO_MS), play)


def test_a_lagging_replica_still_lists_what_has_ended_since() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        placed = await client.timed("order.place", **limit())
        order = venue.exchange.accounts["alice"].orders["BTCUSDT"][placed["result"]["orderId"]]
        # As if it had been there for two hours.
        order.created_ns -= 2 * LONG_AGO_MS * 1_000_000
        order.working_ns = order.created_ns
        await client.timed("order.cancel", symbol="BTCUSDT", orderId=order.order_id)
        (listed,) = (await client.timed("openOrders.status", symbol="BTCUSDT"))["result"]
        assert (listed["orderId"], listed["status"]) == (order.order_id, "NEW")
        assert (await client.timed("openOrders.status", symbol="BTCUSDT"))["result"] == []

    with_fault(FaultRule(action="lagging_query", match="openOrders.status", delay_ms=LONG_AGO_MS), play)


def test_an_event_can_be_overtaken_by_the_next() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        for name in ("one", "two"):
            await client.timed("order.place", **limit(newClientOrderId=name))
        await client.event("executionReport", 2)
        assert [event["c"] for event in client.events("executionReport")] == ["two", "one"]

    with_fault(FaultRule(action="reorder_event", match="executionReport", delay_ms=100), play)
