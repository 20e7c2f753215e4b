"""Children: they stop when told, with everything they started, and never outlive their parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from tools.child_process import ChildProcess
from tools.command_error import CommandError
from tools.interruption import Interruption, StopRequestedError

ROOT = Path(__file__).resolve().parent.parent.parent


def await_true(is_true: Callable[[], bool]) -> None:
    """Returns once it is true; fails after five seconds."""
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + 5 * NS_PER_S
    while not is_true():
        assert clock.monotonic_ns() < deadline_ns, "it did not become true in time"
        clock.sleep_ns(5 * NS_PER_MS)


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def child(code: str) -> ChildProcess:
    """A child that runs the code."""
    return ChildProcess("child", ["-c", code])


def test_lines_arrive_whole_and_once() -> None:
    lines: list[str] = []
    with child("print('one'); print('two', end='', flush=True); print('-half')") as process:
        await_true(lambda: process.status is not None)
        lines += process.new_lines()
        assert process.new_lines() == []
    assert lines == ["one", "two-half"]


def test_a_child_that_ended_is_told_with_its_last_words() -> None:
    with child("import sys; print('no such key', file=sys.stderr); sys.exit(3)") as process:
        await_true(lambda: process.status is not None)
        with pytest.raises(CommandError, match=r"(?s)status 3.*child: no such key"):
            process.check_alive()


def test_a_child_that_ignores_the_request_is_ended_with_its_own_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.child_process.STOP_TIMEOUT_NS", 50 * NS_PER_MS)
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "g = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(g.pid, flush=True); time.sleep(60)"
    )
    with child(code) as process:
        lines: list[str] = []
        await_true(lambda: bool(lines.extend(process.new_lines()) or lines))
    assert not is_running(process.pid)
    await_true(lambda: not is_running(int(lines[0])))


def test_a_child_dies_with_its_parent() -> None:
    code = (
        "from tools.child_process import ChildProcess; from ipc.clock import SystemClock\n"
        "child = ChildProcess('x', ['-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); SystemClock.sleep_ns(60_000_000_000)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        await_true(lambda: Path(f"/proc/{pid}/comm").read_text().startswith("python"))
        parent.kill()
    await_true(lambda: not is_running(pid))


def test_the_terminals_interrupt_does_not_reach_a_child() -> None:
    with child("import time; time.sleep(60)") as process:
        assert os.getsid(process.pid) == process.pid
        assert os.getpgid(process.pid) != os.getpgid(0)


def test_a_signal_is_acted_upon_only_where_it_is_looked_at() -> None:
    with Interruption() as interruption:
        interruption.check()
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StopRequestedError) as caught:
            interruption.wait_until(lambda: False, timeout_s=5, what="nothing")
        assert caught.value.status == 130
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_wait_that_takes_too_long_is_told() -> None:
    with Interruption() as interruption, pytest.raises(CommandError, match=r"the start took more than 0\.01 s"):
        interruption.wait_until(lambda: False, timeout_s=0.01, what="the start")
