"""The ring between two processes, one of which is killed again and again."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ipc.clock import NS_PER_S, SystemClock
from ipc.compiler import JIT_DISABLED, kernel
from ipc.memory import load, monotonic_ns, pause
from ipc.ring import create_ring, poll, release
from ipc.segment import Segment, SegmentKind
from tests.ipc.ring_producer import consume

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="without the JIT there are no atomics")

# Large enough that two processes on one busy core do not hand over to each other all the time.
CAPACITY = 1024
KILLS = 16
RECORDS_BETWEEN_KILLS = 4_000
RUNS_MAX = 20
ROOT = Path(__file__).resolve().parents[2]


@kernel
def take(ring: int, expected: int, count: int, deadline_ns: int) -> tuple[int, int, int]:
    """Takes records until `count` came or time is up; returns the next sequence expected, torn ones and gaps."""
    torn, gaps, taken = 0, 0, 0
    while taken < count:
        slot = poll(ring)
        if slot == 0:
            if monotonic_ns() > deadline_ns:
                break
            pause()
            continue
        if consume(ring, slot) != 0:
            torn += 1
        if load(slot) != expected:
            gaps += 1
        release(ring)
        expected += 1
        taken += 1
    return expected, torn, gaps


@contextmanager
def producers(ring: Segment, mode: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that starts producers."""
    command = [sys.executable, "-m", "tests.ipc.ring_producer", str(ring.path), mode]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.wait()
        process.stdout.close()


def start_one(process: "subprocess.Popen[str]") -> int:
    """The process id of a new producer."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def kill(process: "subprocess.Popen[str]", producer: int) -> None:
    """Kills a producer and waits until it is dead."""
    assert process.stdout is not None
    os.kill(producer, signal.SIGKILL)
    assert process.stdout.readline() == "dead\n"


def run(ring: Segment, mode: str) -> tuple[int, int, int]:
    """Takes records while producers come and are killed; returns records, torn ones and gaps."""
    expected, torn, gaps = 1, 0, 0
    with producers(ring, mode) as process:
        for _ in range(KILLS):
            producer = start_one(process)
            deadline = SystemClock.monotonic_ns() + 20 * NS_PER_S
            try:
                found = take(ring.address, expected, RECORDS_BETWEEN_KILLS, deadline)
            finally:
                kill(process, producer)
            assert found[0] - expected == RECORDS_BETWEEN_KILLS, "the producer stopped"
            expected, torn, gaps = found[0], torn + found[1], gaps + found[2]
            left = take(ring.address, expected, CAPACITY, SystemClock.monotonic_ns())
            expected, torn, gaps = left[0], torn + left[1], gaps + left[2]
    return expected - 1, torn, gaps


@pytest.fixture
def new_ring(tmp_path: Path) -> Iterator[Callable[[], Segment]]:
    """Makes rings of full slots."""
    with ExitStack() as rings:

        def make() -> Segment:
            segment = create_ring(tmp_path / secrets.token_hex(4), SegmentKind.TEST_RING, CAPACITY)
            rings.callback(segment.close)
            return segment

        yield make


def test_killing_the_producer_loses_repeats_and_tears_nothing(new_ring: Callable[[], Segment]) -> None:
    records, torn, gaps = run(new_ring(), "commit-last")
    assert records >= KILLS * RECORDS_BETWEEN_KILLS
    assert (torn, gaps) == (0, 0)


def test_a_producer_that_commits_first_is_caught(new_ring: Callable[[], Segment]) -> None:
    # A busy machine may give both ends one core for a whole run, and then no record is seen half written.
    assert any(run(new_ring(), "commit-first")[1] > 0 for _ in range(RUNS_MAX))
