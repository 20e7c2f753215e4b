"""The guardian as a process: how it is called, and how little it is."""

from pathlib import Path

from tests.engine.configuration_file import set_key, sound_table, write_table
from tests.engine.control.test_process import run


def test_it_loads_no_compiler() -> None:
    status, loaded, told = run("-c", "import engine.guardian.process, sys; print(*sys.modules)")
    assert (status, told) == (0, "")
    assert not {"numba", "llvmlite", "zmq"} & set(loaded.split())


def test_without_a_configuration_it_says_how_to_call_it() -> None:
    assert run("-m", "engine.guardian") == (2, "", "usage: python -m engine.guardian CONFIG.toml\n")


def test_a_bad_configuration_is_told_without_a_traceback(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    set_key(table, "guardian.hang_ms", 1)
    status, _, told = run("-m", "engine.guardian", str(write_table(table, tmp_path / "engine.toml")))
    assert status == 2
    assert "guardian.hang_ms = 1" in told
    assert "Traceback" not in told
