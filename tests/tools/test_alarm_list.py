"""Alarms are listed with the names of what they are about."""

import json
from pathlib import Path

import pytest

from ipc.enums import AlarmCode
from ipc.segment import private_folder
from tests.ipc.fake_engine import FakeEngine
from tools.alarm_list import list_alarms

NOTHING = {"strategy_id": 0, "venue_id": -1, "account_id": -1, "instrument_id": -1, "asset_id": -1}


@pytest.mark.parametrize(
    ("about", "name"),
    [
        pytest.param({}, "engine", id="engine"),
        pytest.param({"venue_id": 0}, "BINANCE", id="first_venue"),
        pytest.param({"venue_id": 1}, "KRAKEN", id="second_venue"),
        pytest.param({"account_id": 1}, "kraken-main", id="account"),
        pytest.param({"account_id": 0, "asset_id": 1}, "binance-main USDT", id="asset_of_an_account"),
    ],
)
def test_what_an_alarm_is_about_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], about: dict[str, int], name: str
) -> None:
    engine = FakeEngine(private_folder(tmp_path / "engine"))
    row = engine.state.table("alarms")[0]
    for field, value in {**NOTHING, **about}.items():
        row[field] = value
    row["alarm_id"], row["code"] = 1, AlarmCode.TRADING_STATE_RAISED
    assert not list_alarms(engine.folder, as_json=True)
    (alarm,) = json.loads(capsys.readouterr().out)["alarms"]
    assert (alarm["code"], alarm["about"]) == ("TRADING_STATE_RAISED", name)
    engine.close()
