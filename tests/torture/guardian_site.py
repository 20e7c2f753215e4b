"""Owns a guardian on a simulated venue, and a process that passes for its engine."""

import json
import os
import signal
from pathlib import Path
from typing import Any

from engine.config import load_config
from engine.control_scopes import scopes_of_config
from engine.lifetime import durable_folder
from ipc.control_segment import ControlSegment, ScopeName
from ipc.enums import ScopeKind, TradingState
from tests.engine.configuration_file import write_table
from tests.system.installation import Installation, account_row, engine_section, strategy_row, venue_row
from tests.system.waiting import CLOCK, await_that
from tools.child_process import ChildProcess

ENGINE, ACCOUNT = "guarded", "main"
RECEIVE_WINDOW_MS = 500
MAIN = ScopeName(ScopeKind.ACCOUNT, ACCOUNT)


class GuardianSite:
    """Everything by itself: the order in which things start and end is the test's."""

    def __init__(self, installation: Installation, **sections: Any) -> None:
        self.installation = installation
        self.venue = installation.start_venue(ACCOUNT, flow={"enabled": False})
        self.failpoints = installation.folder / "failpoints"
        self.failpoints.mkdir()
        self.sections = sections
        self.runtime: Path = installation.runtime / ENGINE
        self.control: ControlSegment | None = None
        self._epoch = 0
        self._said: list[dict[str, Any]] = []

    def table(self) -> dict[str, Any]:
        """One strategy on one account, guarded."""
        return {
            "engine": engine_section(ENGINE),
            "guardian": {"enabled": True},
            "venue": [venue_row(self.venue, receive_window_ms=RECEIVE_WINDOW_MS)],
            "account": [account_row(ACCOUNT)],
            "strategy": [strategy_row(1, "alpha", ACCOUNT)],
            **self.sections,
        }

    def start_guardian(self, environment: dict[str, str] | None = None) -> ChildProcess:
        """A guardian that is logged on."""
        config = write_table(self.table(), self.installation.folder / "guarded.toml")
        arming = {"OMS_FAILPOINTS": str(self.failpoints), **(environment or {})}
        self._said = []
        guardian = self.installation.start("guardian", "-m", "engine.guardian", str(config), environment=arming)
        self.await_said(guardian, "guarding")
        self.control = ControlSegment.open(self.runtime, scopes_of_config(load_config(config)))
        return guardian

    def start_engine(self) -> ChildProcess:
        """What passes for an engine, and beats."""
        self._epoch += 1
        control = self.word
        engine = self.installation.start("engine", "-m", "tests.torture.played_engine", ENGINE, str(self._epoch))

        def beats() -> bool:
            engine.check_alive()
            return control.engine_epoch == self._epoch and control.engine_beat_ns != 0

        await_that(beats, "a beat")
        return engine

    @property
    def word(self) -> ControlSegment:
        """What guardian and engine say to each other. Precondition: the guardian was started."""
        assert self.control is not None, "the guardian was started"
        return self.control

    # ---- the venue ----
    def rest(self, price: str = "60000") -> None:
        """An order far from the market."""
        order = f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={price}"
        self.venue.control(f"act?account={ACCOUNT}&method=order.place&{order}")

    def open_orders(self) -> set[int]:
        """By the venue's own log."""
        found: set[int] = set()
        for line in self.venue.log():
            if "venue_order_id" in line:
                is_open = line["order_status"] in {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
                (found.add if is_open else found.discard)(line["venue_order_id"])
        return found

    # ---- what is seen of the guardian ----
    def said(self, guardian: ChildProcess) -> list[dict[str, Any]]:
        """Its log."""
        self._said += [json.loads(line) for line in guardian.new_lines()]
        return self._said

    def await_said(self, guardian: ChildProcess, event: str, count: int = 1) -> dict[str, Any]:
        """The line of the log that tells of an event for so many times."""

        def look() -> dict[str, Any] | None:
            guardian.check_alive()
            lines = [line for line in self.said(guardian) if line["event"] == event]
            return lines[count - 1] if len(lines) >= count else None

        found = await_that(look, f"the guardian's {event!r}")
        assert found is not None
        return found

    def await_fence(self) -> int:
        """When the engine that runs was fenced, by CLOCK_MONOTONIC."""
        await_that(lambda: self.word.fenced_epoch >= self._epoch, "the fence")
        return CLOCK.monotonic_ns()

    def account_state(self) -> TradingState:
        """What is asked of the account."""
        return self.word.request(MAIN).trading_state

    @property
    def kill_file(self) -> Path:
        """Where it is looked for."""
        return durable_folder(ENGINE) / "KILL"


def stand_still(process: ChildProcess) -> int:
    """Stops a process as a debugger does; returns when, by CLOCK_MONOTONIC."""
    now_ns = CLOCK.monotonic_ns()
    os.kill(process.pid, signal.SIGSTOP)
    return now_ns
