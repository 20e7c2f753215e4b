"""Owns what a person at a terminal sees and says of an engine's scopes: their names, their states, the two ways in."""

import getpass
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ipc.clock import SystemClock
from ipc.control_enums import HaltPhase
from ipc.control_segment import CONTROL_FILE, ENGINE_SCOPE, ControlSegment, Request, ScopeName
from ipc.enums import AlarmCode, RefusalReason, ScopeKind, TradingState
from ipc.operator import ControlAnswer, Operator
from ipc.segment import Segment, SegmentError, SegmentKind, runtime_folder
from ipc.tables import SCOPE
from tools.command_error import CommandError
from tools.engines import CLIENTS, STATE
from tools.state_tables import read_tables


def find_controlled(name: str | None) -> Path:
    """The folder of the engine of that name, or of the only one, whether it runs or not."""
    folder = runtime_folder()
    known = sorted(path.parent for path in folder.glob(f"*/{CONTROL_FILE}"))
    found = [path for path in known if name is None or path.name == name]
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in known) or "none"
    wanted = f"no engine called {name}" if name else "no engine" if not known else "more than one engine"
    raise CommandError(f"{wanted} ever ran in {folder}; there: {names}; choose one with --engine NAME")


def parse_scope(text: str) -> ScopeName:
    """A scope as it is typed: engine, or KIND:NAME."""
    kind, separator, name = text.partition(":")
    if text == "engine":
        return ENGINE_SCOPE
    kinds = {kind.name.lower(): kind for kind in ScopeKind if kind not in (ScopeKind.ENGINE, ScopeKind.BOOK)}
    if kind not in kinds or not separator or not name:
        allowed = ", ".join(f"{kind}:NAME" for kind in kinds)
        raise CommandError(f"scope {text[:60]!r} is none; allowed are engine, {allowed}")
    return ScopeName(kinds[kind], name)


@dataclass(frozen=True)
class ScopeSight:
    """How a scope stands in the engine's state."""

    scope: ScopeName
    trading_state: TradingState
    cause: int
    halt_phase: HaltPhase
    row: np.void

    def as_row(self) -> dict[str, Any]:
        """The same for a program."""
        is_known = self.cause in AlarmCode._value2member_map_
        return {
            "scope": str(self.scope),
            "trading_state": self.trading_state.name,
            "cause": AlarmCode(self.cause).name if is_known else None,
            "halt": self.halt_phase.name if self.trading_state is TradingState.HALT else None,
        }


class ControlDesk:
    """One engine, by its control segment, and by its operator's channel where it runs."""

    def __init__(self, engine: Path) -> None:
        self.engine = engine
        self.control = ControlSegment.attach(engine)
        self._clock = SystemClock()

    def place(self, scope: ScopeName) -> int:
        """The scope's row."""
        self.control.request(scope)
        return self.control.scopes.index(scope)

    def subject_of(self, scope: ScopeName) -> int:
        """The number by which the engine's commands name it."""
        same_kind = [one for one in self.control.scopes if one.kind is scope.kind]
        self.control.request(scope)
        return same_kind.index(scope)

    def request(self, state: TradingState) -> Request:
        """What the person asks for."""
        return Request(state, requested_utc_ns=self._clock.utc_ns(), operator=getpass.getuser())

    def operator(self) -> Operator:
        """The engine's operator's channel."""
        return Operator(f"ipc://{self.engine / CLIENTS}")

    def is_running(self) -> bool:
        """Whether an engine holds the state's segment."""
        try:
            segment = Segment.attach(self.engine / STATE, SegmentKind.STATE, writable=False)
        except SegmentError:
            return False
        try:
            return segment.is_held()
        finally:
            segment.close()

    def sights(self) -> list[ScopeSight]:
        """How every scope with a name stands in the engine that runs."""
        rows = read_tables(self.engine, {"scopes": SCOPE})["scopes"]
        return [
            ScopeSight(
                scope,
                TradingState(int(row["trading_state"])),
                int(row["state_cause"]),
                HaltPhase(int(row["halt_phase"])),
                row,
            )
            for scope, row in zip(self.control.scopes, rows, strict=True)
            if scope.name or scope.kind is ScopeKind.ENGINE
        ]

    def sight(self, scope: ScopeName) -> ScopeSight:
        """How one of them stands."""
        self.control.request(scope)
        return next(sight for sight in self.sights() if sight.scope == scope)


def checked(answer: ControlAnswer, what: str) -> ControlAnswer:
    """The answer, if the engine did what it was asked; CommandError with its reason if not."""
    if answer.reason is not RefusalReason.NONE:
        raise CommandError(f"the engine refused {what}: {answer.reason.name}; oms help {answer.reason.name} says more")
    return answer
