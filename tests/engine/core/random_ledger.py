"""Owns the ledger of random trading: every trade that must count, and what orders and positions must come to."""

from collections import defaultdict
from dataclasses import dataclass, field

from ipc.enums import AlarmCode, ExecutionType, Side
from ipc.order_id import LEG_MAX
from tests.engine.core.step_effects import Step
from tests.engine.core.world import World

_REOPENING = (ExecutionType.UNKNOWN, ExecutionType.TRADE_CANCELED, ExecutionType.TRADE_CORRECTED)

TradeKey = tuple[int, int, int]


@dataclass
class Trade:
    """One side of a trade as it now counts; one that was taken back counts nothing."""

    order_id: int
    strategy: int
    account_id: int
    lots: int


@dataclass
class Ledger:
    """What a naive reader of every trade would write down."""

    trades: dict[TradeKey, Trade] = field(default_factory=dict)
    filled: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    positions: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    _before: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _ends: dict[int, int] = field(default_factory=dict)

    def book(self, key: TradeKey, trade: Trade) -> None:
        """Writes a trade down unless it was there before."""
        if key not in self.trades:
            self.trades[key] = trade
            self._count(key, trade, trade.lots)

    def change(self, key: TradeKey, lots: int) -> None:
        """Gives a trade other lots; none takes it back."""
        trade = self.trades[key]
        self._count(key, trade, lots - trade.lots)
        trade.lots = lots

    def _count(self, key: TradeKey, trade: Trade, lots: int) -> None:
        self.filled[trade.order_id] += lots
        self.positions[trade.strategy, key[1]] += lots if key[2] == Side.BUY else -lots

    def _anchor(self, world: World, order_id: int) -> None:
        """An order that is adopted does not know what was booked before it had a slot."""
        for order in world.state.table("orders"):
            if order["order_id"] == order_id & ~LEG_MAX:
                self._before[int(order["order_id"])] = self.filled[int(order["order_id"])] - int(
                    order["cumulative_lots"]
                )

    def check(self, world: World, step: Step) -> None:
        """Asserts that the state says the same, and that an order which had ended lives again only with a word."""
        told = {report.order_id for report in step.reports if report.execution_type in _REOPENING}
        revived = {alarm.order_id & ~LEG_MAX for alarm in step.alarm_rows if alarm.code == AlarmCode.REVIVED_ORDER}
        for order_id in told | revived:
            self._ends.pop(order_id, None)
        for alarm in step.alarm_rows:
            if alarm.code == AlarmCode.ADOPTED_ORDER:
                self._anchor(world, alarm.order_id)
        for (strategy, instrument_id), lots in self.positions.items():
            assert int(world.book(strategy, instrument_id)["position_lots"]) == lots
        orders = world.state.table("orders")
        for order_id, strategy_id, lots, end in zip(
            *(orders[name] for name in ("order_id", "strategy_id", "cumulative_lots", "end_reason")), strict=True
        ):
            if order_id == 0 or strategy_id == 0:
                continue
            assert int(lots) == self.filled[int(order_id)] - self._before[int(order_id)]
            assert self._ends.setdefault(int(order_id), int(end)) == end, "an order ends once"
            if end == 0:
                del self._ends[int(order_id)]
