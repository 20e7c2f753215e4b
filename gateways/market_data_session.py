"""Owns the session of a venue's market data: best prices to the core."""

import random
from collections.abc import Callable, Mapping, Sequence

from gateways.action import Action
from gateways.instrument import InstrumentRules
from gateways.notice import NoticeKind
from gateways.session import NO_ACTIONS, Link, LinkState, Session
from gateways.venue import MarketDataCodec, Opening, OrderCore
from ipc.enums import RecordKind
from ipc.records import BOOK_TOP

_FIELDS = {name: position for position, name in enumerate(BOOK_TOP.names or ())}
_KIND = _FIELDS["kind"]
_INSTRUMENT_ID = _FIELDS["instrument_id"]
_VENUE_SEQUENCE = _FIELDS["venue_sequence"]


class MarketDataSession(Session):
    """What runs over the market-data connection; during a rotation both connections tell the same prices."""

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
        self._heard_of: set[int] = set()

    def _new_opening(self) -> Opening:
        return self._opening_factory()

    def _take_frame(self, link: Link, frame: bytes, now_ns: int) -> Sequence[Action]:
        codec = self._market_codec
        count = codec.decode(frame, now_ns, self._rows)
        if count:
            self._begin_sequence()
            self._core.apply(self._rows, count)
        notice = codec.notice
        if notice is None:
            return NO_ACTIONS
        if notice.kind is NoticeKind.ANSWER:
            is_opening = link.state is LinkState.OPENING
            return self._take_opening_answer(link, notice, now_ns) if is_opening else NO_ACTIONS
        return self._take_notice(link, notice, now_ns)

    def _begin_sequence(self) -> None:
        """Lets the first price after an outage count whatever its number: a venue may come back counting anew."""
        row = self._rows[0]
        instrument_id = int(row[_INSTRUMENT_ID])
        if instrument_id not in self._heard_of and row[_KIND] == RecordKind.BOOK_TOP:
            self._heard_of.add(instrument_id)
            row[_VENUE_SEQUENCE] = 0

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
