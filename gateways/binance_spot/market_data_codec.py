"""Owns the decoding of market-stream frames into records."""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateways.binance_spot.market_messages import MarketFrame, OtherMarketFrame, SubscribeReply
from gateways.binance_spot.messages import UNDECODABLE
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentBinding
from gateways.notice import Notice, NoticeKind
from gateways.record_writer import RecordWriter
from gateways.scale import InstrumentScales

BOOK_TICKER = "@bookTicker"
SHUTDOWN = "serverShutdown"


class MarketDataCodec:
    """Decodes what comes over one combined stream."""

    def __init__(self, instruments: Mapping[str, InstrumentBinding]) -> None:
        self.notice: Notice | None = None
        self.unknown_events = 0
        self._writer = RecordWriter(account_id=-1)
        self._instruments = InstrumentScales(instruments)
        self._decode_frame = msgspec.json.Decoder(MarketFrame).decode
        self._decode_reply = msgspec.json.Decoder(SubscribeReply).decode
        self._decode_other = msgspec.json.Decoder(OtherMarketFrame).decode

    def counters(self) -> dict[str, int]:
        """What was seen and left out."""
        return {"unknown_events": self.unknown_events}

    def decode(self, frame: bytes | bytearray | memoryview, received_ns: int, out: NDArray[np.int64]) -> int:
        """Fills the first row of `out` and returns how many records the frame holds, 0 or 1.

        VenueProtocolError when the frame makes no sense. An empty side of the book has no lots.
        """
        writer = self._writer
        writer.start(out, received_ns)
        self.notice = None
        try:
            book = self._decode_frame(frame).data
        except UNDECODABLE as error:
            self._other(frame, error)
            return 0
        scale = self._instruments[book.symbol]
        writer.book_top(
            scale.instrument_id,
            scale.ticks[book.bid_price],
            scale.lots[book.bid_quantity],
            scale.ticks[book.ask_price],
            scale.lots[book.ask_quantity],
            book.update_id,
        )
        return 1

    def _other(self, frame: bytes | bytearray | memoryview, error: Exception) -> None:
        """Takes notice of shutdowns and answers, counts what is no book ticker, refuses the rest."""
        try:
            other = self._decode_other(frame)
        except UNDECODABLE:
            self._reply(frame, error)
            return
        if other.data.e == SHUTDOWN:
            self.notice = Notice(NoticeKind.SHUTDOWN)
        elif other.stream.endswith(BOOK_TICKER):
            raise VenueProtocolError(f"a book ticker makes no sense: {error}") from error
        else:
            self.unknown_events += 1

    def _reply(self, frame: bytes | bytearray | memoryview, error: Exception) -> None:
        try:
            reply = self._decode_reply(frame)
        except UNDECODABLE:
            raise VenueProtocolError(f"a frame makes no sense: {error}") from error
        self.notice = Notice(NoticeKind.ANSWER, str(reply.id))
