"""Owns Binance Spot as a venue: which file does what."""

from collections.abc import Mapping, Sequence

from gateways.binance_spot.codec import Codec
from gateways.binance_spot.endpoints import ENDPOINTS
from gateways.binance_spot.guardian import BinanceSpotGuardian
from gateways.binance_spot.limits import PROCESSING_TIMEOUT_NS, RATE_WINDOWS
from gateways.binance_spot.market_data_codec import MarketDataCodec
from gateways.binance_spot.market_data_session import SYMBOLS_MAX, MarketDataOpening, stream_url
from gateways.binance_spot.requests import Requests
from gateways.binance_spot.session import BinanceSpotDialect, instruments_opening
from gateways.binance_spot.templates import templates
from gateways.credentials import Credentials
from gateways.instrument import AssetBinding, InstrumentBinding
from gateways.template import Template, TemplateKey
from gateways.venue import Opening
from gateways.venue_clock import VenueClock


class BinanceSpot:
    """The parts of `gateways.venue.Venue` for Binance Spot."""

    endpoints = ENDPOINTS
    rate_windows = RATE_WINDOWS
    processing_timeout_ns = PROCESSING_TIMEOUT_NS

    def symbol(self, base: str, quote: str) -> str:
        """The venue's own name of a pair."""
        return base + quote

    def templates(self, credentials: Credentials, receive_window_ms: int) -> dict[TemplateKey, Template]:
        """A template for every hot request that the venue takes."""
        return templates(credentials, receive_window_ms)

    def order_codec(
        self,
        account_id: int,
        instruments: Mapping[str, InstrumentBinding],
        assets: Mapping[str, AssetBinding],
    ) -> Codec:
        """A codec for the order connections of one account."""
        return Codec(account_id=account_id, instruments=instruments, assets=assets)

    def dialect(
        self,
        credentials: Credentials,
        receive_window_ms: int,
        clock: VenueClock,
        instruments: Mapping[str, InstrumentBinding],
    ) -> BinanceSpotDialect:
        """What is said on the order connections of one account."""
        return BinanceSpotDialect(Requests(credentials, receive_window_ms), clock, instruments)

    def guardian_dialect(
        self, credentials: Credentials, receive_window_ms: int, clock: VenueClock
    ) -> BinanceSpotGuardian:
        """What a guardian says on a connection of its own."""
        return BinanceSpotGuardian(Requests(credentials, receive_window_ms), clock)

    def instruments_opening(self, symbols: Sequence[str]) -> Opening:
        """Asks an order connection for rules and for nothing else."""
        return instruments_opening(symbols)

    @property
    def market_data_symbols_max(self) -> int:
        """How many symbols one market-data connection takes."""
        return SYMBOLS_MAX

    def market_data_codec(self, instruments: Mapping[str, InstrumentBinding]) -> MarketDataCodec:
        """A codec for the market-data connection."""
        return MarketDataCodec(instruments)

    def market_data_url(self, url: str, symbols: Sequence[str]) -> str:
        """The address of the combined stream."""
        return stream_url(url, symbols)

    def market_data_opening(self, symbols: Sequence[str]) -> MarketDataOpening:
        """Subscribes what the address does not hold."""
        return MarketDataOpening(symbols)
