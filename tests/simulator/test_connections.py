"""Connections are kept alive, live their time, and fail in the ways that the script says."""

import asyncio
from typing import Any

import pytest

from gateways.simulator import FaultRule, LatencyConfig, LimitsConfig, SessionConfig
from gateways.simulator.orders import Side
from tests.simulator.turn_clock import run_in_turns
from tests.simulator.venue_client import Credentials, Json, VenueClient, get, limit, provide, quiet_venue


def test_malformed_requests_are_answered_without_an_id() -> None:
    async def send() -> None:
        async with quiet_venue() as venue, VenueClient(venue) as client:
            for count, payload in enumerate(
                (b"not json", b"[]", b'{"id":1}', b'{"id":1.5,"method":"ping"}', b"\xff\xfe"), start=1
            ):
                client.send(payload)
                reply = await client.wait_for(lambda m: m.get("id", 0) is None, count)
                assert (reply["status"], reply["error"]) == (400, {"code": -1135, "msg": "Invalid JSON Request"})
            assert (await client.request("no.such.method"))["error"]["code"] == -1020

    asyncio.run(send())


def test_ids_of_every_kind_are_echoed() -> None:
    async def send() -> None:
        async with quiet_venue() as venue, VenueClient(venue) as client:
            for text in (b"7", b"-9007199254740993", b'"\xc3\xa9\\n"', b"null"):
                client.send(b'{"id":%b,"method":"ping"}' % text)
                await client.wait_for(lambda m: m.get("status") == 200, len(client.texts) + 1)
                assert client.texts[-1].startswith(b'{"id":%b,"status":200,"result":{}' % text)

    asyncio.run(send())


def test_a_client_that_answers_pings_stays_and_one_that_does_not_is_dropped() -> None:
    session = SessionConfig(ping_interval_s=0.02, pong_timeout_s=0.05)

    async def wait() -> None:
        async with (
            quiet_venue(session=session) as venue,
            VenueClient(venue) as deaf,
            VenueClient(venue) as client,
        ):
            deaf.answers_pings = False
            await deaf.closed.wait()
            assert not client.closed.is_set()
            assert len(client.pings) >= 3

    run_in_turns(wait())


def test_a_connection_ends_with_its_lifetime() -> None:
    async def wait() -> None:
        async with (
            quiet_venue(session=SessionConfig(lifetime_s=0.05)) as venue,
            VenueClient(venue) as client,
        ):
            assert (await client.request("ping"))["status"] == 200
            await client.closed.wait()

    run_in_turns(wait())


def test_a_shutdown_is_announced_in_the_form_of_each_connection() -> None:
    async def announce() -> None:
        async with (
            quiet_venue() as venue,
            VenueClient(venue) as api,
            VenueClient(venue, "/ws/btcusdt@trade") as raw,
            VenueClient(venue, "/stream?streams=btcusdt@trade") as combined,
        ):
            venue.announce_shutdown()
            assert (await api.event("serverShutdown"))["E"] > 0
            assert (await raw.wait_for(lambda m: "e" in m))["e"] == "serverShutdown"
            message = await combined.wait_for(lambda m: "stream" in m)
            assert (message["stream"], message["data"]["e"]) == ("!serverShutdown", "serverShutdown")

    asyncio.run(announce())


def test_too_many_connections_are_refused() -> None:
    async def connect() -> None:
        async with quiet_venue(limits=LimitsConfig(connections_5m=1)) as venue, VenueClient(venue):
            status, error = await get(venue, "/ws-api/v3")
            assert (status, error["code"]) == (429, -1034)

    asyncio.run(connect())


def with_faults(play: Any, *rules: FaultRule, **config: Any) -> None:
    """Plays a scene with one logged-on, listening client on a venue with a script."""
    credentials = Credentials("alice")

    async def run() -> None:
        async with quiet_venue(credentials, faults=rules, **config) as venue, VenueClient(venue) as client:
            await client.log_on(credentials)
            await play(venue, client)
            assert len(venue.faults.struck) == sum(rule.count for rule in rules)

    asyncio.run(run())


def place_soon(client: VenueClient, **parameters: Any) -> "asyncio.Task[Json]":
    """An order whose reply may never come."""
    return asyncio.ensure_future(client.timed("order.place", **limit(**parameters)))


def test_a_lost_reply_leaves_a_living_order() -> None:
    async def play(venue: Any, client: VenueClient) -> None:
        request = place_soon(client, newClientOrderId="lost")
        await client.event("executionReport", c="lost")
        assert not request.done()
        request.cancel()
        queried = await client.timed("order.status", symbol="BTCUSDT", origClientOrderId="lost")
        assert queried["result"]["status"] == "NEW"

    with_faults(play, FaultRule(action="drop_reply", match="order.place"))


def test_an_unknown_outcome_may_be_either() -> None:
    async def play(venue: Any, client: VenueClient) -> None:
        done = await client.timed("order.place", **limit(newClientOrderId="done"))
        assert (done["status"], done["error"]["code"]) == (504, -1007)
        undone = await client.timed("order.place", **limit(newClientOrderId="undone"))
        assert (undone["status"], undone["error"]["code"]) == (500, -1006)
        found = await client.timed("order.status", symbol="BTCUSDT", origClientOrderId="done")
        assert found["status"] == 200
        missing = await client.timed("order.status", symbol="BTCUSDT", origClientOrderId="undone")
        assert missing["error"]["code"] == -2013

    with_faults(
        play,
        FaultRule(action="unknown_outcome", match="order.place"),
        FaultRule(action="unknown_outcome", match="order.place", code=-1006, executes=False),
    )


@pytest.mark.parametrize(("action", "is_placed"), [("drop_connection", False), ("drop_after", True)])
def test_a_dropped_connection_hides_what_became_of_the_order(action: Any, is_placed: bool) -> None:
    async def play(venue: Any, client: VenueClient) -> None:
        request = place_soon(client)
        await client.closed.wait()
        request.cancel()
        assert bool(venue.exchange.accounts["alice"].open_orders["BTCUSDT"]) is is_placed

    with_faults(play, FaultRule(action=action, match="order.place"))


def test_a_half_open_connection_says_nothing_more() -> None:
    async def play(venue: Any, client: VenueClient) -> None:
        count = len(client.messages)
        request = place_soon(client)
        while not venue.faults.struck:
            await asyncio.sleep(0)
        async with VenueClient(venue) as other:
            assert (await other.request("ping"))["status"] == 200
        request.cancel()
        assert (len(client.messages), client.closed.is_set()) == (count, False)

    with_faults(play, FaultRule(action="half_open", match="order.place"))


def test_events_can_overtake_the_reply_and_come_twice() -> None:
    async def play(venue: Any, client: VenueClient) -> None:
        provide(venue, Side.SELL, "60000.00", "1")
        await client.timed("order.place", **limit())
        await client.event("outboundAccountPosition")
        kinds = [m["event"].get("x", "P") if "event" in m else "reply" for m in client.messages[2:]]
        assert kinds == ["NEW", "TRADE", "TRADE", "P", "reply"]

    with_faults(
        play,
        FaultRule(action="events_first", match="order.place"),
        FaultRule(action="duplicate_event", match="executionReport", skip=1),
    )


def test_a_malformed_frame_and_a_lost_event_reach_only_their_victim() -> None:
    async def play(venue: Any, client: VenueClient) -> None:
        request = place_soon(client, newClientOrderId="one")
        await client.wait_for(lambda m: "unreadable" in m)
        request.cancel()
        await client.timed("order.place", **limit(newClientOrderId="two"))
        await client.event("executionReport", c="two")
        assert [event["c"] for event in client.events("executionReport")] == ["two"]

    with_faults(
        play,
        FaultRule(action="malformed_reply", match="order.place"),
        FaultRule(action="drop_event", match="executionReport"),
    )


def test_latency_delays_a_reply_and_keeps_the_order_of_messages() -> None:
    async def play(venue: Any, client: VenueClient) -> None:
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        requests = [place_soon(client, price=f"{60_000 + number}") for number in range(5)]
        await asyncio.gather(*requests)
        assert loop.time() - started_s >= 0.01
        ids = [m["id"] for m in client.messages if "id" in m]
        assert ids == sorted(ids, key=lambda text: int(text[1:]))
        await client.event("executionReport", 5)
        assert [event["i"] for event in client.events("executionReport")] == [1, 2, 3, 4, 5]

    latency = LatencyConfig(request_us=5_000, reply_us=5_000, event_us=2_000, jitter_us=2_000)
    with_faults(play, latency=latency)
