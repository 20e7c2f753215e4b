"""What algorithms are at work, read beside the engine."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.core.state import State
from ipc.enums import RefusalReason, Side
from ipc.order_id import pack, to_text
from ipc.parent_enums import Algorithm, ParentEnd, ParentState
from ipc.segment import private_folder
from ipc.tables import name_words
from tests.ipc.fake_engine import ENGINE, INSTRUMENTS, STRATEGIES, FakeEngine
from tools.commands.application import app
from tools.parent_list import read_parents

MAKER, TAKER = STRATEGIES["maker"], STRATEGIES["taker"]
FIRST, SECOND = (pack(instance=3, epoch=1, strategy_id=MAKER, sequence=number) for number in (1, 2))


def put(state: State, table: str, place: int, **fields: int) -> None:
    row = state.table(table)[place]
    for name, value in fields.items():
        row[name] = value


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """An engine with a parent that works, one that waits and one that has ended, its markets in finer lots than it."""
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    engine = FakeEngine(private_folder(tmp_path / ENGINE))
    (engine.folder / "latency").touch()
    state = engine.state
    for name, strategy_id in STRATEGIES.items():
        for index, word in enumerate(name_words(name, 2)):
            put(state, "strategies", strategy_id, **{f"name_{index}": word})
    put(state, "markets", 0, pair_lot_scale=10, pair_price_scale=2)
    put(
        state,
        "parents",
        4,
        order_id=FIRST,
        strategy_id=MAKER,
        side=Side.BUY,
        algorithm=Algorithm.TWAP,
        parent_state=ParentState.WORKING,
        published_ns=20,
        order_lots=1_000,
        cumulative_lots=300,
        cumulative_notional=300 * 2 * 600_600,
        limit_price_ticks=610_000,
        arrival_ticks=600_000,
        started_ns=1,
        expected_cost_ppm=1_250,
        first_child=7,
        living_count=2,
        child_count=5,
        told_reason=RefusalReason.NO_ROUTE,
    )
    put(state, "orders", 7, order_id=4_096, reserved_lots=20, next_child=9)
    put(state, "orders", 9, order_id=8_192, instrument_id=2, reserved_lots=5, next_child=-1)
    waiting = {"algorithm": Algorithm.SNIPER, "parent_state": ParentState.WAITING, "published_ns": 10}
    put(
        state,
        "parents",
        0,
        order_id=SECOND,
        strategy_id=TAKER,
        instrument_id=1,
        side=Side.SELL,
        order_lots=7,
        **waiting,
    )
    ended = {"parent_state": ParentState.ENDED, "end_reason": ParentEnd.EXPIRED, "published_ns": 5}
    put(state, "parents", 2, order_id=512, strategy_id=MAKER, side=Side.SELL, algorithm=1, order_lots=10, **ended)
    return engine


def listed(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["parents", "--json", *arguments])
    assert result.exit_code == 0, result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)["parents"]
    return rows


def test_a_working_parent_is_told_in_the_units_of_its_instrument(engine: FakeEngine) -> None:
    waiting, working = read_parents(engine.folder, with_ended=False)
    assert working == {
        "order_id": FIRST,
        "client_order_id": to_text(FIRST),
        "strategy": "maker",
        "instrument": INSTRUMENTS[0],
        "side": "BUY",
        "algorithm": "TWAP",
        "state": "WORKING",
        "quantity": "0.001000",
        "done": "0.000300",
        # Twenty lots of its own instrument, and five of one whose lots are the pair's finest.
        "working": "0.000205",
        "children": 2,
        "children_sent": 5,
        "limit": "30500.00",
        "average_price": "30030.00",
        "expected_bps": "12.50",
        "realised_bps": "10.00",
        "reason": "NO_ROUTE",
    }
    assert waiting["strategy"] == "taker"
    assert [waiting[name] for name in ("limit", "average_price", "expected_bps", "realised_bps", "reason")] == [
        None
    ] * 5


@pytest.mark.usefixtures("engine")
def test_parents_are_listed_as_they_came_and_by_strategy() -> None:
    assert [row["order_id"] for row in listed()] == [SECOND, FIRST]
    assert [row["order_id"] for row in listed("--strategy", "maker")] == [FIRST]
    assert next((row["order_id"], row["state"]) for row in listed("--all")) == (512, "EXPIRED")
    assert listed("--strategy", "nobody") == []


@pytest.mark.usefixtures("engine")
def test_people_get_a_table() -> None:
    text = CliRunner().invoke(app, ["parents"]).stdout
    heading, first, second = text.splitlines()
    assert heading.split()[:3] == ["client_order_id", "strategy", "instrument"]
    assert (first.split()[5], second.split()[5]) == ("WAITING", "WORKING")
    assert CliRunner().invoke(app, ["parents", "--strategy", "nobody"]).stdout == f"no parent orders in {ENGINE}\n"


def test_a_ring_of_children_that_a_torn_row_makes_is_left(engine: FakeEngine) -> None:
    put(engine.state, "orders", 9, next_child=7)
    put(engine.state, "parents", 0, first_child=1 << 40)
    assert len(read_parents(engine.folder, with_ended=True)) == 3
