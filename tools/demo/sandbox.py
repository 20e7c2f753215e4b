"""Owns the sandbox: a venue and an engine to play with, until one has played enough."""

import contextlib
import shutil

from engine.lifetime import EngineLock, EngineRunningError
from ipc.clock import NS_PER_S, SystemClock
from ipc.segment import runtime_folder
from tools.command_error import CommandError
from tools.demo.folder import DemoFolder
from tools.demo.local_market import LocalMarket
from tools.demo.market import BITCOIN, ETHER
from tools.demo.progress import Progress
from tools.demo.setting import ACCOUNT, Idle, Setting, has_cores_to_spare
from tools.engines import has_prices
from tools.interruption import Interruption, StopRequestedError

ENGINE = "sandbox"
STRATEGIES = ("mine", "manual")
MARKETS = (BITCOIN, ETHER)
RATE = 45.0  # a strategy may then send 100 orders in any second
PRICES_TIMEOUT_S = 10.0
YEAR_S = 365 * 86_400.0

WHAT_IS_THERE = f"""\
sandbox  shm://{ENGINE}: {" and ".join(market.instrument for market in MARKETS)}; \
account {ACCOUNT}; strategies {" and ".join(STRATEGIES)}
try      oms submit {BITCOIN.instrument} buy 0.01
         oms positions
         from ipc.client import connect; client = connect("shm://{ENGINE}", strategy="{STRATEGIES[0]}")"""


def run_sandbox(*, seconds: float, seed: int, progress: Progress) -> None:
    """Runs for so long, or until Ctrl-C when the time is 0, and takes everything down again."""
    clock = SystemClock()
    # Where processors are scarce, a spinning engine would take one from whatever is typed beside it.
    idle: Idle = "spin" if has_cores_to_spare() else "backoff"
    setting = Setting(engine=ENGINE, strategies=STRATEGIES, rate=RATE, seed=seed, markets=MARKETS, idle=idle)
    # The engine lies where every engine lies, so that the other commands find it.
    runtime = runtime_folder()
    with contextlib.ExitStack() as cleanup:
        interruption = cleanup.enter_context(Interruption())
        folder = cleanup.enter_context(DemoFolder())
        _refuse_second()
        cleanup.callback(_remove_engine_folder)
        market = LocalMarket(setting, folder, runtime=runtime)
        market.start(cleanup, interruption, progress)
        interruption.wait_until(
            lambda: has_prices(runtime / ENGINE), timeout_s=PRICES_TIMEOUT_S, what="waiting for the first prices"
        )
        progress.tell(WHAT_IS_THERE)
        progress.tell(f"running for {seconds:g} s" if seconds else "running until Ctrl-C")
        end_ns = clock.monotonic_ns() + int((seconds or YEAR_S) * NS_PER_S)

        def is_over() -> bool:
            market.check_alive()
            return clock.monotonic_ns() >= end_ns

        # Ctrl-C is how it is meant to end; before this point it is a stop like any other.
        with contextlib.suppress(StopRequestedError):
            interruption.wait_until(is_over, timeout_s=2 * YEAR_S, what="the sandbox")


def _refuse_second() -> None:
    try:
        EngineLock(ENGINE).release()
    except EngineRunningError as error:
        raise CommandError("a sandbox is running already: trade there, or stop it before starting another") from error


def _remove_engine_folder() -> None:
    """Takes away what clients left beside the engine, unless the next sandbox has begun there."""
    with contextlib.suppress(EngineRunningError):
        lock = EngineLock(ENGINE)
        shutil.rmtree(lock.folder)
        lock.release()
