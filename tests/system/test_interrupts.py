"""The demonstration interrupted at moments drawn at random: whatever it was doing, nothing is left of it.

    OMS_INTERRUPTS=20 pytest tests/system/test_interrupts.py     that many moments instead of a few
    OMS_INTERRUPTS_SEED=7 …                                      other moments

Every third one begins with an empty kernel cache, and so is interrupted while it compiles.
"""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.system.waiting import await_that, let_pass

COUNT = int(os.environ.get("OMS_INTERRUPTS", "5"))
SEED = int(os.environ.get("OMS_INTERRUPTS_SEED", "1"))
LATEST_MS = 4_500

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def moments() -> list[tuple[int, bool]]:
    """After how many milliseconds, and whether it has to compile first."""
    generator = Random(SEED)
    return [(generator.randrange(LATEST_MS), number % 3 == 2) for number in range(COUNT)]


def users_of(folder: Path) -> list[str]:
    """The processes, zombies apart, that have a folder in their environment; ours is not among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            is_user = os.fsencode(folder) in path.read_bytes()
            name = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if is_user and int(path.parent.name) != os.getpid():
            found.append(name)
    return found


def left_in(folder: Path) -> list[str]:
    """Everything under a folder with the letter of what it is: d, s for a socket, - for a file."""
    return sorted(f"{stat.filemode(path.lstat().st_mode)[0]} {path.name}" for path in folder.rglob("*"))


@pytest.mark.parametrize(("delay_ms", "compiles"), moments())
def test_an_interrupted_demonstration_leaves_nothing(tmp_path: Path, delay_ms: int, compiles: bool) -> None:
    places = {"OMS_RUNTIME_DIR": tmp_path / "run", "OMS_STATE_DIR": tmp_path / "state", "TMPDIR": tmp_path / "temp"}
    places["TMPDIR"].mkdir()
    cache = {"OMS_CACHE_DIR": tmp_path / "cache"} if compiles else {}
    demo = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tools", "demo", "--seconds", "60", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env={**os.environ, **{name: str(path) for name, path in {**places, **cache}.items()}},
    )
    let_pass(delay_ms)
    assert demo.poll() is None, demo.communicate()
    # As a terminal does it: the whole foreground group hears of it.
    os.killpg(demo.pid, signal.SIGINT)
    text, told = demo.communicate(timeout=30)
    # Before the command has taken the signal over, Python or the kernel ends it.
    assert demo.returncode in (130, 1, -signal.SIGINT), told + text
    await_that(lambda: not users_of(tmp_path), "the end of every process", timeout_s=5)
    assert not places["OMS_RUNTIME_DIR"].exists()
    assert not places["OMS_STATE_DIR"].exists()
    assert left_in(places["TMPDIR"]) == []
    assert [name for name in left_in(tmp_path) if ".tmp" in name] == []
