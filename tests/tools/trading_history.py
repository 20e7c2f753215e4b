"""Owns a made-up history of parents whose true impact is known, as an engine would have told it."""

from math import sqrt
from random import Random
from typing import NamedTuple

from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import ExecutionType, Liquidity, Side
from ipc.order_id import LEG_BITS
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentState
from tests.ipc.fake_engine import FakeEngine

ARRIVAL_TICKS = 600_000
DAY_LOTS = 2_000_000
HALF_SPREAD_BPS, WALK_BPS, FEE_BPS = 5, 8, 10
WORKING_NS = 60 * NS_PER_S
_MARKET_LOTS = DAY_LOTS // 1_440
_TICKS_PER_BPS = ARRIVAL_TICKS // 10_000


class _Trade(NamedTuple):
    child: int
    lots: int
    worse_ticks: int
    liquidity: Liquidity


class TradingHistory:
    """Tells of parents that take a part at the touch and beyond it, and rest with the others until it has moved."""

    def __init__(self, engine: FakeEngine, *, strategy_id: int, impact_bps: float, seed: int = 1) -> None:
        self._engine = engine
        self._strategy_id = strategy_id
        self._impact_bps = impact_bps
        self._random = Random(seed)
        self._last_id = 0
        self._now_ns = NS_PER_S

    def trade(self, count: int, *, noise_bps: float = 0.5, algorithm: Algorithm = Algorithm.TWAP) -> None:
        """So many parents of any size and either side, one after the other."""
        for _ in range(count):
            lots = self._random.randrange(2_000, 60_000)
            noise_bps_now = self._random.gauss(0, noise_bps)
            self.parent(self._random.choice([Side.BUY, Side.SELL]), lots, algorithm, noise_bps_now)

    def parent(self, side: Side, lots: int, algorithm: Algorithm, noise_bps: float = 0.0) -> None:
        """One parent from its start to its end."""
        taken, beyond = lots // 4, lots // 8
        rested = lots - taken - beyond
        impact_ticks = (self._impact_bps * sqrt(lots / DAY_LOTS) + noise_bps) * _TICKS_PER_BPS
        touch_ticks = HALF_SPREAD_BPS * _TICKS_PER_BPS
        order_id, takes, rests = (self._next_id() for _ in range(3))
        trades = [
            _Trade(takes, taken, touch_ticks, Liquidity.REMOVED),
            _Trade(takes, beyond, touch_ticks + WALK_BPS * _TICKS_PER_BPS, Liquidity.REMOVED),
            _Trade(rests, rested, round(impact_ticks * lots / rested) - touch_ticks, Liquidity.ADDED),
        ]
        sign = 1 if side == Side.BUY else -1
        notional = sum(trade.lots * (ARRIVAL_TICKS + sign * trade.worse_ticks) for trade in trades)
        cost_ppm = sum(trade.lots * trade.worse_ticks for trade in trades) * 1_000_000 // (ARRIVAL_TICKS * lots)
        told = {"order_id": order_id, "side": side, "algorithm": algorithm, "order_lots": lots}
        told |= {"arrival_ticks": ARRIVAL_TICKS, "expected_cost_ppm": 2_500}
        self._tell(told, ParentEvent.STARTED)
        for child in (takes, rests):
            self._tell(told | {"child_order_id": child}, ParentEvent.CHILD_SENT)
        for trade in trades:
            self._now_ns += NS_PER_MS
            self._trade(trade, side, ARRIVAL_TICKS + sign * trade.worse_ticks)
        self._now_ns += WORKING_NS - 3 * NS_PER_MS
        told |= {"cumulative_lots": lots, "cumulative_notional": notional, "market_lots": _MARKET_LOTS}
        told |= {"realised_cost_ppm": cost_ppm + FEE_BPS * 100, "end_reason": ParentEnd.FILLED}
        self._tell(told | {"parent_state": ParentState.ENDED}, ParentEvent.ENDED)

    def untraded(self) -> None:
        """A parent that ends before it has traded."""
        told = {"order_id": self._next_id(), "side": Side.BUY, "algorithm": Algorithm.PEG, "order_lots": 10}
        self._tell(told | {"parent_state": ParentState.ENDED}, ParentEvent.ENDED)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id << LEG_BITS

    def _tell(self, told: dict[str, int], event: ParentEvent) -> None:
        self._engine.report_parent(self._strategy_id, **told, parent_event=event, published_ns=self._now_ns)

    def _trade(self, trade: _Trade, side: Side, price_ticks: int) -> None:
        self._engine.report(
            self._strategy_id,
            order_id=trade.child,
            execution_type=ExecutionType.TRADE,
            side=side,
            last_lots=trade.lots,
            last_price_ticks=price_ticks,
            liquidity=trade.liquidity,
            published_ns=self._now_ns,
        )
