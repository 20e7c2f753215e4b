"""Owns a supervisor in a process of its own, with fake children that keep a diary."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.control.child import ChildPlan
from engine.control.supervisor import Supervisor
from engine.event_log import EventLog, LogLevel
from ipc.clock import ManualClock, SystemClock
from tests.system.waiting import await_that

ROOT = Path(__file__).resolve().parents[3]
FAKE_CHILD = Path(__file__).with_name("fake_child.py")


class Supervision:
    """Children are given as name and habit, in the order in which they are to end."""

    def __init__(
        self, folder: Path, habits: Sequence[tuple[str, str]], *, restarts_max: int, ignored: str, is_time_still: bool
    ) -> None:
        self.ready_file = folder / "ready"
        self._diary = folder / "diary"
        self._diary.touch()
        self._output = (folder / "output").open("w+")
        plan = {
            "folder": str(folder),
            "habits": habits,
            "restarts_max": restarts_max,
            "ignored": ignored,
            "is_time_still": is_time_still,
        }
        command = [sys.executable, "-W", "error", "-m", __name__, json.dumps(plan)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=self._output, stderr=subprocess.STDOUT)

    def notes(self) -> list[str]:
        """What the children noted, each as NAME WHAT."""
        return [line.rpartition(" ")[0] for line in self._diary.read_text().splitlines()]

    def await_notes(self, *expected: str) -> None:
        """Returns once these are the notes, in any order; where order counts, a test looks at `notes`."""
        await_that(lambda: sorted(self.notes()) == sorted(expected), f"the notes {expected}")

    def pids(self, name: str) -> list[int]:
        """The processes that a child was, one after the other."""
        lines = [line.split() for line in self._diary.read_text().splitlines()]
        return [int(pid) for who, what, pid in lines if (who, what) == (name, "started")]

    def tell(self, number: signal.Signals) -> None:
        """Sends a signal to the supervisor."""
        self.process.send_signal(number)

    def exit_status(self) -> int:
        """How it ended."""
        return self.process.wait(timeout=60)

    def output(self) -> list[str]:
        """What it and its children said, but for what the log says."""
        return [line for line in self._lines() if not line.startswith("{")]

    def logged(self) -> list[dict[str, Any]]:
        """Its log, without times."""
        lines = [json.loads(line) for line in self._lines() if line.startswith("{")]
        return [{key: value for key, value in line.items() if key != "utc_ns"} for line in lines]

    def _lines(self) -> list[str]:
        self._output.seek(0)
        return self._output.read().splitlines()

    def close(self) -> None:
        """Ends whatever is left."""
        self.process.kill()
        self.process.wait()
        self._output.close()
        for line in self._diary.read_text().splitlines():
            if is_running(pid := int(line.split()[2])):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def supervised(
    folder: Path, *habits: tuple[str, str], restarts_max: int = 8, ignored: str = "", is_time_still: bool = False
) -> Iterator[Supervision]:
    """A supervisor that ends with the block; while time is still, what it waits for never comes."""
    supervision = Supervision(folder, habits, restarts_max=restarts_max, ignored=ignored, is_time_still=is_time_still)
    try:
        yield supervision
    finally:
        supervision.close()


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _supervise(plan: dict[str, Any]) -> int:
    folder = Path(plan["folder"])
    if plan["ignored"]:
        signal.signal(signal.Signals[plan["ignored"]], signal.SIG_IGN)
    plans = [
        ChildPlan(
            name,
            (str(FAKE_CHILD), str(folder / "diary"), name, habit),
            is_its_end_ours=name == "engine",
            ready_file=folder / "ready" if name == "engine" else None,
        )
        for name, habit in plan["habits"]
    ]
    clock = ManualClock() if plan["is_time_still"] else SystemClock()
    log = EventLog(2, LogLevel.INFO, clock)
    return Supervisor(plans, restarts_max=plan["restarts_max"], clock=clock, log=log).run()


if __name__ == "__main__":
    sys.exit(_supervise(json.loads(sys.argv[1])))
