"""The demonstration's setting: its files are sound, private, and gone afterwards; its own check works."""

import asyncio
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from engine.config import load_config, resolve_terms
from gateways.simulator import SimulatedVenue
from gateways.simulator import load_config as load_venue_config
from tools.command_error import CommandError
from tools.demo.folder import DemoFolder
from tools.demo.setting import BASE, OPENING_BALANCES, QUOTE, Setting
from tools.demo.venue_account import flush_log, query_balances


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime folder of this test; it does not exist yet."""
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path / "runtime"))
    return tmp_path / "runtime"


def test_the_files_are_private_and_gone_afterwards(runtime: Path) -> None:
    with DemoFolder() as folder:
        setting = Setting(engine="demo", strategies=("one", "two"), rate=50, seed=1)
        setting.write_venue_files(folder)
        setting.write_engine_files(folder, 9_000)
        assert {path.name for path in folder.path.iterdir()} == {"venue.toml", "engine.toml", "key.toml"}
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.path.iterdir())
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert not runtime.exists()


def test_a_runtime_folder_in_use_stays(runtime: Path) -> None:
    runtime.mkdir(mode=0o700)
    with DemoFolder(), DemoFolder():
        pass
    assert list(runtime.iterdir()) == []


def test_the_engines_configuration_is_sound_and_has_room_for_the_rate() -> None:
    with DemoFolder() as folder:
        setting = Setting(engine="demo", strategies=("one", "two"), rate=500, seed=1)
        setting.write_engine_files(folder, 9_000)
        config = load_config(folder.path / "engine.toml")
        assert [(strategy.name, strategy.id) for strategy in config.strategies] == [("one", 1), ("two", 2)]
        terms = resolve_terms(config, config.strategies[0], config.accounts[0])
        assert terms.rate_limit_orders * 1_000_000_000 > 500 * terms.rate_limit_window_ns


def test_the_venue_itself_is_asked_with_a_key_of_its_own() -> None:
    with DemoFolder() as folder:
        setting = Setting(engine="demo", strategies=("one", "two"), rate=50, seed=1)
        setting.write_venue_files(folder)

        async def ask() -> dict[str, Decimal]:
            async with SimulatedVenue(load_venue_config(folder.path / "venue.toml")) as venue:
                await asyncio.to_thread(flush_log, venue.port)
                return await asyncio.to_thread(query_balances, venue.port, setting.checking_key)

        balances = asyncio.run(ask())
        assert {asset: balances[asset] for asset in (BASE, QUOTE)} == {
            asset: Decimal(amount) for asset, amount in OPENING_BALANCES.items()
        }
        assert (folder.path / "venue.jsonl").read_text().startswith('{"sequence":1')


def test_a_venue_that_is_gone_is_told() -> None:
    with pytest.raises(CommandError, match="the venue does not answer /api/v3/account"):
        query_balances(1, Setting(engine="demo", strategies=(), rate=1, seed=1).checking_key)


def test_the_folder_of_a_killed_demonstration_is_removed_by_the_next(runtime: Path) -> None:
    with DemoFolder() as living:
        dead = runtime / "demo-dead"
        dead.mkdir()
        (dead / "engine.toml").touch()
        with DemoFolder() as folder:
            assert not dead.exists()
            assert set(runtime.iterdir()) == {living.path, folder.path}
