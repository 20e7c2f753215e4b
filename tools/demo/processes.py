"""Owns the processes of a demonstration: each is started, awaited and told about."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.child_process import ChildProcess
from tools.demo.folder import DemoFolder
from tools.demo.progress import Progress
from tools.demo.setting import INSTRUMENT, other_cores
from tools.interruption import Interruption

RUNTIME_VARIABLE, STATE_VARIABLE = "OMS_RUNTIME_DIR", "OMS_STATE_DIR"


def start_venue(folder: DemoFolder) -> ChildProcess:
    """The simulated venue."""
    files = ["--config", str(folder.path / "venue.toml"), "--ready-file", str(folder.path / "venue.ready")]
    venue = ChildProcess("venue", ["-m", "gateways.simulator", *files])
    venue.keep_to(other_cores())
    return venue


def start_engine(folder: DemoFolder, *, runtime: Path) -> ChildProcess:
    """The engine; its segments and sockets lie in the runtime folder, what it keeps in ours."""
    files = [str(folder.path / "engine.toml"), "--ready-file", str(folder.path / "engine.ready")]
    environment = {RUNTIME_VARIABLE: str(runtime), STATE_VARIABLE: str(folder.path)}
    return ChildProcess("engine", ["-m", "engine", *files], environment)


@dataclass(frozen=True)
class StrategyRun:
    """What the example strategy is asked to do."""

    engine: str
    name: str
    rate: float
    seconds: float
    seed: int

    def start(self, folder: DemoFolder) -> ChildProcess:
        """The strategy, over shared memory; its log lies in the folder, as the engine's segments do."""
        options = {
            "--strategy": self.name,
            "--instrument": INSTRUMENT,
            "--rate": self.rate,
            "--seconds": self.seconds,
            "--seed": self.seed,
            "--log": folder.path / "strategy.jsonl",
        }
        words = [str(word) for option in options.items() for word in option]
        arguments = ["-m", "tools.demo.strategy", f"shm://{self.engine}", *words]
        strategy = ChildProcess("strategy", arguments, {RUNTIME_VARIABLE: str(folder.path)})
        strategy.keep_to(other_cores())
        return strategy


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
