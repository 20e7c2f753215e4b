"""What the configuration says of costs, promises and parents reaches the core: a test for each key, by its name."""

from pathlib import Path
from typing import Any

import pytest

from engine.config import load_config
from engine.core.cost_model import expected_cost_ppm
from engine.core.state import State
from engine.directory import Directory
from engine.state_builder import StateBuilder, capacities_of
from ipc.enums import Side
from tests.engine.configuration_file import set_key, sound_table, write_table
from tests.gateways.binance_spot.documented import RULES

NAME = "BTC/USDT.BINANCE"
TIERS = [{"volume": "1000", "maker_bps": "5", "taker_bps": "8"}]


def built(folder: Path, keys: dict[str, Any]) -> State:
    """The state of an engine with these keys, once its instrument's rules are known."""
    table = sound_table(folder)
    for key, value in keys.items():
        set_key(table, key, value)
    config = load_config(write_table(table, folder / "c.toml"))
    directory = Directory(config)
    state = State.create(capacities_of(config, directory))
    StateBuilder(config, directory, state, epoch=1).set_instrument(0, NAME, RULES)
    return state


def expected_ppm(state: State, lots: int = 100_000) -> int:
    """What buying is expected to cost where nothing is known of the book: impact and fee."""
    return int(expected_cost_ppm(state.address, 0, 0, Side.BUY, lots, 0))


@pytest.mark.parametrize(
    ("fees", "maker_ppm", "taker_ppm"),
    [
        ({"maker_bps": "-1", "taker_bps": "4.5"}, -100, 450),
        ({"taker_bps": "10", "tiers": TIERS, "volume": "999"}, 0, 1_000),
        ({"taker_bps": "10", "tiers": TIERS, "volume": "1000"}, 500, 800),
        ({"maker_bps": "8", "taker_bps": "10", "discount_bps": 2_500, "discount_asset": "BNB"}, 600, 750),
    ],
    ids=["maker_bps taker_bps", "volume below tiers", "volume", "discount_bps discount_asset"],
)
def test_fees(tmp_path: Path, fees: dict[str, Any], maker_ppm: int, taker_ppm: int) -> None:
    state = built(tmp_path, {f"venue.0.fees.{key}": value for key, value in fees.items()})
    route = state.table("routes")[0]
    assert (route["maker_ppm"], route["taker_ppm"]) == (maker_ppm, taker_ppm)
    assert expected_ppm(state) == taker_ppm


def test_impact_bps_and_day_volume(tmp_path: Path) -> None:
    # A quarter of a day's volume moves the price by half of what all of it would.
    state = built(tmp_path, {"instrument": [{"name": NAME, "impact_bps": "120", "day_volume": "4"}]})
    assert expected_ppm(state, lots=100_000) == 6_000


def test_market_promise(tmp_path: Path) -> None:
    (tmp_path / "as_usual").mkdir()
    usual = built(tmp_path / "as_usual", {}).table("terms")
    filled = built(tmp_path, {"execution.market_promise": "fill_first"}).table("terms")
    assert not usual["is_fill_first"].any()
    assert (filled["is_fill_first"] == filled["permitted"]).all()


def test_parent_capacity(tmp_path: Path) -> None:
    assert len(built(tmp_path, {"engine.parent_capacity": 32}).table("parents")) == 32
