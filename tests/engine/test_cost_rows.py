"""A configured cost model reaches the core in its units, and says nothing else of its instrument."""

from pathlib import Path

import pytest

from engine.config import load_config
from engine.core.state import State
from engine.directory import Directory
from engine.state_builder import StateBuilder, StateError, capacities_of
from ipc.enums import ScopeKind
from ipc.tables import NO_LIMIT
from tests.engine.configuration_file import sound_table, write_table
from tests.gateways.binance_spot.documented import RULES

NAME = "BTC/USDT.BINANCE"


def built(folder: Path, **keys: str) -> State:
    """The state of an engine whose instrument has a table with these keys, once its rules are known."""
    table = {**sound_table(folder), "instrument": [{"name": NAME, **keys}]}
    config = load_config(write_table(table, folder / "c.toml"))
    directory = Directory(config)
    state = State.create(capacities_of(config, directory))
    StateBuilder(config, directory, state, epoch=1).set_instrument(0, NAME, RULES)
    return state


@pytest.mark.parametrize(
    ("keys", "impact_ppm", "day_lots"),
    [
        ({"impact_bps": "142.57", "day_volume": "20000"}, 14_257, 2_000_000_000),
        ({"impact_bps": "0", "day_volume": "0.00001"}, 0, 1),
        ({"day_volume": "1.000019"}, 0, 100_001),
        ({}, 0, 0),
    ],
)
def test_a_model_is_counted_in_millionths_and_whole_lots(
    tmp_path: Path, keys: dict[str, str], impact_ppm: int, day_lots: int
) -> None:
    market = built(tmp_path, **keys).table("markets")[0]
    assert (market["impact_ppm"], market["day_lots"]) == (impact_ppm, day_lots)


@pytest.mark.parametrize(("volume", "lots"), [("0.000009", 0), ("1" + "0" * 17, 10**22)])
def test_a_day_that_is_none_in_the_instruments_lots_is_refused(tmp_path: Path, volume: str, lots: int) -> None:
    with pytest.raises(StateError, match=rf"^{NAME}: day_volume of {volume} is {lots} lots, allowed are 1 to "):
        built(tmp_path, day_volume=volume)


def test_a_table_without_limits_restricts_nothing(tmp_path: Path) -> None:
    scopes = built(tmp_path, day_volume="1").table("scopes")
    (scope,) = scopes[scopes["scope_kind"] == ScopeKind.INSTRUMENT]
    assert scope["max_open_orders"] == NO_LIMIT
