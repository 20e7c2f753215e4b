"""Owns the strategy of a trial: what it asks for, and all that it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ipc.enums import ExecutionType, RecordKind, RefusalReason, RequestKind
from ipc.order_id import LEG_MAX, pack
from ipc.parent_enums import ParentEvent
from ipc.records import SLICES_PER_RECORD
from tools.execution.engine import Engine
from tools.execution.records import places_of, record
from tools.execution.setting import INSTANCE, STRATEGY
from tools.simulation.timeline import Timeline

_KIND = 1
_REPORT = places_of(RecordKind.EXECUTION_REPORT)
_PARENT = places_of(RecordKind.PARENT_REPORT)
_REQUEST = places_of(RecordKind.VENUE_REQUEST)
_EXECUTION_KIND, _PARENT_KIND = int(RecordKind.EXECUTION_REPORT), int(RecordKind.PARENT_REPORT)
_ROUTE_KIND = int(RecordKind.ROUTE_DECISION)
_FOR_EVER = 1 << 62
_STARTS = (ParentEvent.STARTED, ParentEvent.TRIGGERED)


def _nothing() -> None:
    """Until somebody wants to know."""


class Sent(NamedTuple):
    """One order that left for a venue."""

    sent_ns: int
    order_id: int
    instrument_id: int
    price_ticks: int
    lots: int


class Trader:
    """Numbers its commands and orders as a client does."""

    def __init__(self, engine: Engine, timeline: Timeline) -> None:
        self.reports: list[list[int]] = []
        self.parent_reports: list[list[int]] = []
        self.route_rows: list[list[int]] = []
        self.sent: list[Sent] = []
        self.on_start: Callable[[], object] = _nothing
        self._engine = engine
        self._timeline = timeline
        self._sequence = 0
        self._order_sequence = 0

    def order(self, **fields: int) -> int:
        """Sends an order; returns its id."""
        return self._new(RecordKind.NEW_ORDER, fields)

    def parent(self, slices: tuple[int, ...] = (), **fields: int) -> int:
        """Sends a parent and its schedule; returns its id."""
        order_id = self._new(RecordKind.NEW_PARENT, fields)
        for first in range(0, len(slices), SLICES_PER_RECORD):
            part = slices[first : first + SLICES_PER_RECORD]
            lots = {f"lots_{place}": each for place, each in enumerate(part)}
            self.command(RecordKind.SCHEDULE, order_id=order_id, first_slice=first, slice_count=len(slices), **lots)
        return order_id

    def command(self, kind: RecordKind, **fields: int) -> None:
        """Sends a command."""
        self._sequence += 1
        words = record(kind, sequence=self._sequence, expires_utc_ns=_FOR_EVER, **fields)
        self._engine.take(words, STRATEGY)

    def hear(self, effect: list[int]) -> None:
        """Is told something."""
        kind = effect[_KIND]
        if kind == _EXECUTION_KIND:
            self.reports.append(effect)
        elif kind == _PARENT_KIND:
            self.parent_reports.append(effect)
            if effect[_PARENT["parent_event"]] in _STARTS:
                self.on_start()
        elif kind == _ROUTE_KIND:
            self.route_rows.append(effect)

    def saw_request(self, effect: list[int]) -> None:
        """The core sends something to a venue."""
        if effect[_REQUEST["request_kind"]] in (RequestKind.NEW, RequestKind.CANCEL_REPLACE):
            self.sent.append(
                Sent(
                    self._timeline.now_ns,
                    effect[_REQUEST["order_id"]] & ~LEG_MAX,
                    effect[_REQUEST["instrument_id"]],
                    effect[_REQUEST["price_ticks"]],
                    effect[_REQUEST["order_lots"]],
                )
            )

    def is_living(self, order_id: int) -> bool:
        """Whether a parent has neither been refused nor ended."""
        return self.refusal(order_id) is RefusalReason.NONE and not self.told_of(order_id, ParentEvent.ENDED)

    def refusal(self, order_id: int) -> RefusalReason:
        """Why an order or a parent was refused."""
        for report in self.reports:
            if report[_REPORT["order_id"]] == order_id and report[_REPORT["execution_type"]] == ExecutionType.REFUSED:
                return RefusalReason(report[_REPORT["reason"]])
        return RefusalReason.NONE

    def told_of(self, order_id: int, event: ParentEvent) -> list[dict[str, int]]:
        """The reports of an event of a parent, by name."""
        return [
            {name: report[place] for name, place in _PARENT.items()}
            for report in self.parent_reports
            if report[_PARENT["order_id"]] == order_id and report[_PARENT["parent_event"]] == event
        ]

    def _new(self, kind: RecordKind, fields: dict[str, int]) -> int:
        self._order_sequence += 1
        order_id = pack(instance=INSTANCE, epoch=1, strategy_id=STRATEGY, sequence=self._order_sequence)
        self.command(kind, order_id=order_id, **fields)
        return order_id
