"""Owns one trial's world: venues, the core, a strategy, and what time it is."""

from __future__ import annotations

from random import Random

from ipc.clock import NS_PER_S
from ipc.enums import ConnectionState, JournalState, RecordKind
from tools.execution.engine import Block, Engine
from tools.execution.marketplace import Marketplace
from tools.execution.records import record
from tools.execution.setting import STRATEGY, Setting
from tools.execution.trader import Trader
from tools.execution.value import STEP_NS, Value
from tools.execution.venues import VENUES
from tools.simulation.timeline import START_NS, UTC_BASE_NS, Timeline

WARM_UP_NS = 2 * NS_PER_S
"""Until the core has seen books and trades."""
_HOST = -1
_UNITS = 1 << 60
_KIND = 1
_REQUEST = int(RecordKind.VENUE_REQUEST)
_ACCOUNT = 6


class World:
    """Two worlds of one seed differ by nothing but what the strategy does."""

    def __init__(self, setting: Setting, block: Block, seed: int, *, horizon_ns: int) -> None:
        self.timeline = Timeline()
        self.setting = setting
        generator = Random(seed)
        steps = (WARM_UP_NS + horizon_ns) // STEP_NS + 1
        self.value = Value(generator, steps=steps, venue_count=len(VENUES))
        self.engine = Engine(block.reset(), self.timeline, self._carry_out)
        self.places = [
            Marketplace(
                number,
                terms,
                setting.directory.assets,
                self.value,
                self.timeline,
                Random(generator.random()),
                self.engine.take,
            )
            for number, terms in enumerate(VENUES)
        ]
        self.trader = Trader(self.engine, self.timeline)
        self._begin()

    @property
    def now_ns(self) -> int:
        """The time."""
        return self.timeline.now_ns

    def run_until(self, end_ns: int) -> None:
        """Lets time pass."""
        self.timeline.run_until(end_ns)

    def _begin(self) -> None:
        """Tells the core what it is told when an engine starts, opens the markets, and waits for the books."""
        take = self.engine.take
        header = self.engine.view.state.header
        header["now_ns"], header["utc_offset_ns"] = START_NS, UTC_BASE_NS
        take(record(RecordKind.JOURNAL_STATE, state=int(JournalState.KEEPING)))
        for account_id in (_HOST, *range(len(self.places))):
            take(record(RecordKind.CLOCK_OFFSET, account_id=account_id, utc_offset_ns=UTC_BASE_NS))
        for account_id in range(len(self.places)):
            take(record(RecordKind.VENUE_STATE, account_id=account_id, state=int(ConnectionState.LIVE)))
            for asset_id in range(len(self.setting.directory.assets)):
                take(record(RecordKind.BALANCE, account_id=account_id, asset_id=asset_id, free_units=_UNITS))
        for place in self.places:
            place.start()
        self.run_until(START_NS + WARM_UP_NS)

    def _carry_out(self, effect: list[int]) -> None:
        if effect[_KIND] == _REQUEST:
            self.trader.saw_request(effect)
            self.places[effect[_ACCOUNT]].request(effect)
        elif effect[0] == STRATEGY:
            self.trader.hear(effect)
