"""Binance's own, unmodified Python client trades on the simulated venue and sees what its log says."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_spot.rest_api import SpotRestAPI
from binance_sdk_spot.spot import Spot
from binance_sdk_spot.websocket_api import models

from gateways.simulator import SimulatedVenue
from gateways.simulator.orders import Side
from tests.simulator.venue_client import Credentials, Json, provide, quiet_venue

pytestmark = [
    pytest.mark.slow,
    # The client passes a time-out in a form that its own HTTP library has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.usefixtures("leaves_sockets_to_the_collector"),
]


@asynccontextmanager
async def logged_on(venue: SimulatedVenue, credentials: Credentials) -> AsyncIterator[Any]:
    """The client's WebSocket API after session.logon with an Ed25519 key."""
    configuration = ConfigurationWebSocketAPI(
        api_key=credentials.api_key,
        private_key=credentials.private_pem,
        stream_url=f"ws://127.0.0.1:{venue.port}/ws-api/v3",
    )
    api = Spot(config_ws_api=configuration).websocket_api
    try:
        api = await api.create_connection()
        assert (await api.session_logon()).data().result.api_key == credentials.api_key
        yield api
    finally:
        await api.close_connection(close_session=True)


@pytest.fixture(autouse=True)
def _quiet_logging() -> None:
    logging.getLogger().setLevel(logging.CRITICAL)


def logged(venue: SimulatedVenue, event: str) -> list[Json]:
    return [record for record in venue.log if record["event"] == event]


def test_the_official_client_sees_the_orders_fills_and_fees_that_the_venue_logged() -> None:
    credentials = Credentials("alice", maker_commission_bps="2", taker_commission_bps="7.5")

    async def trade() -> None:
        async with quiet_venue(credentials) as venue, logged_on(venue, credentials) as api:
            await _trade(venue, api)

    asyncio.run(trade())


async def _trade(venue: SimulatedVenue, api: Any) -> None:
    reports: list[Any] = []
    done = asyncio.Event()

    def on_message(event: Any) -> None:
        if type(event.actual_instance).__name__ == "ExecutionReport":
            reports.append(event.actual_instance)
            if event.actual_instance.x == "CANCELED":
                done.set()

    # The client loses events of subscription 0 (it looks for `stream or subscriptionId`), so it gets number 1.
    first = await api.user_data_stream_subscribe()
    await api.user_data_stream_unsubscribe()
    assert first.response.data().result.subscription_id == 0
    (await api.user_data_stream_subscribe()).stream.on("message", on_message)
    provide(venue, Side.SELL, "65000.00", "0.004")
    provide(venue, Side.SELL, "65001.00", "1")

    bought = (await api.order_place(**_limit(price=65001.0, quantity=0.01))).data().result
    resting = (await api.order_place(**_limit(price=60000.0, quantity=0.02))).data().result
    queried = (await api.order_status(symbol="BTCUSDT", order_id=resting.order_id)).data().result
    amended = (await api.order_amend_keep_priority(symbol="BTCUSDT", new_qty=0.015, order_id=resting.order_id)).data()
    canceled = (await api.order_cancel(symbol="BTCUSDT", order_id=resting.order_id)).data().result
    trades = (await api.my_trades(symbol="BTCUSDT")).data().result
    await asyncio.wait_for(done.wait(), 10)

    assert (bought.status, queried.status, canceled.status) == ("FILLED", "NEW", "CANCELED")
    assert amended.result.amended_order.qty == "0.01500000"
    accepted = logged(venue, "accepted")
    assert [r["venue_order_id"] for r in accepted] == [bought.order_id, resting.order_id]
    assert [r["client_order_id"] for r in accepted] == [bought.client_order_id, resting.client_order_id]
    expected = [
        (r["trade_id"], r["venue_order_id"], r["last_price"], r["last_quantity"], r["fee"], r["fee_asset"])
        for r in logged(venue, "traded")
    ]
    assert len(expected) == 2
    assert [(t.id, t.order_id, t.price, t.qty, t.commission, t.commission_asset) for t in trades] == expected
    assert [(r.t, r.i, r.L, r.l, r.n, r.N) for r in reports if r.x == "TRADE"] == expected
    assert [(r.x, r.X) for r in reports] == [
        ("NEW", "NEW"), ("TRADE", "PARTIALLY_FILLED"), ("TRADE", "FILLED"),
        ("NEW", "NEW"), ("REPLACED", "NEW"), ("CANCELED", "CANCELED"),
    ]  # fmt: skip
    assert logged(venue, "canceled")[0]["client_order_id"] == reports[-1].C


def test_the_official_client_meets_the_documented_errors() -> None:
    credentials = Credentials("alice")

    async def provoke() -> None:
        async with quiet_venue(credentials) as venue, logged_on(venue, credentials) as api:
            requests = (
                api.order_place(**_limit(price=64000.0, quantity=100.0)),
                api.order_place(**_limit(price=64000.001, quantity=1.0)),
                api.order_place(**_limit(price=10000.0, quantity=0.0001)),
                api.order_place(**_limit(price=64000.0, quantity=1e-05)),
                api.order_cancel(symbol="BTCUSDT", order_id=4711),
                api.order_status(symbol="BTCUSDT", order_id=4711),
                api.order_status(symbol="NOSUCH", order_id=1),
            )
            codes = [(await request).data()["error"]["code"] for request in requests]
            # The client writes 1e-05 with an exponent, which the venue's number format does not have.
            assert codes == [-2010, -1013, -1013, -1100, -2011, -2013, -1121]
            assert [r["code"] for r in logged(venue, "rejected")] == [-2010, -1013, -1013, -1100, -2011]

    asyncio.run(provoke())


def test_the_official_client_reads_rest_and_market_streams() -> None:
    credentials = Credentials("alice")

    async def read() -> None:
        async with quiet_venue(credentials) as venue:
            provide(venue, Side.SELL, "65000.00", "1")
            await asyncio.to_thread(_read_rest, venue, credentials)
            url = f"ws://127.0.0.1:{venue.port}/stream"
            client = Spot(config_ws_streams=ConfigurationWebSocketStreams(stream_url=url))
            connection = await client.websocket_streams.create_connection()
            tickers: asyncio.Queue[Any] = asyncio.Queue()
            stream = await connection.book_ticker(symbol="btcusdt")
            stream.on("message", tickers.put_nowait)
            try:
                await _wait_for_listener(venue)
                provide(venue, Side.BUY, "64000.00", "2")
                while (ticker := await asyncio.wait_for(tickers.get(), 10)).b != "64000.00000000":
                    pass
                assert (ticker.B, ticker.a, ticker.A) == ("2.00000000", "65000.00000000", "1.00000000")
            finally:
                await connection.close_connection(close_session=True)

    asyncio.run(read())


async def _wait_for_listener(venue: SimulatedVenue) -> None:
    while not venue.face.streams.listeners("btcusdt@bookTicker"):
        await asyncio.sleep(0)


def _read_rest(venue: SimulatedVenue, credentials: Credentials) -> None:
    configuration = ConfigurationRestAPI(
        api_key=credentials.api_key,
        private_key=credentials.private_pem,
        base_path=f"http://127.0.0.1:{venue.port}",
    )
    api = SpotRestAPI(configuration)
    try:
        symbols = api.exchange_info().data().symbols
        assert [symbol.symbol for symbol in symbols] == list(venue.exchange.books)
        balances = {b.asset: b.free for b in api.get_account().data().balances}
        assert balances["USDT"] == "1000000.00000000"
        assert api.depth(symbol="BTCUSDT").data().asks == [["65000.00000000", "1.00000000"]]
    finally:
        if getattr(api, "_session", None) is not None:
            api._session.close()


def _limit(price: float, quantity: float) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "side": models.OrderPlaceSideEnum.BUY,
        "type": models.OrderPlaceTypeEnum.LIMIT,
        "time_in_force": models.OrderPlaceTimeInForceEnum.GTC,
        "price": price,
        "quantity": quantity,
    }
