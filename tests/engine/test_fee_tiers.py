"""A venue's fees follow what was traded there, and reach the core as exact millionths."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.config import load_config
from engine.configuration.shape import FeesConfig, FeeTierConfig
from engine.core.state import State
from engine.core.step import ENGINE, step
from engine.directory import Directory
from engine.fee_tiers import Rates, rates_of
from engine.fee_watch import FeeWatch
from engine.state_builder import StateBuilder, capacities_of
from ipc.clock import NS_PER_S, ManualClock
from ipc.memory import address_of
from tests.engine.configuration_file import set_key, sound_table, write_table

DAY_NS = 86_400 * NS_PER_S
TIERS = (
    FeeTierConfig(volume="1000", maker_bps="5", taker_bps="8"),
    FeeTierConfig(volume="5000.5", maker_bps="-0.25", taker_bps="4.01"),
)


@pytest.mark.parametrize(
    ("volume", "rates"),
    [
        ("0", Rates(1_000, 1_000)),
        ("999.99", Rates(1_000, 1_000)),
        ("1000", Rates(500, 800)),
        ("5000.49", Rates(500, 800)),
        ("5000.5", Rates(-25, 401)),
        ("1e12", Rates(-25, 401)),
    ],
)
def test_a_volume_reaches_its_tier_exactly(volume: str, rates: Rates) -> None:
    assert rates_of(FeesConfig(maker_bps="10", taker_bps="10", tiers=TIERS), Decimal(volume)) == rates


def test_a_discount_is_a_part_of_the_fee_and_takes_nothing_off_a_rebate() -> None:
    fees = FeesConfig(maker_bps="-0.25", taker_bps="4.01", discount_bps=2_500, discount_asset="BNB")
    # 401 less a quarter are 300.75.
    assert rates_of(fees, Decimal(0)) == Rates(-25, 301)


class Watched:
    """An engine's state of one account, and a clock that is moved by hand."""

    def __init__(self, folder: Path, **fees: Any) -> None:
        table = sound_table(folder)
        for key, value in fees.items():
            set_key(table, f"venue.0.fees.{key}", value)
        config = load_config(write_table(table, folder / "c.toml"))
        directory = Directory(config)
        self.state = State.create(capacities_of(config, directory))
        StateBuilder(config, directory, self.state, epoch=1)
        self.clock = ManualClock(NS_PER_S, 20_000 * DAY_NS)
        self.instrument = self.state.table("instruments")[0]
        self.instrument["quote_asset_id"] = directory.assets.index("USDT")
        # One tick x lot is a hundredth of a unit of the risk currency.
        self.instrument["units_per_notional"] = 1_000_000
        self.told = 0
        self.watch = FeeWatch(config, directory, self.state, clock=self.clock, core=self)

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Feeds the core."""
        self.told += count
        step(self.state.address, address_of(records[0]), self.clock.monotonic_ns(), ENGINE)

    def trade(self, worth: int) -> None:
        """So much more was traded."""
        self.state.table("holdings")["traded_notional"][0] += worth * 100

    def rates_after(self, seconds: int) -> tuple[int, int]:
        """What the core knows a while later."""
        self.clock.advance(seconds * NS_PER_S)
        self.watch.look()
        row = self.state.table("routes")[0]
        return int(row["maker_ppm"]), int(row["taker_ppm"])


def _tier(volume: str, fee: str) -> dict[str, str]:
    return {"volume": volume, "maker_bps": fee, "taker_bps": fee}


def test_what_is_traded_lowers_the_fee_and_what_is_long_ago_does_not(tmp_path: Path) -> None:
    watched = Watched(tmp_path, maker_bps="10", taker_bps="10", tiers=[_tier("1000", "5"), _tier("2000", "2")])
    watched.rates_after(0)
    watched.trade(1_000)
    assert watched.rates_after(59) == (0, 0)
    assert watched.rates_after(1) == (500, 500)
    watched.clock.advance(20 * DAY_NS)
    assert watched.rates_after(0) == (500, 500)
    watched.trade(1_000)
    assert watched.rates_after(60) == (200, 200)
    watched.clock.advance(10 * DAY_NS)
    assert watched.rates_after(0) == (500, 500)
    watched.clock.advance(20 * DAY_NS)
    assert watched.rates_after(0) == (1_000, 1_000)
    assert watched.told == 4


def test_the_volume_before_the_start_counts_for_thirty_days(tmp_path: Path) -> None:
    watched = Watched(tmp_path, taker_bps="10", tiers=[_tier("1000", "5"), _tier("2000", "2")], volume="1500")
    watched.rates_after(0)
    watched.trade(500)
    assert watched.rates_after(60) == (200, 200)
    watched.clock.advance(30 * DAY_NS)
    assert watched.rates_after(0) == (0, 1_000)


def test_what_an_earlier_run_traded_is_not_counted_twice(tmp_path: Path) -> None:
    watched = Watched(tmp_path, taker_bps="10", tiers=[_tier("1000", "5")])
    watched.trade(5_000)
    watched.rates_after(0)
    assert watched.told == 0


def test_without_tiers_nothing_is_told(tmp_path: Path) -> None:
    watched = Watched(tmp_path, taker_bps="10")
    watched.trade(5_000)
    watched.rates_after(3_600)
    assert watched.told == 0
