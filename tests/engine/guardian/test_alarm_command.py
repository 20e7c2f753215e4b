"""The configured command gets each alarm, one at a time, and nobody waits for it."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.event_log import EventLog, LogLevel
from engine.guardian.alarm_command import WAITING_MAX, AlarmCommand
from ipc.clock import ManualClock

pytestmark = pytest.mark.slow

KEEPING = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"
HANGING = "import time, os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(1000)"


def run(folder: Path, act: Callable[[AlarmCommand], None], command: Sequence[str], timeout_s: float = 60) -> list[Any]:
    """Lets a command get what it is told; returns the log's lines."""
    reading, writing = os.pipe()

    async def all_of_it() -> None:
        alarms = AlarmCommand(command, EventLog(writing, LogLevel.INFO, ManualClock()), timeout_s=timeout_s)
        act(alarms)
        while alarms.is_busy:
            await asyncio.sleep(0)
        await alarms.stop()

    asyncio.run(all_of_it())
    os.close(writing)
    with os.fdopen(reading) as file:
        return [json.loads(line) for line in file]


def test_each_alarm_comes_as_a_line_of_json_in_order(tmp_path: Path) -> None:
    def act(alarms: AlarmCommand) -> None:
        for number in range(3):
            alarms.tell({"code": "ENGINE_HUNG", "epoch": number})

    log = run(tmp_path, act, (sys.executable, "-c", KEEPING, str(tmp_path / "told")))
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert told == [{"code": "ENGINE_HUNG", "epoch": number} for number in range(3)]
    assert [(line["event"], line["epoch"]) for line in log] == [("alarm", number) for number in range(3)]


def test_without_a_command_the_log_alone_has_it(tmp_path: Path) -> None:
    log = run(tmp_path, lambda alarms: alarms.tell({"code": "OVERFILL"}), ())
    assert [(line["event"], line["code"]) for line in log] == [("alarm", "OVERFILL")]


def test_a_command_that_hangs_is_ended_and_the_next_alarm_gets_its_turn(tmp_path: Path) -> None:
    def act(alarms: AlarmCommand) -> None:
        alarms.tell({"code": "OVERFILL"})
        alarms.tell({"code": "LATE_FILL"})

    log = run(tmp_path, act, (sys.executable, "-c", HANGING, str(tmp_path / "pids")), timeout_s=1)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert [line["event"] for line in log] == ["alarm", "alarm", "alarm_command", "alarm_command"]


def test_what_waits_has_a_bound_that_is_told(tmp_path: Path) -> None:
    def act(alarms: AlarmCommand) -> None:
        for number in range(WAITING_MAX + 2):
            alarms.tell({"code": "OVERFILL", "count": number})

    log = run(tmp_path, act, ("/bin/true",))
    assert [line["event"] for line in log].count("alarm") == WAITING_MAX + 2
    assert [line["event"] for line in log].count("alarm_not_told") == 2


@pytest.mark.parametrize(("command", "reason"), [("/bin/false", "status 1"), ("/nowhere/alarm", "cannot be started")])
def test_a_command_that_fails_is_logged(tmp_path: Path, command: str, reason: str) -> None:
    log = run(tmp_path, lambda alarms: alarms.tell({"code": "OVERFILL"}), (command,))
    assert reason in log[-1]["reason"]


def test_a_running_command_ends_with_us(tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    async def all_of_it() -> None:
        alarms = AlarmCommand((sys.executable, "-c", HANGING, str(pids)), EventLog(2, LogLevel.ERROR, ManualClock()))
        alarms.tell({"code": "OVERFILL"})
        while not pids.exists() or not pids.read_text():
            await asyncio.sleep(0)
        await alarms.stop()

    asyncio.run(all_of_it())
    assert not Path(f"/proc/{int(pids.read_text())}").exists()
