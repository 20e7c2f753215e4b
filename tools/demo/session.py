"""Owns one demonstration from the first process to the proof."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipc.clock import NS_PER_S, SystemClock
from ipc.histogram import LatencySegment
from tools.demo.folder import DemoFolder
from tools.demo.outcome import StrategyOutcome
from tools.demo.processes import (
    ENGINE_TIMEOUT_S,
    STRATEGY_EXTRA_S,
    VENUE_TIMEOUT_S,
    await_ready,
    await_strategy,
    start_engine,
    start_strategy,
    start_venue,
)
from tools.demo.progress import Progress
from tools.demo.setting import ENGINE, Setting
from tools.demo.venue_account import flush_log, query_balances
from tools.demo.verification import VenueOrders, balance_differences, log_differences
from tools.engines import LATENCY
from tools.interruption import Interruption
from tools.latency_summary import stage_summaries
from tools.warmup import compile_kernels


@dataclass(frozen=True)
class DemoResult:
    """What happened and whether everybody agrees on it."""

    outcome: StrategyOutcome
    log_differences: list[str]
    balance_differences: list[str]
    latency_ns: dict[str, dict[str, int]]
    seconds: float

    @property
    def is_proven(self) -> bool:
        """Whether orders flowed, each has a known end, and the venue tells the same story."""
        outcome = self.outcome
        return bool(
            outcome.acknowledged
            and outcome.is_settled
            and not outcome.unknown
            and not outcome.lost_reports
            and not self.log_differences
            and not self.balance_differences
        )

    def as_json(self) -> dict[str, Any]:
        """The result for programs."""
        outcome = self.outcome
        slippage = {kind: outcome.slippage_bps(kind) for kind in ("market", "limit")}
        return {
            "ok": self.is_proven,
            "orders": len(outcome.orders),
            "acknowledged": len(outcome.acknowledged),
            "filled_orders": outcome.count("FILLED"),
            "canceled": outcome.count("CANCELED"),
            "expired": outcome.count("EXPIRED"),
            "rejected": outcome.count("REJECTED"),
            "refused": outcome.count("REFUSED"),
            "unknown": outcome.unknown,
            "fills": len(outcome.trades),
            "refused_changes": outcome.refused_changes,
            "position": str(outcome.position),
            "fees": {asset: str(fee) for asset, fee in sorted(outcome.fees().items())},
            "slippage_bps": {kind: None if bps is None else round(float(bps), 3) for kind, bps in slippage.items()},
            "position_matches_venue": not self.balance_differences,
            "venue_log_matches": not self.log_differences,
            "differences": [*self.log_differences, *self.balance_differences][:20],
            "seconds": round(self.seconds, 3),
            "latency_ns": self.latency_ns,
        }


def run_demo(setting: Setting, progress: Progress) -> DemoResult:
    """Runs everything and takes it all down again, also when interrupted."""
    clock = SystemClock()
    started_ns = clock.monotonic_ns()
    with contextlib.ExitStack() as cleanup:
        interruption = cleanup.enter_context(Interruption())
        folder = cleanup.enter_context(DemoFolder())
        setting.write_venue_files(folder)
        venue = cleanup.enter_context(start_venue(folder))
        compiled = compile_kernels(interruption, lambda kernel: progress.show(f"compiling: {kernel}"))
        if compiled:
            progress.tell(f"compiled {len(compiled)} kernels, kept for the next time")
        ready_file = folder.path / "venue.ready"
        port = int(await_ready(venue, ready_file, interruption, progress, timeout_s=VENUE_TIMEOUT_S)["port"])
        progress.tell(f"venue    pid {venue.pid}, listening on 127.0.0.1:{port}")

        setting.write_engine_files(folder, port)
        engine = cleanup.enter_context(start_engine(folder))
        await_ready(engine, folder.path / "engine.ready", interruption, progress, timeout_s=ENGINE_TIMEOUT_S)
        progress.tell(f"engine   pid {engine.pid}, connected and ready")

        strategy = cleanup.enter_context(start_strategy(folder, setting))
        progress.tell(f"strategy pid {strategy.pid}, {setting.rate:g} commands/s for {setting.seconds:g} s")
        tail = LogTail(folder.path / "strategy.jsonl", progress)
        timeout_s = setting.seconds + STRATEGY_EXTRA_S
        await_strategy(strategy, [venue, engine], interruption, tail.show, timeout_s=timeout_s)

        latency_ns = stage_summaries(LatencySegment.attach(folder.path / ENGINE / LATENCY))
        balances = query_balances(port, setting.checking_key)
        flush_log(port)
        outcome = StrategyOutcome.read(tail.path)
        return DemoResult(
            outcome=outcome,
            log_differences=log_differences(outcome, VenueOrders.read(folder.path / "venue.jsonl")),
            balance_differences=balance_differences(outcome, balances),
            latency_ns=latency_ns,
            seconds=(clock.monotonic_ns() - started_ns) / NS_PER_S,
        )


class LogTail:
    """Follows the strategy's log to say how far it is."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self.path = path
        self._progress = progress
        self._read_bytes = 0
        self._orders = 0
        self._fills = 0

    def show(self) -> None:
        """Shows the counts so far."""
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self._read_bytes)
            data = file.read()
            self._read_bytes += len(data)
            self._orders += data.count(b'"event": "submitted"')
            self._fills += data.count(b'"execution_type": "TRADE"')
        self._progress.show(f"trading: {self._orders} orders, {self._fills} fills")
