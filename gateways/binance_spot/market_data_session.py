"""Owns how a market-data connection names its streams.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
"""

from collections.abc import Mapping, Sequence

import msgspec

from gateways.binance_spot.market_data_codec import STREAM_KINDS
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentRules
from gateways.notice import Notice

STREAMS_PER_MESSAGE = 100
"""Keeps messages and addresses below 4 KB for the longest symbols.

A longer message is answered by silence: https://github.com/binance/binance-connector-rust/issues/27
"""
SYMBOLS_PER_MESSAGE = STREAMS_PER_MESSAGE // len(STREAM_KINDS)
SUBSCRIBE_MESSAGES_MAX = 4
"""A connection that sends more than 5 messages in a second is closed."""
STREAMS_MAX = 1_024
SYMBOLS_MAX = SYMBOLS_PER_MESSAGE * (1 + SUBSCRIBE_MESSAGES_MAX)
assert SYMBOLS_MAX * len(STREAM_KINDS) <= STREAMS_MAX, "one connection takes so many streams"


def stream_url(url: str, symbols: Sequence[str]) -> str:
    """The address of the combined stream of the first symbols."""
    assert len(symbols) <= SYMBOLS_MAX, f"one connection takes {SYMBOLS_MAX} symbols"
    return f"{url}?streams={'/'.join(_streams(symbols[:SYMBOLS_PER_MESSAGE]))}"


class MarketDataOpening:
    """Subscribes the symbols that the address does not hold, as many at a time as a message takes."""

    instruments: Mapping[str, InstrumentRules] = {}

    def __init__(self, symbols: Sequence[str]) -> None:
        rest = symbols[SYMBOLS_PER_MESSAGE:]
        self._pending = [
            rest[start : start + SYMBOLS_PER_MESSAGE] for start in range(0, len(rest), SYMBOLS_PER_MESSAGE)
        ]

    def next_request(self, now_ns: int) -> bytes | None:
        """The next subscription, None when all are made."""
        if not self._pending:
            return None
        return msgspec.json.encode(
            {"method": "SUBSCRIBE", "params": _streams(self._pending[0]), "id": len(self._pending)}
        )

    def take(self, answer: Notice, now_ns: int) -> None:
        """Takes the answer to one subscription."""
        if answer.request_id != str(len(self._pending)):
            raise VenueProtocolError("an answer to a subscription that was not made")
        self._pending.pop(0)


def _streams(symbols: Sequence[str]) -> list[str]:
    return [symbol.lower() + kind for symbol in symbols for kind in STREAM_KINDS]
