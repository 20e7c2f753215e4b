"""Owns one venue of a simulation with all that belongs to it: the way there, its market, our account's balances."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ipc.order_id import from_text
from tools.simulation.balances import Balances
from tools.simulation.market_feed import MarketFeed
from tools.simulation.network import Network
from tools.simulation.setting import SiteTerms
from tools.simulation.venue import Venue

if TYPE_CHECKING:
    from tools.simulation.stage import Stage


class Site:
    """The engine's venue, account and instrument of its number."""

    def __init__(self, stage: Stage, number: int, terms: SiteTerms, generator: Random) -> None:
        self.number = number
        self.terms = terms
        self.venue = Venue(stage.timeline, terms)
        self.network = Network(stage.timeline, self.venue, stage.plan, generator, self._phase_of_text)
        self.balances = Balances(stage, self)
        self.feed: MarketFeed | None = None
        self._stage = stage
        if stage.is_told:
            self.network.tell = self._say

    @property
    def holding_place(self) -> int:
        """Where the engine keeps what our account holds of what is traded here."""
        return self.number * (len(self._stage.setting.sites) + 1)

    def open_market(self) -> None:
        """Lets others trade here, and the engine be told of it."""
        self.feed = MarketFeed(self._stage, self, Random((self._stage.seed ^ 0xFEED) + (self.number << 32)))

    def _phase_of_text(self, text: bytes) -> str:
        """In which phase the order with that id on the wire is."""
        return self._stage.phase_of_id(from_text(text) or 0, self.number)

    def _say(self, text: str) -> None:
        self._stage.say(f"{self.terms.venue_name} {text}" if self.number else text)
