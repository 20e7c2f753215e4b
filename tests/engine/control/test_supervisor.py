"""The supervisor: its children start together, come back when they die, and end in order."""

import os
import signal
from pathlib import Path

import pytest

from tests.engine.control.supervision import is_running, supervised
from tests.system.waiting import await_that

pytestmark = pytest.mark.slow

ENGINE, JOURNAL = ("engine", "orderly"), ("journal", "orderly")
BOTH_STARTED = ("engine started", "journal started")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_its_children_end_one_after_the_other(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path, ENGINE, JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        supervision.tell(number)
        assert supervision.exit_status() == 0
        assert supervision.notes()[2:] == ["engine told", "journal told"]
        assert supervision.logged() == []


def test_the_second_is_not_told_before_the_first_has_ended(tmp_path: Path) -> None:
    with supervised(tmp_path, ("engine", "stubborn"), JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        supervision.tell(signal.SIGTERM)
        supervision.await_notes(*BOTH_STARTED, "engine told")
        assert is_running(supervision.process.pid)
        os.kill(supervision.pids("engine")[0], signal.SIGKILL)
        assert supervision.exit_status() == 128 + signal.SIGKILL
        assert supervision.notes()[-1] == "journal told"


def test_a_second_request_ends_at_once_what_is_awaited(tmp_path: Path) -> None:
    with supervised(tmp_path, ("engine", "stubborn"), JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        supervision.tell(signal.SIGINT)
        supervision.await_notes(*BOTH_STARTED, "engine told")
        supervision.tell(signal.SIGINT)
        assert supervision.exit_status() == 128 + signal.SIGKILL
        assert supervision.notes()[-1] == "journal told"


def test_a_child_that_was_killed_comes_back(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE, JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        os.kill(supervision.pids("engine")[0], signal.SIGKILL)
        supervision.await_notes(*BOTH_STARTED, "engine started")
        assert supervision.logged() == [
            {
                "level": "WARNING",
                "event": "process_died",
                "process": "engine",
                "reason": "killed by SIGKILL",
                "next": "starts again in 0.1 s",
            }
        ]
        supervision.tell(signal.SIGTERM)
        assert supervision.exit_status() == 0


def test_the_ready_file_of_a_child_that_was_killed_is_taken_away(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE) as supervision:
        supervision.await_notes("engine started")
        supervision.ready_file.touch()
        os.kill(supervision.pids("engine")[0], signal.SIGKILL)
        supervision.await_notes("engine started", "engine started")
        assert not supervision.ready_file.exists()


def test_a_mistake_of_the_operator_ends_everything(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE, ("journal", "2")) as supervision:
        assert supervision.exit_status() == 2
        assert supervision.notes().count("journal started") == 1
        assert not any(is_running(pid) for pid in supervision.pids("engine"))
        assert supervision.logged() == []


def test_a_clean_end_of_the_engine_is_everybodys(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE, JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        os.kill(supervision.pids("engine")[0], signal.SIGTERM)
        assert supervision.exit_status() == 0
        assert supervision.notes()[2:] == ["engine told", "journal told"]


def test_a_clean_end_of_another_is_a_death(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE, JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        os.kill(supervision.pids("journal")[0], signal.SIGTERM)
        supervision.await_notes(*BOTH_STARTED, "journal told", "journal started")
        (line,) = supervision.logged()
        assert (line["process"], line["reason"]) == ("journal", "ended with status 0")


def test_a_child_that_dies_too_often_ends_everything(tmp_path: Path) -> None:
    with supervised(tmp_path, ("engine", "3"), restarts_max=2) as supervision:
        assert supervision.exit_status() == 3
        assert supervision.notes() == 3 * ["engine started"]
        assert [line["next"] for line in supervision.logged()] == [
            "starts again in 0.1 s",
            "starts again in 0.2 s",
            "everything ends: it died too often within a minute",
        ]
        assert supervision.logged()[-1]["level"] == "ERROR"


def test_who_waits_to_be_started_again_is_not_when_all_are_told_to_end(tmp_path: Path) -> None:
    with supervised(tmp_path, ("engine", "3"), is_time_still=True) as supervision:
        (line,) = await_that(supervision.logged, "the wait")
        assert line["next"] == "starts again in 0.1 s"
        supervision.tell(signal.SIGTERM)
        assert supervision.exit_status() == 0
        assert supervision.notes() == ["engine started"]


def test_children_are_told_to_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE, JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        supervision.tell(signal.SIGKILL)
        supervision.await_notes(*BOTH_STARTED, "engine told", "journal told")
        pids = [*supervision.pids("engine"), *supervision.pids("journal")]
        await_that(lambda: not any(is_running(pid) for pid in pids), "the children's end")


def test_children_speak_where_the_supervisor_does(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE) as supervision:
        await_that(lambda: supervision.output() == ["engine speaks"], "the engine's words")


def test_a_terminals_interrupt_reaches_the_supervisor_alone(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE, JOURNAL) as supervision:
        supervision.await_notes(*BOTH_STARTED)
        groups = {os.getpgid(pid) for name in ("engine", "journal") for pid in supervision.pids(name)}
        assert os.getpgid(supervision.process.pid) not in groups


def test_children_are_as_strict_about_warnings(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE) as supervision:
        supervision.await_notes("engine started")
        command = Path(f"/proc/{supervision.pids('engine')[0]}/cmdline").read_bytes().split(b"\0")
        assert b"-Werror" in command


def test_the_end_of_a_terminal_that_is_to_be_outlived_ends_nothing(tmp_path: Path) -> None:
    with supervised(tmp_path, ENGINE, ignored="SIGHUP") as supervision:
        supervision.await_notes("engine started")
        supervision.tell(signal.SIGHUP)
        os.kill(supervision.pids("engine")[0], signal.SIGKILL)
        supervision.await_notes("engine started", "engine started")
