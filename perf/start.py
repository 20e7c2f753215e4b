"""Owns the start benchmark (P10, P11): from the command until orders are taken, and the memory it then has.

Cold is `oms run` with an empty kernel cache: a process of its own compiles everything, then the engine
starts. Cached is `python -m engine`. Both trade with the simulated venue; an order that the venue
acknowledges proves that they do.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from ipc.client import connect
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.enums import ExecutionType, Side, TimeInForce
from ipc.events import ExecutionReport
from perf.harness import Figures, Run, interleave
from perf.machine import USABLE_CORES
from perf.rows import Goal, Row, make_row
from perf.setting import ENGINE, INSTRUMENT, LOW_PRICE, LOW_QUANTITY, STRATEGY, Setting
from tools.child_process import ChildProcess

TIMEOUT_S = 600
_POLL_NS = 2 * NS_PER_MS
_KERNEL_LINE = re.compile(r"kernel \d+/\d+ (\S+) (\d+\.\d+) s")


def _await_file(child: ChildProcess, path: Path) -> list[str]:
    """Waits until a child has written its ready file; returns what it printed."""
    clock = SystemClock()
    end_ns = clock.monotonic_ns() + TIMEOUT_S * NS_PER_S
    while not path.exists():
        child.check_alive()
        assert clock.monotonic_ns() < end_ns, f"the {child.name} is not ready after {TIMEOUT_S} s"
        clock.sleep_ns(_POLL_NS)
    return child.new_lines()


@contextlib.contextmanager
def running_venue(setting: Setting) -> Iterator[None]:
    """The simulated venue in its own process; the engine's configuration names it afterwards."""
    ready = setting.folder / "venue.ready"
    arguments = ["--config", str(setting.write_keys()), "--ready-file", str(ready)]
    with ChildProcess("venue", ["-m", "gateways.simulator", *arguments]) as child:
        _await_file(child, ready)
        setting.write_engine(int(re.findall(r'"port": (\d+)', ready.read_text())[0]))
        yield


def _trade_once() -> None:
    """One order through the engine to the venue, which finds nobody to trade with and says so."""
    clock = SystemClock()
    with connect(f"shm://{ENGINE}", strategy=STRATEGY) as client:
        order_id = client.submit(INSTRUMENT, Side.BUY, LOW_QUANTITY, price=LOW_PRICE, time_in_force=TimeInForce.IOC)
        end_ns = clock.monotonic_ns() + 5 * NS_PER_S
        happened: list[ExecutionType] = []
        while not happened or happened[-1] != ExecutionType.EXPIRED:
            assert clock.monotonic_ns() < end_ns, f"within 5 s only this happened to an order: {happened}"
            reports = [event for event in client.wait(0.1) if isinstance(event, ExecutionReport)]
            happened += [ExecutionType(report.execution_type) for report in reports if report.order_id == order_id]
    expected = [ExecutionType.PENDING_NEW, ExecutionType.NEW, ExecutionType.EXPIRED]
    assert happened == expected, f"an order met {happened}, expected is {expected}"


def _resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None, "the kernel tells every process's memory"
    return int(found[1]) / 1024


def _start(setting: Setting, arguments: list[str], extra: Mapping[str, str]) -> dict[str, float]:
    """Starts an engine, trades once and stops it; returns what it took and what its compiler said."""
    ready = setting.folder / "engine.ready"
    clock = SystemClock()
    with setting.entered():
        started_ns = clock.monotonic_ns()
        command = ["-m", *arguments, str(setting.folder / "engine.toml"), "--ready-file", str(ready)]
        with ChildProcess("engine", command, extra) as child:
            lines = _await_file(child, ready)
            seconds = (clock.monotonic_ns() - started_ns) / NS_PER_S
            _trade_once()
            resident_mb = _resident_mb(json.loads(ready.read_text())["pid"])
            child.stop()
            assert child.status == 0, f"the engine ended with status {child.status}"
    kernels = [float(found[2]) for found in map(_KERNEL_LINE.search, lines) if found]
    return {"seconds": seconds, "resident_mb": resident_mb, "slowest_kernel": max(kernels, default=0.0)}


def _cached(setting: Setting) -> dict[str, float]:
    return _start(setting, ["engine"], {})


def _cold(run: Run, setting: Setting) -> dict[str, float]:
    if run.smoke:
        return _start(setting, ["tools", "run"], {})
    with TemporaryDirectory(prefix="oms-perf-") as cache:
        return _start(setting, ["tools", "run"], {"OMS_CACHE_DIR": cache})


def measure(run: Run) -> list[Row]:
    """The rows of P10 and P11."""
    # The processes choose their cores themselves.
    os.sched_setaffinity(0, USABLE_CORES)
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as folder:
        setting = Setting(Path(folder), run.core)
        with running_venue(setting):
            cached = interleave(run, partial(_cached, setting), {}, tries_again=False)
            cold = interleave(run, partial(_cold, run, setting), {}, repetitions=4, tries_again=False)
    run.say("verified: after every start an order went to the venue and back, and the engine ended with status 0")
    run.say("not measured yet: the memory's growth under load (rss_slope_mb_per_h)")
    return _rows(run, cached, cold)


def _rows(run: Run, cached: Figures, cold: Figures) -> list[Row]:
    lines = [
        ("P10", "start_cached_s", "python -m engine, kernels cached", cached, "seconds", "s", Goal(2)),
        ("P10", "start_cold_s", "oms run, no kernel cached", cold, "seconds", "s", Goal(60)),
        ("P10", "slowest_kernel_s", "of those compiled for it", cold, "slowest_kernel", "s", Goal(3)),
        ("P11", "engine_rss_mb", "default capacities, kernels cached", cached, "resident_mb", "MB", Goal(300)),
    ]
    return [
        make_row(
            run, figures, row=row, key=key, what=what, figure=figure, unit=unit, samples=figures.turns, goals=(goal,)
        )
        for row, key, what, figures, figure, unit, goal in lines
        # A smoke run compiles nothing when everything was compiled before.
        if not (run.smoke and figures.value(figure) == 0)
    ]
