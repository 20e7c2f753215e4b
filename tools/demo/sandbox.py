"""Owns the sandbox: a venue and an engine to play with, until one has played enough."""

import contextlib

from ipc.clock import NS_PER_S, SystemClock
from ipc.segment import runtime_folder
from tools.demo.folder import DemoFolder
from tools.demo.local_market import LocalMarket
from tools.demo.progress import Progress
from tools.demo.setting import ACCOUNT, INSTRUMENT, Setting
from tools.engines import CLIENTS
from tools.interruption import Interruption, StopRequestedError

ENGINE = "sandbox"
STRATEGIES = ("manual", "mine")
RATE = 500.0
YEAR_S = 365 * 86_400.0


def run_sandbox(*, seconds: float, seed: int, progress: Progress) -> None:
    """Runs for so long, or until Ctrl-C when the time is 0, and takes everything down again."""
    clock = SystemClock()
    setting = Setting(engine=ENGINE, strategies=STRATEGIES, rate=RATE, seed=seed)
    with contextlib.ExitStack() as cleanup:
        interruption = cleanup.enter_context(Interruption())
        folder = cleanup.enter_context(DemoFolder())
        # The engine lies where every engine lies, so that the other commands find it.
        market = LocalMarket(setting, folder, runtime=runtime_folder())
        market.start(cleanup, interruption, progress)
        progress.tell(f"clients  shm://{ENGINE} or ipc://{runtime_folder() / ENGINE / CLIENTS}")
        progress.tell(f"         strategies {', '.join(STRATEGIES)}; account {ACCOUNT}; instrument {INSTRUMENT}")
        progress.tell(f"running for {seconds:g} s" if seconds else "running until Ctrl-C")
        end_ns = clock.monotonic_ns() + int((seconds or YEAR_S) * NS_PER_S)

        def is_over() -> bool:
            market.check_alive()
            return clock.monotonic_ns() >= end_ns

        # Ctrl-C is how it is meant to end; before this point it is a stop like any other.
        with contextlib.suppress(StopRequestedError):
            interruption.wait_until(is_over, timeout_s=2 * YEAR_S, what="the sandbox")
