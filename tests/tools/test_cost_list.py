"""What was expected of trading and what it came to, read beside the engine in money."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipc.segment import private_folder
from tests.ipc.fake_engine import ENGINE, INSTRUMENTS, FakeEngine
from tools.commands.application import app


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """An engine with a cost model and ended parents in the first of its instruments."""
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    engine = FakeEngine(private_folder(tmp_path / ENGINE))
    (engine.folder / "latency").touch()
    market = engine.state.table("markets")[0]
    market["impact_ppm"], market["day_lots"] = 14_257, 2_000_000
    # One tick of 0.05 times one lot of 0.00001 is 0.0000005 of the quote asset.
    market["expected_cost"], market["realised_cost"], market["absolute_error"] = 6_000_000, 4_000_000, 3_000_000
    return engine


def listed() -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["parents", "--costs", "--json"])
    assert result.exit_code == 0, result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)["costs"]
    return rows


@pytest.mark.usefixtures("engine")
def test_costs_are_told_in_the_quote_asset_beside_their_model() -> None:
    first, *others = listed()
    assert first == {
        "instrument": INSTRUMENTS[0],
        "impact_bps": "142.57",
        "day_volume": "20.00000",
        "expected_cost": "3.0000000",
        "realised_cost": "2.0000000",
        "bias": "-1.0000000",
        "absolute_error": "1.5000000",
        "asset": "USDT",
    }
    assert [row["instrument"] for row in others] == list(INSTRUMENTS[1:])


@pytest.mark.usefixtures("engine")
def test_where_no_model_was_told_none_is_shown() -> None:
    row = listed()[1]
    assert (row["impact_bps"], row["day_volume"], float(row["expected_cost"])) == (None, None, 0)


@pytest.mark.usefixtures("engine")
def test_people_get_a_table() -> None:
    heading, first, *_ = CliRunner().invoke(app, ["parents", "--costs"]).stdout.splitlines()
    assert heading.split()[:3] == ["instrument", "impact_bps", "day_volume"]
    assert first.split() == [
        INSTRUMENTS[0], "142.57", "20.00000", "3.0000000", "2.0000000", "-1.0000000", "1.5000000", "USDT",
    ]  # fmt: skip
