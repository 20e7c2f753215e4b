"""Owns how the market-data connection names its streams.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
"""

from collections.abc import Mapping, Sequence

import msgspec

from gateways.binance_spot.market_data_codec import BOOK_TICKER
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentRules
from gateways.notice import Notice

STREAMS_PER_MESSAGE = 100
"""Keeps an address below 3 KB."""
SUBSCRIBE_MESSAGES_MAX = 4
"""A connection that sends more than 5 messages in a second is closed."""


def stream_url(url: str, symbols: Sequence[str]) -> str:
    """The address of the combined stream of the first symbols."""
    if len(symbols) > STREAMS_PER_MESSAGE * (1 + SUBSCRIBE_MESSAGES_MAX):
        raise ValueError(f"one connection takes {STREAMS_PER_MESSAGE * (1 + SUBSCRIBE_MESSAGES_MAX)} symbols")
    return f"{url}?streams={'/'.join(_streams(symbols[:STREAMS_PER_MESSAGE]))}"


class MarketDataOpening:
    """Subscribes the symbols that the address does not hold, a hundred at a time."""

    instruments: Mapping[str, InstrumentRules] = {}

    def __init__(self, symbols: Sequence[str]) -> None:
        rest = symbols[STREAMS_PER_MESSAGE:]
        self._pending = [
            rest[start : start + STREAMS_PER_MESSAGE] for start in range(0, len(rest), STREAMS_PER_MESSAGE)
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
    return [symbol.lower() + BOOK_TICKER for symbol in symbols]
