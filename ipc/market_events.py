"""Owns what a strategy hears of the markets: best prices, depth, and what everybody trades."""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from ipc.enums import RecordKind, Side
from ipc.instrument import Instrument
from ipc.records import BOOK_DEPTH, BOOK_TOP, HEADER_FIELDS, MARKET_TRADES

_KIND = HEADER_FIELDS.index("kind")
_RECEIVED_NS = HEADER_FIELDS.index("published_ns")
_INSTRUMENT_ID = len(HEADER_FIELDS)
_LEVELS = (BOOK_DEPTH.names or ()).index("price_ticks_0")
_DEPTH_WORDS = len(BOOK_DEPTH.names or ())
_TOP_WORDS = len(BOOK_TOP.names or ())
_TRADES_WORDS = len(MARKET_TRADES.names or ())


class BookTop(msgspec.Struct, frozen=True, gc=False):
    """New best prices; lots are 0 on a side that is empty. `venue_sequence` 0 counts anew, here and below."""

    instrument: Instrument
    received_ns: int
    instrument_id: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    venue_sequence: int

    @property
    def bid(self) -> Decimal | None:
        """The best price somebody buys at."""
        return self.instrument.price(self.bid_ticks) if self.bid_lots else None

    @property
    def ask(self) -> Decimal | None:
        """The best price somebody sells at."""
        return self.instrument.price(self.ask_ticks) if self.ask_lots else None

    @property
    def bid_quantity(self) -> Decimal:
        """What is bought at the best price."""
        return self.instrument.quantity(self.bid_lots)

    @property
    def ask_quantity(self) -> Decimal:
        """What is sold at the best price."""
        return self.instrument.quantity(self.ask_lots)


class DepthLevel(NamedTuple):
    """One level of one side of a book."""

    price: Decimal
    quantity: Decimal


class BookDepth(msgspec.Struct, frozen=True, gc=False):
    """One side of a book anew, the best level first; the other side of the same moment comes beside it."""

    instrument: Instrument
    received_ns: int
    instrument_id: int
    side: int
    venue_sequence: int
    level_words: tuple[int, ...]
    """Price ticks and lots in turn; a level without lots ends the book."""

    @property
    def is_bid(self) -> bool:
        """Whether it is the side that buys."""
        return self.side == Side.BUY

    @property
    def levels_in_units(self) -> list[tuple[int, int]]:
        """Price ticks and lots of each level."""
        levels = []
        for price_ticks, lots in zip(self.level_words[::2], self.level_words[1::2], strict=True):
            if lots <= 0:
                break
            levels.append((price_ticks, lots))
        return levels

    @property
    def levels(self) -> list[DepthLevel]:
        """Price and quantity of each level."""
        price, quantity = self.instrument.price, self.instrument.quantity
        return [DepthLevel(price(price_ticks), quantity(lots)) for price_ticks, lots in self.levels_in_units]


class MarketTrades(msgspec.Struct, frozen=True, gc=False):
    """What everybody traded since the event before. `missed_count` trades never came, by the gaps in the numbers."""

    instrument: Instrument
    received_ns: int
    instrument_id: int
    last_trade_id: int
    last_price_ticks: int
    high_ticks: int
    low_ticks: int
    bought_lots: int
    sold_lots: int
    traded_notional: int
    trade_count: int
    missed_count: int

    @property
    def last_price(self) -> Decimal:
        """Of the last trade."""
        return self.instrument.price(self.last_price_ticks)

    @property
    def high(self) -> Decimal:
        """The highest price."""
        return self.instrument.price(self.high_ticks)

    @property
    def low(self) -> Decimal:
        """The lowest price."""
        return self.instrument.price(self.low_ticks)

    @property
    def bought_quantity(self) -> Decimal:
        """What takers bought."""
        return self.instrument.quantity(self.bought_lots)

    @property
    def sold_quantity(self) -> Decimal:
        """What takers sold."""
        return self.instrument.quantity(self.sold_lots)

    @property
    def average_price(self) -> Decimal:
        """By quantity, rounded by the decimal context."""
        return self.instrument.price(self.traded_notional) / (self.bought_lots + self.sold_lots)


MarketEvent = BookTop | BookDepth | MarketTrades

_FIELDS_OF_RECORD = 2
assert BookTop.__struct_fields__[_FIELDS_OF_RECORD:] == (BOOK_TOP.names or ())[_INSTRUMENT_ID:]
assert BookDepth.__struct_fields__[_FIELDS_OF_RECORD:-1] == (BOOK_DEPTH.names or ())[_INSTRUMENT_ID:_LEVELS]
assert MarketTrades.__struct_fields__[_FIELDS_OF_RECORD:] == (MARKET_TRADES.names or ())[_INSTRUMENT_ID:]


def market_event(words: list[int], instruments: dict[int, Instrument]) -> MarketEvent:
    """A record's words as an event."""
    instrument, received_ns = instruments[words[_INSTRUMENT_ID]], words[_RECEIVED_NS]
    match words[_KIND]:
        case RecordKind.BOOK_TOP:
            return BookTop(instrument, received_ns, *words[_INSTRUMENT_ID:_TOP_WORDS])
        case RecordKind.BOOK_DEPTH:
            instrument_id, side, sequence = words[_INSTRUMENT_ID:_LEVELS]
            levels = tuple(words[_LEVELS:_DEPTH_WORDS])
            return BookDepth(instrument, received_ns, instrument_id, side, sequence, levels)
        case kind:
            assert kind == RecordKind.MARKET_TRADES, "nothing else is broadcast"
            return MarketTrades(instrument, received_ns, *words[_INSTRUMENT_ID:_TRADES_WORDS])
