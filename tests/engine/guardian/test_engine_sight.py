"""What is seen of an engine's process; only the one that holds the engine's lock is ever killed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.guardian.engine_sight import EngineSight
from engine.guardian.engine_watch import Sighting
from ipc.control_segment import ENGINE_SCOPE, ControlSegment
from ipc.segment import SegmentWord

LOCK = "engine.lock"
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "w")
if sys.argv[2] == "holds":
    fcntl.flock(file, fcntl.LOCK_EX)
print("ready", flush=True)
sys.stdin.read()
"""


class Stage:
    """A control segment and processes that pass for engines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.control = ControlSegment.open(folder, [ENGINE_SCOPE])
        self.sight = EngineSight(folder / LOCK)
        self.processes: list[subprocess.Popen[bytes]] = []

    def enter(self, epoch: int, *, holds_lock: bool = True) -> subprocess.Popen[bytes]:
        """The next engine, which says that it beats."""
        how = "holds" if holds_lock else "holds not"
        command = [sys.executable, "-c", HOLDER, str(self.folder / LOCK), how]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        self.processes.append(process)
        words = self.control.segment.words
        words[SegmentWord.ENGINE_PID] = process.pid
        words[SegmentWord.ENGINE_BEAT_NS] = 5
        words[SegmentWord.ENGINE_EPOCH] = epoch
        return process

    def look(self) -> Sighting:
        return self.sight.look(self.control)

    def close(self) -> None:
        self.sight.close()
        self.control.close()
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A folder of its own."""
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def test_it_sees_an_engine_from_its_beginning_to_its_end(stage: Stage) -> None:
    assert stage.look() == Sighting(0, 0, is_alive=False)
    process = stage.enter(7)
    assert stage.look() == Sighting(7, 5, is_alive=True)
    process.kill()
    process.wait()
    assert stage.look() == Sighting(7, 5, is_alive=False)
    stage.enter(8)
    assert stage.look() == Sighting(8, 5, is_alive=True)


def test_an_end_is_seen_before_anybody_asked_how_it_ended(stage: Stage) -> None:
    process = stage.enter(7)
    assert stage.look().is_alive
    assert stage.sight.kill()
    while stage.look().is_alive:
        pass
    assert Path(f"/proc/{process.pid}").exists(), "nobody has waited for it"


def test_an_engine_that_was_gone_before_is_no_living_one(stage: Stage) -> None:
    process = stage.enter(7)
    process.kill()
    process.wait()
    assert not stage.look().is_alive
    assert not stage.sight.kill()


def test_who_does_not_hold_the_lock_is_not_killed(stage: Stage) -> None:
    process = stage.enter(7, holds_lock=False)
    assert stage.look().is_alive
    assert not stage.sight.kill()
    holder = stage.enter(7)
    stage.control.segment.words[SegmentWord.ENGINE_PID] = process.pid
    stage.look()
    assert not stage.sight.kill()
    assert process.poll() is None
    assert holder.poll() is None


def test_without_a_lock_nobody_is_killed(stage: Stage) -> None:
    process = stage.enter(7)
    (stage.folder / LOCK).unlink()
    stage.look()
    assert not stage.sight.kill()
    assert process.poll() is None
