"""The names of scopes stand where the state has their rows."""

from pathlib import Path

import numpy as np

from engine.config import load_config
from engine.control_scopes import scopes_of_config
from engine.core.state import State, block_bytes, scopes_of
from engine.directory import Directory
from engine.state_builder import capacities_of
from ipc.enums import ScopeKind
from ipc.memory import address_of
from tests.engine.configuration_file import set_key, sound_table, write_table


def test_each_scope_has_its_row(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    set_key(table, "venue.0.instruments", ["BTC/USDT", "ETH/USDT"])
    set_key(table, "strategy.0.id", 2)
    config = load_config(write_table(table, tmp_path / "engine.toml"))
    capacities = capacities_of(config, Directory(config))
    content = np.zeros(block_bytes(capacities), np.uint8)
    State.create(capacities, content)
    names = scopes_of_config(config)
    assert [int(kind) for kind in scopes_of(address_of(content))["scope_kind"]] == [scope.kind for scope in names]
    assert [scope.name for scope in names] == [
        "",
        "BINANCE",
        "main",
        "",
        "",
        "alpha",
        "BTC/USDT.BINANCE",
        "ETH/USDT.BINANCE",
    ]
    assert names[5].kind is ScopeKind.STRATEGY
