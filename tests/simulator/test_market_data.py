"""Market streams and REST tell the state of the book."""

import asyncio
from typing import Any

import orjson

from gateways.simulator import FlowConfig, SimulatedVenue, VenueConfig
from gateways.simulator.orders import Side
from tests.simulator.venue_client import Credentials, Json, VenueClient, get, provide, quiet_venue


def test_a_book_ticker_follows_every_change_of_the_top() -> None:
    async def follow() -> None:
        async with quiet_venue() as venue, VenueClient(venue, "/ws/btcusdt@bookTicker") as client:
            provide(venue, Side.BUY, "64000.00", "1")
            provide(venue, Side.BUY, "63000.00", "1")
            ask = provide(venue, Side.SELL, "65000.00", "2")
            venue.exchange.cancel(ask, "")
            await client.wait_for(lambda m: "u" in m, 4)
            assert [(m["b"], m["B"], m["a"], m["A"]) for m in client.messages] == [
                ("0.00000000", "0.00000000", "0.00000000", "0.00000000"),
                ("64000.00000000", "1.00000000", "0.00000000", "0.00000000"),
                ("64000.00000000", "1.00000000", "65000.00000000", "2.00000000"),
                ("64000.00000000", "1.00000000", "0.00000000", "0.00000000"),
            ]

    asyncio.run(follow())


def test_trades_are_published_with_the_makers_side() -> None:
    async def follow() -> None:
        async with quiet_venue() as venue, VenueClient(venue, "/stream?streams=btcusdt@trade") as client:
            provide(venue, Side.BUY, "64000.00", "1")
            provide(venue, Side.SELL, "64000.00", "0.4")
            message = await client.wait_for(lambda m: "stream" in m)
            trade = message["data"]
            assert (message["stream"], trade["e"], trade["t"]) == ("btcusdt@trade", "trade", 1)
            assert (trade["p"], trade["q"], trade["m"]) == ("64000.00000000", "0.40000000", True)

    asyncio.run(follow())


def test_differences_rebuild_the_book_as_documented() -> None:
    async def rebuild() -> None:
        config = VenueConfig(flow=FlowConfig(enabled=True, interval_ms=5))
        async with SimulatedVenue(config) as venue, VenueClient(venue, "/ws/btcusdt@depth@100ms") as client:
            await client.wait_for(lambda m: "U" in m)
            _, snapshot = await get(venue, "/api/v3/depth?symbol=BTCUSDT&limit=5000")
            count = len(client.messages)
            await client.wait_for(lambda m: "U" in m, count + 3)
            _, after = await get(venue, "/api/v3/depth?symbol=BTCUSDT&limit=5000")
            await client.wait_for(lambda m: m.get("u", 0) >= after["lastUpdateId"])
            book: dict[str, dict[str, str]] = {
                side: dict(snapshot[name]) for side, name in (("b", "bids"), ("a", "asks"))
            }
            update_id = snapshot["lastUpdateId"]
            for event in client.messages:
                if event["u"] <= update_id:
                    continue
                assert event["U"] <= update_id + 1
                apply(book, event)
                update_id = event["u"]
                if update_id == after["lastUpdateId"]:
                    assert sorted(book["b"].items()) == sorted(map(tuple, after["bids"]))
                    assert sorted(book["a"].items()) == sorted(map(tuple, after["asks"]))

    def apply(book: dict[str, dict[str, str]], event: Json) -> None:
        for side in ("b", "a"):
            for price, quantity in event[side]:
                if float(quantity):
                    book[side][price] = quantity
                else:
                    book[side].pop(price, None)

    asyncio.run(rebuild())


def test_partial_depth_shows_the_best_levels() -> None:
    async def follow() -> None:
        async with quiet_venue() as venue, VenueClient(venue, "/ws/btcusdt@depth5@100ms") as client:
            for number in range(7):
                provide(venue, Side.BUY, f"{64_000 + number}.00", "1")
            message = await client.wait_for(lambda m: "bids" in m)
            assert [price for price, _ in message["bids"]] == [
                f"{64_000 + number}.00000000" for number in (6, 5, 4, 3, 2)
            ]

    asyncio.run(follow())


def test_streams_are_controlled_over_the_connection() -> None:
    async def control() -> None:
        async with quiet_venue() as venue, VenueClient(venue, "/ws") as client:

            async def ask(method: str, *params: Any) -> Any:
                count = sum("result" in m for m in client.messages) + 1
                client.send(orjson.dumps({"method": method, "params": params, "id": count}))
                return (await client.wait_for(lambda m: m.get("id") == count))["result"]

            assert await ask("SUBSCRIBE", "btcusdt@bookTicker", "btcusdt@trade") is None
            assert await ask("LIST_SUBSCRIPTIONS") == ["btcusdt@bookTicker", "btcusdt@trade"]
            assert await ask("UNSUBSCRIBE", "btcusdt@trade") is None
            assert await ask("SET_PROPERTY", "combined", True) is None
            client.messages.clear()
            provide(venue, Side.BUY, "64000.00", "1")
            provide(venue, Side.SELL, "64000.00", "1")
            message = await client.wait_for(lambda m: "stream" in m, 2)
            assert message["stream"] == "btcusdt@bookTicker"
            assert not [m for m in client.messages if "trade" in m.get("stream", "")]
            client.send(b"nonsense")
            assert (await client.wait_for(lambda m: "error" in m))["error"]["code"] == 3

    asyncio.run(control())


def test_too_many_messages_in_a_second_cost_a_stream_connection() -> None:
    async def flood() -> None:
        async with quiet_venue() as venue, VenueClient(venue, "/ws") as client:
            for number in range(20):
                client.send(orjson.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
            await client.closed.wait()

    asyncio.run(flood())


def test_rest_answers_what_the_websocket_api_answers() -> None:
    credentials = Credentials("alice")

    async def compare() -> None:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            provide(venue, Side.BUY, "64000.00", "1")
            for target, method, parameters in (
                ("/api/v3/depth?symbol=BTCUSDT", "depth", {"symbol": "BTCUSDT"}),
                ("/api/v3/ticker/bookTicker?symbol=BTCUSDT", "ticker.book", {"symbol": "BTCUSDT"}),
                ("/api/v3/ticker/bookTicker", "ticker.book", {}),
                ("/api/v3/ping", "ping", {}),
            ):
                assert await get(venue, target) == (200, (await client.request(method, parameters))["result"])
            query = f"timestamp={client.now_ms()}&omitZeroBalances=true"
            signature = credentials.sign(query.encode()).replace("+", "%2B").replace("=", "%3D")
            target = f"/api/v3/account?{query}&signature={signature}"
            status, account = await get(venue, target, f"X-MBX-APIKEY: {credentials.api_key}")
            assert (status, account["accountType"]) == (200, "SPOT")
            assert (await get(venue, f"/api/v3/account?{query}&signature=AA"))[1]["code"] == -1102
            assert (await get(venue, "/api/v3/depth?symbol=NO"))[1]["code"] == -1121
            assert (await get(venue, "/nowhere"))[0] == 404

    asyncio.run(compare())


def test_exchange_information_lists_the_rules_that_the_venue_applies() -> None:
    async def ask() -> None:
        async with quiet_venue() as venue, VenueClient(venue) as client:
            info = (await client.request("exchangeInfo", {"symbols": ["BTCUSDT", "ETHBTC"]}))["result"]
            assert [symbol["symbol"] for symbol in info["symbols"]] == ["BTCUSDT", "ETHBTC"]
            filters = {row["filterType"]: row for row in info["symbols"][0]["filters"]}
            assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
            assert filters["LOT_SIZE"]["stepSize"] == "0.00001000"
            assert {(row["rateLimitType"], row["interval"]) for row in info["rateLimits"]} >= {
                ("REQUEST_WEIGHT", "MINUTE"), ("ORDERS", "SECOND"), ("ORDERS", "DAY"),
            }  # fmt: skip
            assert (await client.request("exchangeInfo", {"symbol": "NO"}))["error"]["code"] == -1121

    asyncio.run(ask())


def test_the_background_flow_repeats_itself_for_a_seed_and_moves_the_market() -> None:
    def play(seed: int) -> list[tuple[int, ...]]:
        venue = SimulatedVenue(VenueConfig(seed=seed))
        books = venue.exchange.books.values()
        tops = []
        for _ in range(50):
            venue.flow.step()
            tops += [(*book.top(), book.trade_id) for book in books]
        assert all(book.trade_id for book in books)
        return tops

    first = play(3)
    assert first == play(3)
    assert first != play(4)


def test_the_flow_fills_a_resting_order() -> None:
    credentials = Credentials("alice")

    async def rest() -> None:
        config = VenueConfig(accounts=(credentials.account,), flow=FlowConfig(interval_ms=1))
        async with SimulatedVenue(config) as venue, VenueClient(venue) as client:
            await client.log_on(credentials)
            ticker = (await client.request("ticker.book", {"symbol": "BTCUSDT"}))["result"]
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.00100"}
            await client.timed("order.place", **order, price=ticker["bidPrice"])
            assert (await client.event("executionReport", x="TRADE"))["m"] is True

    asyncio.run(rest())
