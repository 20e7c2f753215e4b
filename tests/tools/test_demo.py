"""The demonstration as people run it: it proves itself, and leaves nothing, whenever it is stopped."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.histogram import Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
CLOCK = SystemClock()


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of our own, by which whatever is left can be found."""
    path = tmp_path / "runtime"
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(path))
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path / "state"))
    yield path
    for pid in users_of(path):
        os.kill(pid, signal.SIGKILL)


def users_of(runtime: Path) -> list[int]:
    """The processes, zombies apart, that were started with this runtime folder; ours is not among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            is_user = str(runtime).encode() in path.read_bytes()
        except OSError:
            continue
        if is_user and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def await_none_left(runtime: Path) -> None:
    """Fails when a process, or anything in the runtime folder or beside it, is still there after three seconds."""
    deadline_ns = CLOCK.monotonic_ns() + 3 * NS_PER_S
    while users_of(runtime) and CLOCK.monotonic_ns() < deadline_ns:
        CLOCK.sleep_ns(20 * NS_PER_MS)
    assert users_of(runtime) == []
    assert not runtime.exists()
    assert not runtime.with_name("state").exists()


def start(*arguments: str) -> subprocess.Popen[str]:
    """`oms` in a process group of its own, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tools", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def answer_of(text: str) -> dict[str, Any]:
    """The JSON object that is the last line."""
    answer: dict[str, Any] = json.loads(text.splitlines()[-1])
    return answer


def test_the_demonstration_proves_itself(runtime: Path) -> None:
    demo = start("demo", "--json", "--seconds", "2", "--rate", "100", "--seed", "7")
    text, told = demo.communicate()
    assert demo.returncode == 0, told + text
    answer = answer_of(text)
    assert answer["ok"]
    assert answer["orders"] >= 50
    assert answer["acknowledged"] >= answer["filled_orders"] > 0
    assert answer["fills"] >= answer["filled_orders"]
    assert answer["unknown"] == 0
    assert answer["position_matches_venue"]
    assert answer["venue_log_matches"]
    ended = sum(answer[name] for name in ("filled_orders", "canceled", "expired", "rejected", "refused"))
    assert ended == answer["orders"]
    assert set(answer["latency_ns"]) == {stage.name.lower() for stage in Stage}
    assert all(set(row) == {"count", "p50", "p90", "p99", "p99_9", "max"} for row in answer["latency_ns"].values())
    assert answer["latency_ns"]["sent_acknowledged"]["count"] > 0
    await_none_left(runtime)


def test_people_are_told_in_plain_lines(runtime: Path) -> None:
    demo = start("demo", "--seconds", "1")
    text, told = demo.communicate()
    assert demo.returncode == 0, told + text
    assert "\x1b" not in text
    for words in ("venue ", "engine ", "strategy ", "p99.9", "orders ", "position ", "fees ", "slippage ", "done in"):
        assert words in text, text
    await_none_left(runtime)


@pytest.mark.parametrize("delay_ms", [0, 150, 400, 800, 1_500, 2_500, 4_000, 6_000])
def test_an_interrupt_at_any_moment_leaves_nothing(runtime: Path, delay_ms: int) -> None:
    demo = start("demo", "--seconds", "60")
    CLOCK.sleep_ns(delay_ms * NS_PER_MS)
    os.killpg(demo.pid, signal.SIGINT)
    CLOCK.sleep_ns(100 * NS_PER_MS)
    if demo.poll() is None:
        os.killpg(demo.pid, signal.SIGINT)
    text, told = demo.communicate(timeout=20)
    assert demo.returncode in (130, -signal.SIGINT, 1), told + text
    await_none_left(runtime)


def test_an_interrupt_while_compiling_leaves_nothing(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMS_CACHE_DIR", str(tmp_path / "cache"))
    demo = start("demo", "--seconds", "60", "--json")
    CLOCK.sleep_ns(5 * NS_PER_S)
    os.killpg(demo.pid, signal.SIGINT)
    text, told = demo.communicate(timeout=20)
    assert demo.returncode == 130, told + text
    assert answer_of(text) == {"ok": False, "error": "stopped by SIGINT"}
    await_none_left(runtime)


def test_a_killed_demonstration_takes_its_processes_along(runtime: Path) -> None:
    demo = start("demo", "--seconds", "60")
    CLOCK.sleep_ns(3 * NS_PER_S)
    demo.kill()
    demo.communicate()
    deadline_ns = CLOCK.monotonic_ns() + 3 * NS_PER_S
    while users_of(runtime) and CLOCK.monotonic_ns() < deadline_ns:
        CLOCK.sleep_ns(20 * NS_PER_MS)
    assert users_of(runtime) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_serves_until_it_is_stopped(runtime: Path, stop: signal.Signals) -> None:
    sandbox = start("sandbox", "--seed", "3")
    assert sandbox.stdout is not None
    while (line := sandbox.stdout.readline()) != "running until Ctrl-C\n":
        assert line, sandbox.communicate()[1]
    for arguments in (("submit", "BTC/USDT.BINANCE", "buy", "0.01"), ("submit", "BTC/USDT.BINANCE", "sell", "0.01")):
        order = start(*arguments, "--json")
        text, told = order.communicate()
        assert order.returncode == 0, told
        assert answer_of(text)["order_status"] == "FILLED"
    sandbox.send_signal(stop)
    _, told = sandbox.communicate(timeout=20)
    assert sandbox.returncode == 0, told
    await_none_left(runtime)


def test_the_sandbox_ends_by_itself(runtime: Path) -> None:
    sandbox = start("sandbox", "--seconds", "0.5")
    text, told = sandbox.communicate()
    assert (sandbox.returncode, told) == (0, "")
    assert "BTC/USDT.BINANCE and ETH/USDT.BINANCE; account main; strategies mine and manual" in text
    await_none_left(runtime)


def test_a_second_sandbox_is_refused_and_leaves_the_first_alone(runtime: Path) -> None:
    first = start("sandbox")
    assert first.stdout is not None
    while (line := first.stdout.readline()) != "running until Ctrl-C\n":
        assert line, first.communicate()[1]
    second = start("sandbox")
    assert "oms: a sandbox is running already" in second.communicate()[1]
    assert second.returncode == 1
    assert (runtime / "sandbox" / "state").exists()
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)
    assert first.returncode == 0
    await_none_left(runtime)
