"""Owns what a venue fills in and what the engine offers it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gateways.clearing_answer import ClearingAnswer, ClearingWeights
from gateways.credentials import Credentials
from gateways.endpoint import Endpoint
from gateways.instrument import AssetBinding, InstrumentBinding, InstrumentRules
from gateways.market_trade import MarketTrade
from gateways.notice import Notice
from gateways.rate_window import RateWindow
from gateways.template import Template, TemplateKey
from gateways.venue_clock import VenueClock


class OpenOrder(NamedTuple):
    """A leg that may still live at the venue, as the core knows it."""

    order_id: int
    venue_order_id: int
    """0 while the venue has not named it."""
    instrument_id: int
    cumulative_lots: int
    """Of this leg alone."""
    sent_ns: int
    is_unknown: bool
    waits_since_ns: int = 0
    """For the answer to the oldest request of its order, 0 when none is missing."""
    final_ns: int = 0
    """From when on the leg can no longer come about, so that the venue's not knowing it counts."""


class QueryWeights(NamedTuple):
    """What the questions about orders and trades add to REQUEST_WEIGHT."""

    status: int
    order_trades: int
    open_orders: int
    account_trades: int
    balances: int


class OrderCore(Protocol):
    """The order core as a gateway sees it."""

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Takes the first `count` records; the rows may be written again when it returns."""

    def open_orders(self, account_id: int) -> list[OpenOrder]:
        """Every leg of the account that has not ended, those of unknown outcome included."""

    def unknown_orders(self, account_id: int) -> list[OpenOrder]:
        """Those of them that are of unknown outcome."""

    def open_order_ids(self, account_id: int) -> list[int]:
        """The ids of all of them."""

    def open_order(self, account_id: int, order_id: int) -> OpenOrder | None:
        """One of them, None when it has ended."""

    def orders_of_others(self, account_id: int) -> list[tuple[int, int]]:
        """Instrument and venue's number of every adopted order that has not ended."""

    def known_before(self, account_id: int, instrument_id: int) -> int:
        """The trade of an instrument before which nothing needs asking, as a record told it; 0 when none did."""

    def booked_trades(self, account_id: int, instrument_id: int, from_trade_id: int) -> set[tuple[int, int]]:
        """Id and side of every trade remembered of an instrument from one on."""

    def forgotten_trade(self, account_id: int, instrument_id: int) -> int:
        """The last trade of an instrument that was booked and is remembered no more, 0 when none is forgotten."""


class Codec(Protocol):
    """Turns frames into records."""

    @property
    def notice(self) -> Notice | None:
        """What the last frame tells the session."""

    def decode(self, frame: bytes | bytearray | memoryview, received_ns: int, out: NDArray[np.int64]) -> int:
        """Fills `out` from its first row on; VenueProtocolError when the frame makes no sense."""


class OrderCodec(Codec, Protocol):
    """The codec of an order connection."""

    @property
    def request_replies(self) -> int:
        """How many replies to hot requests were decoded so far."""

    def counters(self) -> dict[str, int]:
        """What it saw and left out, by name."""


class MarketDataCodec(Codec, Protocol):
    """The codec of a market-data connection; the records of one frame are of one kind and of one instrument."""

    @property
    def trades(self) -> Sequence[MarketTrade]:
        """The trades that the last frame told, in their order."""

    def counters(self) -> dict[str, int]:
        """What it saw and left out, by name."""


class Opening(Protocol):
    """The requests that make a fresh connection ready, one after the other."""

    @property
    def instruments(self) -> Mapping[str, InstrumentRules]:
        """The rules by symbol, once the venue has told them."""

    def next_request(self, now_ns: int) -> bytes | None:
        """The next request, None when the connection is ready."""

    def take(self, answer: Notice, now_ns: int) -> None:
        """Takes the successful answer to the last request; VenueProtocolError when it makes no sense."""


class OrderDialect(Protocol):
    """How a venue is spoken to besides the hot requests."""

    def opening(self) -> Opening:
        """What a fresh connection has to say."""

    def time_query(self) -> bytes:
        """Asks for the venue's time."""

    def server_time_ms(self, answer: Notice) -> int | None:
        """The time in an answer, None when it answers something else."""

    def status_query(self, order: OpenOrder, now_ns: int) -> bytes:
        """Asks for the status of one order; the answer is a STATUS_ANSWER."""

    def open_orders_query(self, instrument_id: int, now_ns: int) -> bytes:
        """Asks for every open order of one instrument; the answer is an OPEN_ORDERS_ANSWER."""

    def trades_query(self, order: OpenOrder, *, venue_order_id: int, from_trade_id: int, now_ns: int) -> bytes:
        """Asks for the trades of one order, from one trade on unless that is 0; the answer is a TRADES_ANSWER."""

    def identity_query(self, instrument_id: int, venue_order_id: int, now_ns: int) -> bytes:
        """Asks whose an order is of which only the venue's number is known; the answer is an IDENTITY_ANSWER."""

    def account_trades_query(self, instrument_id: int, *, from_trade_id: int, page: int, now_ns: int) -> bytes:
        """Asks for trades of one instrument, from one on or for the last one alone when that is 0; the answer is an
        ACCOUNT_TRADES_ANSWER."""

    def balances_query(self, now_ns: int) -> bytes:
        """Asks what the account holds; the records beside the answer tell it."""

    @property
    def trades_page(self) -> int:
        """How many trades one answer holds at most."""

    @property
    def query_weights(self) -> QueryWeights:
        """What the questions weigh."""

    def cancel_all(self, symbol: str, now_ns: int) -> bytes:
        """Asks to cancel every open order of one symbol."""


class GuardianDialect(Protocol):
    """Builds a guardian's requests for one account, and reads the answers."""

    @property
    def weights(self) -> ClearingWeights:
        """What the questions weigh."""

    def opening(self) -> Opening:
        """What a fresh connection has to say."""

    def cancel_all(self, symbol: str, now_ns: int) -> bytes:
        """Asks to cancel every open order of one symbol, whosever it is."""

    def open_orders(self, symbol: str, now_ns: int) -> bytes:
        """Asks for every open order of one symbol."""

    def cancel(self, symbol: str, venue_order_id: int, now_ns: int) -> bytes:
        """Asks to cancel one order."""

    def decode(self, frame: bytes) -> Notice | ClearingAnswer | None:
        """What a frame tells, None when that is nothing for us; VenueProtocolError when it makes no sense."""


class Venue(Protocol):
    """Everything that makes one venue different from another; its package holds a file for each method.

    endpoints.py, templates.py, codec.py, market_data_codec.py, session.py, instruments.py, limits.py and
    errors.py are data and pure functions; venue.py puts them together here.
    """

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """The addresses by environment."""

    @property
    def rate_windows(self) -> Sequence[RateWindow]:
        """The windows in which requests are counted, with what each costs."""

    @property
    def processing_timeout_ns(self) -> int:
        """For how long the venue may still act on a request that reached it within its receive window."""

    def symbol(self, base: str, quote: str) -> str:
        """The venue's own name of a pair."""

    def templates(self, credentials: Credentials, receive_window_ms: int) -> dict[TemplateKey, Template]:
        """A template for every hot request that the venue takes."""

    def order_codec(
        self,
        account_id: int,
        instruments: Mapping[str, InstrumentBinding],
        assets: Mapping[str, AssetBinding],
    ) -> OrderCodec:
        """A codec for the order connections of one account."""

    def dialect(
        self,
        credentials: Credentials,
        receive_window_ms: int,
        clock: VenueClock,
        instruments: Mapping[str, InstrumentBinding],
    ) -> OrderDialect:
        """What is said on the order connections of one account."""

    def guardian_dialect(self, credentials: Credentials, receive_window_ms: int, clock: VenueClock) -> GuardianDialect:
        """What a guardian says on a connection of its own."""

    def instruments_opening(self, symbols: Sequence[str]) -> Opening:
        """Asks an order connection for rules and for nothing else; needs no key."""

    @property
    def market_data_symbols_max(self) -> int:
        """How many symbols one market-data connection takes."""

    def market_data_codec(self, instruments: Mapping[str, InstrumentBinding]) -> MarketDataCodec:
        """A codec for the market-data connection."""

    def market_data_url(self, url: str, symbols: Sequence[str]) -> str:
        """The address of the streams of these symbols, or of the first of them."""

    def market_data_opening(self, symbols: Sequence[str]) -> Opening:
        """Subscribes what the address does not hold."""
