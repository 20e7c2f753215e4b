"""A running venue is told from outside what others do, what comes and goes, and when it is not to be had."""

import asyncio
from collections.abc import Awaitable, Callable

import picows
import pytest

from gateways.simulator import SimulatedVenue
from gateways.simulator.orders import Side
from tests.simulator.venue_client import Credentials, VenueClient, get, limit, provide, quiet_venue

ORDER = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=60000.00&quantity=0.01000&newClientOrderId=web_1"


def told(play: Callable[[SimulatedVenue, VenueClient], Awaitable[None]]) -> None:
    async def run() -> None:
        credentials = Credentials("alice")
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            await client.log_on(credentials)
            await play(venue, client)

    asyncio.run(run())


def test_another_client_of_the_account_orders_and_cancels() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        provide(venue, Side.SELL, "60000.00", "0.004")
        status, placed = await get(
            venue, f"/control/act?account=alice&method=order.place&{ORDER}&newClientOrderId=web_1"
        )
        assert (status, placed["status"], placed["executedQty"]) == (200, "PARTIALLY_FILLED", "0.00400000")
        assert (await client.event("executionReport", x="TRADE"))["c"] == "web_1"
        await get(venue, "/control/act?account=alice&method=order.cancel&symbol=BTCUSDT&origClientOrderId=web_1")
        assert (await client.event("executionReport", x="CANCELED"))["C"] == "web_1"

    told(play)


def test_another_client_is_told_why_not() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        target = "/control/act?account=alice&method=order.cancel&symbol=BTCUSDT&orderId=7"
        assert await get(venue, target) == (200, {"code": -2011, "msg": "Unknown order sent."})

    told(play)


def test_a_deposit_and_a_withdrawal_are_balance_updates() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        for amount in ("2.5", "-0.5"):
            assert (await get(venue, f"/control/deposit?account=alice&asset=BTC&amount={amount}"))[0] == 200
        assert (await client.event("balanceUpdate", d="2.50000000"))["a"] == "BTC"
        await client.event("balanceUpdate", d="-0.50000000")
        position = await client.event("outboundAccountPosition", 2)
        assert position["B"] == [{"a": "BTC", "f": "12.00000000", "l": "0.00000000"}]
        deposits = [record["quantity"] for record in venue.log if record["event"] == "deposited"]
        assert deposits == ["2.50000000", "-0.50000000"]

    told(play)


def test_a_halted_instrument_takes_no_orders() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await get(venue, "/control/status?symbol=BTCUSDT&status=HALT")
        assert (await client.timed("order.place", **limit()))["error"]["msg"] == "Market is closed."
        await get(venue, "/control/status?symbol=BTCUSDT&status=TRADING")
        assert (await client.timed("order.place", **limit()))["status"] == 200

    told(play)


def test_maintenance_cuts_connections_and_takes_no_new_ones() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await get(venue, "/control/maintenance?seconds=60")
        await client.closed.wait()
        with pytest.raises(picows.WSError, match="503"):
            await VenueClient(venue).__aenter__()
        await get(venue, "/control/maintenance?seconds=0")
        async with VenueClient(venue) as again:
            assert (await again.request("ping"))["status"] == 200

    told(play)


def test_a_ban_holds_for_as_long_as_told() -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        await get(venue, "/control/ban?seconds=60")
        assert (await client.request("ping"))["status"] == 418
        await get(venue, "/control/ban?seconds=0")
        async with VenueClient(venue) as again:
            assert (await again.request("ping"))["status"] == 200

    told(play)


@pytest.mark.parametrize(
    "target",
    [
        "act?account=alice&method=order.steal",
        "act?account=nobody&method=order.cancel",
        "deposit?account=alice&asset=BTC&amount=-1000",
        "deposit?account=alice&asset=BTC&amount=much",
        "deposit?account=alice",
        "status?symbol=BTCUSDT&status=OPEN",
        "maintenance?seconds=soon",
        "fault?action=earthquake",
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(target: str) -> None:
    async def play(venue: SimulatedVenue, client: VenueClient) -> None:
        count = len(venue.log)
        assert (await get(venue, f"/control/{target}"))[0] == 400
        assert len(venue.log) == count

    told(play)
