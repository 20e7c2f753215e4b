"""Signatures, keys and the timing of requests, checked with keys made for the test."""

import asyncio
from typing import Any

import pytest

from gateways.simulator import AccountConfig, KeyConfig, generate_ed25519, generate_hmac, generate_rsa
from gateways.simulator.binance_spot.signatures import signed_payload
from ipc.clock import NS_PER_MS, ManualClock
from tests.simulator.venue_client import (
    BALANCES,
    Credentials,
    VenueClient,
    limit,
    payload_of,
    quiet_venue,
    sign_with_pem,
    sign_with_secret,
)


def test_the_payload_is_sorted_and_not_percent_encoded() -> None:
    symbol = "\uff11\uff12\uff13BTC"
    parameters = {"timestamp": "1", "symbol": symbol, "apiKey": "k", "signature": "s", "price": "1.10"}
    assert signed_payload(parameters) == f"apiKey=k&price=1.10&symbol={symbol}&timestamp=1".encode()


def test_every_kind_of_key_signs_a_request() -> None:
    shared, rsa, ed25519 = generate_hmac(), generate_rsa(), generate_ed25519()
    keys = (
        KeyConfig(api_key=shared.api_key, hmac_secret=shared.secret),
        KeyConfig(api_key=rsa.api_key, rsa_public_key=rsa.public_pem),
        KeyConfig(api_key=ed25519.api_key, ed25519_public_key=ed25519.public_pem),
    )
    account = AccountConfig(name="alice", keys=keys, balances=BALANCES)

    async def sign() -> None:
        async with quiet_venue(accounts=(account,)) as venue, VenueClient(venue) as client:

            async def status(api_key: str, sign: Any, alter: Any = lambda text: text) -> int:
                parameters = {"apiKey": api_key, "timestamp": client.now_ms(), "symbol": "BTCUSDT"}
                signature = alter(sign(payload_of(parameters)))
                reply = await client.request("openOrders.status", {**parameters, "signature": signature})
                return reply["status"] if "error" not in reply else reply["error"]["code"]

            def by_secret(payload: bytes) -> str:
                return sign_with_secret(shared.secret, payload)

            assert await status(shared.api_key, by_secret) == 200
            assert await status(shared.api_key, by_secret, str.upper) == 200
            assert await status(shared.api_key, lambda payload: sign_with_secret("other", payload)) == -1022
            for pair in (rsa, ed25519):

                def by_key(payload: bytes, pem: str = pair.private_pem) -> str:
                    return sign_with_pem(pem, payload)

                assert await status(pair.api_key, by_key) == 200
                assert await status(pair.api_key, by_key, str.swapcase) == -1022
                assert await status(pair.api_key, by_key, lambda _: "not base64!") == -1022
            assert await status(rsa.api_key, lambda payload: sign_with_pem(ed25519.private_pem, payload)) == -1022

    asyncio.run(sign())


def test_only_an_ed25519_key_logs_a_session_on() -> None:
    shared = generate_hmac()
    key = KeyConfig(api_key=shared.api_key, hmac_secret=shared.secret)
    account = AccountConfig(name="alice", keys=(key,))

    async def try_to_log_on() -> None:
        async with quiet_venue(accounts=(account,)) as venue, VenueClient(venue) as client:
            parameters = {"apiKey": shared.api_key, "timestamp": client.now_ms()}
            signature = sign_with_secret(shared.secret, payload_of(parameters))
            reply = await client.request("session.logon", {**parameters, "signature": signature})
            assert reply["error"]["msg"] == "HMAC API key is not supported."
            assert (await client.request("session.status"))["result"]["apiKey"] is None

    asyncio.run(try_to_log_on())


def test_a_session_authenticates_its_requests_until_it_logs_out() -> None:
    credentials = Credentials("alice")

    async def use() -> None:
        async with quiet_venue(credentials) as venue, VenueClient(venue) as client:
            refused = await client.timed("order.place", **limit())
            assert refused["error"]["msg"].startswith("Mandatory parameter 'apiKey'")
            await client.log_on(credentials)
            assert (await client.timed("order.place", **limit()))["status"] == 200
            no_time = await client.request("order.place", limit())
            assert no_time["error"]["msg"].startswith("Mandatory parameter 'timestamp'")
            status = (await client.request("session.status"))["result"]
            assert (status["apiKey"], status["userDataStream"]) == (credentials.api_key, True)
            status = (await client.request("session.logout"))["result"]
            assert (status["apiKey"], status["authorizedSince"], status["userDataStream"]) == (None, None, False)
            await client.event("eventStreamTerminated")
            refused = await client.timed("order.place", **limit())
            assert refused["error"]["code"] == -1102

    asyncio.run(use())


def test_another_accounts_signature_overrides_the_session() -> None:
    alice, bob = Credentials("alice"), Credentials("bob")

    async def use() -> None:
        async with quiet_venue(alice, bob) as venue, VenueClient(venue) as client:
            await client.log_on(alice)
            assert (await client.signed(bob, "order.place", **limit()))["status"] == 200
            assert len(venue.exchange.accounts["bob"].open_orders["BTCUSDT"]) == 1
            assert not venue.exchange.accounts["alice"].open_orders["BTCUSDT"]

    asyncio.run(use())


@pytest.mark.parametrize(
    ("name", "age_us", "parameters", "code"),
    [
        ("now", 0, {}, 200),
        ("as old as the default window", 5_000_000, {}, 200),
        ("a millisecond older", 5_001_000, {}, -1021),
        ("just short of a second ahead", -999_000, {}, 200),
        ("a second ahead", -1_000_000, {}, -1021),
        ("inside a window of its own", 50_000, {"recvWindow": "50"}, 200),
        ("outside a window of its own", 51_000, {"recvWindow": "50"}, -1021),
        ("inside a window with decimals", 50_000, {"recvWindow": "50.001"}, 200),
        ("window too wide", 0, {"recvWindow": "60001"}, -1102),
        ("window too fine", 0, {"recvWindow": "5.0001"}, -1100),
    ],
)
def test_the_timestamp_must_be_recent(name: str, age_us: int, parameters: dict[str, str], code: int) -> None:
    credentials = Credentials("alice")
    clock = ManualClock()

    async def ask(unit_ns: int) -> int:
        async with quiet_venue(credentials, clock=clock) as venue, VenueClient(venue) as client:
            timestamp = (clock.utc_ns() - age_us * 1_000) // unit_ns
            reply = await client.signed(
                credentials, "openOrders.status", symbol="BTCUSDT", timestamp=timestamp, **parameters
            )
            return int(reply["error"]["code"] if "error" in reply else reply["status"])

    assert asyncio.run(ask(NS_PER_MS)) == code, name
    assert asyncio.run(ask(1_000)) == code, name


def test_keys_are_checked_before_signatures() -> None:
    key_pair = generate_ed25519()
    reader = KeyConfig(api_key=key_pair.api_key, ed25519_public_key=key_pair.public_pem, permissions=("USER_DATA",))

    async def ask() -> None:
        account = AccountConfig(name="alice", keys=(reader,))
        async with quiet_venue(accounts=(account,)) as venue, VenueClient(venue) as client:
            for api_key, method, code in (
                ("short", "openOrders.status", -2014),
                ("a" * 64, "openOrders.status", -2015),
                (reader.api_key, "order.place", -2015),
            ):
                parameters = {"apiKey": api_key, "timestamp": client.now_ms(), "signature": "AA==", **limit()}
                reply = await client.request(method, parameters)
                assert (reply["status"], reply["error"]["code"]) == (401, code)

    asyncio.run(ask())
