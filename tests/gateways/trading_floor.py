"""Owns gateways that trade on a simulated venue: keys, clock, templates and waiting."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateways.credentials import Credentials, KeyKind
from gateways.instrument import AssetBinding, InstrumentBinding, InstrumentRules
from gateways.instruments_query import fetch_instruments
from gateways.order_gateway import AccountLine, OrderGateway
from gateways.registry import VENUES
from gateways.signing import Ed25519Signer, HmacSigner
from gateways.simulator import (
    AccountConfig,
    FlowConfig,
    KeyConfig,
    SimulatedVenue,
    VenueConfig,
    generate_ed25519,
    generate_hmac,
)
from gateways.template import TemplateKey
from gateways.venue import OpenOrder
from ipc import order_id as order_ids
from ipc.clock import NS_PER_MS, SystemClock
from ipc.enums import ConnectionState, RecordKind, RequestKind, SelfTradePrevention, Side
from ipc.secret import Secret
from tests.gateways.awaiting_core import AwaitingCore
from tests.gateways.wire_filler import HEADER_ROOM, as_frames, fill, in_buffer

VENUE = VENUES["binance_spot"]
RECEIVE_WINDOW_MS = 2000
SYMBOLS = ("BTCUSDT", "ETHUSDT")
ASSETS = {asset: AssetBinding(number, 8) for number, asset in enumerate(("BTC", "USDT", "ETH", "BNB"))}
BALANCES = {"BTC": "100", "USDT": "10000000", "ETH": "100", "BNB": "100"}


class SkippingClock:
    """The host's clocks, which a test can push ahead."""

    def __init__(self) -> None:
        self._host = SystemClock()
        self._ahead_ns = 0

    def monotonic_ns(self) -> int:
        return self._host.monotonic_ns() + self._ahead_ns

    def utc_ns(self) -> int:
        return self._host.utc_ns() + self._ahead_ns

    def skip(self, duration_ns: int) -> None:
        self._ahead_ns += duration_ns


@dataclass(frozen=True)
class Trader:
    """An account at the simulated venue and the credentials for it."""

    account: AccountConfig
    credentials: Credentials


def new_trader(name: str, kind: KeyKind) -> Trader:
    """An account with a fresh key."""
    if kind is KeyKind.HMAC:
        secret = generate_hmac()
        signer = HmacSigner(Secret(secret.secret.encode()))
        credentials = Credentials(Secret(secret.api_key.encode()), kind, signer)
        key = KeyConfig(api_key=secret.api_key, hmac_secret=secret.secret)
    else:
        pair = generate_ed25519()
        private = load_pem_private_key(pair.private_pem.encode(), None)
        credentials = Credentials(Secret(pair.api_key.encode()), kind, Ed25519Signer(private))  # type: ignore[arg-type]
        key = KeyConfig(api_key=pair.api_key, ed25519_public_key=pair.public_pem)
    return Trader(AccountConfig(name=name, keys=(key,), balances=BALANCES), credentials)


def quiet_venue(*traders: Trader, with_flow: bool = False) -> SimulatedVenue:
    """A venue where nobody trades but these, unless the background flow is wanted."""
    accounts = tuple(trader.account for trader in traders)
    return SimulatedVenue(VenueConfig(accounts=accounts, flow=FlowConfig(enabled=with_flow)))


async def rules_of(venue: SimulatedVenue) -> Mapping[str, InstrumentRules]:
    """What the venue tells of its instruments."""
    return await fetch_instruments(
        venue=VENUE,
        order_url=order_url(venue),
        symbols=SYMBOLS,
        clock=SystemClock(),
        generator=random.Random(1),
    )


def order_url(venue: SimulatedVenue) -> str:
    return f"ws://127.0.0.1:{venue.port}/ws-api/v3"


def bindings(rules: Mapping[str, InstrumentRules]) -> dict[str, InstrumentBinding]:
    return {symbol: InstrumentBinding(number, each) for number, (symbol, each) in enumerate(rules.items())}


class Desk:
    """One account's gateway, live while the `async with` block runs."""

    def __init__(
        self, venue: SimulatedVenue, trader: Trader, rules: Mapping[str, InstrumentRules], *, has_spare: bool = False
    ) -> None:
        self.core = AwaitingCore()
        self.clock = SkippingClock()
        self.rules = rules
        self.credentials = trader.credentials
        line = AccountLine(
            account_id=3,
            venue=VENUE,
            order_url=order_url(venue),
            credentials=trader.credentials,
            receive_window_ms=RECEIVE_WINDOW_MS,
            instruments=bindings(rules),
            assets=ASSETS,
            has_spare=has_spare,
        )
        self.gateway = OrderGateway(line, core=self.core, clock=self.clock, generator=random.Random(7))
        self._templates = VENUE.templates(trader.credentials, RECEIVE_WINDOW_MS)
        self._next_sequence = 1

    async def __aenter__(self) -> Self:
        self.gateway.start()
        await self.until_live()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.stop()
        assert self.core.states()[-1] is ConnectionState.DOWN

    async def until_live(self) -> None:
        await self.core.until(lambda: self.gateway.state is ConnectionState.LIVE)

    def new_order_id(self) -> int:
        self._next_sequence += 1
        return order_ids.pack(instance=1, epoch=1, strategy_id=1, sequence=self._next_sequence)

    def send(
        self,
        key: TemplateKey,
        order_id: int,
        *,
        symbol: str = "BTCUSDT",
        original_order_id: int = 0,
        **asked: int,
    ) -> bool:
        """Fills and sends one hot request."""
        text = self._fill(key, order_id, symbol=symbol, original_order_id=original_order_id, **asked)
        return self.gateway.send_frame(in_buffer(text), HEADER_ROOM)

    def _fill(self, key: TemplateKey, order_id: int, *, symbol: str, original_order_id: int = 0, **asked: int) -> bytes:
        offset_ns = self.core_offset_ns()
        return fill(
            self._templates[key],
            key,
            rules=self.rules[symbol],
            order_id=order_id,
            original_order_id=original_order_id,
            **asked,
            utc_ms=(self.clock.monotonic_ns() + offset_ns) // NS_PER_MS,
            credentials=self.credentials,
        )

    def core_offset_ns(self) -> int:
        """The venue's clock as the core was told."""
        return self.core.of(RecordKind.CLOCK_OFFSET)[-1]["utc_offset_ns"]

    def place(
        self,
        side: Side,
        price_ticks: int,
        order_lots: int,
        *,
        stop_price_ticks: int = 0,
        display_lots: int = 0,
        mode: SelfTradePrevention = SelfTradePrevention.DEFAULT,
        **key: object,
    ) -> int:
        """Sends a new order and returns its id."""
        order_id = self.new_order_id()
        template = TemplateKey(RequestKind.NEW, side=side, **key)  # type: ignore[arg-type]
        assert self.send(
            template,
            order_id,
            price_ticks=price_ticks,
            order_lots=order_lots,
            stop_price_ticks=stop_price_ticks,
            display_lots=display_lots,
            self_trade_prevention=int(mode),
        )
        return order_id

    def cancel(self, order_id: int) -> None:
        assert self.send(TemplateKey(RequestKind.CANCEL), order_id)

    def cancel_together(self, order_ids: list[int]) -> bool:
        """Cancels all of them in one write."""
        key = TemplateKey(RequestKind.CANCEL)
        texts = [self._fill(key, order_id, symbol="BTCUSDT") for order_id in order_ids]
        return self.gateway.send_joined(as_frames(texts), len(texts))

    def events(self, order_id: int) -> list[int]:
        """What was reported of one order, in order."""
        return [report["event"] for report in self.core.reports() if report["order_id"] == order_id]

    async def until_event(self, order_id: int, event: int) -> dict[str, int]:
        """The first report of one kind on one order."""
        await self.core.until(lambda: event in self.events(order_id))
        return next(
            report for report in self.core.reports() if (report["order_id"], report["event"]) == (order_id, event)
        )

    def hold_open(self, *order_ids: int) -> None:
        """Has the core list the orders as open ones of unknown outcome."""
        self.core.open = [
            OpenOrder(
                order_id=order_id,
                venue_order_id=0,
                instrument_id=0,
                cumulative_lots=0,
                sent_ns=self.clock.monotonic_ns(),
                is_unknown=True,
            )
            for order_id in order_ids
        ]
