"""Owns the guardian's way to one account: a connection of its own, and the clearing that runs over it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.guardian.clearing import Clearing
from engine.guardian.session import GuardianSession
from gateways.connection import Resolver
from gateways.credentials import Credentials
from gateways.gateway import Gateway
from gateways.venue import Venue
from gateways.venue_clock import VenueClock
from ipc.clock import NS_PER_MS, Clock


@dataclass(frozen=True)
class GuardedAccount:
    """What tells one account from another."""

    name: str
    venue: Venue
    order_url: str
    credentials: Credentials
    receive_window_ms: int
    symbols: Sequence[str]
    ca_file: Path | None


class AccountLine(Gateway):
    """One account, its connection kept warm."""

    def __init__(
        self, account: GuardedAccount, *, clock: Clock, generator: random.Random, resolver: Resolver | None = None
    ) -> None:
        self.name = account.name
        venue_clock = VenueClock(clock.utc_ns() - clock.monotonic_ns())
        dialect = account.venue.guardian_dialect(account.credentials, account.receive_window_ms, venue_clock)
        self._clearing = Clearing(dialect, account.symbols)
        self._own_session = GuardianSession(dialect, self._clearing, generator)
        self._in_flight_ns = account.receive_window_ms * NS_PER_MS + account.venue.processing_timeout_ns
        super().__init__(
            session=self._own_session, url=account.order_url, clock=clock, ca_file=account.ca_file, resolver=resolver
        )

    @property
    def is_connected(self) -> bool:
        """Whether what is asked goes out at once."""
        return self._own_session.active_link_id is not None

    @property
    def trouble(self) -> str:
        """Why the last connection was given up."""
        return self._own_session.trouble

    @property
    def left(self) -> tuple[str, ...]:
        """The symbols that are being cleared still."""
        return self._clearing.left

    @property
    def has_found_orders(self) -> bool:
        """Whether anything was open since the clearing began."""
        return self._clearing.has_found_orders

    def clear(self, now_ns: int, *, is_thorough: bool) -> None:
        """Begins to cancel everything; nothing that was sent before now may be left when it is done."""
        self._clearing.begin(now_ns, settled_ns=now_ns + self._in_flight_ns, is_thorough=is_thorough)
        self._perform(self._own_session.ask(now_ns))
