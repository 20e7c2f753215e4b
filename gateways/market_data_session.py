"""Owns the session of a venue's market data: best prices, depth and trades to the core."""

import random
from collections.abc import Callable, Mapping, Sequence

from gateways.action import Action
from gateways.instrument import InstrumentRules
from gateways.notice import NoticeKind
from gateways.session import NO_ACTIONS, Link, LinkState, Session
from gateways.trade_flow import TradeFlow
from gateways.venue import MarketDataCodec, Opening, OrderCore
from ipc.enums import RecordKind
from ipc.records import BOOK_DEPTH, BOOK_TOP

_FIELDS = BOOK_TOP.names or ()
_KIND = _FIELDS.index("kind")
_INSTRUMENT_ID = _FIELDS.index("instrument_id")
# Where a record of each kind holds the venue's number.
_VENUE_SEQUENCE = {
    int(RecordKind.BOOK_TOP): _FIELDS.index("venue_sequence"),
    int(RecordKind.BOOK_DEPTH): (BOOK_DEPTH.names or ()).index("venue_sequence"),
}
assert (BOOK_DEPTH.names or ()).index("instrument_id") == _INSTRUMENT_ID, "both name it in the same word"


class MarketDataSession(Session):
    """What runs over the market-data connection.

    During a rotation both connections tell the same: of prices the newest counts, trades are taken from the active one.
    """

    def __init__(
        self,
        *,
        core: OrderCore,
        codec: MarketDataCodec,
        new_opening: Callable[[], Opening],
        generator: random.Random,
    ) -> None:
        super().__init__(generator=generator, links_wanted=1)
        self._core = core
        self._market_codec = codec
        self._opening_factory = new_opening
        self._heard_of: set[tuple[int, int]] = set()
        self._trade_flow = TradeFlow()

    def _new_opening(self) -> Opening:
        return self._opening_factory()

    def _take_frame(self, link: Link, frame: bytes, now_ns: int) -> Sequence[Action]:
        codec = self._market_codec
        count = codec.decode(frame, now_ns, self._rows)
        if count:
            self._begin_sequence(count)
            self._core.apply(self._rows, count)
        if codec.trades and self._active in (link, None):
            self._take_trades(now_ns)
        notice = codec.notice
        if notice is None:
            return NO_ACTIONS
        if notice.kind is NoticeKind.ANSWER:
            is_opening = link.state is LinkState.OPENING
            return self._take_opening_answer(link, notice, now_ns) if is_opening else NO_ACTIONS
        return self._take_notice(link, notice, now_ns)

    def on_tick(self, now_ns: int) -> Sequence[Action]:
        """Time has passed: trades that were gathered may be due."""
        self._apply(self._trade_flow.flush(now_ns, self._rows))
        return super().on_tick(now_ns)

    def _take_trades(self, now_ns: int) -> None:
        for trade in self._market_codec.trades:
            self._apply(self._trade_flow.take(trade, now_ns, self._rows))
        self.counters["repeated_trades"] = self._trade_flow.repeated_count

    def _apply(self, count: int) -> None:
        if count:
            self._core.apply(self._rows, count)

    def _begin_sequence(self, count: int) -> None:
        """Lets the first price after an outage count whatever its number: a venue may come back counting anew.

        The records of one frame are of one kind and of one instrument.
        """
        kind, instrument_id = int(self._rows[0, _KIND]), int(self._rows[0, _INSTRUMENT_ID])
        word = _VENUE_SEQUENCE.get(kind)
        if word is not None and (kind, instrument_id) not in self._heard_of:
            self._heard_of.add((kind, instrument_id))
            self._rows[:count, word] = 0

    def _accepts(self, instruments: Mapping[str, InstrumentRules]) -> bool:
        return True

    def _on_connecting(self, now_ns: int) -> None:
        """The core hears of prices alone; it sees by their age that none come."""

    def _on_active(self, now_ns: int) -> Sequence[Action]:
        return NO_ACTIONS

    def _on_link_gone(self, link: Link, now_ns: int) -> None:
        """Nothing is asked on a market-data connection."""

    def _on_down(self, now_ns: int) -> None:
        self._heard_of.clear()
        self._apply(self._trade_flow.end(now_ns, self._rows))
