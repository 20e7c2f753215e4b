"""Owns the restart benchmark (P9): an engine with many open orders is killed, and its successor gets ready.

The time runs from the successor's birth until it is ready: compiled code is loaded, the journal replayed, what lives
handed on and written down as the base of the new run, and every order answered for by the simulated venue. What the
venue needs for its answers is in it.
"""

import json
import os
import re
import signal
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from ipc.client import Client, connect
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.enums import OrderStatus, Side
from ipc.errors import RingFullError
from perf.harness import Run, interleave
from perf.machine import USABLE_CORES
from perf.restart_setting import ENGINE, STRATEGY, RestartSetting
from perf.rows import Goal, Row, make_row
from tools.child_process import ChildProcess

ORDERS_PER_INSTRUMENT = 200
TIMEOUT_NS = 300 * NS_PER_S
_POLL_NS = 2 * NS_PER_MS
_QUANTITY, _LOW_TICKS = "0.001", 2_000_000
_CLOCK = SystemClock()
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def _await_file(child: ChildProcess, path: Path) -> None:
    end_ns = _CLOCK.monotonic_ns() + TIMEOUT_NS
    while not path.exists():
        child.check_alive()
        assert _CLOCK.monotonic_ns() < end_ns, f"the {child.name} is not ready after {TIMEOUT_NS // NS_PER_S} s"
        _CLOCK.sleep_ns(_POLL_NS)


def _pid_in(ready: Path) -> int:
    try:
        return int(json.loads(ready.read_text())["pid"])
    except (FileNotFoundError, json.JSONDecodeError):
        return 0


def _born_ns(pid: int) -> int:
    """When a process began, on the monotonic clock of a machine that never slept."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) * NS_PER_S // _TICKS_PER_S


def _place_orders(client: Client, setting: RestartSetting) -> None:
    for name in setting.instruments:
        known = client.instruments()[name]
        for number in range(ORDERS_PER_INSTRUMENT):
            price = known.price(_LOW_TICKS + number)
            while True:
                try:
                    client.submit(known, Side.BUY, _QUANTITY, price=price)
                    break
                except RingFullError:
                    client.events()
        client.events()


def _await_orders(client: Client, count: int) -> None:
    """Returns when all of them are open at the venue, and of none the outcome is unknown."""
    end_ns = _CLOCK.monotonic_ns() + TIMEOUT_NS
    while True:
        client.events()
        orders = client.open_orders()
        statuses = {OrderStatus(order.order_status) for order in orders}
        if len(orders) == count and statuses == {OrderStatus.NEW}:
            return
        assert _CLOCK.monotonic_ns() < end_ns, f"{len(orders)} of {count} orders are open, with statuses {statuses}"
        _CLOCK.sleep_ns(10 * NS_PER_MS)


def _restart(ready: Path, control: ChildProcess, count: int) -> dict[str, float]:
    """Kills the engine; returns what its successor took to get ready, with every order known to be open."""
    killed = _pid_in(ready)
    os.kill(killed, signal.SIGKILL)
    end_ns = _CLOCK.monotonic_ns() + TIMEOUT_NS
    while (pid := _pid_in(ready)) in (0, killed):
        control.check_alive()
        assert _CLOCK.monotonic_ns() < end_ns, "the engine did not come back"
        _CLOCK.sleep_ns(_POLL_NS)
    seconds = (_CLOCK.monotonic_ns() - _born_ns(pid)) / NS_PER_S
    with connect(f"shm://{ENGINE}", strategy=STRATEGY) as client:
        _await_orders(client, count)
    return {"seconds": seconds}


def measure(run: Run) -> list[Row]:
    """The restart row of P9."""
    # The processes choose their cores themselves.
    os.sched_setaffinity(0, USABLE_CORES)
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as name, ExitStack() as cleanup:
        folder = Path(name)
        setting = RestartSetting(folder, run.core, run.parameter(smoke=2, full=50))
        count = setting.instrument_count * ORDERS_PER_INSTRUMENT
        for variable in ("OMS_RUNTIME_DIR", "OMS_STATE_DIR"):
            cleanup.callback(_restore, variable, os.environ.get(variable))
            os.environ[variable] = name
        ready = folder / "venue.ready"
        arguments = ["--config", str(setting.write_venue()), "--ready-file", str(ready)]
        venue = cleanup.enter_context(ChildProcess("venue", ["-m", "gateways.simulator", *arguments]))
        _await_file(venue, ready)
        config = setting.write_engine(int(re.findall(r'"port": (\d+)', ready.read_text())[0]))
        ready = folder / "engine.ready"
        command = ["-m", "engine", str(config), "--ready-file", str(ready)]
        control = cleanup.enter_context(ChildProcess("control", command))
        _await_file(control, ready)
        with connect(f"shm://{ENGINE}", strategy=STRATEGY) as client:
            _place_orders(client, setting)
            _await_orders(client, count)
        figures = interleave(run, partial(_restart, ready, control, count), {}, tries_again=False)
    run.say(f"verified: after every restart {count:,} orders were open by the venue's word, and none unknown")
    run.say("restart_ready_s holds what the simulated venue needs for its answers; it is not taken off")
    what = f"killed with {count:,} open orders; from the process's birth until ready"
    goals = (Goal(2),)
    return [
        make_row(
            run,
            figures,
            row="P9",
            key="restart_ready_s",
            what=what,
            figure="seconds",
            unit="s",
            samples=figures.turns,
            goals=goals,
        )
    ]


def _restore(variable: str, value: str | None) -> None:
    if value is None:
        del os.environ[variable]
    else:
        os.environ[variable] = value
