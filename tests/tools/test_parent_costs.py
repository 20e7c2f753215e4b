"""What ended parents cost is read out of what the engine told, each part of it apart."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.journal.disk import Disk
from engine.journal.events import EventReader
from ipc.clock import NS_PER_S
from ipc.enums import Liquidity, RecordKind, Side
from ipc.parent_enums import Algorithm
from ipc.records import HEADER_FIELDS
from ipc.segment import private_folder
from tests.engine.core.step_effects import Step
from tests.engine.core.world import World
from tests.engine.execution.market import Market
from tests.engine.recovery.test_carry_over import name_rows
from tests.ipc.fake_engine import STRATEGIES, FakeEngine
from tests.tools.kept_journal import keep_journal
from tests.tools.trading_history import DAY_LOTS, FEE_BPS, HALF_SPREAD_BPS, WALK_BPS, WORKING_NS, TradingHistory
from tools.journal_names import JournalNames
from tools.parent_costs import ParentCost, read_parent_costs

PUBLISHED_WORD = HEADER_FIELDS.index("published_ns")
TRUE_BPS = 120.0
TOLD_KINDS = (RecordKind.EXECUTION_REPORT, RecordKind.PARENT_REPORT)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path / "s"))


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return FakeEngine(private_folder(tmp_path / "engine"))


@pytest.fixture
def history(engine: FakeEngine) -> TradingHistory:
    return TradingHistory(engine, strategy_id=STRATEGIES["maker"], impact_bps=TRUE_BPS)


def read(folder: Path) -> list[ParentCost]:
    disk = Disk(folder)
    return list(read_parent_costs(EventReader(disk), JournalNames(disk)))


def costs_of(engine: FakeEngine) -> list[ParentCost]:
    return read(keep_journal(engine.state, engine.told, "kept"))


class _Recording(World):
    """A world that keeps what its strategies are told, before the venue answers."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        name_rows(self.state)
        self.state.table("instruments")["tick_units"] = self.state.table("instruments")["lot_units"] = 1
        self.told: list[NDArray[np.int64]] = []

    def feed_words(self, words: object, *, source: int) -> Step:
        step = super().feed_words(words, source=source)
        slots = self.state.table("effects")["words"][: len(step.effects)]
        self.told += [slot.copy() for slot in slots if slot[1] in TOLD_KINDS]
        return step


class KeptMarket(Market, _Recording):
    """A market whose venue says which side of a trade took."""

    def trade(self, order_id: int, lots: int, price_ticks: int | None = None) -> Step:
        self._liquidity = Liquidity.ADDED if price_ticks is None else Liquidity.REMOVED
        return super().trade(order_id, lots, price_ticks)

    def fill(self, order_id: int, lots: int, price_ticks: int = 10_000, *, leg: int = 0, **fields: int) -> Step:
        return super().fill(order_id, lots, price_ticks, leg=leg, liquidity=self._liquidity, **fields)

    def costs(self) -> dict[int, ParentCost]:
        """What is read of each ended parent."""
        return {cost.report.order_id: cost for cost in read(keep_journal(self.state, {1: self.told}, "kept"))}


def test_of_what_the_core_tells_each_part_is_understood() -> None:
    market = KeptMarket()
    sweep = market.parent(order_lots=50)
    peg = market.parent(algorithm=Algorithm.PEG, side=Side.SELL, order_lots=40)
    (child,) = market.living(peg)
    market.trade(int(child["order_id"]), 40)
    twap = market.parent(algorithm=Algorithm.TWAP, order_lots=100, end=20 * NS_PER_S)
    market.parent(algorithm=Algorithm.PEG, order_lots=40)
    market.run(25 * NS_PER_S)
    costs = market.costs()
    assert set(costs) == {sweep, peg, twap}, "the last one has not traded"
    taker, maker, both = costs[sweep], costs[peg], costs[twap]
    assert (taker.half_spread_bps, taker.taken_share, taker.walk_bps) == (10, 1, 0)
    assert (maker.half_spread_bps, maker.taken_share, maker.traded_bps) == (None, -1, -10)
    assert (taker.impact_bps(10), maker.impact_bps(10)) == (0, 0), "the market stood still"
    assert both.impact_bps(10) == pytest.approx(0)
    assert both.working_ns is not None
    assert 18 * NS_PER_S < both.working_ns <= 20 * NS_PER_S


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_what_a_parent_paid_is_taken_apart(engine: FakeEngine, history: TradingHistory, side: Side) -> None:
    history.parent(side, 20_000, Algorithm.TWAP)
    (cost,) = costs_of(engine)
    assert cost.half_spread_bps == pytest.approx(HALF_SPREAD_BPS)
    assert cost.taken_share == pytest.approx(3 / 8 - 5 / 8)
    assert cost.walk_bps == pytest.approx(WALK_BPS / 8)
    assert cost.working_ns == WORKING_NS
    assert cost.impact_bps(HALF_SPREAD_BPS) == pytest.approx(TRUE_BPS * (20_000 / DAY_LOTS) ** 0.5, abs=0.02)
    assert cost.traded_bps + FEE_BPS == pytest.approx(float(cost.report.realised_cost_bps), abs=0.02)


def test_what_has_not_traded_cost_nothing(engine: FakeEngine, history: TradingHistory) -> None:
    history.untraded()
    assert costs_of(engine) == []


def test_of_an_instrument_whose_rules_the_venue_had_not_told_nothing_is_read(
    engine: FakeEngine, history: TradingHistory
) -> None:
    history.parent(Side.BUY, 20_000, Algorithm.TWAP)
    engine.state.table("instruments")[0]["tick_units"] = 0
    assert costs_of(engine) == []


def test_a_touch_that_is_taken_late_is_no_spread(engine: FakeEngine, history: TradingHistory) -> None:
    history.parent(Side.BUY, 20_000, Algorithm.TWAP)
    started = engine.told[STRATEGIES["maker"]][0]
    started[PUBLISHED_WORD] -= NS_PER_S
    (cost,) = costs_of(engine)
    assert cost.half_spread_bps is None


def test_a_parent_whose_beginning_is_lost_is_known_by_its_end(engine: FakeEngine, history: TradingHistory) -> None:
    history.parent(Side.BUY, 20_000, Algorithm.TWAP)
    del engine.told[STRATEGIES["maker"]][:3]
    (cost,) = costs_of(engine)
    assert (cost.half_spread_bps, cost.taken_share, cost.walk_bps, cost.working_ns) == (None, 0, 0, None)
