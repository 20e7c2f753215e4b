"""Owns what a test sees of a step: its effects as plain objects."""

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from ipc.enums import AlarmCode, ExecutionType, OrderStatus, RecordKind, RefusalReason, RequestKind
from ipc.records import (
    ALARM,
    CONTROL_REPORT,
    EXECUTION_REPORT,
    PARENT_REPORT,
    ROUTE_DECISION,
    VENUE_REQUEST,
    VENUE_STATE,
)

_LAYOUTS = {
    RecordKind.VENUE_REQUEST: VENUE_REQUEST,
    RecordKind.EXECUTION_REPORT: EXECUTION_REPORT,
    RecordKind.VENUE_STATE: VENUE_STATE,
    RecordKind.ALARM: ALARM,
    RecordKind.CONTROL_REPORT: CONTROL_REPORT,
    RecordKind.PARENT_REPORT: PARENT_REPORT,
    RecordKind.ROUTE_DECISION: ROUTE_DECISION,
}


def _effect_in(words: NDArray[np.int64]) -> SimpleNamespace:
    row = np.frombuffer(words.tobytes(), _LAYOUTS[RecordKind(words[1])], count=1)[0]
    fields = {name: int(row[name]) for name in row.dtype.names or ()}
    return SimpleNamespace(strategy=fields.pop("commit"), **fields)


class Step:
    """What one step left behind, in order."""

    def __init__(self, state: State, count: int) -> None:
        self.effects = [_effect_in(effect["words"]) for effect in state.table("effects")[:count]]

    def _of(self, kind: RecordKind) -> list[SimpleNamespace]:
        return [effect for effect in self.effects if effect.kind == kind]

    @property
    def requests(self) -> list[SimpleNamespace]:
        """What venues are asked for."""
        return self._of(RecordKind.VENUE_REQUEST)

    @property
    def reports(self) -> list[SimpleNamespace]:
        """What strategies are told of orders."""
        return self._of(RecordKind.EXECUTION_REPORT)

    @property
    def venue_states(self) -> list[SimpleNamespace]:
        """What strategies are told of connections."""
        return self._of(RecordKind.VENUE_STATE)

    @property
    def alarm_rows(self) -> list[SimpleNamespace]:
        """What a person is told to look at, with all that is said of it."""
        return self._of(RecordKind.ALARM)

    @property
    def alarms(self) -> list[AlarmCode]:
        """What a person is told to look at."""
        return [AlarmCode(alarm.code) for alarm in self.alarm_rows]

    @property
    def alarm(self) -> SimpleNamespace:
        """The only alarm."""
        (alarm,) = self.alarm_rows
        return alarm

    @property
    def control_reports(self) -> list[SimpleNamespace]:
        """What became of an operator's command, or of a scope by itself."""
        return self._of(RecordKind.CONTROL_REPORT)

    @property
    def control(self) -> SimpleNamespace:
        """The only one of them."""
        (report,) = self.control_reports
        return report

    @property
    def parent_reports(self) -> list[SimpleNamespace]:
        """What strategies are told of parents."""
        return self._of(RecordKind.PARENT_REPORT)

    @property
    def route_decisions(self) -> list[SimpleNamespace]:
        """What each venue scored."""
        return self._of(RecordKind.ROUTE_DECISION)

    @property
    def asked(self) -> list[RequestKind]:
        """The kinds of the requests."""
        return [RequestKind(request.request_kind) for request in self.requests]

    @property
    def told(self) -> list[tuple[ExecutionType, OrderStatus]]:
        """What happened and how the order stands since, for each report."""
        return [(ExecutionType(report.execution_type), OrderStatus(report.order_status)) for report in self.reports]

    @property
    def happened(self) -> list[ExecutionType]:
        """What happened, for each report."""
        return [ExecutionType(report.execution_type) for report in self.reports]

    @property
    def refusals(self) -> list[RefusalReason]:
        """Why commands were refused, those of operators too."""
        refused = [report for report in self.reports if report.execution_type == ExecutionType.REFUSED]
        refused += [report for report in self.control_reports if report.reason != RefusalReason.NONE]
        return [RefusalReason(report.reason) for report in refused]
