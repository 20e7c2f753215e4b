"""Owns the guardian's connection to one account's venue: logged on and kept warm, for the moment it is needed."""

import random
from collections.abc import Mapping, Sequence

from engine.guardian.clearing import Clearing
from gateways.action import Action, Send
from gateways.instrument import InstrumentRules
from gateways.notice import Notice, NoticeKind
from gateways.session import NO_ACTIONS, Link, LinkState, Session
from gateways.venue import GuardianDialect, Opening
from gateways.verdict import Concern


class GuardianSession(Session):
    """Carries a clearing's questions out over whatever connection is active."""

    def __init__(self, dialect: GuardianDialect, clearing: Clearing, generator: random.Random) -> None:
        super().__init__(generator=generator, links_wanted=1)
        self._dialect = dialect
        self._clearing = clearing

    def ask(self, now_ns: int) -> Sequence[Action]:
        """Sends what the clearing wants to know now."""
        if self._active is None:
            return NO_ACTIONS
        return [Send(self._active.link_id, frame) for frame in self._clearing.due(now_ns)]

    def on_tick(self, now_ns: int) -> Sequence[Action]:
        """Adds to the pool's work what the clearing waits for."""
        return [*super().on_tick(now_ns), *self.ask(now_ns)]

    def _new_opening(self) -> Opening:
        return self._dialect.opening()

    def _accepts(self, instruments: Mapping[str, InstrumentRules]) -> bool:
        """No number of ours depends on them."""
        return True

    def _take_frame(self, link: Link, frame: bytes, now_ns: int) -> Sequence[Action]:
        told = self._dialect.decode(frame)
        if told is None:
            return NO_ACTIONS
        if isinstance(told, Notice):
            if told.kind is NoticeKind.ANSWER:
                is_opening = link.state is LinkState.OPENING
                return self._take_opening_answer(link, told, now_ns) if is_opening else NO_ACTIONS
            return self._take_notice(link, told, now_ns)
        self._clearing.take(told, now_ns)
        if told.verdict is not None and told.verdict.concern in (Concern.CLOCK, Concern.SESSION):
            # The next connection measures the venue's clock anew, and logs on anew.
            self.trouble = "the venue takes neither our time nor our session"
            return self._lose(link, now_ns)
        return self.ask(now_ns)

    def _on_connecting(self, now_ns: int) -> None:
        """Nobody has to hear of it."""

    def _on_active(self, now_ns: int) -> Sequence[Action]:
        return self.ask(now_ns)

    def _on_link_gone(self, link: Link, now_ns: int) -> None:
        self._clearing.connection_lost(now_ns)

    def _on_down(self, now_ns: int) -> None:
        self._clearing.connection_lost(now_ns)
