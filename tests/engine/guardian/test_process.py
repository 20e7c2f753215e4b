"""The guardian as a process: how it is called, and how little it is."""

import fcntl
from pathlib import Path

import pytest

from engine.config import load_config
from engine.control_scopes import scopes_of_config
from engine.guardian.process import AnotherConfigurationError, _control_of
from engine.lifetime import ENGINE_LOCK
from ipc.control_segment import ControlSegment, ScopeName
from ipc.enums import ScopeKind
from ipc.segment import SegmentWord, private_folder
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


def test_a_guardian_with_another_configuration_leaves_the_running_engines_segment_alone(
    tmp_path: Path,
) -> None:
    config = load_config(write_table(sound_table(tmp_path), tmp_path / "engine.toml"))
    folder = private_folder(tmp_path / "run")
    scopes = scopes_of_config(config)
    control = ControlSegment.open(folder, [*scopes, ScopeName(ScopeKind.STRATEGY, "former")])
    control.begin_epoch(1)
    with (folder / ENGINE_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AnotherConfigurationError, match="put its configuration back, or restart it"):
            _control_of(config, folder)
        assert control.is_current()
    control.close()


def test_an_engine_that_is_only_starting_does_not_keep_it_from_a_former_ones_segment(tmp_path: Path) -> None:
    """It holds its lock long before it opens the segment: while it compiles, for a minute."""
    config = load_config(write_table(sound_table(tmp_path), tmp_path / "engine.toml"))
    folder = private_folder(tmp_path / "run")
    former = ControlSegment.open(folder, [ScopeName(ScopeKind.ENGINE, "")])
    former.segment.words[SegmentWord.ENGINE_PID] = 1
    with (folder / ENGINE_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        control = _control_of(config, folder)
    assert control.scopes == scopes_of_config(config)
    for segment in (control, former):
        segment.close()


def test_without_an_engine_it_makes_the_segment_anew(tmp_path: Path) -> None:
    config = load_config(write_table(sound_table(tmp_path), tmp_path / "engine.toml"))
    folder = private_folder(tmp_path / "run")
    (folder / ENGINE_LOCK).touch()
    ControlSegment.open(folder, [ScopeName(ScopeKind.ENGINE, "")]).close()
    control = _control_of(config, folder)
    assert control.scopes == scopes_of_config(config)
    control.close()
