"""Owns the decoding of market-stream frames into records and trades."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec
import numpy as np
from msgspec import Raw
from numpy.typing import NDArray

from gateways.binance_spot.market_messages import (
    BookTicker,
    MarketFrame,
    OtherMarketFrame,
    PartialDepth,
    SubscribeReply,
    Trade,
)
from gateways.binance_spot.messages import UNDECODABLE
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentBinding
from gateways.market_trade import MarketTrade, market_trade
from gateways.notice import Notice, NoticeKind
from gateways.record_writer import RecordWriter
from gateways.scale import InstrumentScale, InstrumentScales
from ipc.enums import Side
from ipc.market_tables import DEPTH_LEVELS

BOOK_TICKER = "@bookTicker"
DEPTH = f"@depth{DEPTH_LEVELS}@100ms"
TRADE = "@trade"
STREAM_KINDS = (BOOK_TICKER, DEPTH, TRADE)
"""What follows a symbol in the name of each of its streams."""
SHUTDOWN = "serverShutdown"

_BUY, _SELL = int(Side.BUY), int(Side.SELL)


class MarketDataCodec:
    """Decodes what comes over one combined stream."""

    def __init__(self, instruments: Mapping[str, InstrumentBinding]) -> None:
        self.notice: Notice | None = None
        self.trades: tuple[MarketTrade, ...] = ()
        self.unknown_events = 0
        self._writer = RecordWriter(account_id=-1)
        self._streams: dict[str, Callable[[Raw], None]] = {}
        for symbol, scale in InstrumentScales(instruments).items():
            name = symbol.lower()
            self._streams[name + BOOK_TICKER] = partial(self._book_ticker, symbol, scale)
            self._streams[name + DEPTH] = partial(self._depth, scale)
            self._streams[name + TRADE] = partial(self._trade, symbol, scale)
        self._decode_frame = msgspec.json.Decoder(MarketFrame).decode
        self._decode_book_ticker = msgspec.json.Decoder(BookTicker).decode
        self._decode_depth = msgspec.json.Decoder(PartialDepth).decode
        self._decode_trade = msgspec.json.Decoder(Trade).decode
        self._decode_reply = msgspec.json.Decoder(SubscribeReply).decode
        self._decode_other = msgspec.json.Decoder(OtherMarketFrame).decode

    def counters(self) -> dict[str, int]:
        """What was seen and left out."""
        return {"unknown_events": self.unknown_events}

    def decode(self, frame: bytes | bytearray | memoryview, received_ns: int, out: NDArray[np.int64]) -> int:
        """Fills the first rows of `out` and returns how many: one of a book ticker, two of depth; a trade fills none.

        VenueProtocolError when the frame makes no sense. An empty side of the book has no lots.
        """
        self._writer.start(out, received_ns)
        self.notice = None
        self.trades = ()
        try:
            told = self._decode_frame(frame)
        except UNDECODABLE as error:
            self._reply(frame, error)
            return 0
        take = self._streams.get(told.stream)
        if take is None:
            self._other(frame, told.stream)
            return 0
        try:
            take(told.data)
        except UNDECODABLE as error:
            raise VenueProtocolError(f"what came over {told.stream} makes no sense: {error}") from error
        return self._writer.count

    def _book_ticker(self, symbol: str, scale: InstrumentScale, data: Raw) -> None:
        book = self._decode_book_ticker(data)
        _check_symbol(book.symbol, symbol)
        self._writer.book_top(
            scale.instrument_id,
            scale.ticks[book.bid_price],
            scale.lots[book.bid_quantity],
            scale.ticks[book.ask_price],
            scale.lots[book.ask_quantity],
            book.update_id,
        )

    def _depth(self, scale: InstrumentScale, data: Raw) -> None:
        depth = self._decode_depth(data)
        ticks, lots = scale.ticks, scale.lots
        for side, levels in ((_BUY, depth.bids), (_SELL, depth.asks)):
            words: list[int] = []
            for price, quantity in levels:
                words += (ticks[price], lots[quantity])
            self._writer.book_depth(scale.instrument_id, side, depth.last_update_id, words)

    def _trade(self, symbol: str, scale: InstrumentScale, data: Raw) -> None:
        trade = self._decode_trade(data)
        _check_symbol(trade.symbol, symbol)
        self.trades = (
            market_trade(scale, trade.trade_id, trade.price, trade.quantity, is_bought=not trade.is_buyer_maker),
        )

    def _other(self, frame: bytes | bytearray | memoryview, stream: str) -> None:
        """Takes notice of shutdowns, refuses streams that nobody asked for, and counts the rest."""
        if stream.endswith(STREAM_KINDS):
            raise VenueProtocolError(f"{stream!r} is not a stream of a configured symbol")
        try:
            event = self._decode_other(frame).data.e
        except UNDECODABLE as error:
            raise VenueProtocolError(f"what came over {stream!r} makes no sense: {error}") from error
        if event == SHUTDOWN:
            self.notice = Notice(NoticeKind.SHUTDOWN)
        else:
            self.unknown_events += 1

    def _reply(self, frame: bytes | bytearray | memoryview, error: Exception) -> None:
        try:
            reply = self._decode_reply(frame)
        except UNDECODABLE:
            raise VenueProtocolError(f"a frame makes no sense: {error}") from error
        self.notice = Notice(NoticeKind.ANSWER, str(reply.id))


def _check_symbol(told: str, expected: str) -> None:
    if told != expected:
        raise VenueProtocolError(f"{told!r} came over the stream of {expected}")
