"""`oms calibrate` finds in the journal what trading has cost, and says what to configure."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.configuration.shape import InstrumentConfig
from engine.journal.disk import Disk
from engine.journal.events import EventReader
from ipc.clock import NS_PER_S
from ipc.parent_enums import Algorithm
from ipc.records import HEADER_FIELDS
from ipc.segment import private_folder
from tests.ipc.fake_engine import INSTRUMENTS, STRATEGIES, FakeEngine
from tests.tools.kept_journal import keep_journal
from tests.tools.trading_history import DAY_LOTS, TradingHistory
from tools.commands.application import app
from tools.journal_names import JournalNames
from tools.parent_costs import ParentCost, read_parent_costs

NAME = "kept"
PUBLISHED_WORD = HEADER_FIELDS.index("published_ns")
TRUE_BPS = 120.0


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path / "s"))
    return FakeEngine(private_folder(tmp_path / "engine"))


@pytest.fixture
def history(engine: FakeEngine) -> TradingHistory:
    return TradingHistory(engine, strategy_id=STRATEGIES["maker"], impact_bps=TRUE_BPS)


def costs_of(engine: FakeEngine) -> list[ParentCost]:
    disk = Disk(keep_journal(engine.state, engine.told, NAME))
    return list(read_parent_costs(EventReader(disk), JournalNames(disk)))


def calibrated(name: str = NAME) -> tuple[int, list[dict[str, Any]]]:
    """Status and what a program is told of each instrument."""
    result = CliRunner().invoke(app, ["calibrate", "--engine", name, "--json"])
    rows: list[dict[str, Any]] = json.loads(result.stdout)["instruments"]
    return result.exit_code, rows


def test_the_true_impact_lies_in_the_interval(engine: FakeEngine, history: TradingHistory) -> None:
    history.trade(60)
    keep_journal(engine.state, engine.told, NAME)
    status, (row,) = calibrated()
    assert (status, row["instrument"], row["parents"], row["spreads_known"]) == (0, INSTRUMENTS[0], 60, 60)
    low, high = row["interval_bps"]
    assert low <= TRUE_BPS <= high
    assert (high - low) / 4 == pytest.approx(row["standard_error_bps"], abs=0.02)
    assert row["standard_error_bps"] < TRUE_BPS / 50
    assert row["r_squared"] > 0.98


def test_who_took_nothing_at_the_start_is_taken_to_have_met_the_usual_spread(
    engine: FakeEngine, history: TradingHistory
) -> None:
    engine.state.table("markets")[0]["day_lots"] = DAY_LOTS
    history.trade(60)
    keep_journal(engine.state, engine.told, "all-known")
    reports_of_a_parent = len(engine.told[STRATEGIES["maker"]]) // 60
    for started in engine.told[STRATEGIES["maker"]][:: 3 * reports_of_a_parent]:
        started[PUBLISHED_WORD] -= NS_PER_S
    keep_journal(engine.state, engine.told, NAME)
    _, (row,) = calibrated()
    (all_known,) = calibrated("all-known")[1]
    assert (row["spreads_known"], all_known["spreads_known"]) == (40, 60)
    assert row["impact_bps"] == all_known["impact_bps"]


def test_a_day_is_estimated_from_what_traded_meanwhile_unless_the_engine_knows(
    engine: FakeEngine, history: TradingHistory
) -> None:
    history.trade(20)
    keep_journal(engine.state, engine.told, NAME)
    _, (row,) = calibrated()
    assert (row["is_volume_estimated"], float(row["day_volume"])) == (True, pytest.approx(20, rel=0.001))
    assert "day_volume is estimated from what traded while parents worked" in row["notes"]


def test_the_configured_day_is_kept(engine: FakeEngine, history: TradingHistory) -> None:
    history.trade(20)
    engine.state.table("markets")[0]["day_lots"] = 4 * DAY_LOTS
    keep_journal(engine.state, engine.told, NAME)
    _, (row,) = calibrated()
    assert (row["is_volume_estimated"], row["day_volume"], row["notes"]) == (False, "80.00000", [])
    # A quarter of the part of a day has half the root.
    assert row["impact_bps"] == pytest.approx(2 * TRUE_BPS, rel=0.05)


def test_the_models_error_so_far_is_told(engine: FakeEngine, history: TradingHistory) -> None:
    history.trade(12)
    realised = [float(cost.report.realised_cost_bps) for cost in costs_of(engine)]
    _, (row,) = calibrated()
    assert row["expected_bps"] == 25
    assert row["realised_bps"] == pytest.approx(sum(realised) / 12, abs=0.01)
    assert row["bias_bps"] == pytest.approx(sum(realised) / 12 - 25, abs=0.01)
    assert row["absolute_error_bps"] == pytest.approx(sum(abs(bps - 25) for bps in realised) / 12, abs=0.01)


def test_too_few_parents_are_refused(engine: FakeEngine, history: TradingHistory) -> None:
    history.trade(9)
    history.trade(5, algorithm=Algorithm.BRACKET)
    keep_journal(engine.state, engine.told, NAME)
    status, (row,) = calibrated()
    assert (status, row["impact_bps"], row["configuration"]) == (1, None, None)
    assert row["notes"] == ["no fit: 9 parents that ended and traded, needed are at least 10"]
    result = CliRunner().invoke(app, ["calibrate", "--engine", NAME])
    assert (result.exit_code, "[[instrument]]" in result.stdout) == (1, False)
    assert result.stdout.splitlines()[-1] == f"{INSTRUMENTS[0]}: {row['notes'][0]}"


def test_a_market_in_which_nothing_is_known_to_trade_is_refused(engine: FakeEngine, history: TradingHistory) -> None:
    history.trade(12)
    for slot in engine.told[STRATEGIES["maker"]]:
        slot[PUBLISHED_WORD] = 1
    keep_journal(engine.state, engine.told, NAME)
    status, (row,) = calibrated()
    assert (status, row["day_volume"]) == (1, None)
    assert row["notes"] == ["no fit: nothing is known to have traded in its market meanwhile; configure its day_volume"]


def test_a_history_without_a_parent_says_so(engine: FakeEngine) -> None:
    folder = keep_journal(engine.state, engine.told, NAME)
    assert calibrated() == (1, [])
    result = CliRunner().invoke(app, ["calibrate", "--engine", str(folder)])
    assert (result.exit_code, result.stdout) == (1, f"no parent order that ended and traded in {folder}\n")


def printed_tables(text: str) -> Iterator[dict[str, str]]:
    """What the printed lines would configure."""
    yield from tomllib.loads(text[text.index("[[instrument]]") :])["instrument"]


def test_people_get_lines_that_the_configuration_takes(engine: FakeEngine, history: TradingHistory) -> None:
    history.trade(30)
    keep_journal(engine.state, engine.told, NAME)
    text = CliRunner().invoke(app, ["calibrate", "--engine", NAME]).stdout
    assert text.splitlines()[0].split()[:3] == ["instrument", "parents", "impact_bps"]
    (table,) = printed_tables(text)
    _, (row,) = calibrated()
    assert table == row["configuration"]
    assert float(table["impact_bps"]) == row["impact_bps"]
    assert InstrumentConfig(**table).name == INSTRUMENTS[0]


def test_an_impact_in_ones_own_favour_is_configured_as_none(engine: FakeEngine) -> None:
    TradingHistory(engine, strategy_id=STRATEGIES["maker"], impact_bps=-50).trade(30)
    keep_journal(engine.state, engine.told, NAME)
    status, (row,) = calibrated()
    assert (status, row["configuration"]["impact_bps"]) == (0, "0")
    assert row["impact_bps"] < -40
    assert "the impact cannot be told from none" in row["notes"]
