"""A parent order by hand: what is typed becomes its terms, and what the engine answers is told."""

import json
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.zeromq_server import ZeromqServer
from ipc.enums import ExecutionType, OrderStatus, RecordKind, RefusalReason
from ipc.order_id import to_text
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentFlag, ParentState
from ipc.segment import private_folder
from tests.ipc.conftest import ServingThread
from tests.ipc.fake_engine import ENGINE, INSTRUMENTS, STRATEGIES, FakeEngine
from tools.command_error import CommandError
from tools.commands.application import app
from tools.manual_parents import parse_duration, parse_when

BTC = INSTRUMENTS[0]
Answering = Callable[[FakeEngine, int, dict[str, int]], None]


def accepts(engine: FakeEngine, strategy_id: int, command: dict[str, int]) -> None:
    """Takes the parent on."""
    event = {"parent_event": ParentEvent.ACCEPTED, "parent_state": ParentState.WAITING}
    engine.report_parent(strategy_id, **_facts(command), **event)


def accepts_with_schedule(engine: FakeEngine, strategy_id: int, command: dict[str, int]) -> None:
    """Takes the parent on, and then its schedule."""
    if command["kind"] == RecordKind.NEW_PARENT:
        accepts(engine, strategy_id, command)
    else:
        event = {"parent_event": ParentEvent.SCHEDULED, "parent_state": ParentState.WAITING}
        engine.report_parent(strategy_id, order_id=command["order_id"], side=1, **event)


def fills(engine: FakeEngine, strategy_id: int, command: dict[str, int]) -> None:
    """Takes the parent on and lets it trade until its end."""
    accepts(engine, strategy_id, command)
    facts = _facts(command) | {"cumulative_lots": 50_000, "cumulative_notional": 50_000 * 600_000}
    traded = {"parent_event": ParentEvent.CHILD_TRADED, "parent_state": ParentState.WORKING}
    engine.report_parent(strategy_id, **facts, **traded)
    ended = {"parent_event": ParentEvent.ENDED, "parent_state": ParentState.ENDED, "end_reason": ParentEnd.FILLED}
    engine.report_parent(strategy_id, **facts, **ended)


def refuses(engine: FakeEngine, strategy_id: int, command: dict[str, int]) -> None:
    """Says no."""
    refused = {"execution_type": ExecutionType.REFUSED, "order_status": OrderStatus.REFUSED}
    reason = {"reason": RefusalReason.PARENT_TABLE_FULL, "instrument_id": -1, "limit": 16}
    engine.report(strategy_id, order_id=command["order_id"], **refused, **reason)


def is_silent(engine: FakeEngine, strategy_id: int, command: dict[str, int]) -> None:
    """Says nothing."""


def _facts(command: dict[str, int]) -> dict[str, int]:
    names = ("order_id", "side", "algorithm", "order_lots", "instrument_id")
    return {name: command[name] for name in names}


class AnsweringEngine(FakeEngine):
    """A stand-in that answers some kinds of commands."""

    answering: Answering = staticmethod(accepts)
    answered: AbstractSet[RecordKind] = frozenset({RecordKind.NEW_PARENT})

    def _accept(self, strategy_id: int, command: dict[str, int]) -> None:
        super()._accept(strategy_id, command)
        if command["kind"] in self.answered:
            self.answering(self, strategy_id, command)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringEngine]:
    """An engine at the address that commands look for."""
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    engine = AnsweringEngine(private_folder(tmp_path / ENGINE))
    (engine.folder / "latency").touch()
    serving = ServingThread(ZeromqServer([f"ipc://{engine.folder}/clients"], STRATEGIES, engine))
    yield engine
    serving.stop()
    engine.close()


def oms(*arguments: str) -> tuple[int, str, str]:
    """Status, stdout and stderr of `oms execute`."""
    result = CliRunner().invoke(app, ["execute", *arguments, "--strategy", "maker"])
    return result.exit_code, result.stdout, result.stderr


def answer(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Status and the object that a program gets."""
    status, text, told = oms(*arguments, "--json")
    assert text, told
    return status, json.loads(text.splitlines()[-1])


def test_what_is_typed_becomes_the_terms_of_a_parent(engine: AnsweringEngine) -> None:
    terms = "--algorithm iceberg --limit 30000.05 --urgency 0.25 --display 0.1 --interval 1.5s --routed"
    status, told = answer(BTC, "sell", "0.5", *terms.split(), "--end", "10m", "--account", "binance-main")
    assert (status, told["event"], told["parent_state"], told["algorithm"]) == (0, "ACCEPTED", "WAITING", "ICEBERG")
    ((_, parent),) = engine.taken
    wanted = {
        "algorithm": Algorithm.ICEBERG,
        "limit_price_ticks": 600_001,
        "urgency_ppm": 250_000,
        "display_lots": 10_000,
        "interval_ms": 1_500,
        "parent_flags": ParentFlag.ROUTED,
        "order_lots": 50_000,
    }
    assert {name: parent[name] for name in wanted} == wanted
    assert parent["end_utc_ns"] > parent["expires_utc_ns"]


def test_a_curve_becomes_a_schedule(engine: AnsweringEngine) -> None:
    engine.answered, engine.answering = {RecordKind.NEW_PARENT, RecordKind.SCHEDULE}, accepts_with_schedule
    status, told = answer(BTC, "buy", "0.00007", "--algorithm", "vwap", "--curve", "1, 2,4", "--end", "1m")
    assert (status, told["event"]) == (0, "SCHEDULED")
    _, schedule = (command for _, command in engine.taken)
    assert [schedule[f"lots_{place}"] for place in range(3)] == [1, 2, 4]
    assert answer(BTC, "buy", "--algorithm", "vwap", "--schedule", "0.00001,0.00002", "--end", "1m")[0] == 0
    assert engine.taken[2][1]["order_lots"] == 3


def test_who_follows_is_told_everything_until_the_end(engine: AnsweringEngine) -> None:
    engine.answering = fills
    status, text, _ = oms(BTC, "buy", "0.5", "--algorithm", "sweep", "--follow")
    assert (status, [line.split(":")[-1].split()[0] for line in text.splitlines()]) == (
        0,
        ["ACCEPTED", "CHILD_TRADED", "ENDED"],
    )
    status, told = answer(BTC, "buy", "0.5", "--algorithm", "sweep", "--follow")
    assert (status, told["end_reason"], told["cumulative_quantity"], told["average_price"]) == (
        0,
        "FILLED",
        "0.50000",
        "30000.00",
    )


def test_a_refused_parent_fails_and_says_why(engine: AnsweringEngine) -> None:
    engine.answering = refuses
    status, told = answer(BTC, "buy", "0.5")
    assert (status, told["parent_state"], told["reason"]) == (1, "REFUSED", "PARENT_TABLE_FULL")
    status, text, _ = oms(BTC, "buy", "0.5")
    assert (status, "PARENT_TABLE_FULL, limit 16" in text) == (1, True)


def test_an_engine_that_says_nothing_is_told(engine: AnsweringEngine) -> None:
    engine.answering = is_silent
    status, text, _ = oms(BTC, "buy", "0.5", "--wait", "0")
    assert (status, "no answer within 0 s; oms parents tells whether it lives" in text) == (1, True)
    assert answer(BTC, "buy", "0.5", "--wait", "0")[1]["parent_state"] == "UNKNOWN"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([BTC, "hold", "1"], "allowed are BUY, SELL"),
        ([BTC, "buy", "1", "--algorithm", "magic"], "Algorithm is 'magic', allowed are AUTO"),
        ([BTC, "buy"], "needs quantity, notional or a schedule"),
        ([BTC, "buy", "1", "--end", "soon"], "time 'soon' is no time"),
        ([BTC, "buy", "1", "--interval", "5"], "duration '5' is none; allowed are a number and ms, s, m, h or d"),
        ([BTC, "buy", "1", "--schedule", "1,,2"], "schedule '1,,2' has an empty place"),
        ([BTC, "buy", "1", "--curve", "1,x"], "could not convert"),
        ([BTC, "buy", "--curve", "1,2"], "a curve needs a quantity"),
        (["X/Y.Z", "buy", "1", "--curve", "1,2"], "no instrument 'X/Y.Z'; allowed are BTC/USDT.BINANCE"),
        ([BTC, "buy", "1", "--trigger", "1", "--trigger-when", "near"], "'near', allowed are above, below"),
        ([BTC, "buy", "1", "--after", "om1"], "'om1' is no order id"),
    ],
)
def test_a_parent_that_cannot_be_sent_is_told(arguments: list[str], words: str) -> None:
    status, _, told = oms(*arguments)
    assert (status, told.startswith("oms: ")) == (1, True)
    assert words in told


def test_a_time_is_a_moment_or_from_now() -> None:
    assert parse_when("90s") == timedelta(seconds=90)
    assert parse_when("2027-01-31T12:00:00Z") == datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert parse_when("1800000000000000000") == 1_800_000_000_000_000_000
    assert parse_when(None) is None
    assert [parse_duration(text) for text in ("250ms", "1.5m", "2h", "1d")] == [
        timedelta(milliseconds=250),
        timedelta(seconds=90),
        timedelta(hours=2),
        timedelta(days=1),
    ]
    with pytest.raises(CommandError, match="duration '-1s' is none"):
        parse_duration("-1s")


def ends_when_cancelled(engine: FakeEngine, strategy_id: int, command: dict[str, int]) -> None:
    """Ends the parent that is cancelled, and knows of no other."""
    if command["order_id"] == 1 << 8:
        ended = {"parent_event": ParentEvent.ENDED, "parent_state": ParentState.ENDED, "end_reason": ParentEnd.CANCELED}
        engine.report_parent(strategy_id, order_id=command["order_id"], side=1, **ended)
    elif command["order_id"] == 2 << 8:
        refuses(engine, strategy_id, command)


def test_a_parent_is_cancelled_by_its_id_as_an_order_is(engine: AnsweringEngine) -> None:
    engine.answered, engine.answering = {RecordKind.CANCEL_ORDER}, ends_when_cancelled
    ids = [str(number << 8) for number in (1, 2, 3)]
    result = CliRunner().invoke(app, ["cancel", *ids, "--strategy", "maker", "--wait", "0.5", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (
        1,
        {"canceled": [to_text(1 << 8)], "still_open": [to_text(3 << 8)], "not_open": [to_text(2 << 8)]},
    )


def test_how_a_parent_stands_is_told_by_its_id(engine: AnsweringEngine) -> None:
    def tells(engine: FakeEngine, strategy_id: int, command: dict[str, int]) -> None:
        status = {"parent_event": ParentEvent.STATUS, "parent_state": ParentState.PAUSED}
        engine.report_parent(strategy_id, order_id=command["order_id"], side=1, **status)

    engine.answered, engine.answering = {RecordKind.STATUS_REQUEST}, tells
    result = CliRunner().invoke(app, ["status", str(1 << 8), "--strategy", "maker", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["parent_state"]) == (0, "PAUSED")
