"""Owns an account's way to its venue: sends what the engine encoded, feeds the core what the venue said."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from gateways.connection import Connection, Resolver
from gateways.credentials import Credentials
from gateways.gateway import Gateway
from gateways.instrument import AssetBinding, InstrumentBinding, InstrumentRules
from gateways.order_session import OrderSession
from gateways.venue import OrderCore, Venue
from gateways.venue_clock import VenueClock
from ipc.clock import Clock
from ipc.enums import ConnectionState


@dataclass(frozen=True)
class AccountLine:
    """What tells one account's gateway from another's."""

    account_id: int
    venue: Venue
    order_url: str
    credentials: Credentials
    receive_window_ms: int
    instruments: Mapping[str, InstrumentBinding]
    """By the venue's symbol."""
    assets: Mapping[str, AssetBinding]
    """By name; every asset that fees may be paid in belongs here."""
    has_spare: bool = False
    """Whether a second connection stands by, so that losing one never stops trading."""
    ca_file: Path | None = None
    rate_share: Fraction = Fraction(1)
    """The part of what the venue grants for questions that is this account's and this engine's."""


class OrderGateway(Gateway):
    """The order connections of one account."""

    def __init__(
        self,
        line: AccountLine,
        *,
        core: OrderCore,
        clock: Clock,
        generator: random.Random,
        resolver: Resolver | None = None,
    ) -> None:
        venue_clock = VenueClock(clock.utc_ns() - clock.monotonic_ns())
        self._codec = line.venue.order_codec(line.account_id, line.instruments, line.assets)
        self._orders = OrderSession(
            account_id=line.account_id,
            core=core,
            codec=self._codec,
            dialect=line.venue.dialect(line.credentials, line.receive_window_ms, venue_clock, line.instruments),
            clock=venue_clock,
            instruments=line.instruments,
            generator=generator,
            has_spare=line.has_spare,
            rate_share=line.rate_share,
        )
        self._signer = line.credentials.signer
        super().__init__(session=self._orders, url=line.order_url, clock=clock, ca_file=line.ca_file, resolver=resolver)

    @property
    def state(self) -> ConnectionState:
        """How far the connection is; the core hears of every change by a record."""
        return self._orders.state

    @property
    def instruments(self) -> Mapping[str, InstrumentRules]:
        """The rules by symbol as the venue told them last, empty before the first connection is ready."""
        return self._orders.rules

    @property
    def trouble(self) -> str:
        """Why the last connection was given up, empty when none was."""
        return self._orders.trouble

    def counters(self) -> dict[str, int]:
        """What happened so far, by name."""
        return {**self._orders.counters, **self._codec.counters()}

    def send_frame(self, buffer: bytearray, offset: int) -> bool:
        """Sends what lies in `buffer` from `offset` (at least 14) on; False when it certainly was not sent.

        The bytes are masked where they lie, so the buffer is filled anew for the next frame.
        """
        connection = self._sending_connection()
        if connection is None:
            return False
        connection.send_in_place(buffer, offset)
        self._orders.requests_sent(1)
        return True

    def send_joined(self, frames: bytes, count: int) -> bool:
        """Sends `count` whole masked frames, a request in each, in one write; False when certainly none was sent."""
        connection = self._sending_connection()
        if connection is None:
            return False
        connection.send_framed(frames)
        self._orders.requests_sent(count)
        return True

    def _sending_connection(self) -> Connection | None:
        """The connection for requests, None when it would not take one."""
        link_id = self._orders.active_link_id
        connection = None if link_id is None else self._connections.get(link_id)
        return connection if connection is not None and connection.can_send() else None

    def sign(self, text: memoryview) -> bytes:
        """The signature of a request that carries one, as ASCII text."""
        return self._signer.sign(text)

    def cancel_all(self, symbol: str) -> None:
        """Asks the venue to cancel every open order of one symbol, also those that are not ours."""
        self._perform(self._orders.cancel_all(symbol, self._clock.monotonic_ns()))
