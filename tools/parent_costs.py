"""Owns what ended parents cost, out of the journal's event stream: each with what is known of the books it met."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from engine.journal.event_file import KIND_WORD
from engine.journal.events import EventReader
from ipc.clock import NS_PER_S
from ipc.enums import ExecutionType, Liquidity, RecordKind, Side
from ipc.events import ExecutionReport
from ipc.instrument import Instrument
from ipc.order_id import LEG_MAX
from ipc.parent_enums import ParentEvent
from ipc.parent_events import ParentReport
from ipc.records import LAYOUTS
from tools.journal_names import JournalNames

_EVENTS_END = 1 << 62
_BPS = 10_000
# A touch that is taken later than this after the start says more of where the price has gone than of the spread.
_AT_START_NS = NS_PER_S
_EVENT_WORD = (LAYOUTS[RecordKind.PARENT_REPORT].names or ()).index("parent_event")
_EXECUTION_WORD = (LAYOUTS[RecordKind.EXECUTION_REPORT].names or ()).index("execution_type")
_PARENT_EVENTS = (ParentEvent.STARTED, ParentEvent.CHILD_SENT, ParentEvent.ENDED)


@dataclass(frozen=True)
class ParentCost:
    """An ended parent that has traded. Costs are against the mid at its arrival, and positive where that is worse."""

    instrument: Instrument
    report: ParentReport
    half_spread_bps: float | None
    """What taking the touch cost when it started; None when it took nothing then."""
    taken_share: float
    """The part that took less the part that rested: of the half spread, so much was paid."""
    walk_bps: float
    """What its takings cost beyond the touch that each of them met."""
    working_ns: int | None
    """From start to end; None when that is not known."""

    @property
    def traded_bps(self) -> float:
        """What its trades cost without their fees."""
        average, arrival = self.report.average_price, self.report.arrival_price
        assert average is not None, "it has traded"
        assert arrival is not None, "what has traded had started"
        return _worse_bps(self.report.side, average, arrival)

    def impact_bps(self, half_spread_bps: float) -> float:
        """What its trades cost beyond a half spread and the walk through the books, which the model has besides."""
        return self.traded_bps - half_spread_bps * self.taken_share - self.walk_bps


def read_parent_costs(reader: EventReader, names: JournalNames) -> Iterator[ParentCost]:
    """Every parent in the stream that has ended and traded, in the order of their ends."""
    history = _History()
    for _, slots in reader.between(0, _EVENTS_END):
        for slot in slots[_is_wanted(slots)]:
            event = names.event(slot)
            if isinstance(event, ExecutionReport):
                history.on_trade(event)
            elif isinstance(event, ParentReport):
                cost = history.on_parent(event)
                if cost is not None:
                    yield cost


def _is_wanted(slots: NDArray[np.int64]) -> NDArray[np.bool_]:
    kinds = slots[:, KIND_WORD]
    is_parent = (kinds == RecordKind.PARENT_REPORT) & np.isin(slots[:, _EVENT_WORD], _PARENT_EVENTS)
    return is_parent | ((kinds == RecordKind.EXECUTION_REPORT) & (slots[:, _EXECUTION_WORD] == ExecutionType.TRADE))


@dataclass
class _Life:
    """What a living parent's children have told so far."""

    started: ParentReport | None = None
    half_spread_bps: float | None = None
    taken: Decimal = Decimal(0)
    rested: Decimal = Decimal(0)
    traded: Decimal = Decimal(0)
    walked: Decimal = Decimal(0)
    """The sum of lots x price beyond the touch."""
    touches: dict[int, Decimal | None] = field(default_factory=dict)
    """The first price that each child took, which is the best there was."""


class _History:
    def __init__(self) -> None:
        self._lives: dict[int, _Life] = {}
        self._parents: dict[int, int] = {}

    def on_parent(self, report: ParentReport) -> ParentCost | None:
        life = self._lives.setdefault(report.order_id, _Life())
        if report.parent_event == ParentEvent.STARTED:
            life.started = report
        elif report.parent_event == ParentEvent.CHILD_SENT:
            life.touches[report.child_order_id] = None
            self._parents[report.child_order_id] = report.order_id
        else:
            for child in self._lives.pop(report.order_id).touches:
                del self._parents[child]
            return _cost(report, life)
        return None

    def on_trade(self, trade: ExecutionReport) -> None:
        child = trade.order_id & ~LEG_MAX
        life = self._lives.get(self._parents.get(child, 0))
        if life is None or trade.instrument is None:
            return
        if trade.liquidity == Liquidity.REMOVED:
            if life.taken == 0:
                life.half_spread_bps = _half_spread_bps(life.started, trade)
            touch = life.touches[child] or trade.last_price
            life.touches[child] = touch
            life.walked += abs(trade.last_price - touch) * trade.last_quantity
            life.taken += trade.last_quantity
        elif trade.liquidity == Liquidity.ADDED:
            life.rested += trade.last_quantity
        life.traded += trade.last_quantity


def _half_spread_bps(started: ParentReport | None, trade: ExecutionReport) -> float | None:
    """How far the first price that was taken lay from the mid; a venue fills at the touch first."""
    if started is None or started.arrival_price is None or trade.published_ns - started.published_ns > _AT_START_NS:
        return None
    return _worse_bps(started.side, trade.last_price, started.arrival_price)


def _cost(ended: ParentReport, life: _Life) -> ParentCost | None:
    if ended.instrument is None or ended.cumulative_lots == 0 or ended.arrival_ticks == 0:
        return None
    traded, arrival = life.traded or Decimal(1), ended.instrument.price(ended.arrival_ticks)
    return ParentCost(
        instrument=ended.instrument,
        report=ended,
        half_spread_bps=life.half_spread_bps,
        taken_share=float((life.taken - life.rested) / traded),
        walk_bps=float(life.walked / traded / arrival * _BPS),
        working_ns=ended.published_ns - life.started.published_ns if life.started else None,
    )


def _worse_bps(side: int, price: Decimal, mid: Decimal) -> float:
    worse = price - mid if side == Side.BUY else mid - price
    return float(worse / mid * _BPS)
