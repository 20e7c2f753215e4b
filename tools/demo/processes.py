"""Owns the demonstration's three processes: each is started, awaited and told about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.child_process import ChildProcess
from tools.demo.folder import DemoFolder
from tools.demo.progress import Progress
from tools.demo.setting import ENGINE, INSTRUMENT, STRATEGY, Setting
from tools.interruption import Interruption

VENUE_TIMEOUT_S = 30.0
ENGINE_TIMEOUT_S = 300.0
# Over the time that it trades: start, compiling its own kernels once, settling.
STRATEGY_EXTRA_S = 120.0
FOLDER_VARIABLES = ("OMS_RUNTIME_DIR", "OMS_STATE_DIR")


def start_venue(folder: DemoFolder) -> ChildProcess:
    """The simulated venue."""
    files = ["--config", str(folder.path / "venue.toml"), "--ready-file", str(folder.path / "venue.ready")]
    return ChildProcess("venue", ["-m", "gateways.simulator", *files])


def start_engine(folder: DemoFolder) -> ChildProcess:
    """The engine; its segments and sockets lie in our folder."""
    files = [str(folder.path / "engine.toml"), "--ready-file", str(folder.path / "engine.ready")]
    return ChildProcess("engine", ["-m", "engine", *files], _folders(folder))


def start_strategy(folder: DemoFolder, setting: Setting) -> ChildProcess:
    """The example strategy, over shared memory."""
    options = {
        "--strategy": STRATEGY,
        "--instrument": INSTRUMENT,
        "--rate": setting.rate,
        "--seconds": setting.seconds,
        "--seed": setting.seed,
        "--log": folder.path / "strategy.jsonl",
    }
    arguments = [
        "-m",
        "tools.demo.strategy",
        f"shm://{ENGINE}",
        *(str(part) for pair in options.items() for part in pair),
    ]
    return ChildProcess("strategy", arguments, _folders(folder))


def _folders(folder: DemoFolder) -> dict[str, str]:
    """Everything that a process would leave elsewhere goes into our folder."""
    return dict.fromkeys(FOLDER_VARIABLES, str(folder.path))


def await_ready(
    child: ChildProcess, ready_file: Path, interruption: Interruption, progress: Progress, *, timeout_s: float
) -> dict[str, Any]:
    """What the child wrote into its ready file; its own lines are shown meanwhile."""

    def is_ready() -> bool:
        for line in child.new_lines():
            progress.show(f"{child.name}: {line}")
        if ready_file.exists():
            return True
        child.check_alive()
        return False

    interruption.wait_until(is_ready, timeout_s=timeout_s, what=f"starting the {child.name}")
    ready: dict[str, Any] = json.loads(ready_file.read_text())
    return ready


def await_strategy(
    child: ChildProcess,
    others: list[ChildProcess],
    interruption: Interruption,
    watch: Callable[[], None],
    *,
    timeout_s: float,
) -> None:
    """Returns when the strategy has ended well; CommandError when it or anything else did not."""

    def has_ended() -> bool:
        for other in others:
            other.new_lines()
            other.check_alive()
        child.new_lines()
        watch()
        return child.status is not None

    interruption.wait_until(has_ended, timeout_s=timeout_s, what="the strategy")
    if child.status != 0:
        raise child.failure("failed")
