"""An unmodified ccxt.pro trades on the simulated venue and sees what the venue's log says."""

import asyncio
from typing import Any

import ccxt
import ccxt.pro
import pytest

from gateways.simulator import AccountConfig, KeyConfig, SimulatedVenue, generate_ed25519, generate_hmac
from gateways.simulator.orders import Side
from tests.simulator.venue_client import BALANCES, Json, provide, quiet_venue

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("leaves_sockets_to_the_collector")]

SYMBOL = "BTC/USDT"


class KeyPair:
    """A configured account and what its owner gives to ccxt."""

    def __init__(self, kind: str) -> None:
        if kind == "hmac":
            shared = generate_hmac()
            self.api_key, self.secret = shared.api_key, shared.secret
            key = KeyConfig(api_key=shared.api_key, hmac_secret=shared.secret)
        else:
            pair = generate_ed25519()
            self.api_key, self.secret = pair.api_key, pair.private_pem
            key = KeyConfig(api_key=pair.api_key, ed25519_public_key=pair.public_pem)
        self.account = AccountConfig(
            name="alice", keys=(key,), balances=BALANCES, maker_commission_bps="2", taker_commission_bps="7.5"
        )


def exchange_at(venue: SimulatedVenue, keys: KeyPair) -> Any:
    exchange = ccxt.pro.binance(
        {
            "apiKey": keys.api_key,
            "secret": keys.secret,
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
            },
        }
    )
    exchange.has["fetchCurrencies"] = False
    host = f"127.0.0.1:{venue.port}"
    exchange.urls["api"]["ws"]["ws-api"]["spot"] = f"ws://{host}/ws-api/v3"
    exchange.urls["api"]["ws"]["spot"] = f"ws://{host}/ws"
    for name in ("public", "private"):
        exchange.urls["api"][name] = f"http://{host}/api/v3"
    return exchange


def logged(venue: SimulatedVenue, event: str) -> list[Json]:
    return [record for record in venue.log if record["event"] == event]


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
def test_ccxt_sees_the_orders_fills_and_fees_that_the_venue_logged(kind: str) -> None:
    keys = KeyPair(kind)

    async def trade() -> None:
        async with quiet_venue(accounts=(keys.account,)) as venue:
            exchange = exchange_at(venue, keys)
            try:
                await exchange.load_markets()
                await _trade(venue, exchange)
            finally:
                await exchange.close()

    asyncio.run(trade())


async def _trade(venue: SimulatedVenue, exchange: Any) -> None:
    watched: list[Json] = []

    async def watch_until_filled(count: int) -> None:
        while sum(order["status"] == "closed" for order in watched) < count:
            watched.extend([dict(order) for order in await exchange.watch_orders(SYMBOL)])

    watcher = asyncio.ensure_future(watch_until_filled(2))
    balance = await exchange.fetch_balance_ws()
    assert {"asset": "USDT", "free": "1000000.00000000", "locked": "0.00000000"} in balance["info"]["balances"]
    provide(venue, Side.SELL, "65000.00", "0.004")
    provide(venue, Side.SELL, "65001.00", "1")
    while not venue.face.has_subscribers("alice"):
        await asyncio.sleep(0)

    bought = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, 65001)
    resting = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.02, 60000)
    queried = await exchange.fetch_order_ws(resting["id"], SYMBOL)
    edited = await exchange.edit_order_ws(resting["id"], SYMBOL, "limit", "buy", 0.03, 60500)
    open_orders = await exchange.fetch_open_orders_ws(SYMBOL)
    canceled = await exchange.cancel_order_ws(edited["id"], SYMBOL)
    sold = await exchange.create_order_ws(SYMBOL, "market", "buy", 0.005)
    await asyncio.wait_for(watcher, 10)
    trades = await exchange.fetch_my_trades_ws(SYMBOL)

    assert bought["status"] == "closed" and sold["status"] == "closed"
    assert queried["status"] == "open" and queried["amount"] == 0.02
    assert [order["id"] for order in open_orders] == [edited["id"]]
    assert canceled["status"] == "canceled"
    assert [record["client_order_id"] for record in logged(venue, "accepted")] == [
        order["clientOrderId"] for order in (bought, resting, edited, sold)
    ]
    assert [record["venue_order_id"] for record in logged(venue, "canceled")] == [
        int(resting["id"]), int(edited["id"]),
    ]  # fmt: skip
    seen = [
        (int(t["id"]), int(t["order"]), t["info"]["price"], t["info"]["qty"], t["info"]["commission"]) for t in trades
    ]
    assert seen == [
        (r["trade_id"], r["venue_order_id"], r["last_price"], r["last_quantity"], r["fee"])
        for r in logged(venue, "traded")
    ]
    assert {t["info"]["commissionAsset"] for t in trades} == {"BTC"}
    filled = [order for order in watched if order["status"] == "closed"]
    assert {order["id"] for order in filled} == {bought["id"], sold["id"]}
    traded = [record for record in logged(venue, "traded") if record["order_status"] == "FILLED"]
    assert [order["filled"] for order in filled] == [float(r["cumulative_quantity"]) for r in traded]


def test_ccxt_places_a_stop_and_an_iceberg() -> None:
    keys = KeyPair("ed25519")

    async def trade() -> None:
        async with quiet_venue(accounts=(keys.account,)) as venue:
            exchange = exchange_at(venue, keys)
            try:
                await exchange.load_markets()
                await _stop_and_iceberg(venue, exchange)
            finally:
                await exchange.close()

    asyncio.run(trade())


async def _stop_and_iceberg(venue: SimulatedVenue, exchange: Any) -> None:
    stop = await exchange.create_order_ws(SYMBOL, "limit", "sell", 0.01, 59000, {"stopPrice": 59500})
    queried = await exchange.fetch_order_ws(stop["id"], SYMBOL)
    assert (queried["status"], queried["stopPrice"], queried["info"]["isWorking"]) == ("open", 59500, False)
    provide(venue, Side.BUY, "59500.00", "0.001")
    provide(venue, Side.SELL, "59500.00", "0.001")
    assert (await exchange.fetch_order_ws(stop["id"], SYMBOL))["info"]["isWorking"]
    assert [record["venue_order_id"] for record in logged(venue, "working")] == [int(stop["id"])]

    iceberg = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.05, 58000, {"icebergQty": "0.01"})
    assert (await exchange.fetch_order_ws(iceberg["id"], SYMBOL))["info"]["icebergQty"] == "0.01000000"
    book = await exchange.fetch_order_book(SYMBOL)
    assert book["bids"][0] == [58000, 0.01]


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
def test_ccxt_meets_every_kind_of_rejection_as_its_own_exception(kind: str) -> None:
    keys = KeyPair(kind)

    async def provoke() -> None:
        async with quiet_venue(accounts=(keys.account,)) as venue:
            exchange = exchange_at(venue, keys)
            try:
                await exchange.load_markets()
                provide(venue, Side.SELL, "65000.00", "1")
                with pytest.raises(ccxt.InsufficientFunds):
                    await exchange.create_order_ws(SYMBOL, "limit", "buy", 100, 64000)
                with pytest.raises(ccxt.OrderImmediatelyFillable):
                    await exchange.create_order_ws(SYMBOL, "LIMIT_MAKER", "buy", 0.01, 66000)
                with pytest.raises(ccxt.BadRequest, match="NOTIONAL"):
                    await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.00001, 60000)
                with pytest.raises(ccxt.OrderNotFound):
                    await exchange.cancel_order_ws("4711", SYMBOL)
                await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, 60000, {"newClientOrderId": "one"})
                with pytest.raises(ccxt.ExchangeError, match="Duplicate"):
                    await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, 60000, {"newClientOrderId": "one"})
            finally:
                await exchange.close()
            assert [record["code"] for record in logged(venue, "rejected")] == [
                -2010, -2010, -1013, -2011, -2010,
            ]  # fmt: skip

    asyncio.run(provoke())


def test_ccxt_follows_the_order_book_and_the_best_prices() -> None:
    keys = KeyPair("hmac")

    async def follow() -> None:
        async with quiet_venue(accounts=(keys.account,)) as venue:
            exchange = exchange_at(venue, keys)
            try:
                await exchange.load_markets()
                provide(venue, Side.SELL, "65000.00", "1")
                provide(venue, Side.BUY, "64990.00", "2")
                ticker = (await exchange.watch_bids_asks([SYMBOL]))[SYMBOL]
                assert (ticker["bid"], ticker["ask"]) == (64990, 65000)
                book = await exchange.fetch_order_book(SYMBOL)
                assert (book["bids"], book["asks"]) == ([[64990, 2]], [[65000, 1]])
                watching = asyncio.ensure_future(exchange.watch_order_book(SYMBOL))
                while not venue.face.streams.listeners("btcusdt@depth@100ms"):
                    await asyncio.sleep(0)
                provide(venue, Side.BUY, "64991.00", "3")
                book = await asyncio.wait_for(watching, 10)
                assert book["bids"][0] == [64991, 3]
            finally:
                await exchange.close()

    asyncio.run(follow())
