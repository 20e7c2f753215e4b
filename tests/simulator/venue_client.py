"""Owns a bare client of the simulated venue: it signs, sends, and waits for what it expects."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from gateways.simulator import AccountConfig, FlowConfig, KeyConfig, SimulatedVenue, VenueConfig, generate_ed25519
from gateways.simulator.orders import Order, OrderKind, Side
from ipc.clock import Clock

Json = dict[str, Any]
BALANCES = {"USDT": "1000000", "BTC": "10", "ETH": "100", "BNB": "100"}


class Credentials:
    """An account's key with its private half, which the venue does not have."""

    def __init__(self, name: str, **account: Any) -> None:
        pair = generate_ed25519()
        self.api_key = pair.api_key
        self.private_pem = pair.private_pem
        key = KeyConfig(api_key=pair.api_key, ed25519_public_key=pair.public_pem)
        self.account = AccountConfig(name=name, keys=(key,), **{"balances": BALANCES, **account})

    def sign(self, payload: bytes) -> str:
        return sign_with_pem(self.private_pem, payload)


def sign_with_pem(pem: str, payload: bytes) -> str:
    """A base64 signature with either kind of private key."""
    key = load_pem_private_key(pem.encode(), None)
    if isinstance(key, Ed25519PrivateKey):
        return base64.b64encode(key.sign(payload)).decode()
    assert isinstance(key, RSAPrivateKey)
    return base64.b64encode(key.sign(payload, PKCS1v15(), SHA256())).decode()


def sign_with_secret(secret: str, payload: bytes) -> str:
    return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


def payload_of(parameters: Json) -> bytes:
    """What is signed, written down independently of the venue."""
    return "&".join(f"{name}={value}" for name, value in sorted(parameters.items())).encode()


def quiet_venue(*credentials: Credentials, clock: Clock | None = None, **config: Any) -> SimulatedVenue:
    """A venue without background flow."""
    settings = {"accounts": tuple(c.account for c in credentials), "flow": FlowConfig(enabled=False), **config}
    return SimulatedVenue(VenueConfig(**settings), clock=clock)


class VenueClient(WSListener):
    """One connection, of either kind."""

    def __init__(self, venue: SimulatedVenue, path: str = "/ws-api/v3") -> None:
        self._venue = venue
        self._url = f"ws://127.0.0.1:{venue.port}{path}"
        self._transport: WSTransport | None = None
        self._arrival = asyncio.Event()
        self._request_count = 0
        self.answers_pings = True
        self.messages: list[Json] = []
        self.texts: list[bytes] = []
        self.pings: list[bytes] = []
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._transport, _ = await ws_connect(lambda: self, self._url, enable_auto_pong=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transport is not None
        self._transport.disconnect()
        await self.closed.wait()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            text = frame.get_payload_as_bytes()
            self.texts.append(text)
            try:
                self.messages.append(orjson.loads(text))
            except orjson.JSONDecodeError:
                self.messages.append({"unreadable": text})
        elif frame.msg_type == WSMsgType.PING:
            self.pings.append(frame.get_payload_as_bytes())
            if self.answers_pings:
                transport.send_pong(self.pings[-1])
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        self._arrival.set()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed.set()
        self._arrival.set()

    def send(self, payload: bytes) -> None:
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, payload)

    async def wait_for(self, wanted: Callable[[Json], bool], count: int = 1) -> Json:
        """The count-th message that is wanted, as soon as it is there."""
        while len(found := [message for message in self.messages if wanted(message)]) < count:
            assert not self.closed.is_set(), "the connection closed before the message came"
            self._arrival.clear()
            await asyncio.wait_for(self._arrival.wait(), 10)
        return found[count - 1]

    async def request(self, method: str, parameters: Json | None = None) -> Json:
        """The reply to an unsigned request."""
        self._request_count += 1
        request_id = f"r{self._request_count}"
        self.send(orjson.dumps({"id": request_id, "method": method, "params": parameters or {}}))
        return await self.wait_for(lambda message: message.get("id") == request_id)

    async def timed(self, method: str, **parameters: Any) -> Json:
        """The reply to a request with a timestamp and no signature, as a logged-on session sends it."""
        return await self.request(method, {"timestamp": self.now_ms(), **parameters})

    async def signed(self, credentials: Credentials, method: str, **parameters: Any) -> Json:
        """The reply to a signed request."""
        parameters = {"apiKey": credentials.api_key, "timestamp": self.now_ms(), **parameters}
        signature = credentials.sign(payload_of(parameters))
        return await self.request(method, {**parameters, "signature": signature})

    async def log_on(self, credentials: Credentials, *, subscribes: bool = True) -> None:
        """Authenticates the connection, and hears of its account's events if wished."""
        assert (await self.signed(credentials, "session.logon"))["status"] == 200
        if subscribes:
            assert (await self.request("userDataStream.subscribe"))["status"] == 200

    def now_ms(self) -> int:
        return self._venue.clock.utc_ns() // 1_000_000

    def events(self, name: str) -> list[Json]:
        return [m["event"] for m in self.messages if m.get("event", {}).get("e") == name]

    async def event(self, name: str, count: int = 1, **fields: Any) -> Json:
        """The count-th event with these fields."""

        def is_wanted(message: Json) -> bool:
            event = message.get("event", {})
            return event.get("e") == name and all(event.get(key) == value for key, value in fields.items())

        event: Json = (await self.wait_for(is_wanted, count))["event"]
        return event


def limit(side: str = "BUY", price: str = "60000.00", quantity: str = "0.01000", **more: Any) -> Json:
    """The parameters of a limit order on BTCUSDT."""
    return {
        "symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC", "price": price,
        "quantity": quantity, **more,
    }  # fmt: skip


def provide(venue: SimulatedVenue, side: Side, price: str, quantity: str, symbol: str = "BTCUSDT") -> Order:
    """Somebody else's resting order, straight into the engine."""
    instrument = venue.exchange.books[symbol].instrument
    order = Order(
        account=venue.exchange.accounts["flow-maker"],
        instrument=instrument,
        client_order_id=f"provided{venue.exchange.books[symbol].order_id}",
        side=side,
        kind=OrderKind.LIMIT,
        order_lots=instrument.lots(quantity),
        price_ticks=instrument.ticks(price),
    )
    assert venue.exchange.place(order) is None
    return order


async def get(venue: SimulatedVenue, target: str, *headers: str) -> tuple[int, Any]:
    """Status and content of a GET request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", venue.port)
    writer.write("\r\n".join([f"GET {target} HTTP/1.1", "Host: venue", *headers, "", ""]).encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    try:
        return status, orjson.loads(body)
    except orjson.JSONDecodeError:
        return status, body.decode()
