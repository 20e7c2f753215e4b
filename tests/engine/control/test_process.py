"""The control process as a whole: what it says of a bad configuration, and how little it is."""

import subprocess
import sys
from pathlib import Path

from tests.engine.configuration_file import set_key, sound_table, write_table

ROOT = Path(__file__).resolve().parents[3]
HEAVY = {"numpy", "numba", "zmq", "asyncio", "picows", "cryptography"}


def run(*arguments: str) -> tuple[int, str, str]:
    """A Python process's exit status and what it said."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_a_bad_configuration_starts_nothing(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    set_key(table, "engine.instance", 99)
    status, _, told = run("-m", "engine", str(write_table(table, tmp_path / "engine.toml")))
    assert status == 2
    assert "engine.instance = 99" in told
    assert "Traceback" not in told


def test_without_a_configuration_it_says_how_to_call_it() -> None:
    assert run("-m", "engine") == (2, "", "usage: python -m engine CONFIG.toml [--ready-file FILE]\n")


def test_it_loads_nothing_that_is_slow_or_starts_threads() -> None:
    status, loaded, _ = run("-c", "import engine.control.process, sys; print(*sys.modules)")
    assert status == 0
    assert not HEAVY & set(loaded.split())
