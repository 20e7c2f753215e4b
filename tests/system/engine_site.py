"""Owns one engine that is started, ended and started again, with its venue and its client."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipc.client import Client
from ipc.enums import Side
from tests.system.installation import (
    INSTRUMENT,
    Installation,
    account_row,
    engine_section,
    strategy_row,
    venue_row,
)
from tests.system.trading_desk import TradingDesk
from tests.system.waiting import await_that
from tools.child_process import ChildProcess

ENGINE, STRATEGY = "life", "alpha"
# What has no answer is sought only after this window and a margin of ten seconds, in which it may still arrive.
RECEIVE_WINDOW_MS = 500
FAR_TICKS, ORDER_LOTS = 6_000_000, 100
# What a later run takes over is told in lines of their own, among those of the journal process.
_OF_RECOVERY = frozenset(("recovered", "carried_over", "snapshot"))


class EngineSite:
    """A quiet venue and the configuration of one engine beside it."""

    def __init__(self, installation: Installation, *others: str) -> None:
        self.installation = installation
        self.venue = installation.start_venue("main", *others, flow={"enabled": False})
        self.folder: Path = installation.runtime / ENGINE

    def table(self) -> dict[str, Any]:
        """One strategy on one account."""
        return {
            "engine": engine_section(ENGINE, idle="yield"),
            "execution": {"execution_timeout_ms": 0},
            "rate_limit": {"rate_limit_orders": 10_000},
            "risk": {"duplicate_orders_max": 10_000},
            "venue": [venue_row(self.venue, receive_window_ms=RECEIVE_WINDOW_MS)],
            "account": [account_row("main")],
            "strategy": [strategy_row(1, STRATEGY, "main"), strategy_row(2, "beta", "main")],
        }

    @contextmanager
    def engine(self) -> Iterator[ChildProcess]:
        """An engine that is ready; it ends in an orderly way unless the block has ended it already."""
        engine = self.installation.start_engine(self.table())
        try:
            yield engine
            if engine.status is None:
                end(engine, signal.SIGTERM)
                assert engine.status == 0, engine.failure("did not end well")
        finally:
            engine.stop()

    @property
    def engine_pid(self) -> int:
        """The process that trades."""
        return self.installation.engine_pid(ENGINE)

    def await_ready_again(self, killed: int) -> None:
        """Returns once another process than the one that was killed says that it is ready."""
        ready_file = self.installation.ready_file(ENGINE)
        await_that(lambda: ready_file.exists() and self.engine_pid != killed, "the engine's return")

    def desk(self, client: Client) -> TradingDesk:
        """A desk at a client's back."""
        return TradingDesk(client, INSTRUMENT)

    def connect(self, strategy: str = STRATEGY) -> Client:
        """A client of the engine."""
        return self.installation.connect(ENGINE, strategy, timeout_s=20)


def rest(desk: TradingDesk, number: int = 0) -> int:
    """An order far from the market, each with another price."""
    return desk.submit(side=Side.BUY, price_ticks=FAR_TICKS + number, order_lots=ORDER_LOTS)


def end(child: ChildProcess, number: signal.Signals) -> None:
    """Sends a signal and waits until the child has ended."""
    os.kill(child.pid, number)
    await_that(lambda: child.status is not None, f"the {child.name}'s end by {number.name}")


def events_of(engine: ChildProcess) -> list[str]:
    """The names of what an engine logged of itself; whatever is no line of its log fails."""
    names = [json.loads(line)["event"] for line in engine.new_lines()]
    return [name for name in names if not name.startswith("journal") and name not in _OF_RECOVERY]


def threads_of(pid: int) -> list[str]:
    """The names of a process's threads but its first."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sorted((task / "comm").read_text().strip() for task in tasks if task.name != str(pid))


def sockets_of(pid: int) -> set[str]:
    """The sockets that a process has open."""
    targets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            targets.add(os.readlink(descriptor))
        except FileNotFoundError:
            continue
    return {target for target in targets if target.startswith("socket:")}
