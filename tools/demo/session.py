"""Owns one demonstration from the first process to the proof."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipc.clock import NS_PER_S, SystemClock
from ipc.histogram import LatencySegment
from tools.demo.folder import DemoFolder
from tools.demo.local_market import LocalMarket
from tools.demo.outcome import StrategyOutcome
from tools.demo.processes import StrategyRun
from tools.demo.progress import Progress
from tools.demo.setting import Setting
from tools.demo.venue_account import flush_log, query_balances
from tools.demo.verification import VenueOrders, balance_differences, log_differences
from tools.engines import LATENCY
from tools.interruption import Interruption
from tools.latency_summary import stage_summaries

ENGINE, STRATEGY = "demo", "quoting"
# Over the time that it trades: start, loading its own kernels, settling.
STRATEGY_EXTRA_S = 120.0


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
            "refusals": dict(outcome.refusals),
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


def run_demo(*, rate: float, seconds: float, seed: int, progress: Progress) -> DemoResult:
    """Runs everything and takes it all down again, also when interrupted."""
    clock = SystemClock()
    started_ns = clock.monotonic_ns()
    setting = Setting(engine=ENGINE, strategies=(STRATEGY,), rate=rate, seed=seed)
    with contextlib.ExitStack() as cleanup:
        interruption = cleanup.enter_context(Interruption())
        folder = cleanup.enter_context(DemoFolder())
        market = LocalMarket(setting, folder, runtime=folder.path)
        market.start(cleanup, interruption, progress)
        strategy = cleanup.enter_context(
            StrategyRun(ENGINE, STRATEGY, rate=rate, seconds=seconds, seed=seed).start(folder)
        )
        progress.tell(f"strategy pid {strategy.pid}, {rate:g} commands/s for {seconds:g} s")
        tail = LogTail(folder.path / "strategy.jsonl", progress)

        def has_ended() -> bool:
            market.check_alive()
            strategy.new_lines()
            tail.show()
            return strategy.status is not None

        interruption.wait_until(has_ended, timeout_s=seconds + STRATEGY_EXTRA_S, what="the strategy")
        if strategy.status != 0:
            raise strategy.failure("failed")

        latency_ns = stage_summaries(LatencySegment.attach(folder.path / ENGINE / LATENCY))
        balances = query_balances(market.port, setting.checking_key)
        flush_log(market.port)
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
