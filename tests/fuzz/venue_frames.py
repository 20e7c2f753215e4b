"""Owns the fuzzer of what a venue sends: order and market connections, and what the sessions make of the answers."""

import random

from gateways.binance_spot.market_data_codec import MarketDataCodec
from gateways.errors import VenueProtocolError
from gateways.record_writer import new_rows
from tests.fuzz.spoiling import spoil_bytes, spoil_document
from tests.gateways.binance_spot.documented import INSTRUMENTS, NAMES, RECEIVED_NS, new_codec, payload


class VenueFrames:
    """Both codecs of Binance Spot; each input goes through both."""

    def __init__(self) -> None:
        self.seeds = [payload(name) for name in NAMES]
        self._rows = new_rows()
        self._codecs = (new_codec(), MarketDataCodec(INSTRUMENTS))

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """Mostly a sound document with unsound values."""
        return spoil_bytes(data, generator) if generator.random() < 0.2 else spoil_document(data, generator)

    def close(self) -> None:
        """It holds nothing."""

    def take(self, data: bytes) -> None:
        """As a session takes a frame."""
        for codec in self._codecs:
            try:
                count = codec.decode(data, RECEIVED_NS, self._rows)
            except VenueProtocolError:
                continue
            assert 0 <= count <= len(self._rows), "more records than there is room for"
