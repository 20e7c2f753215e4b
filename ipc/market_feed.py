"""Owns a strategy's feed of market data: what the engine broadcasts to whoever listens, on the engine's host."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ipc.broadcast_ring import READER_WORDS, ReaderWord, begin_reading, broadcast_lost_count, poll_broadcast
from ipc.errors import EngineRestartedError
from ipc.instrument import Instrument
from ipc.market_events import MarketEvent, market_event
from ipc.memory import address_of
from ipc.ring import is_retired
from ipc.segment import Segment
from ipc.session import retired_ring

MARKET_RING = "market"

# Never freed: compiled code may hold their addresses for ever.
_KEPT: list[NDArray[np.int64]] = []


class MarketFeed:
    """Market data from now on, in its order. Nothing in it waits, and nobody waits for it.

    A compiled strategy passes `address` to `broadcast_ring.poll_broadcast`, which gives the records themselves. Python
    and compiled code take from each other what they read: whoever wants everything has a feed of its own.
    """

    _is_closed = True

    def __init__(self, ring: Segment, instruments: dict[int, Instrument]) -> None:
        self._ring = ring
        self._instruments = instruments
        block = np.zeros(READER_WORDS, np.int64)
        _KEPT.append(block)
        self.address = address_of(block)
        self._words = block.data[int(ReaderWord.RECORD) :]
        self._is_closed = False
        begin_reading(self.address, ring.address)

    @property
    def lost_count(self) -> int:
        """How many events were overwritten before they were polled."""
        return int(broadcast_lost_count(self.address))

    def poll(self) -> MarketEvent | None:
        """The next event, None when there is none at present; raises when the engine is gone and nothing is left."""
        if poll_broadcast(self.address) != 0:
            return market_event(self._words.tolist(), self._instruments)
        if self._is_closed or is_retired(self._ring.address):
            raise EngineRestartedError(
                "the engine that this feed listened to is gone, or the feed was closed; "
                "call reconnect() on the client, then market_feed() for a new one"
            )
        return None

    def close(self) -> None:
        """Listens no more; compiled code that still polls finds nothing."""
        if not self._is_closed:
            self._is_closed = True
            begin_reading(self.address, retired_ring())
            self._ring.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Of a feed that was merely forgotten the ring must not stay mapped.
        self.close()
