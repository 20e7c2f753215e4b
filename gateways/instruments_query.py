"""Owns asking a venue for its instruments before anything else is set up."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateways.action import Action
from gateways.connection import Resolver
from gateways.gateway import Gateway
from gateways.instrument import InstrumentRules
from gateways.notice import NoticeKind
from gateways.session import NO_ACTIONS, Link, Session
from gateways.venue import Opening, Venue
from ipc.clock import Clock

TIMEOUT_S = 20.0


class InstrumentsError(Exception):
    """The venue did not tell the rules of every symbol; the text says why."""


class _InstrumentsSession(Session):
    """Asks on one connection and is done when every answer came."""

    def __init__(self, venue: Venue, symbols: Sequence[str], generator: random.Random) -> None:
        super().__init__(generator=generator, links_wanted=1)
        self.rules: asyncio.Future[Mapping[str, InstrumentRules]] = asyncio.get_running_loop().create_future()
        self._venue = venue
        self._symbols = symbols
        self._codec = venue.order_codec(-1, {}, {})

    def _new_opening(self) -> Opening:
        return self._venue.instruments_opening(self._symbols)

    def _take_frame(self, link: Link, frame: bytes, now_ns: int) -> Sequence[Action]:
        self._codec.decode(frame, now_ns, self._rows)
        notice = self._codec.notice
        if notice is None or notice.kind is not NoticeKind.ANSWER:
            return NO_ACTIONS
        return self._take_opening_answer(link, notice, now_ns)

    def _accepts(self, instruments: Mapping[str, InstrumentRules]) -> bool:
        missing = [symbol for symbol in self._symbols if symbol not in instruments]
        if not missing and not self.rules.done():
            self.rules.set_result(instruments)
        return not missing

    def _on_connecting(self, now_ns: int) -> None:
        """Nobody waits for the state."""

    def _on_active(self, now_ns: int) -> Sequence[Action]:
        return NO_ACTIONS

    def _on_link_gone(self, link: Link, now_ns: int) -> None:
        """Nobody waits for the state."""

    def _on_down(self, now_ns: int) -> None:
        """Nobody waits for the state."""


async def fetch_instruments(  # noqa: PLR0913 - every part is chosen by the venue or the engine
    *,
    venue: Venue,
    order_url: str,
    symbols: Sequence[str],
    clock: Clock,
    generator: random.Random,
    ca_file: Path | None = None,
    resolver: Resolver | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Mapping[str, InstrumentRules]:
    """The rules of every symbol, by symbol; InstrumentsError when they do not come in time. Needs no key."""
    session = _InstrumentsSession(venue, symbols, generator)
    gateway = Gateway(session=session, url=order_url, clock=clock, ca_file=ca_file, resolver=resolver)
    gateway.start()
    try:
        async with asyncio.timeout(timeout_s):
            return await session.rules
    except TimeoutError:
        raise InstrumentsError(session.trouble or "the venue did not answer in time") from None
    finally:
        await gateway.stop()
