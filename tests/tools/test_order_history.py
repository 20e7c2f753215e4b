"""What became of an order is told out of what is kept, also when its engine is gone."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipc.enums import ExecutionType, RefusalReason
from ipc.order_id import pack, to_text
from ipc.parent_enums import Algorithm, ParentEvent, ParentState, RouteReason
from ipc.segment import private_folder
from tests.ipc.fake_engine import STRATEGIES, FakeEngine
from tests.tools.kept_journal import keep_journal
from tools.commands.application import app

NAME = "kept"
MAKER, TAKER = STRATEGIES["maker"], STRATEGIES["taker"]


def order_id(sequence: int, strategy_id: int = MAKER) -> int:
    return pack(instance=3, epoch=1, strategy_id=strategy_id, sequence=sequence)


PARENT, CHILD, OTHER = (order_id(number) for number in (1, 1 << 27, 2))


def tell(engine: FakeEngine) -> None:
    """A parent that is routed to one venue and not to another, whose child trades, between other things."""
    parent = {"order_id": PARENT, "algorithm": Algorithm.SWEEP, "side": 1, "order_lots": 10}
    route = {"order_id": PARENT, "decision": 1, "side": 1, "wanted_lots": 10, "published_ns": 2_000_000}
    engine.report_parent(
        MAKER, **parent, parent_event=ParentEvent.ACCEPTED, parent_state=ParentState.WAITING, published_ns=1_000_000
    )
    engine.report(MAKER, order_id=OTHER, side=1)
    engine.report(MAKER, order_id=CHILD, side=1, execution_type=ExecutionType.PENDING_NEW, published_ns=2_000_000)
    engine.report_route(
        MAKER, **route, child_order_id=CHILD, routed_lots=10, price_ticks=600_000, route_reason=RouteReason.BEST
    )
    engine.report_route(
        MAKER, **route, instrument_id=2, route_reason=RouteReason.NOT_PERMITTED, refusal=RefusalReason.TRADING_STATE
    )
    engine.report(TAKER, order_id=PARENT)
    engine.report(MAKER, order_id=CHILD | 1, side=1, execution_type=ExecutionType.TRADE, published_ns=3_000_000)
    engine.report_parent(
        MAKER,
        **parent,
        parent_event=ParentEvent.CHILD_TRADED,
        parent_state=ParentState.WORKING,
        child_order_id=CHILD,
        published_ns=3_000_000,
    )
    engine.alarm(MAKER, code=1, order_id=PARENT, published_ns=4_000_000)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a journal with a snapshot and what was told."""
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path / "s"))
    engine = FakeEngine(private_folder(tmp_path / "engine"))
    tell(engine)
    return keep_journal(engine.state, engine.told, NAME)


def explained(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["explain", *arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.usefixtures("journal")
def test_a_parent_is_told_with_the_score_of_each_venue() -> None:
    status, answer = explained(to_text(PARENT), "--engine", NAME)
    assert (status, answer["order_id"], answer["client_order_id"]) == (0, PARENT, to_text(PARENT))
    assert [event["what"] for event in answer["events"]] == [
        "ParentReport",
        "RouteDecision",
        "RouteDecision",
        "ParentReport",
        "Alarm",
    ]
    accepted, chosen, passed_over, *_ = answer["events"]
    assert (accepted["parent_event"], accepted["parent_state"], accepted["algorithm"], accepted["side"]) == (
        "ACCEPTED",
        "WAITING",
        "SWEEP",
        "BUY",
    )
    assert (chosen["instrument"], chosen["route_reason"], chosen["routed_lots"]) == ("BTC/USDT.BINANCE", "BEST", 10)
    assert passed_over["route_reason"] == "NOT_PERMITTED"
    assert "SOL/USDT.KRAKEN nothing, NOT_PERMITTED TRADING_STATE" in passed_over["text"]


@pytest.mark.usefixtures("journal")
def test_its_children_are_told_when_asked_for() -> None:
    _, answer = explained(str(PARENT), "--engine", NAME, "--children")
    kinds = [event.get("execution_type") for event in answer["events"]]
    assert [kind for kind in kinds if kind] == ["PENDING_NEW", "TRADE"]
    assert len(kinds) == 7


def test_people_read_one_line_for_each_event_with_the_time_since_the_first(journal: Path) -> None:
    result = CliRunner().invoke(app, ["explain", to_text(PARENT), "--engine", str(journal)])
    lines = result.stdout.splitlines()
    assert [line.split(" s  ")[0].strip() for line in lines] == [
        "+0.000000",
        "+0.001000",
        "+0.001000",
        "+0.002000",
        "+0.003000",
    ]
    assert lines[0].endswith(
        f"ACCEPTED parent {PARENT} SWEEP WAITING BUY BTC/USDT.BINANCE 0.00000 of 0.00010, working 0.00000"
    )


@pytest.mark.usefixtures("journal")
def test_an_order_without_a_parent_is_told_as_well() -> None:
    _, answer = explained(to_text(OTHER), "--engine", NAME)
    assert [event["what"] for event in answer["events"]] == ["ExecutionReport"]


@pytest.mark.usefixtures("journal")
def test_of_an_order_that_nobody_knows_nothing_is_told() -> None:
    assert explained(to_text(order_id(99)), "--engine", NAME) == (
        1,
        {"order_id": order_id(99), "client_order_id": to_text(order_id(99)), "events": []},
    )
    result = CliRunner().invoke(app, ["explain", to_text(order_id(99)), "--engine", NAME])
    assert "nothing is kept in" in result.stdout
