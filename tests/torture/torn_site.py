"""Owns what is torn: a busy venue, a control process with its engine and journal, and two strategies."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.lifetime import durable_folder
from ipc.enums import ConnectionState, JournalState
from ipc.segment import Segment, SegmentError, SegmentKind, SegmentWord
from tests.system.installation import (
    Installation,
    account_row,
    await_file,
    engine_section,
    strategy_row,
    venue_row,
)
from tests.system.waiting import CLOCK, await_that
from tests.torture.agreement import differences
from tests.torture.engine_view import EngineView, view_of
from tests.torture.strategy_log import Mode, StrategyLog
from tests.torture.venue_truth import VenueTruth
from tools.child_process import ChildProcess

ENGINE = "torn"
STRATEGIES = {1: "alpha", 2: "beta"}
RECEIVE_WINDOW_MS = 500
SEGMENT_MB, SNAPSHOT_EVERY = 1, 1_000
_MODULES = {"engine": "engine.run", "journal": "engine.journal", "guardian": "engine.guardian"}


class TornSite:
    """Everything as processes of its own; only the strategies and the venue's faults are ours to command."""

    def __init__(self, installation: Installation, seed: int, **sections: Mapping[str, Any]) -> None:
        self.installation = installation
        self.seed = seed
        self.folder = installation.folder
        self.runtime: Path = installation.runtime / ENGINE
        self.journal_folder = durable_folder(ENGINE) / "journal"
        self.failpoints = self.folder / "failpoints"
        self.failpoints.mkdir()
        limits = {"request_weight_1m": 1_000_000, "raw_requests_5m": 10_000_000}
        self.venue = installation.start_venue("main", seed=seed, limits=limits, flow={"interval_ms": 20})
        self.truth = VenueTruth(self.venue.log_file)
        self.logs = {number: StrategyLog(self.folder / f"{name}.jsonl") for number, name in STRATEGIES.items()}
        self.control: ChildProcess | None = None
        self.strategies: dict[str, ChildProcess] = {}
        self._sections = sections
        self._lives = 0
        self._said: list[str] = []
        self.order(Mode.REST)

    def table(self) -> dict[str, Any]:
        """Small files and frequent snapshots, so that the journal turns its pages all the time."""
        return {
            "engine": engine_section(ENGINE),
            "execution": {"execution_timeout_ms": 0},
            "rate_limit": {"rate_limit_orders": 100_000},
            "risk": {"duplicate_orders_max": 10_000},
            "control": {"restarts_max": 1_000},
            "journal": {"segment_mb": SEGMENT_MB, "snapshot_every": SNAPSHOT_EVERY},
            "venue": [venue_row(self.venue, receive_window_ms=RECEIVE_WINDOW_MS)],
            "account": [account_row("main")],
            "strategy": [strategy_row(number, name, "main") for number, name in STRATEGIES.items()],
            **self._sections,
        }

    # ---- the processes ----
    def start(self) -> None:
        """Starts control, and returns when its engine is ready."""
        environment = {"OMS_FAILPOINTS": str(self.failpoints)}
        self.control, ready_file = self.installation.launch_engine(self.table(), environment)
        await_file(self.control, ready_file)

    def stop(self) -> None:
        """Ends control and what it started, in good order."""
        assert self.control is not None, "it was started"
        os.kill(self.control.pid, signal.SIGTERM)
        await_that(lambda: self.is_ended, "the end of the control process")
        assert self.control.status == 0, self.control.failure("did not end well")
        self.words()
        self.control = None

    @property
    def is_ended(self) -> bool:
        """Whether control is gone."""
        return self.control is None or self.control.status is not None

    def words(self) -> list[str]:
        """Whatever control, engine and journal have written so far."""
        if self.control is not None:
            self._said += self.control.new_lines()
        return self._said

    def start_strategy(self, name: str) -> None:
        """A strategy's next life: the first trades over shared memory, the other one over ZeroMQ."""
        self._lives += 1
        address = f"shm://{ENGINE}" if name == "alpha" else f"ipc://{self.runtime / 'clients'}"
        arguments = (address, name, str(self.seed * 1_000 + self._lives), str(self.folder))
        self.strategies[name] = self.installation.start(name, "-m", "tests.torture.strategy", *arguments)

    def pid_of(self, process: str) -> int:
        """The engine, the journal process or the guardian, 0 while there is none."""
        assert self.control is not None, "it was started"
        pid = self.control.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for child in children:
                if _MODULES[process].encode() in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                    return int(child)
        except (FileNotFoundError, ProcessLookupError):
            pass
        return 0

    def await_pid(self, process: str, *, other_than: int = 0) -> int:
        """The process, as soon as there is one."""
        return await_that(lambda: pid if (pid := self.pid_of(process)) != other_than else 0, f"the {process} process")

    # ---- how they do ----
    def view(self) -> EngineView | None:
        """What the engine holds to be true, None while there is none."""
        try:
            return view_of(self.runtime)
        except (SegmentError, OSError, ValueError):
            return None

    def is_engine_ready(self, killed: int) -> bool:
        """Whether another engine than the one that was killed is ready."""
        is_there = self.installation.ready_file(ENGINE).exists()
        return is_there and self.pid_of("engine") not in (0, killed)

    def is_journal_kept(self, since_ns: int) -> bool:
        """Whether a journal process has served the engine's ring since a moment, and the engine knows."""
        try:
            segment = Segment.attach(self.runtime / "journal", SegmentKind.JOURNAL_RING, writable=False)
        except (SegmentError, OSError):
            return False
        beat_ns, told = (int(segment.words[word]) for word in (SegmentWord.JOURNAL_BEAT_NS, SegmentWord.JOURNAL_STATE))
        segment.close()
        view = self.view()
        is_known = view is not None and view.journal_state is JournalState.KEEPING
        return beat_ns > since_ns and told == JournalState.KEEPING and is_known

    def is_live(self) -> bool:
        """Whether the account may trade."""
        view = self.view()
        return view is not None and view.connection_state == ConnectionState.LIVE

    # ---- the strategies ----
    def order(self, mode: Mode) -> None:
        """Tells the strategies what to do."""
        for name in STRATEGIES.values():
            building = self.folder / f"{name}.mode.new"
            building.write_text(mode)
            building.rename(self.folder / f"{name}.mode")

    def await_done(self, mode: Mode) -> None:
        """Returns when every strategy does it."""

        def is_done() -> bool:
            for child in self.strategies.values():
                if mode is not Mode.END:
                    child.check_alive()
            for log in self.logs.values():
                log.read_on()
            return all(log.mode == mode for log in self.logs.values())

        await_that(is_done, f"the strategies' {mode}")

    # ---- agreement ----
    def disagreement(self) -> list[str]:
        """How the venue, the engine and the strategies differ now."""
        view = self.view()
        if view is None:
            return ["there is no engine"]
        self.venue.control("flush")
        self.truth.read_on()
        for log in self.logs.values():
            log.read_on()
        return differences(self.truth, view, self.logs)

    def settle(self, timeout_s: float) -> list[str]:
        """Waits until all agree; returns what is left of their differences after the time-out."""
        deadline_ns = CLOCK.monotonic_ns() + int(timeout_s * 1e9)
        while left := self.disagreement():
            if CLOCK.monotonic_ns() >= deadline_ns:
                return left
            CLOCK.sleep_ns(50_000_000)
        return []
