"""The file that stops an engine: what it holds is what is stopped."""

from pathlib import Path

import pytest

from engine.guardian.kill_file import NAME, KillFile
from ipc.control_segment import ENGINE_SCOPE, ScopeName
from ipc.enums import ScopeKind

MAIN = ScopeName(ScopeKind.ACCOUNT, "main")
PAIR = ScopeName(ScopeKind.INSTRUMENT, "BTC/USDT.BINANCE")
SCOPES = [ENGINE_SCOPE, MAIN, ScopeName(ScopeKind.STRATEGY, ""), PAIR]


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("account:main", MAIN),
        ("instrument:BTC/USDT.BINANCE\n", PAIR),
        ("engine", ENGINE_SCOPE),
        ("account:mian", ENGINE_SCOPE),
        ("strategy:", ENGINE_SCOPE),
        ("\xff\x00", ENGINE_SCOPE),
        ("x" * 10_000, ENGINE_SCOPE),
    ],
)
def test_a_name_stops_its_scope_and_anything_else_stops_everything(tmp_path: Path, text: str, scope: ScopeName) -> None:
    file = KillFile(tmp_path, SCOPES)
    assert file.scope() is None
    (tmp_path / NAME).write_text(text, encoding="latin-1")
    assert [file.scope(), file.scope()] == [scope, scope]


def test_an_empty_file_stops_everything_unless_it_is_just_being_written(tmp_path: Path) -> None:
    file = KillFile(tmp_path, SCOPES)
    (tmp_path / NAME).touch()
    assert file.scope() is None
    assert file.scope() == ENGINE_SCOPE
    (tmp_path / NAME).unlink()
    assert file.scope() is None
    (tmp_path / NAME).touch()
    assert file.scope() is None
    (tmp_path / NAME).write_text("account:main")
    assert file.scope() == MAIN


def test_it_holds_for_as_long_as_it_is_there(tmp_path: Path) -> None:
    file = KillFile(tmp_path, SCOPES)
    (tmp_path / NAME).write_text("account:main")
    assert file.scope() == MAIN
    (tmp_path / NAME).write_text("instrument:BTC/USDT.BINANCE")
    assert file.scope() == PAIR
    (tmp_path / NAME).unlink()
    assert file.scope() is None


def test_what_is_no_file_stops_everything_too(tmp_path: Path) -> None:
    file = KillFile(tmp_path, SCOPES)
    (tmp_path / NAME).mkdir()
    assert file.scope() == ENGINE_SCOPE
