"""Owns a market-data connection of a venue."""

import random
from collections.abc import Mapping
from pathlib import Path

from gateways.connection import Resolver
from gateways.gateway import Gateway
from gateways.instrument import InstrumentBinding
from gateways.market_data_session import MarketDataSession
from gateways.trade_flow import TOLD_EVERY_NS
from gateways.venue import OrderCore, Venue
from ipc.clock import NS_PER_S, Clock


class MarketDataGateway(Gateway):
    """Feeds the core the best prices, the depth and the trades of as many symbols as one connection takes."""

    # Trades that are due wait for half of their interval at most.
    tick_s = TOLD_EVERY_NS / NS_PER_S / 2

    def __init__(  # noqa: PLR0913 - every part is chosen by the venue or the engine
        self,
        *,
        venue: Venue,
        market_url: str,
        instruments: Mapping[str, InstrumentBinding],
        core: OrderCore,
        clock: Clock,
        generator: random.Random,
        ca_file: Path | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        symbols = list(instruments)
        self._codec = venue.market_data_codec(instruments)
        self._market = MarketDataSession(
            core=core,
            codec=self._codec,
            new_opening=lambda: venue.market_data_opening(symbols),
            generator=generator,
        )
        url = venue.market_data_url(market_url, symbols)
        super().__init__(session=self._market, url=url, clock=clock, ca_file=ca_file, resolver=resolver)

    @property
    def is_connected(self) -> bool:
        """Whether prices come."""
        return self._market.active_link_id is not None

    def counters(self) -> dict[str, int]:
        """What happened so far, by name."""
        return {**self._market.counters, **self._codec.counters()}
